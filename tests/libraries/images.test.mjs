// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures from a prompt: painted from words, or by a picture server, and what becomes of jobs when that misbehaves.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { inspect, made, picture } from '../api/lib/media.mjs';
import { Server, temporary } from '../api/lib/server.mjs';
import { OpenaiServer } from './lib/openai-server.mjs';

const key = 'sk-picture-0123456789';
let server, cloud, root, ada;

before(async () => {
    cloud = await OpenaiServer.start({ key });
    server = await Server.start({ env: { KINORA_IMAGE_URL: cloud.url, KINORA_IMAGE_KEY: key, KINORA_IMAGE_MODEL: 'paint-3', KINORA_IMAGE_TIMEOUT: '2' } });
    root = await new Client(server).user('root');
    ada = await root.user('ada', { plan: 'pro' });
});
after(async () => {
    await server.remove();
    await cloud.stop();
});

const begin = async (json, who = ada) => (await who.must(202, 'POST', '/api/v1/media/generate-ai', json)).data;
const status = async (job, who = ada) => (await who.must(200, 'GET', `/api/v1/media/ai-status/${job}`)).data;
async function painted(prompt, more = {}) {
    const { job_id } = await begin({ prompt, engine: 'procedural', seed: 7, ...more });
    await ada.job_end(job_id);
    return status(job_id);
}
const bytes_of = async ({ media }) => (await ada.get(media.url)).bytes;

// The picture at 16 by 9, a byte for each channel.
function tiny(bytes) {
    const folder = temporary('tiny'), place = path.join(folder, 'x.png');
    fs.writeFileSync(place, bytes);
    const { stdout } = spawnSync('ffmpeg', ['-v', 'error', '-i', place, '-vf', 'scale=16:9:flags=area', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-']);
    fs.rmSync(folder, { recursive: true });
    return stdout;
}
const distance = (a, b) => a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0) / a.length;
const mean = (a) => a.reduce((sum, value) => sum + value, 0) / a.length;

test('a prompt becomes a picture in the library, honest about how it was made', async () => {
    const { job_id, status: begun, estimated_time, engine, note } = await begin({ prompt: 'A futuristic cityscape at sunset', style: 'cinematic', aspect_ratio: '16:9', quality: 'high', engine: 'procedural' });
    assert.deepEqual([begun, engine], ['processing', 'procedural']);
    assert.ok(estimated_time > 0 && /not by an image model/.test(note));
    const { result } = await ada.job_end(job_id);
    assert.deepEqual(result.understood, ['futuristic', 'cityscape', 'sunset', 'cinematic']);
    const told = await status(job_id);
    assert.deepEqual([told.status, told.progress, told.error, told.engine], ['completed', 100, null, 'procedural']);
    assert.deepEqual([told.media.type, told.media.source, told.media.ai_prompt, told.media.dimensions], ['image', 'ai', 'A futuristic cityscape at sunset', { width: 1920, height: 1080 }]);
    const { streams: [stream] } = inspect(await bytes_of(told));
    assert.deepEqual([stream.width, stream.height], [1920, 1080]);
    assert.deepEqual((await ada.must(200, 'GET', '/api/v1/media/library?source=ai&search=FUTURISTIC')).data.media.map(({ id }) => id), [told.media.id]);
    assert.equal((await ada.must(200, 'GET', `/api/v1/files/${told.media.id}`)).media_type, 'image');
    assert.equal((await root.get(`/api/v1/media/ai-status/${job_id}`)).status === 404 || root.me.is_superuser, true);
});

test('subject, time, weather, mood and style each change the picture, and so does the seed', async () => {
    const base = 'mountains on a clear day';
    const changed = { subject: 'a city on a clear day', time: 'mountains on a clear night', weather: 'mountains on a foggy day', mood: 'gloomy mountains on a clear day', other: 'a desert on a clear day' };
    const first = tiny(await bytes_of(await painted(base)));
    for (const [what, prompt] of Object.entries(changed))
        assert.ok(distance(first, tiny(await bytes_of(await painted(prompt)))) > 8, what);
    assert.ok(mean(tiny(await bytes_of(await painted('mountains at night')))) < mean(first) - 60, 'night is dark');
    const grey = tiny(await bytes_of(await painted(base, { style: 'noir' })));
    assert.ok(grey.every((value, i) => Math.abs(value - grey[i - i % 3]) < 6), 'noir has no colour');
    assert.ok(distance(first, tiny(await bytes_of(await painted(base, { seed: 8 })))) > 2);
    const [one, two] = [await bytes_of(await painted(base)), await bytes_of(await painted(base))];
    assert.ok(one.equals(two), 'the same words and seed give the same picture');
});

test('every aspect ratio and quality is painted as asked, and words that nobody knows too', async () => {
    const sizes = { '9:16': [720, 1280], '1:1': [720, 720], '4:3': [960, 720], '2:3': [720, 1080] };
    for (const [aspect_ratio, [width, height]] of Object.entries(sizes))
        assert.deepEqual((await painted('qwertz', { aspect_ratio })).media.dimensions, { width, height });
});

test('a picture server is asked as its documents say', async () => {
    const image = made('x.png', '-f', 'lavfi', '-i', 'color=teal:s=1024x1024', '-frames:v', '1');
    cloud.answer = () => ({ json: { created: 1, data: [{ b64_json: image.toString('base64') }] } });
    const { job_id, engine } = await begin({ prompt: 'A cat on a roof', style: 'oil', aspect_ratio: '1:1', quality: 'high' });
    assert.equal(engine, 'openai');
    await ada.job_end(job_id);
    const told = await status(job_id);
    assert.deepEqual([told.engine, told.note, told.media.dimensions], ['openai', null, { width: 1024, height: 1024 }]);
    assert.deepEqual(cloud.faults, []);
    assert.deepEqual(cloud.requests.at(-1), { path: '/v1/images/generations', json: { prompt: 'A cat on a roof. Style: oil', n: 1, size: '1024x1024', model: 'paint-3', quality: 'hd', response_format: 'b64_json' } });
    assert.ok((await bytes_of(told)).equals(image));
});

test('a server that fails, lies or is slow gives a failed job that says why', async () => {
    const small = picture().toString('base64');
    const answers = [
        [() => ({ json: { data: [{ b64_json: small }] } }), /320 by 240 pixels; 1792 by 1024/],
        [() => ({ type: 'text/html', bytes: '<html>Welcome to my router</html>' }), /no picture/],
        [() => ({ json: { data: [{ b64_json: Buffer.from('not a picture').toString('base64') }] } }), /no picture/],
        [() => ({ json: { data: [] } }), /no picture/],
        [() => ({ json: { data: [{ url: 'http://127.0.0.1:9/secret.png' }] } }), /another server/],
        [() => ({ status: 400, json: { error: { message: 'Your prompt is not nice' } } }), /400: Your prompt is not nice/],
        [() => ({ status: 401, json: { error: { message: `wrong key ${key}` } } }), /status 401$/],
        [() => undefined, /did not answer within 2 seconds/],
    ];
    for (const [answer, why] of answers) {
        cloud.answer = answer;
        const { job_id } = await begin({ prompt: 'x' });
        const { error } = await ada.job_end(job_id, { state: 'failed', limit_ms: 30_000 });
        assert.match(error, why);
        const told = await status(job_id);
        assert.deepEqual([told.status, told.media, told.error], ['failed', null, error]);
        assert.ok(!error.includes(key));
    }
});

test('what is no prompt is refused, and what is no picture\'s job not found', async () => {
    const wrong = [[{}, 'prompt'], [{ prompt: '' }, 'prompt'], [{ prompt: '  \n ' }, 'prompt'], [{ prompt: 'x'.repeat(2001) }, 'prompt'], [{ prompt: 'a\u0007' }, 'prompt'], [{ prompt: 'x', aspect_ratio: '5:1' }, 'aspect_ratio'],
        [{ prompt: 'x', quality: 'best' }, 'quality'], [{ prompt: 'x', engine: 'magic' }, 'engine'], [{ prompt: 'x', style: 'x'.repeat(51) }, 'style'], [{ prompt: 'x', seed: -1 }, 'seed']];
    for (const [json, field] of wrong) {
        const answer = await ada.post('/api/v1/media/generate-ai', json);
        assert.deepEqual([answer.status, answer.json.error, answer.json.details?.[0].field], [400, 'VALIDATION_ERROR', field], JSON.stringify(json).slice(0, 60));
    }
    const { data: { job_id } } = await ada.must(200, 'POST', '/api/v1/voices/generate', { voice_id: 'flite:kal16', text: 'Hello' });
    for (const id of [job_id, '5700c000-0000-4000-8000-000000000009'])
        assert.equal((await ada.get(`/api/v1/media/ai-status/${id}`)).json.error, 'JOB_NOT_FOUND');
});
