// SPDX-License-Identifier: GPL-3.0-or-later
// What one does with files besides looking at them: drop, pause and resume uploads, filter, favour and share; the transcript's
// segments and speakers; jobs that are cancelled and taken up; sessions that are ended.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client, file_form } from '../api/lib/client.mjs';
import { made, wav } from '../api/lib/media.mjs';
import { temporary } from '../api/lib/server.mjs';
import { first_account, picture, sign_in, Stage, WORK_MS } from './lib/browser.mjs';

const PASSWORD = 'a long enough word';
let stage, page, ada, folder;
before(async () => {
    stage = await Stage.open();
    folder = temporary('uploads');
    page = await stage.page();
    await first_account(page, stage.origin);
    ada = await new Client(stage.server).login('ada', PASSWORD);
    await ada.must(200, 'POST', '/api/v1/users', { username: 'bob', email: 'bob@example.org', password: PASSWORD });
});
after(async () => {
    await stage?.close();
    fs.rmSync(folder, { recursive: true });
});

const open = (place) => page.goto(`${stage.origin}/#/${place}`);
const tile = (name) => page.getByRole('list', { name: 'Library' }).getByRole('link', { name });
const menu = async (name, item) => {
    await page.getByRole('button', { name: `Actions for ${name}` }).click();
    await page.getByRole('menuitem', { name: item }).click();
};

test('files that are dropped on the page are uploaded', async () => {
    await open('library');
    const drop = (kind) => page.evaluate(([event, bytes]) => {
        const files = new DataTransfer();
        files.items.add(new File([new Uint8Array(bytes)], 'dropped.wav', { type: 'audio/wav' }));
        document.body.dispatchEvent(new DragEvent(event, { dataTransfer: files, bubbles: true, cancelable: true }));
    }, [kind, [...wav(0.5)]]);
    await drop('dragenter');
    await page.getByText('Drop to upload').waitFor();
    await drop('drop');
    await tile('dropped.wav').waitFor();
    assert.equal(await page.getByText('Drop to upload').count(), 0);
});

test('an upload is paused, and goes on where it stopped after the page was loaded anew', async () => {
    const file = path.join(folder, 'long.wav'), size = 24 << 20;
    fs.writeFileSync(file, Buffer.concat([wav(size / 32000)]));
    const network = await page.context().newCDPSession(page);
    await network.send('Network.enable');
    const throttle = (bytes) => network.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: bytes });
    await throttle(8 << 20);
    const sent = () => page.locator('.uploads progress').evaluate((one) => one.value);
    await page.getByLabel('Choose files').setInputFiles(file);
    await page.waitForFunction(() => document.querySelector('.uploads progress')?.value > 0.3);
    await page.getByRole('button', { name: 'Pause long.wav' }).click();
    await page.getByText('Paused', { exact: true }).waitFor();
    await picture(page, 'library-paused');
    const stopped = await sent();
    await page.reload();
    await throttle(-1);
    const next = page.waitForRequest((request) => request.method() === 'PATCH');
    await page.getByLabel('Choose files').setInputFiles(file);
    const from = Number((await next).headers()['upload-offset']);
    assert.ok(stopped > 0.3 && from > 0 && from < size, `${from} of ${size}, stopped at ${stopped}`);
    await tile('long.wav').waitFor({ timeout: WORK_MS });
    await network.detach();
});

test('the library is filtered, a sound becomes a favourite, and a file is shared with somebody who then sees it', async () => {
    await ada.upload('sea.png', made('sea.png', '-f', 'lavfi', '-i', 'color=teal:s=320x180', '-frames:v', '1'));
    await page.reload();
    await tile('sea.png').waitFor();
    await page.getByRole('button', { name: 'Pictures', exact: true }).click();
    await tile('dropped.wav').waitFor({ state: 'detached' });
    await tile('sea.png').waitFor(); // the list is asked for anew
    await page.getByRole('button', { name: 'Audio', exact: true }).click();
    await tile('dropped.wav').waitFor();
    assert.equal(await tile('sea.png').count(), 0);
    await menu('dropped.wav', 'Add to favourites');
    await page.getByRole('button', { name: 'Favourites', exact: true }).click();
    await page.getByRole('button', { name: 'dropped', exact: true }).waitFor();
    await page.getByRole('button', { name: 'All', exact: true }).click();
    await menu('sea.png', 'Share');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('User name or e-mail').fill('nobody');
    await dialog.getByRole('button', { name: 'Share', exact: true }).click();
    await dialog.getByRole('alert').waitFor();
    await dialog.getByLabel('User name or e-mail').fill('bob');
    await dialog.getByRole('button', { name: 'Share', exact: true }).click();
    await dialog.getByRole('list', { name: 'Shared with' }).getByText('bob').waitFor();
    const other = await stage.page();
    await sign_in(other, stage.origin, 'bob');
    await other.getByText('Shared with you').waitFor();
    assert.equal(await other.getByRole('link', { name: 'dropped.wav' }).count(), 0);
    await other.context().close();
    await page.keyboard.press('Escape');
});

test('segments of a transcript are split and joined, their words keep their times, and a speaker gets a name', async () => {
    const { files } = await ada.must(200, 'GET', '/api/v1/files'), { id } = files.find((one) => one.name === 'long.wav');
    const text = 'WEBVTT\n\n00:00.000 --> 00:04.000\n<v One>Good morning to you all\n\n00:05.000 --> 00:08.000\n<v Two>And to you\n';
    const { job_id } = await ada.must(201, 'POST', `/api/v1/transcriptions/import?media_id=${id}`, undefined, file_form('said.vtt', Buffer.from(text)));
    const said = async () => (await ada.must(200, 'GET', `/api/v1/transcriptions/${job_id}/segments`)).segments;
    const times = async () => (await said()).flatMap((one) => one.words.map(({ word, start, end }) => [word, start, end]));
    const before_it = await times();
    await open(`media/${id}`);
    await page.getByText('morning', { exact: true }).click();
    await page.locator('.word.now', { hasText: 'morning' }).waitFor();
    await page.getByRole('button', { name: /^Split at the lit word/ }).first().click();
    await page.waitForFunction(() => document.querySelectorAll('[data-segment]').length === 3);
    assert.deepEqual((await said()).map((one) => one.text), ['Good', 'morning to you all', 'And to you']);
    await picture(page, 'media-split');
    await page.getByRole('button', { name: /^Join .* with the next/ }).first().click();
    await page.waitForFunction(() => document.querySelectorAll('[data-segment]').length === 2);
    assert.deepEqual(await times(), before_it);
    await page.getByRole('button', { name: 'One', exact: true }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('Ann');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'Ann', exact: true }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Ann', exact: true }).waitFor();
});

test('a job is cancelled where all jobs are, and one that failed is tried again', async () => {
    const { data: { video } } = await ada.must(201, 'POST', '/api/v1/videos', { title: 'Long work' });
    const { data: { scene } } = await ada.must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, { duration: 120 });
    await ada.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`, { type: 'effect', name: 'e', duration: 120, properties: { effect: 'grain' } });
    await ada.must(202, 'POST', `/api/v1/videos/${video.id}/render`, { quality: '1080p', preset: 'high' });
    await open('jobs');
    const row = page.getByRole('list', { name: 'Jobs' }).getByRole('listitem').filter({ hasText: 'Render' });
    await row.getByText(/Running \d+ %/).waitFor();
    await picture(page, 'jobs-running');
    await row.getByRole('button', { name: 'Cancel' }).click();
    await row.getByText('Cancelled').waitFor();
    // One that failed says why; it is tried again once that is mended.
    const { id } = await ada.upload('lost.png', made('lost.png', '-f', 'lavfi', '-i', 'color=red:s=64x64', '-frames:v', '1'));
    await stage.server.idle();
    const { data: { video: other } } = await ada.must(201, 'POST', '/api/v1/videos', { title: 'Broken' });
    const { data: { scene: short } } = await ada.must(201, 'POST', `/api/v1/videos/${other.id}/scenes`, { duration: 0.5 });
    const { data: { layer } } = await ada.must(201, 'POST', `/api/v1/scenes/${short.id}/layers`, { type: 'media', name: 'the picture', duration: 0.5, properties: { media_id: id } });
    await ada.must(200, 'DELETE', `/api/v1/files/${id}`);
    await ada.must(202, 'POST', `/api/v1/videos/${other.id}/render`, { quality: '480p' });
    const broken = page.getByRole('list', { name: 'Jobs' }).getByRole('listitem').filter({ hasText: 'Failed' });
    await broken.getByText(/"the picture"/).waitFor();
    await picture(page, 'jobs-failed');
    await ada.must(200, 'DELETE', `/api/v1/layers/${layer.id}`);
    await broken.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('list', { name: 'Jobs' }).getByRole('listitem').filter({ hasText: 'Done' }).filter({ hasText: 'Broken' }).waitFor({ timeout: WORK_MS });
});

test('another session is ended, and that browser is asked to sign in', async () => {
    const other = await stage.page();
    await sign_in(other, stage.origin, 'ada');
    await open('profile');
    const list = page.getByRole('list', { name: 'Where you are signed in' });
    await list.getByText('This browser').waitFor();
    const count = await list.getByRole('listitem').count();
    assert.ok(count >= 2);
    for (let left = count - 1; left > 0; left--) {
        await list.getByRole('button', { name: 'End it' }).first().click();
        await page.waitForFunction((wanted) => document.querySelectorAll('[aria-label="Where you are signed in"] > li').length === wanted, left);
    }
    await other.reload();
    await other.getByRole('button', { name: 'Sign in' }).waitFor();
});

test('the browsers had nothing to complain of, and asked no other host', () => {
    assert.deepEqual(stage.troubles, []);
    assert.deepEqual(stage.elsewhere, []);
});
