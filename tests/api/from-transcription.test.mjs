// SPDX-License-Identifier: GPL-3.0-or-later
// A recording and its transcript become a video.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { inspect, made, speech } from './lib/media.mjs';
import { Server } from './lib/server.mjs';

let server, ada, bob;
const folder = '/usr/share/pocketsphinx/test/data/cards';
const make = '/api/v1/videos/from-transcription';

before(async () => {
    server = await Server.start();
    const root = await new Client(server).user('root');
    ada = await root.user('ada');
    bob = await root.user('bob');
});
after(() => server.remove());

async function transcribed(name, bytes) {
    const file = await ada.upload(name, bytes, '');
    await ada.job_end(file.job_id);
    return { file, transcript: await ada.must(200, 'GET', `/api/v1/transcriptions/${file.job_id}`) };
}
const video_of = async (body) => (await ada.must(201, 'POST', make, body)).data.video;
const scenes_of = async (video) => (await ada.must(200, 'GET', `/api/v1/videos/${video.id}/scenes`)).data.scenes;
async function film_of(video) {
    const { data } = await ada.must(202, 'POST', `/api/v1/videos/${video.id}/render`, { quality: '480p' });
    await ada.job_end(data.job_id);
    const told = (await ada.must(200, 'GET', `/api/v1/renders/${data.job_id}`)).data.render;
    return { told, film: inspect((await ada.as(undefined).get(told.video_url)).bytes) };
}

test('a film becomes scenes that show their part of it, with its words as captions', async () => {
    const { file, transcript } = await transcribed('talk.mp4', made('talk.mp4', '-f', 'lavfi', '-i', 'testsrc=s=320x180:r=25', '-i', `${folder}/001.wav`,
        '-shortest', '-pix_fmt', 'yuv420p', '-c:a', 'aac'));
    const video = await video_of({ job_id: file.job_id, title: 'My talk' });
    assert.deepEqual([video.title, video.aspect_ratio, video.captions.mode], ['My talk', '16:9', 'karaoke']);
    const scenes = await scenes_of(video);
    assert.equal(scenes.map((one) => one.text).join(' '), transcript.text);
    const words = scenes.flatMap((one) => one.layers[0].properties.words);
    assert.deepEqual(words.map((one) => one.text), transcript.text.split(' '));
    for (const { duration, layers: [layer, ...others] } of scenes) {
        assert.deepEqual([layer.type, layer.properties.media_id, layer.properties.volume, others], ['media', file.id, 1, []]);
        assert.ok(layer.properties.start_from <= layer.properties.words[0].start);
        assert.ok(layer.properties.start_from + duration >= layer.properties.words.at(-1).end - 0.01);
    }
    const { told, film } = await film_of(video);
    assert.ok(Math.abs(Number(film.format.duration) - video.duration) < 0.25);
    assert.ok(film.streams.some((one) => one.codec_type === 'audio'));
    assert.equal(told.error, null);
});

test('a sound becomes scenes of about ten seconds with a title, and only the chosen segments when asked', async () => {
    const { file, transcript } = await transcribed('Long talk.wav', made('long.wav', '-stream_loop', '7', '-i', `${folder}/002.wav`));
    assert.ok(transcript.segments.length > 1);
    const row = (await ada.must(200, 'GET', '/transcriptions')).find((one) => one.text === transcript.text);
    const video = await video_of({ transcription_id: row.uuid });
    assert.equal(video.title, 'Long talk.wav');
    const scenes = await scenes_of(video);
    assert.ok(scenes.length > 1);
    assert.equal(scenes.map((one) => one.text).join(' '), transcript.text);
    for (const { duration, layers } of scenes) {
        assert.ok(duration <= 10.6, `${duration} s`);
        assert.deepEqual(layers.map((one) => one.type).sort(), ['audio', 'text']);
        assert.equal(layers.find((one) => one.type === 'audio').properties.audio_id, file.id);
        assert.equal(layers.find((one) => one.type === 'text').properties.text, 'Long talk.wav');
    }
    const last = transcript.segments.length - 1;
    const some = await scenes_of(await video_of({ job_id: file.job_id, segments: [last, 0] }));
    assert.equal(some.map((one) => one.text).join(' '), `${transcript.segments[last].text} ${transcript.segments[0].text}`);
    const { film } = await film_of(await video_of({ job_id: file.job_id, segments: [0] }));
    assert.ok(Math.abs(Number(film.format.duration) - some.at(-1).duration) < 0.25);
});

test('what cannot become a video is refused', async () => {
    const { file } = await transcribed('card.wav', speech(3));
    const told = async (body, user = ada) => {
        const { status, json } = await user.post(make, body);
        return `${status} ${json.error} ${json.details?.[0].field ?? ''}`.trim();
    };
    assert.equal(await told({}), '400 VALIDATION_ERROR transcription_id');
    for (const segments of [[], [99], [-1], ['0'], 'all', {}])
        assert.equal(await told({ job_id: file.job_id, segments }), '400 VALIDATION_ERROR segments', JSON.stringify(segments));
    assert.equal((await ada.post(make, { transcription_id: randomUUID() })).json.error, 'TRANSCRIPTION_NOT_FOUND');
    assert.equal((await ada.post(make, { job_id: randomUUID() })).json.error, 'JOB_NOT_FOUND');
    assert.equal((await bob.post(make, { job_id: file.job_id })).status, 404);
});
