// SPDX-License-Identifier: GPL-3.0-or-later
// Workers that are killed at any instant: every job runs to its end, and its effect is there once.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Postgres } from '../api/lib/postgres.mjs';
import { program, sleep, temporary, until } from '../api/lib/server.mjs';

const JOBS = Number(process.env.KINORA_QUEUE_JOBS ?? 10_000);
const SPLIT = Math.ceil(JOBS / 50), BATCH = Math.ceil(JOBS / 5); // the others are of the kind effect
const build = path.dirname(program);
const folder = temporary('queue');
const env = { ...process.env, KINORA_ENGINE: path.join(build, 'kinora-engine') };
let postgres;

before(async () => {
    const made = spawnSync('ninja', ['-C', build, 'queue_tool'], { encoding: 'utf8' });
    assert.equal(made.status, 0, made.stdout);
    postgres = await Postgres.start();
});
after(async () => {
    await postgres?.remove();
    fs.rmSync(folder, { recursive: true, force: true });
});

function tool(url, ...words) {
    const told = spawnSync(path.join(build, 'queue_tool'), [url, folder, ...words.map(String)], { env, encoding: 'utf8' });
    assert.equal(told.status, 0, told.stderr);
}

class Worker {
    constructor(url, slots) {
        Object.assign(this, { url, slots, kills: 0, log: '' });
        this.start();
    }

    start() {
        this.child = spawn(path.join(build, 'queue_tool'), [this.url, folder, 'work', String(this.slots)], { env, stdio: ['ignore', 'ignore', 'pipe'] });
        this.child.stderr.setEncoding('utf8').on('data', (text) => (this.log += text));
        this.ended = new Promise((resolve) => this.child.on('exit', resolve));
    }

    async kill() {
        this.child.kill('SIGKILL');
        await this.ended;
        this.kills++;
    }
}

// Random, but told, so that a run can be repeated.
function chances(seed) {
    let state = seed;
    return (below) => {
        state = (state * 1103515245 + 12345) & 0x7fffffff;
        return (state >> 8) % below;
    };
}

async function survive(url, worker_count, query) {
    for (const [kind, count] of [['effect', JOBS - SPLIT - BATCH], ['split', SPLIT], ['batch', BATCH]])
        tool(url, 'fill', kind, count);
    const seed = Date.now() & 0xffff, chance = chances(seed);
    const workers = Array.from({ length: worker_count }, () => new Worker(url, 6));
    const left = () => Number(query("SELECT count(*) FROM job WHERE state NOT IN ('completed', 'failed') AND parent IS NULL")[0][0]);
    let ended = false;
    const killing = (async () => {
        for (let round = 0; !ended && round < 60; round++) {
            await sleep(200 + chance(500));
            const worker = workers[chance(worker_count)];
            await worker.kill();
            worker.start();
        }
    })();
    try {
        await until('every job has ended', () => left() === 0, { limit_ms: 240_000, every_ms: 500 });
    } catch (error) {
        error.message += `\n${JSON.stringify(query('SELECT kind, state, count(*), max(attempts) FROM job GROUP BY kind, state'))}\n${workers.map((one) => one.log.slice(-500)).join('\n')}`;
        throw error;
    } finally {
        ended = true;
        await killing;
        for (const worker of workers)
            await worker.kill();
    }
    const kills = workers.reduce((sum, worker) => sum + worker.kills, 0) - worker_count;
    assert.ok(kills >= 5, `seed ${seed}: only ${kills} kills`);
    assert.deepEqual(query("SELECT kind, error_code, error_message, attempts, losses FROM job WHERE state = 'failed'"), [], `seed ${seed}`);
    assert.deepEqual(query('SELECT count(*), count(DISTINCT job) FROM effect'), [[String(JOBS), String(JOBS)]], `seed ${seed}, ${kills} kills`);
}

test(`${JOBS} jobs and four workers killed at random, on PostgreSQL`, async () => {
    const url = postgres.database('kills');
    await survive(url, 4, (sql) => postgres.psql('kills', sql));
});

test(`${JOBS} jobs and the one worker killed at random, on SQLite`, async () => {
    const file = path.join(folder, 'kinora.db');
    const query = (sql) => {
        const told = spawnSync('sqlite3', ['-separator', '\t', '-cmd', '.timeout 10000', file, sql], { encoding: 'utf8' });
        assert.equal(told.status, 0, told.stderr);
        return told.stdout.split('\n').filter((line) => line).map((line) => line.split('\t'));
    };
    await survive(`sqlite://${file}`, 1, query);
});
