#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later
// script/bench tts [--rounds 3]: how long it takes until a voice has spoken, by the server's POST /voices/generate: times
// real time for each engine, 5,000 characters, a sentence alone, the first sound of a long text that is sent while it is
// spoken (POST /v1/audio/speech), one changed sentence of many. The peers are the
// engines' own programs on the same text, where they are installed.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { account, ask, start_kinora } from './kinora.mjs';
import { finish, interleave, row, scratch } from './lib.mjs';

const rounds = process.argv.includes('--rounds') ? Number(process.argv[process.argv.indexOf('--rounds') + 1]) : 3;
const folder = scratch('tts');
const lines = ['Every story begins with a sentence that somebody dared to write down.', 'The harbour was quiet, and the boats lay still upon the water.',
    'Nobody had told the children that the lighthouse was for sale.', 'She counted the windows twice before she opened the heavy door.', 'In the morning they would know whether the letter had arrived.'];
let turn = 0;
// No sentence twice, so that none is in the cache.
const fresh = (characters) => {
    let text = '';
    while (text.length < characters)
        text += `${lines[turn % lines.length].replace('.', ` ${words(turn++)}.`)} `;
    return text.slice(0, characters);
};
const words = (number) => [...String(number)].map((digit) => ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'][digit]).join(' ');

const server = await start_kinora(path.join(folder, 'data'));
const token = await account(server.url, 'ada');
const generate = async (voice_id, text) => {
    const from = performance.now();
    const { duration, audio_url } = await ask(server.url, 'POST', '/api/v1/voices/generate', { token, body: { voice_id, text } });
    if (!audio_url)
        throw new Error(`${voice_id}: a job was started for ${text.length} characters`);
    return { s: (performance.now() - from) / 1000, duration };
};

// Milliseconds until the first bytes of the MP3 file are there.
async function first_sound(voice, text) {
    const from = performance.now();
    const answer = await fetch(`${server.url}/v1/audio/speech`, { method: 'POST', headers: { connection: 'close', authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'tts-1', voice, input: text }) });
    const reader = answer.body.getReader();
    if (!answer.ok || (await reader.read()).done)
        throw new Error(`${voice}: ${answer.status}`);
    const ms = performance.now() - from;
    while (!(await reader.read()).done);
    return ms;
}

function program(command, text) {
    const file = path.join(folder, 'text');
    fs.writeFileSync(file, text);
    const from = performance.now();
    const { status } = spawnSync(command[0], command.slice(1).map((word) => word.replace('TEXT', file).replace('OUT', path.join(folder, 'out.wav'))));
    return status === 0 ? (performance.now() - from) / 1000 : null;
}
const peers = { 'flite:slt': ['flite', ['flite', '-voice', 'slt', '-f', 'TEXT', '-o', 'OUT']], 'flite:kal16': ['flite', ['flite', '-voice', 'kal16', '-f', 'TEXT', '-o', 'OUT']],
    'espeak:en-us': ['espeak-ng', ['espeak-ng', '-v', 'en-us', '-f', 'TEXT', '-w', 'OUT']] };
const rows = [];
try {
    for (const voice of ['flite:slt', 'flite:rms', 'flite:kal16', 'espeak:en-us', 'espeak:de']) {
        const peer = peers[voice]?.[1], has_peer = peer && spawnSync('which', [peer[0]]).status === 0;
        await generate(voice, 'Hello.');
        const speeds = [], waits = [], alone = [], firsts = [], theirs = [];
        await interleave(rounds, {
            whole: async () => {
                const { s, duration } = await generate(voice, fresh(5000));
                speeds.push(duration / s);
                waits.push(s);
            },
            alone: async () => alone.push((await generate(voice, fresh(70))).s * 1000),
            first: async () => firsts.push(await first_sound(voice, fresh(4000))),
            ...(has_peer ? { peer: async () => theirs.push(program(peer, fresh(5000))) } : {}),
        });
        rows.push(row({ what: `${voice}: 5,000 characters, MP3 included`, unit: 's', ours: waits, goal: { most: 10 }, ...(has_peer ? { peer: peers[voice][0], theirs } : {}) }));
        rows.push(row({ what: `${voice}: times real time`, unit: '×', ours: speeds }));
        rows.push(row({ what: `${voice}: one sentence alone`, unit: 'ms', ours: alone }));
        rows.push(row({ what: `${voice}: the first sound of 4,000 characters`, unit: 'ms', ours: firsts, goal: { most: 1000 } }));
    }
    const text = fresh(4900), changed = [];
    await generate('flite:slt', text);
    for (let i = 0; i < rounds; i++)
        changed.push((await generate('flite:slt', text.replace(lines[1].slice(0, 12), `${words(900 + i)} The harbour`))).s);
    rows.push(row({ what: 'flite:slt: one changed sentence of 5,000 characters', unit: 's', ours: changed }));
} finally {
    await server.stop();
}
await finish('tts', rows);
