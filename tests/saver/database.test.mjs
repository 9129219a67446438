// SPDX-License-Identifier: GPL-3.0-or-later
// The database out and in again, on SQLite and PostgreSQL and across; what is no export; a kill in the middle.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client, file_form, multipart } from '../api/lib/client.mjs';
import { speech, wav } from '../api/lib/media.mjs';
import { Postgres } from '../api/lib/postgres.mjs';
import { Server, until } from '../api/lib/server.mjs';

const ROWS = Number(process.env.KINORA_TEST_ROWS ?? 5_000);
let server, root, good, postgres;

const dump = async (client) => {
    const { status, headers, bytes } = await client.get('/api/v1/database/export');
    assert.equal(status, 200);
    assert.match(headers['content-disposition'], /^attachment; filename="media_auto_saver_backup_\d{8}_\d{6}\.sql"$/);
    assert.equal(headers['content-type'], 'application/sql');
    return bytes.toString();
};
const import_text = (client, text, { name = 'backup.sql', query = '' } = {}) =>
    client.call('POST', `/api/v1/database/import${query}`, file_form(name, Buffer.from(text)));

// Imports and waits; gives the state. The sessions of before end with it, so somebody logs in again.
async function bring(from, text, { query = '', who = 'root', limit_ms = 60_000 } = {}) {
    const { status, json } = await import_text(from, text, { query });
    assert.equal(status, 200, JSON.stringify(json));
    assert.match(json.message, /^Database import process started in the background\./);
    return ended(from, { who, limit_ms });
}

async function ended(from, { who = 'root', limit_ms = 60_000 } = {}) {
    let client = from, state;
    await until('the import has ended', async () => {
        const answer = await client.get('/api/v1/database/import');
        if (answer.status === 401) {
            const login = await client.as(undefined).post('/api/v1/auth/login', { username: who, password: `${who}-password` });
            if (login.status === 200)
                client = client.as(login.json.access_token);
            return false;
        }
        state = answer.json;
        return state.state !== 'running';
    }, { limit_ms, every_ms: 100 });
    // A token of before may be taken for up to a second.
    if (state.state === 'completed')
        client = await from.as(undefined).login(who);
    return { state, client };
}

// What of an export says what is there, without the time in its head and what an import changes on purpose.
const essence = (text) => text.split('\n').filter((line) => !line.startsWith('-- taken') && !/INTO (job|secret) /.test(line)).sort().join('\n');

before(async () => {
    server = await Server.start();
    root = await new Client(server).user('root');
    const ada = await root.user('ada', { plan: 'business' });
    await ada.upload('speech.wav', speech(1), '');
    await ada.must(201, 'POST', '/api/v1/audio/upload', undefined, multipart([{ name: 'title', value: 'A sound' }, { name: 'tags', value: '["one", "t\'wo"]' },
        { name: 'file', file_name: 'tone.wav', type: 'audio/wav', bytes: wav(0.3) }]));
    await ada.must(201, 'POST', '/api/v1/videos', { title: "It's a ''quoted'' \\ title;\n-- with lines\u2028 and \u{1F600}" });
    await ada.must(200, 'POST', '/api/v1/links', { url: 'https://example.invalid/x', name: 'L', type: 'direct', cookies: '{"a":"b"}', is_enabled: false });
    await root.must(200, 'PUT', '/api/v1/settings', { max_concurrent_downloads: 9 });
    await server.idle();
    good = await dump(root);
});
after(async () => {
    await postgres?.remove();
    await server.remove();
});

test('an export names its format, schema and key, and holds no session and no key', () => {
    assert.match(good, /^-- Kinora export 1\n-- schema \d+\n-- master key [0-9a-f]{16}\n-- taken \S+Z\nCREATE TABLE /);
    assert.match(good, /\n-- end of users: 2 rows\n/);
    assert.doesNotMatch(good, /INTO (session|secret|event|schema_version) /);
});

test('an import brings back what was there: users, files, texts, settings; sessions end, jobs are cancelled, numbers go on', async () => {
    const eve = await root.user('eve');
    await root.must(200, 'PUT', '/api/v1/settings', { max_concurrent_downloads: 3 });
    const { state, client } = await bring(root, good);
    assert.equal(state.state, 'completed', JSON.stringify(state));
    assert.deepEqual([state.missing_count, state.missing], [0, []]);
    assert.ok(fs.existsSync(path.join(server.data, state.backup)));
    for (const one of [root, eve])
        await until('the session has ended', async () => (await one.get('/api/v1/users/me')).status === 401);
    root = client;
    assert.equal((await root.must(200, 'GET', '/api/v1/settings')).max_concurrent_downloads, 9);
    assert.deepEqual((await root.must(200, 'GET', '/users')).map((user) => user.username), ['root', 'ada']);
    assert.equal(essence(await dump(root)), essence(good));
    const ada = await root.as(undefined).login('ada');
    const file = (await ada.must(200, 'GET', '/api/v1/files')).files.at(-1);
    assert.deepEqual((await ada.get(`/api/v1/files/${file.id}/content`)).bytes, speech(1));
    const text = (await ada.must(200, 'GET', '/transcriptions'))[0].text.split(' ').sort((a, b) => b.length - a.length)[0];
    assert.ok((await ada.must(200, 'GET', `/api/v1/search?q=${encodeURIComponent(text)}`)).total > 0, 'found again');
    const next = await root.user('fred');
    assert.ok(next.me.id > eve.me.id, 'no number is given twice');
});

const line_of = (text, pattern) => text.slice(0, text.search(pattern)).split('\n').length;
const put_before = (pattern, what) => good.replace(pattern, (found) => what + found);
const hostile = () => ({
    'a command of psql': [put_before(/INSERT INTO media /, '\\! touch /tmp/kinora-was-here\n'), /INSERT INTO media/],
    'COPY … PROGRAM': [put_before(/INSERT INTO media /, "COPY users FROM PROGRAM 'id';\n"), /INSERT INTO media/],
    'a function': [good.replace(/INSERT INTO media \(([^)]*)\) VALUES \(\d+/, "INSERT INTO media ($1) VALUES (load_extension('x')"), /INSERT INTO media/],
    'a subquery': [good.replace(/INSERT INTO media \(([^)]*)\) VALUES \(\d+/, 'INSERT INTO media ($1) VALUES ((SELECT 1)'), /INSERT INTO media/],
    ATTACH: [put_before(/CREATE TABLE media /, "ATTACH 'x' AS y;\n"), /CREATE TABLE media /],
    PRAGMA: [put_before(/CREATE TABLE media /, 'PRAGMA writable_schema = 1;\n'), /CREATE TABLE media /],
    'a trigger': [put_before(/CREATE TABLE media /, 'CREATE TRIGGER x AFTER INSERT ON users BEGIN DELETE FROM users; END;\n'), /CREATE TABLE media /],
    'a view': [put_before(/CREATE TABLE media /, 'CREATE VIEW x AS SELECT 1;\n'), /CREATE TABLE media /],
    DROP: [put_before(/CREATE TABLE media /, 'DROP TABLE users;\n'), /CREATE TABLE media /],
    'a foreign table': [good.replace('CREATE TABLE media (', 'CREATE TABLE sqlite_master ('), /CREATE TABLE media /],
    'the table of keys': [good.replace('CREATE TABLE media (', 'CREATE TABLE secret ('), /CREATE TABLE media /],
    'an unknown column': [good.replace('CREATE TABLE media (number BIGINT', 'CREATE TABLE media (numbers BIGINT'), /CREATE TABLE media /],
    'another type': [good.replace('CREATE TABLE media (number BIGINT', 'CREATE TABLE media (number TEXT'), /CREATE TABLE media /],
    'a default': [good.replace('CREATE TABLE media (number BIGINT', "CREATE TABLE media (number BIGINT DEFAULT (load_extension('x'))"), /CREATE TABLE media /],
    'a comment within': [put_before(/INSERT INTO media /, '/* x */ '), /INSERT INTO media/],
    'a second statement in a line': [good.replace(/(INSERT INTO media .*;)\n/, '$1 DELETE FROM users;\n'), /INSERT INTO media/],
    'a row that is missing': [good.replace(/INSERT INTO media .*\n/, ''), /-- end of media/, 'own'],
    'a row that is twice there': [good.replace(/(INSERT INTO media .*\n)/, '$1$1'), /-- end of media/, 'own'],
    'a table twice': [good.replace(/(CREATE TABLE media [^]*?-- end of media.*\n)/, '$1$1'), null],
    'what follows the end': [`${good}DROP TABLE users;\n`, null],
    'a NUL': [good.replace("'speech.wav'", "'spe\0ch.wav'"), /'speech\.wav'/],
    'text that is not UTF-8': [Buffer.from(good.replace("'speech.wav'", "'spe\u0001ch.wav'")).map((byte) => (byte === 1 ? 0xff : byte)), /'speech\.wav'/],
    'a reference to nothing': [good.replace(/INSERT INTO users [^]*?-- end of users: 2 rows/, '-- end of users: 0 rows'), null],
});

test('hostile and damaged files are refused with the line, and nothing is lost', async () => {
    const now = essence(await dump(root));
    for (const [what, [text, pattern, own]] of Object.entries(hostile())) {
        assert.notEqual(Buffer.compare(Buffer.from(text), Buffer.from(good)), 0, `${what} changes the file`);
        const { state, client } = await bring(root, text);
        root = client;
        assert.equal(state.state, 'failed', what);
        if (pattern)
            assert.match(state.message, new RegExp(`^Line ${line_of(own ? text : good, pattern)}: `), `${what}: ${state.message}`);
        assert.ok(state.message.length > 20, what);
    }
    for (const part of [0.1, 0.5, 0.9, 0.999]) {
        const { state } = await bring(root, good.slice(0, Math.floor(good.length * part)));
        assert.equal(state.state, 'failed', `${part} of the file`);
        assert.match(state.message, /^Line \d+: /);
    }
    assert.equal(essence(await dump(root)), now);
    assert.ok(!fs.existsSync('/tmp/kinora-was-here'));
    assert.deepEqual(fs.readdirSync(path.join(server.data, 'import')), []);
});

test('what is not an export is refused at once', async () => {
    for (const [text, name] of [['garbage', 'x.sql'], ['', 'x.sql'], [good, 'x.txt'], [good, 'x.sql.gz'], ['SQLite format 3\0', 'x.sql']])
        assert.equal((await import_text(root, text, { name })).status, 400, `${name}: ${text.slice(0, 20)}`);
    const bob = await root.user('bob');
    assert.equal((await import_text(bob, good)).status, 403);
    assert.equal((await bob.get('/api/v1/database/export')).status, 403);
});

test('an export of another master key is refused, unless that is allowed; files that are missing are listed', async () => {
    const foreign = good.replace(/master key ([0-9a-f])/, (found, digit) => `master key ${digit === '0' ? '1' : '0'}`);
    const { state } = await bring(root, foreign);
    assert.match(state.message, /another master key/);
    const blob = /INSERT INTO blob \([^)]*\) VALUES \('([0-9a-f-]{36})'/.exec(good)[1];
    const renamed = foreign.replaceAll(blob, '0190f3c2-7b1e-7c3a-9f00-00000000dead');
    const { state: allowed, client } = await bring(root, renamed, { query: '?allow_foreign_keys=true' });
    assert.equal(allowed.state, 'completed', JSON.stringify(allowed));
    assert.deepEqual([allowed.missing_count, allowed.missing], [1, ['0190f3c2-7b1e-7c3a-9f00-00000000dead']]);
    root = (await bring(client, good)).client;
});

// A large export, made of one row of this one.
function many(text, rows) {
    const [line] = /INSERT INTO download_record .*\n/.exec(text) ?? [];
    assert.ok(line, 'there is a record to copy');
    const lines = Array.from({ length: rows }, (_, i) => line.replace(/VALUES \(\d+/, `VALUES (${i + 1}`));
    return text.replace(/INSERT INTO download_record [^]*?-- end of download_record: \d+ rows/, `${lines.join('')}-- end of download_record: ${rows} rows`);
}

test('while an import runs, changes are told to come again; a kill in the middle loses nothing', async () => {
    const link = await root.must(200, 'POST', '/api/v1/links', { url: 'http://127.0.0.1:1/x', name: 'L', type: 'direct', download_automatically: false });
    await root.must(200, 'POST', `/api/v1/links/${link.id}/trigger-download`);
    await until('there is a record', async () => (await root.must(200, 'GET', '/api/v1/history')).length);
    await server.idle();
    const now = await dump(root), large = many(now, Math.max(ROWS, 20_000));
    assert.equal((await import_text(root, large)).status, 200);
    const refused = await root.post('/api/v1/links', { url: 'https://example.org/', name: 'x', type: 'direct' });
    assert.equal(refused.status, 503);
    assert.ok(Number(refused.headers['retry-after']) > 0);
    assert.equal((await root.get('/api/v1/links')).status, 200, 'reading goes on');
    await server.kill();
    await server.start();
    root.agent.destroy();
    root = await new Client(server).login('root');
    assert.equal(essence(await dump(root)), essence(now));
    const { state, client } = await bring(root, large);
    root = client;
    assert.equal(state.state, 'completed', JSON.stringify(state));
    assert.equal(server.sql('SELECT count(*) AS n FROM download_record')[0].n, Math.max(ROWS, 20_000));
});

test('an export of SQLite goes into PostgreSQL and back', async () => {
    postgres = await Postgres.start();
    const text = many(await dump(root), ROWS);
    const other = await Server.start({ env: { KINORA_DATABASE_URL: postgres.database('other'), KINORA_MASTER_KEY_FILE: path.join(server.data, 'keys/master.key') } });
    try {
        const first = await new Client(other).user('first');
        const { state, client } = await bring(first, text, { limit_ms: 300_000 });
        assert.equal(state.state, 'completed', JSON.stringify(state));
        assert.equal(Number(postgres.psql('other', 'SELECT count(*) FROM download_record')[0][0]), ROWS);
        assert.ok(state.missing_count > 0, 'its files are on the other server');
        const back = await dump(client);
        const ordered = (dumped) => essence(dumped).split('\n').filter((line) => line.startsWith('INSERT INTO')).length;
        assert.equal(ordered(back), ordered(text));
        const user = await client.user('late');
        assert.ok(user.me.id > Math.max(...(await client.must(200, 'GET', '/users')).filter((one) => one.username !== 'late').map((one) => one.user_id)));
        const { state: hurt } = await bring(client, text.replace('INSERT INTO media', 'INSERT INTO nothing'));
        assert.equal(hurt.state, 'failed');
        const { state: again, client: home } = await bring(root, back, { limit_ms: 300_000 });
        root = home;
        assert.equal(again.state, 'completed', JSON.stringify(again));
        assert.equal(server.sql('SELECT count(*) AS n FROM download_record')[0].n, ROWS);
        const ada = await root.as(undefined).login('ada');
        const file = (await ada.must(200, 'GET', '/api/v1/files')).files.at(-1);
        assert.deepEqual((await ada.get(`/api/v1/files/${file.id}/content`)).bytes, speech(1));
    } finally {
        await other.remove();
    }
});
