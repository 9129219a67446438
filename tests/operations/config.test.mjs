// SPDX-License-Identifier: GPL-3.0-or-later
// What the settings are, and where each comes from.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { run, temporary } from '../api/lib/server.mjs';

const data = temporary('config');
after(() => fs.rmSync(data, { recursive: true, force: true }));
fs.writeFileSync(path.join(data, 'kinora.conf'), 'token_ttl = 60\nhandler_threads = 3\n');

const check = (flags = [], env = {}) => run(['config', 'check', '--data', data, ...flags], { env });
const row = (stdout, name) => stdout.split('\n').find((line) => line.startsWith(`${name} `) || line.startsWith(`--${name} `))?.trim().split(/\s{2,}|\s(?=\S+$)/);

test('each setting is shown with its value and source, and the stronger source wins', () => {
    const { code, stdout, stderr } = check(['--token-ttl', '90'], { KINORA_SMTP_URL: 'smtp://u:secret-word@h', KINORA_WORKERS: '2' });
    assert.equal(code, 0, stderr);
    const values = Object.fromEntries(['token-ttl', 'handler-threads', 'workers', 'smtp-url', 'listen'].map((name) => {
        const [, value, source] = row(stdout, name).map((part) => part.trim()).filter(Boolean);
        return [name, [value, source]];
    }));
    assert.deepEqual(values, { 'token-ttl': ['90', 'flag'], 'handler-threads': ['3', 'file'], workers: ['2', 'KINORA_WORKERS'],
        'smtp-url': ['(set)', 'KINORA_SMTP_URL'], listen: ['127.0.0.1:8000', 'default'] });
    assert.ok(stdout.split('\n').length > 60);
    assert.doesNotMatch(stdout + stderr, /secret-word/);
});

test('what a server would not start with fails with the same sentence', () => {
    for (const [flags, says] of [[['--listen', '0.0.0.0:8000'], /without TLS would show passwords/], [['--tls-cert', 'x.pem'], /belong together/],
        [['--token-ttl', 'soon'], /must be a whole number/], [['--trusted-proxies', 'nowhere'], /wants addresses and networks/]]) {
        const { code, stderr } = check(flags);
        assert.notEqual(code, 0, String(flags));
        assert.match(stderr, says);
    }
    assert.equal(check(['--listen', '0.0.0.0:8000', '--trusted-proxies', '10.0.0.0/8']).code, 0);
    assert.notEqual(run(['config', 'show']).code, 0);
});
