// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

export const title = 'search, corrections and imports of transcripts';
const top = '/api/v1/transcriptions/{job_id}';
export const bodies = {
    [`PUT ${top}/segments/{segment_id}`]: { text: 'Something' },
    [`POST ${top}/segments/{segment_id}/split`]: { at_word: 1 },
    [`PUT ${top}/speakers/{speaker_id}`]: { name: 'Ann' },
};
const body = '1\n00:00:00,500 --> 00:00:01,500\nOne two three\n\n2\n00:00:01,500 --> 00:00:02,500\nFour\n';
export const more = { 'POST /api/v1/transcriptions/import': { query: '?media_id=1', body } };

export async function steps({ ada, bob, made }) {
    const into = (media) => ada.call('POST', `/api/v1/transcriptions/import?media_id=${media}`, { body, headers: { 'Content-Type': 'application/x-subrip' } });
    const { json: made_here, status } = await into(made.speech.uuid);
    assert.equal(status, 201);
    assert.equal((await into(randomUUID())).status, 404);
    assert.equal((await ada.call('POST', '/api/v1/transcriptions/import', { body })).status, 400);
    const keyed = (text) => ada.call('POST', `/api/v1/transcriptions/import?media_id=${made.speech.uuid}`, { body: text, headers: { 'Idempotency-Key': 'import' } });
    assert.equal((await keyed(body)).status, 201);
    assert.equal((await keyed(`${body}\n`)).status, 409);

    const found = await ada.must(200, 'GET', '/api/v1/search?q=two+thr*&limit=5');
    assert.ok(found.hits.every((hit) => hit.snippet.includes('<mark>two</mark> <mark>three</mark>')) && found.total >= 1);
    assert.equal((await ada.get('/api/v1/search')).status, 400);

    const job = `/api/v1/transcriptions/${made_here.job_id}`;
    const { segments: [first, second] } = await ada.must(200, 'GET', `${job}/segments`);
    const one = `${job}/segments/${first.id}`, stale = { headers: { 'If-Match': '"stale"' } };
    const { headers: { etag } } = await ada.get(one);
    for (const path of ['/segments', `/segments/${first.id}`]) {
        const tag = (await ada.get(`${job}${path}`)).headers.etag;
        assert.equal((await ada.get(`${job}${path}`, { headers: { 'If-None-Match': tag } })).status, 304);
    }
    await ada.must(200, 'PUT', one, { text: 'One two four' }, { headers: { 'If-Match': etag } });
    const two = await ada.must(200, 'POST', `${one}/split`, { at_word: 2 });
    await ada.must(200, 'POST', `${one}/merge`);
    await ada.must(200, 'PUT', `${job}/speakers/${first.speaker}`, { name: 'Ann' });
    assert.equal((await ada.must(200, 'GET', `${job}/revisions?limit=1`)).total, 4);
    assert.equal((await ada.get(`${job}/revisions?limit=x`)).status, 400);
    assert.equal((await ada.post(`${job}/segments/${second.id}/merge`)).status, 409);
    const changes = [['PUT', one, { text: 'x' }], ['POST', `${one}/split`, { at_word: 1 }], ['POST', `${one}/merge`], ['PUT', `${job}/speakers/${first.speaker}`, { name: 'x' }]];
    for (const [method, path, json] of changes)
        assert.equal((await ada.call(method, path, { json, ...stale })).status, 412, path);

    // Whom it is shared with reads and finds it, and corrects nothing.
    const share = `/api/v1/keys/files/${made.speech.uuid}/shares/${bob.me.uuid}`;
    await ada.must(201, 'POST', share);
    assert.equal((await bob.must(200, 'GET', `${job}/segments`)).segments.length, 2);
    assert.ok((await bob.must(200, 'GET', '/api/v1/search?q=one+two')).hits.some((hit) => hit.job_id === made_here.job_id));
    for (const [method, path, json] of changes)
        assert.equal((await bob.call(method, path, { json })).status, 403, path);
    assert.equal((await bob.call('POST', `/api/v1/transcriptions/import?media_id=${made.speech.uuid}`, { body })).status, 403);
    await ada.must(200, 'DELETE', share);

    // Wrong ids, unknown ids, a job that failed.
    const reads = [['GET', `${job}/segments`], ['GET', one], ['GET', `${job}/revisions`]];
    for (const [method, path, json] of [...reads, ...changes])
        for (const [id, wanted] of [['x', 400], [randomUUID(), 404], [made.failed, 409]])
            assert.equal((await ada.call(method, path.replace(made_here.job_id, id), { json })).status, wanted, `${method} ${path} ${id}`);
    const { json: { code } } = await ada.get(one.replace(first.id, two[1].id));
    assert.equal(code, 'NOT_FOUND');
    for (const [method, path, json] of changes.slice(0, 3))
        assert.equal((await ada.call(method, path, { json, headers: { 'Idempotency-Key': 'x y'.repeat(200) } })).status, method === 'PUT' ? 200 : 400, path);
    assert.equal((await ada.put(`${job}/speakers/nobody`, { name: 'x' })).status, 404);
    for (const [path, body_key] of [[one, 'text'], [`${job}/speakers/${first.speaker}`, 'name']])
        assert.equal((await ada.put(path, { [body_key]: 7 })).status, 400);
}
