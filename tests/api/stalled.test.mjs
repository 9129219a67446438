// SPDX-License-Identifier: GPL-3.0-or-later
// A thousand clients that stall in the middle of uploads and downloads hold nobody up.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { Client, file_form } from './lib/client.mjs';
import { wav } from './lib/media.mjs';
import { Server, sleep } from './lib/server.mjs';

const EACH = 500;
const P99_MS = 100;
let server, ada, file;
const sockets = [];

before(async () => {
    server = await Server.start();
    ada = await new Client(server).user('ada');
    file = await ada.upload('long.wav', wav(300)); // about 10 MB: more than sockets and buffers take
});
after(async () => {
    sockets.forEach((socket) => socket.destroy());
    await server.remove();
});

// Milliseconds of each of `count` requests, one after the other.
async function times(count) {
    const took = [];
    for (let number = 0; number < count; number++) {
        const from = performance.now();
        await ada.must(200, 'GET', `/api/v1/files/${file.id}`);
        took.push(performance.now() - from);
    }
    return took.sort((a, b) => a - b);
}
const p99 = (sorted) => sorted[Math.floor(sorted.length * 0.99)];

function stall(text) {
    const socket = net.connect({ port: server.port, host: '127.0.0.1', highWaterMark: 1024 });
    socket.on('error', () => { });
    socket.write(text);
    socket.pause(); // nothing is read, so the server's answer fills the buffers and stays there
    sockets.push(socket);
}

test(`${2 * EACH} stalled streams leave a GET as quick as it was`, async () => {
    const head = `Host: x\r\nAuthorization: Bearer ${ada.token}\r\n`;
    const { body, headers } = file_form('half.wav', wav(4));
    const alone = p99(await times(300));
    for (let number = 0; number < EACH; number++) {
        stall(Buffer.concat([Buffer.from(`POST /api/v1/files/upload HTTP/1.1\r\n${head}Content-Length: ${body.length}\r\n`
            + `Content-Type: ${headers['Content-Type']}\r\n\r\n`), body.subarray(0, 20_000)]));
        stall(`GET /api/v1/files/${file.id}/content HTTP/1.1\r\n${head}\r\n`);
        if (number % 50 === 49)
            await sleep(50);
    }
    await sleep(1000);
    const beside = p99(await times(500));
    console.log(`p99 of a GET: ${alone.toFixed(1)} ms alone, ${beside.toFixed(1)} ms beside ${sockets.length} stalled streams`);
    assert.ok(sockets.every((socket) => !socket.destroyed), 'a stalled stream was dropped');
    assert.ok(beside < P99_MS, `${beside} ms`);
});
