// SPDX-License-Identifier: GPL-3.0-or-later
// Documents and media that make no sense, or too much of it: a sentence that names what is wrong, or a film; no crash.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { made, turned } from '../api/lib/media.mjs';
import { program, temporary } from '../api/lib/server.mjs';

const folder = temporary('bad-input');
after(() => fs.rmSync(folder, { recursive: true }));
const put = (name, bytes) => fs.writeFileSync(path.join(folder, name), bytes);

function kinora(scenes, command, output, ...more) {
    put('project.json', JSON.stringify({ video: { title: 'B' }, scenes }));
    const file = path.join(folder, output);
    const told = spawnSync(program, [command, path.join(folder, 'project.json'), '-o', file, ...more], { encoding: 'utf8' });
    assert.equal(told.signal, null);
    return { ...told, file };
}
const layer = (type, properties, more = {}) => ({ type, name: `the ${type}`, properties, ...more });
const refused = (scenes, words, ...more) => {
    const { status, stderr, file } = kinora(scenes, 'render', 'refused.mp4', '-q', '480', ...more);
    assert.ok(status > 0 && words.test(stderr), `${status} ${stderr}`);
    assert.ok(!fs.existsSync(file));
};
const drawn = (scenes, ...more) => {
    const { status, stderr, file } = kinora(scenes, 'preview', 'frame.png', '-w', '320', ...more);
    assert.equal(status, 0, stderr);
    return fs.readFileSync(file);
};
const one = (...layers) => [{ duration: 1, layers }];

test('no scenes, and durations of zero or less, are refused by name', () => {
    refused([], /scene/i);
    for (const duration of [0, -1, 'long', 1e9])
        refused([{ duration, layers: [] }], /duration/);
    refused(one(layer('text', { text: 'x' }, { start_time: -1 })), /start_time/);
    refused(one(layer('text', { text: 'x' }, { duration: -1 })), /duration/);
});

test('a missing or corrupt asset stops the film before it begins and is named with its layer', () => {
    refused(one(layer('media', { media_id: 'nothing.png' })), /the media.*nothing\.png/);
    put('noise.png', Buffer.alloc(5000, 7));
    refused(one(layer('media', { media_id: 'noise.png' })), /the media.*noise\.png/);
    refused(one(layer('audio', { audio_id: 'nothing.mp3' })), /the audio.*nothing\.mp3/);
    // Its head is that of a film, but no picture can be decoded.
    const hollow = made('hollow.mp4', '-f', 'lavfi', '-i', 'testsrc2=s=160x90:d=1:r=10', '-pix_fmt', 'yuv420p', '-movflags', '+faststart');
    put('hollow.mp4', hollow.fill(0x55, hollow.indexOf('mdat') + 4));
    refused(one(layer('media', { media_id: 'hollow.mp4' })), /the media.*hollow\.mp4/);
    const { status, stderr, file } = kinora(one(layer('media', { media_id: 'nothing.png' })), 'render', 'marked.mp4', '--allow-missing', '-q', '480');
    assert.equal(status, 0, stderr);
    assert.match(stderr, /nothing\.png/);
    const { stdout } = spawnSync('ffmpeg', ['-v', 'error', '-i', file, '-frames:v', '1', '-vf', 'crop=4:4:iw/2-60:ih/2-20,scale=1:1', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-']);
    assert.ok(stdout[0] > 120 && stdout[1] < 60, `no red box: ${[...stdout]}`);
});

test('what lies outside its scene is cut with a warning', () => {
    const { status, stderr } = kinora(one(layer('text', { text: 'long' }, { duration: 5 }), layer('text', { text: 'late' }, { start_time: 3, duration: 1 })),
        'render', 'cut.mp4', '-q', '480');
    assert.equal(status, 0, stderr);
    assert.match(stderr, /cut there/);
    assert.match(stderr, /left out/);
});

test('five hundred layers, long texts, all scripts and emoji are drawn', () => {
    const many = Array.from({ length: 500 }, (_, i) => layer('shape', { shape: 'ellipse', width: 2, height: 3, position: { x: i % 25 * 4, y: Math.floor(i / 25) * 5 } }));
    const empty = drawn(one());
    assert.ok(!drawn(one(...many)).equals(empty));
    assert.ok(!drawn(one(layer('text', { text: 'word '.repeat(2000) }))).equals(empty));
    refused(one(layer('text', { text: 'x'.repeat(10001) })), /text/);
    for (const text of ['שלום עולם', 'مرحبا بالعالم', '👩‍👩‍👧‍👦 🏳️‍🌈', 'abc שלום 123 😀', '\u202e\u202e\u202e', 'e\u0301'.repeat(500)])
        drawn(one(layer('text', { text, animation: 'typewriter' })), '--at', '0.3');
});

test('a picture of 65536 pixels and a clip of uneven times are drawn, one of too many pixels is named', () => {
    put('wide.png', made('wide.png', '-f', 'lavfi', '-i', 'color=red:s=65536x16', '-frames:v', '1'));
    const { status, stderr } = kinora(one(layer('media', { media_id: 'wide.png' })), 'preview', 'wide-frame.png', '-w', '320');
    assert.equal(status, 0, stderr);
    // It covers the canvas: what is seen is its middle.
    const { stdout } = spawnSync('ffmpeg', ['-v', 'error', '-i', path.join(folder, 'wide-frame.png'), '-vf', 'scale=1:1', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-']);
    assert.ok(stdout[0] > 200 && stdout[1] < 40, `${[...stdout]}`);
    const huge = made('huge.png', '-f', 'lavfi', '-i', 'color=red:s=64x64', '-frames:v', '1');
    huge.writeUInt32BE(65536, 16); // says that it has 65536 by 65536 pixels
    huge.writeUInt32BE(65536, 20);
    put('huge.png', huge);
    refused(one(layer('media', { media_id: 'huge.png' })), /the media.*huge\.png/);
    put('uneven.mp4', made('uneven.mp4', '-f', 'lavfi', '-i', 'testsrc2=s=160x90:d=2:r=30', '-vf', "select='not(mod(n,7))+lt(n,10)'", '-vsync', 'vfr', '-pix_fmt', 'yuv420p'));
    const at = (seconds) => drawn([{ duration: 6, layers: [layer('media', { media_id: 'uneven.mp4', loop: false })] }], '--at', String(seconds));
    assert.ok(!at(0.1).equals(at(1.5)));
    assert.ok(at(4).equals(at(5)), 'a clip shorter than its layer holds its last picture');
});

test('a clip that is stored turned is shown upright, and one that is not a whole second repeats or rests', () => {
    // Red above, blue below, as it is stored; a quarter turn clockwise brings blue to the left.
    const film = made('two.mp4', '-f', 'lavfi', '-i', 'color=red:s=96x48:d=1:r=10', '-f', 'lavfi', '-i', 'color=blue:s=96x48:d=1:r=10', '-filter_complex', 'vstack', '-pix_fmt', 'yuv420p');
    put('turned.mp4', turned(film, 90));
    const frame = path.join(folder, 'frame.png');
    drawn(one(layer('media', { media_id: 'turned.mp4', width: 50, height: 50, fit: 'fill' })));
    const colour_at = (x) => [...spawnSync('ffmpeg', ['-v', 'error', '-i', frame, '-vf', `crop=4:4:iw*${x}:ih/2,scale=1:1`, '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-']).stdout];
    const [left, right] = [colour_at(0.3), colour_at(0.65)];
    assert.ok(left[2] > 180 && left[0] < 80 && right[0] > 180 && right[2] < 80, `${left} ${right}`);
    put('short.mp4', made('short.mp4', '-f', 'lavfi', '-i', 'testsrc2=s=160x90:d=0.4:r=10', '-pix_fmt', 'yuv420p'));
    const at = (seconds, loop) => drawn([{ duration: 2, layers: [layer('media', { media_id: 'short.mp4', loop })] }], '--at', String(seconds));
    assert.ok(at(0.1, true).equals(at(0.5, true)) && at(0.1, true).equals(at(1.3, true)));
    assert.ok(at(0.5, false).equals(at(1.3, false)) && !at(0.5, false).equals(at(0.1, false)));
});
