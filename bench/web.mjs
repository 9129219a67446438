#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later
// script/bench web [--seconds N | --hour]: the web app in Chromium, by Chromium's own figures: first contentful paint, bytes on the
// way to it, how soon another browser shows a move, and what memory grows by while somebody edits for N seconds (60).
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { account, ask, start_kinora } from './kinora.mjs';
import { finish, options, root, row, scratch } from './lib.mjs';

const hour = process.argv.indexOf('--hour');
if (hour > 0)
    process.argv.splice(hour, 1, '--seconds', '3600');
const { seconds, rounds } = options({ seconds: 60, rounds: 7 });
for (const [script, ...words] of [['bootstrap', 'web'], ['npm-packages', 'tests']])
    if (spawnSync(path.join(root, 'script', script), words, { stdio: 'inherit' }).status !== 0)
        throw new Error(`script/${script} failed`);
const { chromium } = createRequire(path.join(root, 'tests/package.json'))('playwright-core');

const server = await start_kinora(scratch('web'));
const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const token = await account(server.url, 'ada');
const { video } = await ask(server.url, 'POST', '/api/v1/videos/from-script', { token, body: { script: '# One\n\nGood morning.\n\n# Two\n\nGood night.' } });

async function person(hash = '') {
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 860 }, locale: 'en-GB' })).newPage();
    // Signed in as the app itself keeps it.
    await page.addInitScript((access) => localStorage.setItem('kinora.session', JSON.stringify({ access, refresh: 'none' })), token);
    await page.goto(`${server.url}/#/${hash}`);
    return page;
}
const paint = (page) => page.evaluate(() => new Promise((resolve) => new PerformanceObserver((list) => {
    const found = list.getEntriesByName('first-contentful-paint')[0];
    if (found)
        resolve(found.startTime);
}).observe({ type: 'paint', buffered: true })));

// In a browser that has never been here: nothing is kept from before.
async function first_paint(hash, shown) {
    const page = hash === null ? await (await browser.newContext()).newPage() : await person(hash);
    if (hash === null)
        await page.goto(server.url);
    await page.locator(shown).first().waitFor();
    const ms = await paint(page);
    const files = await page.evaluate(() => [location.href.split('#')[0], ...performance.getEntriesByType('resource').map((one) => one.name).filter((name) => name.includes('/web/'))]);
    await page.context().close();
    return { ms, files };
}

async function gzip_kb(urls) {
    let bytes = 0;
    for (const url of new Set(urls)) {
        const told = spawnSync('curl', ['-s', '-o', '/dev/null', '-H', 'Accept-Encoding: gzip', '-w', '%{size_download}', url], { encoding: 'utf8' });
        bytes += Number(told.stdout);
    }
    return bytes / 1000;
}

async function editor() {
    const page = await person(`edit/${video.id}`);
    await page.locator('.canvas .frame').waitFor();
    return page;
}

// Milliseconds from the key to what the other browser shows, by the one clock of this machine.
async function move_ms(mine, theirs) {
    const box = '.layer-box[aria-label*="Title"]', before = await theirs.locator(box).evaluate((one) => one.style.left);
    await mine.locator(box).focus();
    const seen = theirs.evaluate(([selector, was]) => new Promise((resolve) => {
        const look = () => (document.querySelector(selector)?.style.left !== was ? resolve(Date.now()) : requestAnimationFrame(look));
        look();
    }), [box, before]);
    const begun = mine.evaluate(() => new Promise((resolve) => addEventListener('keydown', () => resolve(Date.now()), { capture: true, once: true })));
    await mine.evaluate(() => 0);
    await mine.keyboard.press('ArrowRight');
    return await seen - await begun;
}

async function heap_mb(page) {
    const session = await page.context().newCDPSession(page);
    await session.send('HeapProfiler.enable');
    await session.send('HeapProfiler.collectGarbage');
    await session.send('Performance.enable');
    const { metrics } = await session.send('Performance.getMetrics');
    await session.detach();
    return metrics.find((one) => one.name === 'JSHeapUsedSize').value / 1e6;
}

// Moves, words, other scenes, taking back: what somebody does all day.
async function edit(page, until) {
    for (let turn = 0; performance.now() < until; turn++) {
        await page.locator('.layer-box[aria-label*="Title"]').focus();
        await page.keyboard.press(turn % 2 ? 'ArrowLeft' : 'ArrowRight');
        if (turn % 5 === 0)
            await page.getByRole('textbox', { name: 'Text', exact: true }).fill(`Words ${turn}`);
        if (turn % 7 === 0)
            await page.locator('.scene-pick').nth(turn % 2).click();
        if (turn % 11 === 0)
            await page.getByRole('button', { name: 'Undo' }).click();
        await page.waitForTimeout(200);
    }
    await page.locator('.saved[data-state="saved"]').waitFor();
}

// Resident memory of the processes that draw pages.
async function pages_mb() {
    const { processInfo } = await control.send('SystemInfo.getProcessInfo');
    return processInfo.filter((one) => one.type === 'renderer').reduce((sum, { id }) => sum + Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${id}/status`, 'utf8'))[1]) / 1000, 0);
}

const control = await browser.newBrowserCDPSession();
const mine = await editor(), moves = [], signed_out = [], signed_in = [];
await edit(mine, performance.now() + 15_000); // what is made once has been made
const before_mb = await heap_mb(mine), pages_before_mb = await pages_mb();
await edit(mine, performance.now() + seconds * 1000);
const after_mb = await heap_mb(mine), pages_after_mb = await pages_mb();
const theirs = await editor();
for (let i = 0; i < 20; i++)
    moves.push(await move_ms(mine, theirs));
await theirs.context().close();
await mine.context().close();
let files = [];
for (let round = 0; round < rounds; round++) {
    const out = await first_paint(null, 'form'), into = await first_paint('library', '.empty, .tile');
    signed_out.push(out.ms);
    signed_in.push(into.ms);
    files = into.files;
}
const editor_files = (await first_paint(`edit/${video.id}`, '.canvas .frame')).files;
const shell_kb = await gzip_kb(files), all_kb = await gzip_kb(editor_files);
await browser.close();
await server.stop();
finish('web', [
    row({ what: 'first contentful paint, signing in, nothing kept', unit: 'ms', ours: signed_out, goal: { most: 1000 } }),
    row({ what: 'first contentful paint, library, nothing kept', unit: 'ms', ours: signed_in, goal: { most: 1000 } }),
    row({ what: 'shell and library, gzip', unit: 'KB', ours: [shell_kb], goal: { most: 60 } }),
    row({ what: 'with the editor, gzip', unit: 'KB', ours: [all_kb] }),
    row({ what: 'another browser shows a move', unit: 'ms', ours: moves, goal: { most: 300 } }),
    row({ what: 'script memory before editing', unit: 'MB', ours: [before_mb] }),
    row({ what: `script memory after ${seconds} s of editing`, unit: 'MB', ours: [after_mb], goal: { most: Math.ceil(before_mb + 10) } }),
    row({ what: 'resident memory of the pages before editing', unit: 'MB', ours: [pages_before_mb] }),
    row({ what: `resident memory of the pages after ${seconds} s of editing`, unit: 'MB', ours: [pages_after_mb], goal: { most: 500 } }),
]);
