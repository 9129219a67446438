// SPDX-License-Identifier: GPL-3.0-or-later
// What docs/security.md promises and no other test shows: headers on every answer, the ways TLS is spoken, logins that
// cost the same and never much memory, streams that end with their session.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import tls from 'node:tls';
import { Client, send } from '../api/lib/client.mjs';
import { picture } from '../api/lib/media.mjs';
import { Server, on_postgres, program } from '../api/lib/server.mjs';

let server, root, ada, file;
before(async () => {
    server = await Server.start();
    root = await new Client(server).user('root');
    ada = await root.user('ada', { plan: 'business' });
    file = await ada.upload('x.png', picture());
});
after(() => server.remove());

// One request as bytes; the head of its answer.
const raw = (port, text) => new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(text));
    let told = '';
    socket.setEncoding('latin1').on('data', (part) => {
        told += part;
        if (told.includes('\r\n\r\n'))
            socket.destroy();
    });
    socket.on('close', () => resolve(told.split('\r\n\r\n')[0])).on('error', reject);
});

test('every answer says that it is not to be sniffed, framed or told about, whoever gives it', async () => {
    const bearer = { Authorization: `Bearer ${ada.token}` };
    const asked = [['GET', '/'], ['GET', '/health'], ['GET', '/nothing'], ['PUT', '/health'], ['GET', '/api/v1/users/me'],
        ['GET', '/api/v1/users/me', bearer], ['GET', '/mediafiles', bearer], ['GET', '/api/v1/videos', bearer], ['GET', '/v1/models', bearer],
        ['GET', file.content_url], ['GET', `/api/v1/files/${file.id}/content`, { ...bearer, Range: 'bytes=0-9' }],
        ['GET', `/api/v1/files/${file.id}/content`, { ...bearer, Range: 'bytes=999999999-' }], ['GET', '/api/v1/users/me/export', bearer],
        ['GET', '/metrics'], ['GET', '/api/v1/openapi.json'], ['POST', '/api/v1/auth/login', { 'Content-Length': '99999999' }],
        ['GET', '/socket.io/?EIO=4&transport=polling'], ['OPTIONS', '/api/v1/files/tus']];
    for (const [method, where, headers] of asked) {
        const answer = await send(server.origin, method, where, { headers }).catch((error) => assert.fail(`${method} ${where}: ${error.message}`));
        const told = ['x-content-type-options', 'x-frame-options', 'referrer-policy'].map((name) => answer.headers[name]);
        assert.deepEqual(told, ['nosniff', 'DENY', 'no-referrer'], `${method} ${where} ${answer.status}`);
    }
    for (const broken of ['GARBAGE\r\n\r\n', 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', `GET /${'x'.repeat(70_000)} HTTP/1.1\r\n\r\n`])
        assert.match(await raw(server.port, broken), /^HTTP\/1\.1 4\d\d .*nosniff/s);
    const { headers } = await send(server.origin, 'GET', '/');
    assert.match(headers['content-security-policy'], /default-src 'none'.*script-src 'self'.*frame-ancestors 'none'/);
    assert.ok(!/unsafe/.test(headers['content-security-policy']));
    assert.equal(headers.server, undefined, 'and nothing tells which version runs');
});

test('TLS is 1.2 or later, with forward secrecy and authenticated encryption', async () => {
    const safe = await Server.start({ flags: ['--tls-self-signed'], tls: true, env: { KINORA_LISTEN: '' } });
    const knock = (options) => new Promise((resolve) => {
        const socket = tls.connect({ port: safe.port, host: '127.0.0.1', rejectUnauthorized: false, ...options }, () => {
            resolve({ protocol: socket.getProtocol(), cipher: socket.getCipher().standardName });
            socket.destroy();
        });
        socket.on('error', (error) => resolve({ refused: error.code ?? error.message }));
    });
    try {
        assert.equal((await knock({})).protocol, 'TLSv1.3');
        assert.match((await knock({ maxVersion: 'TLSv1.2' })).cipher, /^TLS_ECDHE_.*(GCM|POLY1305)/);
        for (const old of ['TLSv1', 'TLSv1.1'])
            assert.ok((await knock({ minVersion: old, maxVersion: old, ciphers: 'ALL:@SECLEVEL=0' })).refused, old);
        for (const ciphers of ['AES128-SHA', 'AES128-GCM-SHA256', 'ECDHE-RSA-AES128-SHA256', 'ECDHE-ECDSA-AES128-SHA'])
            assert.ok((await knock({ maxVersion: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0` })).refused, ciphers);
        assert.ok((await knock({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-CHACHA20-POLY1305' })).protocol);
    } finally {
        await safe.remove();
    }
});

test('a wrong password and a name that nobody has are answered alike, in words and in work', async () => {
    const nobody = root.as(undefined);
    const cost = async (username) => {
        const spent = [];
        for (let i = 0; i < 7; i++) {
            const from = process.hrtime.bigint();
            const { status, json } = await nobody.post('/api/v1/auth/login', { username, password: 'wrong-password' });
            spent.push(Number(process.hrtime.bigint() - from));
            assert.equal(status, 401);
            assert.deepEqual(Object.keys(json).sort(), ['code', 'details', 'message']);
        }
        return spent.sort((a, b) => a - b)[0];
    };
    const [there, absent] = [await cost('ada'), await cost('nobody-at-all')];
    // Without the work of argon2 it would be a twentieth.
    assert.ok(absent > there / 3 && there > absent / 3, `${there} ns and ${absent} ns`);
    const words = await Promise.all(['root', 'nobody-else'].map((username) => nobody.post('/api/v1/auth/login', { username, password: 'x' })));
    assert.deepEqual(words[0].json, words[1].json);
});

test('many logins at once need the memory of two, and others are answered meanwhile', async () => {
    const resident = () => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]) * 1024;
    const before_ = resident();
    let most = before_;
    const watch = setInterval(() => (most = Math.max(most, resident())), 5);
    const logins = Promise.all(Array.from({ length: 60 }, (_, i) => root.as(undefined).post('/api/v1/auth/login', { username: `nobody-${i}`, password: 'wrong-password' })));
    let between = 0, done = false;
    logins.finally(() => (done = true));
    while (!done) {
        assert.equal((await send(server.origin, 'GET', '/health')).status, 200);
        between++;
    }
    clearInterval(watch);
    assert.ok((await logins).every(({ status }) => status === 401));
    assert.ok(between > 0, 'others are answered while they wait');
    assert.ok(most - before_ < 128 << 20, `${(most - before_) >> 20} MiB more: 60 at once would be 1,140`);
});

test('a stream of events ends with the session that opened it, and only that one', async () => {
    const [one, other] = [await ada.login('ada'), await ada.login('ada')];
    const streams = [one.events('/api/v1/events'), one.events(`/api/v1/files/${file.id}/events`), other.events('/api/v1/events')];
    await Promise.all(streams.map((stream) => stream.opened));
    await one.must(200, 'POST', '/api/v1/auth/logout');
    await streams[0].ended;
    await other.upload('y.png', picture('blue'));
    for (let i = 0; i < 300 && !streams[2].events.length; i++)
        await new Promise((later) => setTimeout(later, 50));
    assert.ok(streams[2].events.length, 'the other session still hears');
    streams[2].close();
});

test('nothing secret of an installation is readable by others on the machine', () => {
    const modes = new Map([[server.data, fs.statSync(server.data).mode]]);
    const walk = (folder) => {
        for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
            const place = path.join(folder, entry.name), found = fs.statSync(place, { throwIfNoEntry: false });
            if (!found)
                continue; // a temporary file of a job that has ended
            modes.set(place, found.mode);
            if (entry.isDirectory())
                walk(place);
        }
    };
    walk(server.data);
    const places = [...modes.keys()];
    assert.ok(places.some((place) => place.endsWith('master.key')) && (on_postgres || places.some((place) => place.endsWith('kinora.db'))));
    // What stands in folders that nobody else may enter is closed as well.
    const open = (place) => (modes.get(place) & 0o077) !== 0 && (place === server.data || open(path.dirname(place)));
    assert.deepEqual(places.filter(open), []);
    assert.equal(fs.statSync(path.join(server.data, 'keys', 'master.key')).mode & 0o077, 0);
});

test('kinora is built to resist: position-independent, full RELRO, stack canaries, no executable stack', () => {
    for (const name of [program, `${program}-engine`]) {
        const told = spawnSync('readelf', ['-hldW', '--dyn-syms', name], { encoding: 'utf8', maxBuffer: 64 << 20 }).stdout;
        assert.match(told, /Type:\s+DYN/, name);
        assert.match(told, /GNU_RELRO/, name);
        assert.match(told, /FLAGS.*(BIND_NOW|NOW)/, name);
        assert.match(told, /GNU_STACK.*RW /, name);
        assert.match(told, /__stack_chk_fail|__asan_init/, name);
    }
});
