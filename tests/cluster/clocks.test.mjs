// SPDX-License-Identifier: GPL-3.0-or-later
// Two servers and two workers on one PostgreSQL and one object store, the clocks of their machines hours and days apart:
// the database's clock decides.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { speech, wav } from '../api/lib/media.mjs';
import { Postgres } from '../api/lib/postgres.mjs';
import { run_beside, Server, sleep, until } from '../api/lib/server.mjs';
import { Faults } from '../faults/lib/faults.mjs';
import { Live } from '../realtime/lib/live.mjs';
import { S3Fake } from '../storage/lib/s3-fake.mjs';
import { store_env } from '../storage/lib/store.mjs';
import { Worker } from './lib/worker.mjs';

const HOUR_S = 3600;
let postgres, store, env, ahead, behind, ada, ada_there;
const machines = [], workers = [], opened = [];
const machine = (seconds) => {
    const faults = new Faults();
    faults.clock(seconds);
    machines.push(faults);
    return { ...env, ...faults.env };
};
const at = (server, client) => Object.assign(client.as(client.token), { server });

before(async () => {
    [postgres, store] = await Promise.all([Postgres.start(), S3Fake.start({ any_clock: true })]); // a real one allows 15 minutes
    // What is issued lasts for less than the clocks are apart.
    env = store_env(store, { KINORA_DATABASE_URL: postgres.database('clocks'), KINORA_TOKEN_TTL: String(HOUR_S), KINORA_UPLOAD_LIFETIME: String(HOUR_S) });
    ahead = await Server.start({ env: machine(5 * HOUR_S), flags: ['--no-workers'] });
    env = { ...env, KINORA_MASTER_KEY_FILE: `${ahead.data}/keys/master.key` };
    behind = await Server.start({ env: machine(-7 * HOUR_S), flags: ['--no-workers'] });
    ada = await new Client(ahead).user('ada', { plan: 'business' });
    ada_there = at(behind, ada);
});
after(async () => {
    opened.forEach((one) => one.close());
    for (const one of [...workers, ahead, behind, store, postgres, ...machines])
        await one?.remove();
});

test('who signs in at one server is known at the other at once, and as long there', async () => {
    for (const [here, there] of [[ahead, behind], [behind, ahead]]) {
        const nobody = at(here, ada.as(undefined));
        const login = await nobody.must(200, 'POST', '/api/v1/auth/login', { username: 'ada', password: 'ada-password' });
        assert.equal((await at(there, ada.as(login.access_token)).must(200, 'GET', '/api/v1/users/me')).username, 'ada');
        const next = await at(there, nobody).must(200, 'POST', '/api/v1/auth/refresh', { refresh_token: login.refresh_token });
        for (const server of [here, there])
            assert.equal((await at(server, ada.as(next.access_token)).get('/api/v1/users/me')).status, 200);
        const live = await Live.open(at(there, ada.as(next.access_token)));
        opened.push(live);
        await sleep(1500); // those whose time is over are looked for every second
        assert.ok(live.socket.connected, 'its time is not over');
    }
    const [[most, least]] = postgres.psql('clocks', 'SELECT max(expires_at), min(expires_at) FROM session');
    assert.ok(Number(most) - Number(least) < HOUR_S * 1e6, 'all sessions end by one clock');
});

test('an upload that was begun at one server is ended at the other', async () => {
    const bytes = wav(0.3), half = bytes.length >> 1;
    const headers = { 'Tus-Resumable': '1.0.0' };
    const made = await ada.call('POST', '/api/v1/files/tus', { headers: { ...headers, 'Upload-Length': bytes.length,
        'Upload-Metadata': `filename ${Buffer.from('half.wav').toString('base64')},transcribe ${Buffer.from('false').toString('base64')}` } });
    assert.equal(made.status, 201);
    const place = made.headers.location;
    const send = (client, offset, body) => client.call('PATCH', place,
        { body, headers: { ...headers, 'Upload-Offset': offset, 'Content-Type': 'application/offset+octet-stream' } });
    assert.equal((await send(ada, 0, bytes.subarray(0, half))).status, 204);
    assert.equal((await send(ada_there, half, bytes.subarray(half))).status, 204);
    assert.deepEqual((await ada.get(`/api/v1/files/${place.split('/').at(-1)}/content`)).bytes, bytes);
});

test('jobs wait for no clock, none is taken for lost, and what a killed worker held is taken up at once', async () => {
    const count = (where) => Number(postgres.psql('clocks', `SELECT count(*) FROM job WHERE ${where}`)[0][0]);
    workers.push(new Worker({ env: machine(30 * HOUR_S) }), new Worker({ env: machine(-11 * HOUR_S) }));
    const begin = async () => (await Promise.all([1, 2, 3, 4].map((i) => (i % 2 ? ada : ada_there).upload(`cards-${randomUUID()}.wav`, speech(i), '')))).map(({ job_id }) => job_id);
    const first = await begin();
    for (const id of first)
        await ada_there.job_end(id, { limit_ms: 60_000 });
    assert.equal(count('losses > 0'), 0, 'a running job was taken for lost');
    const second = await begin();
    await until('one works', () => count("state = 'processing' AND kind = 'transcribe'") > 0, { every_ms: 20 });
    await workers[0].end('SIGKILL');
    for (const id of second)
        await ada.job_end(id, { limit_ms: 60_000 }); // lost within 30 s
    assert.deepEqual(postgres.psql('clocks', 'SELECT count(*) FROM transcription GROUP BY job_id').flat(), Array(8).fill('1'));
    const times = postgres.psql('clocks', "SELECT max(abs(finished_at - now_us())), max(abs(started_at - now_us())) FROM job WHERE state = 'completed'").flat();
    assert.ok(times.every((us) => Number(us) < HOUR_S * 1e6), `${times}: they ran by the database's clock`);
});

test('no clock lets files be cleared away before their time', async () => {
    const [key] = [...store.objects.keys()].filter((one) => /[0-9a-f-]{36}$/.test(one));
    const id = key.slice(-36), stranger = randomUUID();
    const other = key.replaceAll(id, stranger).replace(`/${id.slice(-2)}/`, `/${stranger.slice(-2)}/`);
    store.objects.set(other, { ...store.objects.get(key), changed: new Date() }); // as of an upload that is not ended
    store.uploads.set('under-way', { key: other, begun: new Date(), parts: new Map() });
    const sweep = async (...more) => assert.equal((await run_beside(['blobs', 'sweep', '--data', ahead.data, ...more], { ...env, ...machine(30 * HOUR_S) })).code, 0);
    await sweep();
    assert.ok(store.objects.has(other) && store.uploads.has('under-way'), 'a machine that is a day ahead removed it');
    await sweep('--older', '0');
    assert.ok(!store.objects.has(other) && !store.uploads.size && store.objects.has(key), 'it would have been removed, and what is used would not');
});
