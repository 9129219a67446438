// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

export const title = 'keys for programs: made, used within their scopes, ended';

const path = '/api/v1/api-keys';
export const bodies = { [`POST ${path}`]: { name: 'x', scopes: ['read'] } };

export async function steps({ server, root, ada, bob }) {
    const make = async (client, scopes, more = {}) => (await client.must(201, 'POST', path, { name: scopes.join(), scopes, ...more })).data;
    const reading = await make(ada, ['read']), writing = await make(ada, ['write']), both = await make(ada, ['write', 'read']);
    assert.match(reading.key, /^kn_[\w-]{43}$/);
    assert.equal(reading.api_key.prefix, reading.key.slice(0, 11));
    assert.deepEqual([both.api_key.scopes, both.api_key.last_used_at, both.api_key.expires_at], [['read', 'write'], null, null]);
    assert.equal((await bob.post(path, { name: 'x', scopes: ['read'] })).json.error, 'PLAN_REQUIRED');
    for (const wrong of [{ scopes: ['read'] }, { name: 'x', scopes: [] }, { name: 'x', scopes: ['fly'] }, { name: 'x', scopes: ['admin'] },
        { name: 'x', scopes: ['read'], expires_at: '2020-01-01T00:00:00Z' }])
        assert.equal((await ada.post(path, wrong)).status, 400, JSON.stringify(wrong));

    // A program's client; a key that lacks the scope is refused by every route there is, and so is one on a person's own.
    const reader = ada.as(reading.key), writer = ada.as(writing.key);
    for (const [pattern, methods] of Object.entries((await root.document()).paths))
        for (const [method, { security }] of Object.entries(methods))
            if (security.length) {
                const client = method === 'get' ? writer : reader;
                const { status, bytes } = await client.call(method.toUpperCase(), pattern.replace(/\{[^}]+\}/g, randomUUID()),
                    { headers: { 'Tus-Resumable': '1.0.0' } });
                assert.equal(status, 403, `${method} ${pattern}: ${bytes}`);
            }
    await reader.must(200, 'GET', '/api/v1/videos');
    const { data: { video } } = await writer.must(201, 'POST', '/api/v1/videos', { title: 'By a program' });
    assert.equal((await ada.must(200, 'GET', `/api/v1/videos/${video.id}`)).data.video.title, 'By a program');
    await writer.must(200, 'DELETE', `/api/v1/videos/${video.id}`);
    for (const [method, where] of [['GET', path], ['POST', path], ['GET', '/api/v1/sessions'], ['PUT', '/api/v1/users/me']])
        assert.equal((await ada.as(both.key).call(method, where, { json: {} })).status, 403, `${method} ${where}`);

    // An administrator's key is one only with the scope.
    const plain = root.as((await make(root, ['read', 'write'])).key), admin = root.as((await make(root, ['read', 'admin'])).key);
    assert.equal((await plain.get('/users')).status, 403);
    await admin.must(200, 'GET', '/users');
    assert.equal((await plain.get('/metrics', { headers: { 'X-Forwarded-For': '192.0.2.7' } })).status, 403);

    // Links of a key work as long as it does; it is no place where somebody is signed in.
    const file = await ada.upload('by-key.wav', Buffer.from((await import('../lib/media.mjs')).wav(0.1)));
    const { content_url } = await reader.must(200, 'GET', `/api/v1/files/${file.id}`);
    const anyone = ada.as(undefined);
    assert.equal((await anyone.get(content_url)).status, 200);
    const { sessions } = await ada.must(200, 'GET', '/api/v1/sessions');
    assert.ok(!sessions.some(({ id }) => id === reading.api_key.id));
    const { data: { api_keys } } = await ada.must(200, 'GET', path);
    assert.ok(api_keys.find(({ id }) => id === reading.api_key.id).last_used_at);
    assert.ok(!JSON.stringify(api_keys).includes(reading.key) && !api_keys.some((one) => 'key' in one));
    const stored = server.sql('SELECT * FROM api_key').concat(server.sql('SELECT * FROM kept_answer'));
    assert.ok(!JSON.stringify(stored).includes(reading.key), 'the key itself is kept nowhere');

    assert.equal((await bob.delete(`${path}/${reading.api_key.id}`)).status, 404);
    await ada.must(200, 'DELETE', `${path}/${reading.api_key.id}`);
    assert.equal((await anyone.get(content_url)).status, 404, 'a link ends with its key');
    await new Promise((later) => setTimeout(later, 1100));
    assert.equal((await reader.get('/api/v1/videos')).status, 401, 'within a second');

    const brief = await make(ada, ['read'], { expires_at: new Date(Date.now() + 3000).toISOString() });
    await ada.as(brief.key).must(200, 'GET', '/api/v1/videos');
    await new Promise((later) => setTimeout(later, Math.max(0, Date.parse(brief.api_key.expires_at) + 1100 - Date.now())));
    assert.equal((await ada.as(brief.key).get('/api/v1/videos')).status, 401, 'it ends by the clock');

    const { data: { api_keys: standing } } = await ada.must(200, 'GET', path);
    for (let count = standing.length; count < 50; count++)
        await make(ada, ['read']);
    assert.equal((await ada.post(path, { name: 'x', scopes: ['read'] })).json.error, 'CONFLICT');
}
