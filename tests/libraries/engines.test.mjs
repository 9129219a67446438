// SPDX-License-Identifier: GPL-3.0-or-later
// Voices of other programs and servers: Piper, and what speaks OpenAI's interface.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { inspect, made, wav } from '../api/lib/media.mjs';
import { Server, temporary } from '../api/lib/server.mjs';
import { OpenaiServer } from './lib/openai-server.mjs';

const key = 'sk-voice-0123456789';
let server, cloud, ada, folder;

before(async () => {
    folder = temporary('piper');
    fs.chmodSync(folder, 0o755);
    // Takes its arguments as piper does; speaks a tone as long as its text.
    const program = path.join(folder, 'piper');
    fs.writeFileSync(path.join(folder, 'tone.wav'), wav(1.2));
    fs.writeFileSync(program, `#!/bin/sh\nread -r text\nwhile [ $# -gt 0 ]; do case $1 in --output_file) out=$2;; --model) [ -r "$2" ] || exit 3;; esac; shift; done\ncase $text in *crash*) exit 9;; esac\ncat ${folder}/tone.wav >"$out"\n`, { mode: 0o755 });
    const model = path.join(folder, 'de_DE-thorsten-medium.onnx');
    fs.writeFileSync(model, 'weights');
    cloud = await OpenaiServer.start({ key });
    server = await Server.start({ env: { KINORA_PIPER: program, KINORA_PIPER_MODEL: model, KINORA_TTS_URL: `${cloud.url}/v1`, KINORA_TTS_KEY: key, KINORA_TTS_MODEL: 'tts-9', KINORA_TTS_TIMEOUT: '2' } });
    ada = await new Client(server).user('ada');
});
after(async () => {
    await server.remove();
    await cloud.stop();
    fs.rmSync(folder, { recursive: true });
});

const generate = (json) => ada.post('/api/v1/voices/generate', json);

test('Piper\'s voice is in the catalogue and is spoken with times', async () => {
    const { data: { voices } } = await ada.must(200, 'GET', '/api/v1/voices?language=de&category=studio');
    assert.ok(voices.some(({ id, name, language_code }) => id === 'piper:de_DE-thorsten-medium' && name === 'Thorsten' && language_code === 'de-de'));
    const { status, json, bytes } = await generate({ voice_id: 'piper:de_DE-thorsten-medium', text: 'Guten Morgen allerseits.' });
    assert.equal(status, 200, bytes);
    const { audio_url, duration, words } = json.data;
    assert.ok(Math.abs(duration - 1.2) < 0.05);
    assert.deepEqual(words.map(({ text }) => text), ['Guten', 'Morgen', 'allerseits']);
    assert.ok(words.every(({ start, end }, i) => start < end && end <= duration + 0.01 && (i === 0 || start >= words[i - 1].start)));
    assert.equal(inspect((await ada.get(audio_url)).bytes).streams[0].codec_name, 'mp3');
    const failed = await generate({ voice_id: 'piper:de_DE-thorsten-medium', text: 'crash' });
    assert.deepEqual([failed.status, failed.json.error], [503, 'ENGINE_FAILED']);
});

test('an OpenAI-compatible server is asked as its documents say', async () => {
    cloud.answer = () => ({ type: 'audio/mpeg', bytes: made('x.mp3', '-f', 'lavfi', '-i', 'sine=f=300:d=1.5') });
    const { status, json, bytes } = await generate({ voice_id: 'openai:nova', text: 'Hello there, world.', speed: 1.25 });
    assert.equal(status, 200, bytes);
    assert.deepEqual(cloud.faults, []);
    assert.deepEqual(cloud.requests.at(-1), { path: '/v1/audio/speech', json: { model: 'tts-9', input: 'Hello there, world.', voice: 'nova', response_format: 'wav', speed: 1.25 } });
    assert.ok(Math.abs(json.data.duration - 1.5) < 0.1);
    assert.equal(json.data.words.length, 3);
    const count = cloud.requests.length;
    await generate({ voice_id: 'openai:nova', text: 'Hello there, world.', speed: 1.25, volume: 0.3 });
    assert.equal(cloud.requests.length, count, 'what was spoken is not asked for again');
    await generate({ voice_id: 'openai:af_heart', text: 'Привет, мир' });
    assert.equal(cloud.requests.at(-1).json.voice, 'af_heart', 'its own voices and any letters');
});

test('a voice server that fails, lies or is slow is told, and nothing hangs', async () => {
    const answers = [
        [() => ({ status: 500, json: { error: { message: 'out of memory' } } }), /500: out of memory/],
        [() => ({ type: 'text/html', bytes: '<html>hello</html>' }), /no sound/],
        [() => ({ status: 401, json: { error: { message: `bad key ${key}` } } }), /status 401$/],
        [() => undefined, /in time/],
    ];
    for (const [i, [answer, why]] of answers.entries()) {
        cloud.answer = answer;
        const { status, json } = await generate({ voice_id: 'openai:echo', text: `Try number ${i}.` });
        assert.deepEqual([status, json.error], [503, 'ENGINE_FAILED']);
        assert.match(json.message, why);
    }
});
