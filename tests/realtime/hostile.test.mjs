// SPDX-License-Identifier: GPL-3.0-or-later
// Thousands of bad sockets: each gets its end, nobody else notices, nothing of them is left.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { Server, on_postgres, sleep, temporary, until } from '../api/lib/server.mjs';
import { Live } from './lib/live.mjs';
import { Raw, TEXT, frame } from './lib/raw.mjs';

const SOCKETS = 2000, SOCKET = '/socket.io/?EIO=4&transport=websocket';
let server, root, video, scene, layer, watcher;
before(async () => {
    server = await Server.start({ env: { KINORA_SOCKET_CONNECT_TIMEOUT: '3' } });
    root = await new Client(server).user('root', { plan: 'business' });
    video = (await root.must(201, 'POST', '/api/v1/videos', { title: 'Besieged' })).data.video;
    scene = (await root.must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, { text: 'One', duration: 3 })).data.scene;
    layer = (await root.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`, { type: 'text', name: 'x', duration: 2, properties: { text: 'x' } })).data.layer;
    watcher = await Live.open(root);
});
after(async () => {
    watcher.close();
    assert.equal(await server.stop(), 0);
    await server.remove();
});

// Of sockets: a handler thread that begins opens the database, too.
const descriptors = () => fs.readdirSync(`/proc/${server.pid}/fd`).filter((name) => {
    try {
        return fs.readlinkSync(`/proc/${server.pid}/fd/${name}`).startsWith('socket:');
    } catch {
        return false; // closed meanwhile
    }
}).length;
// Connections to a database are sockets, of which requests may take twenty.
const SPARE = on_postgres ? 24 : 4;
const resident_mb = () => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]) / 1024;

let changes = 0;
// A change until it is heard, in ms.
async function latency() {
    const name = `change ${changes++}`, from = performance.now();
    await root.must(200, 'PUT', `/api/v1/layers/${layer.id}`, { name });
    await watcher.hears('layer:updated', (event) => event.layer.name === name);
    return performance.now() - from;
}

// Nobody notices `what` while it goes on, and afterwards its descriptors are gone.
async function unnoticed(before_fds) {
    const times = [];
    for (let i = 0; i < 20; i++)
        times.push(await latency());
    times.sort((a, b) => a - b);
    assert.ok(times[10] < 250, `changes take ${times[10]} ms`);
    await until('their descriptors are gone', () => descriptors() <= before_fds + SPARE, { limit_ms: 25_000 });
}

test('thousands of half-open connections go unnoticed and are ended', async () => {
    const before = descriptors(), sockets = [];
    for (let i = 0; i < SOCKETS; i++) {
        const socket = net.connect(server.port, '127.0.0.1').on('error', () => {});
        socket.write(i % 2 ? 'GET /socket.io/?EIO=4&tran' : `GET ${SOCKET} HTTP/1.1\r\nHost: x\r\nUpgrade: webso`);
        sockets.push(socket.resume());
    }
    await until('all are open', () => descriptors() > before + SOCKETS - 10);
    await unnoticed(before);
    sockets.forEach((socket) => socket.destroy());
});

test('thousands of sockets that never say CONNECT go unnoticed and are ended', async () => {
    const before = descriptors();
    const sockets = Array.from({ length: SOCKETS }, () => new Raw(server.port, SOCKET));
    await until('all are open', () => sockets.every((one) => one.texts.length));
    const memory = resident_mb();
    await unnoticed(before);
    await Promise.all(sockets.map((one) => one.ended));
    for (let round = 0; round < 2; round++) {
        const again = Array.from({ length: SOCKETS }, () => new Raw(server.port, SOCKET));
        await until('all are open', () => again.every((one) => one.texts.length));
        await Promise.all(again.map((one) => one.ended));
    }
    assert.ok(resident_mb() < memory + 8, `memory grew from ${memory} to ${resident_mb()} MB`);
});

test('sessions by polling that nobody comes back to end by themselves, and do not keep others out', async () => {
    for (let i = 0; i < 6000; i += 50)
        await Promise.all(Array.from({ length: 50 }, () => root.agent && fetch(`${server.origin}/socket.io/?EIO=4&transport=polling`).then((answer) => {
            assert.equal(answer.status, 200);
            return answer.text();
        })));
    const one = await Live.open(root, { transports: ['polling', 'websocket'] });
    assert.ok(await latency() < 1000);
    one.close();
});

for (const [what, ...frames] of [
    ['a payload that is too large', frame(TEXT, '40' + 'x'.repeat(2_000_000))],
    ['a frame that never ends', frame(TEXT, '40{"token":"', { fin: false })],
    ['a packet that is none', frame(TEXT, '4999')],
    ['text that is no UTF-8', frame(TEXT, Buffer.from([0x34, 0x30, 0xff, 0xfe]))],
    ['no masks', frame(TEXT, '40', { mask: false })],
    ['an event before CONNECT', frame(TEXT, '42["layer:update",{}]')],
    ['a token that is none', frame(TEXT, '40{"token":"x.y.z"}')],
    ['a token of megabytes', frame(TEXT, `40{"token":"${'x'.repeat(900_000)}"}`)],
])
    test(`two hundred sockets with ${what} are ended and leave nothing`, async () => {
        const before = descriptors();
        const sockets = Array.from({ length: 200 }, () => new Raw(server.port, SOCKET));
        sockets.forEach((one) => one.send(...frames));
        await unnoticed(before);
        await Promise.all(sockets.map((one) => one.ended));
    });

test('who does not read is disconnected, comes back and has missed nothing; nobody waits for it', async () => {
    const slow = new Raw(server.port, SOCKET);
    slow.text(`40${JSON.stringify({ token: root.token })}`);
    const { pid } = JSON.parse((await slow.hears(/^40\{/)).slice(2));
    const offset = JSON.parse((await slow.hears(/^42\["session"/)).slice(2))[2];
    slow.socket.pause();
    const before = descriptors(), text = 'y'.repeat(9000), names = [], times = [];
    for (let i = 0; i < 700 && descriptors() >= before; i++) {
        const from = performance.now();
        names.push(`slow ${i}`);
        await root.must(200, 'PUT', `/api/v1/layers/${layer.id}`, { name: names.at(-1), properties: { text } });
        times.push(performance.now() - from);
    }
    assert.ok(descriptors() < before, 'it has been disconnected');
    await watcher.hears('layer:updated', (event) => event.layer.name === names.at(-1));
    assert.ok(times.sort((a, b) => a - b)[times.length >> 1] < 100);
    slow.end();
    const back = new Raw(server.port, SOCKET);
    back.text(`40${JSON.stringify({ token: root.token, pid, offset })}`);
    await back.hears(new RegExp(names.at(-1)));
    const heard = back.texts.filter((one) => one.startsWith('42["layer:updated"')).map((one) => JSON.parse(one.slice(2))[1].layer.name);
    assert.deepEqual(heard, names);
    back.end();
});

for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']])
    test(`live editing works over TLS by ${transports.join(', then ')}`, async () => {
        const folder = temporary('tls');
        const at = (name) => path.join(folder, name);
        assert.equal(spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', at('key.pem'), '-out',
            at('cert.pem'), '-days', '1', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']).status, 0);
        const sealed = new Server({ flags: ['--tls-cert', at('cert.pem'), '--tls-key', at('key.pem')], tls: true });
        sealed.ca = fs.readFileSync(at('cert.pem'));
        await sealed.start();
        const ada = await new Client(sealed).user('ada'), made = (await ada.must(201, 'POST', '/api/v1/videos', { title: 'Sealed' })).data.video;
        const mine = await Live.open(ada, { transports, ca: sealed.ca }), other = await Live.open(ada, { transports, ca: sealed.ca });
        const title = 'z'.repeat(200);
        assert.equal((await mine.ask('video:update', { video_id: made.id, changes: { title } })).data.video.title, title);
        await other.hears('video:updated', (event) => event.title === title);
        other.socket.io.engine.close();
        await ada.must(200, 'PUT', `/api/v1/videos/${made.id}`, { title: 'missed' });
        await other.hears('video:updated', (event) => event.title === 'missed');
        assert.equal(other.socket.recovered, true);
        mine.close();
        other.close();
        assert.equal(await sealed.stop(), 0);
        await sealed.remove();
        fs.rmSync(folder, { recursive: true });
    });
