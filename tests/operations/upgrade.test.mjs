// SPDX-License-Identifier: GPL-3.0-or-later
// A data folder and a program of different ages.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { wav } from '../api/lib/media.mjs';
import { Postgres } from '../api/lib/postgres.mjs';
import { Server, on_postgres, run } from '../api/lib/server.mjs';
import { sqlite } from '../api/lib/sqlite-only.mjs';

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
    server.sql(`UPDATE schema_version SET version = ${version + 900} WHERE version = ${version}`);
    if (!on_postgres)
        server.sql('PRAGMA wal_checkpoint(TRUNCATE)');
    const state = () => [...content(server.data), JSON.stringify(server.sql('SELECT * FROM schema_version ORDER BY version'))];
    const before_ = state();
    assert.ok(before_.length >= 3, 'database, key and blob are looked at');
    const { code, stderr } = run(['serve', '--data', server.data, '--listen', '127.0.0.1:0']);
    assert.equal(code, 1, stderr);
    assert.match(stderr, new RegExp(`${version + 900}`));
    assert.match(stderr, new RegExp(`\\b${version}\\b`));
    assert.deepEqual(state(), before_);
});

// A database as the first migration left it, which no later program changes: with one account.
const first_version = (types, hash) => `CREATE TABLE schema_version (version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_us BIGINT NOT NULL);
    INSERT INTO schema_version VALUES (1, 'users, sessions, secrets', 1);
    CREATE TABLE users (number ${types.serial}, id ${types.uuid} NOT NULL UNIQUE, username TEXT NOT NULL, username_key TEXT NOT NULL UNIQUE,
        email TEXT NOT NULL, email_key TEXT NOT NULL UNIQUE, password_hash TEXT NOT NULL, is_active BOOLEAN NOT NULL, is_superuser BOOLEAN NOT NULL,
        plan TEXT NOT NULL CHECK (plan IN ('free', 'pro', 'business')), created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
    CREATE TABLE session (id ${types.uuid} PRIMARY KEY, user_id ${types.uuid} NOT NULL REFERENCES users(id) ON DELETE CASCADE,
        refresh_hash ${types.bytes} NOT NULL UNIQUE, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL);
    CREATE INDEX idx_session_user ON session(user_id);
    CREATE TABLE secret (name TEXT PRIMARY KEY, sealed ${types.bytes} NOT NULL);
    INSERT INTO users (id, username, username_key, email, email_key, password_hash, is_active, is_superuser, plan, created_at, updated_at)
        VALUES ('0190d0c0-0000-7000-8000-000000000001', 'Old', 'old', 'old@example.org', 'old@example.org', '${hash}', TRUE, TRUE, 'free', 1, 1);`;
const lite = { serial: 'INTEGER PRIMARY KEY AUTOINCREMENT', uuid: 'TEXT', bytes: 'BLOB' };
const full = { serial: 'BIGSERIAL PRIMARY KEY', uuid: 'UUID', bytes: 'BYTEA' };
const old_hash = () => server.sql("SELECT password_hash FROM users WHERE username = 'root'")[0].password_hash;
const newest = () => server.sql('SELECT max(version) % 900 AS version FROM schema_version')[0].version;

// A data folder of the first version.
function old_folder(more = '') {
    const old = new Server();
    old.sql(`PRAGMA journal_mode = WAL; ${first_version(lite, old_hash())} ${more}`);
    return old;
}

async function is_usable(old) {
    await old.start();
    const client = await new Client(old).login('old', 'root-password');
    await client.upload('new.wav', wav(0.2));
    assert.equal(await old.stop(), 0);
}

sqlite('upgrade --check tries all migrations on a copy and changes nothing; starting does them, after a snapshot', async () => {
    const old = old_folder();
    try {
        const before_ = content(old.data);
        const check = () => run(['upgrade', '--check', '--data', old.data]);
        const tried = check();
        assert.equal(tried.code, 0, tried.stderr);
        assert.match(tried.stderr, new RegExp(`from schema version 1 to ${newest()}: tried on a copy, .* [1-9]\\d* rows before and`));
        assert.deepEqual(content(old.data), before_);
        await is_usable(old);
        const [snapshot, ...others] = fs.readdirSync(path.join(old.data, 'snapshots'));
        assert.match(snapshot, /^schema-0001-.*\.db$/);
        assert.deepEqual(others, []);
        const told = spawnSync('sqlite3', [path.join(old.data, 'snapshots', snapshot), 'SELECT max(version), (SELECT username FROM users) FROM schema_version'], { encoding: 'utf8' });
        assert.equal(told.stdout, '1|Old\n', told.stderr);
        assert.equal(fs.statSync(path.join(old.data, 'snapshots', snapshot)).mode & 0o777, 0o600);
        assert.match(check().stderr, /there is nothing to upgrade/);
        assert.match(old.log, /The database was upgraded/);
    } finally {
        await old.remove();
    }
});

sqlite('migrations that would fail are told by the check, and leave the old data when they are tried', async () => {
    const old = old_folder('CREATE TABLE media (something TEXT); INSERT INTO media VALUES (\'precious\');');
    try {
        for (const words of [['upgrade', '--check'], ['upgrade'], ['serve', '--listen', '127.0.0.1:0']]) {
            const { code, stderr } = run([...words, '--data', old.data]);
            assert.equal(code, 1, words.join(' '));
            assert.match(stderr, /Migration 2 \(blobs and media\) failed/);
            assert.deepEqual(old.sql('SELECT max(version) AS version, (SELECT something FROM media) AS kept FROM schema_version'), [{ version: 1, kept: 'precious' }]);
        }
        assert.equal(run(['upgrade', '--upgrade-snapshots', '1', '--data', old.data]).code, 1);
        assert.equal(fs.readdirSync(path.join(old.data, 'snapshots')).length, 1, 'as many snapshots are kept as is said');
        assert.deepEqual(fs.readdirSync(path.join(old.data, 'scratch')), []);
    } finally {
        await old.remove();
    }
});

test('the same on PostgreSQL: nothing of the check stays, the snapshot is an export', async () => {
    const postgres = await Postgres.start();
    const old = new Server();
    try {
        const url = postgres.database('old');
        old.env = { KINORA_DATABASE_URL: url };
        postgres.psql('old', first_version(full, old_hash()));
        const schemas = () => postgres.psql('old', "SELECT count(*) FROM information_schema.schemata WHERE schema_name LIKE 'kinora%'");
        const tried = run(['upgrade', '--check', '--data', old.data, '--database-url', url]);
        assert.equal(tried.code, 0, tried.stderr);
        assert.match(tried.stderr, new RegExp(`from schema version 1 to ${newest()}: tried on a copy`));
        assert.deepEqual([schemas(), postgres.psql('old', 'SELECT max(version) FROM schema_version')], [[['0']], [['1']]]);
        await is_usable(old);
        const [snapshot] = fs.readdirSync(path.join(old.data, 'snapshots'));
        const text = fs.readFileSync(path.join(old.data, 'snapshots', snapshot), 'utf8');
        assert.match(text, /^-- Kinora export 1\n-- schema 1\n/);
        assert.match(text, /INSERT INTO users .*'Old'/);
        assert.deepEqual(postgres.psql('old', 'SELECT max(version) FROM schema_version'), [[String(newest())]]);
        postgres.psql('old', 'CREATE TABLE kept (x TEXT); UPDATE schema_version SET version = 9000 WHERE version = 1');
        const newer = run(['upgrade', '--check', '--data', old.data, '--database-url', url]);
        assert.equal(newer.code, 1);
        assert.match(newer.stderr, /schema version 9000, this program knows versions up to/);
    } finally {
        await old.remove();
        await postgres.remove();
    }
});
