// SPDX-License-Identifier: GPL-3.0-or-later
// whisper.cpp as an engine: its program, in a sandbox, and its server, as its public documents have them, and what becomes
// of jobs when they misbehave.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { speech } from '../api/lib/media.mjs';
import { repository, temporary, until } from '../api/lib/server.mjs';
import { first_failure, result, start, with_server, words } from './lib/jobs.mjs';
import { SpeechServer } from './lib/speech-server.mjs';

const whisper = path.join(repository, 'tests/transcription/lib/whisper-cli.mjs');
const folder = temporary('models');
let cloud;

// A model whose name tells the program that stands in for whisper-cli how to behave.
function model(mode) {
    const place = path.join(folder, `ggml.port${cloud.http.address().port}.${mode}.bin`);
    fs.writeFileSync(place, 'a model');
    return place;
}

before(async () => {
    fs.chmodSync(folder, 0o755);
    cloud = await SpeechServer.start();
});
after(async () => {
    await cloud.stop();
    fs.rmSync(folder, { recursive: true });
});

test('whisper.cpp as a program: tokens become words, in a sandbox that lets nothing else be read, written or reached', async () => {
    const own = path.join(folder, 'temporary');
    fs.mkdirSync(own, { mode: 0o755 });
    await with_server({ TMPDIR: own, KINORA_WHISPER_CLI: whisper, KINORA_WHISPER_MODEL: model('ok'), KINORA_ASR_URL: cloud.url }, async (eve, other) => {
        const media = await eve.upload('card.wav', speech(2));
        const asked = cloud.requests.length;
        const job = await start(eve, media);
        await eve.job_end(job);
        const told = await result(eve, job);
        assert.equal(cloud.requests.length, asked, 'the best engine is chosen');
        assert.equal(told.result.language, 'en');
        assert.deepEqual(words(told), [['Hello,', 'transcribed', 'world.']]);
        assert.ok(Math.abs(told.result.segments[0].words[0].confidence - 0.525) < 1e-6);
        const german = await start(eve, media, { language: 'de' });
        await eve.job_end(german);
        assert.deepEqual(words(await result(eve, german)), [['Guten', 'Tag,', 'Welt.']]);
        assert.deepEqual(fs.readdirSync(own), [], 'nothing is left behind');
        assert.ok(!other.log.includes('"severity":"ERROR"'), other.log);
    });
});

test('a program that crashes, fails, or writes nonsense fails the job with a human reason; one that hangs is killed', async () => {
    const reasons = { crash: /^whisper\.cpp crashed \(signal 6\)$/, status: /^whisper\.cpp ended with status 10: error: failed to process audio$/,
        garbage: /makes no sense/, nothing: /makes no sense/, hang: /^whisper\.cpp did not end within 1 seconds$/ };
    await Promise.all(Object.entries(reasons).map(([mode, reason]) => with_server({ KINORA_WHISPER_CLI: whisper, KINORA_WHISPER_MODEL: model(mode), KINORA_ASR_TIMEOUT: mode === 'hang' ? '1' : '60' }, async (eve, other) => {
        const job = await start(eve, await eve.upload('card.wav', speech(2)));
        assert.match(await first_failure(other, job), reason, mode);
    })));
});

test('a cancel kills the program within two seconds', async () => {
    await with_server({ KINORA_WHISPER_CLI: whisper, KINORA_WHISPER_MODEL: model('hang') }, async (eve) => {
        const running = () => spawnSync('pgrep', ['-f', model('hang')], { encoding: 'utf8' }).stdout.trim();
        const job = await start(eve, await eve.upload('card.wav', speech(2)));
        await until('its progress is told', async () => (await eve.job(job)).progress > 0.1);
        assert.notEqual(running(), '');
        const from = Date.now();
        await eve.must(200, 'DELETE', `/api/transcription/${job}`);
        await until('the program is gone', () => running() === '', { limit_ms: 2000 });
        assert.ok(Date.now() - from < 2000);
    });
});

test('a character that tokens cut in two is put together, and silence to the model is no segment', async () => {
    for (const [mode, language, expected] of [['split', 'ja', [['\u6587\u5b57']]], ['silent', 'en', []]])
        await with_server({ KINORA_WHISPER_CLI: whisper, KINORA_WHISPER_MODEL: model(mode) }, async (eve) => {
            const job = await start(eve, await eve.upload('card.wav', speech(2)), { language });
            await eve.job_end(job);
            assert.deepEqual(words(await result(eve, job)), expected);
        });
});

test('whisper.cpp as a server: words inside of segments, and errors that come as 200', async () => {
    await with_server({ KINORA_WHISPER_URL: `${cloud.url}/` }, async (eve, other) => {
        const media = await eve.upload('card.wav', speech(2));
        const job = await start(eve, media);
        await eve.job_end(job);
        const told = await result(eve, job);
        assert.deepEqual(cloud.faults, []);
        assert.deepEqual(cloud.requests.at(-1).fields.language, ['auto']);
        assert.deepEqual(words(told), [['Hello,', 'transcribed', 'world.']]);
        assert.ok(Math.abs(told.result.segments[0].words[0].confidence - 0.8) < 1e-6);
        cloud.answer = () => ({ body: { error: 'failed to read audio data' } });
        const failed = await start(eve, media);
        assert.equal(await first_failure(other, failed), 'whisper.cpp says: failed to read audio data');
        cloud.answer = undefined;
    });
});
