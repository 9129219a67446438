#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later
// script/bench db [--seconds N] [--rounds N]: the database interface on SQLite and PostgreSQL (db_bench.c): rows read by
// their key, and changes of one row that are on disk when they return, by one thread and by sixteen; beside PostgreSQL's
// own pgbench with the same two statements, prepared, on the same server. Half a minute by default, for each round.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { Postgres } from '../tests/api/lib/postgres.mjs';
import { free_port, interleave, options, root, scratch, table } from './lib.mjs';

const { seconds, rounds } = options({ seconds: 3, rounds: 3 });
const THREADS = [1, 16];
const folder = scratch('db'), rows = table('db');

function told(command, words) {
    const { status, stdout, stderr, error } = spawnSync(command, words.map(String), { encoding: 'utf8' });
    if (status !== 0)
        throw new Error(`${command} ${words.join(' ')}: ${error ?? stderr}`);
    return stdout;
}

told('ninja', ['-C', path.join(root, 'build'), 'bench/db_bench']);
const postgres = await Postgres.start({ fsync: true, address: '127.0.0.1', port: await free_port(), under: '/var/tmp' });
const urls = { SQLite: `sqlite://${folder}/bench.db`, PostgreSQL: postgres.database('bench') };
const scripts = { reads: 'SELECT number, text FROM bench WHERE number = :number;',
    writes: 'BEGIN ISOLATION LEVEL SERIALIZABLE;\nUPDATE bench SET changes = changes + 1 WHERE number = :number;\nCOMMIT;' };
for (const [name, sql] of Object.entries(scripts))
    fs.writeFileSync(path.join(folder, name), `\\set number random(1, 100000)\n${sql}\n`);

const ours = (url, what, threads) => JSON.parse(told(path.join(root, 'build', 'bench', 'db_bench'), [url, what, threads, seconds])).rate;
const pgbench = (what, threads) => Number(/tps = ([\d.]+)/.exec(told('pgbench', ['-n', '-M', 'prepared', '-c', threads, '-j', Math.min(threads, 2), '-T', seconds,
    '-f', path.join(folder, what), '-h', '127.0.0.1', '-p', postgres.port, '-U', 'kinora', 'bench']))[1]);

try {
    for (const [what, name, unit] of [['reads', 'rows read by key', 'rows/s'], ['writes', 'changes on disk', 'changes/s']])
        for (const threads of THREADS) {
            const by = `${threads} thread${threads > 1 ? 's' : ''}`;
            const rates = await interleave(rounds, {
                sqlite: () => ours(urls.SQLite, what, threads),
                postgres: () => ours(urls.PostgreSQL, what, threads),
                peer: () => pgbench(what, threads),
            });
            rows.add({ what: `SQLite: ${name}, ${by}`, unit, ours: rates.sqlite });
            rows.add({ what: `PostgreSQL: ${name}, ${by}`, unit, ours: rates.postgres, peer: 'pgbench', theirs: rates.peer });
        }
} finally {
    await postgres.remove();
}
rows.finish();
