// SPDX-License-Identifier: GPL-3.0-or-later
// Where the server meets the network: pages of other sites, proxies in front, certificates.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import tls from 'node:tls';
import { Client, send } from '../api/lib/client.mjs';
import { Server, run, temporary, until } from '../api/lib/server.mjs';

const folder = temporary('edge');
const servers = [];
after(async () => {
    for (const server of servers)
        await server.remove();
    fs.rmSync(folder, { recursive: true, force: true });
});

async function start(env, more = {}) {
    const server = new Server({ env, ...more });
    servers.push(server);
    await server.start();
    return server;
}

test('a page of an allowed site may ask and read the answer, one of another site may not', async () => {
    const server = await start({ KINORA_CORS_ORIGINS: 'https://studio.example.org, https://other.example.org' });
    const ask = (method, where, headers) => send(server.origin, method, where, { headers });
    const origin = 'https://studio.example.org';
    const question = { Origin: origin, 'Access-Control-Request-Method': 'PUT', 'Access-Control-Request-Headers': 'authorization' };
    const may = await ask('OPTIONS', '/api/v1/layers/0190f3c2-7b1e-7c3a-9f00-00000000000a', question);
    assert.equal(may.status, 204);
    assert.equal(may.headers['access-control-allow-origin'], origin);
    assert.match(may.headers['access-control-allow-methods'], /PUT/);
    assert.match(may.headers['access-control-allow-headers'], /Authorization/);
    assert.equal((await ask('OPTIONS', '/api/v1/files/tus', question)).status, 204);
    for (const where of ['/health', '/api/v1/videos', '/nothing']) {
        const { headers } = await ask('GET', where, { Origin: origin });
        assert.equal(headers['access-control-allow-origin'], origin, where);
        assert.match(headers.vary, /Origin/);
        assert.match(headers['access-control-expose-headers'], /ETag/);
        assert.equal(headers['access-control-allow-credentials'], undefined);
    }
    for (const stranger of ['https://evil.example.org', 'https://studio.example.org.evil.org', 'null', '']) {
        const asked = await ask('OPTIONS', '/api/v1/videos', { ...question, Origin: stranger });
        assert.equal(asked.status, 405);
        assert.equal(asked.headers['access-control-allow-origin'], undefined, stranger);
        assert.equal((await ask('GET', '/health', { Origin: stranger })).headers['access-control-allow-origin'], undefined);
    }
    assert.equal((await ask('OPTIONS', '/nothing', question)).status, 404);
});

// Failed logins until the limit, each from another address that a header names.
async function fails(server, header) {
    const client = new Client(server);
    const statuses = [];
    for (let i = 0; i < 12; i++)
        statuses.push((await client.call('POST', '/api/v1/auth/login', { json: { username: 'nobody', password: 'wrong-password' },
            headers: header(i) })).status);
    return statuses;
}

test('whom a trusted proxy names is counted apart; what anybody else says of himself is not believed', async () => {
    const behind = await start({ KINORA_TRUSTED_PROXIES: '10.0.0.0/8, 127.0.0.0/8' });
    const others = await fails(behind, (i) => ({ 'X-Forwarded-For': `198.51.100.${i}, 10.1.2.3` }));
    assert.ok(others.every((status) => status === 401), String(others));
    const same = await fails(behind, (i) => ({ 'X-Forwarded-For': `198.51.100.${i}, 203.0.113.9` }));
    assert.equal(same.at(-1), 429, 'the nearest address that is no proxy counts, whatever stands before it');
    const alone = await start({});
    assert.equal((await fails(alone, (i) => ({ 'X-Forwarded-For': `198.51.100.${i}` }))).at(-1), 429);
    const { status } = await send(behind.origin, 'GET', '/metrics', { headers: { 'X-Forwarded-For': '127.0.0.1' } });
    assert.equal(status, 401);
    const refused = run(['serve', '--data', path.join(folder, 'wrong'), '--listen', '127.0.0.1:0'], { env: { KINORA_TRUSTED_PROXIES: '10.0.0.0/33' } });
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /trusted_proxies wants addresses and networks/);
});

function certificate(name) {
    const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
        '-keyout', path.join(folder, 'key.pem'), '-out', path.join(folder, 'cert.pem'), '-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1']);
    assert.equal(made.status, 0, String(made.stderr));
}

const shown = (server) => new Promise((resolve, reject) => {
    const socket = tls.connect({ host: '127.0.0.1', port: server.port, rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate().subject.CN);
        socket.end();
    }).on('error', reject);
});

test('SIGHUP takes up a new certificate, keeps the old one when the new is broken, and TLS is insisted on', async () => {
    certificate('first');
    const server = await start({}, { tls: true, flags: ['--tls-cert', path.join(folder, 'cert.pem'), '--tls-key', path.join(folder, 'key.pem')] });
    assert.equal(await shown(server), 'first');
    const { headers } = await send(server.origin, 'GET', '/health', { ca: fs.readFileSync(path.join(folder, 'cert.pem')) });
    assert.equal(headers['strict-transport-security'], 'max-age=31536000');
    certificate('second');
    process.kill(server.pid, 'SIGHUP');
    await until('the second one is shown', async () => await shown(server) === 'second');
    fs.writeFileSync(path.join(folder, 'cert.pem'), 'broken');
    process.kill(server.pid, 'SIGHUP');
    await until('the log tells', () => /The certificate was not read again/.test(server.log));
    assert.equal(await shown(server), 'second');
    assert.equal(await server.stop(), 0);
    const plain = await start({});
    process.kill(plain.pid, 'SIGHUP');
    assert.equal((await send(plain.origin, 'GET', '/health')).headers['strict-transport-security'], undefined);
});

test('a certificate of its own is made once, kept private, and told by its fingerprint', async () => {
    const server = await start({}, { tls: true, flags: ['--tls-self-signed'] });
    const kept = path.join(server.data, 'tls');
    const ca = fs.readFileSync(path.join(kept, 'cert.pem'));
    assert.equal((await send(server.origin, 'GET', '/health', { ca })).status, 200);
    assert.equal(fs.statSync(path.join(kept, 'key.pem')).mode & 0o777, 0o600);
    const { fingerprint256, subjectAltName } = new X509Certificate(ca);
    await until('the fingerprint is told', () => server.log.includes(fingerprint256));
    assert.match(subjectAltName, /DNS:localhost/);
    await server.stop();
    await server.start();
    assert.deepEqual(fs.readFileSync(path.join(kept, 'cert.pem')), ca, 'the same after another start');
    await server.stop();
    const both = run(['serve', '--data', server.data, '--listen', '127.0.0.1:0', '--tls-self-signed', '--tls-cert', 'x', '--tls-key', 'y']);
    assert.match(both.stderr, /not both/);
});
