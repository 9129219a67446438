// SPDX-License-Identifier: GPL-3.0-or-later
// kinora api against a real server.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { Server } from '../api/lib/server.mjs';
import { kinora, new_folder, program } from './kinora.mjs';

const folder = new_folder();
const env = { XDG_CONFIG_HOME: path.join(folder, 'some/config') };
const stored = path.join(env.XDG_CONFIG_HOME, 'kinora/login.json');
const read = () => JSON.parse(fs.readFileSync(stored, 'utf8'));
const write = (more) => fs.writeFileSync(stored, JSON.stringify({ ...read(), ...more }));
const api = (...args) => kinora(['api', ...args], { env });
const login = (password = 'root-password', name = 'root') =>
    kinora(['api', 'login', `${server.origin}/`, name], { env, input: `${password}\n` });
let server, root;

before(async () => {
    server = await Server.start();
    root = await new Client(server).user('root');
});
after(async () => {
    await server.remove();
    fs.rmSync(folder, { recursive: true });
});

test('without a login it says how to get one', () => {
    const told = api('GET', '/api/v1/users/me');
    assert.equal(told.code, 1);
    assert.match(told.err, /kinora api login URL NAME/);
});

test('a wrong password stores nothing', () => {
    const told = login('wrong-password');
    assert.equal(told.code, 1);
    assert.match(told.err, /Wrong user name or password/);
    assert.ok(!fs.existsSync(stored));
    assert.match(login('').err, /password/);
});

test('a login stores tokens for its owner alone, and no password', () => {
    const told = login();
    assert.equal(told.code, 0, told.err);
    assert.equal(told.out, '');
    assert.equal(fs.statSync(stored).mode & 0o777, 0o600);
    assert.equal(fs.statSync(path.dirname(stored)).mode & 0o777, 0o700);
    assert.ok(!fs.readFileSync(stored, 'utf8').includes('root-password'));
    assert.deepEqual(fs.readdirSync(path.dirname(stored)), ['login.json']);
    assert.equal(read().url, server.origin);
});

test('answers are printed; the exit code tells success from failure', () => {
    const made = api('POST', '/api/v1/videos', '{"title": "Grüße"}');
    assert.equal(made.code, 0, made.err);
    const { data: { video } } = JSON.parse(made.out);
    assert.equal(video.title, 'Grüße');
    assert.equal(JSON.parse(api('PUT', `/api/v1/videos/${video.id}`, '{"title":"B"}').out).data.video.title, 'B');
    assert.equal(JSON.parse(api('GET', '/api/v1/videos?limit=1').out).data.pagination.total_items, 1);
    assert.equal(api('DELETE', `/api/v1/videos/${video.id}`).code, 0);
    const gone = api('GET', `/api/v1/videos/${video.id}`);
    assert.equal(gone.code, 1);
    assert.equal(JSON.parse(gone.out).error, 'VIDEO_NOT_FOUND');
    assert.match(gone.err, /answered 404/);
    const head = api('HEAD', '/api/v1/users/me');
    assert.deepEqual([head.code, head.out], [0, '']);
    assert.equal(JSON.parse(api('POST', '/api/v1/videos', '{"title":').out).error, 'MALFORMED_JSON');
});

test('with --key a POST that is sent again is not made again', () => {
    const post = () => JSON.parse(api('POST', '/api/v1/videos', '{"title":"Once"}', '--key', 'a b').out).data.video.id;
    assert.equal(post(), post());
});

test('a token that has run out is renewed before, one that is refused after', () => {
    const first = read();
    write({ expires_us: 1 });
    assert.equal(api('GET', '/api/v1/users/me').code, 0);
    const second = read();
    assert.notEqual(second.refresh_token, first.refresh_token);
    assert.ok(second.expires_us > Date.now() * 1000);
    write({ access_token: 'not.a.token' });
    assert.equal(api('GET', '/api/v1/users/me').code, 0);
    assert.notEqual(read().access_token, 'not.a.token');
    assert.equal(fs.statSync(stored).mode & 0o777, 0o600);
});

test('many at once that must renew take turns', async () => {
    write({ expires_us: 1 });
    const codes = await Promise.all(Array.from({ length: 8 }, () => new Promise((resolve) =>
        spawn(program, ['api', 'GET', '/api/v1/users/me'], { env: { ...process.env, ...env }, stdio: 'ignore' }).on('exit', resolve))));
    assert.deepEqual(codes, Array(8).fill(0));
});

test('a login that has ended, a broken file and a server that is not there are told', async () => {
    write({ access_token: 'x', refresh_token: 'x' });
    assert.match(api('GET', '/api/v1/users/me').err, /has ended.*kinora api login http/);
    write({ url: 'http://127.0.0.1:1', expires_us: Date.now() * 2000 });
    const told = api('GET', '/api/v1/users/me');
    assert.equal(told.code, 1);
    assert.match(told.err, /http:\/\/127\.0\.0\.1:1\/api\/v1\/users\/me: Failed to connect/);
    write({ url: 'file:///etc/passwd?' });
    assert.match(api('GET', '/x').err, /http/);
    fs.writeFileSync(stored, '{');
    assert.match(api('GET', '/api/v1/users/me').err, /no stored login/);
});

test('wrong usage is told with exit code 2', () => {
    for (const args of [['get', '/x'], ['GET', 'x'], ['login', 'http://x'], ['GET']]) {
        const told = api(...args);
        assert.equal(told.code, 2, args.join(' '));
    }
});
