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
const get = async (ending, user = ada, query = '') => {
    const answer = await send(server.origin, 'GET', `/api/v1/transcriptions/${job}.${ending}${query}`, { headers: { Authorization: `Bearer ${user.token}` } });
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

const cues = (text) => text.trim().split(/\n\n/).map((block) => {
    const [, times, ...lines] = block.split('\n');
    const [start, end] = times.split(' --> ').map((clock) => clock.split(/[:,]/).reduce((sum, part, i) => sum + Number(part) * [3600, 60, 1, 0.001][i], 0));
    return { start, end, lines };
});

test('subtitles keep the lines, times and gaps that are asked for', async () => {
    for (const [query, length, lines, longest, gap] of [['', 42, 2, 7, 0.04], ['?line_length=20&lines=1', 20, 1, 7, 0.04],
        ['?line_length=16&lines=3&max_duration=3&min_duration=0.5&gap=0.2&reading_speed=12', 16, 3, 3, 0.2]]) {
        const all = cues((await get('srt', ada, query)).text);
        assert.ok(all.length > 0);
        all.forEach((cue, i) => {
            assert.ok(cue.lines.length <= lines && cue.lines.every((line) => line.length <= length), `${query}: ${cue.lines}`);
            assert.ok(cue.end - cue.start <= longest + 0.002, `${query}: ${cue.start} to ${cue.end}`);
            assert.ok(!i || cue.start - all[i - 1].end >= gap - 0.002 || cue.start <= all[i - 1].start + gap, `${query}: gap before ${cue.start}`);
        });
        assert.equal(all.flatMap((cue) => cue.lines).join(' ').replace(/\s+/g, ' '), (await get('txt')).text.trim().replace(/\s+/g, ' '));
    }
    for (const query of ['?line_length=3', '?lines=0', '?min_duration=5&max_duration=2', '?gap=x'])
        assert.equal((await get('vtt', ada, query)).status, 400, query);
});

test('a name of a speaker is in the files that have room for it', async () => {
    const { speakers: [{ id }] } = await ada.must(200, 'GET', `/api/v1/transcriptions/${job}/segments`);
    assert.doesNotMatch((await get('vtt')).text, /<v /);
    await ada.must(200, 'PUT', `/api/v1/transcriptions/${job}/speakers/${id}`, { name: 'Ann <3' });
    assert.match((await get('vtt')).text, /\n<v Ann &lt;3>/);
    const json = JSON.parse((await get('json')).text);
    assert.ok(json.segments.every((one) => one.speaker === id && one.speaker_name === 'Ann <3'));
});
