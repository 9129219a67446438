// SPDX-License-Identifier: GPL-3.0-or-later
// Subtitles that somebody has already become a transcription that is read, exported, searched and corrected.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client, file_form, send } from '../api/lib/client.mjs';
import { wav } from '../api/lib/media.mjs';
import { Server } from '../api/lib/server.mjs';

let server, ada, bob, media;

before(async () => {
    server = await Server.start();
    const root = await new Client(server).user('root');
    ada = await root.user('ada');
    bob = await root.user('bob');
    media = await ada.upload('talk.wav', wav(4));
});
after(() => server.remove());

const bring = (body, { query = '', user = ada, headers = { 'Content-Type': 'text/vtt' } } = {}) =>
    user.call('POST', `/api/v1/transcriptions/import?media_id=${media.id}${query}`, { body, headers });
const srt = '\uFEFF1\r\n00:00:00,500 --> 00:00:02,000\r\n<i>Bonjour</i> à tous,\r\nmes amis\r\n\r\n2\r\n00:00:02,500 --> 00:00:03,500\r\n{\\an8}Au revoir\r\n';

test('a SubRip file in a form becomes a transcript with words in time', async () => {
    const form = file_form('talk.srt', srt, 'application/x-subrip');
    const { status, json } = await bring(form.body, { query: '&language=fr', headers: form.headers });
    assert.equal(status, 201, JSON.stringify(json));
    assert.deepEqual([json.segment_count, json.word_count, json.language, json.media_id], [2, 7, 'fr', media.id]);
    const told = await ada.must(200, 'GET', `/api/v1/transcriptions/${json.job_id}`);
    assert.equal(told.text, 'Bonjour à tous, mes amis Au revoir');
    const { segments: [first, second] } = await ada.must(200, 'GET', `/api/v1/transcriptions/${json.job_id}/segments`);
    assert.deepEqual([first.start, first.end, second.start, second.end], [0.5, 2, 2.5, 3.5]);
    assert.deepEqual([first.words[0].start, first.words.at(-1).end], [0.5, 2]);
    first.words.forEach((word, i) => assert.ok(word.end > word.start && (!i || word.start === first.words[i - 1].end)));
    assert.equal((await ada.job(json.job_id)).status, 'completed');
    assert.ok((await ada.must(200, 'GET', '/transcriptions')).some((one) => one.uuid === json.transcription_id));
    assert.equal((await ada.must(200, 'GET', '/api/v1/search?q=a+tous')).hits[0].segment_id, first.id);
});

test('a WebVTT file as it is becomes a transcript, its voices speakers with names', async () => {
    const { json } = await bring('WEBVTT\n\n00:00.500 --> 00:01.000\n<v Zoë>Hi\n\n00:01.000 --> 00:02.000\n<v Bob>Hello\n\n00:02.000 --> 00:03.000\n<v Zoë>Bye\n');
    const { speakers, segments } = await ada.must(200, 'GET', `/api/v1/transcriptions/${json.job_id}/segments`);
    assert.deepEqual(speakers, [{ id: 'speaker_1', name: 'Zoë', segment_count: 2 }, { id: 'speaker_2', name: 'Bob', segment_count: 1 }]);
    assert.deepEqual(segments.map((one) => one.speaker), ['speaker_1', 'speaker_2', 'speaker_1']);
    assert.equal(json.language, null);
});

test('what was exported can be imported again and says the same', async () => {
    const { json } = await bring(srt);
    for (const ending of ['srt', 'vtt']) {
        const { bytes } = await send(server.origin, 'GET', `/api/v1/transcriptions/${json.job_id}.${ending}`, { headers: { Authorization: `Bearer ${ada.token}` } });
        const again = await bring(bytes);
        assert.equal(again.status, 201, again.bytes.toString());
        assert.equal((await ada.must(200, 'GET', `/api/v1/transcriptions/${again.json.job_id}`)).text, 'Bonjour à tous, mes amis Au revoir');
    }
});

test('a bad file is refused with the line', async () => {
    for (const [body, line] of [['1\n00:00:01,000 -> 2\nx', /Line 2/], ['WEBVTT\n\n00:01.000 --> 00:02.000\nA\n\n00:0x.000 --> 00:02.000\nB', /Line 6/],
        ['hello', /should be the times/], ['', /no subtitle/], [Buffer.from([0xff, 0xfe, 0x31]), /UTF-16/], [Buffer.from('00:01.000 --> 00:02.000\n\xe4', 'latin1'), /Line 3.*UTF-8/s]]) {
        const { status, json } = await bring(body);
        assert.deepEqual([status, json.code], [400, 'VALIDATION_ERROR'], `${body}`);
        assert.match(`${json.message} ${json.details.reason}`, line);
    }
    const form = file_form('x.srt', srt);
    assert.equal((await bring(form.body.subarray(0, 60), { headers: form.headers })).status, 400);
    const fields = { 'Content-Type': 'multipart/form-data; boundary=x' };
    assert.equal((await bring('--x\r\nContent-Disposition: form-data; name="file"\r\n\r\ntext\r\n--x--\r\n', { headers: fields })).status, 400);
    assert.equal((await bring(srt, { query: '&language=xx' })).json.code, 'UNSUPPORTED_LANGUAGE');
});

test('another one\'s file, and one that is too large, are refused', async () => {
    assert.equal((await bring(srt, { user: bob })).status, 404);
    assert.equal((await ada.call('POST', '/api/v1/transcriptions/import', { body: srt })).status, 400);
    assert.equal((await bring('x'.repeat(6 << 20))).status, 413);
});
