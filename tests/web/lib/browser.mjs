// SPDX-License-Identifier: GPL-3.0-or-later
// A browser against a server of its own, and pictures of what it shows in build/screenshots.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { Server, program, repository, temporary } from '../../api/lib/server.mjs';

export const pictures = path.join(path.dirname(program), 'screenshots');
export const WORK_MS = 150_000; // transcriptions and renders on two slow cores, with other work beside
export const WIDE = { width: 1280, height: 860 }, PHONE = { width: 390, height: 844 };

const ours = '/usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb-0880.wav';
const richer = path.resolve(repository, '../shared/inputs/speech/en_jfk.wav');
export const recording = fs.existsSync(richer) ? richer : ours;

export class Stage {
    static async open(options = {}) {
        const stage = new Stage();
        fs.mkdirSync(pictures, { recursive: true });
        stage.server = await Server.start({ data: temporary('web'), ...options });
        stage.browser = await chromium.launch({
            executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
            args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
        });
        stage.troubles = []; // what a browser complained of: errors, refused content
        stage.elsewhere = []; // requests to another host
        return stage;
    }

    get origin() {
        return this.server.origin;
    }

    // A page of a browser of its own, as another person's would be.
    async page({ viewport = WIDE, locale = 'en-GB', ...more } = {}) {
        const context = await this.browser.newContext({ viewport, locale, acceptDownloads: true, ...more });
        const page = await context.newPage();
        page.setDefaultTimeout(30_000);
        page.on('pageerror', (error) => this.troubles.push(String(error.stack ?? error)));
        page.on('console', (message) => {
            if (message.type() === 'error' && !/status of (4\d\d|503)|ERR_(INTERNET_DISCONNECTED|CONNECTION_REFUSED)|WebSocket/.test(message.text()))
                this.troubles.push(message.text());
        });
        page.on('request', (request) => {
            const url = request.url();
            if (!url.startsWith(this.origin) && !url.startsWith(this.origin.replace('http', 'ws')) && !/^(data|blob):/.test(url))
                this.elsewhere.push(url);
        });
        return page;
    }

    async close() {
        await this.browser?.close();
        await this.server?.remove();
    }
}

// The first account, made on the page.
export async function first_account(page, origin, name = 'ada') {
    await page.goto(origin);
    await page.getByRole('heading', { name: 'Welcome to Kinora' }).waitFor();
    await page.getByLabel('User name').fill(name);
    await page.getByLabel('E-mail').fill(`${name}@example.org`);
    await page.getByLabel('Password').fill('a long enough word');
    await page.keyboard.press('Enter');
    await page.getByRole('navigation', { name: 'Places' }).waitFor();
}

export async function sign_in(page, origin, name, password = 'a long enough word') {
    await page.goto(origin);
    await page.getByLabel('User name or e-mail').fill(name);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('navigation', { name: 'Places' }).waitFor();
}

// Colours that changed have arrived.
export const settled = (page) => page.evaluate(async () => {
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    await Promise.all(document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime !== Infinity).map((one) => one.finished.catch(() => null)));
});

// One screen in both lights, wide and (where that is wanted) on a phone; nothing may stick out at the side.
export async function picture(page, name, { phone = true } = {}) {
    for (const [size, viewport] of [['wide', WIDE], ...(phone ? [['phone', PHONE]] : [])])
        for (const colorScheme of ['light', 'dark']) {
            await page.setViewportSize(viewport);
            await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
            await settled(page);
            await page.screenshot({ path: path.join(pictures, `${name}-${size}-${colorScheme}.png`) });
            const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
            assert.ok(wide <= 0, `${name} at ${viewport.width} px is ${wide} px too wide`);
        }
    await page.setViewportSize(WIDE);
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'no-preference' });
}
