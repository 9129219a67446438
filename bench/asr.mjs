#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later
// script/bench asr [--hour 0]: words and speakers that are got wrong, speed and memory of transcription.
//
// Recordings are those of ../shared/inputs/speech, with their words in refs.tsv; without them, those of Debian's
// pocketsphinx-testdata. Settings of the recognizer were chosen on every other speaker in the order of their names (the
// first, third, ...); what is promised is promised for the others. The peer is the same library with its default settings,
// for a whole recording as one utterance; for the long one, all recordings in a row, in blocks as from a microphone.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { diarization_error, read_rttm, word_errors, words_of } from './asr/score.mjs';
import { finish, root, row, scratch, timed } from './lib.mjs';

const with_hour = !process.argv.includes('--hour') || process.argv[process.argv.indexOf('--hour') + 1] !== '0';
const INPUTS = path.resolve(root, '../shared/inputs'), DEBIAN = '/usr/share/pocketsphinx/test/data';
const KINORA = path.join(root, 'build', 'kinora'), PEER = path.join(root, 'build', 'bench', 'asr_bench');
const DEFAULTS = 'pocketsphinx, defaults', STREAM = 'pocketsphinx, unsplit stream';
// Beyond such a recognizer: thinking aloud with a cold, a telephone.
const SPONTANEOUS = /cold|conv\d/;
const folder = scratch('asr');
const log = (line) => process.stderr.write(`${line}\n`);

function shared_clips() {
    return fs.readFileSync(path.join(INPUTS, 'refs.tsv'), 'utf8').split('\n').filter(Boolean).map((line) => line.split('\t'))
        .filter(([name]) => name.startsWith('speech/en_') && !SPONTANEOUS.test(name))
        .map(([name, text]) => ({ file: path.join(INPUTS, name), text, speaker: path.basename(name).split(/[_.-]/)[1] }));
}

function debian_clips() {
    const read = (name) => fs.readFileSync(path.join(DEBIAN, name), 'utf8').split('\n').filter(Boolean)
        .map((line) => [line.replace(/\s*\([^)]*\)\s*$/, '').replace(/<\/?s>/g, ''), /\(([^)]*)\)\s*$/.exec(line)?.[1]]);
    return [['librivox', 'librivox/transcription'], ['cards', 'cards/cards.transcription']].flatMap(([speaker, list]) => read(list)
        .map(([text, id]) => ({ file: path.join(DEBIAN, speaker, `${path.basename(id)}.wav`), text, speaker })))
        .filter(({ file }) => fs.existsSync(file));
}

const have_inputs = fs.existsSync(path.join(INPUTS, 'refs.tsv'));
if (!have_inputs)
    log(`There is no ${path.relative(root, INPUTS)}: using Debian's pocketsphinx-testdata; goals are for the other recordings.`);
const clips = have_inputs ? shared_clips() : debian_clips();
const speakers = [...new Set(clips.map((clip) => clip.speaker))].sort();
const is_chosen_on = (clip) => speakers.indexOf(clip.speaker) % 2 === 0;

function raw_of(file) {
    const raw = path.join(folder, `${path.basename(file)}.raw`);
    if (!fs.existsSync(raw))
        timed(['ffmpeg', '-v', 'error', '-i', file, '-ac', '1', '-ar', '16000', '-f', 's16le', raw]);
    return raw;
}

const peer = (mode, file) => JSON.parse(execFileSync(PEER, [mode, raw_of(file)], { encoding: 'utf8' }));

// {words, seconds, wall_s} of our program; null when the engine is not set up.
function ours(engine, file, prefix = []) {
    const output = path.join(folder, 'ours.json');
    const from = performance.now();
    const [command, ...args] = [...prefix, KINORA, 'transcribe', file, '--engine', engine, '--language', 'en', '-o', output];
    const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
    if (status !== 0) {
        if (/not set up|ENGINE_MISSING|is not|no /i.test(stderr) && engine !== 'pocketsphinx')
            return null;
        throw new Error(stderr);
    }
    const wall_s = (performance.now() - from) / 1000;
    const { text, duration } = JSON.parse(fs.readFileSync(output, 'utf8'));
    return { words: words_of(text), seconds: duration, wall_s };
}

// Word error rate (%) and wall seconds a second over clips, by `hear`.
function score(list, hear) {
    let errors = 0, words = 0, seconds = 0, wall_s = 0;
    for (const clip of list) {
        const said = words_of(clip.text), heard = hear(clip.file);
        if (!heard)
            return null;
        errors += word_errors(said, heard.words);
        words += said.length;
        seconds += heard.seconds;
        wall_s += heard.wall_s;
    }
    return { rate: 100 * errors / words, words, factor: wall_s / seconds };
}

const by_peer = (mode) => (file) => {
    const { text, seconds, cpu_s } = peer(mode, file);
    return { words: words_of(text), seconds, wall_s: cpu_s };
};

function rows_of_words() {
    const rows = [];
    for (const [name, list, goal] of [['other speakers', clips.filter((clip) => !is_chosen_on(clip)), have_inputs ? { ratio_most: 0.97 } : null],
        ['speakers that settings were chosen on', clips.filter(is_chosen_on), null]]) {
        const defaults = score(list, by_peer('defaults'));
        for (const engine of ['pocketsphinx', 'whisper', 'openai']) {
            const found = score(list, (file) => ours(engine, file));
            if (!found)
                continue;
            rows.push(row({ what: `${engine}: wrong words, ${name} (${found.words} words)`, unit: '%', ours: [found.rate],
                peer: DEFAULTS, theirs: [defaults.rate], goal: engine === 'pocketsphinx' ? goal : null }));
            rows.push(row({ what: `${engine}: seconds for a second, ${name}`, unit: 's', ours: [found.factor],
                peer: `${DEFAULTS}, cpu`, theirs: [defaults.factor] }));
        }
    }
    return rows;
}

// All recordings, half a second of silence between them.
function make_long() {
    const file = path.join(folder, 'long.wav'), list = [];
    for (const clip of clips)
        list.push(fs.readFileSync(raw_of(clip.file)), Buffer.alloc(16000));
    fs.writeFileSync(`${file}.raw`, Buffer.concat(list));
    timed(['ffmpeg', '-v', 'error', '-f', 's16le', '-ar', '16000', '-ac', '1', '-i', `${file}.raw`, file]);
    return { file, text: clips.map((clip) => clip.text).join(' ') };
}

function rows_of_long(long) {
    const stream = score([long], by_peer('stream'));
    const two = score([long], (file) => ours('pocketsphinx', file));
    const one = score([long], (file) => ours('pocketsphinx', file, ['taskset', '-c', '0']));
    return [
        row({ what: 'one long recording: wrong words', unit: '%', ours: [two.rate], peer: STREAM, theirs: [stream.rate],
            goal: have_inputs ? { ratio_most: 0.8 } : null }),
        row({ what: 'one long recording: times as fast on two cores', unit: 'times', ours: [one.factor / two.factor], goal: { least: 1.8 } }),
        row({ what: 'one long recording: seconds for a second, two cores', unit: 's', ours: [two.factor] }),
    ];
}

// Memory of a process and all below it, shared pages counted once (PSS), in MB.
function tree_mb(pid) {
    let kilobytes = 0;
    try {
        kilobytes = Number(/^Pss:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]);
    } catch {
        return 0; // it ended meanwhile
    }
    const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    return kilobytes * 1024 / 1e6 + children.reduce((sum, child) => sum + tree_mb(Number(child)), 0);
}

// An hour of the long recording again and again, a few minutes of silence between.
async function row_of_hour(long) {
    const file = path.join(folder, 'hour.wav');
    timed(['ffmpeg', '-v', 'error', '-i', long.file, '-af', 'apad=whole_dur=600', '-t', '600', `${file}.part.wav`]);
    timed(['ffmpeg', '-v', 'error', '-stream_loop', '5', '-i', `${file}.part.wav`, '-c', 'copy', file]);
    const child = spawn(KINORA, ['transcribe', file, '--engine', 'pocketsphinx', '-o', path.join(folder, 'hour.txt')], { stdio: 'ignore' });
    let peak_mb = 0;
    const watch = setInterval(() => (peak_mb = Math.max(peak_mb, tree_mb(child.pid))), 250);
    const status = await new Promise((resolve) => child.on('close', resolve));
    clearInterval(watch);
    if (status !== 0)
        throw new Error('the recording of an hour was not transcribed');
    return row({ what: 'a recording of an hour: memory of all processes (PSS)', unit: 'MB', ours: [peak_mb], goal: { most: 300 } });
}

function rows_of_speakers() {
    const engine = path.join(root, 'build', 'kinora-engine');
    return fs.readdirSync(path.join(INPUTS, 'speech')).filter((name) => name.endsWith('.rttm')).sort().map((name) => {
        const file = path.join(INPUTS, 'speech', name.replace(/(\.approx)?\.rttm$/, '.wav'));
        const found = JSON.parse(execFileSync(PEER, ['speakers', engine, file], { encoding: 'utf8' }));
        const error = diarization_error(read_rttm(fs.readFileSync(path.join(INPUTS, 'speech', name), 'utf8')), found.turns);
        return row({ what: `${path.basename(file)}: wrong speaker time (NIST, collar 0.25 s), ${found.speakers} found`, unit: '%',
            ours: [100 * error], goal: name.startsWith('conv2') ? { most: 20 } : null });
    });
}

timed(['ninja', '-C', path.join(root, 'build'), 'bench/asr_bench']);
const rows = have_inputs ? rows_of_speakers() : [];
rows.push(...rows_of_words());
const long = make_long();
rows.push(...rows_of_long(long));
if (with_hour)
    rows.push(await row_of_hour(long));
finish('asr', rows);
