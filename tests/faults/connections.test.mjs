// SPDX-License-Identifier: GPL-3.0-or-later
// Clients that send byte by byte, that do not read, that all log in at once, or that only stay: nobody else notices.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import { test } from 'node:test';
import { Client, file_form, send } from '../api/lib/client.mjs';
import { wav } from '../api/lib/media.mjs';
import { Server, sleep, until } from '../api/lib/server.mjs';
import { long, survived } from './lib/report.mjs';

const EACH = long ? 1000 : 300, TURNS = 25, LOGINS = 200, IDLE = 10_000, IDLE_MB = 60, P99_MS = 100;

// Milliseconds that 99 of 100 of these requests take at the most.
async function p99(client, path, count) {
    const took = [];
    for (let number = 0; number < count; number++) {
        const from = performance.now();
        await client.must(200, 'GET', path);
        took.push(performance.now() - from);
    }
    return took.sort((a, b) => a - b)[Math.floor(count * 0.99)];
}

function open(server, sockets, text) {
    const socket = net.connect({ port: server.port, host: '127.0.0.1' });
    socket.on('error', () => {}).on('close', () => (socket.over = true));
    socket.write(text);
    sockets.push(socket);
    return socket;
}

test(`${3 * EACH} slow clients do not slow down the others, and heads that never end are ended`, async () => {
    const server = await Server.start();
    const slow = { heads: [], bodies: [], readers: [] };
    let trickle;
    try {
        const ada = await new Client(server).user('ada'), file = await ada.upload('long.wav', wav(300)), path = `/api/v1/files/${file.id}`;
        await server.idle();
        const alone = await p99(ada, path, 300);
        const common = `Host: x\r\nAuthorization: Bearer ${ada.token}\r\n`, { body, headers } = file_form('half.wav', wav(4));
        for (let i = 0; i < EACH; i++) {
            open(server, slow.heads, `GET ${path} HTTP/1.1\r\nHost: x\r\nX-Slow: `);
            open(server, slow.bodies, `POST /api/v1/files/upload HTTP/1.1\r\n${common}Content-Length: ${body.length}\r\nContent-Type: ${headers['Content-Type']}\r\n\r\n`);
            open(server, slow.readers, `GET ${path}/content HTTP/1.1\r\n${common}\r\n`).pause();
            if (i % 50 === 49)
                await sleep(20);
        }
        // A byte each in half a second, and not all in one go: this process would be the one that keeps the GETs waiting.
        let turn = 0;
        trickle = setInterval(() => {
            const sent = Math.floor(turn / TURNS);
            for (let i = turn++ % TURNS; i < EACH; i += TURNS) {
                if (!slow.heads[i].over)
                    slow.heads[i].write('x');
                if (!slow.bodies[i].over)
                    slow.bodies[i].write(body.subarray(sent, sent + 1));
            }
        }, 500 / TURNS);
        const beside = await p99(ada, path, 500);
        assert.ok(slow.bodies.every((socket) => !socket.over), 'a slow body was dropped although it comes');
        // On a busy machine everything is slow: then no slower than a few times what it was.
        const limit = Math.max(P99_MS, 4 * alone);
        assert.ok(beside < limit, `p99 of a GET is ${beside} ms, ${alone} ms without them`);
        await until('heads that never end are ended', () => slow.heads.every((socket) => socket.over), { limit_ms: 40_000 });
        const after = await p99(ada, path, 200);
        assert.ok(after < limit, `${after} ms`);
        survived('slowloris', { times: `${EACH} slow heads, ${EACH} slow bodies, ${EACH} readers that stopped`, checked: 'p99 of 500 GETs of somebody else; heads are ended after 15 s',
            outcome: `p99 ${beside.toFixed(1)} ms beside them, ${alone.toFixed(1)} ms alone` });
    } finally {
        clearInterval(trickle);
        Object.values(slow).flat().forEach((socket) => socket.destroy());
        await server.remove();
    }
});

test(`${LOGINS} logins at once wait for each other, and nobody else waits for them`, async () => {
    const server = await Server.start({ flags: ['--no-workers'] });
    try {
        const ada = await new Client(server).user('ada'), path = '/api/v1/users/me', alone = await p99(ada, path, 300);
        let ended = 0;
        const logins = Array.from({ length: LOGINS }, async (_, i) => {
            const { status } = await send(server.origin, 'POST', '/api/v1/auth/login', { agent: false, headers: { 'Content-Type': 'application/json' },
                body: JSON.stringify({ username: `nobody-${i}`, password: 'wrong-password' }) });
            ended++;
            return status;
        });
        const took = [];
        let passed_by = 0;
        while (ended < LOGINS) {
            const from = performance.now(), before = ended;
            await ada.must(200, 'GET', path);
            took.push(performance.now() - from);
            passed_by = Math.max(passed_by, ended - before);
        }
        assert.deepEqual([...new Set(await Promise.all(logins))], [401]);
        // Behind them in one queue it would be nearly all.
        assert.ok(passed_by <= LOGINS / 10, `${passed_by} logins ended while one GET waited`);
        const beside = took.sort((a, b) => a - b)[Math.floor(took.length * 0.99)];
        assert.ok(beside < Math.max(P99_MS, 4 * alone), `p99 of a GET is ${beside} ms, ${alone} ms without them`);
        survived('logins', { times: `${LOGINS} logins`, checked: `p99 of ${took.length} GETs of somebody else meanwhile; how many logins end while one GET waits`,
            outcome: `p99 ${beside.toFixed(1)} ms beside them, ${alone.toFixed(1)} ms alone; at most ${passed_by} logins` });
    } finally {
        await server.remove();
    }
});

const resident_mb = (pid) => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024 / 1e6;

test(`${IDLE} idle connections take at most ${IDLE_MB} MB`, async () => {
    const server = await Server.start({ flags: ['--no-workers'] });
    const sockets = [];
    try {
        const ada = await new Client(server).user('ada');
        await ada.must(200, 'GET', '/api/v1/users/me');
        const before = resident_mb(server.pid);
        let answered = 0;
        for (let i = 0; i < IDLE; i++) {
            open(server, sockets, 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n').once('data', () => answered++);
            if (i % 200 === 199)
                await until('they are answered', () => answered > i - 400, { every_ms: 2 });
        }
        await until('all are answered', () => answered === IDLE);
        const held = resident_mb(server.pid);
        const times = await p99(ada, '/api/v1/users/me', 300);
        assert.ok(sockets.every((socket) => !socket.over), 'a connection was dropped');
        assert.ok(held <= IDLE_MB, `${held} MB, ${before} MB without them`);
        survived('idle connections', { times: `${IDLE} connections, each after one answer`, checked: 'resident memory of the server, all still open, p99 of 300 GETs of somebody else',
            outcome: `${held.toFixed(1)} MB in all, ${before.toFixed(1)} MB without them; p99 ${times.toFixed(1)} ms` });
    } finally {
        sockets.forEach((socket) => socket.destroy());
        await server.remove();
    }
});
