// SPDX-License-Identifier: GPL-3.0-or-later
// OpenAI-compatible servers as an engine, as their public documents have it, the choice of engines, and what becomes of
// jobs when a server misbehaves or a file is strange.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { made, picture, silent_film, speech } from '../api/lib/media.mjs';
import { Server, until } from '../api/lib/server.mjs';
import { result, start, with_server, words } from './lib/jobs.mjs';
import { SpeechServer, heard } from './lib/speech-server.mjs';

const key = 'sk-test-0123456789abcdef';
let cloud, server, ada;

before(async () => {
    cloud = await SpeechServer.start({ key });
    server = await Server.start({ env: { KINORA_ASR_URL: `${cloud.url}/v1`, KINORA_ASR_KEY: key, KINORA_ASR_MODEL: 'large-v9', KINORA_ASR_TIMEOUT: '2' } });
    ada = await new Client(server).user('ada');
});
after(async () => {
    await server.remove();
    await cloud.stop();
});

test('an OpenAI-compatible server is asked as its documents say, and its words keep times and punctuation', async () => {
    const media = await ada.upload('card.wav', speech(2));
    cloud.answer = undefined;
    const job = await start(ada, media);
    await ada.job_end(job);
    const told = await result(ada, job);
    assert.deepEqual(cloud.faults, []);
    assert.deepEqual(cloud.requests.at(-1).fields.model, ['large-v9']);
    assert.equal(cloud.requests.at(-1).fields.language, undefined);
    assert.equal(told.result.language, 'en');
    assert.deepEqual(words(told), [['Hello,', 'transcribed', 'world.']], 'what the model takes for silence is left out');
    const [hello, transcribed] = told.result.segments[0].words;
    assert.ok(hello.startTime < transcribed.startTime && Math.abs(transcribed.startTime - hello.startTime - 0.5) < 0.02);
    assert.ok(Math.abs(hello.confidence - Math.exp(-0.25)) < 0.01);

    const german = await start(ada, media, { language: 'de', engine: 'openai' });
    await ada.job_end(german);
    assert.deepEqual(cloud.requests.at(-1).fields.language, ['de']);
    assert.equal((await result(ada, german)).result.language, 'de');
});

test('a request may name the engine, in documents 003 and 004; an unknown one is 400', async () => {
    const media = await ada.upload('card.wav', speech(2));
    const asked = cloud.requests.length;
    const job = await start(ada, media, { engine: 'pocketsphinx' });
    await ada.job_end(job);
    const file = await ada.upload('card.wav', speech(3), '?engine=pocketsphinx&language=en');
    await ada.job_end(file.job_id);
    assert.equal(cloud.requests.length, asked);
    const wrong = await ada.post('/api/transcription/start', { mediaId: media.id, engine: 'ear' });
    assert.deepEqual([wrong.status, wrong.json.error, wrong.json.details[0].field], [400, 'VALIDATION_ERROR', 'engine']);
    for (const language of ['xx', 'EN', 'eng', 'zz'])
        assert.equal((await ada.post('/api/transcription/start', { mediaId: media.id, language })).status, 400, language);
    assert.equal((await ada.call('POST', '/api/v1/files/upload?engine=ear', { body: '' })).status, 400);
    assert.equal((await ada.call('POST', '/api/v1/files/upload?language=xx', { body: '' })).status, 400);
    assert.equal((await ada.post('/api/transcription/start', { mediaId: '00000000-0000-4000-8000-000000000000' })).status, 404);
});

test('a language that no engine here knows fails the job with a sentence that says which could', async () => {
    await with_server({}, async (eve) => {
        const media = await eve.upload('card.wav', speech(2));
        const job = await start(eve, media, { language: 'de' });
        await eve.job_end(job, { state: 'failed' });
        assert.equal((await result(eve, job)).error, 'No engine here speaks German; whisper.cpp or an OpenAI-compatible server would: see kinora doctor');
        const named = await start(eve, media, { engine: 'whisper' });
        await eve.job_end(named, { state: 'failed' });
        assert.match((await result(eve, named)).error, /whisper-cli is not on the PATH/);
        assert.equal((await eve.job(named)).status, 'failed');
    });
});

test('a busy server is asked again when it says, and not before', async () => {
    const media = await ada.upload('card.wav', speech(2));
    const times = [];
    cloud.answer = () => {
        times.push(Date.now());
        return times.length < 3 ? { status: times.length === 1 ? 429 : 503, headers: { 'Retry-After': '1' }, body: { error: { message: 'Slow down', type: 'rate_limit_error' } } } : {};
    };
    await ada.job_end(await start(ada, media));
    assert.equal(times.length, 3);
    assert.ok(times[1] - times[0] >= 950 && times[2] - times[1] >= 950 && times[2] - times[0] < 6000, String(times));

    cloud.answer = () => ({ status: 429, headers: { 'Retry-After': '4000' }, body: { error: { message: 'Come back tomorrow' } } });
    const job = await start(ada, media);
    await until('the first attempt has failed', () => server.log.includes('ENGINE_FAILED'));
    await ada.must(200, 'DELETE', `/api/transcription/${job}`);
});

test('what a server refuses is final, with its own sentence, and a retry works once it is mended', async () => {
    const media = await ada.upload('card.wav', speech(2));
    for (const [status, message] of [[400, 'Audio is too short'], [401, 'Incorrect API key provided'], [404, 'The model does not exist']]) {
        const asked = cloud.requests.length;
        cloud.answer = () => ({ status, body: { error: { message, type: 'invalid_request_error', param: null, code: null } } });
        const job = await start(ada, media);
        await ada.job_end(job, { state: 'failed' });
        assert.equal((await result(ada, job)).error, `The speech server answers ${status}: ${message}`);
        assert.equal(cloud.requests.length, asked + 1);
        cloud.answer = undefined;
        await ada.must(202, 'POST', `/api/transcription/${job}/retry`);
        await ada.job_end(job);
    }
    cloud.answer = () => ({ status: 401, body: { error: { message: `Wrong key ${key}` } } });
    const job = await start(ada, media);
    await ada.job_end(job, { state: 'failed' });
    assert.equal((await result(ada, job)).error, 'The speech server answers with status 401');
    assert.ok(!server.log.includes(key), 'the key is in no log');
    cloud.answer = undefined;
});

test('an answer that makes no sense, and a server that hangs, fail with a human reason after three attempts', async () => {
    const media = await ada.upload('card.wav', speech(2));
    const answers = [{ body: '<html>it works</html>' }, { body: '{"segments": 7}' }, { hang: true }];
    const reasons = [];
    cloud.answer = () => {
        const answer = answers.shift();
        reasons.push(answer);
        return answer;
    };
    const job = await start(ada, media);
    await ada.job_end(job, { state: 'failed' });
    assert.equal(reasons.length, 3);
    assert.equal((await result(ada, job)).error, 'The speech server did not answer within 2 seconds');
    cloud.answer = undefined;
    await ada.must(202, 'POST', `/api/transcription/${job}/retry`);
    await ada.job_end(job);
});

test('a cancel ends a request under way within two seconds', async () => {
    const media = await ada.upload('card.wav', speech(2));
    cloud.answer = () => ({ hang: true });
    const asked = cloud.requests.length;
    const job = await start(ada, media);
    await until('the server has been asked', () => cloud.requests.length > asked);
    const from = Date.now();
    await ada.must(200, 'DELETE', `/api/transcription/${job}`);
    await until('the connection is closed', () => cloud.sockets.size === 0, { limit_ms: 2500 });
    assert.ok(Date.now() - from < 2000, `${Date.now() - from} ms`);
    cloud.answer = undefined;
});

test('a server that gives plain text, and one that gives no word times, are understood too', async () => {
    const media = await ada.upload('card.wav', speech(2));
    for (const body of [{ text: 'Hello there world.' }, { language: 'en', segments: [{ start: 0, end: 1.5, text: ' Hello there world.' }] }]) {
        cloud.answer = () => ({ body });
        const job = await start(ada, media);
        await ada.job_end(job);
        const told = await result(ada, job);
        assert.deepEqual(words(told), [['Hello', 'there', 'world.']]);
        let at = 0;
        for (const word of told.result.segments[0].words) {
            assert.ok(word.startTime >= at && word.endTime >= word.startTime && word.endTime <= 2);
            at = word.startTime;
        }
    }
    cloud.answer = undefined;
});

test('a long recording goes in parts below 25 MB, on the clock of the recording, and a killed job goes on from its last part', async () => {
    const long = made('long.wav', '-stream_loop', '160', '-i', '/usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb-0870.wav', '-c', 'copy');
    const media = await ada.upload('long.wav', long);
    const before_it = cloud.requests.length;
    let hold = false;
    cloud.answer = (request) => hold && cloud.requests.length > before_it + 2 ? { hang: true } : { body: heard(request) };
    hold = true;
    const job = await start(ada, media);
    await until('two parts are done', async () => (await ada.job(job)).progress > 0.15, { limit_ms: 60_000 });
    await server.kill();
    const first = cloud.requests.slice(before_it).map((request) => request.file.bytes.length);
    hold = false;
    await server.start();
    await ada.job_end(job);
    const told = await result(ada, job);
    assert.deepEqual(cloud.faults, []);
    const starts = told.result.segments.map((segment) => segment.startTime);
    assert.deepEqual(starts, [...starts].sort((a, b) => a - b));
    assert.ok(starts.length > 3 && starts.at(-1) > media.duration * 0.6, `${starts}`);
    const again = cloud.requests.slice(before_it + first.length);
    assert.ok(again.length < starts.length, 'finished parts are not asked again');
    cloud.answer = undefined;
});

test('two hours of silence are no words, quickly, and nobody is asked', async () => {
    const silence = made('silence.flac', '-f', 'lavfi', '-i', 'anullsrc=r=16000:cl=mono', '-t', '7200');
    const media = await ada.upload('silence.flac', silence);
    const asked = cloud.requests.length, from = Date.now();
    const job = await start(ada, media);
    await ada.job_end(job);
    assert.deepEqual((await result(ada, job)).result.segments, []);
    assert.equal(cloud.requests.length, asked);
    assert.ok(Date.now() - from < 60_000);
});

test('eight channels of 96 kHz are heard; what is cut short is heard as far as it goes; the rest is refused', async () => {
    const wide = made('wide.wav', '-i', '/usr/share/pocketsphinx/test/data/cards/002.wav', '-ac', '8', '-ar', '96000');
    const job = await start(ada, await ada.upload('wide.wav', wide), { engine: 'pocketsphinx' });
    await ada.job_end(job);
    assert.ok((await result(ada, job)).result.segments.length);
    const mp3 = made('cut.mp3', '-stream_loop', '4', '-i', '/usr/share/pocketsphinx/test/data/cards/002.wav');
    const cut = await start(ada, await ada.upload('cut.mp3', mp3.subarray(0, mp3.length / 2)), { engine: 'pocketsphinx' });
    await ada.job_end(cut);
    for (const bytes of [picture(), silent_film()]) {
        const without = await start(ada, await ada.upload('no sound', bytes));
        await ada.job_end(without, { state: 'failed' });
        assert.equal((await result(ada, without)).error, 'This file has no audio track');
        assert.equal((await ada.post(`/api/transcription/${without}/retry`)).status, 202);
    }
    for (const bytes of [Buffer.from('not media at all'), Buffer.alloc(0)]) {
        const { status } = await ada.call('POST', '/api/v1/files/upload', { body: bytes.toString(), headers: { 'Content-Type': 'multipart/form-data; boundary=x' } });
        assert.equal(status, 400);
    }
});
