// SPDX-License-Identifier: GPL-3.0-or-later
// What the tests of the commands share: the program, a folder of their own, generated media, measuring.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../..');
export const build = path.resolve(process.env.KINORA_BUILD ?? path.join(root, 'build'));
export const program = path.join(build, 'kinora');
export const recordings = '/usr/share/pocketsphinx/test/data/librivox';

// A folder for one test file; remove it in `after`.
export function new_folder() {
    return fs.mkdtempSync(path.join(os.tmpdir(), 'kinora-cli-'));
}

// {code, signal, out, err, lines (of err)}
export function kinora(args, { input = '', cwd = root, env = {} } = {}) {
    const told = spawnSync(program, args, { cwd, input, encoding: 'utf8', env: { ...process.env, ...env }, maxBuffer: 1 << 26 });
    return { code: told.status, signal: told.signal, out: told.stdout, err: told.stderr, lines: told.stderr.trimEnd().split('\n') };
}

// Starts it, sends `signal` after `delay_ms`; resolves to {code, err, waited_ms after the signal}.
export function kinora_stopped(args, signal, delay_ms, { env = {} } = {}) {
    return new Promise((resolve) => {
        const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } });
        let err = '', sent = 0;
        child.stderr.setEncoding('utf8').on('data', (text) => { err += text; });
        setTimeout(() => { sent = Date.now(); child.kill(signal); }, delay_ms);
        child.on('close', (code, by) => resolve({ code: code ?? by, err, waited_ms: Date.now() - sent }));
    });
}

export function ffmpeg(...args) {
    const told = spawnSync('ffmpeg', ['-hide_banner', '-nostdin', '-y', ...args], { encoding: 'utf8', maxBuffer: 1 << 26 });
    if (told.status !== 0)
        throw new Error(`ffmpeg ${args.join(' ')}: ${told.stderr}`);
    return told.stderr;
}

export function probe(file) {
    const told = spawnSync('ffprobe', ['-v', 'error', '-count_frames', '-show_streams', '-show_format', '-show_chapters', '-of', 'json', file], { encoding: 'utf8' });
    if (told.status !== 0 || told.stderr)
        throw new Error(`ffprobe ${file}: ${told.stderr}`);
    return JSON.parse(told.stdout);
}

// Mono samples of a file's sound, -1..1, at `rate`.
export function samples(file, rate = 16000) {
    const told = spawnSync('ffmpeg', ['-v', 'error', '-nostdin', '-i', file, '-map', '0:a', '-ac', '1', '-ar', String(rate), '-f', 'f32le', '-'], { maxBuffer: 1 << 28 });
    if (told.status !== 0)
        throw new Error(String(told.stderr));
    const bytes = told.stdout;
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length - bytes.length % 4));
}

// Times (seconds) where sound begins after at least `silence_s` of silence, the file's start counting as silence.
export function onsets(sound, rate, silence_s = 0.25, level = 0.01) {
    const block = Math.round(rate / 200);
    const found = [];
    let silent = Infinity;
    for (let at = 0; at + block <= sound.length; at += block) {
        let loudest = 0;
        for (let i = at; i < at + block; i++)
            loudest = Math.max(loudest, Math.abs(sound[i]));
        if (loudest < level) {
            silent += block / rate;
        } else {
            if (silent >= silence_s)
                found.push(at / rate);
            silent = 0;
        }
    }
    return found;
}

export function plain_words(text) {
    return text.toLowerCase().replace(/[^a-z0-9' ]+/g, ' ').split(/\s+/).filter(Boolean);
}

// Word errors (substituted, left out, put in) between two lists of words.
export function word_errors(wanted, got) {
    let row = got.map((_, i) => i + 1);
    row.unshift(0);
    wanted.forEach((word, i) => {
        const next = [i + 1];
        got.forEach((other, j) => next.push(Math.min(next[j] + 1, row[j + 1] + 1, row[j] + (word === other ? 0 : 1))));
        row = next;
    });
    return row[got.length];
}

// Names in a folder, hidden ones too.
export function names(folder) {
    return fs.readdirSync(folder).sort();
}
