// SPDX-License-Identifier: GPL-3.0-or-later
// Segments of a transcript are corrected, cut, joined; speakers get names; every change leaves a revision.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { wav } from '../api/lib/media.mjs';
import { Server, until } from '../api/lib/server.mjs';

let server, ada, bob, media, top;
const cues = [['00:00:01.000', '00:00:03.000', 'The quick brown fox'], ['00:00:04.000', '00:00:06.000', 'jumps over']];

before(async () => {
    server = await Server.start();
    const root = await new Client(server).user('root');
    ada = await root.user('ada');
    bob = await root.user('bob');
    media = await ada.upload('fox.wav', wav(8));
});
beforeEach(async () => {
    const body = `WEBVTT\n\n${cues.map(([start, end, text]) => `${start} --> ${end}\n${text}\n`).join('\n')}`;
    const made = await ada.call('POST', `/api/v1/transcriptions/import?media_id=${media.id}`, { body, headers: { 'Content-Type': 'text/vtt' } });
    assert.equal(made.status, 201, made.bytes.toString());
    top = `/api/v1/transcriptions/${made.json.job_id}`;
});
after(() => server.remove());

const segments = async () => (await ada.must(200, 'GET', `${top}/segments`)).segments;
const text_of = async () => (await ada.must(200, 'GET', top)).text;
const close = (a, b) => assert.ok(Math.abs(a - b) < 0.011, `${a} is not ${b}`);
// What holds at all times: words joined by spaces are the text, one speaker each, places rise, words do not run backwards.
async function check() {
    const all = await segments();
    all.forEach((segment, i) => {
        assert.equal(segment.words.map((word) => word.text).join(' '), segment.text);
        assert.ok(segment.speaker);
        assert.ok(i === 0 || segment.position > all[i - 1].position);
        assert.ok(segment.words.every((word, k) => word.end >= word.start && (!k || word.start >= segment.words[k - 1].start)));
    });
    assert.equal(await text_of(), all.map((segment) => segment.text).join(' '));
    return all;
}

test('a corrected segment keeps the times of the words that stay', async () => {
    const [first] = await segments();
    const told = await ada.must(200, 'PUT', `${top}/segments/${first.id}`, { text: 'The slow   brown fox', speaker: 'B' });
    assert.deepEqual([told.text, told.speaker], ['The slow brown fox', 'B']);
    assert.deepEqual(told.words.map((word) => word.start), first.words.map((word) => word.start));
    assert.deepEqual(await check(), [told, (await segments())[1]]);
    assert.equal((await ada.put(`${top}/segments/${first.id}`, { text: ' \n ' })).status, 400);
    assert.equal((await ada.put(`${top}/segments/${first.id}`, {})).status, 400);
});

test('the whole text corrected through document 000 keeps the times of unchanged words and leaves a revision', async () => {
    const old = await segments();
    const { transcription_id } = await ada.must(200, 'GET', `${top}/segments`);
    await ada.must(200, 'PUT', `/transcriptions/${transcription_id}`, { text: 'The quick red fox jumps over it' });
    const now = await check();
    assert.deepEqual(now.map((one) => one.text), ['The quick red fox', 'jumps over it']);
    [0, 1, 3].forEach((i) => assert.deepEqual(now[0].words[i], old[0].words[i]));
    close(now[0].words[2].start, old[0].words[2].start);
    const { revisions: [newest] } = await ada.must(200, 'GET', `${top}/revisions`);
    assert.deepEqual([newest.kind, newest.change.segments.length, newest.user_id], ['text', 2, ada.me.uuid]);
});

test('a segment is cut at a word or at a second', async () => {
    const [first] = await segments();
    const two = await ada.must(200, 'POST', `${top}/segments/${first.id}/split`, { at_word: 1 });
    assert.deepEqual(two.map((one) => one.text), ['The', 'quick brown fox']);
    assert.equal(two[0].id, first.id);
    assert.deepEqual(two[1].words, first.words.slice(1));
    const more = await ada.must(200, 'POST', `${top}/segments/${two[1].id}/split`, { at: first.words[1].start + 0.01 });
    assert.deepEqual(more.map((one) => one.text), ['quick', 'brown fox']);
    assert.deepEqual((await check()).map((one) => one.text), ['The', 'quick', 'brown fox', 'jumps over']);
    for (const body of [{ at_word: 5 }, { at: 0 }, { at: 100 }, {}, { at: 2, at_word: 1 }, { at_word: 0 }])
        assert.equal((await ada.post(`${top}/segments/${more[1].id}/split`, body)).status, 400, JSON.stringify(body));
});

test('segments are joined with the next, and the last is not', async () => {
    const [first, second] = await segments();
    const joined = await ada.must(200, 'POST', `${top}/segments/${first.id}/merge`);
    assert.deepEqual([joined.id, joined.text, joined.end], [first.id, 'The quick brown fox jumps over', second.end]);
    assert.deepEqual(joined.words, [...first.words, ...second.words]);
    assert.equal((await check()).length, 1);
    assert.equal((await ada.post(`${top}/segments/${first.id}/merge`)).status, 409);
});

test('a speaker gets a name, which is kept', async () => {
    const [first] = await segments();
    assert.deepEqual(await ada.must(200, 'PUT', `${top}/speakers/${encodeURIComponent(first.speaker)}`, { name: 'Renée' }),
        { id: first.speaker, name: 'Renée', segment_count: 2 });
    await ada.must(200, 'PUT', `${top}/segments/${first.id}`, { text: 'Other words' });
    const { speakers } = await ada.must(200, 'GET', `${top}/segments`);
    assert.deepEqual(speakers, [{ id: first.speaker, name: 'Renée', segment_count: 2 }]);
    assert.equal((await ada.put(`${top}/speakers/nobody`, { name: 'x' })).status, 404);
});

test('every change leaves a revision with its inverse, newest first, and an event', async () => {
    const events = ada.events(`/api/v1/files/${media.id}/events`);
    await events.opened;
    const [first, second] = await segments();
    await ada.must(200, 'PUT', `${top}/segments/${first.id}`, { text: 'The slow brown fox' });
    await ada.must(200, 'POST', `${top}/segments/${first.id}/split`, { at_word: 2 });
    await ada.must(200, 'POST', `${top}/segments/${first.id}/merge`);
    await ada.must(200, 'PUT', `${top}/speakers/${first.speaker}`, { name: 'Ann' });
    const { revisions, total } = await ada.must(200, 'GET', `${top}/revisions`);
    assert.equal(total, 4);
    assert.deepEqual(revisions.map((one) => one.kind), ['speaker', 'merge', 'split', 'segment']);
    assert.ok(revisions.every((one) => one.user_id === ada.me.uuid && one.created_at));
    assert.equal((await ada.must(200, 'GET', `${top}/segments`)).revision, revisions[0].number);
    assert.deepEqual(revisions[0].inverse, { speakers: { [first.speaker]: null } });
    // Going back step by step gives what was there at first.
    let rows = new Map((await segments()).map((one) => [one.id, one.text]));
    for (const { inverse: { segments: put = [], removed = [] } } of revisions) {
        removed.forEach((id) => rows.delete(id));
        put.forEach((one) => rows.set(one.id, one.text));
    }
    assert.deepEqual([...rows].sort(), [[first.id, first.text], [second.id, second.text]].sort());
    assert.equal((await ada.must(200, 'GET', `${top}/revisions?skip=3&limit=5`)).revisions.length, 1);
    events.close();
    const kinds = server.sql("SELECT count(*) AS n FROM event WHERE kind = 'transcription:updated'")[0].n;
    assert.ok(kinds >= 4);
});

test('a stale tag changes nothing, in each of the calls', async () => {
    const [first] = await segments();
    const one = `${top}/segments/${first.id}`;
    const tag = async (path) => (await ada.get(path)).headers.etag;
    const stale = await tag(one);
    const stale_all = await tag(`${top}/segments`);
    await ada.must(200, 'PUT', one, { text: 'The slow brown fox' }, { headers: { 'If-Match': stale } });
    const old = { headers: { 'If-Match': stale } };
    assert.equal((await ada.put(one, { text: 'x' }, old)).status, 412);
    assert.equal((await ada.post(`${one}/split`, { at_word: 1 }, old)).status, 412);
    assert.equal((await ada.call('POST', `${one}/merge`, old)).status, 412);
    assert.equal((await ada.put(`${top}/speakers/${first.speaker}`, { name: 'x' }, { headers: { 'If-Match': stale_all } })).status, 412);
    assert.equal((await segments())[0].text, 'The slow brown fox');
    await ada.must(200, 'POST', `${one}/split`, { at_word: 1 }, { headers: { 'If-Match': await tag(one) } });
});

test('what is corrected is found, and what was there is not', async () => {
    const [first] = await segments();
    await ada.must(200, 'PUT', `${top}/segments/${first.id}`, { text: 'Zebras graze quietly' });
    const { hits } = await ada.must(200, 'GET', '/api/v1/search?q=zebras');
    assert.deepEqual([hits.length, hits[0].segment_id, hits[0].second, hits[0].title], [1, first.id, first.start, 'fox.wav']);
    assert.equal(hits[0].snippet, '<mark>Zebras</mark> graze quietly');
    await ada.must(200, 'PUT', `${top}/segments/${first.id}`, { text: 'Lions' });
    assert.equal((await ada.must(200, 'GET', '/api/v1/search?q=zebras')).total, 0);
});

test('a stranger corrects and reads nothing', async () => {
    const [first] = await segments();
    for (const [method, path, body] of [['GET', '/segments'], ['GET', '/revisions'], ['GET', `/segments/${first.id}`], ['PUT', `/segments/${first.id}`, { text: 'x' }],
        ['POST', `/segments/${first.id}/split`, { at_word: 1 }], ['POST', `/segments/${first.id}/merge`], ['PUT', `/speakers/${first.speaker}`, { name: 'x' }]])
        assert.equal((await bob.call(method, `${top}${path}`, { json: body })).status, 404, path);
    assert.equal((await bob.must(200, 'GET', '/api/v1/search?q=fox')).total, 0);
});
