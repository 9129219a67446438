// SPDX-License-Identifier: GPL-3.0-or-later
// A data folder and a program of different ages.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { wav } from '../api/lib/media.mjs';
import { Server, run } from '../api/lib/server.mjs';

let server;
before(async () => {
    server = await Server.start();
    const root = await new Client(server).user('root');
    await root.upload('kept.wav', wav(0.2));
    await server.idle();
    assert.equal(await server.stop(), 0);
});
after(() => server.remove());

// Every file that holds something, by its content.
function content(folder, at = '') {
    return fs.readdirSync(path.join(folder, at), { withFileTypes: true }).flatMap((entry) => {
        const name = path.join(at, entry.name);
        if (entry.isDirectory())
            return content(folder, name);
        const bytes = fs.readFileSync(path.join(folder, name));
        return /-shm$/.test(name) || name === 'lock' || !bytes.length ? [] : [`${name} ${createHash('sha256').update(bytes).digest('hex')}`];
    }).sort();
}

test('a data folder that is newer than the program is refused, by name of both versions, and stays as it is', () => {
    const [{ version }] = server.sql('SELECT max(version) AS version FROM schema_version');
    server.sql(`UPDATE schema_version SET version = ${version + 900} WHERE version = ${version}; PRAGMA wal_checkpoint(TRUNCATE)`);
    const before_ = content(server.data);
    assert.ok(before_.length >= 3, 'database, key and blob are looked at');
    const { code, stderr } = run(['serve', '--data', server.data, '--listen', '127.0.0.1:0']);
    assert.equal(code, 1, stderr);
    assert.match(stderr, new RegExp(`${version + 900}`));
    assert.match(stderr, new RegExp(`\\b${version}\\b`));
    assert.deepEqual(content(server.data), before_);
});
