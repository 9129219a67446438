// SPDX-License-Identifier: GPL-3.0-or-later
// A link is added, looked at and changed on the page; what fails says what to do; a forgotten password is set anew.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { until } from '../api/lib/server.mjs';
import { first_account, picture, recording, Stage, WORK_MS } from './lib/browser.mjs';

let stage, page, site, origin;

before(async () => {
    site = http.createServer((request, response) => {
        if (request.url === '/talk.wav')
            return response.writeHead(200, { 'Content-Type': 'audio/wav' }).end(fs.readFileSync(recording));
        response.writeHead(404).end();
    });
    await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${site.address().port}`;
    stage = await Stage.open({ env: { KINORA_ALLOW_PRIVATE_LINKS: '1' } });
    page = await stage.page();
    await first_account(page, stage.origin);
});
after(async () => {
    await stage?.close();
    site?.closeAllConnections();
    site?.close();
});

// Its parts are base64.
function token_in(mail) {
    for (const [, part] of mail.matchAll(/base64\r?\n\r?\n([A-Za-z0-9+/=\r\n]+)/g)) {
        const found = /reset-password\?token=([\w-]+)/.exec(Buffer.from(part, 'base64').toString());
        if (found)
            return found[1];
    }
    return null;
}

async function add(name, url) {
    await page.getByRole('button', { name: 'Add a link' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Address').fill(url);
    await dialog.getByLabel('Name').fill(name);
    await dialog.getByLabel('What is there').selectOption('direct');
    await dialog.getByLabel('Look by itself, again and again').uncheck();
    return dialog;
}

test('a link is added and looked at, and what it saved is in the history and the library', async () => {
    await page.goto(`${stage.origin}/#/saver`);
    await page.getByText('Nothing is watched yet').waitFor();
    await picture(page, 'saver-empty');
    const dialog = await add('A talk', `${origin}/talk.wav`);
    await picture(page, 'saver-add', { phone: false });
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('list', { name: 'Links' }).getByRole('button', { name: 'Look now' }).click();
    const saved = page.getByRole('list', { name: 'History' }).getByRole('link', { name: /talk/ });
    await saved.waitFor({ timeout: WORK_MS });
    await page.getByRole('list', { name: 'Links' }).getByText('Saved', { exact: true }).waitFor();
    await picture(page, 'saver');
    await saved.click();
    await page.locator('audio').waitFor();
});

test('a link that fails says why and what can be done', async () => {
    await page.goto(`${stage.origin}/#/saver`);
    await page.getByRole('list', { name: 'Links' }).waitFor();
    const dialog = await add('Nobody is there', `${origin}/nothing.wav`);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    const row = page.getByRole('list', { name: 'Links' }).getByRole('listitem').filter({ hasText: 'Nobody is there' });
    await row.getByRole('button', { name: 'Look now' }).click();
    await row.getByText('Failed').waitFor({ timeout: WORK_MS });
    await row.getByText(/Correct the address/).waitFor();
    await picture(page, 'saver-failed', { phone: false });
});

test('a setting is changed, and one out of its range is refused where it stands', async () => {
    await page.goto(`${stage.origin}/#/admin`);
    const field = page.getByLabel(/^link_monitor_interval_minutes/);
    await field.fill('30');
    await field.press('Tab');
    await page.getByText('Saved.').first().waitFor();
    await field.fill('99999999');
    await field.press('Tab');
    await page.locator('.setting [role="alert"]').waitFor();
    await page.reload();
    await field.waitFor();
    assert.equal(await field.inputValue(), '30');
    await field.scrollIntoViewIfNeeded();
    await picture(page, 'admin-settings');
});

test('the database is exported as a file', async () => {
    await page.goto(`${stage.origin}/#/admin`);
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export', exact: true }).click()]);
    assert.match(download.suggestedFilename(), /\.sql$/);
    assert.match(fs.readFileSync(await download.path(), 'utf8'), /INSERT INTO/);
});

test('a forgotten password is set anew by the link in the mail', async () => {
    const other = await stage.page();
    await other.goto(stage.origin);
    await other.getByRole('link', { name: 'Forgot your password?' }).click();
    await other.getByLabel('E-mail').fill('ada@example.org');
    await other.getByRole('button', { name: 'Send the mail' }).click();
    await other.getByText('If there is an account').waitFor();
    await picture(other, 'reset');
    const outbox = path.join(stage.server.data, 'outbox');
    const token = await until('the mail is there', () => fs.existsSync(outbox) && fs.readdirSync(outbox).map((name) => token_in(fs.readFileSync(path.join(outbox, name), 'utf8')))[0]);
    await other.goto(`${stage.origin}/#/reset-password?token=${token}`);
    await other.getByLabel('Password').fill('another long word');
    await other.getByRole('button', { name: 'Set the password' }).click();
    await other.getByRole('link', { name: 'Sign in' }).click();
    await other.getByLabel('User name or e-mail').fill('ada');
    await other.getByLabel('Password').fill('another long word');
    await other.getByRole('button', { name: 'Sign in' }).click();
    await other.getByRole('navigation', { name: 'Places' }).waitFor();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor(); // all sessions have ended
});

test('the browsers had nothing to complain of, and asked no other host', () => {
    assert.deepEqual(stage.troubles, []);
    assert.deepEqual(stage.elsewhere, []);
});
