// SPDX-License-Identifier: GPL-3.0-or-later
// Most frames of a film that rests are not encoded but written as repetitions. A decoder that understands them otherwise says nothing, so that three
// decoders are asked for every picture: FFmpeg, openh264 and a browser that seeks; and the compositor for what they should show.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { build, ffmpeg, kinora, new_folder } from '../cli/kinora.mjs';

const FPS = 30, SKIPPED_BYTES = 100, BIG = { maxBuffer: 1 << 28 };
let folder, film, shown;
const at = (name) => path.join(folder, name);
const layer = (type, duration, properties, more) => ({ type, name: type, duration, properties, ...more });

// Text that comes and rests, words one after another, a long hold over several segments, a clip, an avatar that speaks, a crossfade.
const project = {
    video: { title: 'Rests', aspect_ratio: '16:9', fps: FPS, captions: { mode: 'karaoke' } },
    scenes: [
        { duration: 3, background: { gradient: ['#203050', '#d0a070', 40] }, layers: [
            layer('text', 3, { text: 'It comes and rests', font_size: 110, animation: 'slideUp', animation_duration: 0.5 })] },
        { duration: 21, background: { color: '#305030' }, layers: [
            layer('shape', 21, { shape: 'star', animation: 'pop', fill: '#ffcc00' }),
            layer('text', 21, { text: 'Typed once', font_size: 90, position: { x: 50, y: 20 }, animation: 'typewriter', animation_out: 'fadeOut' })] },
        { duration: 3, duration_mode: 'fixed', layers: [
            layer('media', 3, { media_id: 'clip.mp4', fit: 'cover' }),
            layer('voiceover', 3, { voice_id: 'flite:kal16', text: 'Words that are shown as they are spoken.' })] },
        { duration: 4, duration_mode: 'fixed', transition: { type: 'crossfade', duration: 0.5 }, layers: [
            layer('avatar', 4, { avatar_id: 'ben' }),
            layer('voiceover', 4, { voice_id: 'flite:kal16', text: 'I hold still, but for my mouth.' })] },
    ],
};

const lines = (text) => text.trim().split('\n').filter((line) => line && !line.startsWith('#'));
const checksums = (file) => lines(execFileSync('ffmpeg', ['-v', 'error', '-xerror', '-i', file, '-map', '0:v', '-f', 'framecrc', '-'],
    { encoding: 'utf8', ...BIG })).map((line) => line.split(',')[5].trim());
const packet_sizes = (file) => lines(execFileSync('ffprobe', ['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=size', '-of', 'csv=p=0',
    file], { encoding: 'utf8', ...BIG })).map((line) => parseInt(line, 10));

before(() => {
    folder = new_folder();
    ffmpeg('-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=30', '-t', '1.5', '-pix_fmt', 'yuv420p', at('clip.mp4'));
    fs.writeFileSync(at('film.json'), JSON.stringify(project));
    film = at('film.mp4');
    const told = kinora(['render', at('film.json'), '-q', '480', '-o', film]);
    assert.equal(told.code, 0, told.err);
    shown = checksums(film);
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

test('most frames of a film that rests are repetitions of some tens of bytes', () => {
    const sizes = packet_sizes(film), skipped = sizes.filter((size) => size < SKIPPED_BYTES).length;
    assert.equal(sizes.length, 31 * FPS);
    assert.equal(shown.length, 31 * FPS);
    assert.ok(skipped > sizes.length / 2, `${skipped} of ${sizes.length}`);
});

test('every frame is what the compositor drew, within the loss of encoding', () => {
    const told = spawnSync(path.join(build, 'tests', 'render', 'render_at'), [path.join(build, 'kinora-engine'), at('film.json'), at('all.mp4'), '0', 'ultrafast', '480'],
        { encoding: 'utf8' });
    assert.equal(told.status, 0, told.stderr);
    const text = execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-i', film, '-i', at('all.mp4'), '-lavfi', '[0:v][1:v]psnr=stats_file=-', '-f', 'null', '-'], { encoding: 'utf8', ...BIG });
    const likeness = lines(text).map((line) => (/psnr_y:inf/.test(line) ? 99 : Number(/psnr_y:([\d.]+)/.exec(line)[1])));
    assert.equal(likeness.length, shown.length);
    likeness.forEach((value, frame) => assert.ok(value > 32, `frame ${frame}: ${value} dB`));
    // A frame that stands still for the compositor stands still for the viewer, but where one scene leads into another.
    const drawn = checksums(at('all.mp4')), borders = [3, 24, 27, 27.5].map((seconds) => seconds * FPS);
    for (let i = 1; i < drawn.length; i++)
        if (drawn[i] === drawn[i - 1] && !borders.includes(i))
            assert.equal(shown[i], shown[i - 1], `frame ${i}`);
});

test('single frames, each drawn by itself, are those of the film', () => {
    // Where nothing is spoken; the preview speaks nothing.
    for (const frame of [0, 7, 15, 60, 90, 95, 300, 539, 705, 715]) {
        const told = kinora(['preview', at('film.json'), '--at', String(frame / FPS), '--width', '854', '-o', at('frame.png')]);
        assert.equal(told.code, 0, told.err);
        const { stderr } = spawnSync('ffmpeg', ['-nostdin', '-i', film, '-i', at('frame.png'), '-lavfi',
            `[0:v]trim=start_frame=${frame}:end_frame=${frame + 1},setpts=0[a];[1:v]scale=854:480:out_color_matrix=bt709:out_range=tv,format=yuv420p,setpts=0[b];[a][b]psnr`,
            '-f', 'null', '-'], { encoding: 'utf8', ...BIG });
        const value = /PSNR y:(inf|[\d.]+)/.exec(stderr)?.[1];
        assert.ok(value === 'inf' || Number(value) > 30, `frame ${frame}: ${value} dB ${value ? '' : stderr}`);
    }
});

test('openh264 sees the very same pixels', () => {
    const stream = execFileSync('ffmpeg', ['-v', 'error', '-i', film, '-map', '0:v', '-c', 'copy', '-bsf:v', 'h264_mp4toannexb', '-f', 'h264', '-'], BIG);
    const told = spawnSync(path.join(build, 'tests', 'render', 'openh264_frames'), { input: stream, encoding: 'utf8', ...BIG });
    assert.equal(told.status, 0, told.stderr);
    assert.deepEqual(lines(told.stdout), shown);
});

// In the page: the Adler-32 of the picture that the film shows at a time, from the planes as they were decoded.
async function look({ seconds, half, width, height }) {
    const film = document.querySelector('video');
    const sought = new Promise((resolve) => { film.addEventListener('seeked', resolve, { once: true }); });
    film.currentTime = seconds;
    await sought;
    // The picture comes a moment after the event.
    let picture = new VideoFrame(film);
    for (const until = Date.now() + 20_000; Math.abs(picture.timestamp / 1e6 + half - seconds) > half && Date.now() < until;) {
        picture.close();
        await new Promise((resolve) => { setTimeout(resolve, 20); });
        picture = new VideoFrame(film);
    }
    if (!['I420', 'NV12'].includes(picture.format))
        throw new Error(`the browser gives ${picture.format}`);
    const bytes = new Uint8Array(picture.allocationSize()), layout = await picture.copyTo(bytes);
    const interleaved = picture.format === 'NV12';
    picture.close();
    let a = 0, b = 0;
    const add = (byte) => { a = (a + byte) % 65521; b = (b + a) % 65521; };
    for (let plane = 0; plane < 3; plane++) {
        const { offset, stride } = layout[interleaved && plane ? 1 : plane], across = plane ? width / 2 : width, down = plane ? height / 2 : height;
        for (let y = 0; y < down; y++)
            for (let x = 0; x < across; x++)
                add(bytes[offset + y * stride + (interleaved && plane ? 2 * x + plane - 1 : x)]);
    }
    return `0x${(b * 65536 + a).toString(16).padStart(8, '0')}`;
}

// FFmpeg's own reading of the slice headers: the idr_pic_id of each key frame, null for every other picture.
function key_numbers(file) {
    const { status, stderr } = spawnSync('ffmpeg', ['-nostdin', '-loglevel', 'trace', '-i', file, '-map', '0:v', '-c', 'copy', '-bsf:v', 'trace_headers', '-f', 'null', '-'],
        { encoding: 'utf8', ...BIG });
    assert.equal(status, 0);
    const numbers = [];
    for (const line of lines(stderr)) {
        if (/\bfirst_mb_in_slice\b/.test(line))
            numbers.push(null);
        const id = /\bidr_pic_id\s+\S+ = (\d+)/.exec(line);
        if (id)
            numbers[numbers.length - 1] = Number(id[1]);
    }
    return numbers;
}

test('two key frames that follow each other have different numbers, where pieces of one picture meet too', () => {
    // Scenes of one picture, one after the other; then one that is longer, and one that is the same as the first.
    const colours = ['#ff0000', '#00ff00', '#0000ff', '#ffff00', '#ff0000', '#ff0000'];
    fs.writeFileSync(at('short.json'), JSON.stringify({ video: { title: 'Short', aspect_ratio: '16:9', fps: 25 },
        scenes: colours.map((color, i) => ({ duration: i === 3 ? 0.2 : 0.04, background: { color }, layers: [] })) }));
    const told = kinora(['render', at('short.json'), '-q', '480', '-o', at('short.mp4')]);
    assert.equal(told.code, 0, told.err);
    const short = key_numbers(at('short.mp4'));
    assert.equal(short.length, 10);
    assert.ok(short.filter((one) => one !== null).length >= 6, `${short}`);
    const long = key_numbers(film);
    assert.equal(long.length, shown.length);
    for (const numbers of [short, long])
        for (let i = 1; i < numbers.length; i++)
            assert.ok(numbers[i] === null || numbers[i] !== numbers[i - 1], `pictures ${i - 1} and ${i}: ${numbers[i]}`);
    // Each is a picture of its own for a reader of the bare stream.
    const stream = execFileSync('ffmpeg', ['-v', 'error', '-i', at('short.mp4'), '-map', '0:v', '-c', 'copy', '-bsf:v', 'h264_mp4toannexb', '-f', 'h264', '-'], BIG);
    const seen = spawnSync(path.join(build, 'tests', 'render', 'openh264_frames'), { input: stream, encoding: 'utf8', ...BIG });
    assert.equal(seen.status, 0, seen.stderr);
    assert.deepEqual(lines(seen.stdout), checksums(at('short.mp4')));
});

test('a browser that seeks to and fro shows the very same pixels', async () => {
    const page_of = '<video muted preload="auto" src="/film.mp4"></video>';
    const server = http.createServer((question, answer) => {
        if (question.url !== '/film.mp4')
            return answer.writeHead(200, { 'content-type': 'text/html' }).end(page_of);
        const bytes = fs.readFileSync(film), range = /bytes=(\d+)-(\d*)/.exec(question.headers.range ?? '');
        const from = Number(range?.[1] ?? 0), to = range?.[2] ? Number(range[2]) : bytes.length - 1;
        answer.writeHead(range ? 206 : 200, { 'content-type': 'video/mp4', 'accept-ranges': 'bytes', 'content-length': to - from + 1,
            ...(range && { 'content-range': `bytes ${from}-${to}/${bytes.length}` }) });
        return answer.end(bytes.subarray(from, to + 1));
    });
    await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
        '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
    try {
        const page = await browser.newPage();
        await page.goto(`http://127.0.0.1:${server.address().port}/`);
        await page.waitForFunction(() => document.querySelector('video').readyState >= 2, undefined, { timeout: 60_000 });
        const [width, height] = await page.evaluate(() => [document.querySelector('video').videoWidth, document.querySelector('video').videoHeight]);
        assert.deepEqual([width, height], [854, 480]);
        // Into and around the holds, their repeated key frames and the borders of segments, in no order.
        const frames = [400, 3, 929, 16, 90, 89, 91, 265, 240, 239, 241, 700, 104, 390, 389, 391, 718, 719, 720, 721, 750, 810, 809, 825, 826, 860, 900, 928, 45, 0];
        for (const frame of frames)
            assert.equal(await page.evaluate(look, { seconds: (frame + 0.5) / FPS, half: 0.5 / FPS, width, height }), shown[frame], `frame ${frame}`);
    } finally {
        await browser.close();
        server.close();
    }
});

test('the film has the same bytes whatever the number of workers', () => {
    for (const workers of ['1', '2', '4']) {
        const told = kinora(['render', at('film.json'), '-q', '480', '-o', at('again.mp4')], { env: { KINORA_WORKERS: workers } });
        assert.equal(told.code, 0, told.err);
        assert.ok(fs.readFileSync(at('again.mp4')).equals(fs.readFileSync(film)), `${workers} workers`);
    }
});

test('the other efforts are decoded alike too', () => {
    for (const effort of ['draft', 'high']) {
        const other = at(`${effort}.mp4`);
        assert.equal(kinora(['render', at('film.json'), '-q', '480', '--preset', effort, '-o', other]).code, 0);
        const stream = execFileSync('ffmpeg', ['-v', 'error', '-i', other, '-map', '0:v', '-c', 'copy', '-bsf:v', 'h264_mp4toannexb', '-f', 'h264', '-'], BIG);
        const told = spawnSync(path.join(build, 'tests', 'render', 'openh264_frames'), { input: stream, encoding: 'utf8', ...BIG });
        assert.equal(told.status, 0, told.stderr);
        assert.deepEqual(lines(told.stdout), checksums(other), effort);
    }
});
