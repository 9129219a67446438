// SPDX-License-Identifier: GPL-3.0-or-later
// What films sound like, measured: loudness and peaks by ffmpeg's own meter, fades, ducking, the borders of scenes.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { made } from '../api/lib/media.mjs';
import { program, temporary } from '../api/lib/server.mjs';

const folder = temporary('sound');
after(() => fs.rmSync(folder, { recursive: true }));
const put = (name, ...words) => fs.writeFileSync(path.join(folder, name), made(name, ...words));
before(() => {
    put('tone.wav', '-f', 'lavfi', '-i', 'sine=500:d=12', '-ac', '2');
    put('low.wav', '-f', 'lavfi', '-i', 'sine=200:d=12', '-ac', '2');
    // Quiet noise with a hard knock each half second: what a limiter is for.
    put('knocks.wav', '-f', 'lavfi', '-i', "aevalsrc='0.02*(random(0)-0.5)+if(lt(mod(t,0.5),0.004),0.95*sin(2*PI*3000*t),0)|0.02*(random(1)-0.5)+if(lt(mod(t,0.5),0.004),0.95*sin(2*PI*3300*t),0)':d=6:s=48000");
});
function render(document, output) {
    const project = path.join(folder, 'project.json'), file = path.join(folder, output);
    fs.writeFileSync(project, JSON.stringify(document));
    const { status, stderr } = spawnSync(program, ['render', project, '-q', '480', '--preset', 'draft', '-o', file], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return file;
}
const layer = (type, properties, more = {}) => ({ type, name: type, properties, ...more });
const sound = (audio_id, properties = {}, more = {}) => layer('audio', { audio_id, volume: 1, ...properties }, more);
// Integrated loudness and true peak, EBU R128.
function measure(file) {
    const { stderr } = spawnSync('ffmpeg', ['-nostats', '-i', file, '-af', 'ebur128=peak=true', '-f', 'null', '-'], { encoding: 'utf8' });
    const summary = stderr.slice(stderr.lastIndexOf('Summary:'));
    return { loudness: Number(/I:\s+(-?[\d.]+) LUFS/.exec(summary)[1]), peak: Number(/Peak:\s+(-?[\d.]+) dBFS/.exec(summary)[1]) };
}
function samples(file, filter = 'anull') {
    const { stdout } = spawnSync('ffmpeg', ['-v', 'error', '-i', file, '-af', filter, '-ac', '1', '-ar', '8000', '-f', 's16le', '-'], { maxBuffer: 64 << 20 });
    return new Int16Array(stdout.buffer, stdout.byteOffset, stdout.length >> 1);
}
// Level in decibels of full scale from one second to another.
function level(all, from, to) {
    const part = all.subarray(from * 8000, to * 8000);
    return 10 * Math.log10(part.reduce((sum, one) => sum + one * one, 0) / part.length / 32768 ** 2 + 1e-12);
}

test('speech, music and their mix come to -16 LUFS with true peaks below -1 dB', () => {
    const voice = layer('voiceover', { voice_id: 'flite:slt', text: 'A short story about a very long day, and the people who were there.' });
    const kinds = {
        'voice.mp4': { video: { title: 'S' }, scenes: [{ text: '', layers: [voice] }] },
        'mix.webm': { video: { title: 'S', music: { audio_id: 'low.wav' } }, scenes: [{ text: '', layers: [voice] }] },
        'tone.wav.mp3': { video: { title: 'S' }, scenes: [{ duration: 4, layers: [sound('tone.wav', { volume: 0.1 })] }] },
    };
    for (const [name, document] of Object.entries(kinds)) {
        const { loudness, peak } = measure(render(document, name));
        assert.ok(Math.abs(loudness + 16) < 0.7, `${name}: ${loudness} LUFS`);
        assert.ok(peak <= -0.5, `${name}: ${peak} dB`); // half a decibel is the codecs'
    }
});

test('hard knocks are held below the ceiling and nothing is clipped', () => {
    const file = render({ video: { title: 'S' }, scenes: [{ duration: 5, layers: [sound('knocks.wav')] }] }, 'knocks-out.wav');
    const { loudness, peak } = measure(file);
    assert.ok(peak <= -0.9, `${peak} dB`);
    assert.ok(loudness <= -15.5, `${loudness} LUFS`);
});

test('sounds fade in and out, and are silent outside of their time', () => {
    const all = samples(render({ video: { title: 'S' }, scenes: [{ duration: 6, layers: [
        sound('tone.wav', { fade_in: 2, fade_out: 1 }, { start_time: 1, duration: 4 })] }] }, 'fades.wav'));
    assert.ok(level(all, 0, 0.99) < -80 && level(all, 5.01, 6) < -80);
    // Linear: a quarter of the way, a half, all of it.
    const whole = level(all, 3.1, 3.9);
    for (const [at, share] of [[1.5, 0.25], [2, 0.5], [2.5, 0.75], [4.5, 0.5]]) {
        const got = level(all, at - 0.05, at + 0.05) - whole;
        assert.ok(Math.abs(got - 20 * Math.log10(share)) < 1, `${at} s: ${got} dB`);
    }
});

test('music gives way to speech and comes back, and sounds do so only when told', () => {
    const voice = layer('voiceover', { voice_id: 'flite:slt', text: 'One two three four five six seven eight.' }, { start_time: 3 });
    const level_of = (document, name) => {
        const all = samples(render(document, name), 'lowpass=f=70,lowpass=f=70,lowpass=f=70,lowpass=f=70'); // the music's 60 Hz alone
        return [level(all, 1, 2.5), level(all, 3.5, 4.5), level(all, 8.5, 9.5)];
    };
    put('hum.wav', '-f', 'lavfi', '-i', 'sine=60:d=12', '-ac', '2');
    const scenes = (...layers) => [{ duration: 10, duration_mode: 'fixed', layers: [voice, ...layers] }];
    const ducked = level_of({ video: { title: 'S', music: { audio_id: 'hum.wav', fade_out: 0 } }, scenes: scenes() }, 'duck.wav');
    assert.ok(ducked[0] - ducked[1] > 7 && Math.abs(ducked[0] - ducked[2]) < 2, `${ducked}`);
    const steady = level_of({ video: { title: 'S' }, scenes: scenes(sound('hum.wav', { volume: 0.25 })) }, 'steady.wav');
    assert.ok(Math.abs(steady[0] - steady[1]) < 2, `${steady}`);
    const told = level_of({ video: { title: 'S' }, scenes: scenes(sound('hum.wav', { volume: 0.25, ducking: true })) }, 'told.wav');
    assert.ok(told[0] - told[1] > 7, `${told}`);
});

test('music goes on over the borders of scenes without a gap or a step, in films as in sound files', () => {
    const scenes = [0.7, 1.033, 0.9].map((duration) => ({ duration, layers: [] }));
    for (const name of ['borders.mp4', 'borders.wav']) {
        const all = samples(render({ video: { title: 'S', fps: 24, music: { audio_id: 'tone.wav', fade_out: 0 } }, scenes }, name), 'highpass=f=3000,highpass=f=3000');
        const seconds = all.length / 8000;
        assert.ok(Math.abs(seconds - 2.633) < 0.06, `${seconds} s`);
        // A tone has nothing above 3 kHz; a step has.
        const rest = all.subarray(800, all.length - 800).reduce((most, one) => Math.max(most, Math.abs(one)), 0);
        assert.ok(rest < 200, `${name}: ${rest}`);
    }
});
