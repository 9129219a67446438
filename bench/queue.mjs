#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later
// script/bench queue [--quick]: jobs that do nothing per second and the time from adding one to its start, beside
// graphile-worker and pg-boss on the same private PostgreSQL, and on SQLite; about six minutes on two idle cores, with
// --quick (a tenth of the jobs, one round) one.
//
// Everybody's commits are on disk before they count (fsync, synchronous_commit = on) and each starts on a new database.
// Rows are kept as in production: by us and pg-boss after the end of the job, by graphile-worker until then, which is how
// it comes. Peers run as their documentation has them for speed: graphile-worker with 24 and 100 jobs at a time,
// or with a local queue of 500 and completions together; pg-boss by loops of fetch and complete, since its own wait half a second.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { Postgres } from '../tests/api/lib/postgres.mjs';
import { free_port, interleave, median, root, scratch, table } from './lib.mjs';

const here = path.dirname(fileURLToPath(import.meta.url)), build = path.join(root, 'build');
const is_quick = process.argv.includes('--quick');
const ROUNDS = is_quick ? 1 : 3, PART = is_quick ? 0.1 : 1;
const SLOTS = 200; // jobs at a time, one by one: they wait for the disk together
const FINISHED = 1_000_000, PENDING = 100_000;
const folder = scratch('queue'), rows = table('queue');
let databases = 0;

function told(command, words, env = {}) {
    const { status, stdout, stderr, error } = spawnSync(command, words.map(String), { encoding: 'utf8', env: { ...process.env, ...env } });
    if (status !== 0)
        throw new Error(`${command} ${words.join(' ')}: ${error ?? stderr}`);
    return JSON.parse(stdout);
}

told('sh', ['-c', '(script/npm-packages bench && ninja -C build queue_tool) >&2 && echo {}']);
const postgres = await Postgres.start({ fsync: true, address: '127.0.0.1', port: await free_port(), under: '/var/tmp' });
const tool = (url, ...words) => told(path.join(build, 'queue_tool'), [url, folder, ...words], { KINORA_ENGINE: path.join(build, 'kinora-engine') });
const rate = ({ jobs, seconds }) => jobs / seconds;
const jobs_of = (count) => Math.max(500, Math.round(count * PART));

// `measure` with a new database on a server that has nothing else to do.
function on_new(measure) {
    const name = `queue_${++databases}`, url = postgres.database(name);
    postgres.psql('postgres', 'CHECKPOINT');
    try {
        return measure(url);
    } finally {
        postgres.psql('postgres', `DROP DATABASE ${name}`);
    }
}
const sqlite = (measure) => measure(`sqlite://${folder}/${++databases}.db`);

// Jobs per second of our runner; `among`: with that many others, finished and pending, beside them.
function drain(kind, slots, count, { where = on_new, among } = {}) {
    return where((url) => {
        if (among)
            tool(url, 'bulk', kind, jobs_of(FINISHED), 'completed');
        tool(url, 'bulk', kind, among ? jobs_of(PENDING) : count, 'pending');
        if (where === on_new)
            postgres.psql('postgres', 'CHECKPOINT');
        return rate(tool(url, 'drain', kind, slots, count));
    });
}
const peer = (name, ...words) => on_new((url) => rate(told('node', [path.join(here, 'queue', `${name}.mjs`), url, 'drain', ...words])));
const peer_latency = (name, count) => on_new((url) => told('node', [path.join(here, 'queue', `${name}.mjs`), url, 'latency', count]));

function add_beside(what, ours, peers) {
    for (const [name, theirs] of Object.entries(peers))
        rows.add({ what, unit: 'jobs/s', ours, peer: name, theirs, goal: { ratio_least: 2 } });
}

async function one_by_one() {
    const { ours, few, many, boss } = await interleave(ROUNDS, {
        ours: () => drain('none', SLOTS, jobs_of(20_000)),
        few: () => peer('graphile', jobs_of(10_000), 24),
        many: () => peer('graphile', jobs_of(10_000), 100),
        boss: () => peer('pg-boss', jobs_of(3_000), 24, 1),
    });
    const best = median(few) > median(many) ? { 'graphile-worker, 24 at a time': few } : { 'graphile-worker, 100 at a time': many };
    add_beside(`no-op jobs one by one, ${SLOTS} slots`, ours, { ...best, 'pg-boss, 24 loops': boss });
}

async function batched() {
    const { ours, graphile, boss } = await interleave(ROUNDS, {
        ours: () => drain('batch', 2, jobs_of(200_000)),
        graphile: () => peer('graphile', jobs_of(100_000), 24, 500),
        boss: () => peer('pg-boss', jobs_of(50_000), 4, 500),
    });
    add_beside('no-op jobs in batches', ours, { 'graphile-worker, batched': graphile, 'pg-boss, batches of 500': boss });
}

async function in_children() {
    const { ours } = await interleave(ROUNDS, { ours: () => drain('child', 2, jobs_of(2_000)) });
    rows.add({ what: 'jobs in a fresh sandboxed child each, 2 slots', unit: 'jobs/s', ours });
}

async function latency() {
    const count = jobs_of(1_000);
    const { ours, graphile, boss } = await interleave(1, {
        ours: () => on_new((url) => tool(url, 'latency', count)),
        graphile: () => peer_latency('graphile', count),
        boss: () => peer_latency('pg-boss', 20),
    });
    for (const [key, name, most] of [['p50_ms', 'half', 5], ['p99_ms', '99 %', 20]]) {
        const list = (told_ones) => told_ones.map((one) => one[key]);
        rows.add({ what: `added to started, idle queue: ${name} within`, unit: 'ms', ours: list(ours), peer: 'graphile-worker', theirs: list(graphile), goal: { most } });
        rows.add({ what: `added to started, idle queue: ${name} within`, unit: 'ms', ours: list(ours), peer: 'pg-boss', theirs: list(boss) });
    }
}

async function on_sqlite() {
    const { batch, one } = await interleave(ROUNDS, {
        batch: () => drain('batch', 1, jobs_of(200_000), { where: sqlite }),
        one: () => drain('none', SLOTS, jobs_of(20_000), { where: sqlite }),
    });
    rows.add({ what: 'SQLite: no-op jobs in batches', unit: 'jobs/s', ours: batch, goal: { least: 20_000 } });
    rows.add({ what: `SQLite: no-op jobs one by one, ${SLOTS} slots`, unit: 'jobs/s', ours: one });
}

async function flat() {
    for (const [where, database] of [[on_new, 'PostgreSQL'], [sqlite, 'SQLite']])
        for (const [kind, slots, count, name] of [['none', SLOTS, 20_000, 'one by one'], ['batch', where === sqlite ? 1 : 2, 50_000, 'in batches']]) {
            const { full, empty } = await interleave(ROUNDS, {
                full: () => drain(kind, slots, jobs_of(count), { where, among: true }),
                empty: () => drain(kind, slots, jobs_of(count), { where }),
            });
            rows.add({ what: `${database}: ${name} among ${jobs_of(FINISHED).toLocaleString('en')} finished and ${jobs_of(PENDING).toLocaleString('en')} pending`,
                unit: 'jobs/s', ours: full, peer: 'a queue of these alone', theirs: empty, goal: { ratio_least: 0.8 } });
        }
}

try {
    for (const measure of [one_by_one, batched, latency, in_children, on_sqlite, flat])
        await measure();
} finally {
    await postgres.remove();
}
rows.finish();
