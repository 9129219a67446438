// SPDX-License-Identifier: GPL-3.0-or-later
// OpenAI's own client for Node works against Kinora: transcriptions, speech, models, errors.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client, multipart } from '../api/lib/client.mjs';
import { made, speech } from '../api/lib/media.mjs';
import { Server, temporary, until } from '../api/lib/server.mjs';

const require = createRequire(import.meta.url);
const { OpenAI, toFile } = require('openai');
let server, ada, client;

before(async () => {
    server = await Server.start({ env: { KINORA_WORKERS: '1' } });
    ada = await new Client(server).user('ada');
    client = new OpenAI({ apiKey: ada.token, baseURL: `${server.origin}/v1`, maxRetries: 0 });
});
after(() => server.remove());

const card = () => toFile(speech(2), 'card.wav');
const jobs = async () => (await ada.must(200, 'GET', '/api/v1/jobs')).jobs;

test('a transcription in every format, with the granularities that were asked for', async () => {
    const plain = await client.audio.transcriptions.create({ model: 'whisper-1', file: await card() });
    assert.deepEqual(Object.keys(plain), ['text']);
    assert.match(plain.text, /queen of clubs/);
    const verbose = await client.audio.transcriptions.create({ model: 'pocketsphinx', file: await card(), response_format: 'verbose_json',
        language: 'en', timestamp_granularities: ['word', 'segment'], temperature: 0, prompt: 'cards' });
    assert.deepEqual([verbose.task, verbose.language, verbose.text], ['transcribe', 'english', plain.text]);
    assert.ok(Math.abs(verbose.duration - 1.96) < 0.05);
    assert.equal(verbose.segments.map((segment) => segment.text).join(' '), plain.text);
    assert.ok(verbose.segments.every((segment, i) => segment.id === i && segment.end > segment.start && segment.avg_logprob <= 0));
    assert.equal(verbose.words.map((word) => word.word).join(' '), plain.text);
    assert.ok(verbose.words.every((word) => word.end >= word.start));
    const words = await client.audio.transcriptions.create({ model: 'whisper-1', file: await card(), response_format: 'verbose_json', timestamp_granularities: ['word'] });
    assert.ok(words.words.length && !words.segments);
    assert.equal(await client.audio.transcriptions.create({ model: 'whisper-1', file: await card(), response_format: 'text' }), `${plain.text}\n`);
    assert.match(await client.audio.transcriptions.create({ model: 'whisper-1', file: await card(), response_format: 'srt' }), /^1\n00:00:0\d,\d{3} --> 00:00:0\d,\d{3}\n.*queen/);
    assert.match(await client.audio.transcriptions.create({ model: 'whisper-1', file: await card(), response_format: 'vtt' }), /^WEBVTT\n\n00:00:0\d\.\d{3} --> /);
});

test('nothing of it stays: no media, no transcription, no job, no file', async () => {
    await client.audio.transcriptions.create({ model: 'whisper-1', file: await card() });
    assert.deepEqual(await ada.must(200, 'GET', '/mediafiles'), []);
    assert.deepEqual(await ada.must(200, 'GET', '/transcriptions'), []);
    assert.deepEqual(await jobs(), []);
    assert.deepEqual(server.sql('SELECT count(*) AS n FROM blob'), [{ n: 0 }]);
});

test('errors are those that the client knows', async () => {
    const failing = async (kind, use) => {
        const error = await use().then(() => assert.fail('it succeeded'), (failure) => failure);
        assert.ok(error instanceof kind, `${error}`);
        return error;
    };
    const stranger = new OpenAI({ apiKey: 'sk-forged', baseURL: `${server.origin}/v1`, maxRetries: 0 });
    assert.equal((await failing(OpenAI.AuthenticationError, () => stranger.models.list())).code, 'invalid_api_key');
    assert.equal((await failing(OpenAI.NotFoundError, () => client.models.retrieve('none'))).code, 'model_not_found');
    const unknown = await failing(OpenAI.NotFoundError, async () => client.audio.transcriptions.create({ model: 'none', file: await card() }));
    assert.deepEqual([unknown.param, unknown.type], ['model', 'invalid_request_error']);
    const german = await failing(OpenAI.BadRequestError, async () => client.audio.transcriptions.create({ model: 'whisper-1', language: 'de', file: await card() }));
    assert.match(german.message, /No engine here speaks German/);
    assert.equal((await failing(OpenAI.BadRequestError, async () => client.audio.transcriptions.create({ model: 'whisper-1', file: await toFile(Buffer.from('no sound'), 'x.mp3') }))).param, 'file');
    assert.equal((await failing(OpenAI.BadRequestError, () => client.audio.speech.create({ model: 'tts-1', voice: 'nobody', input: 'x' }))).param, 'voice');
    const missing = await failing(OpenAI.InternalServerError, async () => client.audio.transcriptions.create({ model: 'whisper', file: await card() }));
    assert.deepEqual([missing.status, missing.code], [503, 'engine_missing']);
    assert.deepEqual(await jobs(), []);
});

test('a client that goes away takes its job along', async () => {
    const long = made('long.wav', '-stream_loop', '40', '-i', '/usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb-0870.wav', '-c', 'copy');
    const { body, headers } = multipart([{ name: 'model', value: 'whisper-1' }, { name: 'file', file_name: 'long.wav', bytes: long }]);
    const request = http.request({ host: '127.0.0.1', port: server.port, method: 'POST', path: '/v1/audio/transcriptions',
        headers: { ...headers, 'Content-Length': body.length, Authorization: `Bearer ${ada.token}` } });
    request.on('error', () => {});
    request.end(body);
    await until('the job is under way', async () => (await jobs())[0]?.status === 'processing');
    request.destroy();
    const from = Date.now();
    await until('the job is gone', async () => (await jobs()).length === 0, { limit_ms: 4000 });
    assert.ok(Date.now() - from < 3000);
    assert.equal((await client.audio.transcriptions.create({ model: 'whisper-1', file: await card() })).text, 'for queen of clubs', 'the worker is free again');
});

test('calls that wait hold no thread: requests are answered meanwhile', async () => {
    const waiting = Array.from({ length: 24 }, async () => client.audio.transcriptions.create({ model: 'whisper-1', file: await card() }));
    await until('many jobs wait', async () => (await jobs()).length > 12);
    for (let i = 0; i < 20; i++) {
        const from = Date.now();
        await ada.must(200, 'GET', '/api/v1/users/me');
        assert.ok(Date.now() - from < 1000, `${Date.now() - from} ms`);
    }
    const texts = new Set((await Promise.all(waiting)).map((answer) => answer.text));
    assert.equal(texts.size, 1);
});

test('speech in every format, by the names of OpenAI\'s voices and of ours, and heard again', async () => {
    const folder = temporary('speech');
    for (const [format, codec] of [['mp3', 'mp3'], ['opus', 'opus'], ['aac', 'aac'], ['flac', 'flac'], ['wav', 'pcm_s16le']]) {
        const answer = await client.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'The quick brown fox.', response_format: format });
        const place = path.join(folder, `x.${format}`);
        fs.writeFileSync(place, Buffer.from(await answer.arrayBuffer()));
        const { stdout } = spawnSync('ffprobe', ['-v', 'error', '-of', 'json', '-show_streams', place], { encoding: 'utf8' });
        assert.equal(JSON.parse(stdout).streams[0].codec_name, codec);
        const duration = spawnSync('ffmpeg', ['-v', 'error', '-i', place, '-f', 's16le', '-ar', '8000', '-ac', '1', '-']).stdout.length / 16000;
        assert.ok(duration > 1 && duration < 4, `${format}: ${duration} s`);
    }
    fs.rmSync(folder, { recursive: true });
    const spoken = async (more) => Buffer.from(await (await client.audio.speech.create({ model: 'tts-1', voice: 'echo', input: 'The weather is nice.', response_format: 'pcm', ...more })).arrayBuffer());
    const [usual, fast, own] = [await spoken(), await spoken({ speed: 2 }), await spoken({ voice: 'flite:slt' })];
    assert.ok(usual.length / 48000 > 0.8 && fast.length < usual.length * 0.7 && own.length > 10000);
    const file = await toFile(Buffer.from(await (await client.audio.speech.create({ model: 'tts-1', voice: 'nova', input: 'The weather is nice today.' })).arrayBuffer()), 'said.mp3');
    assert.match((await client.audio.transcriptions.create({ model: 'whisper-1', file })).text, /weather|nice|today/);
});

const spoken_sentences = () => server.sql("SELECT count(*) AS n FROM cache WHERE key LIKE 'sentence%'")[0].n;
const numbers = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
const long_text = (about, length = 30) => Array.from({ length }, (_, i) => `Number ${numbers[Math.floor(i / 10)]} ${numbers[i % 10]} of the ${about} were counted before anybody came.`).join(' ');

test('a long speech is heard while the rest of it is still being spoken', async () => {
    const before_it = spoken_sentences();
    const answer = await client.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: long_text('houses'), response_format: 'mp3' });
    // Not by its iterator, which in Node 18 takes the end of any answer in chunks for a break.
    const pieces = [], end = new Promise((resolve, reject) => answer.body.on('end', resolve).on('error', reject));
    await new Promise((resolve) => answer.body.on('data', (piece) => pieces.push(piece) === 1 && resolve()));
    const spoken = spoken_sentences() - before_it;
    assert.ok(spoken < 20, `${spoken} sentences were spoken before the first was sent`);
    await end;
    assert.equal(spoken_sentences() - before_it, 30, 'each sentence is kept');
    const { status, stdout } = spawnSync('ffprobe', ['-v', 'error', '-of', 'json', '-show_format', '-f', 'mp3', '-'], { input: Buffer.concat(pieces), encoding: 'utf8' });
    assert.equal(status, 0);
    assert.equal(JSON.parse(stdout).format.format_name, 'mp3');
    const again = Buffer.from(await (await client.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: long_text('houses'), response_format: 'mp3' })).arrayBuffer());
    assert.ok(Buffer.concat(pieces).equals(again), 'the same from what was kept');
    assert.ok(again.length / 8000 > 60, 'all of it');
});

test('nobody speaks on for a client that has gone', async () => {
    const before_it = spoken_sentences();
    const request = http.request({ host: '127.0.0.1', port: server.port, method: 'POST', path: '/v1/audio/speech',
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${ada.token}` } });
    request.on('error', () => {});
    request.end(JSON.stringify({ model: 'tts-1', voice: 'alloy', input: long_text('windows') }));
    await new Promise((resolve) => request.on('response', (answer) => answer.once('data', resolve).on('error', () => {})));
    request.destroy();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const then = spoken_sentences();
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(spoken_sentences(), then, 'nothing more is spoken');
    assert.ok(then - before_it < 30, `${then - before_it} of 30 sentences`);
    assert.equal((await client.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'Still here.' })).status, 200);
});

test('texts that are being spoken hold nobody else up', async () => {
    const before_it = spoken_sentences();
    const speaking = new Set(['ships', 'horses', 'trees', 'stones'].map((about) => {
        const one = client.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: long_text(about, 20) }).then((answer) => answer.arrayBuffer()).then((bytes) => (speaking.delete(one), bytes));
        return one;
    }));
    const all = [...speaking];
    await until('they are spoken', async () => spoken_sentences() > before_it);
    for (let i = 0; i < 10; i++) {
        const from = Date.now();
        await ada.must(200, 'GET', '/api/v1/users/me');
        assert.ok(Date.now() - from < 500, `${Date.now() - from} ms`);
        assert.ok(speaking.size, 'they are still being spoken');
    }
    assert.ok((await Promise.all(all)).every((bytes) => bytes.byteLength > 80_000));
});

test('models are listed and shown', async () => {
    const ids = [];
    for await (const model of client.models.list())
        ids.push(model.id);
    assert.deepEqual(ids.sort(), ['gpt-4o-mini-tts', 'pocketsphinx', 'tts-1', 'tts-1-hd', 'whisper-1']);
    assert.equal((await client.models.retrieve('tts-1')).owned_by, 'kinora');
});

test('a server that stops answers those who wait', async () => {
    const waiting = [1, 2, 3].map(async () => client.audio.transcriptions.create({ model: 'whisper-1', file: await card() }).catch((error) => error.status));
    await until('jobs wait', async () => (await jobs()).length > 1);
    const from = Date.now();
    assert.equal(await server.stop(), 0);
    assert.ok(Date.now() - from < 9000);
    assert.ok((await Promise.all(waiting)).includes(503));
});
