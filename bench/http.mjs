#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later
// script/bench http [--seconds N] [--rounds N] [--users N]: requests a second beside nginx, fastify and FastAPI on the same rows.
//
// The server runs as in production, its limit of 100 requests a second and user included, so the load comes from many
// users, each with an own token, file and video; the peers get the same rows and as many tokens.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { account, all, ask, start_kinora, tone } from './kinora.mjs';
import { write_stock } from './http/stock.mjs';
import { answers, cpu_seconds, free_port, interleave, memory_mb, options, root, scratch, start, start_nginx, table, timed,
    wrk } from './lib.mjs';

const { seconds, rounds, users: USERS } = options({ seconds: 4, rounds: 3, users: 1000 });
const SCENES = 6, LAYERS = 5, CONNECTIONS = 64;
const SCRIPT = path.join(root, 'bench', 'http', 'rotate.lua');
const folder = scratch('http');
const USUAL = 'FastAPI + SQLAlchemy', TUNED = 'FastAPI tuned, 2 processes', NGINX = 'nginx, static',
    FASTIFY = 'fastify, 2 processes';

const log = (text) => process.stderr.write(`${text}\n`);

async function make_video(url, token, name) {
    const { video } = await ask(url, 'POST', '/api/v1/videos', { token, body: { title: name } });
    for (let number = 1; number <= SCENES; number++) {
        const { scene } = await ask(url, 'POST', `/api/v1/videos/${video.id}/scenes`,
            { token, body: { text: `Scene ${number} tells what the picture shows.`, duration: 5 } });
        for (let layer = 1; layer <= LAYERS; layer++)
            await ask(url, 'POST', `/api/v1/scenes/${scene.id}/layers`, { token, body: {
                type: 'text', name: `Title ${layer}`, duration: 5,
                properties: { text: `A line of text, number ${layer}`, font_size: 48, color: '#FFFFFF', animation: 'fadeIn',
                    position: { x: 50, y: 10 * layer } },
            } });
    }
    return (await ask(url, 'GET', `/api/v1/videos/${video.id}/scenes`, { token })).scenes;
}

async function make_user(url, administrator, i) {
    const token = await account(url, `user${i}`, administrator);
    const form = new FormData();
    form.append('file', new Blob([tone()]), `recording-${i}.wav`);
    const media = await ask(url, 'POST', '/mediafiles', { token, body: form });
    return { token, media, scenes: await make_video(url, token, `Video ${i}`) };
}

// The accounts of the load, made while the limit is off.
async function fill(data) {
    write_stock(path.join(folder, 'stock'));
    timed([path.join(root, 'build', 'kinora'), 'stock', 'import', path.join(folder, 'stock'), '--data', data]);
    const server = await start_kinora(data, { KINORA_RATE_LIMIT: 'off' });
    const administrator = await account(server.url, 'administrator');
    const users = await all(USERS, 8, (i) => make_user(server.url, administrator, i));
    const { audio } = await ask(server.url, 'GET', '/api/v1/audio/library?type=stock&limit=100', { token: administrator });
    await server.stop();
    return { users, audio };
}

const WORK = {
    row: (user) => ['GET', `/mediafiles/${user.media.media_id}`, ''],
    page: () => ['GET', '/api/v1/audio/library?type=stock&page=1&limit=20', ''],
    list: (user) => ['GET', `/api/v1/videos/${user.scenes[0].video_id}/scenes`, ''],
    put: (user, i) => ['PUT', `/api/v1/layers/${user.scenes[i % SCENES].layers[i % LAYERS].id}`,
        JSON.stringify({ properties: { position: { x: 10 + i % 80, y: 20 }, text: `Moved to ${i}` } })],
};

// A file of requests for each kind of work.
function requests(name, users, tokens) {
    return Object.fromEntries(Object.entries(WORK).map(([work, make]) => {
        const file = path.join(folder, `${name}-${work}.txt`);
        fs.writeFileSync(file, users.map((user, i) => {
            const [method, target, body] = make(user, i);
            return `${method}\t${target}\t${tokens[i]}\t${body}\n`;
        }).join(''));
        return [work, file];
    }));
}

async function start_peer(module, database, processes) {
    const port = await free_port();
    return { url: `http://127.0.0.1:${port}`, ...await start(['/usr/bin/python3', '-m', 'uvicorn', `${module}:app`, '--port', String(port),
        '--workers', String(processes), '--loop', 'uvloop', '--http', 'httptools', '--no-access-log', '--log-level', 'error'], {
        cwd: path.join(root, 'bench', 'http'), env: { PEER_DATABASE: database, PYTHONDONTWRITEBYTECODE: '1' },
        ready: answers(`http://127.0.0.1:${port}/ready`) }) };
}

// Two processes of Node, which share a port.
async function start_fastify(database) {
    const port = await free_port();
    return { url: `http://127.0.0.1:${port}`, ...await start([process.execPath, path.join(root, 'bench', 'http', 'peer_fastify.mjs')],
        { env: { PEER_DATABASE: database, PEER_PORT: String(port) }, ready: answers(`http://127.0.0.1:${port}/ready`) }) };
}

// Each peer has a database of its own, so that their writes do not meet; fastify only reads.
async function start_peers({ users, audio }) {
    const document = JSON.stringify({ users: users.map(({ media, scenes }) => ({ media, scenes })), audio });
    const peers = {};
    for (const [name, module, processes] of [[USUAL, 'peer_usual', 1], [TUNED, 'peer_tuned', 2]]) {
        const database = path.join(folder, `${module}.db`);
        const made = spawnSync('/usr/bin/python3', [path.join(root, 'bench', 'http', 'peer_data.py'), database],
            { input: document, encoding: 'utf8', maxBuffer: 1 << 26, env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' } });
        if (made.status !== 0)
            throw new Error(made.stderr);
        peers[name] = { ...await start_peer(module, database, processes), files: requests(module, users, made.stdout.split('\n')) };
    }
    peers[FASTIFY] = { ...await start_fastify(path.join(folder, 'peer_tuned.db')), files: peers[TUNED].files };
    return peers;
}

async function measure(contender, work) {
    const cpu = cpu_seconds(contender.pid);
    const run = await wrk(contender.url, { seconds, connections: CONNECTIONS, script: SCRIPT, args: [contender.files[work]] });
    return { ...run, cpu_us: (cpu_seconds(contender.pid) - cpu) / run.requests * 1e6 };
}

const pick = (values, name) => values.map((value) => value[name]);

async function compare(rows, contenders, work, what, ratios) {
    const values = await interleave(rounds, Object.fromEntries(
        Object.entries(contenders).filter(([name]) => work === 'row' || (name !== NGINX && name !== FASTIFY))
            .map(([name, contender]) => [name, () => measure(contender, work)])));
    for (const peer of Object.keys(values).filter((name) => name !== 'kinora'))
        rows.add({ what, unit: 'requests/s', ours: pick(values.kinora, 'rate'), peer, theirs: pick(values[peer], 'rate'),
            goal: ratios[peer] ? { ratio_least: ratios[peer] } : null });
    rows.add({ what: `${what}: server processor time`, unit: 'µs/request', ours: pick(values.kinora, 'cpu_us'),
        peer: TUNED, theirs: pick(values[TUNED], 'cpu_us'), goal: work === 'row' ? { most: 25 } : null });
    rows.add({ what: `${what}: p99`, unit: 'ms', ours: pick(values.kinora, 'p99_ms'), peer: TUNED,
        theirs: pick(values[TUNED], 'p99_ms') });
}

// Reads with writers beside them, and many connections.
async function under_load(rows, ours) {
    const reads = [], held = [];
    for (let round = 0; round < rounds; round++) {
        const writing = wrk(ours.url, { seconds: seconds + 1, connections: 8, script: SCRIPT, args: [ours.files.put] });
        reads.push(await wrk(ours.url, { seconds, connections: CONNECTIONS, script: SCRIPT, args: [ours.files.row] }));
        await writing;
        held.push(await wrk(ours.url, { seconds, connections: 1000, script: SCRIPT, args: [ours.files.row] }));
    }
    rows.add({ what: 'GET a row while 8 connections write: p99', unit: 'ms', ours: pick(reads, 'p99_ms'), goal: { most: 10 } });
    rows.add({ what: 'GET a row over 1,000 connections: failed', unit: 'requests', ours: pick(held, 'errors'), goal: { most: 0 } });
    rows.add({ what: 'GET a row over 1,000 connections', unit: 'requests/s', ours: pick(held, 'rate') });
}

// Starts on the filled folder, then a moment of rest.
async function starts(rows, data) {
    const ready = [], memory = [];
    for (let i = 0; i < Math.max(rounds, 3); i++) {
        const server = await start_kinora(data);
        ready.push(server.ready_ms);
        await new Promise((resolve) => setTimeout(resolve, 500));
        memory.push(memory_mb(server.pid));
        await server.stop();
    }
    rows.add({ what: 'start to ready on an existing data folder', unit: 'ms', ours: ready, goal: { most: 200 } });
    rows.add({ what: 'resident memory of the idle server', unit: 'MB', ours: memory, goal: { most: 40 } });
}

async function static_peer(user, ours) {
    const body = await fetch(ours.url + WORK.row(user)[1], { headers: { authorization: `Bearer ${user.token}` } });
    fs.writeFileSync(path.join(folder, 'index.html'), await body.text());
    fs.chmodSync(folder, 0o755);
    const nginx = await start_nginx(folder, `location / { root ${folder}; try_files /index.html =404; default_type application/json; }`);
    return { ...nginx, url: `http://127.0.0.1:${nginx.port}`, files: ours.files };
}

const data = path.join(folder, 'data'), rows = table('http'), started = [];
// better-sqlite3 is compiled here.
timed(['sh', '-c', 'script/npm-packages bench && cd bench && { [ -e node_modules/better-sqlite3/build/Release/better_sqlite3.node ] || npm rebuild better-sqlite3; }'], { cwd: root });
try {
    log(`  making ${USERS} users with a file and a video each`);
    const filled = await fill(data), { users } = filled;
    await starts(rows, data);
    const ours = { ...await start_kinora(data), files: requests('kinora', users, users.map((user) => user.token)) };
    started.push(ours);
    const peers = await start_peers(filled);
    started.push(...Object.values(peers));
    const nginx = await static_peer(users[0], ours);
    started.push(nginx);
    const contenders = { kinora: ours, ...peers, [NGINX]: nginx };
    await compare(rows, contenders, 'row', 'GET a row', { [USUAL]: 50, [TUNED]: 7, [FASTIFY]: 2 });
    await compare(rows, contenders, 'page', 'GET a page of 20 sounds', {});
    await compare(rows, contenders, 'list', 'GET 6 scenes of 5 layers', { [USUAL]: 50, [TUNED]: 10 });
    await compare(rows, contenders, 'put', 'PUT a layer, on disk', { [USUAL]: 10 });
    await under_load(rows, ours);
} finally {
    await Promise.all(started.map((one) => one.stop()));
}
rows.finish();
