// SPDX-License-Identifier: GPL-3.0-or-later
// Document 001: videos, scenes and layers with their order and times, and the films that become of them.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { inspect, made, picture, wav } from './lib/media.mjs';
import { Server, until } from './lib/server.mjs';

let server, root, ada, bob;

before(async () => {
    server = await Server.start();
    root = await new Client(server).user('root');
    ada = await root.user('ada');
    bob = await root.user('bob');
});
after(() => server.remove());

const new_video = async (more = {}) => (await ada.must(201, 'POST', '/api/v1/videos', { title: 'Film', ...more })).data.video;
const new_scene = async (video, more = {}) => (await ada.must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, { duration: 2, ...more })).data.scene;
const scenes_of = async (video) => (await ada.must(200, 'GET', `/api/v1/videos/${video.id}/scenes`)).data.scenes;
const new_layer = async (scene, more = {}) => (await ada.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`,
    { type: 'text', name: 'Text', duration: 1, properties: { text: 'Words' }, ...more })).data.layer;
const layers_of = async (scene) => (await ada.must(200, 'GET', `/api/v1/scenes/${scene.id}/layers`)).data.layers;
const order = (layers) => layers.sort((a, b) => a.order_index - b.order_index).map((one) => `${one.order_index}${one.name}`).join(' ');
const change = async (layer, body) => (await ada.must(200, 'PUT', `/api/v1/layers/${layer.id}`, body)).data.layer;
const refused = async (layer, body, field) => {
    const { status, json } = await ada.put(`/api/v1/layers/${layer.id}`, body);
    assert.equal(status, 400, JSON.stringify(body));
    assert.ok(json.details?.some((one) => one.field.includes(field)), JSON.stringify(json));
};

test('the times of scenes follow from their order and durations', async () => {
    const video = await new_video();
    const [a, b, c] = [await new_scene(video, { duration: 2 }), await new_scene(video, { duration: 3.5 }), await new_scene(video, { duration: 1 })];
    const times = async () => (await scenes_of(video)).map((one) => [one.id, one.scene_number, one.start_time, one.end_time]);
    assert.deepEqual(await times(), [[a.id, 1, 0, 2], [b.id, 2, 2, 5.5], [c.id, 3, 5.5, 6.5]]);
    const reorder = (orders) => ada.put(`/api/v1/videos/${video.id}/scenes/reorder`, { scene_orders: orders.map(([scene, number]) => ({ scene_id: scene.id ?? scene, scene_number: number })) });
    assert.equal((await reorder([[a, 3], [b, 1], [c, 2]])).status, 200);
    const after_it = [[b.id, 1, 0, 3.5], [c.id, 2, 3.5, 4.5], [a.id, 3, 4.5, 6.5]];
    assert.deepEqual(await times(), after_it);
    for (const wrong of [[], [[a, 1]], [[a, 1], [a, 2]], [[randomUUID(), 1]], [[a, 0]]])
        assert.equal((await reorder(wrong)).status, 400, JSON.stringify(wrong));
    assert.deepEqual(await times(), after_it);
    await ada.must(200, 'PUT', `/api/v1/videos/${video.id}/scenes/${b.id}`, { duration: 10 });
    await ada.must(200, 'DELETE', `/api/v1/videos/${video.id}/scenes/${c.id}`);
    assert.deepEqual(await times(), [[b.id, 1, 0, 10], [a.id, 2, 10, 12]]);
    const told = (await ada.must(200, 'GET', `/api/v1/videos/${video.id}`)).data.video;
    assert.deepEqual([told.duration, told.scene_count, told.video_url], [12, 2, null]);
    // A scene is only there below its own video.
    const other = await new_video();
    assert.equal((await ada.get(`/api/v1/videos/${other.id}/scenes/${a.id}`)).status, 404);
    assert.equal((await ada.delete(`/api/v1/videos/${other.id}/scenes/${a.id}`)).status, 404);
});

test('a new layer comes to the front, or where it is asked to, and the others make room', async () => {
    const scene = await new_scene(await new_video());
    for (const name of ['A', 'B', 'C'])
        await new_layer(scene, { name });
    assert.equal(order(await layers_of(scene)), '1C 2B 3A');
    await new_layer(scene, { name: 'D', order_index: 2 });
    assert.equal(order(await layers_of(scene)), '1C 2D 3B 4A');
});

test('a reorder gives exactly what it lists, or changes nothing', async () => {
    const video = await new_video();
    const [scene, other] = [await new_scene(video), await new_scene(video)];
    const [a, b, c] = [await new_layer(scene, { name: 'A' }), await new_layer(scene, { name: 'B' }), await new_layer(scene, { name: 'C' })];
    const foreign = await new_layer(other);
    const reorder = (orders) => ada.put('/api/v1/layers/reorder', { scene_id: scene.id, layer_orders: orders.map(([layer, index]) => ({ layer_id: layer.id ?? layer, order_index: index })) });
    assert.equal((await reorder([[a, 1], [b, 2], [c, 3]])).status, 200);
    assert.equal(order(await layers_of(scene)), '1A 2B 3C');
    assert.equal((await reorder([[a, 7]])).status, 200);
    assert.equal(order(await layers_of(scene)), '2B 3C 7A');
    for (const wrong of [[], [[a, 2]], [[a, 1], [b, 1]], [[foreign, 9]], [[randomUUID(), 9]], [[a, 0]]])
        assert.equal((await reorder(wrong)).status, 400, JSON.stringify(wrong.map(([, i]) => i)));
    assert.equal(order(await layers_of(scene)), '2B 3C 7A');
});

test('properties merge deeply and null removes', async () => {
    const scene = await new_scene(await new_video());
    const layer = await new_layer(scene, { properties: { text: 'A', position: { x: 10, y: 20 }, shadow: { color: '#000', blur: 2 } } });
    const changed = await change(layer, { properties: { position: { y: 80 }, shadow: null, color: '#ff0000' } });
    assert.deepEqual(changed.properties, { text: 'A', position: { x: 10, y: 80 }, color: '#ff0000' });
    assert.deepEqual([changed.name, changed.duration], [layer.name, layer.duration]);
    await refused(layer, { properties: { text: null } }, 'text');
    await refused(layer, { properties: { position: { x: 'left' } } }, 'x');
    await refused(layer, { properties: { color: 'reddish' } }, 'color');
    assert.deepEqual((await ada.must(200, 'GET', `/api/v1/layers/${layer.id}`)).data.layer.properties, changed.properties);
});

test('the start, end and duration of a layer agree', async () => {
    const scene = await new_scene(await new_video(), { duration: 10 });
    const layer = await new_layer(scene, { start_time: 1, duration: 2 });
    const times = (one) => [one.start_time, one.end_time, one.duration];
    assert.deepEqual(times(layer), [1, 3, 2]);
    assert.deepEqual(times(await change(layer, { start_time: 4 })), [4, 6, 2]);
    assert.deepEqual(times(await change(layer, { duration: 1 })), [4, 5, 1]);
    assert.deepEqual(times(await change(layer, { end_time: 9 })), [4, 9, 5]);
    assert.deepEqual(times(await change(layer, { start_time: 1, end_time: 3, duration: 2.0005 })).slice(0, 1), [1]);
    await refused(layer, { start_time: 1, end_time: 3, duration: 4 }, 'time');
    await refused(layer, { start_time: -1 }, 'start_time');
    await refused(layer, { duration: -1 }, 'duration');
    assert.deepEqual(times(await new_layer(scene, { duration: undefined, start_time: 2, end_time: 5 })), [2, 5, 3]);
    assert.equal((await ada.post(`/api/v1/scenes/${scene.id}/layers`, { type: 'text', name: 'x', properties: { text: 'x' } })).status, 400);
});

test('a layer without what its type needs is refused', async () => {
    const scene = await new_scene(await new_video());
    for (const [type, field] of [['text', 'text'], ['media', 'media_id'], ['avatar', 'avatar_id'], ['shape', 'shape'], ['effect', 'effect'], ['audio', 'audio_id'], ['voiceover', 'voice_id']]) {
        const { status, json } = await ada.post(`/api/v1/scenes/${scene.id}/layers`, { type, name: type, duration: 1, properties: {} });
        assert.equal(status, 400, type);
        assert.ok(json.details.some((one) => one.field.includes(field)), JSON.stringify(json));
    }
    assert.equal((await ada.post(`/api/v1/scenes/${scene.id}/layers`, { type: 'smell', name: 'x', duration: 1 })).status, 400);
    assert.deepEqual(await layers_of(scene), []);
});

test('the samples of the document work as they stand', async () => {
    const scene = await new_scene(await new_video(), { text: 'Welcome', duration: 8.5 });
    const samples = [
        ['audio', 8.5, { audio_id: 'audio-123', audio_url: 'https://cdn.example.com/audio/upbeat.mp3', volume: 0.7, fade_in: 0.5, fade_out: 0.5 }, true],
        ['voiceover', 8, { voice_id: 'en-US-Neural2-A', voice_name: 'Rose', language: 'en-US', gender: 'female', style: 'conversational', text: 'Welcome', speed: 1, pitch: 1 }, false],
        ['avatar', 8.5, { avatar_id: 'avatar-amy-casual', avatar_url: 'https://cdn.example.com/avatars/amy.png', position: { x: 50, y: 50 }, scale: 1, animation: 'talking' }, false],
        ['text', 3, { text: 'Welcome to our product', font_family: 'Inter', font_size: 32, font_weight: 'bold', font_style: 'normal', color: '#FFFFFF', text_align: 'center', position: { x: 50, y: 80 }, animation: 'fadeIn' }, false],
        ['media', 8.5, { media_id: 'media-456', media_url: 'https://cdn.example.com/images/product.jpg', media_type: 'image', position: { x: 50, y: 50 }, scale: 1, opacity: 1 }, true],
    ];
    for (const [i, [type, duration, properties, warned]] of samples.entries()) {
        const { data } = await ada.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`,
            { type, name: type, enabled: true, duration, start_time: 0, end_time: duration, order_index: i + 1, properties });
        assert.deepEqual(data.layer.properties, properties);
        assert.equal(Boolean(data.warnings?.length), warned, `${type}: ${JSON.stringify(data.warnings)}`);
    }
    assert.deepEqual((await layers_of(scene)).map((one) => one.type).sort(), samples.map(([type]) => type).sort());
});

test("somebody else's media cannot be placed, and a missing one stops the render in pre-flight", async () => {
    const secret = await bob.upload('secret.png', picture());
    const video = await new_video();
    const scene = await new_scene(video);
    const body = { type: 'media', name: 'x', duration: 1, properties: { media_id: secret.id } };
    assert.equal((await ada.post(`/api/v1/scenes/${scene.id}/layers`, body)).status, 404);
    const own = await ada.upload('own.png', picture());
    const layer = await new_layer(scene, { ...body, properties: { media_id: own.id } });
    assert.equal((await ada.put(`/api/v1/layers/${layer.id}`, { properties: { media_id: secret.id } })).status, 404);
    await ada.must(200, 'DELETE', `/api/v1/files/${own.id}`);
    const { data } = await ada.must(202, 'POST', `/api/v1/videos/${video.id}/render`, {});
    const job = await ada.job_end(data.job_id, { state: 'failed', limit_ms: 10_000 });
    assert.match(job.error, /own\.png|asset|media|not there|missing/i);
});

async function story({ scenes = 2, duration = 2, ...more } = {}) {
    const video = await new_video({ aspect_ratio: '16:9', fps: 25, ...more });
    const image = await ada.upload('image.png', picture('blue'));
    const clip = await ada.upload('clip.mp4', made('clip.mp4', '-f', 'lavfi', '-i', 'testsrc=s=320x240:d=1:r=25', '-pix_fmt', 'yuv420p'));
    const tone = await ada.upload('tone.wav', wav(3));
    const list = [];
    for (let i = 0; i < scenes; i++) {
        const scene = await new_scene(video, { duration, duration_mode: 'fixed', text: `Scene ${i + 1}` });
        await new_layer(scene, { type: 'media', name: 'Clip', duration, properties: { media_id: i % 2 ? image.id : clip.id, scale: 0.8 } });
        await new_layer(scene, { name: 'Words', duration, properties: { text: `Scene <${i + 1}> & "more"`, font_size: 60, animation: 'fadeIn' } });
        await new_layer(scene, { type: 'audio', name: 'Tone', duration, properties: { audio_id: tone.id, volume: 0.3 } });
        list.push(scene);
    }
    await new_layer(list[0], { type: 'voiceover', name: 'Voice', duration, properties: { voice_id: 'en-US-Neural2-A', text: 'Hello there.' } });
    return { video, scenes: list };
}
async function render(video, body, how = 'render') {
    const { data } = await ada.must(202, 'POST', `/api/v1/videos/${video.id}/${how}`, body);
    const began = Date.now();
    await ada.job_end(data.job_id);
    const told = (await ada.must(200, 'GET', `/api/v1/renders/${data.job_id}`)).data.render;
    return { ...told, took_ms: Date.now() - began };
}

test('scenes become a film that anyone with the link can play, and a change costs only its scene', async () => {
    const { video, scenes } = await story({ scenes: 4 });
    const total = (await ada.must(200, 'GET', `/api/v1/videos/${video.id}`)).data.video.duration;
    const first = await render(video, { quality: '720p', aspect_ratio: '16:9', format: 'mp4', include_watermark: false });
    assert.deepEqual([first.kind, first.status, first.progress, first.total_scenes], ['render', 'completed', 100, 4]);
    const open = ada.as(undefined);
    const whole = await open.get(first.video_url);
    assert.equal(whole.headers['content-type'], 'video/mp4');
    assert.equal(whole.bytes.length, first.size_bytes);
    const film = inspect(whole.bytes);
    const [picture_stream, sound] = ['video', 'audio'].map((type) => film.streams.find((stream) => stream.codec_type === type));
    assert.deepEqual([picture_stream.codec_name, picture_stream.width, picture_stream.height, picture_stream.r_frame_rate], ['h264', 1280, 720, '25/1']);
    assert.equal(sound.codec_name, 'aac');
    assert.ok(Math.abs(Number(film.format.duration) - total) < 0.25, `${film.format.duration} s of ${total} s`);
    assert.ok(Math.abs(first.duration - total) < 0.25);

    const head = await open.call('HEAD', first.video_url);
    assert.deepEqual([head.status, head.bytes.length, head.headers['content-length']], [200, 0, String(first.size_bytes)]);
    const range = (value, more) => open.get(first.video_url, { headers: { Range: value, ...more } });
    assert.deepEqual((await range('bytes=100-199')).bytes, whole.bytes.subarray(100, 200));
    assert.equal((await range('bytes=0-9', { 'If-Range': head.headers.etag })).status, 206);
    assert.equal((await range('bytes=0-9', { 'If-Range': '"old"' })).status, 200);
    assert.equal((await open.get(first.video_url, { headers: { 'If-None-Match': head.headers.etag } })).status, 304);
    assert.equal((await open.get(first.video_url.replace(/signature=./, 'signature=_'))).status, 404);
    assert.equal((await open.get(first.video_url.replace(/expires=\d/, 'expires=9'))).status, 404);

    await ada.must(200, 'PUT', `/api/v1/videos/${video.id}/scenes/${scenes[3].id}`, { background: { color: '#204060' } });
    const second = await render(video, {}, 'regenerate');
    assert.equal(second.kind, 'regenerate');
    assert.ok(second.took_ms < first.took_ms * 0.8, `${second.took_ms} ms after ${first.took_ms} ms`);
    const again = inspect((await open.get(second.video_url)).bytes);
    assert.ok(Math.abs(Number(again.format.duration) - total) < 0.25);
    const state = (await ada.must(200, 'GET', `/api/v1/videos/${video.id}/regeneration-status`)).data;
    assert.deepEqual([state.status, state.progress], ['completed', 100]);
    const listed = (await ada.must(200, 'GET', `/api/v1/videos/${video.id}/renders`)).data.renders;
    assert.deepEqual(listed.map((one) => one.job_id), [second.job_id, first.job_id]);
    assert.ok((await ada.must(200, 'GET', `/api/v1/videos/${video.id}`)).data.video.video_url.includes(second.job_id));
    assert.equal((await ada.post(`/api/v1/videos/${video.id}/regenerate`, { scenes: [randomUUID()] })).status, 404);
    assert.equal((await bob.get(`/api/v1/renders/${first.job_id}`)).status, 404);
});

test('a film has the shape that was asked for', async () => {
    const { video } = await story({ scenes: 1, duration: 1 });
    for (const [quality, aspect_ratio, size] of [['480p', '9:16', [480, 854]], ['480p', '1:1', [480, 480]]]) {
        const told = await render(video, { quality, aspect_ratio });
        const { streams } = inspect((await ada.get(told.video_url)).bytes);
        const { width, height } = streams.find((stream) => stream.codec_type === 'video');
        assert.ok(width === size[0] && Math.abs(height - size[1]) <= 2, `${width}x${height}`);
    }
});

test('a running render is cancelled within 2 s and a new one completes', async () => {
    const { video } = await story({ scenes: 3, duration: 8 });
    const { data } = await ada.must(202, 'POST', `/api/v1/videos/${video.id}/render`, { quality: '1080p' });
    await until('it runs', async () => (await ada.job(data.job_id)).status === 'processing');
    await until('it is on its way', async () => (await ada.job(data.job_id)).progress > 0.05, { limit_ms: 60_000 });
    const began = Date.now();
    await ada.must(200, 'POST', `/api/v1/jobs/${data.job_id}/cancel`);
    assert.equal((await ada.must(200, 'GET', `/api/v1/renders/${data.job_id}`)).data.render.status, 'cancelled');
    const { video: small } = await story({ scenes: 1, duration: 1 });
    const next = await ada.must(202, 'POST', `/api/v1/videos/${small.id}/render`, { quality: '480p' });
    await until('another runs', async () => (await ada.job(next.data.job_id)).status !== 'pending', { limit_ms: 5000 });
    assert.ok(Date.now() - began < 2500, `${Date.now() - began} ms`);
    await ada.job_end(next.data.job_id);
    assert.equal((await ada.post(`/api/v1/jobs/${data.job_id}/retry`)).status, 409);
    const again = await render(video, { quality: '480p' });
    assert.equal(again.status, 'completed');
});

test('a script becomes scenes with text, voice and times', async () => {
    const { data } = await ada.must(201, 'POST', '/api/v1/videos/from-script', { script: '# One\n\nFirst words.\n\n# Two\n\nSecond words, and a few more.', title: 'Talk', scene_breakdown: 'heading' });
    const scenes = await scenes_of(data.video);
    assert.equal(scenes.length, 2);
    assert.ok(scenes[0].text.includes('First words') && scenes[1].duration > 0);
    assert.equal(scenes[1].start_time, scenes[0].end_time);
    assert.ok(scenes.every((scene) => scene.layers.length > 0));
});

test('a scene takes a thousand layers and says so at the next one', async () => {
    const scene = await new_scene(await new_video());
    for (let from = 0; from < 1000; from += 25)
        await Promise.all(Array.from({ length: 25 }, (_, i) => new_layer(scene, { order_index: from + i + 1 })));
    const { status, json } = await ada.post(`/api/v1/scenes/${scene.id}/layers`, { type: 'text', name: 'Text', duration: 1, properties: { text: 'one more' } });
    assert.equal(status, 400);
    assert.match(JSON.stringify(json), /at most 1000 layers/);
    assert.equal((await layers_of(scene)).length, 1000);
});
