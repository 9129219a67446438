// SPDX-License-Identifier: GPL-3.0-or-later
// The audit log: who did what, in the transaction of what was done, and nothing that should not be there.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { wav } from '../api/lib/media.mjs';
import { Server, run, temporary } from '../api/lib/server.mjs';

let server, root, ada, bob;
before(async () => {
    server = await Server.start();
    root = await new Client(server).user('root');
    ada = await root.user('ada', { plan: 'business' });
    bob = await root.user('bob');
});
after(() => server.remove());

const log = async (query = '') => (await root.must(200, 'GET', `/api/v1/admin/audit?limit=100${query}`)).data.entries;
const newest = async (query) => (await log(query))[0];
const nobody = () => root.as(undefined);

test('each thing that matters leaves a row that says who, what, to what, from where and in which request', async () => {
    const file = await ada.upload('a.wav', wav(0.2));
    const { data: { video } } = await ada.must(201, 'POST', '/api/v1/videos', { title: 'Tour' });
    const { data: { api_key, key } } = await ada.must(201, 'POST', '/api/v1/api-keys', { name: 'robot', scopes: ['read', 'write'] });
    const robot = ada.as(key), deeds = [];
    const does = async (client, method, path, json, action, facts, status = 200) => {
        await client.must(status, method, path, json);
        deeds.push(action);
        const row = await newest(`&action=${action}`);
        const { number, at, trace_id, ...told } = row;
        assert.ok(number > 0 && Math.abs(Date.parse(at) - Date.now()) < 60_000 && /^[0-9a-f]{32}$/.test(trace_id), JSON.stringify(row));
        assert.deepEqual(told, { actor_id: ada.me.id, actor: 'ada', session_id: told.session_id, api_key: false, action, object_kind: null,
            object_id: null, detail: null, outcome: 'ok', address: '127.0.0.1', ...facts }, action);
        assert.match(told.session_id, /^[0-9a-f-]{36}$/);
    };
    const by_root = { actor_id: root.me.id, actor: 'root' };
    const member = `user ${bob.me.id}`;
    assert.deepEqual((({ object_id, object_kind, detail }) => ({ object_id, object_kind, detail }))(await newest('&action=key.create')),
        { object_id: api_key.id, object_kind: 'key', detail: '["read","write"]' });
    await does(ada, 'POST', `/api/v1/videos/${video.id}/members`, { username: 'bob', role: 'viewer' }, 'member.add',
        { object_kind: 'video', object_id: video.id, detail: `${member} (viewer)` }, 201);
    await does(ada, 'DELETE', `/api/v1/videos/${video.id}/members/${bob.me.uuid}`, undefined, 'member.remove',
        { object_kind: 'video', object_id: video.id, detail: member });
    await does(ada, 'POST', `/api/v1/keys/files/${file.id}/shares/${bob.me.id}`, undefined, 'share.add', { object_kind: 'media', object_id: file.id, detail: member }, 201);
    await does(ada, 'DELETE', `/api/v1/keys/files/${file.id}/shares/${bob.me.id}?rotate=true`, undefined, 'share.remove',
        { object_kind: 'media', object_id: file.id, detail: `${member} (new key)` });
    await does(root, 'PUT', '/api/v1/settings', { token_ttl: 3600, asr_key: 'sk-very-secret' }, 'settings.change', { ...by_root, detail: 'token_ttl, asr_key' });
    await does(root, 'PUT', `/api/v1/users/${bob.me.uuid}`, { plan: 'pro', password: 'a-new-password' }, 'user.change',
        { ...by_root, object_kind: 'user', object_id: String(bob.me.id), detail: 'password, plan' });
    await does(robot, 'DELETE', `/api/v1/videos/${video.id}`, undefined, 'video.delete',
        { object_kind: 'video', object_id: video.id, api_key: true, session_id: api_key.id });
    await does(robot, 'DELETE', `/api/v1/files/${file.id}`, undefined, 'media.delete', { object_kind: 'media', object_id: file.id, api_key: true });
    await does(ada, 'DELETE', `/api/v1/api-keys/${api_key.id}`, undefined, 'key.delete', { object_kind: 'key', object_id: api_key.id });
    await does(root, 'POST', '/api/v1/queues/render/pause', undefined, 'queue.pause', { ...by_root, object_kind: 'queue', object_id: 'render' });
    await does(root, 'POST', '/api/v1/queues/render/resume', undefined, 'queue.resume', { ...by_root, object_kind: 'queue', object_id: 'render' });
    await root.get('/api/v1/database/export');
    assert.equal((await newest('&action=database.export')).actor, 'root');
    await ada.get('/api/v1/users/me/export');
    assert.equal((await newest('&action=account.export')).actor, 'ada');
    const again = await ada.login('ada');
    assert.deepEqual((({ actor, session_id, address }) => ({ actor, session_id, address }))(await newest('&action=session.begin')),
        { actor: 'ada', session_id: null, address: '127.0.0.1' });
    await does(again, 'POST', '/api/v1/auth/logout?all=true', undefined, 'session.end', { detail: 'all sessions' });
    ada = await ada.login('ada').then((client) => Object.assign(client, { me: ada.me }));
    const all = await log('&limit=100');
    assert.ok(deeds.every((action) => all.some((row) => row.action === action)));
});

test('what is refused is written down too, without what was typed; what is malformed is not', async () => {
    const secret = `no-account-${randomBytes(8).toString('hex')}`, trace = randomBytes(16).toString('hex');
    const headers = { traceparent: `00-${trace}-00f067aa0ba902b7-01` };
    for (const [username, actor] of [['ada', 'ada'], ['ADA@example.org', 'ada'], [secret, null]]) {
        assert.equal((await nobody().post('/api/v1/auth/login', { username, password: secret }, { headers })).status, 401);
        const row = await newest('&action=session.begin');
        assert.deepEqual([row.outcome, row.actor, row.actor_id, row.trace_id], ['WRONG_CREDENTIALS', actor, actor && ada.me.id, trace]);
    }
    const before = (await root.must(200, 'GET', '/api/v1/admin/audit')).data.pagination.total_items;
    assert.equal((await nobody().post('/api/v1/auth/login', { username: 'ada' })).status, 400);
    assert.equal((await nobody().put('/api/v1/settings', { token_ttl: 60 })).status, 401);
    assert.equal((await root.must(200, 'GET', '/api/v1/admin/audit')).data.pagination.total_items, before);
    assert.equal((await bob.as(ada.token).put('/api/v1/settings', { token_ttl: 60 })).status, 403);
    assert.deepEqual((({ outcome, actor }) => ({ outcome, actor }))(await newest('&action=settings')), { outcome: 'FORBIDDEN', actor: 'ada' });
    assert.equal((await ada.delete(`/users/${root.me.id}`)).status, 404);
    assert.deepEqual((({ outcome, object_id }) => ({ outcome, object_id }))(await newest('&action=user.delete')), { outcome: 'USER_NOT_FOUND', object_id: String(root.me.id) });
    assert.equal((await root.put(`/users/${root.me.id}`, { is_active: false })).status, 409);
    const refused = await newest('&action=user.change');
    assert.deepEqual([refused.outcome, refused.detail], ['LAST_SUPERUSER', 'is_active']);
    const kept = JSON.stringify(server.sql('SELECT * FROM audit'));
    for (const never of [secret, 'a-new-password', 'sk-very-secret', 'root-password', ada.token, root.token])
        assert.ok(!kept.includes(never), never);
});

test('a flood of refusals fills nothing', async () => {
    const rows = () => server.sql("SELECT count(*) AS n FROM audit WHERE outcome = 'FORBIDDEN'")[0].n;
    const before = rows();
    await Promise.all(Array.from({ length: 200 }, () => ada.put('/api/v1/settings', { token_ttl: 60 })));
    assert.ok(rows() - before <= 62, `${rows() - before} rows`);
});

test('the log is read by actor, action, time and page, newest first, by superusers alone', async () => {
    assert.ok((await log('&actor=ADA')).every((row) => row.actor_id === ada.me.id));
    assert.deepEqual((await log(`&actor=${ada.me.id}`)).length, (await log('&actor=ada')).length);
    assert.ok((await log('&action=member')).every((row) => row.action.startsWith('member.')));
    assert.deepEqual(await log('&action=mem'), []);
    assert.deepEqual(await log(`&since=${new Date(Date.now() + 3600_000).toISOString()}`), []);
    const first = (await root.must(200, 'GET', '/api/v1/admin/audit?limit=2')).data, second = (await root.must(200, 'GET', '/api/v1/admin/audit?limit=2&page=2')).data;
    const numbers = [...first.entries, ...second.entries].map((row) => row.number);
    assert.deepEqual(numbers, [...numbers].sort((a, b) => b - a));
    assert.equal(first.pagination.total_pages, Math.ceil(first.pagination.total_items / 2));
    assert.equal((await ada.get('/api/v1/admin/audit')).status, 403);
    assert.equal((await root.get('/api/v1/admin/audit?since=yesterday')).status, 400);
});

test('what is done at the machine itself is in the log too', async () => {
    const { code, stderr } = run(['user', 'add', 'dora', '--email', 'dora@example.org', '--data', server.data], { input: 'dora-password\n' });
    assert.equal(code, 0, stderr);
    const row = await newest('&action=user.create');
    assert.deepEqual([row.actor, row.actor_id, row.address, row.outcome], [os.userInfo().username, null, 'console', 'ok']);
    const folder = temporary('audit-backup');
    const made = run(['backup', 'create', folder, '--data', server.data]);
    assert.equal(made.code, 0, made.stderr);
    fs.rmSync(folder, { recursive: true });
    assert.deepEqual((({ outcome, object_kind }) => ({ outcome, object_kind }))(await newest('&action=backup.create')), { outcome: 'ok', object_kind: 'backup' });
});
