// SPDX-License-Identifier: GPL-3.0-or-later
// Properties of scenes do what their table says: seen in frames and heard in films of the commands.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { made } from '../api/lib/media.mjs';
import { program, temporary } from '../api/lib/server.mjs';

const folder = temporary('properties');
after(() => fs.rmSync(folder, { recursive: true }));

function kinora(document, command, output, ...more) {
    const project = path.join(folder, 'project.json');
    fs.writeFileSync(project, JSON.stringify(document));
    const file = path.join(folder, output);
    const { status, stderr } = spawnSync(program, [command, project, '-o', file, ...more], { encoding: 'utf8' });
    return { status, stderr, file };
}
const scene = (layers, more = {}) => ({ video: { title: 'P' }, scenes: [{ duration: 2, background: { color: '#804020' },
    layers: layers.map(([type, properties]) => ({ type, name: type, properties })), ...more }] });
// RGB of all pixels of a frame, 64 x 36.
function frame(layers, more) {
    const { status, stderr, file } = kinora(scene(layers, more), 'preview', 'frame.png', '--at', '1', '-w', '320');
    assert.equal(status, 0, stderr);
    return spawnSync('ffmpeg', ['-v', 'error', '-i', file, '-vf', 'scale=64:36:flags=area', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-']).stdout;
}
const at = (pixels, x, y) => [...pixels.subarray((y * 64 + x) * 3, (y * 64 + x) * 3 + 3)];
const near = (got, wanted) => got.every((one, i) => Math.abs(one - wanted[i]) < 12);
const white = (pixel) => pixel.every((one) => one > 200);

test('every effect changes what is behind it', () => {
    const behind = ['shape', { shape: 'star', fill: '#FFFFFF', width: 40, height: 60 }];
    const plain = frame([behind]);
    for (const effect of 'blur contrast saturation hue grayscale sepia vignette grain pixelate color_overlay zoom shake fade_in fade_out glow'.split(' '))
        assert.ok(!plain.equals(frame([['effect', { effect, intensity: 0.8 }], behind])), effect);
    assert.ok(plain.equals(frame([['effect', { effect: 'brightness', intensity: 0.5 }], behind])));
});

test('hue turns colours and glow spreads light', () => {
    const [red, green, blue] = at(frame([['effect', { effect: 'hue', intensity: 0.5 }]]), 5, 5);
    assert.ok(blue > red && green > red, `${red} ${green} ${blue}`); // the opposite of brown
    const dot = ['shape', { shape: 'ellipse', fill: '#FFFFFF', width: 20, height: 40 }];
    const [dark, lit] = [frame([dot]), frame([['effect', { effect: 'glow', intensity: 1 }], dot])].map((pixels) => at(pixels, 24, 18)[1]);
    assert.ok(lit > dark + 10, `${dark} ${lit}`);
});

test('a path is drawn as SVG has it, and one that cannot be read is refused', () => {
    const shape = (data) => ['shape', { shape: 'path', path: data, fill: '#FFFFFF', width: 50, height: 50 }];
    // An L of two thirds: its upper right is free.
    const pixels = frame([shape('M0 0h10v20H30v10H0z')]);
    assert.ok(white(at(pixels, 18, 12)) && white(at(pixels, 44, 25)) && near(at(pixels, 44, 12), [128, 64, 32]));
    assert.ok(white(at(frame([shape('M0,50C0,-16 100-16 100 50S0 116 0 50Z')]), 32, 18)));
    assert.ok(white(at(frame([shape('m0 50q50-100 100 0t-100 0z')]), 32, 12)));
    // Arcs: a circle of two halves, flags without spaces, radii that are too small, and one turned by 90 degrees.
    for (const round of ['M0 50A50 50 0 0 1 100 50A50 50 0 0 1 0 50z', 'm0 50a50 50 0 11100 0a50 50 0 01-100 0', 'M0 50A5 5 0 0 1 100 50A5 5 0 0 1 0 50', 'M0 50A60 50 90 0 1 100 50A60 50 90 0 1 0 50']) {
        const circle = frame([shape(round)]);
        assert.ok(white(at(circle, 32, 18)) && white(at(circle, 32, 10)) && white(at(circle, 18, 18)) && near(at(circle, 17, 10), [128, 64, 32]), round);
    }
    // A slice of a pie: three quarters by the large arc, one by the small.
    const slice = (large) => at(frame([shape(`M50 50L100 50A50 50 0 ${large} ${large} 50 0z M0 0h.1v.1h-.1zM99.9 99.9h.1v.1h-.1z`)]), 22, 24);
    assert.ok(white(slice(1)) && near(slice(0), [128, 64, 32]));
    for (const bad of ['A 1 1 0 0 0 1 1', 'M0 0A1 1 0 2 0 5 5', 'M0 0A1 1 0 1', '10 10', 'M', 'M 1', 'M1 1 L', 'M1e99 0', 'M0 0 z 5']) {
        const { status, stderr } = kinora(scene([shape(bad)]), 'preview', 'bad.png');
        assert.ok(status > 0 && /path/i.test(stderr), `${bad}: ${status} ${stderr}`);
    }
});

test('a polygon takes its corners, a star its points', () => {
    const corner = frame([['shape', { shape: 'polygon', points: [[0, 0], { x: 100, y: 0 }, [0, 100]], fill: '#FFFFFF', width: 50, height: 50 }]]);
    assert.ok(white(at(corner, 18, 11)) && near(at(corner, 46, 25), [128, 64, 32]));
    const star = (sides) => frame([['shape', { shape: 'star', sides, fill: '#FFFFFF' }]]);
    assert.ok(!star(4).equals(star(5)));
});

// Crossings of zero a second, from one second to another.
function hertz(file, from, to) {
    const { stdout } = spawnSync('ffmpeg', ['-v', 'error', '-i', file, '-ac', '1', '-ar', '8000', '-f', 's16le', '-']);
    const samples = new Int16Array(stdout.buffer, stdout.byteOffset, stdout.length >> 1).subarray(from * 8000, to * 8000);
    let crossings = 0;
    for (let i = 1; i < samples.length; i++)
        crossings += samples[i - 1] < 0 && samples[i] >= 0;
    return crossings / (to - from);
}

test('sound is played faster without becoming higher, and higher without becoming faster', () => {
    // A tone of 300 Hz that becomes one of 600 after two seconds.
    fs.writeFileSync(path.join(folder, 'clip.mp4'), made('clip.mp4', '-f', 'lavfi', '-i', 'testsrc2=s=64x64:d=4:r=25', '-f', 'lavfi', '-i', "aevalsrc='0.3*sin(2*PI*t*if(lt(t,2),300,600))':d=4", '-pix_fmt', 'yuv420p'));
    const heard = (type, properties, ...spans) => {
        const { status, stderr, file } = kinora(scene([[type, { [`${type}_id`]: 'clip.mp4', volume: 1, loop: false, ...properties }]]), 'render', 'heard.wav');
        assert.equal(status, 0, stderr);
        return spans.map(([from, to]) => hertz(file, from, to));
    };
    const close = (got, wanted) => got.forEach((one, i) => assert.ok(Math.abs(one - wanted[i]) < wanted[i] * 0.03, `${got} Hz, not ${wanted}`));
    close(heard('media', { speed: 2 }, [0.2, 0.9], [1.1, 1.8]), [300, 600]);
    close(heard('audio', { pitch: 1.5, start_from: 1 }, [0.2, 0.9], [1.1, 1.8]), [450, 900]);
    close(heard('audio', { speed: 0.5, pitch: 2, start_from: 1.5 }, [0.1, 0.9], [1.1, 1.9]), [600, 1200]);
});
