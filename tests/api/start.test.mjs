// SPDX-License-Identifier: GPL-3.0-or-later
// Starting: TLS, and what is said when the server cannot start.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { wav } from './lib/media.mjs';
import { run, Server, temporary, until } from './lib/server.mjs';

const folder = temporary('start');
const at = (name) => path.join(folder, name);
let server;

before(async () => {
    server = await Server.start();
});
after(async () => {
    await server.remove();
    fs.rmSync(folder, { recursive: true, force: true });
});

// A start that must fail: with a sentence that says all of this, without a stack, and soon.
function refused(flags, ...says) {
    const { code, stderr } = run(['serve', ...flags]);
    assert.ok(code === 1 || code === 2, `exit code ${code}: ${stderr}`);
    for (const what of says)
        assert.match(stderr, what);
    assert.match(stderr.trim().split('\n').at(-1), /^kinora: [A-Z-]/);
}

test('a server speaks TLS in every lane', async () => {
    const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
        '-keyout', at('key.pem'), '-out', at('cert.pem'), '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']);
    assert.equal(made.status, 0, String(made.stderr));
    const sealed = new Server({ flags: ['--tls-cert', at('cert.pem'), '--tls-key', at('key.pem')], tls: true });
    sealed.ca = fs.readFileSync(at('cert.pem'));
    await sealed.start();
    try {
        const ada = await new Client(sealed).user('ada');
        const bytes = wav(20);
        const file = await ada.upload('tone.wav', bytes);
        assert.equal((await ada.must(200, 'GET', `/api/v1/files/${file.id}`)).size_bytes, bytes.length);
        assert.deepEqual((await ada.get(`/api/v1/files/${file.id}/content`)).bytes, bytes);
        const stream = ada.events('/api/v1/events');
        await stream.opened;
        stream.close();
    } finally {
        await sealed.remove();
    }
    refused(['--data', at('tls'), '--listen', '127.0.0.1:0', '--tls-cert', at('nothing.pem'), '--tls-key', at('key.pem')], /nothing\.pem/);
});

test('a port that is taken is named', () => {
    refused(['--data', at('second'), '--listen', `127.0.0.1:${server.port}`], new RegExp(`127\\.0\\.0\\.1:${server.port}`), /in use/);
});

test('a data folder belongs to one server at a time', async () => {
    refused(['--data', server.data, '--listen', '127.0.0.1:0'], /[Aa]nother Kinora is running/);
    await new Client(server).user('ada'); // and the first one is well
});

test('what a killed server leaves for a moment does not keep the next one from starting', async () => {
    const data = at('just-killed');
    fs.mkdirSync(data, { mode: 0o700 });
    const child = spawn('flock', [path.join(data, 'lock'), 'sleep', '0.5']); // as a child of it that was about to begin
    const ended = new Promise((resolve) => child.on('exit', resolve));
    await until('it holds the lock', () => fs.existsSync(path.join(data, 'lock')) && spawnSync('flock', ['-n', path.join(data, 'lock'), 'true']).status === 1, { every_ms: 5 });
    const next = await Server.start({ data });
    assert.equal(await ended, 0);
    assert.equal(await next.stop(), 0);
});

test('a data folder that cannot be one is named, with what to do', () => {
    fs.writeFileSync(at('file'), 'a file');
    refused(['--data', at('file'), '--listen', '127.0.0.1:0'], /file/, /--data/);
    refused(['--data', '/proc/kinora', '--listen', '127.0.0.1:0'], /\/proc\/kinora/, /--data/);
});

test('settings that make no sense are named', () => {
    refused(['--listen', 'nonsense', '--data', at('x')], /ADDRESS:PORT/);
    refused(['--workers', 'many', '--data', at('x')], /--workers/, /256/);
    refused(['--no-such-flag', '--data', at('x')], /--no-such-flag/);
    refused(['--listen', '0.0.0.0:0', '--data', at('x')], /TLS/, /--insecure-http/);
    refused(['--config', at('absent.conf'), '--data', at('x')], /absent\.conf/);
    assert.equal(fs.existsSync(at('x')), false);
});

test('a data folder of a newer Kinora is left as it is', async () => {
    const other = await Server.start();
    await new Client(other).user('ada');
    assert.equal(await other.stop(), 0);
    other.sql('INSERT INTO schema_version (version, name, applied_us) VALUES (9999, \'from the future\', 1)');
    const before_ = other.sql('SELECT count(*) AS many FROM users')[0].many;
    refused(['--data', other.data, '--listen', '127.0.0.1:0'], /9999|newer/);
    assert.equal(other.sql('SELECT count(*) AS many FROM users')[0].many, before_);
    other.sql('DELETE FROM schema_version WHERE version = 9999');
    await other.start();
    assert.ok(await new Client(other).login('ada'));
    await other.remove();
});

test('with another master key the server does not start, and with the right one it does again', async () => {
    const other = await Server.start();
    await new Client(other).user('ada');
    assert.equal(await other.stop(), 0);
    const key = path.join(other.data, 'keys', 'master.key');
    const right = fs.readFileSync(key);
    fs.writeFileSync(key, randomBytes(right.length), { mode: 0o600 });
    refused(['--data', other.data, '--listen', '127.0.0.1:0'], /key/);
    fs.writeFileSync(key, right, { mode: 0o600 });
    await other.start();
    assert.ok(await new Client(other).login('ada'));
    await other.remove();
});
