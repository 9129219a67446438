// SPDX-License-Identifier: GPL-3.0-or-later
// A transcript as a file: subtitles, text, a table.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client, send } from '../api/lib/client.mjs';
import { speech } from '../api/lib/media.mjs';
import { Server } from '../api/lib/server.mjs';

let server, ada, bob, job, transcript;

before(async () => {
    server = await Server.start();
    const root = await new Client(server).user('root');
    ada = await root.user('ada');
    bob = await root.user('bob');
    const file = await ada.upload('Kärtchen 1.wav', speech(1), '');
    job = file.job_id;
    await ada.job_end(job);
    transcript = await ada.must(200, 'GET', `/api/v1/transcriptions/${job}`);
});
after(() => server.remove());

// The document describes the answer without an ending, so these are not held against it.
const get = async (ending, user = ada) => {
    const answer = await send(server.origin, 'GET', `/api/v1/transcriptions/${job}.${ending}`, { headers: { Authorization: `Bearer ${user.token}` } });
    return { ...answer, text: answer.bytes.toString() };
};

test('a transcript comes as srt, vtt, txt, tsv and json, each with its type and a name', async () => {
    const clock = (seconds, point) => new Date(Math.round(seconds * 1000)).toISOString().slice(11, 23).replace('.', point);
    const start = transcript.segments[0].start;
    const wanted = {
        srt: ['application/x-subrip; charset=utf-8', `1\n${clock(start, ',')} --> `],
        vtt: ['text/vtt; charset=utf-8', `WEBVTT\n\n${clock(start, '.')} --> `],
        txt: ['text/plain; charset=utf-8', transcript.segments[0].text],
        tsv: ['text/tab-separated-values; charset=utf-8', `start\tend\ttext\n${Math.round(start * 1000)}\t`],
        json: ['application/json', '{'],
    };
    for (const [ending, [type, beginning]] of Object.entries(wanted)) {
        const { status, headers, text } = await get(ending);
        assert.equal(status, 200, text);
        assert.equal(headers['content-type'], type);
        assert.equal(headers['content-disposition'], `attachment; filename="K__rtchen 1.${ending}"; filename*=UTF-8''K%C3%A4rtchen%201.${ending}`);
        assert.ok(text.startsWith(beginning), `${ending}: ${text}`);
    }
    const json = JSON.parse((await get('json')).text);
    assert.deepEqual([json.text, json.language, json.segments.length], [transcript.text, transcript.language, transcript.segments.length]);
    assert.equal(json.segments[0].words.map((word) => word.text).join(' '), json.segments[0].text);
    const letters = (text) => text.replace(/\s+/g, ' ').trim();
    const spoken = (await get('srt')).text.split('\n').filter((line) => line && !/^\d+$|-->/.test(line)).join(' ');
    assert.equal(letters(spoken), letters(transcript.text));
});

test('an export shows what was corrected', async () => {
    const row = (await ada.must(200, 'GET', '/transcriptions')).find((one) => one.text === transcript.text);
    const corrected = ['Corrected', ...transcript.text.split(' ').slice(1)].join(' ');
    await ada.must(200, 'PUT', `/transcriptions/${row.transcription_id}`, { text: corrected });
    assert.equal((await get('txt')).text.trim().replace(/\n/g, ' '), corrected);
    assert.ok((await get('vtt')).text.includes('Corrected'));
});

test('an unknown ending is refused, and a stranger finds nothing', async () => {
    assert.equal((await get('docx')).status, 400);
    assert.equal((await get('')).status, 400);
    assert.equal((await get('srt', bob)).status, 404);
    assert.equal((await ada.get('/api/v1/transcriptions/nothing.srt')).status, 400);
});
