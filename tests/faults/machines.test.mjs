// SPDX-License-Identifier: GPL-3.0-or-later
// Several machines on one PostgreSQL and one object store: kill -9 of servers and workers, PostgreSQL started again, its
// LISTEN connection cut.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { Postgres } from '../api/lib/postgres.mjs';
import { program, Server, sleep, temporary, until } from '../api/lib/server.mjs';
import { Live } from '../realtime/lib/live.mjs';
import { S3Fake } from '../storage/lib/s3-fake.mjs';
import { store_env } from '../storage/lib/store.mjs';
import { at_fixed_port, jobs_end, Load, stored_files_agree } from './lib/load.mjs';
import { long, survived } from './lib/report.mjs';

const KILLS = long ? 200 : 50, RESTARTS = long ? 12 : 3, CUTS = long ? 20 : 4;
let postgres, store, env, server, ada;
const workers = [];

class Worker {
    constructor() {
        this.data = temporary('worker');
        this.start();
    }

    start() {
        this.child = spawn(program, ['worker', '--data', this.data], { env: { ...process.env, ...env }, stdio: 'ignore' });
        this.ended = new Promise((resolve) => this.child.on('exit', resolve));
    }

    async kill() {
        this.child.kill('SIGKILL');
        await this.ended;
    }
}

const query = (sql) => postgres.psql('faults', sql);
const failed_jobs = (sql) => query(sql).map(([id, kind, error_code, error_message]) => ({ id, kind, error_code, error_message }));
const idle = () => until('no job is left', () => query("SELECT count(*) FROM job WHERE state IN ('pending', 'processing', 'waiting')")[0][0] === '0',
    { limit_ms: 120_000, every_ms: 200 });

before(async () => {
    [postgres, store] = await Promise.all([Postgres.start(), S3Fake.start()]);
    env = store_env(store, { KINORA_DATABASE_URL: postgres.database('faults') });
    server = await Server.start({ env, flags: ['--no-workers'] });
    env = { ...env, KINORA_MASTER_KEY_FILE: path.join(server.data, 'keys/master.key') };
    ada = await at_fixed_port(server);
    workers.push(new Worker(), new Worker());
});
after(async () => {
    for (const worker of workers) {
        await worker.kill();
        fs.rmSync(worker.data, { recursive: true, force: true });
    }
    await server?.remove();
    await store?.remove();
    await postgres?.remove();
});

async function every_job_left_its_waveform(load) {
    const waveforms = new Set(query("SELECT media_id FROM derivative WHERE kind = 'waveform'").map(([id]) => id));
    for (const id of load.uploads.keys())
        assert.ok(waveforms.has(id), `the job of the upload ${id} left nothing`);
}

test(`nothing acknowledged is lost in ${KILLS} kills of a server and two workers`, async () => {
    const load = await Load.start(ada);
    const kills = { server: 0, worker: 0 };
    try {
        for (let kill = 0; kill < KILLS; kill++) {
            const acknowledged = load.acknowledged;
            await until('something is acknowledged again', () => load.acknowledged > acknowledged, { every_ms: 2 });
            await sleep(randomInt(200));
            const worker = workers[randomInt(3)];
            kills[worker ? 'worker' : 'server']++;
            if (worker) {
                await worker.kill();
                worker.start();
            } else {
                await server.kill();
                await server.start();
            }
        }
        await load.stop();
    } finally {
        load.end();
    }
    await load.check();
    const again = await jobs_end(ada, idle, failed_jobs);
    await every_job_left_its_waveform(load);
    for (const worker of workers)
        await worker.kill();
    assert.equal(await server.stop(), 0);
    const swept = await stored_files_agree(server.data, env);
    assert.equal(store.uploads.size, 0, 'parts of unfinished uploads are left in the store');
    await server.start();
    workers.forEach((worker) => worker.start());
    await load.check();
    survived('machines killed', { times: `${kills.server} kills of the server, ${kills.worker} of workers; ${load.told()}`,
        checked: 'every upload byte for byte, every edit, every job once, list and store of files agree', outcome: `nothing lost, nothing half-made; ${swept} orphans swept, ${again} jobs asked for again` });
});

test(`PostgreSQL is started again ${RESTARTS} times, and the servers go on without being started again`, async () => {
    const load = await Load.start(ada), { pid } = server;
    try {
        for (let restart = 0; restart < RESTARTS; restart++) {
            await sleep(300 + randomInt(500));
            await postgres.stop();
            await until('/ready says so', async () => (await ada.get('/ready')).status === 503);
            await postgres.begin();
            await until('/ready says so', async () => (await ada.get('/ready')).status === 200);
            const acknowledged = load.acknowledged;
            await until('it goes on', () => load.acknowledged > acknowledged + 10);
        }
        await load.stop();
    } finally {
        load.end();
    }
    assert.equal(server.pid, pid);
    assert.equal(server.child.exitCode, null);
    await load.check();
    await jobs_end(ada, idle, failed_jobs);
    await every_job_left_its_waveform(load);
    survived('postgres restarted', { times: `${RESTARTS} restarts; ${load.told()}`, checked: '/ready says so; every upload, every edit, every job once',
        outcome: 'refused meanwhile with 503, nothing lost, the same processes went on' });
});

test('a LISTEN connection that is cut costs no event, and is there again', async () => {
    const second = await Server.start({ env, flags: ['--no-workers'] });
    const listeners = () => query("SELECT pid FROM pg_stat_activity WHERE query IN ('LISTEN kinora', 'NOTIFY kinora')").map(([pid]) => pid);
    let here;
    try {
        const there = await new Client(second).login('ada');
        const { video } = (await ada.must(201, 'POST', '/api/v1/videos', { title: 'Seen from afar' })).data;
        const { scene } = (await ada.must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, { text: 'x', duration: 3 })).data;
        const { layer } = (await ada.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`, { type: 'text', name: 'x', duration: 2, properties: { text: 'x' } })).data;
        here = await Live.open(ada);
        await until('both listen', () => listeners().length >= 2);
        const names = [];
        const edit = async () => {
            names.push(`edit ${names.length}`);
            await there.must(200, 'PUT', `/api/v1/layers/${layer.id}`, { name: names.at(-1) });
        };
        for (let cut = 0; cut < CUTS; cut++) {
            const before = listeners();
            for (const pid of before)
                query(`SELECT pg_terminate_backend(${pid})`);
            for (let i = 0; i < 5; i++)
                await edit();
            await here.hears('layer:updated', (event) => event.layer.name === names.at(-1), 10_000);
            await until('both listen again', () => listeners().filter((pid) => !before.includes(pid)).length >= 2);
        }
        assert.deepEqual(here.all('layer:updated').map((event) => event.layer.name), names);
        survived('listen cut', { times: `${CUTS} cuts of every LISTEN connection; ${names.length} edits at another server`, checked: 'each edit is heard once and in order; the connection is there again',
            outcome: 'none lost: the event table is looked at meanwhile' });
    } finally {
        here?.close();
        await second.remove();
    }
});
