// SPDX-License-Identifier: GPL-3.0-or-later
// A new user's way through the web page, in a browser against a running server. Pictures of every screen, light and
// dark, wide and narrow, are left in build/screenshots.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const build = path.resolve(process.env.KINORA_BUILD ?? path.join(root, 'build'));
const pictures = path.join(build, 'screenshots');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kinora-web-'));
const ours = '/usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb-0880.wav';
const richer = path.resolve(root, '../shared/inputs/speech/en_jfk.wav');
const recording = fs.existsSync(richer) ? richer : ours;
const WORK_MS = 150000; // two slow cores, and other work beside

let server, browser, page, address;
const troubles = []; // what the browser complained of: errors, refused content

function free_port() {
    return new Promise((resolve) => {
        const probe = net.createServer().listen(0, '127.0.0.1', () => {
            const { port } = probe.address();
            probe.close(() => resolve(port));
        });
    });
}

async function start_server() {
    address = `http://127.0.0.1:${await free_port()}`;
    server = spawn(path.join(build, 'kinora'), ['serve', '--data', path.join(folder, 'data'), '--listen', address.slice(7)],
        { stdio: ['ignore', 'ignore', 'ignore'] });
    for (let tries = 0; tries < 100; tries++) {
        const ready = await fetch(`${address}/ready`).catch(() => null);
        if (ready?.ok)
            return;
        await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error('the server did not become ready in 20 s');
}

// One screen in both lights and both widths; nothing may stick out at the side.
async function picture(name) {
    for (const [size, width, height] of [['wide', 1280, 860], ['phone', 390, 844]])
        for (const colorScheme of ['light', 'dark']) {
            await page.setViewportSize({ width, height });
            await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' }); // settled at once
            await page.screenshot({ path: path.join(pictures, `${name}-${size}-${colorScheme}.png`) });
            const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
            assert.ok(wide <= 0, `${name} at ${width} px is ${wide} px too wide`);
        }
    await page.setViewportSize({ width: 1280, height: 860 });
    await page.emulateMedia({ colorScheme: 'light' });
}

before(async () => {
    fs.mkdirSync(pictures, { recursive: true });
    await start_server();
    browser = await chromium.launch({
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
    });
    page = await browser.newPage({ viewport: { width: 1280, height: 860 }, acceptDownloads: true });
    page.setDefaultTimeout(15000);
    page.on('pageerror', (error) => troubles.push(String(error)));
    page.on('console', (message) => {
        if (message.type() === 'error' && !/status of 40[013]/.test(message.text()))
            troubles.push(message.text());
    });
});

after(async () => {
    await browser?.close();
    if (server && server.exitCode === null) {
        const gone = new Promise((resolve) => server.once('exit', resolve));
        server.kill('SIGTERM');
        await gone;
    }
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

test('a new server greets its first user, who makes an account', async () => {
    await page.goto(address);
    await page.getByRole('heading', { name: 'Welcome to Kinora' }).waitFor();
    await picture('first-account');
    await page.getByLabel('User name').fill('ada');
    await page.getByLabel('E-mail').fill('ada@example.org');
    await page.getByLabel('Password').fill('a long enough word');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Library' }).waitFor();
    await picture('library-empty');
});

test('signing out and in again works, and a wrong password is explained', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in to Kinora' }).waitFor();
    await page.getByLabel('User name or e-mail').fill('ada');
    await page.getByLabel('Password').fill('something else');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').filter({ hasText: 'Wrong user name or password' }).waitFor();
    await picture('sign-in-wrong');
    await page.getByLabel('Password').fill('a long enough word');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Library' }).waitFor();
});

test('a recording is uploaded, and a file that is no media is refused where it stands', async () => {
    await page.getByLabel('Choose files').setInputFiles(recording);
    const row = page.getByRole('listitem').filter({ hasText: path.basename(recording) });
    await row.getByRole('link').waitFor();
    await page.getByLabel('Choose files').setInputFiles({ name: 'notes.pdf', mimeType: 'application/pdf', buffer: Buffer.from('this is no film at all') });
    await page.getByRole('alert').filter({ hasText: 'not' }).waitFor();
    await picture('library');
    await page.getByRole('button', { name: 'Dismiss' }).click();
});

test('the transcript appears by itself, and its words seek and light up', async () => {
    await page.getByRole('link', { name: path.basename(recording) }).click();
    await page.getByRole('heading', { name: 'Transcript' }).waitFor();
    await picture('media-transcribing');
    await page.locator('.word').first().waitFor({ timeout: WORK_MS });
    const words = await page.locator('.word').count();
    assert.ok(words >= 5, `only ${words} words`);
    await page.locator('.word').nth(3).click();
    await page.locator('.word.now').waitFor();
    const at = await page.locator('.player').evaluate((player) => player.currentTime);
    assert.ok(at > 0, 'the player did not move');
    await page.getByRole('group', { name: /^Transcript/ }).focus();
    await page.keyboard.press('ArrowRight');
    assert.ok(await page.locator('.player').evaluate((player, before) => player.currentTime > before, at));
    await picture('media');
});

test('a corrected word is kept, the others keep their times, and the text can be downloaded', async () => {
    const texts = () => page.locator('.word').allTextContents();
    const before_it = await texts();
    await page.getByRole('button', { name: 'Correct' }).click();
    const area = page.getByLabel('Text of the transcript');
    const text = await area.inputValue();
    await picture('media-correct');
    await area.fill(text.replace(before_it[1], 'pineapple'));
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('.word').filter({ hasText: 'pineapple' }).waitFor();
    const after_it = await texts();
    assert.equal(after_it.length, before_it.length);
    assert.deepEqual(after_it.filter((word, i) => word !== before_it[i]), ['pineapple']);
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Text', exact: true }).click()]);
    assert.match(fs.readFileSync(await download.path(), 'utf8'), /pineapple/);
    await page.reload();
    await page.locator('.word').filter({ hasText: 'pineapple' }).waitFor();
});

test('what was said is found, and a hit opens the file at its second', async () => {
    await page.goto(`${address}/#/library`);
    const field = page.getByRole('searchbox', { name: 'Search' });
    await field.fill('nothing of the kind');
    await page.getByText('Nothing was found').waitFor();
    await field.fill('PINEAPP*');
    const hit = page.getByRole('list', { name: 'Found' }).getByRole('listitem');
    await hit.first().waitFor();
    assert.equal(await hit.locator('mark').first().textContent(), 'pineapple');
    await picture('search');
    await hit.first().getByRole('link').click();
    await page.locator('.word').first().waitFor();
    assert.match(page.url(), /#\/file\/[0-9a-f-]{36}/);
    await page.getByRole('link', { name: 'Library' }).first().click();
    await page.getByLabel('Choose files').waitFor({ state: 'attached' });
});

test('a script becomes scenes that can be edited', async () => {
    await page.getByRole('link', { name: 'Videos' }).click();
    await page.getByRole('heading', { name: 'Videos' }).waitFor();
    await picture('videos-empty');
    await page.getByRole('link', { name: 'New video' }).click();
    await page.getByLabel('Script', { exact: true }).waitFor();
    await picture('new-video');
    const script = await page.getByLabel('Script', { exact: true }).inputValue();
    await page.getByLabel('Script', { exact: true }).fill(script.split('# Three')[0]);
    await page.getByRole('button', { name: 'Make the scenes' }).click();
    await page.getByRole('heading', { name: 'Scene 1' }).waitFor();
    await page.getByLabel('Text on screen').first().fill('A bright morning');
    await page.getByLabel('Narration').first().fill('Good morning, harbour.');
    await page.keyboard.press('Tab');
    await page.waitForFunction(() => [...document.querySelectorAll('.saved')].filter((one) => one.textContent === 'Saved').length === 2);
    await picture('video');
    await page.reload();
    assert.equal(await page.getByLabel('Text on screen').first().inputValue(), 'A bright morning');
    assert.equal(await page.getByLabel('Narration').first().inputValue(), 'Good morning, harbour.');
});

test('the video is rendered, played and downloaded as a film', async () => {
    await page.getByLabel('Size').selectOption('480p');
    await page.getByRole('button', { name: 'Render' }).click();
    await page.locator('progress').waitFor();
    await picture('video-rendering');
    const download_link = page.getByRole('link', { name: 'Download' });
    await download_link.waitFor({ timeout: WORK_MS });
    const seconds = await page.locator('video').evaluate((film) => new Promise((resolve, reject) => {
        film.onerror = () => reject(new Error(film.error.message));
        const done = () => resolve(film.duration);
        film.readyState ? done() : film.addEventListener('loadedmetadata', done);
    }));
    assert.ok(seconds > 1, `the film has ${seconds} s`);
    await picture('video-film');
    const [download] = await Promise.all([page.waitForEvent('download'), download_link.click()]);
    assert.match(download.suggestedFilename(), /\.mp4$/);
    const probe = spawnSync('ffprobe', ['-v', 'error', '-show_streams', '-of', 'json', await download.path()], { encoding: 'utf8' });
    assert.equal(probe.status, 0, probe.stderr);
    assert.equal(probe.stderr, '');
    const kinds = JSON.parse(probe.stdout).streams.map((one) => one.codec_type); // the chapters are a stream of data
    assert.ok(kinds.includes('video') && kinds.includes('audio'), `the film has only ${kinds}`);
    await page.getByRole('link', { name: 'Videos' }).first().click();
    await page.getByRole('heading', { name: 'Videos' }).waitFor();
    await picture('videos');
});

test('files and videos are deleted after a question', async () => {
    await page.getByRole('button', { name: /^Delete/ }).click();
    await picture('delete');
    await page.getByRole('button', { name: 'Keep it' }).click();
    await page.getByRole('button', { name: /^Delete/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('is deleted').waitFor();
    await page.getByRole('link', { name: 'Library' }).click();
    await page.getByRole('button', { name: /^Delete/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('Nothing here yet').waitFor();
});

test('the browser had nothing to complain of: no error, no refused content', () => {
    assert.deepEqual(troubles, []);
});
