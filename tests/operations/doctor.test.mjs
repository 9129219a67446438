// SPDX-License-Identifier: GPL-3.0-or-later
// kinora doctor on what a server keeps: each thing that may be wrong, one at a time. What it says of programs is in tests/cli.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { noise } from '../storage/lib/store.mjs';
import { on_postgres, run_beside, Server, share_database, temporary } from '../api/lib/server.mjs';
import { sqlite } from '../api/lib/sqlite-only.mjs';
import { S3Fake } from '../storage/lib/s3-fake.mjs';
import { store_env } from '../storage/lib/store.mjs';

let sound; // the data folder of a server that has stopped
const folders = [], closing = [];

before(async () => {
    const server = await Server.start({ flags: ['--no-workers'] });
    await (await new Client(server).user('root')).upload('noise.wav', noise(1));
    await server.stop();
    folders.push(sound = server.data);
});
after(async () => {
    for (const close of closing)
        await close();
    for (const folder of folders)
        fs.rmSync(folder, { recursive: true, force: true });
});

// A copy of the sound data folder, to be broken.
function copy() {
    const data = temporary('doctor');
    folders.push(data);
    fs.cpSync(sound, data, { recursive: true });
    share_database(data, sound);
    return data;
}

async function doctor(data, env = {}) {
    const { code, stdout, stderr } = await run_beside(['doctor', 'data', '--json', '--data', data], env);
    const told = JSON.parse(stdout);
    assert.equal(told.ok, code === 0, stderr);
    assert.equal(told.broken, told.checks.filter(({ status }) => status === 'broken').length);
    for (const { status, found, mend } of told.checks) {
        assert.ok(found.length > 5);
        assert.ok(status !== 'broken' || mend.length > 5, `${found}: how is it mended?`);
    }
    return { code, ...told };
}

// The only thing that is wrong.
async function broken(data, env) {
    const told = await doctor(data, env);
    const wrong = told.checks.filter(({ status }) => status === 'broken');
    assert.equal(told.code, 1);
    assert.equal(wrong.length, 1, JSON.stringify(wrong));
    return wrong[0];
}

const listen = (greet) => new Promise((resolve) => {
    const server = net.createServer(greet);
    closing.push(() => new Promise((done) => server.close(done)));
    server.listen(0, '127.0.0.1', () => resolve(server.address().port));
});

test('a sound installation passes, key and database belonging together, and nothing in it is changed', async () => {
    const names = () => fs.readdirSync(sound, { recursive: true }).filter((name) => !/-(wal|shm)$/.test(name)).sort();
    const before = names();
    const { code, checks } = await doctor(sound);
    assert.equal(code, 0);
    const found = (check) => checks.filter((one) => one.check === check).map((one) => one.found).join('; ');
    assert.match(found('data folder'), /can be written to/);
    assert.match(found('disk'), /keeps what is written \(fsync in [\d.]+ ms\); [\d.]+ GiB free/);
    assert.match(found('master key'), /fingerprint [0-9a-f]{16}; it fits the database/);
    assert.match(found('database'), new RegExp(`${on_postgres ? 'PostgreSQL' : 'SQLite 3'}.* answers; schema version \\d+.*; no damage found`));
    assert.match(found('mail'), /no mail server is set/);
    assert.deepEqual(names(), before);
});

test('a folder that is not there yet is no fault', async () => {
    const nowhere = path.join(temporary('doctor'), 'new');
    folders.push(path.dirname(nowhere));
    assert.equal((await doctor(nowhere)).code, 0);
    assert.ok(!fs.existsSync(nowhere));
});

test('a master key that others can read, that is lost, or that is another one is told with what mends it', async () => {
    const data = copy(), key = path.join(data, 'keys/master.key');
    fs.chmodSync(key, 0o644);
    assert.match((await broken(data)).found, /open to other users.*chmod 600/);
    fs.chmodSync(key, 0o600);
    fs.writeFileSync(key, Buffer.alloc(32, 7));
    const other = await broken(data);
    assert.match(other.found, /not the one that sealed this database/);
    assert.match(other.mend, /recovery kit/);
    fs.rmSync(key);
    assert.match((await broken(data)).found, /master\.key is not there/);
    assert.ok(!fs.existsSync(key), 'none is made in its place');
});

sqlite('a damaged database file is told', async () => {
    const damaged = copy(), file = path.join(damaged, 'kinora.db');
    const bytes = fs.readFileSync(file);
    for (let page = 4096 * 8; page < bytes.length; page += 4096)
        bytes.fill(0xa5, page, page + 2048);
    fs.writeFileSync(file, bytes);
    const { code, checks } = await doctor(damaged);
    assert.equal(code, 1);
    assert.ok(checks.some(({ check, status }) => check === 'database' && status === 'broken'), JSON.stringify(checks));
});

test('a database of a newer program is told', async () => {
    const newer = new Server({ data: copy() });
    newer.sql("INSERT INTO schema_version VALUES (9999, 'later', 0)");
    assert.match((await broken(newer.data)).found, /schema version 9999; this program knows/);
    newer.sql('DELETE FROM schema_version WHERE version = 9999'); // of what its copies may share
});

test('a database that does not answer and a data folder that is a file are told', async () => {
    const away = await broken(copy(), { KINORA_DATABASE_URL: 'postgresql://kinora@127.0.0.1:1/none' });
    assert.equal(away.check, 'database');
    const file = path.join(temporary('doctor'), 'file');
    folders.push(path.dirname(file));
    fs.writeFileSync(file, '');
    assert.match((await broken(file)).found, /is not a folder/);
});

test('an object is put, read and deleted in the object store; what it refuses is told', async () => {
    const store = await S3Fake.start();
    closing.push(() => store.remove());
    const good = await doctor(sound, store_env(store));
    assert.equal(good.code, 0);
    assert.ok(good.checks.some(({ check, found }) => check === 'object store' && /takes, gives and deletes objects/.test(found)));
    assert.equal(store.objects.size, 0, 'the object of the trial is gone');
    assert.ok(['PUT', 'GET', 'DELETE'].every((method) => store.seen.some((one) => one.startsWith(method))), String(store.seen));
    assert.equal((await broken(sound, store_env(store, { KINORA_S3_SECRET_KEY: 'wrong' }))).check, 'object store');
    assert.ok(store.refused.splice(0).length, 'that was the signature');
    assert.match((await broken(sound, store_env(store, { KINORA_S3_BUCKET: 'nowhere' }))).found, /no bucket/);
});

test('the mail server is greeted; one that is away or refuses the password is told', async () => {
    const port = await listen((socket) => {
        socket.write('220 test ESMTP\r\n');
        socket.on('error', () => {}).on('data', (line) => socket.write(/^EHLO/.test(line) ? '250-test\r\n250 AUTH PLAIN\r\n'
            : /^AUTH/.test(line) ? '535 no\r\n' : '250 ok\r\n'));
    });
    const good = await doctor(sound, { KINORA_SMTP_URL: `smtp://127.0.0.1:${port}` });
    assert.ok(good.checks.some(({ check, found }) => check === 'mail' && /takes our name/.test(found)));
    assert.equal((await broken(sound, { KINORA_SMTP_URL: `smtp://who:what@127.0.0.1:${port}` })).check, 'mail');
    const away = await broken(sound, { KINORA_SMTP_URL: 'smtp://who:secret-word@127.0.0.1:1' });
    assert.equal(away.check, 'mail');
    assert.doesNotMatch(JSON.stringify(away), /secret-word/);
});

test('doctor refuses a part that there is none of', async () => {
    const { code, stderr } = await run_beside(['doctor', 'everything']);
    assert.equal(code, 2);
    assert.match(stderr, /"programs" or "data"/);
});
