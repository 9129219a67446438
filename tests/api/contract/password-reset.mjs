// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { until } from '../lib/server.mjs';

export const title = 'new passwords of document 002';

export const bodies = {
    'POST /api/v1/password-reset/request-reset': { email: 'nobody@example.org' },
    'POST /api/v1/password-reset/reset': { token: 'x', new_password: 'new-password' },
};

// The text of the newest mail in the outbox.
const text_of = (file) => Buffer.from(/text\/plain[^]*?\r\n\r\n([A-Za-z0-9+/=\r\n]+)/.exec(fs.readFileSync(file, 'utf8'))[1], 'base64').toString();

export async function steps({ server, root }) {
    const nobody = root.as(undefined), url = '/api/v1/password-reset';
    const eve = await root.user('eve');
    const told = await nobody.must(200, 'POST', `${url}/request-reset`, { email: 'Eve@example.org' });
    assert.deepEqual(told, { msg: 'Password reset email sent' });
    assert.deepEqual(await nobody.must(200, 'POST', `${url}/request-reset`, { email: 'unknown@example.org' }), told);
    const outbox = path.join(server.data, 'outbox');
    const [mail] = await until('a mail is in the outbox', () => fs.existsSync(outbox) && fs.readdirSync(outbox).length && fs.readdirSync(outbox));
    const token = /token=([\w-]+)/.exec(text_of(path.join(outbox, mail)))[1];
    for (const wrong of ['x', token.slice(1)])
        assert.equal((await nobody.post(`${url}/reset`, { token: wrong, new_password: 'new-password' })).status, 400);
    assert.equal((await nobody.post(`${url}/reset`, { token, new_password: 'short' })).status, 400);
    assert.deepEqual(await nobody.must(200, 'POST', `${url}/reset`, { token, new_password: 'new-password' }), { msg: 'Password updated successfully' });
    assert.equal((await nobody.post(`${url}/reset`, { token, new_password: 'new-password' })).status, 400);
    await until('the old session has ended', async () => (await eve.get('/api/v1/users/me')).status === 401);
    await nobody.login('eve', 'new-password');
}
