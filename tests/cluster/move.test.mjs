// SPDX-License-Identifier: GPL-3.0-or-later
// `kinora database move`: an installation from SQLite into PostgreSQL and back, whole or not at all.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { speech } from '../api/lib/media.mjs';
import { Postgres } from '../api/lib/postgres.mjs';
import { program, run_beside, Server, temporary, until } from '../api/lib/server.mjs';

const MANY = 12_000; // rows: seconds of copying
let postgres, server, ada, video, file, folder;

before(async () => {
    [postgres, server] = await Promise.all([Postgres.start(), Server.start()]);
    folder = temporary('move');
    ada = await new Client(server).user('ada', { plan: 'business' });
    const { id, job_id } = await ada.upload('cards.wav', speech(1), '');
    file = id;
    await ada.job_end(job_id);
    video = (await ada.must(201, 'POST', '/api/v1/videos', { title: 'Tour "über" \'alles\' 🎬' })).data.video;
    const { data: { scene } } = await ada.must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, { text: 'One', duration: 1.5 });
    await ada.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`, { type: 'text', name: 'x', duration: 1, properties: { text: 'x', font_size: 1e2 } });
    await ada.must(201, 'POST', '/api/v1/api-keys', { name: 'x', scopes: ['read'] });
    await server.idle();
    assert.equal(await server.stop(), 0);
    server.sql(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${MANY})
        INSERT INTO event (kind, user_id, payload, created_at) SELECT 'test', '${ada.me.uuid}', json_object('b', i, 'a', i / 8.0, 'text', 'it''s ' || i), i FROM n`);
    // A number that was given and is gone is never given again.
    server.sql('DELETE FROM event WHERE number = (SELECT max(number) FROM event)');
});
after(async () => {
    await server?.remove();
    await postgres?.remove();
    fs.rmSync(folder, { recursive: true, force: true });
});

const move = (from, to) => run_beside(['database', 'move', '--data', server.data, '--to', to], from ? { KINORA_DATABASE_URL: from } : {});
const rows_of = (place) => {
    const told = spawnSync('sqlite3', [place, '.dump'], { encoding: 'utf8', maxBuffer: 256 << 20 }).stdout.split('\n')
        .filter((line) => /^INSERT INTO /.test(line) && !/^INSERT INTO (search_|runner|schema_version|sqlite_)/.test(line) && !/^INSERT INTO "?search/.test(line));
    assert.ok(told.length > MANY);
    return createHash('sha256').update(told.sort().join('\n')).digest('hex');
};
const database = () => path.join(server.data, 'kinora.db');
const tables = (name) => postgres.psql(name, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'").flat();

// Starts a move and ends it with -9 as soon as `ready` says so.
async function killed(from, to, ready) {
    const child = spawn(program, ['database', 'move', '--data', server.data, '--to', to],
        { env: { ...process.env, ...(from ? { KINORA_DATABASE_URL: from } : {}) }, stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ?? code)));
    await until('it is in the middle', ready, { every_ms: 5 });
    child.kill('SIGKILL');
    assert.equal(await ended, 'SIGKILL');
}

test('a move that is killed leaves the source as it was and the target empty, and can be run again', async () => {
    const url = postgres.database('here');
    const before = rows_of(database());
    await killed(undefined, url, () => postgres.psql('here', "SELECT pid FROM pg_stat_activity WHERE datname = 'here' AND query LIKE 'INSERT INTO import_event%'").length);
    await until('its transaction is over', () => postgres.psql('here', "SELECT pid FROM pg_stat_activity WHERE datname = 'here' AND application_name = 'kinora-move'").length === 0);
    assert.deepEqual(tables('here'), []);
    assert.equal(rows_of(database()), before);
    const { code, stderr } = await move(undefined, url);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /Moved \d{5,} rows of \d+ tables, and compared each of them/);
    assert.equal(rows_of(database()), before);
    assert.equal(postgres.psql('here', "SELECT count(*) FROM event WHERE kind = 'test'")[0][0], String(MANY - 1));
});

test('a target that is not empty is refused, whatever is in it', async () => {
    for (const [name, fill] of [['here'], ['other', 'CREATE TABLE somebody (x INT)']]) {
        if (fill) {
            postgres.database(name);
            postgres.psql(name, fill);
        }
        const before = tables(name);
        const { code, stderr } = await move(undefined, postgres.url(name));
        assert.equal(code, 1);
        assert.match(stderr, /The target is not empty/);
        assert.deepEqual(tables(name), before);
    }
    const { code, stderr } = await move(postgres.url('here'), `sqlite:${database()}`);
    assert.equal(code, 1);
    assert.match(stderr, /The target is not empty/);
});

test('a running server is in the way of a move, at the source and of a worker on another machine', async () => {
    const there = await new Server({ data: server.data, env: { KINORA_DATABASE_URL: postgres.url('here') } }).start();
    const { code, stderr } = await move(undefined, postgres.database('third'));
    assert.equal(code, 1);
    assert.match(stderr, /Another Kinora is running on the data folder/);
    const far = await run_beside(['database', 'move', '--data', temporary('far'), '--to', `sqlite:${folder}/x.db`], { KINORA_DATABASE_URL: postgres.url('here') });
    assert.equal(far.code, 1);
    assert.match(far.stderr, /stop all of them first/);
    assert.ok(!fs.existsSync(`${folder}/x.db`));

    // What was moved works there: sessions, files, search, numbers.
    ada.server = there;
    assert.equal((await ada.must(200, 'GET', `/api/v1/videos/${video.id}`)).data.video.title, video.title);
    assert.ok(speech(1).equals((await ada.get(`/api/v1/files/${file}/content`)).bytes));
    await new Client(there).login('ada');
    await ada.must(200, 'PUT', `/api/v1/videos/${video.id}`, { title: 'Moved' });
    video.title = 'Moved';
    const [[least]] = postgres.psql('here', "SELECT min(number) FROM event WHERE kind <> 'test' AND number > (SELECT max(number) FROM event WHERE kind = 'test')");
    assert.ok(Number(least) > Number(postgres.psql('here', "SELECT max(number) + 1 FROM event WHERE kind = 'test'")[0][0]));
    assert.equal(await there.stop(), 0);
});

test('and back: killed in the middle, then whole', async () => {
    const place = path.join(folder, 'kinora.db');
    await killed(postgres.url('here'), `sqlite:${place}`, () => postgres.psql('here', "SELECT pid FROM pg_stat_activity WHERE datname = 'here' AND application_name = 'kinora-move' AND query LIKE '%dump%'").length);
    await until('PostgreSQL has noticed', () => postgres.psql('here', "SELECT pid FROM pg_stat_activity WHERE datname = 'here' AND application_name = 'kinora-move'").length === 0);
    const { code, stderr } = await move(postgres.url('here'), `sqlite:${place}`);
    assert.equal(code, 0, stderr);
    // Once more around: nothing changes any more, not a byte of a row.
    const again = path.join(folder, 'again.db');
    assert.equal((await move(`sqlite:${place}`, postgres.database('second'))).code, 0);
    assert.equal((await move(postgres.url('second'), `sqlite:${again}`)).code, 0);
    assert.equal(rows_of(again), rows_of(place));

    fs.renameSync(database(), path.join(folder, 'old.db'));
    for (const ending of ['-wal', '-shm'])
        fs.rmSync(database() + ending, { force: true });
    fs.copyFileSync(place, database());
    await server.start();
    ada.server = server;
    assert.equal((await ada.must(200, 'GET', `/api/v1/videos/${video.id}`)).data.video.title, video.title);
    assert.ok(speech(1).equals((await ada.get(`/api/v1/files/${file}/content`)).bytes));
    assert.equal(await server.stop(), 0);
});

test('what cannot be moved is told before anything is made', async () => {
    const nothing = temporary('nothing');
    const { code, stderr } = await run_beside(['database', 'move', '--data', nothing, '--to', postgres.database('none')]);
    assert.equal(code, 1);
    assert.match(stderr, /There is no database/);
    assert.equal((await run_beside(['database', 'move', '--data', nothing])).code, 2);
    assert.match((await run_beside(['database', 'move', '--help'])).stdout, /must be empty/);
    fs.rmSync(nothing, { recursive: true });
});
