// SPDX-License-Identifier: GPL-3.0-or-later
// A worker beside a server on one PostgreSQL: what it tells of itself, and the trace that goes on in it.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client, send } from '../api/lib/client.mjs';
import { speech } from '../api/lib/media.mjs';
import { Postgres } from '../api/lib/postgres.mjs';
import { program, run, run_beside, Server, temporary, until } from '../api/lib/server.mjs';
import { S3Fake } from '../storage/lib/s3-fake.mjs';
import { store_env } from '../storage/lib/store.mjs';

let postgres, store, env, server, worker, origin, collector;
const spans = [], data = temporary('worker');

const free_port = () => new Promise((resolve) => {
    const probe = net.createServer().listen(0, '127.0.0.1', () => {
        const { port } = probe.address();
        probe.close(() => resolve(port));
    });
});

before(async () => {
    collector = http.createServer((request, response) => {
        let body = '';
        request.setEncoding('utf8').on('data', (text) => (body += text)).on('end', () => {
            spans.push(...JSON.parse(body).resourceSpans.flatMap(({ resource, scopeSpans }) => scopeSpans.flatMap(({ spans: some }) =>
                some.map((span) => ({ ...span, service: resource.attributes.find(({ key }) => key === 'service.name').value.stringValue })))));
            response.end('{}');
        });
    });
    await new Promise((resolve) => collector.listen(0, '127.0.0.1', resolve));
    [postgres, store] = await Promise.all([Postgres.start(), S3Fake.start()]);
    env = store_env(store, { KINORA_DATABASE_URL: postgres.database('worker'), OTEL_BSP_SCHEDULE_DELAY: '100', OTEL_SERVICE_NAME: 'server',
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.address().port}` });
    server = await Server.start({ env, flags: ['--no-workers'] });
    env = { ...env, KINORA_MASTER_KEY_FILE: path.join(server.data, 'keys/master.key'), OTEL_SERVICE_NAME: 'worker' };
    const port = await free_port();
    origin = `http://127.0.0.1:${port}`;
    worker = spawn(program, ['worker', '--data', data, '--metrics-listen', `127.0.0.1:${port}`], { env: { ...process.env, ...env }, stdio: 'ignore' });
    worker.ended = new Promise((resolve) => worker.on('exit', (code, signal) => resolve(code ?? signal)));
    await until('the worker is ready', async () => {
        try {
            return (await send(origin, 'GET', '/ready')).status === 200;
        } catch {
            return false;
        }
    });
});
after(async () => {
    worker?.kill('SIGKILL');
    await worker?.ended;
    await server?.remove();
    await store?.remove();
    await postgres?.remove();
    collector?.closeAllConnections?.();
    collector?.close();
    fs.rmSync(data, { recursive: true, force: true });
});

test('a worker tells whether it lives and takes jobs, and nothing else', async () => {
    const json = async (where) => JSON.parse((await send(origin, 'GET', where)).bytes);
    assert.equal((await json('/health')).status, 'ok');
    assert.deepEqual(await json('/ready'), { status: 'ready', database: 'ok', storage: 'ok', blob_store: 's3', workers: 'ok' });
    assert.equal((await send(origin, 'GET', '/api/v1/files')).status, 404);
    assert.equal((await send(origin, 'POST', '/metrics')).status, 405);
    await until('the server knows of it', async () => JSON.parse((await send(server.origin, 'GET', '/ready')).bytes).workers === 'remote');
});

test('a job done by a worker continues the trace of the request, below its span, and counts in the worker\'s metrics', async () => {
    const root = await new Client(server).user('root');
    await root.upload('speech.wav', speech(), '');
    const find = (service, name) => spans.find((span) => span.service === service && span.name === name);
    const [request, job] = await until('both are told', () => {
        const both = [find('server', 'POST /api/v1/files/upload'), find('worker', 'job transcribe')];
        return both.every(Boolean) && both;
    }, { limit_ms: 120_000 });
    assert.equal(job.traceId, request.traceId);
    assert.equal(job.parentSpanId, request.spanId);
    const metrics = await until('it is counted', async () => {
        const text = (await send(origin, 'GET', '/metrics')).bytes.toString();
        return /^job_processing_duration_seconds_count\{kind="transcribe",outcome="completed"\} [1-9]/m.test(text) && text;
    }, { limit_ms: 120_000 });
    assert.match(metrics, /^process_resident_memory_bytes [1-9]/m);
    assert.match(metrics, /^disk_free_bytes [1-9]/m);
    const { status } = spawnSync('promtool', ['check', 'metrics'], { input: metrics });
    assert.ok(status === 0 || status === 3, 'promtool can read it'); // 3: it dislikes a documented name
});

test('beyond loopback a worker wants to be told that its metrics are for everybody', () => {
    const { code, stderr } = run(['worker', '--data', temporary('open'), '--metrics-listen', '0.0.0.0:0'], { env });
    assert.equal(code, 2);
    assert.match(stderr, /--insecure-http/);
});

test('doctor knows PostgreSQL as well', async () => {
    const { code, stdout } = await run_beside(['doctor', 'data', '--data', server.data], env);
    assert.match(stdout, /ok +database +PostgreSQL 1\d\S* .*answers/);
    assert.match(stdout, /ok +database +no damage found/);
    assert.match(stdout, /ok +master key +it fits the database/);
    assert.match(stdout, /ok +object store/);
    assert.equal(code, 0, stdout);
});

test('a worker that is told to stop hands back what it has, and ends well', async () => {
    worker.kill('SIGTERM');
    assert.equal(await worker.ended, 0);
    assert.equal(postgres.psql('worker', "SELECT count(*) FROM job WHERE state = 'processing'")[0][0], '0');
});
