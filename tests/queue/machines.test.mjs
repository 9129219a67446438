// SPDX-License-Identifier: GPL-3.0-or-later
// Two servers and two workers that share one PostgreSQL and one object store, each with a data folder of its own.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { speech } from '../api/lib/media.mjs';
import { Postgres } from '../api/lib/postgres.mjs';
import { program, run, Server, temporary, until } from '../api/lib/server.mjs';
import { Worker } from '../cluster/lib/worker.mjs';
import { S3Fake } from '../storage/lib/s3-fake.mjs';
import { noise, store_env } from '../storage/lib/store.mjs';

let postgres, store, env, first, second, ada, there;
const workers = [];

function start_worker() {
    const worker = new Worker({ env });
    workers.push(worker);
    return worker;
}

const alive = async () => (await ada.must(200, 'GET', '/api/v1/workers')).workers.filter((one) => one.alive);

before(async () => {
    [postgres, store] = await Promise.all([Postgres.start(), S3Fake.start()]);
    env = store_env(store, { KINORA_DATABASE_URL: postgres.database('machines') });
    first = await Server.start({ env, flags: ['--no-workers'] });
    env = { ...env, KINORA_MASTER_KEY_FILE: path.join(first.data, 'keys/master.key') };
    second = await Server.start({ env, flags: ['--no-workers'] });
    ada = await new Client(first).user('ada');
    there = await new Client(second).login('ada');
});
after(async () => {
    for (const worker of workers)
        await worker.remove();
    await first?.remove();
    await second?.remove();
    await store?.remove();
    await postgres?.remove();
});

test('a worker without a database of several machines says what it needs', () => {
    const { code, stderr } = run(['worker', '--data', temporary('alone')]);
    assert.equal(code, 2);
    assert.match(stderr, /A worker needs the PostgreSQL database of its servers/);
});

test('a server whose database does not answer says so and ends, or waits when told to', async () => {
    const nowhere = { KINORA_DATABASE_URL: 'postgresql://kinora@127.0.0.1:1/none', KINORA_DATA: temporary('nowhere') };
    const { code, stderr } = run(['serve', '--listen', '127.0.0.1:0'], { env: nowhere });
    assert.equal(code, 1);
    assert.match(stderr, /Cannot connect to the database/);
    const child = spawn(program, ['serve', '--listen', '127.0.0.1:0', '--wait'], { env: { ...process.env, ...nowhere }, stdio: ['ignore', 'ignore', 'pipe'] });
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (log += text));
    const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve(code ?? signal)));
    await until('it waits', () => /Waiting for the database/.test(log));
    child.kill('SIGTERM');
    assert.notEqual(await ended, 'SIGKILL');
});

test('what one server takes the other has at once, and edits are seen by both', async () => {
    const bytes = noise(3);
    const { id } = await ada.upload('noise.wav', bytes);
    assert.ok(bytes.equals((await there.get(`/api/v1/files/${id}/content`)).bytes));
    const { data: { video } } = await ada.must(201, 'POST', '/api/v1/videos', { title: 'Here' });
    await there.must(200, 'PUT', `/api/v1/videos/${video.id}`, { title: 'There' });
    assert.equal((await ada.must(200, 'GET', `/api/v1/videos/${video.id}`)).data.video.title, 'There');
});

test('without workers jobs wait, and a worker on another machine takes them up', async () => {
    assert.equal((await ada.as(undefined).must(200, 'GET', '/ready')).workers, 'off');
    const { job_id } = await ada.upload('cards.wav', speech(1), '');
    assert.equal((await there.job(job_id)).status, 'pending');
    const worker = start_worker();
    await until(`the worker is seen\n${worker.log}`, async () => (await alive()).length === 1);
    assert.deepEqual((await alive())[0].slots.render, 1);
    await there.job_end(job_id);
    assert.match(JSON.stringify(await there.must(200, 'GET', `/api/v1/transcriptions/${job_id}`)), /of/);
    assert.equal((await ada.as(undefined).must(200, 'GET', '/ready')).workers, 'remote');
});

test('a worker that is killed loses its work to another, which ends it', async () => {
    const jobs = [];
    for (const number of [1, 2, 3, 4])
        jobs.push((await ada.upload(`cards-${number}.wav`, speech(number), '')).job_id);
    await until('a job is under way', async () => (await Promise.all(jobs.map((id) => there.job(id)))).some((job) => job.status === 'processing'));
    await workers[0].end('SIGKILL');
    const other = start_worker();
    for (const id of jobs)
        await there.job_end(id);
    assert.equal(await other.end('SIGTERM'), 0);
    await until('the one that stopped is gone from the list', async () => !(await alive()).some((one) => one.running > 0));
});

test('a session that ends at one server ends at the other', async () => {
    const bob = await ada.user('bob');
    const bob_there = bob.as(bob.token);
    bob_there.server = second;
    await bob_there.must(200, 'GET', '/api/v1/users/me');
    await bob.must(200, 'POST', '/api/v1/auth/logout');
    await until('the other server refuses it', async () => (await bob_there.get('/api/v1/users/me')).status === 401, { limit_ms: 5_000 });
});
