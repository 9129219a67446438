#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later
// script/bench asr [--quick]: words and speakers that are got wrong, speed and memory of transcription, each row told as
// soon as it is measured; about ten minutes on two idle cores. With --quick only single clips and speakers: two minutes.
//
// Recordings are those of ../shared/inputs/speech, with their words in refs.tsv; without them, those of Debian's
// pocketsphinx-testdata. Settings of the recognizer were chosen on half of the speakers (asr/recordings.mjs), results are
// given for both halves. The peer is the same library with its default settings, for a whole recording as one utterance;
// for long recordings, in blocks as from a microphone.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { clips, conversations, have_inputs, hours_of, inputs_name, is_chosen_on, long_of, raw_of, read_clips, with_turns } from './asr/recordings.mjs';
import { diarization_error, read_rttm, word_errors, words_of } from './asr/score.mjs';
import { root, scratch, table, timed } from './lib.mjs';

const KINORA = path.join(root, 'build', 'kinora'), PEER = path.join(root, 'build', 'bench', 'asr_bench');
const DEFAULTS = 'pocketsphinx, defaults', STREAM = 'pocketsphinx, unsplit stream';
const ENGINES = ['pocketsphinx', 'whisper', 'openai'];
const is_quick = process.argv.includes('--quick');
const folder = scratch('asr'), rows = table('asr');
const from = Date.now();
const log = (line) => process.stderr.write(`[${Math.round((Date.now() - from) / 1000)} s] ${line}\n`);

// {words, seconds, wall_s (processor time)} of the library by itself.
function peer(mode, file) {
    const { text, seconds, cpu_s } = JSON.parse(execFileSync(PEER, [mode, raw_of(folder, file)], { encoding: 'utf8' }));
    return { words: words_of(text), seconds, wall_s: cpu_s };
}

// {words, seconds, wall_s} of our program; null when the engine is not set up or does not know the language.
function ours(engine, { file, language = 'en' }, prefix = []) {
    const output = path.join(folder, 'ours.json'), begun = performance.now();
    const [command, ...args] = [...prefix, KINORA, 'transcribe', file, '--engine', engine, '--language', language, '-o', output];
    const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
    if (status !== 0) {
        if (/is set|is not|no model|cannot be|does not speak/.test(stderr) && (engine !== 'pocketsphinx' || language !== 'en'))
            return null;
        throw new Error(stderr);
    }
    const wall_s = (performance.now() - begun) / 1000;
    const { text, duration } = JSON.parse(fs.readFileSync(output, 'utf8'));
    return { words: words_of(text), seconds: duration, wall_s };
}

// Word error rate (%) and seconds a second over clips, by `hear`; null when it cannot hear one.
function score(list, hear) {
    let errors = 0, words = 0, seconds = 0, wall_s = 0;
    for (const clip of list) {
        const said = words_of(clip.text), heard = hear(clip);
        if (!heard)
            return null;
        errors += word_errors(said, heard.words);
        words += said.length;
        seconds += heard.seconds;
        wall_s += heard.wall_s;
    }
    return { rate: 100 * errors / words, words, factor: wall_s / seconds };
}

function measure_words() {
    const goal = have_inputs ? { ratio_most: 0.97 } : null;
    const groups = [['read, speakers that settings were chosen on', read_clips.filter(is_chosen_on), goal],
        ['read, other speakers', read_clips.filter((clip) => !is_chosen_on(clip)), goal],
        ...[...new Set(clips.map((clip) => clip.kind))].filter((kind) => kind !== 'read').map((kind) => [kind, clips.filter((clip) => clip.kind === kind), null])];
    for (const [name, list, bound] of groups) {
        const is_english = list.every((clip) => clip.language === 'en');
        const defaults = is_english ? score(list, (clip) => peer('defaults', clip.file)) : null;
        for (const engine of ENGINES) {
            const found = score(list, (clip) => ours(engine, clip));
            if (!found) {
                log(`${engine} is not set up for: ${name}`);
                continue;
            }
            const against = (value) => defaults && { peer: DEFAULTS, theirs: [value] };
            rows.add({ what: `${engine}: wrong words, ${name} (${found.words})`, unit: '%', ours: [found.rate], ...against(defaults?.rate),
                goal: engine === 'pocketsphinx' ? bound : null });
            rows.add({ what: `${engine}: seconds for a second, ${name}, with the start of the program`, unit: 's', ours: [found.factor],
                ...against(defaults?.factor) });
        }
    }
}

function measure_speakers() {
    const engine = path.join(root, 'build', 'kinora-engine');
    const add = (name, file, turns) => {
        const found = JSON.parse(execFileSync(PEER, ['speakers', engine, file], { encoding: 'utf8' }));
        const voices = new Set(turns.map((turn) => turn.speaker)).size;
        rows.add({ what: `${name}: wrong speaker time (NIST, collar 0.25 s), ${found.speakers} found of ${voices}`, unit: '%',
            ours: [100 * diarization_error(turns, found.turns)], goal: voices === 2 ? { most: 20 } : null });
    };
    for (const { name, file, list } of with_turns())
        add(name, file, read_rttm(list));
    for (const { name, file, turns } of conversations(folder))
        add(`${name} by turns`, file, turns);
}

function measure_long() {
    const longs = [['speakers that settings were chosen on', read_clips.filter(is_chosen_on)], ['other speakers', read_clips.filter((clip) => !is_chosen_on(clip))]]
        .map(([name, list], i) => ({ name, ...long_of(folder, `long${i}`, list) }));
    const factors = { one: [], two: [] };
    for (const long of longs) {
        const stream = score([long], ({ file }) => peer('stream', file));
        const two = score([long], (clip) => ours('pocketsphinx', clip));
        const one = score([long], (clip) => ours('pocketsphinx', clip, ['taskset', '-c', '0']));
        factors.one.push(one.factor);
        factors.two.push(two.factor);
        rows.add({ what: `pocketsphinx, clips in a row, ${long.name}: wrong words`, unit: '%', ours: [two.rate], peer: STREAM, theirs: [stream.rate],
            goal: have_inputs ? { ratio_most: 0.8 } : null });
    }
    const long = long_of(folder, 'long', read_clips);
    for (let round = 0; round < 2; round++) {
        factors.two.push(score([long], (clip) => ours('pocketsphinx', clip)).factor);
        factors.one.push(score([long], (clip) => ours('pocketsphinx', clip, ['taskset', '-c', '0'])).factor);
    }
    rows.add({ what: 'one long recording: times as fast on two cores', unit: 'times', ours: factors.one.slice(2).map((one, i) => one / factors.two[i + 2]),
        goal: { least: 1.8 } });
    rows.add({ what: 'one long recording: seconds for a second, two cores', unit: 's', ours: factors.two.slice(2) });
    return long;
}

// Memory of a process and all below it, shared pages counted once (PSS), in MB.
function tree_mb(pid) {
    let kilobytes = 0, children = [];
    try {
        kilobytes = Number(/^Pss:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]);
        children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    } catch {
        return 0; // it ended meanwhile
    }
    return kilobytes * 1024 / 1e6 + children.reduce((sum, child) => sum + tree_mb(Number(child)), 0);
}

// {status, wall_s, peak_mb, stopped_s} of a transcription; with `stop_after_s` it gets Ctrl-C then.
async function watched(file, stop_after_s = null) {
    const begun = performance.now();
    const child = spawn(KINORA, ['transcribe', file, '--engine', 'pocketsphinx', '-o', path.join(folder, 'hours.json')], { stdio: 'ignore' });
    let peak_mb = 0, stopped = null;
    const watch = setInterval(() => (peak_mb = Math.max(peak_mb, tree_mb(child.pid))), 250);
    const stop = stop_after_s && setTimeout(() => {
        stopped = performance.now();
        child.kill('SIGINT');
    }, stop_after_s * 1000);
    const status = await new Promise((resolve) => child.on('close', resolve));
    clearInterval(watch);
    clearTimeout(stop);
    return { status, wall_s: (performance.now() - begun) / 1000, peak_mb, stopped_s: stopped && (performance.now() - stopped) / 1000 };
}

async function measure_hours(long) {
    for (const [hours, period_s] of [[1, 400], [10, 3600]]) {
        log(`a recording of ${hours} h, ${Math.round(hours * 3600 / period_s)} times the long one`);
        const file = hours_of(folder, long.file, period_s, hours);
        const stopped = await watched(file, 8);
        const { status, wall_s, peak_mb } = await watched(file);
        if (status !== 0 || stopped.status !== 130)
            throw new Error(`the recording of ${hours} h was not transcribed`);
        const what = hours === 1 ? 'a recording of an hour' : `a recording of ${hours} hours`;
        rows.add({ what: `${what}: memory of all processes (PSS)`, unit: 'MB', ours: [peak_mb], goal: { most: 300 } });
        rows.add({ what: `${what}: time, mostly silence`, unit: 's', ours: [wall_s] });
        rows.add({ what: `${what}: from Ctrl-C to the end`, unit: 's', ours: [stopped.stopped_s], goal: { most: 2 } });
    }
}

if (!have_inputs)
    log(`There is no ${inputs_name}: using Debian's pocketsphinx-testdata; goals of words are for the other recordings.`);
timed(['ninja', '-C', path.join(root, 'build'), 'bench/asr_bench']);
log('who speaks when');
measure_speakers();
log('single clips');
measure_words();
if (!is_quick) {
    log('long recordings');
    const long = measure_long();
    await measure_hours(long);
}
rows.finish();
log('done');
