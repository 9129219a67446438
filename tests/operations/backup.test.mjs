// SPDX-License-Identifier: GPL-3.0-or-later
// Backups that are made while people work, looked at, damaged, killed in the middle, and brought back.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { wav } from '../api/lib/media.mjs';
import { Postgres } from '../api/lib/postgres.mjs';
import { S3Fake } from '../storage/lib/s3-fake.mjs';
import { store_env } from '../storage/lib/store.mjs';
import { Server, program, run, run_beside, sleep, temporary, until, with_database } from '../api/lib/server.mjs';

const LARGE_BYTES = 24 << 20; // long enough on the way for a kill in the middle
const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');
let home, server, root, kit, postgres;

before(async () => {
    home = temporary('backups');
    const large = Buffer.concat([wav(0).subarray(0, 44), randomBytes(LARGE_BYTES)]);
    large.writeUInt32LE(36 + LARGE_BYTES, 4);
    large.writeUInt32LE(LARGE_BYTES, 40);
    [server, postgres] = await Promise.all([Server.start({ flags: ['--no-workers'] }), Postgres.start()]);
    root = await new Client(server).user('root');
    await root.upload('large.wav', large);
    kit = path.join(home, 'kit');
    fs.writeFileSync(kit, run(['keys', 'recovery-kit', '--data', server.data]).stdout);
});
after(async () => {
    await Promise.all([server.remove(), postgres.remove()]);
    fs.rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

// A command's words; an object among them is for its environment.
const kinora = (...words) => run_beside(words.filter((word) => typeof word === 'string'), Object.assign({}, ...words.filter((word) => typeof word !== 'string')));
async function must(...words) {
    const told = await kinora(...words);
    assert.equal(told.code, 0, `${words.join(' ')}: ${told.stderr}`);
    return told;
}
const walk = (folder) => fs.existsSync(folder)
    ? fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => entry.isDirectory() ? walk(path.join(folder, entry.name)) : [path.join(folder, entry.name)]) : [];
const stored = (folder) => walk(path.join(folder, 'blobs')).filter((file) => !file.startsWith(path.join(folder, 'blobs/tmp/')));
const names = (folder) => fs.readdirSync(folder).filter((name) => /^\d{4}-.*Z$/.test(name));
const is_whole = (folder, name) => fs.existsSync(path.join(folder, name, 'manifest.json'));

// Everybody's files by name, with the hash of what is downloaded, and the titles of videos.
async function library(client) {
    const { files } = await client.must(200, 'GET', '/api/v1/files?limit=100');
    const { data: { videos } } = await client.must(200, 'GET', '/api/v1/videos?limit=100');
    const content = {};
    for (const { id, name } of files)
        content[name] = hash((await client.get(`/api/v1/files/${id}/content`)).bytes);
    return { content, titles: Object.fromEntries(videos.map(({ id, title }) => [id, title])) };
}

// Starts a server on what was restored, and gives its library. The log that came back tells who has brought it back, and
// which of the backups in the folder, as its newest row from before the start.
async function look(data, folder, { env = {} } = {}) {
    const restored = await Server.start({ data, env, flags: ['--no-workers'] });
    try {
        const client = await new Client(restored).login('root');
        const { entries } = (await client.must(200, 'GET', '/api/v1/admin/audit?action=backup.restore')).data;
        const { number, at, ...row } = entries[0];
        assert.deepEqual(row, { actor_id: null, actor: os.userInfo().username, session_id: null, api_key: false, action: 'backup.restore', object_kind: 'backup',
            object_id: names(folder).at(-1), detail: null, outcome: 'ok', address: 'console', trace_id: '' });
        const newest = (await client.must(200, 'GET', '/api/v1/admin/audit')).data.entries[1];
        assert.deepEqual([newest.number, newest.at], [number, at], 'it stands right before the login that reads it');
        return await library(client);
    } finally {
        await restored.stop();
    }
}

// Uploads, deletions and edits one after the other until it is told to stop. Titles are set in a fixed order, so that
// each moment can be told from them; every file's name says what is in it.
async function work(client, prefix) {
    const videos = [];
    for (let i = 0; i < 2; i++)
        videos.push((await client.must(201, 'POST', '/api/v1/videos', { title: '0' })).data.video.id);
    const worker = { stop: false, rounds: 0, videos };
    worker.ended = (async () => {
        for (let round = 1; !worker.stop; round++) {
            const bytes = wav(0.1, 200 + round % 500);
            const { id } = await client.upload(`${prefix}-${hash(bytes)}-${round}.wav`, bytes);
            for (const video of videos)
                await client.must(200, 'PUT', `/api/v1/videos/${video}`, { title: String(round) });
            if (round % 2)
                await client.must(200, 'DELETE', `/api/v1/files/${id}`);
            worker.rounds = round;
        }
    })();
    return worker;
}

function is_one_moment({ content, titles }, { videos }, prefix) {
    const [first, second] = videos.map((id) => Number(titles[id]));
    assert.ok(first === second || first === second + 1, `${first} ${second}`);
    const own = Object.entries(content).filter(([name]) => name.startsWith(prefix));
    for (const [name, digest] of own)
        assert.equal(name.split('-')[1], digest, `${name} is what it was`);
    return own.length;
}

// Makes backups while somebody works; the newest is verified and restored.
async function back_up_a_busy_server(busy, client, folder, flags, prefix) {
    const worker = await work(client, prefix);
    await until('a few files came and went', () => worker.rounds >= 6);
    for (let i = 0; i < 3; i++) {
        const rounds = worker.rounds;
        await must('backup', 'create', folder, ...flags);
        await until('the work goes on', () => worker.rounds > rounds);
    }
    worker.stop = true;
    await worker.ended;
    const { stderr } = await must('backup', 'verify', folder, ...flags);
    assert.match(stderr, /is good: its database was restored and compared \(\d+ rows in \d+ tables\)/);
    return worker;
}

test('a backup of a busy server on SQLite is one moment, whole, and only the first one is large', async () => {
    const folder = path.join(home, 'busy'), data = path.join(home, 'busy-restored');
    const worker = await back_up_a_busy_server(server, root, folder, ['--data', server.data], 'busy');
    const manifests = names(folder).map((name) => JSON.parse(fs.readFileSync(path.join(folder, name, 'manifest.json'))));
    assert.equal(manifests.length, 3);
    assert.ok(manifests[0].files.new_bytes > LARGE_BYTES);
    for (const manifest of manifests.slice(1))
        assert.ok(manifest.files.new_bytes < 1 << 20, 'only what is new is copied');
    assert.deepEqual(manifests.map(({ files }) => files.missing), [0, 0, 0]);
    await must('backup', 'restore', folder, '--data', data, '--recovery-kit', kit);
    const found = await look(data, folder);
    assert.ok(is_one_moment(found, worker, 'busy') >= 3);
    assert.ok(found.content['large.wav']);
    const { code, stdout, stderr } = await kinora('blobs', 'verify', '--deep', '--data', data);
    assert.equal(code, 0, stdout + stderr);
});

test('the same on PostgreSQL and an object store, restored there and to SQLite and the disk, and one of SQLite the other way', async () => {
    const folder = path.join(home, 'postgres'), store = await S3Fake.start();
    // An installation of its own in the same database server and the same bucket.
    const installation = (name) => store_env(store, { KINORA_DATABASE_URL: postgres.database(name), KINORA_S3_PREFIX: `${name}/` });
    const env = installation('live'), busy = await Server.start({ env, flags: ['--no-workers'] });
    try {
        const client = await new Client(busy).user('root');
        const worker = await back_up_a_busy_server(busy, client, folder, ['--data', busy.data, env], 'pg');
        const own = path.join(home, 'pg-kit');
        fs.writeFileSync(own, run(['keys', 'recovery-kit', '--data', busy.data]).stdout);
        const restore = (data, to, from = folder, key = own) => kinora('backup', 'restore', from, '--data', path.join(home, data), '--recovery-kit', key, to);
        const taken = await restore('pg-refused', env);
        assert.equal(taken.code, 1);
        assert.match(taken.stderr, /The database is not empty/);
        const other = installation('restored'), across = installation('across');
        assert.equal((await restore('pg-restored', other)).code, 0);
        assert.equal((await restore('pg-lite', {})).code, 0);
        const [on_postgres, on_sqlite] = [await look(path.join(home, 'pg-restored'), folder, { env: other }), await look(path.join(home, 'pg-lite'), folder)];
        assert.deepEqual(on_sqlite, on_postgres);
        assert.ok(is_one_moment(on_postgres, worker, 'pg') >= 3);
        assert.deepEqual([stored(path.join(home, 'pg-restored')).length, stored(path.join(home, 'pg-lite')).length > 3], [0, true]);
        await must('backup', 'create', path.join(home, 'lite'), '--data', server.data);
        assert.equal((await restore('across', across, path.join(home, 'lite'), kit)).code, 0);
        assert.deepEqual(await look(path.join(home, 'across'), path.join(home, 'lite'), { env: across }), await library(root));
    } finally {
        await busy.remove();
        await store.remove();
    }
});

test('another master key is refused by its name, and a data folder that is not empty', async () => {
    const folder = path.join(home, 'keys'), data = path.join(home, 'other');
    await must('backup', 'create', folder, '--data', server.data);
    const stranger = path.join(home, 'stranger');
    fs.mkdirSync(path.join(stranger, 'keys'), { recursive: true, mode: 0o700 });
    fs.writeFileSync(path.join(stranger, 'keys/master.key'), randomBytes(32), { mode: 0o600 });
    const wrong = await kinora('backup', 'restore', folder, '--data', stranger);
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /belongs to the master key [0-9a-f]{16}, and the key at hand is [0-9a-f]{16}/);
    assert.deepEqual(fs.readdirSync(stranger), ['keys']);
    const none = await kinora('backup', 'restore', folder, '--data', data);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /give its recovery kit with --recovery-kit/);
    assert.ok(!fs.existsSync(data));
    fs.mkdirSync(data);
    fs.writeFileSync(path.join(data, 'precious'), 'x');
    const full = await kinora('backup', 'restore', folder, '--data', data, '--recovery-kit', kit);
    assert.match(full.stderr, /is not empty/);
    assert.deepEqual(fs.readdirSync(data), ['precious']);
    await must('backup', 'restore', folder, '--data', data, '--recovery-kit', kit, '--force');
    const [aside] = fs.readdirSync(home).filter((name) => name.startsWith('other.before-'));
    assert.equal(fs.readFileSync(path.join(home, aside, 'precious'), 'utf8'), 'x');
    assert.ok(fs.existsSync(path.join(data, 'keys/master.key')) && !fs.existsSync(path.join(data, 'precious')));
});

test('the master key is in a backup only when asked for, and opens by its passphrase alone', async () => {
    const folder = path.join(home, 'sealed'), data = path.join(home, 'unsealed');
    const with_input = (words, input) => run(words, { input, limit_ms: 60_000 });
    assert.equal(with_input(['backup', 'create', folder, '--with-key', '--data', server.data], 'a good long passphrase\n').code, 0);
    const key = fs.readFileSync(path.join(server.data, 'keys/master.key'));
    for (const file of walk(folder))
        assert.ok(!fs.readFileSync(file).includes(key), file);
    const wrong = with_input(['backup', 'restore', folder, '--passphrase', '--data', data], 'another passphrase\n');
    assert.match(wrong.stderr, /not the passphrase/);
    assert.ok(!fs.existsSync(data));
    const right = with_input(['backup', 'restore', folder, '--passphrase', '--data', data], 'a good long passphrase\n');
    assert.equal(right.code, 0, right.stderr);
    assert.deepEqual(fs.readFileSync(path.join(data, 'keys/master.key')), key);
});

test('a byte that has changed, a file that is gone and a manifest that was changed are found', async () => {
    const folder = path.join(home, 'damaged');
    const small = await root.upload('small.wav', wav(0.3));
    await must('backup', 'create', folder, '--data', server.data);
    const verify = () => kinora('backup', 'verify', folder, '--data', server.data);
    const [name] = names(folder);
    const { database } = JSON.parse(fs.readFileSync(path.join(folder, name, 'manifest.json')));
    const [{ blob_id }] = server.sql(`SELECT blob_id FROM media WHERE id = '${small.id}'`);
    const spoiled = async (file, change, wanted) => {
        const whole = fs.readFileSync(file);
        change(file, whole);
        const { code, stdout, stderr } = await verify();
        assert.equal(code, 1, stderr);
        assert.match(stdout + stderr, wanted);
        fs.writeFileSync(file, whole, { mode: 0o600 });
    };
    const at = (id) => path.join(folder, 'blobs', id.slice(-2), id);
    const flip = (file, whole) => {
        const bytes = Buffer.from(whole);
        bytes[bytes.length >> 1] ^= 1;
        fs.writeFileSync(file, bytes);
    };
    await spoiled(at(blob_id), flip, new RegExp(`damaged +${blob_id}`));
    await spoiled(at(blob_id), (file) => fs.unlinkSync(file), new RegExp(`missing +${blob_id}`));
    await spoiled(at(database.id), flip, /The database in the backup .* is damaged/);
    await spoiled(path.join(folder, name, 'files'), flip, /list of files of the backup is damaged/);
    await spoiled(path.join(folder, name, 'manifest.json'),
        (file, whole) => fs.writeFileSync(file, whole.toString().replace(/"program":"/, '"program":"9')), /not as Kinora wrote it/);
    const metrics = async () => (await root.get('/metrics')).bytes.toString();
    assert.match(await metrics(), /^backup_last_failed_timestamp_seconds [1-9]/m);
    const good = await verify();
    assert.equal(good.code, 0, good.stderr);
    const [, seconds] = /^backup_last_verified_timestamp_seconds ([\d.e+]+)$/m.exec(await metrics());
    assert.ok(Math.abs(Number(seconds) - Date.now() / 1000) < 60);
    assert.match((await must('backup', 'list', folder)).stdout, new RegExp(`^${name} .* verified 20`));
});

// Starts a command and kills it as soon as `when` says so; false when it had ended before.
async function killed(words, when) {
    const child = spawn(program, words, { env: { ...process.env, ...with_database(words) }, stdio: 'ignore' });
    const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal)));
    while (child.exitCode === null && child.signalCode === null && !when())
        await sleep(1);
    child.kill('SIGKILL');
    return await ended === 'SIGKILL';
}

test('a backup that is killed midway is seen as such, and the next one goes on', async () => {
    const folder = path.join(home, 'killed');
    let half;
    await until('one was killed in the middle', async () => {
        await killed(['backup', 'create', folder, '--data', server.data],
            () => fs.existsSync(folder) && names(folder).some((name) => fs.existsSync(path.join(folder, name, 'files'))));
        half = names(folder).find((name) => !is_whole(folder, name));
        return half;
    });
    assert.match((await must('backup', 'list', folder)).stderr, /not made to the end/);
    const chosen = await kinora('backup', 'restore', folder, '--name', half, '--data', path.join(home, 'never'), '--recovery-kit', kit);
    assert.match(chosen.stderr, new RegExp(`There is no whole backup ${half}`));
    assert.ok(!fs.existsSync(path.join(home, 'never')));
    await must('backup', 'create', folder, '--keep', '5', '--data', server.data);
    assert.ok(!names(folder).includes(half), 'and is cleared away');
    await must('backup', 'verify', folder, '--data', server.data);
});

test('a restore that is killed midway starts nothing, and the next one ends it', async () => {
    const folder = path.join(home, 'whole');
    let data, tries = 0;
    await must('backup', 'create', folder, '--data', server.data);
    const words = () => ['backup', 'restore', folder, '--data', data, '--recovery-kit', kit];
    await until('one was killed in the middle', async () => {
        data = path.join(home, `half-${tries++}`);
        return await killed(words(), () => walk(path.join(data, 'blobs')).length) && fs.existsSync(path.join(data, 'restoring'));
    });
    for (const refused of [['serve', '--listen', '127.0.0.1:0'], ['user', 'list'], ['blobs', 'verify']]) {
        const { code, stderr } = run([...refused, '--data', data]);
        assert.equal(code, 1, refused[0]);
        assert.match(stderr, /is half restored from a backup: run kinora backup restore again/);
    }
    await must(...words());
    assert.deepEqual(await look(data, folder), await library(root));
});

test('what is deleted while a backup is made keeps its bytes until it is done', async () => {
    const id = '00000000-0000-7000-8000-000000000001';
    const hold = (us) => server.sql(`INSERT INTO backup (id, folder, name, started_at, held_until) VALUES ('${id}', '', 'x', 0, ${us})`
        + ` ON CONFLICT (id) DO UPDATE SET held_until = ${us}`);
    const { id: media } = await root.upload('gone.wav', wav(0.4));
    const [{ blob_id }] = server.sql(`SELECT blob_id FROM media WHERE id = '${media}'`);
    const is_there = () => server.blobs().some((file) => file.endsWith(blob_id));
    const sweep = () => must('blobs', 'sweep', '--older', '0', '--data', server.data);
    hold((Date.now() + 3600e3) * 1000);
    await root.must(200, 'DELETE', `/api/v1/files/${media}`);
    assert.deepEqual(server.sql(`SELECT id FROM blob WHERE id = '${blob_id}'`), []);
    await sweep();
    assert.ok(is_there());
    server.sql('UPDATE backup SET held_until = NULL'); // those of killed backups too, which would run out
    await sweep();
    assert.ok(!is_there());
});

test('a server makes backups by itself, verifies them, and keeps as many as it is told', async () => {
    const folder = path.join(home, 'by-itself');
    const alone = await Server.start({ flags: ['--backup-folder', folder, '--backup-keep', '2', '--slots', 'derive=0,proxy=0'] });
    try {
        const client = await new Client(alone).user('root');
        const metric = async () => Number(/^backup_last_verified_timestamp_seconds (.*)$/m.exec((await client.get('/metrics')).bytes.toString())?.[1] ?? 0);
        await until('a backup is made and verified', async () => await metric() > 0);
        await until('its job has ended', () => alone.sql("SELECT count(*) AS n FROM job WHERE kind = 'backup' AND state = 'completed'")[0].n === 1);
        assert.equal(names(folder).length, 1);
        const gone = await client.upload('gone.wav', wav(0.5));
        const flags = ['--data', alone.data];
        await must('backup', 'create', folder, ...flags);
        await client.must(200, 'DELETE', `/api/v1/files/${gone.id}`);
        const before_ = stored(folder).length;
        for (let i = 0; i < 2; i++)
            await must('backup', 'create', folder, '--keep', '1', ...flags);
        assert.equal(names(folder).length, 2, 'the newest, and the newest verified one');
        assert.ok(stored(folder).length < before_, 'files that no backup names any more are gone');
        for (const name of names(folder))
            await must('backup', 'verify', folder, '--name', name, ...flags);
        // The next one is due, and cannot be made.
        fs.renameSync(folder, `${folder}-away`);
        fs.writeFileSync(folder, 'not a folder');
        alone.sql('UPDATE backup SET started_at = 0, made_at = NULL');
        await until('the attempt failed', () => /"kind":"backup".*"outcome":"(?!done)/.test(alone.log));
    } finally {
        await alone.remove();
    }
});

// What a terminal shows.
function on_a_terminal(words, seen) {
    return new Promise((resolve) => {
        const child = spawn('script', ['-qfec', [program, ...words].join(' '), '/dev/null'],
            { env: { ...process.env, ...with_database(words) }, stdio: ['pipe', 'pipe', 'ignore'] });
        let text = '', stopped = false;
        child.stdout.setEncoding('utf8').on('data', (more) => {
            text += more;
            if (!stopped && seen.test(text))
                stopped = child.stdin.write('\x03');
        });
        child.on('close', () => resolve(text.replace(/\r/g, '')));
    });
}

test('the recovery kit is shown on a terminal at the first start and never in a log, and brings the key back', async () => {
    const data = path.join(home, 'first'), groups = /[0-9A-Z]{4}(-[0-9A-Z]{4}){6}\n[0-9A-Z]{4}(-[0-9A-Z]{4}){6}/;
    const words = ['serve', '--data', data, '--listen', '127.0.0.1:0', '--no-workers'];
    const first = await on_a_terminal(words, /It is not shown again by itself/);
    const [shown] = groups.exec(first);
    assert.equal(run(['keys', 'recovery-kit', '--data', data]).stdout, `${shown}\n`);
    assert.doesNotMatch(await on_a_terminal(words, /Data: /), groups);
    assert.doesNotMatch(server.log, groups);
    assert.match(server.log, /Write it down: kinora keys recovery-kit/);
    const key = path.join(data, 'keys/master.key'), before_ = fs.readFileSync(key);
    const restore = (text) => run(['keys', 'restore', '--data', data], { input: text });
    assert.match(restore(fs.readFileSync(kit, 'utf8')).stderr, /Another master key is in/);
    fs.unlinkSync(key);
    const slip = shown[0] === 'A' ? `B${shown.slice(1)}` : `A${shown.slice(1)}`;
    assert.match(restore(slip).stderr, /was not copied rightly/);
    assert.ok(!fs.existsSync(key));
    assert.equal(restore(shown.toLowerCase().replace(/-/g, ' ').replace(/0/g, 'o')).code, 0);
    assert.deepEqual(fs.readFileSync(key), before_);
    assert.equal(fs.statSync(key).mode & 0o777, 0o600);
});
