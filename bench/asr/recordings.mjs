// SPDX-License-Identifier: GPL-3.0-or-later
// What the benchmark of transcription listens to: clips with their words, and what is made of them.
import fs from 'node:fs';
import path from 'node:path';
import { root, timed } from '../lib.mjs';

const INPUTS = path.resolve(root, '../shared/inputs'), DEBIAN = '/usr/share/pocketsphinx/test/data';
const RATE = 16000;
export const have_inputs = fs.existsSync(path.join(INPUTS, 'refs.tsv'));
export const inputs_name = path.relative(root, INPUTS);

// What kind of speech a recording of ../shared/inputs is, by its name.
const KINDS = [[/cold/, 'with a cold, thinking aloud'], [/^conv\d/, 'on the telephone'], [/^(de|es|fr)_/, null], [/^en_/, 'read']];

function shared_clips() {
    return fs.readFileSync(path.join(INPUTS, 'refs.tsv'), 'utf8').split('\n').filter(Boolean).map((line) => {
        const [name, text] = line.split('\t'), base = path.basename(name), language = /^(en|de|es|fr)_/.exec(base)?.[1] ?? 'en';
        const kind = KINDS.find(([pattern]) => pattern.test(base))[1] ?? `read, ${language}`;
        return { file: path.join(INPUTS, name), text, kind, language, speaker: base.split(/[_.-]/)[1] };
    });
}

function debian_clips() {
    const read = (name) => fs.readFileSync(path.join(DEBIAN, name), 'utf8').split('\n').filter(Boolean)
        .map((line) => [line.replace(/\s*\([^)]*\)\s*$/, '').replace(/<\/?s>/g, ''), /\(([^)]*)\)\s*$/.exec(line)?.[1]]);
    return [['librivox', 'librivox/transcription'], ['cards', 'cards/cards.transcription']].flatMap(([speaker, list]) => read(list)
        .map(([text, id]) => ({ file: path.join(DEBIAN, speaker, `${path.basename(id)}.wav`), text, kind: 'read', language: 'en', speaker })))
        .filter(({ file }) => fs.existsSync(file));
}

export const clips = have_inputs ? shared_clips() : debian_clips();
export const read_clips = clips.filter((clip) => clip.kind === 'read');
const speakers = [...new Set(read_clips.map((clip) => clip.speaker))].sort();
// Settings are chosen on every other speaker in the order of their names (the first, third, ...).
export const is_chosen_on = (clip) => speakers.indexOf(clip.speaker) % 2 === 0;

// The path of its samples: mono, 16 kHz, 16 bits, no header.
export function raw_of(folder, file) {
    const raw = path.join(folder, `${path.basename(file)}.raw`);
    if (!fs.existsSync(raw))
        timed(['ffmpeg', '-v', 'error', '-i', file, '-ac', '1', '-ar', String(RATE), '-f', 's16le', raw]);
    return raw;
}

function wav_of(file, samples) {
    fs.writeFileSync(`${file}.raw`, samples);
    timed(['ffmpeg', '-v', 'error', '-f', 's16le', '-ar', String(RATE), '-ac', '1', '-i', `${file}.raw`, file]);
    return file;
}

// Clips in a row with half a second of silence after each.
export function long_of(folder, name, list) {
    const samples = list.flatMap((clip) => [fs.readFileSync(raw_of(folder, clip.file)), Buffer.alloc(RATE)]);
    return { file: wav_of(path.join(folder, `${name}.wav`), Buffer.concat(samples)), text: list.map((clip) => clip.text).join(' ') };
}

// `file` at 8 kHz (mu-law), again and again, each time with silence up to `period_s` seconds, for `hours`.
export function hours_of(folder, file, period_s, hours) {
    const part = path.join(folder, `part${hours}.wav`), long = path.join(folder, `hours${hours}.wav`);
    const copies = Math.round(hours * 3600 / period_s);
    timed(['ffmpeg', '-v', 'error', '-i', file, '-af', `apad=whole_dur=${period_s}`, '-t', String(period_s), '-ar', '8000', '-c:a', 'pcm_mulaw', part]);
    timed(['ffmpeg', '-v', 'error', '-stream_loop', String(copies - 1), '-i', part, '-c', 'copy', long]);
    return long;
}

// Without most of each pause, so that a turn is speech from its first to its last moment.
function without_pauses(samples) {
    const BLOCK = RATE / 100, KEPT = 20, blocks = [];
    for (let at = 0; at + BLOCK <= samples.length; at += BLOCK)
        blocks.push(samples.subarray(at, at + BLOCK));
    const levels = blocks.map((block) => Math.sqrt(block.reduce((sum, one) => sum + one * one, 0) / BLOCK));
    const sorted = [...levels].sort((a, b) => b - a), loud = sorted[Math.floor(levels.length / 10)], floor = sorted[Math.floor(levels.length * 0.9)];
    const least = Math.max(loud / 30, Math.min(loud / 5, 2 * floor)); // some clips are noisy
    let quiet = 0;
    return Int16Array.from(blocks.filter((_, i) => (quiet = levels[i] < least ? quiet + 1 : 0) <= KEPT).flatMap((block) => [...block]));
}

// Conversations made of longer clips: their speakers by two and two, who say four seconds in turn with a short pause between,
// all equally loud, and nothing twice. [{name, file, turns}].
export function conversations(folder) {
    const TURN = 4 * RATE, TURNS_MOST = 4, PAUSE = RATE * 2 / 5, LEVEL = 2000;
    const voices = new Map();
    for (const clip of clips.filter(({ file }) => /\/(en_|sense|00)/.test(file))) {
        const bytes = fs.readFileSync(raw_of(folder, clip.file));
        const samples = without_pauses(new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1));
        voices.set(clip.speaker, [...voices.get(clip.speaker) ?? [], ...samples]);
    }
    const talkers = [...voices].filter(([, samples]) => samples.length >= 2 * TURN).sort(([a], [b]) => (a < b ? -1 : 1));
    const turn_of = (samples, index) => {
        const turn = samples.slice(index * TURN, (index + 1) * TURN);
        const loudness = Math.sqrt(turn.reduce((sum, one) => sum + one * one, 0) / TURN);
        return Int16Array.from(turn, (one) => Math.max(-32768, Math.min(32767, one * LEVEL / loudness)));
    };
    return talkers.flatMap(([a, first], i) => talkers.slice(i + 1).map(([b, second]) => {
        const turns = [], pieces = [];
        let at = 0;
        for (let k = 0; k < 2 * Math.min(TURNS_MOST, ...[first, second].map((samples) => Math.floor(samples.length / TURN))); k++) {
            const noise = Int16Array.from({ length: PAUSE }, (_, n) => (n * 7919) % 5 - 2);
            pieces.push(Buffer.from(noise.buffer), Buffer.from(turn_of(k % 2 ? second : first, k >> 1).buffer));
            turns.push({ start: (at + PAUSE) / RATE, end: (at + PAUSE + TURN) / RATE, speaker: k % 2 ? b : a });
            at += PAUSE + TURN;
        }
        return { name: `${a} and ${b}`, file: wav_of(path.join(folder, `${a}-${b}.wav`), Buffer.concat(pieces)), turns };
    }));
}

// Recordings whose turns are written down: [{name, file, list (RTTM)}].
export const with_turns = () => !have_inputs ? [] : fs.readdirSync(path.join(INPUTS, 'speech')).filter((name) => name.endsWith('.rttm')).sort()
    .map((name) => {
        const file = path.join(INPUTS, 'speech', name.replace(/(\.approx)?\.rttm$/, '.wav'));
        return { name: path.basename(file), file, list: fs.readFileSync(path.join(INPUTS, 'speech', name), 'utf8') };
    });
