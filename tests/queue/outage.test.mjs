// SPDX-License-Identifier: GPL-3.0-or-later
// A PostgreSQL that is away for a while, and the connections that a server has to it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { speech } from '../api/lib/media.mjs';
import { Postgres } from '../api/lib/postgres.mjs';
import { run, Server, temporary, until } from '../api/lib/server.mjs';
import { Live } from '../realtime/lib/live.mjs';

let postgres, server, late, env, ada;

async function free_port() {
    const listener = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => listener.on('listening', resolve));
    const { port } = listener.address();
    await new Promise((resolve) => listener.close(resolve));
    return port;
}

before(async () => {
    postgres = await Postgres.start({ address: '127.0.0.1', port: await free_port() });
    postgres.database('outage');
    env = { POSTGRES_HOST: '127.0.0.1', POSTGRES_PORT: String(postgres.port), POSTGRES_DB: 'outage', POSTGRES_PASSWORD: 'p@ss/w:rd' };
    server = await Server.start({ env });
    ada = await new Client(server).user('ada');
});
after(async () => {
    await server?.remove();
    await late?.remove();
    await postgres?.remove();
});

const connections = (where) => Number(postgres.psql('outage', `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'kinora' AND ${where}`)[0][0]);

test('the names of document 004 say where the database is, and no password is shown', async () => {
    assert.ok(connections('true') > 0);
    const data = temporary('names');
    const check = (more) => run(['config', 'check', '--data', data], { env: more }).stdout;
    const names = check(env);
    assert.match(names, /postgres-host\s+127\.0\.0\.1\s+POSTGRES_HOST/);
    assert.match(names, /postgres-password\s+\(set\)\s+POSTGRES_PASSWORD/);
    assert.doesNotMatch(names, /p@ss/);
    for (const url of ['postgresql://ada:hunt@er2@db:1/k', 'postgresql://ada@db/k?password=hunt@er2&port=1', 'postgresql:///k?host=/x&password=hunt@er2']) {
        const told = check({ KINORA_DATABASE_URL: url });
        assert.match(told, /database-url\s+postgresql:\/\/.*\(set\).*KINORA_DATABASE_URL/, url);
        assert.doesNotMatch(told, /er2/, url);
    }
    fs.rmSync(data, { recursive: true });
});

test('the pool grows to twenty connections while requests wait, and no further', async () => {
    assert.ok(connections('true') < 15);
    const holder = spawn('psql', ['-X', '-q', '-h', '127.0.0.1', '-p', String(postgres.port), '-U', 'kinora', '-d', 'outage'], { stdio: ['pipe', 'ignore', 'inherit'] });
    const ended = new Promise((resolve) => holder.on('exit', resolve));
    holder.stdin.write('BEGIN; LOCK TABLE video;\n');
    await until('the table is locked', () => Number(postgres.psql('outage', "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation = 'video'::regclass")[0][0]) === 1);
    const answers = Array.from({ length: 30 }, () => ada.get('/api/v1/videos'));
    await until('twenty of them wait', () => connections("wait_event_type = 'Lock'") === 20);
    holder.stdin.end('COMMIT;\n');
    await ended;
    for (const { status } of await Promise.all(answers))
        assert.equal(status, 200);
});

test('while the database is away requests get 503 and jobs wait; requests, jobs, streams and sockets go on within 5 s of its return', async (t) => {
    await ada.must(200, 'POST', '/api/v1/queues/transcribe/pause');
    const stream = ada.events('/api/v1/events');
    await stream.opened;
    const live = await Live.open(ada);
    t.after(() => [stream, live].forEach((one) => one.close()));
    const { job_id } = await ada.upload('cards.wav', speech(1), '');
    const waveforms = () => Number(postgres.psql('outage', "SELECT count(*) FROM job WHERE kind = 'derive' AND state = 'completed'")[0][0]);
    await until('its waveform is made', () => waveforms() === 1);
    const { data: { video } } = await ada.must(201, 'POST', '/api/v1/videos', { title: 'New' });
    await postgres.stop();
    late = new Server({ env: { ...env, KINORA_MASTER_KEY_FILE: path.join(server.data, 'keys/master.key') }, flags: ['--wait', '--no-workers'] });
    const started = late.start();
    started.catch(() => {}); // told when it is awaited
    for (let round = 0; round < 2; round++) { // the first finds that a connection is broken, the next that none is there
        for (const path of ['/api/v1/jobs', '/api/v1/videos', '/api/v1/users/me', '/v1/models'])
            assert.equal((await ada.get(path)).status, 503, path); // the client holds its shape against the API document
        assert.equal((await ada.post('/api/v1/videos', { title: 'Not kept' })).status, 503);
    }
    assert.equal((await ada.get('/health')).status, 200);
    assert.equal((await ada.get('/ready')).status, 503);
    await postgres.begin();
    const end = Date.now() + 5_000, soon = () => ({ limit_ms: Math.max(1, end - Date.now()) });
    await until('requests are answered again', async () => (await ada.get('/api/v1/videos')).status === 200, soon());
    await until('changes are taken again', async () => (await ada.put(`/api/v1/videos/${video.id}`, { title: 'Kept' })).status === 200, soon());
    await until('streams go on', () => stream.events.some(({ event, data }) => event === 'video:updated' && data.title === 'Kept'), soon());
    await live.hears('video:updated', (event) => event.title === 'Kept', soon().limit_ms);
    await ada.upload('late.wav', speech(2));
    await until('jobs go on', () => waveforms() === 2, soon());
    assert.equal((await ada.must(200, 'GET', `/api/v1/videos/${video.id}`)).data.video.title, 'Kept');
    assert.equal((await ada.job(job_id)).status, 'pending');
    await ada.must(200, 'POST', '/api/v1/queues/transcribe/resume');
    await ada.job_end(job_id);
    await started;
});
