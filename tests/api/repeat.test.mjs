// SPDX-License-Identifier: GPL-3.0-or-later
// Idempotency-Key: what is sent again is answered again, and done once.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { Server } from './lib/server.mjs';

let server, root, ada, bob;

before(async () => {
    server = await Server.start();
    root = await new Client(server).user('root');
    ada = await root.user('ada');
    bob = await root.user('bob');
});
after(() => server.remove());

const post = (client, path, json, key) => client.post(path, json, { headers: { 'Idempotency-Key': key } });
const titled = async (client, title) => (await client.must(200, 'GET', '/api/v1/videos?limit=100')).data.videos
    .filter((video) => video.title === title).length;

test('a request that is sent again is answered as before, with a mark, and not made again', async () => {
    const key = randomUUID();
    const first = await post(ada, '/api/v1/videos', { title: 'Once' }, key);
    assert.equal(first.status, 201);
    assert.equal(first.headers['idempotent-replayed'], undefined);
    for (let i = 0; i < 3; i++) {
        const again = await post(ada, '/api/v1/videos', { title: 'Once' }, key);
        assert.deepEqual([again.status, again.headers['idempotent-replayed'], again.headers['content-type']],
            [201, 'true', first.headers['content-type']]);
        assert.ok(again.bytes.equals(first.bytes));
    }
    assert.equal(await titled(ada, 'Once'), 1);
    assert.equal((await post(ada, '/api/v1/videos', { title: 'Once' }, randomUUID())).status, 201);
    assert.equal(await titled(ada, 'Once'), 2);
});

test('a key belongs to one request of one user', async () => {
    const key = 'order 66';
    assert.equal((await post(ada, '/api/v1/videos', { title: 'Hers' }, key)).status, 201);
    const other = await post(ada, '/api/v1/videos', { title: 'Another' }, key);
    assert.deepEqual([other.status, other.json.error], [409, 'CONFLICT']);
    assert.match(other.json.message, /Idempotency-Key/);
    assert.equal((await post(ada, '/api/v1/videos?x=1', { title: 'Hers' }, key)).status, 409);
    const plain = await post(ada, '/transcriptions', { media_id: 1, text: 'x' }, key);
    assert.deepEqual([plain.status, plain.json.code, plain.json.details.field], [409, 'CONFLICT', 'Idempotency-Key']);
    const his = await post(bob, '/api/v1/videos', { title: 'His' }, key);
    assert.deepEqual([his.status, his.headers['idempotent-replayed'], his.json.data.video.title], [201, undefined, 'His']);
    assert.equal(await titled(ada, 'Another'), 0);
});

test('in the detail face a key of another request is 409 as well', async () => {
    const user = (name) => ({ username: name, email: `${name}@example.org`, password: 'some-password' });
    assert.equal((await post(root, '/api/v1/users', user('carl'), 'new user')).status, 200);
    const again = await post(root, '/api/v1/users', user('carl'), 'new user');
    assert.deepEqual([again.status, again.headers['idempotent-replayed'], again.json.username], [200, 'true', 'carl']);
    const other = await post(root, '/api/v1/users', user('dora'), 'new user');
    assert.equal(other.status, 409);
    assert.match(other.json.detail, /Idempotency-Key/);
});

test('what failed is tried anew', async () => {
    const { data: { video } } = await ada.must(201, 'POST', '/api/v1/videos', { title: 'Empty' });
    const add = () => post(ada, `/api/v1/videos/${video.id}/render`, {}, 'render it');
    assert.equal((await add()).json.error, 'VIDEO_HAS_NO_SCENES');
    await ada.must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, { text: 'Hello', duration: 1 });
    const first = await add();
    assert.equal(first.status, 202);
    const again = await add(); // without the key: RENDER_IN_PROGRESS or a second render
    assert.deepEqual([again.status, again.json.data.job_id], [202, first.json.data.job_id]);
    await ada.post(`/api/v1/jobs/${first.json.data.job_id}/cancel`);
});

test('of many at once one is made and all hear of it', async () => {
    for (let round = 0; round < 5; round++) {
        const title = `Rush ${round}`;
        const told = await Promise.all(Array.from({ length: 16 }, () => post(ada, '/api/v1/videos', { title }, title)));
        assert.deepEqual([...new Set(told.map(({ status }) => status))], [201]);
        assert.equal(new Set(told.map(({ json }) => json.data.video.id)).size, 1);
        assert.equal(told.filter(({ headers }) => !headers['idempotent-replayed']).length, 1);
        assert.equal(await titled(ada, title), 1);
    }
});

test('a key that is empty, too long or not plain text is refused', async () => {
    for (const key of ['', 'x'.repeat(256), 'tab\tinside', 'gr\u00fcn']) {
        const { status, json } = await post(ada, '/api/v1/videos', { title: 'Never' }, key);
        assert.deepEqual([status, json.details[0].field], [400, 'Idempotency-Key'], JSON.stringify(key));
    }
    assert.equal((await post(ada, '/api/v1/videos', { title: 'Long' }, 'x'.repeat(255))).status, 201);
    assert.equal(await titled(ada, 'Never'), 0);
});

test('a login is never answered from memory', async () => {
    const enter = () => post(ada.as(undefined), '/api/v1/auth/login', { username: 'ada', password: 'ada-password' }, 'login');
    const first = await enter(), second = await enter();
    assert.equal(second.headers['idempotent-replayed'], undefined);
    assert.notEqual(first.json.refresh_token, second.json.refresh_token);
});

test('answers outlive the server, are sealed at rest and go after a day', async () => {
    const first = await post(ada, '/api/v1/videos', { title: 'Daylight' }, 'day');
    await server.stop();
    const rows = server.sql("SELECT hex(answer) AS answer FROM kept_answer WHERE key = 'day'");
    assert.equal(rows.length, 1);
    assert.ok(!Buffer.from(rows[0].answer, 'hex').includes('Daylight'));
    await server.start();
    assert.deepEqual((await post(ada, '/api/v1/videos', { title: 'Daylight' }, 'day')).json, first.json);
    await server.stop();
    server.sql("UPDATE kept_answer SET created_at = created_at - 86400000000 WHERE key = 'day'");
    const earlier = server.sql('SELECT count(*) AS count FROM kept_answer')[0].count;
    await server.start();
    const next = await post(ada, '/api/v1/videos', { title: 'Daylight' }, 'day');
    assert.deepEqual([next.status, next.headers['idempotent-replayed']], [201, undefined]);
    assert.notEqual(next.json.data.video.id, first.json.data.video.id);
    await server.stop();
    assert.equal(server.sql('SELECT count(*) AS count FROM kept_answer')[0].count, earlier);
    await server.start();
});
