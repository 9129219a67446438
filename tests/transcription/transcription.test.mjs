// SPDX-License-Identifier: GPL-3.0-or-later
// Real speech becomes words with times and confidence, in documents 000, 003 and 004.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { Client, file_form } from '../api/lib/client.mjs';
import { made, picture, rich_inputs, silent_film, speech, wav } from '../api/lib/media.mjs';
import { Server, until } from '../api/lib/server.mjs';

let server, ada;

before(async () => {
    server = await Server.start();
    ada = await new Client(server).user('ada');
});
after(() => server.remove());

const start = async (media, more = {}) => (await ada.must(202, 'POST', '/api/transcription/start', { mediaId: media, ...more })).data;
const status = async (job) => (await ada.must(200, 'GET', `/api/transcription/${job}/status`)).data;

function check_times(result, duration) {
    let before = 0;
    for (const segment of result.segments) {
        assert.equal(segment.words.map((word) => word.text).join(' '), segment.text);
        assert.ok(segment.startTime >= before - 1e-6 && segment.endTime > segment.startTime && segment.endTime <= duration + 0.05, JSON.stringify(segment));
        let at = segment.startTime;
        for (const word of segment.words) {
            assert.ok(word.startTime >= at - 1e-6 && word.endTime >= word.startTime && word.endTime <= segment.endTime + 1e-6, JSON.stringify(segment));
            assert.ok(word.confidence >= 0 && word.confidence <= 1);
            at = word.startTime;
        }
        before = segment.endTime;
    }
}

test('five recordings sent through document 004 become the words that were said', async () => {
    const said = fs.readFileSync('/usr/share/pocketsphinx/test/data/cards/cards.transcription', 'utf8').split('\n')
        .filter(Boolean).map((line) => line.replace(/\s*\(.*/, '').replace(/<\/?s>/g, '').trim().toLowerCase().split(/\s+/));
    let right = 0, all = 0;
    for (const [i, words] of said.entries()) {
        const file = await ada.upload(`card ${i + 1}.wav`, speech(i + 1), '');
        assert.equal(file.status, 'pending');
        const job = await ada.job_end(file.job_id);
        assert.deepEqual([job.kind, job.progress, job.file_name], ['transcribe', 1, file.name]);
        const transcript = await ada.must(200, 'GET', `/api/v1/transcriptions/${file.job_id}`);
        assert.equal(transcript.segments.map((one) => one.text).join(' '), transcript.text);
        assert.equal(transcript.word_count, transcript.text.split(/\s+/).length);
        assert.ok(Math.abs(transcript.duration - file.duration) < 0.1);
        assert.ok(transcript.confidence > 0 && transcript.confidence <= 1);
        assert.deepEqual(transcript.speakers.flatMap((one) => one.segments).sort((a, b) => a - b), transcript.segments.map((_, k) => k));
        const heard = transcript.text.toLowerCase().replace(/[^a-z ]/g, '').split(' ');
        right += words.filter((word) => heard.includes(word)).length;
        all += words.length;
        const done = await ada.must(200, 'GET', `/api/v1/files/${file.id}`);
        assert.equal(done.status, 'completed');
        assert.ok(done.completed_at >= done.created_at);
    }
    assert.ok(right / all > 0.6, `${right} of ${all} words`);
});

test('document 003 gives the same words with their times, and document 000 their text', async () => {
    const media = await ada.must(201, 'POST', '/mediafiles', undefined, file_form('card.wav', speech(2)));
    const job = await start(media.uuid, { language: 'en' });
    assert.deepEqual([job.mediaId, job.status, job.progress], [media.uuid, 'pending', 0]);
    assert.match(job.createdAt, /\.\d{3}Z$/);
    await ada.job_end(job.jobId);
    const told = await status(job.jobId);
    assert.deepEqual([told.status, told.progress, told.error], ['completed', 100, null]);
    assert.deepEqual([told.result.mediaId, told.result.language], [media.uuid, 'en']);
    assert.equal(told.result.segments[0].id, 'seg-1');
    check_times(told.result, media.duration);
    const row = (await ada.must(200, 'GET', '/transcriptions')).find((one) => one.uuid === told.result.id);
    assert.equal(row.text, told.result.segments.map((one) => one.text).join(' '));
    assert.equal(row.media_id, media.media_id);

    // A correction keeps the times of the words that stay.
    const words = row.text.split(' ');
    const corrected = ['Corrected', ...words.slice(1)].join(' ');
    await ada.must(200, 'PUT', `/transcriptions/${row.transcription_id}`, { text: corrected });
    const after_it = await status(job.jobId);
    assert.equal(after_it.result.segments.map((one) => one.text).join(' '), corrected);
    assert.deepEqual(after_it.result.segments.flatMap((one) => one.words).at(-1), told.result.segments.flatMap((one) => one.words).at(-1));

    // A finished one does not stand in the way of a new one.
    const second = await start(media.uuid);
    await ada.job_end(second.jobId);
    assert.equal((await ada.must(200, 'GET', '/transcriptions')).filter((one) => one.media_id === media.media_id).length, 2);
});

test('speech in a film and in a compressed file is heard', async () => {
    const folder = '/usr/share/pocketsphinx/test/data/cards/003.wav';
    const plain = await ada.upload('plain.wav', speech(3), '');
    await ada.job_end(plain.job_id);
    const { text } = await ada.must(200, 'GET', `/api/v1/transcriptions/${plain.job_id}`);
    for (const [name, ...how] of [['a.mp4', '-f', 'lavfi', '-i', 'color=black:s=64x48:r=10', '-i', folder, '-shortest', '-c:a', 'aac', '-b:a', '96k'],
        ['a.ogg', '-i', folder, '-c:a', 'libvorbis', '-ac', '2', '-ar', '44100']]) {
        const file = await ada.upload(name, made(name, ...how), '');
        await ada.job_end(file.job_id);
        const heard = (await ada.must(200, 'GET', `/api/v1/transcriptions/${file.job_id}`)).text;
        const common = text.split(' ').filter((word) => heard.includes(word)).length;
        assert.ok(common >= text.split(' ').length / 2, `"${heard}" and "${text}"`);
    }
});

test('what has nothing to hear fails at once, once, and says why', async () => {
    for (const [name, bytes] of [['a.png', picture()], ['a.mp4', silent_film()]]) {
        const file = await ada.upload(name, bytes, '');
        assert.equal(file.job_id, undefined);
        assert.equal(file.status, 'completed');
        const job = await start(file.id);
        const end = await ada.job_end(job.jobId, { state: 'failed', limit_ms: 5000 });
        assert.match(end.error, /audio|sound/);
        assert.equal(end.retry_count, 0);
        const told = await status(job.jobId);
        assert.deepEqual([told.status, told.result, told.error], ['failed', null, end.error]);
        assert.ok(told.completedAt);
    }
});

test('a tone without words is a transcription without words', async () => {
    const file = await ada.upload('tone.wav', wav(2), '');
    await ada.job_end(file.job_id);
    const transcript = await ada.must(200, 'GET', `/api/v1/transcriptions/${file.job_id}`);
    assert.ok(transcript.word_count <= 3, transcript.text);
});

test('a language that nobody knows is refused and names the field', async () => {
    const file = await ada.upload('a.png', picture());
    const { status: code, json } = await ada.post('/api/transcription/start', { mediaId: file.id, language: 'qq' });
    assert.deepEqual([code, json.error, json.details[0].field], [400, 'UNSUPPORTED_LANGUAGE', 'language']);
});

test('a running transcription is cancelled within 2 s, and a new one completes', async () => {
    const long = await ada.upload('long.wav', made('long.wav', '-stream_loop', '150', '-i', '/usr/share/pocketsphinx/test/data/cards/002.wav'));
    for (const cancel of [(id) => ada.must(200, 'DELETE', `/api/transcription/${id}`), (id) => ada.must(200, 'POST', `/api/v1/jobs/${id}/cancel`)]) {
        const job = await start(long.id);
        await until('it runs', async () => (await status(job.jobId)).status === 'processing');
        const began = Date.now();
        await cancel(job.jobId);
        assert.equal((await status(job.jobId)).status, 'cancelled');
        assert.equal((await ada.must(200, 'GET', `/api/v1/files/${long.id}`)).status, 'cancelled');
        // The slots are free again: another job starts and ends.
        const short = await ada.upload('short.wav', speech(1), '');
        await until('another runs', async () => (await ada.job(short.job_id)).status !== 'pending', { limit_ms: 5000 });
        assert.ok(Date.now() - began < 2000, `${Date.now() - began} ms`);
        await ada.job_end(short.job_id);
        assert.equal((await ada.get(`/api/v1/transcriptions/${job.jobId}`)).status, 409);
    }
    const again = await ada.upload('again.wav', speech(1), '');
    await ada.job_end(again.job_id);
});

test('richer speech is understood where there is some', async () => {
    const jfk = rich_inputs('speech').find((file) => file.endsWith('en_jfk.wav'));
    const file = await ada.upload('speech.wav', jfk ? fs.readFileSync(jfk) : speech(4), '');
    await ada.job_end(file.job_id);
    const { text, segments } = await ada.must(200, 'GET', `/api/v1/transcriptions/${file.job_id}`);
    assert.ok(segments.length >= 1);
    const wanted = jfk ? ['ask', 'not', 'country', 'you'] : text.split(' ');
    assert.ok(wanted.filter((word) => text.toLowerCase().includes(word)).length >= wanted.length / 2, text);
});
