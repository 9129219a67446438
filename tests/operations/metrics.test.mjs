// SPDX-License-Identifier: GPL-3.0-or-later
// What Prometheus reads, and what its own tool says of it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { speech } from '../api/lib/media.mjs';
import { Server, repository, until } from '../api/lib/server.mjs';

const documented = ['job_processing_duration_seconds', 'job_queue_size', 'job_retry_count', 'storage_bytes', 'db_connections',
    'upload_duration_seconds', 'upload_bytes_total', 'upload_errors_total'];
let server, root, ada;

before(async () => {
    server = await Server.start();
    root = await new Client(server).user('root');
    ada = await root.user('ada', { plan: 'business' });
});
after(() => server.remove());

const text = async () => (await root.get('/metrics')).bytes.toString();
// Name with labels -> value.
const read = async () => new Map((await text()).split('\n').filter((line) => line && !line.startsWith('#'))
    .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
const value = async (name) => (await read()).get(name) ?? 0;

test('all eight names of document 004 are there, each with its help and type', async () => {
    const told = await text();
    for (const name of documented) {
        assert.match(told, new RegExp(`^# HELP ${name} \\S`, 'm'));
        assert.match(told, new RegExp(`^# TYPE ${name} (counter|gauge|histogram)$`, 'm'));
    }
});

test('promtool finds nothing to say but what the documented names bring with them', async () => {
    const check = (input) => {
        const { status, stdout, stderr, error } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
        assert.ifError(error);
        return { status, said: `${stdout}${stderr}`.split('\n').filter((line) => line.trim()) };
    };
    const { said } = check(await text());
    const allowed = [/^job_retry_count counter metrics should have "_total" suffix$/,
        /^job_retry_count non-histogram and non-summary metrics should not have "_count" suffix$/];
    assert.deepEqual(said.filter((line) => !allowed.some((one) => one.test(line))), []);
    assert.equal(check('# TYPE broken counter\nbroken{ 1\n').status, 1, 'promtool notices a fault');
});

test('an upload, a refused one and a transcription move their metrics', async () => {
    const before = await read();
    const moved = async (name) => await value(name) - (before.get(name) ?? 0);
    const sound = speech();
    const file = await ada.upload('speech.wav', sound, '');
    await ada.call('POST', '/api/v1/files/upload', { body: 'no form', headers: { 'Content-Type': 'text/plain' } });
    await until('the transcription is counted', async () =>
        await moved('job_processing_duration_seconds_count{kind="transcribe",outcome="completed"}') >= 1, { limit_ms: 120_000 });
    assert.ok(file.id);
    assert.equal(await moved('upload_duration_seconds_count'), 1);
    assert.ok(await moved('upload_bytes_total') >= sound.length);
    assert.equal(await moved('upload_errors_total{reason="400"}'), 1);
    assert.equal(await moved('transcription_realtime_factor_count'), 1);
    assert.ok(await moved('transcription_realtime_factor_sum') > 0);
    assert.ok(await value('storage_bytes{place="local"}') > 0);
    await server.idle();
    for (const [name, count] of await read())
        if (name.startsWith('job_queue_size'))
            assert.equal(count, 0, name);
});

test('requests, events, connections and the process are seen', async () => {
    const told = await read();
    assert.ok(told.get('http_requests_total{method="GET",status="200"}') > 0);
    assert.ok(told.get('http_request_duration_seconds_count{lane="read"}') > 0);
    assert.ok(told.get('db_connections') >= 2);
    assert.ok(told.get('event_lag_seconds_count') > 0);
    await until('all events are delivered', async () => {
        const now = await read();
        return now.get('event_delivered_number') === now.get('event_newest_number');
    });
    const status = fs.readFileSync(`/proc/${server.pid}/status`, 'utf8');
    const resident = Number(/VmRSS:\s+(\d+)/.exec(status)[1]) * 1024;
    assert.ok(Math.abs(told.get('process_resident_memory_bytes') / resident - 1) < 0.5);
    assert.ok(Math.abs(told.get('process_start_time_seconds') - Date.now() / 1000) < 600);
    assert.ok(told.get('process_open_fds') > 5 && told.get('process_threads') > 3 && told.get('process_cpu_seconds_total') > 0);
});

test('a client that invents methods does not fill the memory', async () => {
    for (let i = 0; i < 5; i++)
        await root.call(`INVENTED${i}`, '/health');
    const told = await text();
    assert.doesNotMatch(told, /INVENTED/);
    assert.match(told, /http_requests_total\{method="other",status="405"\} [1-9]/);
});

test('the dashboard and the alerts ask for metrics that exist', async () => {
    const told = await text();
    const known = new Set([...told.matchAll(/^# TYPE (\S+) (\S+)$/mg)].flatMap(([, name, type]) =>
        type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]));
    const dashboard = JSON.parse(fs.readFileSync(path.join(repository, 'contrib/grafana/kinora.json')));
    const alerts = fs.readFileSync(path.join(repository, 'contrib/prometheus/alerts.yml'), 'utf8');
    const questions = [...dashboard.panels.flatMap((panel) => (panel.targets ?? []).map((target) => target.expr)),
        ...[...alerts.matchAll(/^\s+expr: (.*)$/mg)].map(([, question]) => question)];
    assert.ok(questions.length > 15);
    for (const question of questions)
        for (const [name] of question.replace(/"[^"]*"/g, '').matchAll(/\b[a-z]+(_[a-z]+)+\b/g))
            assert.ok(known.has(name) || /^(histogram_quantile)$/.test(name), `${name} in ${question}`);
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', path.join(repository, 'contrib/prometheus/alerts.yml')],
        { encoding: 'utf8' });
    assert.equal(status, 0, stdout + stderr);
});
