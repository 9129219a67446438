// SPDX-License-Identifier: GPL-3.0-or-later
// The log, line by line, as document 004 shows it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { speech } from '../api/lib/media.mjs';
import { Server, until } from '../api/lib/server.mjs';

const trace_id = '4bf92f3577b34da6a3ce929d0e0e4736';
let server, root;

before(async () => {
    server = await Server.start({ env: { KINORA_LOG_FORMAT: 'json', KINORA_LOG_LEVEL: 'debug' } });
    root = await new Client(server).user('root');
});
after(() => server.remove());

const lines = () => server.log.slice(0, server.log.lastIndexOf('\n')).split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));

test('every line has the fields of document 004, in their order and no others', async () => {
    for (let i = 0; i < 6; i++)
        await root.get('/health');
    const told = await until('there are lines', () => lines().length > 5 && lines());
    for (const line of told) {
        assert.deepEqual(Object.keys(line), ['timestamp', 'severity', 'service', 'trace_id', 'span_id', 'attributes', 'message']);
        assert.match(line.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
        assert.match(line.severity, /^(DEBUG|INFO|WARN|ERROR)$/);
        assert.equal(line.service, 'kinora');
        assert.match(line.trace_id, /^([0-9a-f]{32})?$/);
        assert.match(line.span_id, /^([0-9a-f]{16})?$/);
        assert.equal(typeof line.attributes.operation, 'string');
        assert.ok(line.message.length);
    }
});

test('the trace of a request is in its line and in that of the job that it queued', async () => {
    const sound = speech();
    const boundary = 'logged';
    const body = Buffer.concat([Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="secret-name.wav"\r\n\r\n`),
        sound, Buffer.from(`\r\n--${boundary}--\r\n`)]);
    const { status } = await root.call('POST', '/api/v1/files/upload', { body,
        headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}`, traceparent: `00-${trace_id}-00f067aa0ba902b7-01` } });
    assert.equal(status, 201);
    const of = (operation) => lines().filter((line) => line.trace_id === trace_id && line.attributes.operation === operation);
    await until('both are told', () => of('request').length && of('job').some((line) => line.attributes.kind === 'transcribe'), { limit_ms: 120_000 });
    assert.match(of('request')[0].span_id, /^[0-9a-f]{16}$/);
});

test('no password, no token and no content is in the log', async () => {
    await root.call('POST', '/api/v1/auth/login', { json: { username: 'root', password: 'wrong-secret-word' } });
    await until('the login is told', () => lines().some((line) => /auth\/login/.test(line.attributes.path ?? '')));
    for (const secret of ['root-password', 'wrong-secret-word', root.token])
        assert.ok(!server.log.includes(secret), 'a secret is in the log');
});
