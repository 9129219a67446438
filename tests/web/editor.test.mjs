// SPDX-License-Identifier: GPL-3.0-or-later
// The editor's harder moments: things deleted while their making is still told, clips trimmed on the timeline, properties
// that are refused, layers of every kind.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { run, temporary } from '../api/lib/server.mjs';
import { make_pack } from '../libraries/lib/pack.mjs';
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
    await page.locator('.canvas .frame').waitFor();
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
    await page.locator('.canvas .frame').waitFor();
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

const layer_row = (name) => stage.server.sql(`SELECT start_time, duration FROM scenes_layers WHERE name = '${name}'`)[0];

test('keys trim a clip by single frames, at its end and at its beginning', async () => {
    const clip = page.locator('.clip').filter({ hasText: 'Star' }), before_it = layer_row('Star'), frame = 1 / 30;
    const is = (start, length) => { const { start_time, duration } = layer_row('Star'); return Math.abs(start_time - start) < 0.002 && Math.abs(duration - length) < 0.002; };
    await clip.press('Alt+Shift+ArrowLeft');
    await saved();
    assert.ok(is(before_it.start_time, before_it.duration - frame), JSON.stringify(layer_row('Star')));
    await clip.press('Alt+Control+ArrowRight');
    await saved();
    assert.ok(is(before_it.start_time + frame, before_it.duration - 2 * frame), JSON.stringify(layer_row('Star')));
    await clip.press('Alt+ArrowLeft');
    await saved();
    assert.ok(is(before_it.start_time, before_it.duration - 2 * frame), JSON.stringify(layer_row('Star')));
});

test('arrows go on by a frame, with Shift by a second', async () => {
    const clock = async () => { const [, minutes, seconds] = /^(\d+):([\d.]+)/.exec(await page.locator('.play-bar .mono').textContent()); return minutes * 60 + Number(seconds); };
    await page.locator('.canvas-room').click({ position: { x: 4, y: 4 } });
    const from = await clock();
    for (const [key, to] of [['ArrowRight', 1 / 30], ['Shift+ArrowRight', 1 + 1 / 30], ['ArrowLeft', 1], ['Shift+ArrowLeft', 0]]) {
        await page.keyboard.press(key);
        assert.ok(Math.abs(await clock() - from - to) < 0.011, `${key}: ${await clock()} after ${from}`);
    }
});

test('S splits a layer at the playhead', async () => {
    await page.locator('.layer-pick').filter({ hasText: 'Title' }).click();
    await page.keyboard.press('s');
    await counts(4);
    await saved();
    assert.equal(await page.locator('.clip').filter({ hasText: 'A title' }).count(), 2);
});

test('a text has the box that the server draws, and the picture follows while it is dragged', async () => {
    await page.locator('.layer-pick').filter({ hasText: 'Title' }).first().click();
    const told = page.waitForResponse(/text-boxes/);
    await page.getByRole('textbox', { name: 'Text', exact: true }).fill('So many words that one line is not enough for them');
    await saved();
    await told;
    const title = page.locator('.layer-box[aria-label*="Title"][aria-pressed="true"]'), height = () => title.evaluate((one) => parseFloat(one.style.height));
    // Two lines of 72 of 1080 pixels, by the compositor's own figures.
    const id = await title.getAttribute('data-layer');
    await page.waitForFunction((one) => parseFloat(document.querySelector(one).style.height) > 14, `.layer-box[data-layer="${id}"]`);
    const { width, height: high } = await page.evaluate(async (one) => {
        const [, video] = /edit\/([0-9a-f-]+)/.exec(location.hash), { access } = JSON.parse(localStorage.getItem('kinora.session'));
        const ask = async (path) => (await (await fetch(path, { headers: { authorization: `Bearer ${access}` } })).json()).data;
        const { scenes } = await ask(`/api/v1/videos/${video}/scenes`);
        return (await ask(`/api/v1/videos/${video}/scenes/${scenes[0].id}/text-boxes`)).boxes.find((box) => box.layer_id === one);
    }, id);
    assert.ok(Math.abs(await height() - high) < 0.5 && Math.abs(await title.evaluate((one) => parseFloat(one.style.width)) - width) < 0.5, `${await height()} ${high}`);
    const from = await title.boundingBox(), before_it = await page.locator('.canvas > .frame').evaluate((one) => one.toDataURL());
    const tried = page.waitForResponse((answer) => answer.url().includes(`layer_id=${id}`) && answer.ok());
    await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
    await page.mouse.down();
    await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2 + 80, { steps: 4 });
    await tried;
    await page.waitForFunction((drawn) => document.querySelector('.canvas > .frame').toDataURL() !== drawn, before_it);
    await picture(page, 'editor-dragging', { phone: false });
    await page.mouse.up();
    await saved();
    assert.ok((await title.boundingBox()).y > from.y + 50);
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

test('stock, voices and presenters are called by their names, after a reload too', async () => {
    const folder = temporary('pack');
    make_pack(folder);
    assert.equal(run(['stock', 'import', folder, '--data', stage.server.data]).code, 0);
    const names = {};
    await page.locator('.scene-pick').first().click();
    for (const [button, list, label] of [['Pictures', 'media', 'Picture or film'], ['Voices', 'voices', 'Voice'], ['Presenters', 'avatars', 'Presenter']]) {
        await page.getByRole('button', { name: button, exact: true }).click();
        const thing = page.locator(`.things.${list} .thing`).last(), before_it = await count();
        names[label] = await thing.locator('.cut').first().textContent();
        await thing.click();
        await counts(before_it + 1);
        await saved();
    }
    await page.reload();
    await page.locator('.canvas .frame').waitFor();
    for (const [label, name] of Object.entries(names)) {
        await page.locator('.layer-pick').filter({ hasText: name }).first().click();
        const field = page.locator('.inspector .property').filter({ hasText: label }).locator('.cut').first();
        await page.waitForFunction(([one, wanted]) => one.textContent === wanted, [await field.elementHandle(), name]);
    }
    await picture(page, 'editor-names', { phone: false });
});

test('a list that is longer than its room scrolls while something is dragged along it', async () => {
    await page.goto(`${stage.origin}/#/new`);
    await page.getByLabel('Script', { exact: true }).fill(Array.from({ length: 14 }, (_, i) => `# Part ${i + 1}\n\nWords ${i + 1}.`).join('\n\n'));
    await page.getByRole('button', { name: 'Make the scenes' }).click();
    await page.waitForFunction(() => document.querySelectorAll('.scene-item').length === 14);
    const room = await page.locator('.scenes').boundingBox(), first = await page.locator('.scene-pick').first().boundingBox();
    await page.mouse.move(first.x + 40, first.y + 20);
    await page.mouse.down();
    await page.mouse.move(first.x + 40, room.y + room.height - 8, { steps: 4 });
    await page.waitForFunction(() => { const list = document.querySelector('.scenes'); return list.scrollTop > 0 && list.scrollTop + list.clientHeight >= list.scrollHeight - 2; });
    await page.mouse.up();
    await page.waitForFunction(() => [...document.querySelectorAll('.scene-pick')].at(-1).getAttribute('aria-label').includes('Words 1.'));
    await saved();
});

test('the browser had nothing to complain of', () => {
    assert.deepEqual(stage.troubles, []);
});
