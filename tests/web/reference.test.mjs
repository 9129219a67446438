// SPDX-License-Identifier: GPL-3.0-or-later
// The pages that show the API: a call tried after "Authorize", and the page to read.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { Stage, first_account, pictures } from './lib/browser.mjs';

let stage;
before(async () => (stage = await Stage.open()));
after(() => stage?.close());
afterEach(() => {
    assert.deepEqual(stage.troubles.splice(0), []);
    assert.deepEqual(stage.elsewhere.splice(0), [], 'nothing is asked of another host');
});

test('a call is tried in Swagger UI with a token', async () => {
    const page = await stage.page();
    await first_account(page, stage.origin);
    const login = await fetch(`${stage.origin}/api/v1/auth/login`, { method: 'POST', headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ username: 'ada', password: 'a long enough word' }) });
    const { access_token } = await login.json();
    assert.ok(access_token);
    await page.goto(`${stage.origin}/api/v1/docs`);
    await page.getByRole('button', { name: 'Authorize' }).click();
    await page.getByRole('textbox', { name: /value/i }).or(page.locator('.auth-container input')).first().fill(access_token);
    await page.locator('.auth-btn-wrapper').getByRole('button', { name: 'Apply credentials' }).or(page.locator('.auth-btn-wrapper .authorize')).first().click();
    await page.locator('.close-modal, .btn-done').first().click();
    await page.locator('.opblock-tag[data-tag="Users"]').click();
    const block = page.locator('.opblock', { has: page.locator('[data-path="/api/v1/users/me"]') }).and(page.locator('.opblock-get')).first();
    await block.locator('.opblock-summary-control').click();
    await block.getByRole('button', { name: 'Try it out' }).click();
    await block.getByRole('button', { name: 'Execute' }).click();
    await block.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor();
    assert.match(await block.locator('.live-responses-table').innerText(), /"username": "ada"/);
    await page.screenshot({ path: path.join(pictures, 'api-docs.png') });
});

test('ReDoc shows the calls', async () => {
    const page = await stage.page();
    await page.goto(`${stage.origin}/api/v1/redoc`);
    await page.getByRole('heading', { name: /^Kinora/ }).waitFor();
    await page.getByText('/api/v1/videos/{videoId}/render').first().waitFor({ state: 'attached' });
    await page.getByRole('textbox').first().fill('transcription');
    await page.getByRole('menuitem').first().waitFor();
    await page.screenshot({ path: path.join(pictures, 'api-redoc.png') });
});
