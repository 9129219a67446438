// SPDX-License-Identifier: GPL-3.0-or-later
// Two servers without workers and a worker beside them, on one PostgreSQL and one object store: what one of them does,
// those who listen at the others hear.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { speech } from '../api/lib/media.mjs';
import { Postgres } from '../api/lib/postgres.mjs';
import { Server, until } from '../api/lib/server.mjs';
import { Live } from '../realtime/lib/live.mjs';
import { S3Fake } from '../storage/lib/s3-fake.mjs';
import { store_env } from '../storage/lib/store.mjs';
import { Worker } from './lib/worker.mjs';

let postgres, store, env, first, second, worker, ada, ada_there, bob, video, layer;
const opened = [];
const at = (server, client) => Object.assign(client.as(client.token), { server });
const live = async (client) => {
    const one = await Live.open(client);
    opened.push(one);
    return one;
};

before(async () => {
    [postgres, store] = await Promise.all([Postgres.start(), S3Fake.start()]);
    env = store_env(store, { KINORA_DATABASE_URL: postgres.database('servers') });
    first = await Server.start({ env, flags: ['--no-workers'] });
    env = { ...env, KINORA_MASTER_KEY_FILE: `${first.data}/keys/master.key` };
    second = await Server.start({ env, flags: ['--no-workers'] });
    worker = new Worker({ env });
    ada = await new Client(first).user('ada', { plan: 'business' });
    ada_there = at(second, ada);
    bob = at(second, await ada.user('bob'));
    video = (await ada.must(201, 'POST', '/api/v1/videos', { title: 'Tour' })).data.video;
    await ada.must(201, 'POST', `/api/v1/videos/${video.id}/members`, { username: 'bob' });
    const scene = (await ada.must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, { text: 'One', duration: 4 })).data.scene;
    layer = (await ada.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`, { type: 'text', name: 'Title', duration: 2, properties: { text: 'Hello' } })).data.layer;
});
after(async () => {
    opened.forEach((one) => one.close());
    await worker?.remove();
    await first?.remove();
    await second?.remove();
    await store?.remove();
    await postgres?.remove();
});

test('a change at one server is heard by the sockets of the other', async () => {
    const his = await live(bob);
    await until('his session is told', () => his.all('session').length);
    await ada.must(200, 'PUT', `/api/v1/layers/${layer.id}`, { name: 'Renamed' });
    assert.equal((await his.hears('layer:updated', (event) => event.layer_id === layer.id)).changes.name, 'Renamed');
    const mine = await live(ada);
    const told = await his.ask('layer:update', { layer_id: layer.id, changes: { properties: { text: 'There' } } });
    assert.equal(told.success, true, JSON.stringify(told));
    await mine.hears('layer:updated', (event) => event.changes.properties?.text === 'There');
});

test('a socket that comes back at another server gets there what it missed', async () => {
    const his = await live(bob);
    await until('his session is told', () => his.all('session').length);
    await ada.must(200, 'PUT', `/api/v1/layers/${layer.id}`, { name: 'Before' });
    await his.hears('layer:updated', (event) => event.changes.name === 'Before');
    const { _pid: pid, _lastOffset: offset } = his.socket;
    his.close();
    await ada.must(200, 'PUT', `/api/v1/layers/${layer.id}`, { name: 'Missed' });
    const back = new Live(at(first, bob), { auth: { token: bob.token, pid, offset } });
    opened.push(back);
    await back.connected();
    const [session] = await until('its session is told', () => back.all('session').length && back.all('session'));
    assert.equal(session.recovered, true);
    await back.hears('layer:updated', (event) => event.changes.name === 'Missed');
    assert.deepEqual(back.all('layer:updated').filter((event) => event.changes.name === 'Before'), []);
});

test('who comes and goes at one server is seen at the other, and a field is edited by one of both', async () => {
    const mine = await live(ada), his = await live(bob);
    const names = (list) => list.users.map((one) => one.username).sort().join();
    await mine.ask('video:join', { video_id: video.id });
    await his.ask('video:join', { video_id: video.id });
    await mine.hears('presence:update', (list) => names(list) === 'ada,bob');
    const colours = (list) => new Set(list.users.map((one) => one.color)).size;
    const list = await his.hears('presence:update', (one) => names(one) === 'ada,bob' && colours(one) === 2);
    await mine.hears('presence:update', (one) => names(one) === 'ada,bob' && colours(one) === 2);
    const state = { video_id: video.id, layer_id: layer.id, editing: 'text' };
    assert.equal((await mine.ask('presence:update', state)).success, true);
    await his.hears('presence:update', (one) => one.users.some((user) => user.username === 'ada' && user.editing === 'text'));
    assert.equal((await his.ask('presence:update', state)).success, false);
    mine.close();
    await until('she is gone', () => names(his.all('presence:update').at(-1)) === 'bob');
});

test('the progress of a job on another machine reaches the streams and sockets of every server', async () => {
    const streams = [ada, ada_there].map((client) => client.events('/api/v1/events'));
    await Promise.all(streams.map((stream) => stream.opened));
    const sockets = [await live(ada), await live(ada_there)];
    const { data: { job_id } } = await ada.must(202, 'POST', `/api/v1/videos/${video.id}/render`, { quality: '480p' });
    await ada.job_end(job_id);
    for (const { events } of streams) {
        await until('progress is told', () => events.some(({ event, data }) => event === 'job_progress' && data.job_id === job_id && data.progress > 0));
        await until('the end is told', () => events.some(({ event, data }) => event === 'job' && data.job_id === job_id && data.status === 'completed'));
    }
    for (const socket of sockets)
        await socket.hears('video:regeneration:progress', (data) => data.job_id === job_id);
    streams.forEach((stream) => stream.close());
});

test("a file's stream at any server follows its transcription on another machine", async () => {
    const { id } = await ada.upload('cards.wav', speech(1), '');
    const stream = ada_there.events(`/api/v1/files/${id}/events`);
    await stream.opened;
    await until('it is done', () => stream.events.some((one) => one.event === 'done'));
    assert.equal(stream.events.at(-1).data.status, 'completed');
});

test('a setting that is changed at one server counts at the other', async () => {
    await ada.must(200, 'PUT', '/api/v1/settings', { default_plan: 'pro' });
    await until('the other server has it', async () => (await ada_there.must(200, 'GET', '/api/v1/settings')).default_plan === 'pro');
    assert.equal((await ada_there.user('carol')).me.plan ?? 'pro', 'pro');
});

test('logins that fail are counted over both servers', async () => {
    await ada.user('target');
    const enter = (server, password) => at(server, ada.as(undefined)).post('/api/v1/auth/login', { username: 'target', password });
    for (let i = 0; i < 10; i++)
        assert.equal((await enter(i % 2 ? first : second, 'wrong')).status, 401);
    for (const server of [first, second]) {
        const { status, headers } = await enter(server, 'target-password');
        assert.equal(status, 429);
        assert.ok(Number(headers['retry-after']) >= 1);
    }
});

test('requests for new passwords are counted over both servers', async () => {
    const ask = (server) => at(server, ada.as(undefined)).post('/api/v1/password-reset/request-reset', { email: 'nobody@example.org' });
    for (let i = 0; i < 5; i++)
        assert.equal((await ask(i % 2 ? first : second)).status, 200);
    for (const server of [first, second])
        assert.equal((await ask(server)).status, 429);
});

test('what is ended at one server ends at the other: sessions with their sockets and streams, API keys, disabled accounts', async () => {
    const dora = await ada.user('dora', { plan: 'business' });
    const dora_there = at(second, dora);
    const his = await live(dora_there), stream = dora_there.events('/api/v1/events');
    await stream.opened;
    const { sessions } = await dora.must(200, 'GET', '/api/v1/sessions');
    const { data: { key, api_key } } = await dora.must(201, 'POST', '/api/v1/api-keys', { name: 'there', scopes: ['read'] });
    const by_key = at(second, dora.as(key));
    await by_key.must(200, 'GET', '/api/v1/users/me');
    await dora.must(200, 'DELETE', `/api/v1/api-keys/${api_key.id}`);
    await until('the other server refuses the key', async () => (await by_key.get('/api/v1/users/me')).status === 401);
    assert.equal(sessions.length, 1);
    assert.equal((await dora.delete(`/api/v1/sessions/${sessions[0].id}`)).status, 200);
    await until('its socket is ended', () => !his.socket.connected);
    await stream.ended;
    await until('its token is refused', async () => (await dora_there.get('/api/v1/users/me')).status === 401);
    const again = await at(second, ada.as(undefined)).login('dora');
    await ada.must(200, 'PUT', `/api/v1/users/${dora.me.id}`, { is_active: false });
    await until('the other server knows', async () => (await again.get('/api/v1/users/me')).status === 401);
});

test('a refresh token works once, at whichever server', async () => {
    const nobody = (server) => at(server, ada.as(undefined));
    const { refresh_token } = await nobody(first).must(200, 'POST', '/api/v1/auth/login', { username: 'ada', password: 'ada-password' });
    const told = await Promise.all([first, second, first, second].map((server) => nobody(server).post('/api/v1/auth/refresh', { refresh_token })));
    assert.deepEqual(told.map(({ status }) => status).sort(), [200, 401, 401, 401]);
});

test('a server whose connection for listening is cut listens again, and what it missed comes', async () => {
    const stream = ada_there.events('/api/v1/events');
    await stream.opened;
    const listeners = () => postgres.psql('servers', "SELECT pid FROM pg_stat_activity WHERE datname = 'servers' AND query ILIKE 'LISTEN%' OR query ILIKE '%NOTIFY%' AND pid <> pg_backend_pid()").flat();
    const before = listeners();
    assert.ok(before.length >= 3, `${before}`);
    postgres.psql('servers', `SELECT pg_terminate_backend(pid) FROM unnest(ARRAY[${before}]) AS pid`);
    await ada.must(200, 'PUT', `/api/v1/videos/${video.id}`, { title: 'Heard all the same' });
    await until('the change is heard', () => stream.events.some(({ event }) => event === 'video:updated'));
    await until('all listen again', () => {
        const now = listeners();
        return now.length >= before.length && !now.some((pid) => before.includes(pid));
    });
    stream.close();
});
