// SPDX-License-Identifier: GPL-3.0-or-later
// kinora transcribe with other engines than the embedded one, and what kinora doctor says of them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { SpeechServer } from '../transcription/lib/speech-server.mjs';
import { kinora, kinora_stopped, new_folder, program, recordings, root } from './kinora.mjs';

const folder = new_folder();
const recording = path.join(recordings, 'sense_and_sensibility_01_austen_64kb-0870.wav');
let cloud;
before(async () => {
    fs.chmodSync(folder, 0o755);
    cloud = await SpeechServer.start();
});
after(async () => {
    await cloud.stop();
    fs.rmSync(folder, { recursive: true });
});

function whisper(mode) {
    const place = path.join(folder, `ggml.port${cloud.http.address().port}.${mode}.bin`);
    fs.writeFileSync(place, 'a model');
    return { KINORA_WHISPER_CLI: path.join(root, 'tests/transcription/lib/whisper-cli.mjs'), KINORA_WHISPER_MODEL: place };
}

test('the best engine is used, another one where it is named, in any format', () => {
    const env = whisper('ok'), at = path.join(folder, 'a.vtt');
    assert.equal(kinora(['transcribe', recording], { env }).out, 'Hello, transcribed world.\n');
    assert.equal(kinora(['transcribe', recording, '--language', 'de'], { env }).out, 'Guten Tag, Welt.\n');
    assert.match(kinora(['transcribe', recording, '--engine', 'pocketsphinx'], { env }).out, /might be/);
    const told = kinora(['transcribe', recording, '--engine=whisper', '-l', 'de', '--format', 'vtt', '-o', at], { env });
    assert.equal(told.code, 0, told.err);
    assert.match(fs.readFileSync(at, 'utf8'), /^WEBVTT\n\n00:00:00\.\d{3} --> 00:00:0\d\.\d{3}\nGuten Tag, Welt\.\n/);
});

test('what cannot be done is said in one sentence', () => {
    const cases = [
        [['--engine', 'ear'], {}, /^kinora: There is no speech engine "ear"; there are: whisper, openai, pocketsphinx$/, 1],
        [['--language', 'de'], {}, /^kinora: No engine here speaks German; whisper\.cpp or an OpenAI-compatible server would: see kinora doctor$/, 1],
        [['--language', 'german'], {}, /^kinora: "german" is not an ISO 639-1 language code such as en or de$/, 2],
        [['--engine', 'openai'], {}, /^kinora: No speech server is set$/, 1],
        [[], whisper('status'), /^kinora: whisper\.cpp ended with status 10: error: failed to process audio$/, 1],
        [[], whisper('crash'), /^kinora: whisper\.cpp crashed \(signal 6\)$/, 1],
        [[], whisper('garbage'), /^kinora: whisper\.cpp gave an answer that makes no sense$/, 1],
        [[], { ...whisper('hang'), KINORA_ASR_TIMEOUT: '1' }, /^kinora: whisper\.cpp did not end within 1 seconds$/, 1],
        [[], { KINORA_ASR_URL: 'http://127.0.0.1:9' }, /^kinora: The speech server cannot be reached: /, 1],
    ];
    for (const [args, env, sentence, code] of cases) {
        const told = kinora(['transcribe', recording, ...args], { env });
        assert.deepEqual([told.code, told.out], [code, ''], told.err);
        assert.match(told.lines.at(-1), sentence);
        assert.equal(told.lines.length, 1, told.err);
    }
});

test('an interrupt ends the program that listens', async () => {
    const env = whisper('hang');
    const told = await kinora_stopped(['transcribe', recording], 'SIGINT', 1500, { env });
    assert.notEqual(told.code, 0);
    assert.ok(told.waited_ms < 2000, `${told.waited_ms} ms`);
    assert.equal(spawnSync('pgrep', ['-f', env.KINORA_WHISPER_MODEL], { encoding: 'utf8' }).stdout, '');
});

test('a terminal sees how far it is, and nothing of that stands in the output', () => {
    const out = path.join(folder, 'out.txt');
    const told = spawnSync('script', ['-qec', `${program} transcribe ${recording} -o ${out}`, '/dev/null'],
        { encoding: 'utf8', env: { ...process.env, ...whisper('slow') } });
    assert.match(told.stdout, /Transcribing \[#*\.*\] 50 %/);
    assert.equal(fs.readFileSync(out, 'utf8'), 'Hello, transcribed world.\n');
});

test('doctor tries each engine and says which setting mends it', () => {
    const bare = kinora(['doctor']);
    assert.match(bare.out, /^note {2}transcription {2}whisper: .*PATH\n.*KINORA_WHISPER_MODEL/m);
    assert.match(bare.out, /^note {2}transcription {2}openai: No speech server is set\n.*KINORA_ASR_URL/m);
    assert.match(bare.out, /^ok {4}transcription {2}pocketsphinx: hears English$/m);
    assert.equal(bare.code, 0, bare.out);
    const broken = kinora(['doctor'], { env: { ...whisper('ok'), KINORA_ASR_URL: 'http://127.0.0.1:9' } });
    assert.match(broken.out, /^ok {4}transcription {2}whisper: hears many languages$/m);
    assert.match(broken.out, /^FAIL {2}transcription {2}openai: The speech server cannot be reached/m);
    assert.equal(broken.code, 1);
});
