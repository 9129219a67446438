// SPDX-License-Identifier: GPL-3.0-or-later
// Two servers and three workers, each on a machine of its own, with PostgreSQL on another and the object store at the
// switch. One server and one worker lose their link to both in the middle of their work, and get it back.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { speech, wav } from '../api/lib/media.mjs';
import { Postgres } from '../api/lib/postgres.mjs';
import { Server, until } from '../api/lib/server.mjs';
import { S3Fake } from '../storage/lib/s3-fake.mjs';
import { noise, store_env } from '../storage/lib/store.mjs';
import { enter, Machine, Network } from './lib/machines.mjs';
import { Worker } from './lib/worker.mjs';

enter(process.argv[1]);

// Each step stands on the one before.
let broken = false;
const step = (name, body) => test(name, async () => {
    assert.ok(!broken, 'a step before this one failed');
    broken = true;
    await body();
    broken = false;
});
const SLOW = { limit_ms: 60_000, every_ms: 200 };
let back, front, postgres, store, near, far, near_machine, ada, ada_far, stream, going = true;
const workers = [];
// What was acknowledged: files with their bytes, the newest title of each video, jobs.
const kept = { files: new Map(), titles: new Map(), jobs: [] };
const refused = []; // statuses of those that were not, at the server that is cut off
const loops = [];

before(async () => {
    back = new Network('back', '10.77.0'); // to the database and the store
    front = new Network('front', '10.78.0'); // to the servers
    const database = new Machine('database', 2, [back]);
    [postgres, store] = await Promise.all([
        Postgres.start({ address: database.address(back), around: database.around }), S3Fake.start({ address: back.address })]);
    const env = store_env(store, { KINORA_DATABASE_URL: postgres.database('cluster'), KINORA_SETUP_CODE: 'let-me-in' });
    const serve = async (machine) => Server.start({ env, around: machine.around, address: machine.address(front), flags: ['--no-workers', '--insecure-http'] });
    near_machine = new Machine('near', 11, [back, front]);
    near = await serve(near_machine);
    env.KINORA_MASTER_KEY_FILE = `${near.data}/keys/master.key`;
    far = await serve(new Machine('far', 12, [back, front]));
    for (const number of [1, 2, 3]) { // known by its slots
        const machine = new Machine(`worker${number}`, 20 + number, [back]);
        workers.push(Object.assign(new Worker({ env, around: machine.around, slots: `transcribe=1,derive=${number}` }), { machine }));
    }
    const nobody = new Client(near);
    await nobody.must(200, 'POST', '/api/v1/users', { username: 'ada', email: 'ada@example.org', password: 'ada-password' },
        { headers: { 'X-Setup-Code': env.KINORA_SETUP_CODE } });
    ada = await nobody.login('ada');
    ada_far = Object.assign(ada.as(ada.token), { server: far });
    await until('all workers are seen', async () => (await ada.must(200, 'GET', '/api/v1/workers')).workers.filter((one) => one.alive).length === 3);
});
after(async () => {
    going = false;
    stream?.close();
    await Promise.all(loops);
    for (const worker of workers)
        await worker.remove();
    await near?.remove();
    await far?.remove();
    await store?.remove();
    await postgres?.remove();
});

// Somebody who goes on uploading and renaming, and asks again when refused.
async function use(client, name) {
    for (let i = 0; going; i++) {
        const bytes = noise(0.1);
        const title = `${name} ${i}`;
        try {
            const { id } = await client.upload(`${title}.wav`, bytes);
            kept.files.set(id, bytes);
            const { data: { video } } = await client.must(201, 'POST', '/api/v1/videos', { title });
            kept.titles.set(video.id, title);
            await client.must(200, 'PUT', `/api/v1/videos/${video.id}`, { title: `${title}!` });
            kept.titles.set(video.id, `${title}!`);
        } catch (error) {
            refused.push({ name, status: error.actual ?? error.message });
        }
        await new Promise((resolve) => setTimeout(resolve, 400));
    }
}

let lost; // the worker that is cut off, its job
step('both servers take uploads and edits, and three workers share the jobs', async () => {
    stream = ada.events('/api/v1/events');
    await stream.opened;
    loops.push(use(ada, 'near'), use(ada_far, 'far'));
    // Long enough to be cut off in the middle.
    const long = Buffer.concat([wav(0), ...Array.from({ length: 3 }, (_, i) => speech(1 + i % 5).subarray(44))]);
    long.writeUInt32LE(long.length - 8, 4);
    long.writeUInt32LE(long.length - 44, 40);
    for (let i = 0; i < 4; i++)
        kept.jobs.push((await (i % 2 ? ada : ada_far).upload(`long-${i}.wav`, long, '')).job_id);
    await until('three machines work at the same time', () => {
        const [[count]] = postgres.psql('cluster', "SELECT count(DISTINCT runner_id) FROM job WHERE state = 'processing' AND kind = 'transcribe'");
        return count === '3';
    }, { ...SLOW, every_ms: 20 });
    assert.ok(kept.files.size > 0);
});

step('a server and a worker that are cut off: the first says so, the work of the other is done again', async () => {
    // The worker holds its breath as well, so that it is sure to come back with a result that is late.
    lost = await until('a worker is in the middle of a job', () => {
        const [row] = postgres.psql('cluster', `SELECT coalesce(parent, number), slots->>'derive' FROM job JOIN runner ON runner.id = runner_id
            WHERE state = 'processing' AND kind = 'transcribe' ORDER BY number LIMIT 1`);
        return row && { number: Number(row[0]), worker: workers[Number(row[1]) - 1] };
    }, { ...SLOW, every_ms: 20 });
    near_machine.cut(back);
    lost.worker.machine.cut(back);
    lost.worker.child.kill('SIGSTOP');
    const before = kept.files.size;
    await until('the server that is cut off answers 503', async () => (await ada.get('/api/v1/videos')).status === 503, SLOW);
    assert.equal((await ada.as(undefined).get('/ready')).status, 503);
    kept.jobs.push((await ada_far.upload('meanwhile.wav', speech(2), '')).job_id);
    for (const id of kept.jobs)
        await ada_far.job_end(id);
    assert.ok(kept.files.size > before + 3, 'the other server goes on');
});

step('a result that comes too late is refused', async () => {
    const row = () => postgres.psql('cluster', `SELECT job.fence, job.state, job.finished_at, job.result, transcription.* FROM job
        JOIN transcription ON transcription.job_id = job.id WHERE job.number = ${lost.number}`);
    const before = row();
    assert.deepEqual(before.map((columns) => columns[1]), ['completed'], 'another worker has ended it');
    const told = lost.worker.log.length;
    lost.worker.machine.mend(back);
    lost.worker.child.kill('SIGCONT');
    // It may have begun other work, such as a thumbnail, since.
    const attempts = () => lost.worker.log.slice(told).split('\n').filter((line) => /"kind":"transcribe".*"Attempt (ended|failed)"/.test(line));
    await until('the late worker has ended its attempt', () => attempts().length, SLOW);
    assert.ok(!attempts().some((line) => line.includes('"outcome":"done"')), attempts().join('\n'));
    assert.deepEqual(row(), before);
});

step('the server comes back by itself, and tells what happened meanwhile', async () => {
    const renamed = [...kept.titles.keys()].at(-1);
    await ada_far.must(200, 'PUT', `/api/v1/videos/${renamed}`, { title: 'While it was away' });
    kept.titles.set(renamed, 'While it was away');
    near_machine.mend(back);
    await until('it answers again', async () => (await ada.get('/api/v1/videos')).status === 200, SLOW);
    await until('it is ready', async () => (await ada.as(undefined).get('/ready')).status === 200, SLOW);
    await until('its streams go on', () => stream.events.some(({ event, data }) => event === 'video:updated' && data.title === 'While it was away'), SLOW);
});

step('the worker that came back works', async () => {
    for (const worker of workers.filter((one) => one !== lost.worker))
        assert.equal(await worker.end('SIGTERM'), 0);
    const { job_id } = await ada.upload('again.wav', speech(3), '');
    kept.jobs.push(job_id);
    await ada_far.job_end(job_id);
});

step('nothing that was acknowledged is lost, and every job was done once', async () => {
    going = false;
    await Promise.all(loops);
    assert.ok(refused.some(({ name }) => name === 'near'), 'the server that was cut off refused');
    assert.deepEqual(refused.filter(({ name }) => name === 'far'), []);
    for (const client of [ada, ada_far])
        for (const [id, title] of kept.titles)
            assert.equal((await client.must(200, 'GET', `/api/v1/videos/${id}`)).data.video.title, title);
    for (const [id, bytes] of kept.files)
        assert.ok(bytes.equals((await ada.get(`/api/v1/files/${id}/content`)).bytes), id);
    const rows = postgres.psql('cluster', 'SELECT job_id, count(*) FROM transcription GROUP BY job_id');
    assert.deepEqual(rows.map(([id]) => id).sort(), [...kept.jobs].sort());
    assert.ok(rows.every(([, count]) => count === '1'));
});
