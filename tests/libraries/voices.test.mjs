// SPDX-License-Identifier: GPL-3.0-or-later
// The catalogue of voices, voiceovers at once and as jobs, what is cached, and what is refused.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { inspect } from '../api/lib/media.mjs';
import { Server, run, temporary } from '../api/lib/server.mjs';

let server, root, ada, free;

before(async () => {
    server = await Server.start();
    root = await new Client(server).user('root');
    ada = await root.user('ada', { plan: 'pro' });
    free = await root.user('frugal');
});
after(() => server.remove());

const voices = async (query = '') => (await ada.must(200, 'GET', `/api/v1/voices${query}`)).data.voices;
const generate = async (json, who = ada) => (await who.must(200, 'POST', '/api/v1/voices/generate', json)).data;
const refused = (json, who = ada) => who.post('/api/v1/voices/generate', json);
const sentences = () => server.sql("SELECT key FROM cache WHERE key LIKE 'sentence%'").length;

test('every voice has a name and every gender and category has a voice', async () => {
    const all = await voices();
    assert.ok(all.length > 250);
    const { sample_url, ...rose } = all[0];
    assert.deepEqual(rose, { id: 'en-US-Neural2-A', name: 'Rose', language: 'English', language_code: 'en-US', dialect: 'United States',
        gender: 'female', style: 'conversational', category: 'standard', is_premium: false });
    assert.ok(all.every(({ name, gender }) => /^\p{Lu}/u.test(name) && ['male', 'female', 'child'].includes(gender)));
    assert.deepEqual(all.filter(({ name, language, id }) => name === language || /female|,/.test(name) || !id).map(({ id }) => id), []);
    assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
    assert.ok(all.some(({ is_premium }) => is_premium));
    for (const query of ['gender=male', 'gender=female', 'gender=child', 'category=standard', 'category=ultra', 'category=studio'])
        assert.ok((await voices(`?${query}`)).length, query);
});

test('voices are filtered by language, gender, category and words', async () => {
    assert.ok((await voices('?language=en-US')).every(({ language_code }) => /^en-US/.test(language_code)));
    assert.ok((await voices('?language=en')).some(({ language_code }) => language_code === 'en-GB'));
    assert.deepEqual((await voices('?language=de-DE&gender=female')).map(({ id, name }) => [id, name]), [['espeak:de+f3', 'Greta']]);
    assert.deepEqual((await voices('?search=ROSE')).map(({ id }) => id), ['en-US-Neural2-A']);
    assert.deepEqual((await voices('?search=scotland&category=studio')).map(({ name }) => name), ['Angus']);
    assert.deepEqual(await voices('?language=ie'), [], 'a language that nobody speaks');
    for (const wrong of ['gender=robot', 'category=cheap', 'language=klingonese', 'language=x1'])
        assert.equal((await ada.get(`/api/v1/voices?${wrong}`)).status, 400, wrong);
});

test('a sample is made when it is first heard, then kept', async () => {
    const [rose] = await voices('?search=rose'), [greta] = await voices('?language=de&gender=female');
    const nobody = root.as(undefined);
    for (const { sample_url } of [rose, greta]) {
        const [first, again] = [await nobody.get(sample_url), await nobody.get(sample_url)];
        assert.equal(first.headers['content-type'], 'audio/mpeg');
        assert.ok(Number(inspect(first.bytes).format.duration) > 1.5);
        assert.ok(first.bytes.equals(again.bytes));
        assert.equal((await nobody.get(sample_url, { headers: { Range: 'bytes=0-9' } })).status, 206);
    }
    assert.equal(server.sql("SELECT count(*) AS n FROM cache WHERE key LIKE 'voice sample%'")[0].n, 2);
});

test('a text is spoken at once, with the times of its words', async () => {
    const text = 'Welcome to our product demonstration';
    const { audio_url, duration, job_id, words } = await generate({ voice_id: 'en-US-Neural2-A', text, speed: 1.0, pitch: 1.0, volume: 1.0 });
    assert.deepEqual(words.map((word) => word.text), text.split(' '));
    assert.ok(words.every(({ start, end, offset, text: word }) => start < end && end <= duration + 0.01 && text.startsWith(word, offset)));
    const sound = inspect((await root.as(undefined).get(audio_url)).bytes);
    assert.ok(Math.abs(Number(sound.format.duration) - duration) < 0.2);
    const job = await ada.job(job_id);
    assert.deepEqual([job.kind, job.status, job.result.duration], ['voice', 'completed', duration]);
    assert.equal((await free.get(`/api/v1/jobs/${job_id}`)).status, 404);
    const fast = await generate({ voice_id: 'en-US-Neural2-A', text, speed: 2 });
    assert.ok(fast.duration < duration * 0.65);
    const pause = await generate({ voice_id: 'en-US-Neural2-A', text: `${text} [pause 1.5s]` });
    assert.ok(Math.abs(pause.duration - duration - 1.5) < 0.02, 'and a pause lasts as long as it says');
});

test('one sentence that changes is the only one that is spoken anew', async () => {
    const wish = { voice_id: 'flite:kal16', text: 'The first one stays. The second one changes. The third one stays.' };
    const before = sentences();
    await generate(wish);
    assert.equal(sentences(), before + 3);
    await generate({ ...wish, volume: 0.5 });
    assert.equal(sentences(), before + 3, 'louder or softer is the same sentence');
    await generate({ ...wish, text: wish.text.replace('changes', 'is another') });
    assert.equal(sentences(), before + 4);
    await generate({ ...wish, speed: 1.5 });
    assert.equal(sentences(), before + 7);
});

test('volume and emphasis are heard', async () => {
    const level = (bytes) => {
        const folder = temporary('level'), place = path.join(folder, 'x.mp3');
        fs.writeFileSync(place, bytes);
        try {
            return inspect_level(place);
        } finally {
            fs.rmSync(folder, { recursive: true });
        }
    };
    const bytes = async (more) => (await ada.get((await generate({ voice_id: 'flite:kal16', text: 'This is important', ...more })).audio_url)).bytes;
    const [plain, half, loud] = [level(await bytes({})), level(await bytes({ volume: 0.5 })), level(await bytes({ text: 'This is *important*' }))];
    assert.ok(Math.abs(plain - half - 6) < 0.6, `${plain} and ${half} dB`);
    assert.ok(loud > plain + 1, `${loud} and ${plain} dB`);
});

test('a user\'s pronunciations are the user\'s own', async () => {
    const wish = { voice_id: 'flite:kal16', text: 'Kinora sings' };
    const one = await generate(wish);
    const { data: { pronunciation } } = await ada.must(200, 'PUT', '/api/v1/voices/pronunciations', { word: 'KINORA', spoken: 'kee noh rah the one and only' });
    const two = await generate(wish);
    assert.ok(two.duration > one.duration + 0.5);
    assert.deepEqual(two.words.map(({ text }) => text), ['Kinora', 'sings']);
    assert.ok(Math.abs((await generate(wish, free)).duration - one.duration) < 0.01);
    await ada.must(200, 'PUT', '/api/v1/voices/pronunciations', { word: 'Kinora', spoken: 'kinora' });
    assert.deepEqual((await ada.must(200, 'GET', '/api/v1/voices/pronunciations')).data.pronunciations.map(({ id, word, spoken }) => [id, word, spoken]), [[pronunciation.id, 'Kinora', 'kinora']]);
    assert.equal((await free.delete(`/api/v1/voices/pronunciations/${pronunciation.id}`)).status, 404);
    await ada.must(200, 'DELETE', `/api/v1/voices/pronunciations/${pronunciation.id}`);
    for (const wrong of [{ word: 'two words', spoken: 'x' }, { word: '!!', spoken: 'x' }, { word: 'x', spoken: '\u0007' }, { word: 'x' }])
        assert.equal((await ada.put('/api/v1/voices/pronunciations', wrong)).status, 400, JSON.stringify(wrong));
});

test('premium voices need a plan, in layers too', async () => {
    const json = { voice_id: 'flite:awb', text: 'Hello' };
    assert.equal((await refused(json, free)).json.error, 'PLAN_REQUIRED');
    const { data: { video } } = await free.must(201, 'POST', '/api/v1/videos', { title: 'x' });
    const { data: { scene } } = await free.must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, { text: 'x' });
    const layer = (voice_id) => free.post(`/api/v1/scenes/${scene.id}/layers`, { type: 'voiceover', name: 'x', duration: 1, properties: { voice_id, text: 'x' } });
    assert.equal((await layer('flite:awb')).json.error, 'PLAN_REQUIRED');
    const { json: { data: { layer: { id } } } } = await layer('en-US-Neural2-A');
    assert.equal((await free.put(`/api/v1/layers/${id}`, { properties: { voice_id: 'flite:awb' } })).status, 403);
    await generate(json);
});

test('what cannot be spoken is refused with a reason', async () => {
    const wish = (more) => ({ voice_id: 'en-US-Neural2-A', text: 'Hello', ...more });
    assert.deepEqual([(await refused(wish({ voice_id: 'nobody' }))).json.error, (await refused(wish({ voice_id: 'espeak:xx-nowhere' }))).status], ['VOICE_NOT_FOUND', 404]);
    const wrong = [[{ text: '' }, 'text'], [{ text: '   ' }, 'text'], [{ text: '[pause 2s] ...' }, 'text'], [{ text: 'x'.repeat(100_001) }, 'text'], [{ text: 'a\u001fb' }, 'text'],
        [{ text: 'a\u0007b' }, 'text'], [{ speed: 0 }, 'speed'], [{ speed: 2.1 }, 'speed'], [{ pitch: 0.4 }, 'pitch'], [{ volume: -1 }, 'volume'], [{ volume: 2.5 }, 'volume'],
        [{ speed: 'fast' }, 'speed'], [{ text: undefined }, 'text'], [{ voice_id: undefined }, 'voice_id']];
    for (const [more, field] of wrong) {
        const { status, json } = await refused(wish(more));
        assert.deepEqual([status, json.error, json.details?.[0].field], [400, 'VALIDATION_ERROR', field], JSON.stringify(more).slice(0, 60));
    }
    const foreign = await refused(wish({ text: 'Здравствуй, мир' }));
    assert.equal(foreign.status, 400);
    assert.match(foreign.json.message, /Cyrillic.*espeak:ru/);
    assert.match((await refused(wish({ voice_id: 'espeak:ru', text: '你好' }))).json.message, /Chinese.*espeak:cmn/);
    await generate(wish({ voice_id: 'espeak:ru', text: 'Здравствуй, мир' }));
    await generate(wish({ text: 'The angle α is small.' }));
});

test('five thousand characters are spoken while one waits, more become a job', async () => {
    const line = 'Every story begins with a single sentence that somebody dared to write down. ';
    const at_once = await generate({ voice_id: 'flite:kal16', text: line.repeat(65).slice(0, 5000) });
    assert.ok(at_once.duration > 200);
    const { data, status } = (await ada.must(202, 'POST', '/api/v1/voices/generate', { voice_id: 'flite:kal16', text: line.repeat(66) }));
    assert.equal(status, undefined);
    assert.deepEqual([data.audio_url, data.duration], [null, null]);
    const job = await ada.job_end(data.job_id);
    assert.ok(job.result.duration > 200 && job.result.words.length > 800);
    assert.equal(inspect((await root.as(undefined).get(job.result.audio_url)).bytes).streams[0].codec_name, 'mp3');
});

test('kinora say reads numbers, dates and abbreviations', () => {
    const folder = temporary('say'), place = path.join(folder, 'x.wav');
    const seconds = (text) => {
        const told = run(['say', text, '-o', place, '--voice', 'flite:kal16']);
        assert.equal(told.code, 0, told.stderr);
        return fs.statSync(place).size / 32000;
    };
    for (const [written, said] of [['Dr. Smith has $5.50.', 'doctor Smith has five dollars and fifty cents.'], ['It is 2026-11-21 at 10:05.', 'It is November twenty first, twenty twenty six at ten oh five.'],
        ['I ran 5 km in 1999.', 'I ran five kilometers in nineteen ninety nine.']])
        assert.ok(Math.abs(seconds(written) - seconds(said)) < 0.25, written);
    fs.rmSync(folder, { recursive: true });
});

function inspect_level(place) {
    const { stderr } = spawnSync('ffmpeg', ['-i', place, '-af', 'volumedetect', '-f', 'null', '-'], { encoding: 'utf8' });
    return Number(/max_volume: (-?[\d.]+) dB/.exec(stderr)[1]);
}
