// SPDX-License-Identifier: GPL-3.0-or-later
// Avatars in films: they speak, they are the same each time, and what cannot be drawn stops before the work begins.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

const kinora = new URL('../../build/kinora', import.meta.url).pathname;
let folder;
before(() => { folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kinora-avatar-')); });
after(() => fs.rmSync(folder, { recursive: true }));

const file = (name) => path.join(folder, name);
const avatar = (properties) => ({ type: 'avatar', name: 'Presenter', duration: 2, properties: { avatar_id: 'avatar-amy-casual', ...properties } });
const voice = { type: 'voiceover', name: 'Voice', duration: 2, properties: { voice_id: 'flite:slt', text: 'Oh, my!' } };
function project(layers) {
    fs.writeFileSync(file('film.json'), JSON.stringify({ video: { title: 'Avatar', background: '#FFFFFF' }, scenes: [{ text: '', duration: 2, layers }] }));
    return file('film.json');
}
const run = (...words) => spawnSync(kinora, words, { encoding: 'utf8' });
function frame(layers, seconds, width = 320) {
    const { status, stderr } = run('preview', project(layers), '--at', String(seconds), '--width', String(width), '-o', file('frame.png'));
    assert.equal(status, 0, stderr);
    return fs.readFileSync(file('frame.png'));
}
const grey = (png, filter) => spawnSync('ffmpeg', ['-v', 'error', '-i', '-', '-vf', filter, '-f', 'rawvideo', '-pix_fmt', 'gray', '-'], { input: png }).stdout;
// A picture of 16 by 9 greys: what is left of a frame on any machine.
const hash = (png) => [...grey(png, 'scale=16:9:flags=area')];
const distance = (a, b) => a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0) / a.length;

test('each behaviour, cut and mirror image is a picture of its own, and the same each time', () => {
    const kinds = [{}, { animation: 'wave' }, { animation: 'point' }, { shape: 'circle' }, { shape: 'square' }, { flip: true, animation: 'wave' },
        { background_color: '#FFD54A' }, { avatar_id: 'avatar-finn' }, { avatar_id: 'avatar-bolt' }];
    const frames = kinds.map((properties) => frame([avatar(properties)], 1.2));
    const seen = new Set(frames.map((bytes) => createHash('sha256').update(bytes).digest('hex')));
    assert.equal(seen.size, kinds.length);
    assert.deepEqual(frame([avatar({ animation: 'wave' })], 1.2), frames[1]);
    // A waving hand on the right of the picture, and on its left when mirrored.
    const side = (png, x) => grey(png, `crop=iw*0.12:ih*0.3:iw*${x}:ih*0.35,scale=1:1:flags=area`)[0];
    assert.ok(side(frames[1], 0.64) < side(frames[1], 0.24) - 5);
    assert.ok(side(frames[5], 0.24) < side(frames[5], 0.64) - 5);
});

test('Amy looks as she is known', () => {
    const golden = JSON.parse(fs.readFileSync(new URL('avatar-amy.json', import.meta.url)));
    const now = hash(frame([avatar({ animation: 'idle' })], 1));
    assert.ok(distance(golden, now) < 3, `off by ${distance(golden, now)}: ${JSON.stringify(now)}`);
    assert.ok(distance(golden, hash(frame([avatar({ animation: 'idle', avatar_id: 'avatar-ben-casual' })], 1))) > 3);
});

test('the mouth moves while there is a voice and rests afterwards, and two renders are the same bytes', () => {
    const films = ['a.mp4', 'b.mp4'].map((name) => {
        const { status, stderr } = run('render', project([voice, avatar({ scale: 1.6, position: { x: 50, y: 80 } })]), '--quality', '480', '-o', file(name));
        assert.equal(status, 0, stderr);
        return fs.readFileSync(file(name));
    });
    assert.deepEqual(films[0], films[1]);
    const mouths = (start) => spawnSync('ffmpeg', ['-v', 'error', '-ss', String(start), '-t', '0.5', '-i', file('a.mp4'),
        '-vf', 'crop=iw*0.1:ih*0.12:iw*0.45:ih*0.66,scale=1:1:flags=area', '-f', 'rawvideo', '-pix_fmt', 'gray', '-']).stdout;
    const spread = (values) => Math.max(...values) - Math.min(...values);
    assert.ok(spread(mouths(0.3)) > 4, `while speaking: ${[...mouths(0.3)]}`);
    assert.ok(spread(mouths(1.45)) < 4, `afterwards: ${[...mouths(1.45)]}`);
});

test('a picture of one\'s own moves, and an avatar that there is not stops the render', () => {
    spawnSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc=s=240x320', '-frames:v', '1', '-y', file('me.png')]);
    const own = [voice, avatar({ avatar_id: 'me.png' })];
    assert.notDeepEqual(frame(own, 0.1), frame(own, 1.6));
    const { status, stderr } = run('render', project([avatar({ avatar_id: 'nobody' })]), '-o', file('x.mp4'));
    assert.notEqual(status, 0);
    assert.match(stderr, /Presenter.*avatar "nobody"/);
});
