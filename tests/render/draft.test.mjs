// SPDX-License-Identifier: GPL-3.0-or-later
// Drafts, as somebody sees them who edits: small, with sound, made once, and anew when something changed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { inspect, made, wav } from '../api/lib/media.mjs';
import { Server } from '../api/lib/server.mjs';

let server, ada, eve, video, scenes, film;
before(async () => {
    server = await Server.start();
    const root = await new Client(server).user('root');
    [ada, eve] = [await root.user('ada', { plan: 'pro' }), await root.user('eve')];
    film = await ada.upload('film.mp4', made('film.mp4', '-f', 'lavfi', '-i', 'testsrc2=s=640x360:d=2:r=25', '-f', 'lavfi', '-i', 'sine=400:d=2', '-pix_fmt', 'yuv420p'));
    const tone = await ada.upload('tone.wav', wav(1));
    await server.idle(); // its proxy, which has no sound, is there
    ({ data: { video } } = await ada.must(201, 'POST', '/api/v1/videos', { title: 'Drafts', fps: 25 }));
    scenes = [];
    const layers = [['media', { media_id: film.id, volume: 1 }], ['audio', { audio_id: tone.id, speed: 1.5 }], ['text', { text: 'three' }]];
    for (const [type, properties] of layers) {
        const { data: { scene } } = await ada.must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, { duration: 1, transition: { type: 'wipe', duration: 0.4 } });
        const { data: { layer } } = await ada.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`, { type, name: type, duration: 1, properties });
        scenes.push({ id: scene.id, layer: layer.id, path: `/api/v1/videos/${video.id}/scenes/${scene.id}/draft` });
    }
});
after(() => server.remove());

const ask = async (path, user = ada) => (await user.must(200, 'GET', path)).data.draft;
async function finished(path) {
    const first = await ask(path);
    if (first.job_id)
        await ada.job_end(first.job_id);
    return ask(path);
}
const facts = async (draft) => inspect((await ada.as(undefined).get(draft.video_url)).bytes);

test('a scene is seen and heard as a small film, and nothing is made when it is asked for again', async () => {
    const draft = await finished(scenes[0].path);
    assert.deepEqual([draft.status, draft.progress, draft.width, draft.height, draft.duration], ['completed', 100, 640, 360, 1]);
    const { streams } = await facts(draft);
    assert.deepEqual(streams.slice(0, 2).map((one) => one.codec_name), ['h264', 'aac']);
    assert.equal(streams[0].avg_frame_rate, '25/1');
    const again = await ask(scenes[0].path);
    assert.deepEqual([again.status, again.job_id, again.video_url], ['completed', null, draft.video_url]);
});

test('a draft that is on its way is told, and made once however many ask', async () => {
    const asked = await Promise.all(Array.from({ length: 5 }, () => ask(scenes[1].path)));
    const jobs = new Set(asked.map((one) => one.job_id).filter(Boolean));
    assert.equal(jobs.size, 1);
    assert.equal((await finished(scenes[1].path)).status, 'completed');
});

test('the draft of the video changes with any scene, and only that scene is made anew', async () => {
    const path = `/api/v1/videos/${video.id}/draft`;
    const whole = await finished(path);
    assert.deepEqual([whole.status, whole.duration], ['completed', 3]);
    const before_it = server.sql("SELECT count(*) AS n FROM cache WHERE key NOT LIKE 'proxy%'");
    await ada.must(200, 'PUT', `/api/v1/layers/${scenes[2].layer}`, { properties: { text: 'four' } });
    const changed = await finished(path);
    assert.notEqual(changed.video_url, whole.video_url);
    const after_it = server.sql("SELECT count(*) AS n FROM cache WHERE key NOT LIKE 'proxy%'");
    // The scene without and in its transition, and the film; the sound stays as it is.
    assert.equal(after_it[0].n - before_it[0].n, 3);
    assert.equal((await ask(scenes[0].path)).status, 'completed');
});

test('a newer state replaces the draft of an older one that nobody needs any more', async () => {
    const stop = await ada.must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, { duration: 60 });
    const path = `/api/v1/videos/${video.id}/scenes/${stop.data.scene.id}/draft`;
    const layer = (await ada.must(201, 'POST', `/api/v1/scenes/${stop.data.scene.id}/layers`, { type: 'media', name: 'm', duration: 60, properties: { media_id: film.id } })).data.layer;
    const old = await ask(path);
    await ada.must(200, 'PUT', `/api/v1/layers/${layer.id}`, { properties: { opacity: 0.5 } });
    const now = await ask(path);
    assert.notEqual(now.job_id, old.job_id);
    assert.equal((await ada.must(200, 'GET', `/api/v1/jobs/${old.job_id}`)).status, 'cancelled');
    await ada.must(200, 'POST', `/api/v1/jobs/${now.job_id}/cancel`);
    await ada.must(200, 'DELETE', `/api/v1/videos/${video.id}/scenes/${stop.data.scene.id}`);
    assert.equal((await ada.get(path)).status, 404);
});

test('what is missing is marked in a draft, and drafts are for those who may open the video', async () => {
    const { data: { scene } } = await ada.must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, { duration: 0.5 });
    await ada.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`, { type: 'media', name: 'gone', duration: 0.5, properties: { media_id: '00000000-0000-4000-8000-000000000000' } });
    const path = `/api/v1/videos/${video.id}/scenes/${scene.id}/draft`, draft = await finished(path);
    assert.equal(draft.status, 'completed');
    assert.match(JSON.stringify(draft.warnings), /gone/);
    assert.equal((await eve.get(path)).status, 404);
    // Renders are told as if there were no drafts.
    assert.equal((await ada.must(200, 'GET', `/api/v1/videos/${video.id}/regeneration-status`)).data.status, 'idle');
    assert.equal((await ada.must(200, 'GET', `/api/v1/videos/${video.id}/renders`)).data.renders.length, 0);
});
