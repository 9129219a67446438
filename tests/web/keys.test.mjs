// SPDX-License-Identifier: GPL-3.0-or-later
// A key for other programs: made and shown once on the page, used, ended.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../api/lib/server.mjs';
import { first_account, picture, Stage } from './lib/browser.mjs';

let stage, page;

before(async () => {
    stage = await Stage.open();
    page = await stage.page();
    await first_account(page, stage.origin);
});
after(() => stage?.close());

test('an API key is made, shown once, works until it is ended', async () => {
    const ask = (key) => fetch(`${stage.origin}/api/v1/videos`, { headers: { Authorization: `Bearer ${key}` } });
    await page.goto(`${stage.origin}/#/profile`);
    await page.getByLabel('What it is for').fill('Nightly upload');
    await page.getByLabel('It may').selectOption('read');
    await page.getByRole('button', { name: 'Make a key' }).click();
    const shown = page.getByLabel('Your new key');
    await shown.waitFor();
    const key = await shown.inputValue();
    assert.match(key, /^kn_/);
    await picture(page, 'profile-key', { phone: false });
    assert.equal((await ask(key)).status, 200);
    await page.reload();
    const row = page.getByRole('list', { name: 'API keys' }).getByRole('listitem');
    await row.getByText('Nightly upload').waitFor();
    assert.equal(await shown.count(), 0);
    await row.getByRole('button', { name: 'End it' }).click();
    await row.waitFor({ state: 'detached' });
    await until('the key is refused', async () => (await ask(key)).status === 401, { limit_ms: 5_000 });
});

test('an administrator sees who did what, and finds it by who', async () => {
    await page.goto(`${stage.origin}/#/admin`);
    const log = page.locator('section', { has: page.getByRole('heading', { name: 'Who did what' }) });
    await log.getByText('key.delete').first().waitFor();
    assert.ok(await log.getByText('key.create').count());
    await picture(page, 'admin-audit', { phone: false });
    await log.getByLabel('Who').fill('nobody-of-that-name');
    await log.getByLabel('Who').press('Enter');
    await log.getByText('key.delete').first().waitFor({ state: 'detached' });
});
