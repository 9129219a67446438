// SPDX-License-Identifier: GPL-3.0-or-later
// The editor's harder moments: things deleted while their making is still told, clips trimmed on the timeline, properties
// that are refused, layers of every kind.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { first_account, picture, Stage } from './lib/browser.mjs';

let stage, page;
const count = () => page.locator('.layer-item').count();
const counts = (wanted) => page.waitForFunction((number) => document.querySelectorAll('.layer-item').length === number, wanted);
const saved = () => page.locator('.saved[data-state="saved"]').waitFor();

before(async () => {
    stage = await Stage.open();
    page = await stage.page();
    await first_account(page, stage.origin);
    await page.goto(`${stage.origin}/#/new`);
    await page.getByRole('button', { name: /^Nothing/ }).click();
    await page.getByLabel('Title').fill('Hard moments');
    await page.getByRole('button', { name: 'Make the video' }).click();
    await page.locator('.canvas img').waitFor();
});
after(() => stage?.close());

async function add(name) {
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('region', { name: 'Add to the scene' }).getByRole('button', { name, exact: true }).click();
}

test('texts, shapes and effects are added, each with every property of its kind', async () => {
    for (const [name, property] of [['Title', 'Typeface'], ['Star', 'Fill'], ['Blur', 'Intensity']]) {
        await add(name);
        await page.locator('.inspector').getByText(property, { exact: true }).waitFor();
        await saved();
    }
    assert.equal(await count(), 3);
    await picture(page, 'editor-kinds', { phone: false });
});

test('what is deleted the moment it was made stays deleted, and undo brings it back', async () => {
    await add('Ellipse');
    await page.keyboard.press('Delete');
    await add('Arrow');
    await saved();
    await page.getByRole('button', { name: 'Delete Arrow' }).click();
    await counts(3);
    await saved();
    await page.reload();
    await page.locator('.canvas img').waitFor();
    await counts(3);
    await page.getByRole('button', { name: 'Undo' }).click();
    await counts(4);
    await page.getByRole('button', { name: 'Redo' }).click();
    await counts(3);
});

test('a value out of range is refused beside its field, and the old one is back', async () => {
    await page.locator('.layer-pick').filter({ hasText: 'Star' }).click();
    const field = page.locator('.property').filter({ hasText: 'Fill' }).getByRole('textbox');
    await field.fill('blue-ish');
    await field.press('Tab');
    await page.locator('.property [role="alert"]').waitFor();
    await field.fill('#ff8800');
    await field.press('Tab');
    await saved();
    assert.equal(await page.locator('.property [role="alert"]').count(), 0);
});

test('a clip is dragged and trimmed on the timeline, and snaps to the others', async () => {
    const clip = page.locator('.clip').filter({ hasText: 'Star' }), from = await clip.boundingBox();
    await page.mouse.move(from.x + from.width - 3, from.y + 10);
    await page.mouse.down();
    await page.mouse.move(from.x + from.width - 123, from.y + 10, { steps: 4 });
    await page.mouse.up();
    await saved();
    assert.ok(Math.abs((await clip.boundingBox()).width - (from.width - 120)) < 12, 'the clip is two seconds shorter');
    await page.mouse.move(from.x + 40, from.y + 10);
    await page.mouse.down();
    await page.mouse.move(from.x + 40 + 117, from.y + 10, { steps: 4 });
    await page.mouse.up();
    await saved();
    const now = await clip.boundingBox();
    assert.ok(Math.abs(now.x + now.width - (from.x + from.width)) < 2, 'its end has snapped to the end of the scene');
});

test('S splits a layer at the playhead', async () => {
    await page.locator('.layer-pick').filter({ hasText: 'Title' }).click();
    await page.keyboard.press('s');
    await counts(4);
    await saved();
    assert.equal(await page.locator('.clip').filter({ hasText: 'A title' }).count(), 2);
});

test('scenes are added, put in order by dragging, and one is deleted and taken back', async () => {
    await page.getByRole('button', { name: 'Add a scene' }).click();
    await page.waitForFunction(() => document.querySelectorAll('.scene-item').length === 2);
    await page.getByRole('textbox', { name: 'Narration of the scene' }).fill('The second one');
    await saved();
    const second = await page.locator('.scene-pick').nth(1).boundingBox(), first = await page.locator('.scene-pick').nth(0).boundingBox();
    await page.mouse.move(second.x + 40, second.y + 30);
    await page.mouse.down();
    await page.mouse.move(first.x + 40, first.y + 5, { steps: 6 });
    await page.mouse.up();
    await page.waitForFunction(() => document.querySelector('.scene-pick').getAttribute('aria-label').includes('The second one'));
    await saved();
    await page.locator('.scene-item').first().hover();
    await page.locator('.scene-more').first().click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await page.waitForFunction(() => document.querySelectorAll('.scene-item').length === 1);
    await page.getByRole('status').getByRole('button', { name: 'Undo' }).click();
    await page.waitForFunction(() => document.querySelectorAll('.scene-item').length === 2);
});

test('a picture made from words becomes a layer', async () => {
    await page.getByRole('button', { name: 'Pictures', exact: true }).click();
    await page.getByLabel('A picture from words').fill('A lighthouse in the evening sun');
    await page.getByRole('button', { name: 'Make the picture' }).click();
    const before_it = await count();
    await page.locator('.things.media .thing').first().click({ timeout: 120_000 });
    await counts(before_it + 1);
    await saved();
    await picture(page, 'editor-from-words', { phone: false });
});

test('the browser had nothing to complain of', () => {
    assert.deepEqual(stage.troubles, []);
});
