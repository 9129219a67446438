#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later
// script/bench realtime [--seconds N] [--rounds N] [--editors N] [--idle N]: live editing through Kinora, fan-out beside the official Socket.IO server, and
// memory of idle sockets.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { account, all, ask, start_kinora } from './kinora.mjs';
import { answers, cpu_seconds, finish, free_port, interleave, memory_mb, options, root, row, scratch, start } from './lib.mjs';

const { seconds, rounds, editors: EDITORS, idle: IDLE } = options({ seconds: 8, rounds: 3, editors: 1000, idle: 10_000 });
const ROOM = 10, RAW_CLIENTS = 1000, RAW_RATE = 5, TLS_IDLE = Math.min(IDLE, 2000);
const folder = scratch('realtime'), PEER = 'npm socket.io';
const log = (text) => process.stderr.write(`${text}\n`);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Runs the load against `server`; `lines` are its clients. Gives what it reports, and the server's processor seconds
// while it was measured. With `seconds` 0 the sockets are held idle until `look` has looked.
async function load(server, lines, { rate = 1, time = seconds, tls = false, look = null } = {}) {
    const file = path.join(folder, 'clients.txt');
    fs.writeFileSync(file, lines.map((line) => line.join('\t') + '\n').join(''));
    const child = spawn(path.join(root, 'build/bench/realtime_load'),
        ['127.0.0.1', new URL(server.url).port, file, String(rate), String(time), ...(tls ? ['tls'] : [])], { stdio: ['pipe', 'pipe', 'inherit'] });
    const at = {};
    let text = '', looking = null;
    child.stdout.setEncoding('utf8').on('data', (bytes) => {
        text += bytes;
        for (const mark of ['begin', 'end'])
            if (text.includes(`${mark}\n`))
                at[mark] ??= cpu_seconds(server.pid);
        if (look && text.includes('ready\n'))
            looking ??= look().finally(() => child.stdin.end());
    });
    const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
    if (code !== 0)
        throw new Error(`realtime_load ended with ${code}`);
    const told = JSON.parse(text.trim().split('\n').pop());
    if (told.lost || told.refused)
        throw new Error(`the load lost ${told.lost} connections, ${told.refused} changes were refused`);
    return { ...told, cpu_s: at.end - at.begin, looked: await looking };
}

// Rooms of ten people who edit one video, each a layer of their own.
async function fill(data) {
    const server = await start_kinora(data, { KINORA_RATE_LIMIT: 'off' });
    const administrator = await account(server.url, 'administrator');
    const lines = await all(Math.ceil(EDITORS / ROOM), 4, async (room) => {
        const tokens = await all(ROOM, 1, (i) => account(server.url, `editor-${room}-${i}`, administrator, { plan: 'business' }));
        const call = (method, target, body) => ask(server.url, method, `/api/v1${target}`, { token: tokens[0], body });
        const { video } = await call('POST', '/videos', { title: `Video ${room}` });
        const { scene } = await call('POST', `/videos/${video.id}/scenes`, { text: 'A scene', duration: 5 });
        return all(ROOM, 1, async (i) => {
            if (i)
                await call('POST', `/videos/${video.id}/members`, { username: `editor-${room}-${i}` });
            const { layer } = await call('POST', `/scenes/${scene.id}/layers`,
                { type: 'text', name: `Title ${i}`, duration: 5, properties: { text: 'A line of text', color: '#FFFFFF', position: { x: 50, y: 10 } } });
            const change = JSON.stringify(['layer:update', { layer_id: layer.id, changes: { properties: { text: '%T%' } } }]);
            return ['1', `40${JSON.stringify({ token: tokens[i] })}`, '', `421${change}`];
        });
    });
    await server.stop();
    return lines.flat();
}

async function editing(rows, data, lines) {
    const server = await start_kinora(data);
    const runs = [], memory = [];
    try {
        for (let round = 0; round < rounds; round++) {
            const run = await load(server, lines);
            if (run.delivered !== run.sent * (ROOM - 1) || run.acks !== run.sent)
                throw new Error(`${run.sent} changes, ${run.acks} acknowledged, ${run.delivered} delivered`);
            runs.push(run);
            memory.push(memory_mb(server.pid));
        }
    } finally {
        await server.stop();
    }
    const what = `${lines.length} editors, rooms of ${ROOM}, a change a second each, on disk`;
    rows.push(row({ what: `${what}: until the others have it, p50`, unit: 'ms', ours: runs.map((run) => run.p50_ms) }));
    rows.push(row({ what: `${what}: p99`, unit: 'ms', ours: runs.map((run) => run.p99_ms), goal: { most: 50 } }));
    rows.push(row({ what: `${what}: deliveries`, unit: 'messages/s', ours: runs.map((run) => run.delivered / run.seconds) }));
    rows.push(row({ what: `${what}: server processor time`, unit: '% of a core', ours: runs.map((run) => run.cpu_s / run.seconds * 100) }));
    rows.push(row({ what: `${what}: server memory`, unit: 'MB', ours: memory }));
}

const raw_lines = () => Array.from({ length: RAW_CLIENTS }, (_, i) => {
    const number = Math.floor(i / ROOM);
    return [i % ROOM ? '0' : '1', '40', `42["room",${number}]`, `42["say",${number},"%T% ${'x'.repeat(80)}"]`];
});

async function start_peer() {
    const port = await free_port();
    return { url: `http://127.0.0.1:${port}`,
        ...await start([process.execPath, path.join(root, 'bench/realtime/peer.mjs'), String(port)], { ready: answers(`http://127.0.0.1:${port}/`) }) };
}

async function start_bare() {
    const port = await free_port();
    return { url: `http://127.0.0.1:${port}`, ...await start([path.join(root, 'build/kinora-conformance'), `127.0.0.1:${port}`, '25000'],
        { ready: answers(`http://127.0.0.1:${port}/`), quiet: true }) };
}

async function fan_out(rows) {
    const contenders = { ours: await start_bare(), theirs: await start_peer() };
    const measure = (server) => async () => {
        const run = await load(server, raw_lines(), { rate: RAW_RATE });
        if (run.delivered !== run.sent * (ROOM - 1))
            throw new Error(`${run.sent} sent, ${run.delivered} delivered`);
        return { ...run, memory: memory_mb(server.pid) };
    };
    try {
        const { ours, theirs } = await interleave(rounds, { ours: measure(contenders.ours), theirs: measure(contenders.theirs) });
        const compare = (what, unit, pick, goal = null) => rows.push(row({ what: `fan-out to rooms of ${ROOM}, 4,500 messages/s: ${what}`, unit,
            ours: ours.map(pick), peer: PEER, theirs: theirs.map(pick), goal }));
        compare('processor time', 'µs/message', (run) => run.cpu_s / run.delivered * 1e6, { ratio_most: 0.25 });
        compare('p50', 'ms', (run) => run.p50_ms);
        compare('p99', 'ms', (run) => run.p99_ms);
        compare('memory', 'MB', (run) => run.memory);
    } finally {
        await Promise.all(Object.values(contenders).map((one) => one.stop()));
    }
}

// KB that one of `lines` sockets adds to the server's memory.
async function weight(server, lines, tls) {
    const before = memory_mb(server.pid);
    const { looked, clients } = await load(server, lines, { time: 0, tls, look: async () => {
        await sleep(2000);
        return memory_mb(server.pid);
    } });
    return { kb: (looked - before) * 1e6 / 1024 / clients, clients };
}

async function idle_sockets(rows, data, editors) {
    const lines = Array.from({ length: IDLE }, (_, i) => ['0', editors[i % editors.length][1], '', '']);
    let server = await start_kinora(data);
    const plain = await weight(server, lines, false).finally(() => server.stop());
    const certificate = ['-keyout', `${folder}/key.pem`, '-out', `${folder}/cert.pem`];
    spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=localhost', ...certificate]);
    server = await start_kinora(data, { KINORA_TLS_CERT: `${folder}/cert.pem`, KINORA_TLS_KEY: `${folder}/key.pem` });
    const sealed = await weight(server, lines.slice(0, TLS_IDLE), true).finally(() => server.stop());
    const peer = await start_peer();
    const theirs = await weight(peer, lines.map(() => ['0', '40', '', '']), false).finally(() => peer.stop());
    rows.push(row({ what: 'idle sockets held', unit: 'sockets', ours: [plain.clients], goal: { least: IDLE } }));
    rows.push(row({ what: 'memory of an idle socket', unit: 'KB', ours: [plain.kb], peer: PEER, theirs: [theirs.kb], goal: { most: 8 } }));
    rows.push(row({ what: 'memory of an idle socket with TLS', unit: 'KB', ours: [sealed.kb], goal: { most: 40 } }));
}

for (const command of [['script/build', '--conformance'], ['script/npm-packages'], ['ninja', '-C', 'build', '--quiet', 'bench/realtime_load']])
    if (spawnSync(command[0], command.slice(1), { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] }).status !== 0)
        throw new Error(`${command.join(' ')} failed`);
const data = path.join(folder, 'data'), rows = [];
log(`  making ${EDITORS} editors`);
const lines = await fill(data);
log('  editing');
await editing(rows, data, lines);
log('  fan-out');
await fan_out(rows);
log('  idle sockets');
await idle_sockets(rows, data, lines);
finish('realtime', rows);
