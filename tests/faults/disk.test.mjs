// SPDX-License-Identifier: GPL-3.0-or-later
// The disk of a server is full, may only be read, or fails now and then: what was acknowledged stays, what cannot be kept
// is refused, and once the disk is well all goes on by itself.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Client, file_form } from '../api/lib/client.mjs';
import { on_postgres, program, Server, sleep, temporary, until } from '../api/lib/server.mjs';
import { Faults } from './lib/faults.mjs';
import { at_fixed_port, jobs_end, Load, noise, stored_files_agree } from './lib/load.mjs';
import { long, survived } from './lib/report.mjs';

const ROUNDS = long ? 12 : 3;
const namespace = ['unshare', '--mount', ...(process.getuid() === 0 ? [] : ['--user', '--map-root-user'])];

// Under `load` the fault comes and goes; while it lasts `refused` must become true, and afterwards it goes on.
async function come_and_go(load, begin, end) {
    for (let round = 0; round < ROUNDS; round++) {
        await sleep(150);
        const refused = load.refused;
        begin();
        await until('something is refused', () => load.refused > refused + 5);
        end();
        const acknowledged = load.acknowledged;
        await until('it goes on', () => load.acknowledged > acknowledged + 10, { limit_ms: 60_000 });
    }
    await load.stop();
    await load.check();
}

test('a disk that is full refuses what it cannot keep, and goes on when there is room', async () => {
    const data = temporary('full');
    const server = await Server.start({ data, around: [...namespace, 'sh', '-c', `mount -t tmpfs -o size=64m kinora-test '${data}' && exec "$@"`, '-'] });
    let load;
    try {
        const ada = await at_fixed_port(server);
        load = await Load.start(ada, { upload_bytes: 60_000 });
        const seen = path.join(`/proc/${server.pid}/root`, data), filler = path.join(seen, 'of-another-program');
        await come_and_go(load, () => assert.throws(() => fs.writeFileSync(filler, Buffer.alloc(80 << 20)), /ENOSPC/), () => fs.unlinkSync(filler));
        const inside = ['--target', String(server.pid), '--mount', '--root', ...(process.getuid() === 0 ? [] : ['--user', '--preserve-credentials'])];
        const told = (sql) => on_postgres ? server.sql(sql) : JSON.parse(spawnSync('nsenter', [...inside, 'sqlite3', '-json', path.join(data, 'kinora.db'), sql], { encoding: 'utf8' }).stdout || '[]');
        const idle = () => until('no job is left', () => told("SELECT count(*) AS n FROM job WHERE state IN ('pending', 'processing', 'waiting')")[0].n === 0, { limit_ms: 120_000 });
        await jobs_end(ada, idle, told);
        if (!on_postgres)
            assert.deepEqual(told('PRAGMA integrity_check'), [{ integrity_check: 'ok' }]);
        assert.deepEqual(server.blobs().map((file) => path.basename(file)).sort(), told('SELECT id FROM blob').map(({ id }) => id).sort());
        survived('disk full', { times: `${ROUNDS} times; ${load.told()}`, checked: 'every upload byte for byte, every edit, every job; database whole; no file of a failed upload left',
            outcome: 'refused with 507 or 503 while it was full; nothing lost; it went on by itself' });
    } finally {
        load?.end();
        await server.remove();
    }
});

for (const [name, one_in, errno, outcome] of [['disk read-only', 0, 'EROFS', 'refused while it lasted, nothing lost, it went on by itself'],
    ['disk flaky', 20, 'EIO', 'what failed was refused; nothing that was acknowledged was lost or changed']])
    test(`a disk of which is true: ${name}: loses nothing that was acknowledged`, async () => {
        const faults = new Faults();
        const server = new Server({ env: faults.env });
        faults.folder = server.data;
        let load;
        try {
            await server.start();
            const ada = await at_fixed_port(server);
            load = await Load.start(ada);
            await come_and_go(load, () => faults.disk(errno, one_in), () => faults.disk(null));
            await jobs_end(ada, () => server.idle(), (sql) => server.sql(sql));
            assert.ok(server.is_whole());
            assert.equal(await server.stop(), 0);
            await stored_files_agree(server.data);
            await server.start();
            await load.check();
            survived(name, { times: `${ROUNDS} times, ${faults.failed} calls failed; ${load.told()}`, checked: 'every upload byte for byte, every edit, every job; database whole; list and store of files agree',
                outcome });
        } finally {
            load?.end();
            await server.remove();
            faults.remove();
        }
    });

test('a server does not start on a data folder that may only be read, and says so', async () => {
    const server = await Server.start();
    try {
        const ada = await new Client(server).user('ada'), bytes = noise(30_000);
        const { id } = await ada.must(201, 'POST', '/api/v1/files/upload?transcribe=false', undefined, file_form('noise.wav', bytes));
        await server.idle();
        await server.stop();
        const [command, ...words] = [...namespace, 'sh', '-c', `mount --bind '${server.data}' '${server.data}' && mount -o remount,bind,ro '${server.data}' && exec "$@"`, '-',
            program, 'serve', '--data', server.data, '--listen', '127.0.0.1:0'];
        const { status, stderr } = spawnSync(command, words, { encoding: 'utf8', timeout: 30_000 });
        assert.equal(status, 1, stderr);
        assert.match(stderr, /Cannot write in the data folder .*Read-only file system/);
        await server.start();
        assert.ok(bytes.equals((await new Client(server, { token: ada.token }).get(`/api/v1/files/${id}/content`)).bytes));
        survived('start read-only', { times: '1 start', checked: 'exit code, message, and a start once it may be written', outcome: 'refused with the reason and what to do; nothing was touched' });
    } finally {
        await server.remove();
    }
});
