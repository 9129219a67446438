#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later
// Stands in for whisper.cpp's whisper-cli: takes its flags, reads the sound, writes what -ojf writes. The model's name
// says how it behaves: NAME.MODE.bin.
import fs from 'node:fs';
import net from 'node:net';

const given = process.argv.slice(2), flags = new Map();
const fail = (why, status = 3) => {
    console.error(`error: ${why}`);
    process.exit(status);
};
const valued = ['-m', '-f', '-of', '-l', '-t'];
const bare = ['-ojf', '-pp'];
for (let i = 0; i < given.length; i++) {
    if (valued.includes(given[i]))
        flags.set(given[i], given[++i]);
    else if (bare.includes(given[i]))
        flags.set(given[i], true);
    else
        fail(`unknown argument: ${given[i]}`);
}
for (const flag of [...valued, ...bare])
    if (!flags.get(flag))
        fail(`no ${flag}`);
if (!(Number(flags.get('-t')) >= 1) || !/^(auto|[a-z]{2})$/.test(flags.get('-l')))
    fail(`-t ${flags.get('-t')} -l ${flags.get('-l')}`);

const mode = flags.get('-m').split('.').at(-2), model = fs.readFileSync(flags.get('-m'), 'utf8');
const sound = fs.readFileSync(flags.get('-f'));
if (sound.toString('latin1', 0, 4) !== 'RIFF' || sound.readUInt16LE(22) !== 1 || sound.readUInt32LE(24) !== 16000 || sound.readUInt16LE(34) !== 16)
    fail('not 16 kHz mono');
if (sound.readUInt32LE(40) !== sound.length - 44 || model !== 'a model')
    fail('broken file');
const ms = (sound.length - 44) / 32;
const progress = (percent) => console.error(`whisper_print_progress_callback: progress = ${String(percent).padStart(3)}%`);

// What the sandbox is to refuse.
const refused = (what, attempt) => {
    try {
        attempt();
    } catch {
        return;
    }
    fail(`the sandbox lets me ${what}`, 9);
};
refused('write', () => fs.writeFileSync(`/tmp/whisper-${process.pid}`, 'x'));
refused('read', () => fs.readFileSync('/etc/passwd'));
await new Promise((resolve) => net.connect(Number(flags.get('-m').match(/port(\d+)/)?.[1] ?? 9), '127.0.0.1')
    .on('error', resolve).on('connect', () => fail('the sandbox lets me connect', 9)));

if (mode === 'crash')
    process.abort();
if (mode === 'status')
    fail('failed to process audio', 10);
if (mode === 'hang') {
    progress(10);
    setInterval(() => {}, 1000);
    await new Promise(() => {});
}

const clock = (at) => new Date(at).toISOString().slice(11, 23).replace('.', ',');
const span = (from, to) => ({ timestamps: { from: clock(from), to: clock(to) }, offsets: { from: Math.round(from), to: Math.round(to) } });
const token = (text, from, to, p) => ({ text, ...span(from, to), id: 400, p, t_dtw: -1 });
const said = { de: [' Guten', ' Tag', ',', ' W', 'elt', '.'], ja: [' \u6587', '\u5b57'] }[flags.get('-l')] ?? [' Hello', ',', ' trans', 'cribed', ' world', '.'];
const step = Math.min(ms, 3000) / said.length;
const segments = [{
    ...span(0, Math.min(ms, 3000)), text: said.join(''),
    tokens: [token('[_BEG_]', 0, 0, 0.9), ...said.map((text, i) => token(text, i * step, (i + 1) * step, 0.5 + i / 20)), token('[_TT_150]', ms, ms, 0.2)],
}, { ...span(ms - 10, ms), text: ' [BLANK_AUDIO]', tokens: [token(' [', ms - 10, ms, 0.5), token('BLANK_AUDIO', ms, ms, 0.5), token(']', ms, ms, 0.5)] }];
progress(50);
if (mode === 'slow')
    await new Promise((resolve) => setTimeout(resolve, 700));
progress(137);
const full = {
    systeminfo: 'n_threads', model: { type: 'base', multilingual: true }, params: { language: flags.get('-l') },
    result: { language: flags.get('-l') === 'auto' ? 'en' : flags.get('-l') }, transcription: mode === 'silent' ? [] : segments,
};
let text = Buffer.from(JSON.stringify(full, null, '\t'));
if (mode === 'split') { // a character cut in two by its tokens, as it happens
    const whole = Buffer.from('\u6587'), at = text.indexOf(Buffer.from('" \u6587"')) + 2;
    const next = text.lastIndexOf(Buffer.from('\u5b57'));
    text = Buffer.concat([text.subarray(0, at), whole.subarray(0, 2), text.subarray(at + 3, next), whole.subarray(2), text.subarray(next)]);
}
if (mode === 'garbage')
    text = Buffer.from('{"transcription": [{"text": 5}, nonsense');
if (mode !== 'nothing')
    fs.writeFileSync(`${flags.get('-of')}.json`, text);
