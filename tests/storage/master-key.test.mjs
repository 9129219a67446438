// SPDX-License-Identifier: GPL-3.0-or-later
// Another master key for a data folder: everything is sealed anew, nothing is lost, whenever it is killed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { wav } from '../api/lib/media.mjs';
import { seal, unseal } from '../api/lib/sealed.mjs';
import { program, repository, run, Server } from '../api/lib/server.mjs';

const ROWS = 10_000; // enough to be killed among
let server, ada, file, bytes;
const sealed = new Map(); // id of a blob without a file: its data key
const key_file = (ending = '') => path.join(server.data, `keys/master.key${ending}`);
const rotate = (more) => run(['keys', 'rotate', '--data', server.data], more);

before(async () => {
    server = await Server.start();
    ada = await new Client(server).user('ada');
    bytes = wav(3);
    file = await ada.upload('a.wav', bytes);
});
after(() => server.remove());

// Whatever the key is now, the server starts, knows its users and reads its files.
async function still_works() {
    await server.start();
    assert.ok((await ada.get(`/api/v1/files/${file.id}/content`)).bytes.equals(bytes));
    await ada.login('ada');
    const again = await ada.upload('b.wav', bytes);
    assert.ok((await ada.get(`/api/v1/files/${again.id}/content`)).bytes.equals(bytes));
    // What it kept for a repeated request, too.
    const repeated = { headers: { 'Idempotency-Key': 'kept' } };
    const { json } = await ada.post('/api/v1/videos', { title: 'Once' }, repeated);
    made ??= json.data.video.id;
    assert.equal(json.data.video.id, made);
    await server.stop();
}
let made;

// Every value that the master key seals opens with this key.
function all_open(master) {
    const rows = (statement) => server.sql(statement).map((row) => ({ ...row, sealed: Buffer.from(row.sealed, 'hex') }));
    const lists = [
        ['blob key', rows('SELECT id, hex(sealed_key) AS sealed FROM blob')],
        ['secret', rows('SELECT name AS id, hex(sealed) AS sealed FROM secret')],
        ['user key', rows('SELECT user_id AS id, hex(sealed_private_key) AS sealed FROM user_key WHERE sealed_private_key IS NOT NULL')],
        ['kept answer', rows('SELECT key AS id, hex(answer) AS sealed FROM kept_answer')],
    ];
    for (const [purpose, list] of lists) {
        assert.ok(list.length > 0, purpose);
        for (const row of list) {
            const plain = unseal(master, purpose, row.id, row.sealed);
            if (sealed.has(row.id))
                assert.deepEqual(plain, sealed.get(row.id));
        }
    }
}

test('the master key is not changed under a running server', () => {
    const told = rotate();
    assert.equal(told.code, 1);
    assert.match(told.stderr, /Another Kinora is running .* Stop it first/);
    assert.ok(!fs.existsSync(key_file('.new')));
});

test('a folder without a master key is refused and left as it is', () => {
    const told = run(['keys', 'rotate', '--data', path.join(server.data, 'nothing')]);
    assert.equal(told.code, 1);
    assert.match(told.stderr, /There is no master key .*nothing/);
    assert.ok(!fs.existsSync(path.join(server.data, 'nothing')));
});

test('everything is sealed anew by another key, and the old one is gone', async () => {
    await server.stop();
    await still_works();
    const old = fs.readFileSync(key_file());
    all_open(old);
    const told = rotate();
    assert.equal(told.code, 0, told.stderr);
    const fresh = fs.readFileSync(key_file());
    assert.equal(fresh.length, 32);
    assert.notDeepEqual(fresh, old);
    assert.equal(fs.statSync(key_file()).mode & 0o777, 0o600);
    assert.deepEqual(fs.readdirSync(path.dirname(key_file())), ['master.key']);
    all_open(fresh);
    assert.throws(() => all_open(old), /authenticate/);
    await still_works();
});

test('killed at any moment it loses nothing, and the next run goes on', { timeout: 300_000 }, async () => {
    const master = fs.readFileSync(key_file());
    const rows = [];
    for (let i = 0; i < ROWS; i++) {
        const id = randomUUID(), key = randomBytes(32);
        sealed.set(id, key);
        rows.push(`('${id}', 1, 1, x'00', x'${seal(master, 'blob key', id, key).toString('hex')}', ${Date.now() * 1000})`);
    }
    server.sql(`INSERT INTO blob (id, size_bytes, stored_bytes, sha256, sealed_key, created_at) VALUES ${rows.join(',')};`);
    let in_the_middle = 0, mixed = 0;
    for (let wait_ms = 5; (in_the_middle < 4 || !mixed) && wait_ms < 5000; wait_ms += 25) {
        const child = spawn(program, ['keys', 'rotate', '--data', server.data], { env: { ...process.env, ...server.env }, stdio: 'ignore' });
        const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ?? code)));
        setTimeout(() => child.kill('SIGKILL'), wait_ms);
        const how = await ended;
        if (how === 0)
            continue;
        assert.equal(how, 'SIGKILL');
        if (!fs.existsSync(key_file('.new')))
            continue;
        in_the_middle++;
        const [old, next] = ['', '.new'].map((ending) => fs.readFileSync(key_file(ending)));
        const opens = (key, row) => {
            try {
                return Boolean(unseal(key, 'blob key', row.id, Buffer.from(row.sealed, 'hex')));
            } catch {
                return false;
            }
        };
        const by = server.sql('SELECT id, hex(sealed_key) AS sealed FROM blob').map((row) => [opens(old, row), opens(next, row)]);
        assert.ok(by.every(([a, b]) => a !== b), 'each value is sealed by one of the two');
        mixed += by.some(([a]) => a) && by.some(([, b]) => b);
        if (in_the_middle % 2 === 0)
            await still_works();
    }
    assert.ok(in_the_middle >= 2, `killed ${in_the_middle} times in the middle`);
    assert.ok(mixed >= 1, 'once some were sealed by the old key and some by the next');
    const told = rotate({ limit_ms: 60_000 });
    assert.equal(told.code, 0, told.stderr);
    assert.ok(!fs.existsSync(key_file('.new')));
    all_open(fs.readFileSync(key_file()));
    await still_works();
});

test('a master key that is not the database\'s is kept, and said to be wrong', () => {
    const right = fs.readFileSync(key_file());
    fs.writeFileSync(key_file(), randomBytes(32));
    const told = rotate({ limit_ms: 60_000 });
    assert.equal(told.code, 1);
    assert.match(told.stderr, /opens with neither key, so the old key was kept/);
    fs.writeFileSync(key_file(), right);
    assert.equal(rotate({ limit_ms: 60_000 }).code, 0);
    all_open(fs.readFileSync(key_file()));
});

test('every use of the master key in the source stands in the list of what is sealed anew', () => {
    const source = path.join(repository, 'src');
    const files = fs.readdirSync(source).flatMap((layer) => fs.readdirSync(path.join(source, layer)).map((name) => path.join(source, layer, name)));
    const text = files.filter((name) => name.endsWith('.c') && !name.endsWith('/keyring.c')).map((name) => fs.readFileSync(name, 'utf8')).join('\n');
    const used = [...text.matchAll(/keyring_seal\([^,]+,[^,]+(?:\([^)]*\))?,\s*([^,]+),/g)].map((call) => call[1].trim());
    assert.ok(used.length >= 4);
    const defined = Object.fromEntries([...fs.readFileSync(path.join(source, 'domain/reseal.h'), 'utf8')
        .matchAll(/#define (RESEAL_\w+) ("[^"]+")/g)].map((line) => [line[2], line[1]]));
    const listed = fs.readFileSync(path.join(source, 'domain/reseal.c'), 'utf8');
    // A backup stays with the key of its time: it is opened with that key's recovery kit.
    for (const purpose of used.filter((name) => name !== 'BACKUP_SEAL'))
        assert.ok(listed.includes(`, ${defined[purpose] ?? purpose}, `), `${purpose} has no line in reseal.c`);
});

test('a key in a file of its own is changed in place', async () => {
    const own = path.join(server.data, 'elsewhere.key');
    fs.renameSync(key_file(), own);
    const told = run(['keys', 'rotate', '--data', server.data, '--master-key-file', own], { limit_ms: 60_000 });
    assert.equal(told.code, 0, told.stderr);
    all_open(fs.readFileSync(own));
    fs.renameSync(own, key_file());
    await still_works();
});
