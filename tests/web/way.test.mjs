// SPDX-License-Identifier: GPL-3.0-or-later
// The whole way of a new user: first account, a recording with its transcript, a video of it that two people edit, a film.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { first_account, picture, recording, sign_in, Stage, WORK_MS } from './lib/browser.mjs';

let stage, page, other;
const name = path.basename(recording);

before(async () => {
    stage = await Stage.open();
    page = await stage.page();
});
after(() => stage?.close());

const library_link = () => page.getByRole('list', { name: 'Library' }).getByRole('link', { name });
const saved = (one) => one.locator('.saved[data-state="saved"]').waitFor();
const box = (one, layer) => one.locator(`.layer-box[aria-label*="${layer}"]`);

test('a new server greets its first user, who makes an account and finds a demo video', async () => {
    await page.goto(stage.origin);
    await page.getByRole('heading', { name: 'Welcome to Kinora' }).waitFor();
    await picture(page, 'first-account');
    await first_account(page, stage.origin);
    await page.getByRole('link', { name: 'A first look at Kinora' }).waitFor();
    await page.locator('.video-grid img').waitFor();
    await picture(page, 'videos');
});

test('signing out and in again works, and a wrong password is explained', async () => {
    await page.goto(`${stage.origin}/#/profile`);
    await page.getByText('This browser').waitFor();
    await picture(page, 'profile');
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.getByLabel('User name or e-mail').fill('ada');
    await page.getByLabel('Password').fill('something else');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').filter({ hasText: 'Wrong user name or password' }).waitFor();
    await picture(page, 'sign-in');
    await sign_in(page, stage.origin, 'ada');
});

test('a recording is uploaded with its progress, and a file that is no media is refused where it stands', async () => {
    await page.goto(`${stage.origin}/#/library`);
    await page.getByRole('heading', { name: 'Nothing here yet' }).waitFor();
    await picture(page, 'library-empty');
    await page.getByLabel('Choose files').setInputFiles(recording);
    await page.getByRole('region', { name: 'Uploads' }).getByText(name).waitFor();
    await library_link().waitFor();
    await page.getByLabel('Choose files').setInputFiles({ name: 'notes.pdf', mimeType: 'application/pdf', buffer: Buffer.from('this is no film at all') });
    await page.getByRole('region', { name: 'Uploads' }).getByRole('alert').waitFor();
    await picture(page, 'library');
    await page.getByRole('button', { name: 'Stop notes.pdf' }).click();
});

test('the transcript appears by itself, its words seek and light up', async () => {
    await library_link().click();
    await page.getByRole('heading', { name: 'Transcript' }).waitFor();
    await page.locator('.word').first().waitFor({ timeout: WORK_MS });
    assert.ok(await page.locator('.word').count() >= 5);
    await page.locator('audio').evaluate((player) => player.readyState || new Promise((resolve) => player.addEventListener('loadedmetadata', resolve)));
    await page.locator('.word').nth(3).click();
    await page.locator('.word.now').waitFor();
    assert.ok(await page.locator('audio').evaluate((player) => player.currentTime) > 0, 'the player moved');
    const at = await page.locator('audio').evaluate((player) => player.currentTime);
    await page.locator('.segment .time').first().focus();
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction((before_it) => document.querySelector('audio').currentTime > before_it, at);
    await picture(page, 'media');
});

test('a corrected word is kept, and the text can be exported', async () => {
    const before_it = await page.locator('.word').allTextContents();
    await page.locator('.segment').first().hover();
    await page.getByRole('button', { name: /^Correct the text/ }).first().click();
    const area = page.getByLabel(/^Text at/);
    await area.fill((await area.inputValue()).replace(before_it[1], 'pineapple'));
    await page.keyboard.press('Enter');
    await page.locator('.word').filter({ hasText: 'pineapple' }).waitFor();
    const after_it = await page.locator('.word').allTextContents();
    assert.deepEqual(after_it.filter((word, i) => word !== before_it[i]), ['pineapple'], 'the others stay as they are');
    await page.getByRole('button', { name: 'Export' }).click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'Subtitles (SRT)' }).click()]);
    assert.match(fs.readFileSync(await download.path(), 'utf8'), /-->[^]*pineapple/);
});

test('what was said is found, and a hit opens the player at that word', async () => {
    await page.goto(`${stage.origin}/#/library`);
    const field = page.getByRole('searchbox', { name: 'Search' });
    await field.fill('nothing of the kind');
    await page.getByText('Nothing was found').waitFor();
    await field.fill('PINEAPP*');
    const hit = page.getByRole('list', { name: 'Found' }).getByRole('listitem').first();
    assert.equal(await hit.locator('mark').first().textContent(), 'pineapple');
    await picture(page, 'search');
    await hit.getByRole('link').click();
    await page.locator('.word').first().waitFor();
    assert.match(page.url(), /#\/media\/[0-9a-f-]{36}\?at=/);
});

test('the recording becomes a video, with a word cut out of it', async () => {
    await page.getByRole('button', { name: 'Make a video' }).click();
    await page.getByRole('group', { name: 'What to take' }).waitFor();
    await page.locator('.cut-word').first().click();
    assert.equal(await page.locator('.cut-word[aria-pressed="true"]').count(), 1);
    await picture(page, 'new-from-recording');
    await page.getByRole('button', { name: 'Make the scenes' }).click();
    await page.locator('.canvas .frame').waitFor();
    assert.ok(await page.locator('.scene-item').count() >= 1);
    await picture(page, 'editor-recording', { phone: false });
});

test('a script becomes scenes; a text is changed and a layer moved on the picture, and both are kept', async () => {
    await page.goto(`${stage.origin}/#/new`);
    await page.getByLabel('Script', { exact: true }).fill('# Morning\n\nGood morning, harbour.\n\n# Evening\n\nGood night.');
    await picture(page, 'new-video');
    await page.getByRole('button', { name: 'Make the scenes' }).click();
    await page.locator('.canvas .frame').waitFor();
    await page.getByRole('button', { name: /^Title/ }).first().click();
    await page.getByRole('textbox', { name: 'Text', exact: true }).fill('A bright morning');
    await page.getByRole('textbox', { name: 'Narration of the scene' }).fill('Good morning, bright harbour.');
    await saved(page);
    const title = box(page, 'Title'), from = await title.boundingBox();
    await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
    await page.mouse.down();
    await page.mouse.move(from.x + from.width / 2 + 60, from.y + from.height / 2 + 90, { steps: 5 });
    await page.mouse.up();
    await saved(page);
    assert.ok((await title.boundingBox()).y > from.y + 40, 'the layer is lower now');
    await picture(page, 'editor', { phone: true });
    await page.reload();
    await page.locator('.canvas .frame').waitFor();
    await page.getByRole('button', { name: /^Title/ }).first().click();
    assert.equal(await page.getByRole('textbox', { name: 'Text', exact: true }).inputValue(), 'A bright morning');
    assert.equal(await page.getByRole('textbox', { name: 'Narration of the scene' }).inputValue(), 'Good morning, bright harbour.');
});

test('a second person sees who is here and each move, and undo takes it back for both', async () => {
    await page.goto(`${stage.origin}/#/admin`);
    await page.getByRole('button', { name: 'Add a user' }).click();
    await page.getByRole('dialog').getByLabel('User name').fill('bob');
    await page.getByRole('dialog').getByLabel('E-mail').fill('bob@example.org');
    await page.getByRole('dialog').getByLabel('Password').fill('a long enough word');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('cell', { name: 'bob@example.org' }).waitFor();
    await picture(page, 'admin');
    await page.goBack();
    await page.locator('.canvas .frame').waitFor();
    await page.getByRole('button', { name: 'Share', exact: true }).click();
    await page.getByRole('dialog').getByLabel('User name or e-mail').fill('bob');
    await page.getByRole('dialog').getByRole('button', { name: 'Share', exact: true }).click();
    await page.getByRole('dialog').getByText('bob').waitFor();
    await page.keyboard.press('Escape');
    other = await stage.page();
    await sign_in(other, stage.origin, 'bob');
    await other.goto(`${stage.origin}/#/edit/${/edit\/([0-9a-f-]+)/.exec(page.url())[1]}`);
    await other.locator('.canvas .frame').waitFor();
    await page.getByRole('list', { name: 'Also here' }).getByText('bob').waitFor();
    await page.getByRole('button', { name: /^Title/ }).first().click();
    const there = box(other, 'Title'), before_it = await there.evaluate((one) => one.style.left);
    await box(page, 'Title').focus();
    // Told by the pages themselves, on the one clock of this machine.
    const seen = there.evaluate((one, was) => new Promise((resolve) => {
        const look = () => (one.style.left !== was ? resolve(Date.now()) : requestAnimationFrame(look));
        look();
    }), before_it);
    const begun = page.evaluate(() => new Promise((resolve) => addEventListener('keydown', (event) => event.key === 'ArrowRight' && resolve(Date.now()), { capture: true })));
    await page.evaluate(() => 0); // by now it listens
    await page.keyboard.press('Shift+ArrowRight');
    const took_ms = await seen - await begun;
    console.log(`# the second browser saw the move after ${took_ms} ms`);
    await picture(page, 'editor-two', { phone: false });
    await page.getByRole('button', { name: 'Undo' }).click();
    await other.waitForFunction(([selector, was]) => document.querySelector(selector)?.style.left === was, ['.layer-box[aria-label*="Title"]', before_it]);
    await page.waitForFunction(([selector, was]) => document.querySelector(selector)?.style.left === was, ['.layer-box[aria-label*="Title"]', before_it]);
});

test('what is changed while the server is away is kept and sent when it is back', async () => {
    await page.context().setOffline(true);
    await stage.server.stop();
    await page.getByText('Offline; changes are kept').waitFor();
    await page.getByRole('button', { name: /^Title/ }).first().click();
    await page.getByRole('textbox', { name: 'Text', exact: true }).fill('Written offline');
    await page.locator('.inspector input').first().focus();
    const { port } = stage.server;
    stage.server.flags = ['--listen', `127.0.0.1:${port}`];
    await stage.server.start();
    await page.context().setOffline(false);
    await saved(page);
    await other.getByRole('button', { name: /^Title/ }).first().click();
    await other.waitForFunction(() => [...document.querySelectorAll('.inspector textarea')].some((one) => one.value === 'Written offline'));
});

test('a scene is played as a draft', async () => {
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await page.locator('video.film').waitFor({ timeout: WORK_MS });
    await page.waitForFunction(() => document.querySelector('video.film')?.currentTime > 0.1);
    await page.getByRole('button', { name: 'Stop' }).click();
});

test('the video is rendered and the film downloaded, which ffprobe accepts', async () => {
    await page.getByRole('button', { name: 'Render', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Size').selectOption('480p');
    await dialog.getByRole('button', { name: 'Render', exact: true }).click();
    await dialog.getByRole('progressbar').waitFor();
    await picture(page, 'render-progress', { phone: false });
    await dialog.getByRole('link', { name: 'Download' }).waitFor({ timeout: WORK_MS });
    await picture(page, 'render-done', { phone: false });
    const [download] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('link', { name: 'Download' }).click()]);
    assert.match(download.suggestedFilename(), /\.mp4$/);
    const probe = spawnSync('ffprobe', ['-v', 'error', '-show_streams', '-of', 'json', await download.path()], { encoding: 'utf8' });
    assert.equal(probe.status, 0, probe.stderr);
    assert.equal(probe.stderr, '');
    const kinds = JSON.parse(probe.stdout).streams.map((one) => one.codec_type);
    assert.ok(kinds.includes('video') && kinds.includes('audio'), `the film has only ${kinds}`);
    await page.keyboard.press('Escape');
});

test('one changed scene is marked, and only it is rendered anew', async () => {
    await page.getByRole('textbox', { name: 'Narration of the scene' }).fill('Good morning to everyone.');
    await saved(page);
    await page.locator('.scene-item .changed').waitFor();
    assert.equal(await page.locator('.scene-item .changed').count(), 1);
    await page.getByRole('button', { name: 'Render', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Only what changed (1 scene)' }).click();
    await page.locator('.scene-item .changed').waitFor({ state: 'detached', timeout: WORK_MS });
    await page.keyboard.press('Escape');
});

test('files are deleted after a question', async () => {
    await page.goto(`${stage.origin}/#/library`);
    await page.getByRole('button', { name: `Actions for ${name}` }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Keep it' }).click();
    await page.getByRole('button', { name: `Actions for ${name}` }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText(`${name} is deleted.`).waitFor();
    await page.goto(`${stage.origin}/#/jobs`);
    await page.getByRole('list', { name: 'Jobs' }).waitFor();
    await picture(page, 'jobs');
});

test('the browsers had nothing to complain of, and asked no other host', () => {
    assert.deepEqual(stage.troubles, []);
    assert.deepEqual(stage.elsewhere, []);
});
