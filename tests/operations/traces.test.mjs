// SPDX-License-Identifier: GPL-3.0-or-later
// Traces, as a collector receives them: OTLP over HTTP, decoded here.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import { after, test } from 'node:test';
import { Client, file_form } from '../api/lib/client.mjs';
import { speech } from '../api/lib/media.mjs';
import { Server, run, temporary, until } from '../api/lib/server.mjs';
import { Live } from '../realtime/lib/live.mjs';

// Stands in for a collector: `statuses` are its next answers, then 200; 0 is no answer at all.
class Collector {
    static async start(statuses = []) {
        const one = Object.assign(new Collector(), { statuses, messages: [], spans: [], resources: [] });
        one.server = http.createServer((request, response) => {
            const parts = [];
            request.on('data', (part) => parts.push(part));
            request.on('end', () => one.take(request, Buffer.concat(parts).toString(), response));
        });
        await new Promise((ready) => one.server.listen(0, '127.0.0.1', ready));
        one.url = `http://127.0.0.1:${one.server.address().port}`;
        return one;
    }

    take({ method, url, headers }, body, response) {
        const status = this.statuses.shift() ?? 200;
        this.messages.push({ method, url, headers, body, status });
        if (status === 200)
            for (const { resource, scopeSpans } of JSON.parse(body).resourceSpans) {
                this.resources.push(attributes(resource));
                this.spans.push(...scopeSpans.flatMap(({ spans }) => spans));
            }
        if (status)
            response.writeHead(status, { 'Content-Type': 'application/json' }).end('{}');
    }

    of(trace_id) {
        return this.spans.filter((span) => span.traceId === trace_id);
    }

    close() {
        this.server.closeAllConnections?.();
        this.server.close();
    }
}

const attributes = ({ attributes: list }) => Object.fromEntries(list.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]));
const new_trace = (number) => `${'0af7651916cd43dd8448eb211c80319'}${number}`;
const caller = 'b7ad6b7169203331';
const traced = (id, flags = '01') => ({ traceparent: `00-${id}-${caller}-${flags}` });
const closing = [];
after(async () => {
    for (const close of closing)
        await close();
});

async function start(collector, env = {}) {
    const server = await Server.start({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector, OTEL_BSP_SCHEDULE_DELAY: '100', ...env } });
    closing.push(() => server.remove());
    return { server, root: await new Client(server).user('root') };
}

async function collect(statuses) {
    const collector = await Collector.start(statuses);
    closing.push(() => collector.close());
    return collector;
}

const upload = (client, id, bytes = speech()) => {
    const form = file_form('speech.wav', bytes);
    return client.call('POST', '/api/v1/files/upload', { ...form, headers: { ...form.headers, ...traced(id) } });
};

test('an upload is one trace from the caller to the engine of its job, each span below the right one', async () => {
    const collector = await collect();
    const { server, root } = await start(collector.url, { OTEL_SERVICE_NAME: 'studio', OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20b',
        OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test' });
    const id = new_trace(1);
    assert.equal((await upload(root, id)).status, 201);
    const named = (name) => collector.of(id).find((span) => span.name === name);
    await until('the job and its request have been told', () => named('job transcribe') && named('POST /api/v1/files/upload')
        && collector.of(id).some((span) => span.name.startsWith('engine asr')), { limit_ms: 120_000 });
    await server.idle();
    await server.stop();
    const spans = collector.of(id);
    const by_id = new Map(spans.map((span) => [span.spanId, span]));
    assert.equal(by_id.size, spans.length, 'no span is told twice');
    for (const span of spans) {
        assert.match(span.spanId, /^[0-9a-f]{16}$/);
        assert.ok(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano), span.name);
        assert.ok(!span.parentSpanId || span.parentSpanId === caller || by_id.has(span.parentSpanId), `${span.name} has its parent in the trace`);
    }
    const root_of = (span) => (by_id.has(span.parentSpanId) ? root_of(by_id.get(span.parentSpanId)) : span);
    const request = named('POST /api/v1/files/upload');
    assert.equal(request.parentSpanId, caller);
    assert.equal(request.kind, 2);
    assert.equal(attributes(request)['http.response.status_code'], 201);
    for (const part of ['blob commit', 'engine probe', 'SQL insert'])
        assert.ok(spans.some((span) => span.name === part && root_of(span) === request), `the request has "${part}"`);
    const above = (span) => (by_id.has(span.parentSpanId) ? [span, ...above(by_id.get(span.parentSpanId))] : [span]);
    for (const part of [/^engine asr/, /^blob open$/, /^SQL /])
        assert.ok(spans.some((span) => part.test(span.name) && above(span).some(({ name }) => name === 'job transcribe')), `the job has ${part}`);
    for (const job of spans.filter((span) => span.name.startsWith('job '))) {
        assert.equal(job.kind, 5);
        assert.equal(root_of(job), request, 'a job is below the request that queued it');
        // Parts of a job are below the attempt that has split it.
        const part = attributes(job)['kinora.job.stage'] === 'part';
        assert.equal(by_id.get(job.parentSpanId).name, part ? job.name : request.name);
    }
    assert.equal(collector.resources[0]['service.name'], 'studio');
    assert.equal(collector.resources[0]['deployment.environment'], 'test');
    const { method, url, headers } = collector.messages[0];
    assert.deepEqual([method, url, headers['content-type'], headers['x-key']], ['POST', '/v1/traces', 'application/json', 'a b']);
    assert.doesNotMatch(collector.messages.map(({ body }) => body).join(), /root-password|speech\.wav/, 'no secret and no name of a file');
});

test('what is asked over a socket is a trace of its own, with its SQL below it', async () => {
    const collector = await collect();
    const { root } = await start(collector.url);
    const { data: { video } } = await root.must(201, 'POST', '/api/v1/videos', { title: 'Traced' });
    const socket = await Live.open(root);
    assert.equal((await socket.ask('video:update', { video_id: video.id, changes: { title: 'Again' } })).success, true);
    const change = await until('the change is told', () => collector.spans.find(({ name }) => name === 'socket video:update'));
    assert.equal(change.kind, 2);
    assert.ok(!change.parentSpanId);
    assert.match(attributes(change)['user.id'], /^[0-9a-f-]{36}$/);
    assert.ok(collector.of(change.traceId).some(({ name, parentSpanId }) => name.startsWith('SQL ') && parentSpanId === change.spanId));
    await socket.ask('no:such-thing', { video_id: video.id });
    const refused = await until('the refusal is told', () => collector.spans.find(({ name }) => name === 'socket event'));
    assert.equal(refused.status.code, 2);
    socket.close();
});

test('what the caller did not sample is not sent, and a failure is marked', async () => {
    const collector = await collect();
    const { server, root } = await start(collector.url);
    const [hidden, shown] = [new_trace(2), new_trace(3)];
    await root.call('GET', '/api/v1/files', { headers: traced(hidden, '00') });
    const sound = file_form('unseen.wav', speech());
    assert.equal((await root.call('POST', '/api/v1/files/upload', { ...sound, headers: { ...sound.headers, ...traced(hidden, '00') } })).status, 201);
    await server.idle({ limit_ms: 120_000 });
    await root.call('GET', '/api/v1/files', { headers: traced(shown) });
    await until('the sampled one is there', () => collector.of(shown).some(({ kind }) => kind === 2));
    assert.equal(collector.of(hidden).length, 0);
    const form = file_form('noise.wav', Buffer.from('this is no sound'));
    const broken = new_trace(4);
    assert.equal((await root.call('POST', '/api/v1/files/upload', { ...form, headers: { ...form.headers, ...traced(broken) } })).status, 400);
    const probe = await until('the refusal is there', () => collector.of(broken).find((span) => span.name === 'engine probe'));
    assert.equal(probe.status.code, 2);
});

test('a server that Kinora asks gets the trace', async () => {
    const collector = await collect();
    const asked = [];
    const engine = http.createServer((request, response) => {
        asked.push(request.headers.traceparent);
        request.resume().on('end', () => response.writeHead(400, { 'Content-Type': 'application/json' }).end('{"error":{"message":"no"}}'));
    });
    await new Promise((ready) => engine.listen(0, '127.0.0.1', ready));
    closing.push(() => engine.close());
    const { root } = await start(collector.url, { KINORA_ASR_URL: `http://127.0.0.1:${engine.address().port}` });
    const id = new_trace(5);
    const file = await root.upload('speech.wav', speech());
    const { status, bytes } = await root.call('POST', '/api/transcription/start', { json: { mediaId: file.id, engine: 'openai' }, headers: traced(id) });
    assert.equal(status, 202, bytes.toString());
    await until('the engine was asked', () => asked.length, { limit_ms: 60_000 });
    const span = await until('the question is in the trace', () => collector.of(id).find(({ name }) => name === 'POST'));
    assert.equal(asked[0], `00-${id}-${span.spanId}-01`);
    assert.equal(attributes(span)['http.response.status_code'], 400);
});

test('a batch is sent again after 429, 502, 503 and 504, and never after another refusal', async () => {
    const collector = await collect([429, 502, 503, 504]);
    const { root } = await start(collector.url, { OTEL_BSP_SCHEDULE_DELAY: '20' });
    await until('the fifth attempt is taken', () => collector.spans.length, { limit_ms: 60_000 });
    const first = collector.messages.slice(0, 5);
    assert.deepEqual(first.map(({ status }) => status), [429, 502, 503, 504, 200]);
    assert.equal(new Set(first.map(({ body }) => body)).size, 1, 'the same batch each time');
    collector.statuses.push(400);
    const id = new_trace(6), later = new_trace(7);
    await root.call('GET', '/health', { headers: traced(id) });
    await until('it was refused', () => collector.messages.find(({ status }) => status === 400));
    await root.call('GET', '/health', { headers: traced(later) });
    await until('a later one arrives', () => collector.of(later).length);
    const refused = collector.messages.filter(({ status }) => status === 400);
    assert.equal(collector.messages.filter(({ body }) => body === refused[0].body).length, 1);
});

test('a collector that is away or never answers holds up nothing, and the lost spans are counted', async () => {
    const silent = await collect(new Array(1000).fill(0));
    for (const [url, outcome, env] of [['http://127.0.0.1:9', 'lost', {}],
        [silent.url, 'dropped', { OTEL_BSP_MAX_QUEUE_SIZE: '16', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '8' }]]) {
        const { server, root } = await start(url, env);
        await until(`spans are ${outcome}`, async () => {
            await Promise.all(Array.from({ length: 10 }, () => root.must(200, 'GET', '/api/v1/files')));
            const { bytes } = await root.get('/metrics');
            return new RegExp(`^trace_spans_total\\{outcome="${outcome}"\\} [1-9]`, 'm').test(bytes);
        });
        const asked_at = Date.now();
        assert.equal(await server.stop(), 0);
        assert.ok(Date.now() - asked_at < 20_000, 'it stops all the same');
    }
});

test('a sampler that cannot be is refused at the start, in words', () => {
    const data = temporary('sampler');
    const { code, stderr } = run(['serve', '--data', data, '--listen', '127.0.0.1:0'],
        { env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_TRACES_SAMPLER: 'sometimes' } });
    fs.rmSync(data, { recursive: true, force: true });
    assert.notEqual(code, 0);
    assert.match(stderr, /OTEL_TRACES_SAMPLER must be always_on/);
});
