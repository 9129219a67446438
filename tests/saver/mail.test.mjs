// SPDX-License-Identifier: GPL-3.0-or-later
// New passwords by mail, over a mail server of the test.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { Server, until } from '../api/lib/server.mjs';

// Prints each mail that it takes as a line of JSON; refuses the first ones when told to.
const smtp = `
import asyncio, json, sys
from aiosmtpd.controller import Controller
class Handler:
    refuse = int(sys.argv[1])
    async def handle_DATA(self, server, session, envelope):
        if Handler.refuse:
            Handler.refuse -= 1
            return '451 later'
        print(json.dumps({'from': envelope.mail_from, 'to': envelope.rcpt_tos, 'content': envelope.content.decode()}), flush=True)
        return '250 OK'
controller = Controller(Handler(), hostname='127.0.0.1', port=int(sys.argv[2]))
controller.start()
print('ready', flush=True)
sys.stdin.read()
controller.stop()
`;
const mails = [];
let mail_server, server, root, port;

before(async () => {
    const { createServer } = await import('node:net');
    const probe = createServer();
    await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
    ({ port } = probe.address());
    await new Promise((resolve) => probe.close(resolve));
    mail_server = spawn('/usr/bin/python3', ['-c', smtp, '0', String(port)], { stdio: ['pipe', 'pipe', 'inherit'] });
    await new Promise((resolve) => {
        let rest = '';
        mail_server.stdout.setEncoding('utf8').on('data', (text) => {
            const lines = (rest + text).split('\n');
            rest = lines.pop();
            for (const line of lines)
                line === 'ready' ? resolve() : mails.push(JSON.parse(line));
        });
    });
    server = await Server.start();
    root = await new Client(server).user('root');
    await root.must(200, 'PUT', '/api/v1/settings', { smtp_url: `smtp://127.0.0.1:${port}`, smtp_from: 'kinora@example.org', public_url: 'https://kinora.example.org/' });
});
after(async () => {
    mail_server.stdin.end();
    await server.remove();
});

const parts = (mail) => [...mail.content.matchAll(/Content-Type: (text\/\w+); charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n([\w+/=\r\n]+?)\r\n--/g)]
    .map(([, type, body]) => [type, Buffer.from(body, 'base64').toString()]);
const ask = (email) => root.as(undefined).must(200, 'POST', '/api/v1/password-reset/request-reset', { email });
const next_mail = async (count) => (await until('the mail has come', () => mails.length >= count && mails))[count - 1];

test('the mail has a text and an HTML part, with the link and the token; the token works once', async () => {
    await root.user('mia');
    await ask('mia@example.org');
    const mail = await next_mail(1);
    assert.deepEqual([mail.from, mail.to], ['kinora@example.org', ['mia@example.org']]);
    const [[, text], [, page]] = parts(mail);
    const token = /\n([\w-]{43})\n/.exec(text)[1];
    assert.ok(text.includes(`https://kinora.example.org/#/reset-password?token=${token}`));
    assert.ok(page.includes(`href="https://kinora.example.org/#/reset-password?token=${token}"`));
    const kept = server.sql('SELECT hex(hash) AS hash FROM reset_token');
    assert.ok(!JSON.stringify(kept).includes(Buffer.from(token).toString('hex').toUpperCase()), 'only a hash is kept');
    const nobody = root.as(undefined), reset = (password) => nobody.post('/api/v1/password-reset/reset', { token, new_password: password });
    assert.equal((await reset('another-password')).status, 200);
    assert.equal((await reset('third-password')).status, 400);
    await nobody.login('mia', 'another-password');
});

test('an unknown or disabled account gets no mail, and nobody can tell by the answer or what is written', async () => {
    const off = await root.user('off');
    await root.must(200, 'PUT', `/api/v1/users/${off.me.id}`, { is_active: false });
    const before_us = mails.length;
    const answers = [];
    for (const email of ['nobody@example.org', 'off@example.org', 'mia@example.org'])
        answers.push(await ask(email));
    assert.equal(new Set(answers.map((one) => JSON.stringify(one))).size, 1);
    await until('all requests were dealt with', () => server.sql('SELECT count(*) AS n FROM reset_request')[0].n === 0);
    await until('the mail for the third has come', () => mails.length > before_us);
    assert.equal(mails.length, before_us + 1);
});

test('a newer token ends the older one, and an old one has run out', async () => {
    const token_of = (mail) => /\n([\w-]{43})\n/.exec(parts(mail)[0][1])[1];
    const start = mails.length;
    await ask('mia@example.org');
    const first = token_of(await next_mail(start + 1));
    await ask('mia@example.org');
    const second = token_of(await next_mail(start + 2));
    const nobody = root.as(undefined), reset = async (token) => (await nobody.post('/api/v1/password-reset/reset', { token, new_password: 'fourth-password' })).status;
    assert.equal(await reset(first), 400);
    await server.stop();
    server.sql('UPDATE reset_token SET expires_at = expires_at - 1800000000');
    await server.start();
    assert.equal(await reset(second), 400);
});

test('too many requests for one account are refused', async () => {
    const statuses = [];
    for (let i = 0; i < 6; i++)
        statuses.push((await root.as(undefined).post('/api/v1/password-reset/request-reset', { email: 'often@example.org' })).status);
    assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429]);
});
