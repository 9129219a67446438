// SPDX-License-Identifier: GPL-3.0-or-later
// For everyone: with the keyboard alone, with a screen reader's tools, in German, with very long lists.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { first_account, picture, settled, Stage } from './lib/browser.mjs';

const axe_source = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let stage, page;

before(async () => {
    stage = await Stage.open();
    page = await stage.page();
    await first_account(page, stage.origin);
    await page.locator('.video-grid img').waitFor();
});
after(() => stage?.close());

// What axe finds of serious or critical weight. It is put there by the browser's debugger, which the policy lets pass.
async function serious(one = page) {
    await settled(one);
    await one.evaluate(axe_source);
    return one.evaluate(async () => {
        const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
        return violations.filter((found) => ['serious', 'critical'].includes(found.impact))
            .flatMap((found) => found.nodes.map((node) => `${found.id}: ${node.target} ${node.failureSummary.split('\n')[1] ?? ''}`));
    });
}

const screens = { library: 'Nothing here yet', videos: 'A first look at Kinora', new: 'Make the scenes', jobs: 'Jobs', admin: 'Engines', saver: 'Nothing is watched yet', profile: 'This browser' };

for (const [hash, text] of Object.entries(screens))
    test(`axe finds nothing serious on the screen ${hash}, in light and dark`, async () => {
        await page.goto(`${stage.origin}/#/${hash}`);
        await page.getByText(text).first().waitFor();
        for (const colorScheme of ['light', 'dark']) {
            await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
            assert.deepEqual(await serious(), []);
        }
        await page.emulateMedia({ colorScheme: 'light' });
    });

test('axe finds nothing serious in the editor, its drawer and its dialogs', async () => {
    await page.goto(`${stage.origin}/#/videos`);
    await page.getByRole('link', { name: 'A first look at Kinora' }).click();
    await page.locator('.canvas .frame').waitFor();
    await page.locator('.layer-pick').first().click();
    for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        assert.deepEqual(await serious(), []);
        await page.getByRole('button', { name: 'Pictures', exact: true }).click();
        await page.getByRole('region', { name: 'Add to the scene' }).waitFor();
        assert.deepEqual(await serious(), []);
        await picture(page, 'editor-drawer', { phone: false });
        await page.getByRole('region', { name: 'Add to the scene' }).getByRole('button', { name: 'Close' }).click();
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await page.getByRole('button', { name: 'Render', exact: true }).click();
        await page.getByRole('dialog').getByLabel('Format').waitFor();
        assert.deepEqual(await serious(), []);
        await page.keyboard.press('Escape');
    }
});

test('a video is made, edited and taken back with the keyboard alone', async () => {
    const keys = await stage.page();
    keys.setDefaultTimeout(20_000);
    await keys.goto(stage.origin);
    const focus_on = async (name, role = 'button', most = 80) => {
        for (let i = 0; i < most; i++) {
            const here = await keys.evaluate(() => ({ name: document.activeElement?.getAttribute('aria-label') || document.activeElement?.labels?.[0]?.textContent || document.activeElement?.textContent || '', tag: document.activeElement?.tagName }));
            if (here.name.trim().startsWith(name))
                return;
            await keys.keyboard.press('Tab');
        }
        assert.fail(`the key Tab never came to the ${role} ${name}`);
    };
    await keys.getByRole('heading', { name: 'Sign in' }).waitFor();
    await focus_on('User name or e-mail', 'field');
    await keys.keyboard.type('ada');
    await keys.keyboard.press('Tab');
    await keys.keyboard.type('a long enough word');
    await keys.keyboard.press('Enter');
    await keys.getByRole('navigation', { name: 'Places' }).waitFor();
    await focus_on('Videos', 'link');
    await keys.keyboard.press('Enter');
    await keys.getByRole('heading', { name: 'Videos' }).waitFor();
    await focus_on('New video', 'link');
    await keys.keyboard.press('Enter');
    await keys.getByRole('heading', { name: 'New video' }).waitFor();
    await focus_on('Script', 'field');
    await keys.keyboard.type('# By keys\n\nNo mouse was used.\n\n# Second\n\nNor here.');
    await focus_on('Make the scenes');
    await keys.keyboard.press('Enter');
    await keys.locator('.canvas .frame').waitFor();
    await focus_on('Text “Title', 'layer');
    const left = () => keys.locator('.layer-box[aria-label*="Title"]').evaluate((one) => one.style.left);
    const before_it = await left();
    await keys.keyboard.press('ArrowRight');
    await keys.waitForFunction((was) => document.querySelector('.layer-box[aria-label*="Title"]').style.left !== was, before_it);
    await keys.keyboard.press('Control+z');
    await keys.waitForFunction((was) => document.querySelector('.layer-box[aria-label*="Title"]').style.left === was, before_it);
    await keys.keyboard.press('Control+Shift+Z');
    await keys.waitForFunction((was) => document.querySelector('.layer-box[aria-label*="Title"]').style.left !== was, before_it);
    const count = () => keys.locator('.layer-item').count();
    const layers = await count();
    await keys.keyboard.press('Control+d');
    await keys.waitForFunction((was) => document.querySelectorAll('.layer-item').length === was + 1, layers);
    await keys.keyboard.press('Delete');
    await keys.waitForFunction((was) => document.querySelectorAll('.layer-item').length === was, layers);
    await focus_on('Videos', 'link'); // from the top again: the timeline knows scenes too
    await focus_on('Scene 1', 'scene');
    await keys.keyboard.press('Alt+ArrowDown');
    await keys.waitForFunction(() => document.querySelectorAll('.scene-item')[1].textContent.includes('2') && document.querySelector('.scene-item.current .number').textContent === '2');
    const time = () => keys.locator('.play-bar .mono').textContent();
    const at = await time();
    await keys.evaluate(() => document.activeElement.blur());
    await keys.keyboard.press('Shift+ArrowLeft');
    assert.notEqual(await time(), at);
    await keys.keyboard.press('?');
    await keys.getByRole('dialog', { name: 'Keys' }).waitFor();
    await picture(keys, 'keys', { phone: false });
    await keys.keyboard.press('Escape');
    await keys.getByRole('dialog').waitFor({ state: 'detached' });
    await keys.context().close();
});

test('German is there from the first screen on', async () => {
    const german = await stage.page({ locale: 'de-DE' });
    await german.goto(stage.origin);
    await german.getByRole('heading', { name: 'Anmelden' }).waitFor();
    await german.getByLabel('Benutzername oder E-Mail').fill('ada');
    await german.getByLabel('Passwort').fill('a long enough word');
    await german.getByRole('button', { name: 'Anmelden' }).click();
    await german.getByRole('heading', { name: 'Mediathek' }).waitFor();
    await picture(german, 'library-german');
    await german.context().close();
});

test('ten thousand files scroll, and only those in sight are in the page', async () => {
    const [{ uuid }] = stage.server.sql('SELECT id AS uuid FROM users LIMIT 1');
    // Rows put beside the server, which reads them like any others.
    const blob = '00000000-0000-4000-8000-000000000001', digits = (number, count) => String(number).padStart(count, '0');
    const rows = Array.from({ length: 10_000 }, (_, i) => [`00000000-0000-4000-9000-${digits(i + 1, 12)}`, `picture ${digits(i + 1, 5)}.png`])
        .map(([id, name]) => `('${id}', '${uuid}', '${blob}', '${name}', '${name}', 'image', 'image/png', 1000, false, 'completed', '{}', 1, 1)`);
    const script = `BEGIN;
        INSERT INTO blob (id, size_bytes, stored_bytes, sha256, sealed_key, created_at) VALUES ('${blob}', 1, 1, x'00', x'00', 1);
        INSERT INTO media (id, user_id, blob_id, file_name, file_path, media_type, mime_type, size_bytes, has_audio, status, probe, created_at, updated_at)
        VALUES ${rows.join(',\n')};
        COMMIT;`;
    stage.server.sql(script);
    await page.goto(`${stage.origin}/#/library`);
    const list = page.getByRole('list', { name: 'Library' });
    await page.getByRole('link', { name: 'picture 10000.png' }).waitFor();
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    await page.getByRole('link', { name: 'picture 00001.png' }).waitFor();
    assert.ok(await list.getByRole('listitem').count() < 120, 'few of them exist at a time');
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight / 2));
    await page.getByRole('link', { name: /picture 0[45]\d\d\d/ }).first().waitFor();
    await picture(page, 'library-long');
});

test('the browsers had nothing to complain of, and asked no other host', () => {
    assert.deepEqual(stage.troubles, []);
    assert.deepEqual(stage.elsewhere, []);
});
