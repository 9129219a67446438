// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures that FFmpeg does not read stand in films like all others: HEIC, AVIF, animated WebP.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client, file_form } from '../api/lib/client.mjs';
import { made } from '../api/lib/media.mjs';
import { Server, temporary } from '../api/lib/server.mjs';

let server, ada, folder;

before(async () => {
    server = await Server.start();
    ada = await new Client(server).user('ada');
    folder = temporary('formats');
});
after(async () => {
    fs.rmSync(folder, { recursive: true });
    await server.remove();
});

// A picture through heif-enc, which knows both codecs.
function encoded(name, source, ...options) {
    const from = path.join(folder, 'source.png'), to = path.join(folder, name);
    fs.writeFileSync(from, source);
    execFileSync('heif-enc', ['-q', '90', ...options, from, '-o', to], { stdio: 'pipe' });
    return fs.readFileSync(to);
}
const picture = (colour, size = '320x240') => made('p.png', '-f', 'lavfi', '-i', `color=${colour}:s=${size}`, '-frames:v', '1');
// [r, g, b] in the middle of the film at a time.
function colour_at(film, seconds) {
    const place = path.join(folder, 'film.mp4');
    fs.writeFileSync(place, film);
    return [...execFileSync('ffmpeg', ['-v', 'error', '-ss', `${seconds}`, '-i', place, '-frames:v', '1', '-vf', 'crop=2:2,scale=1:1', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'])];
}
const is_near = (colour, wanted) => assert.ok(colour.every((value, i) => Math.abs(value - wanted[i]) < 40), `${colour} is not ${wanted}`);

// The film of one scene that shows nothing but this file.
async function film_of(file, seconds) {
    const { data: { video } } = await ada.must(201, 'POST', '/api/v1/videos', { title: file.name });
    const { data: { scene } } = await ada.must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, { text: 'One', duration: seconds });
    await ada.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`, { type: 'media', name: 'm', duration: seconds, start_time: 0,
        properties: { media_id: file.id, fit: 'cover' } });
    const { data } = await ada.must(202, 'POST', `/api/v1/videos/${video.id}/render`, { quality: '480p' });
    await ada.job_end(data.job_id);
    const { data: { render } } = await ada.must(200, 'GET', `/api/v1/renders/${data.job_id}`);
    return (await ada.get(render.video_url)).bytes;
}

for (const [name, type, options] of [['a.heic', 'image/heic', []], ['a.avif', 'image/avif', ['-A']]])
    test(`${type} is taken and drawn`, async () => {
        const file = await ada.upload(name, encoded(name, picture('red'), ...options));
        assert.deepEqual([file.media_type, file.mime_type, file.duration], ['image', type, null]);
        const { width, height } = (await ada.must(200, 'GET', '/mediafiles')).find((one) => one.uuid === file.id);
        assert.deepEqual([width, height], [320, 240]);
        is_near(colour_at(await film_of(file, 1), 0.5), [254, 0, 0]);
    });

test('an animated WebP is taken and moves', async () => {
    const bytes = made('a.webp', '-f', 'lavfi', '-i', 'color=red:s=160x120:d=1:r=5', '-f', 'lavfi', '-i', 'color=blue:s=160x120:d=1:r=5',
        '-filter_complex', 'concat=n=2', '-c:v', 'libwebp_anim', '-loop', '0');
    const file = await ada.upload('a.webp', bytes);
    assert.deepEqual([file.media_type, file.mime_type], ['gif', 'image/webp']);
    assert.ok(Math.abs(file.duration - 2) < 0.3, `${file.duration}`);
    const film = await film_of(file, 2);
    is_near(colour_at(film, 0.4), [254, 0, 0]);
    is_near(colour_at(film, 1.5), [0, 0, 254]);
});

test('files of the three that are cut off are refused, wherever they are cut', async () => {
    const whole = [encoded('b.heic', picture('red')), encoded('b.avif', picture('red'), '-A'),
        made('b.webp', '-f', 'lavfi', '-i', 'testsrc=s=64x64:d=1:r=5', '-c:v', 'libwebp_anim')];
    for (const bytes of whole)
        for (const share of [0.02, 0.2, 0.5, 0.8]) {
            const body = bytes.subarray(0, Math.ceil(bytes.length * share));
            const { status, json } = await ada.call('POST', '/mediafiles', file_form('x', body));
            assert.deepEqual([status, json.code], [400, 'UNSUPPORTED_MEDIA'], `${share} of ${bytes.subarray(0, 12).toString('latin1')}`);
        }
    assert.equal(server.child.exitCode, null);
});
