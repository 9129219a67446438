// SPDX-License-Identifier: GPL-3.0-or-later
// A WebSocket that may break every rule, and the server that the conformance cases talk to.
import { spawn, spawnSync } from 'node:child_process';
import net from 'node:net';
import path from 'node:path';
import { program, repository, until } from '../../api/lib/server.mjs';

export const TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10;

export function frame(opcode, payload = '', { fin = true, mask = true, rsv = 0, length } = {}) {
    const bytes = Buffer.from(payload), size = length ?? bytes.length;
    const head = [(fin ? 0x80 : 0) | rsv << 4 | opcode, mask ? 0x80 : 0];
    if (size < 126)
        head[1] |= size;
    else if (size < 65536)
        (head[1] |= 126, head.push(size >> 8, size & 255));
    else
        (head[1] |= 127, head.push(0, 0, 0, 0, size >>> 24, size >> 16 & 255, size >> 8 & 255, size & 255));
    const key = [1, 2, 3, 4];
    return Buffer.concat([Buffer.from(head), ...(mask ? [Buffer.from(key)] : []), mask ? bytes.map((byte, i) => byte ^ key[i & 3]) : bytes]);
}

export class Raw {
    constructor(port, target, headers = {}) {
        this.frames = [];
        this.rest = Buffer.alloc(0);
        this.socket = net.connect(port, '127.0.0.1');
        this.ended = new Promise((resolve) => this.socket.on('close', resolve).on('error', () => {}));
        this.socket.on('close', () => (this.closed = true));
        const all = { Host: '127.0.0.1', Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Version': '13',
            'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', ...headers };
        this.socket.write(`GET ${target} HTTP/1.1\r\n${Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
        this.socket.on('data', (bytes) => this.take(bytes));
    }

    take(bytes) {
        this.rest = Buffer.concat([this.rest, bytes]);
        if (!this.head) {
            const end = this.rest.indexOf('\r\n\r\n');
            if (end < 0)
                return;
            this.head = this.rest.subarray(0, end).toString();
            this.rest = this.rest.subarray(end + 4);
        }
        while (/ 101 /.test(this.head) && this.rest.length >= 2) {
            let size = this.rest[1] & 127, at = 2;
            if (size > 125) {
                at = size === 126 ? 4 : 10;
                if (this.rest.length < at)
                    return;
                size = size === 126 ? this.rest.readUInt16BE(2) : Number(this.rest.readBigUInt64BE(2));
            }
            if (this.rest.length < at + size)
                return;
            this.frames.push({ opcode: this.rest[0] & 15, fin: this.rest[0] >> 7 === 1, payload: this.rest.subarray(at, at + size) });
            this.rest = this.rest.subarray(at + size);
        }
    }

    send(...parts) {
        this.socket.write(Buffer.concat(parts));
    }

    text(packet) {
        this.send(frame(TEXT, packet));
    }

    get texts() {
        return this.frames.filter((one) => one.opcode === TEXT).map((one) => one.payload.toString());
    }

    hears(what) {
        const fits = typeof what === 'string' ? (text) => text === what : (text) => what.test(text);
        return until(`${what} is heard`, () => this.texts.find(fits), { every_ms: 2, limit_ms: 3000 });
    }

    // The status of the close frame; null when the connection ended without one.
    async close_status() {
        await until('the connection has ended', () => this.closed || this.frames.some((one) => one.opcode === CLOSE), { every_ms: 2, limit_ms: 4000 });
        const close = this.frames.find((one) => one.opcode === CLOSE);
        return close ? close.payload.length ? close.payload.readUInt16BE() : 0 : null;
    }

    end() {
        this.socket.destroy();
    }
}

export class Conformance {
    static async start(ping_ms = 300) {
        const built = spawnSync(path.join(repository, 'script/build'), ['--conformance'], { encoding: 'utf8' });
        const beside = path.join(path.dirname(program), 'kinora-conformance');
        if (built.status !== 0)
            throw new Error(built.stderr);
        const server = new Conformance();
        server.child = spawn(beside, ['127.0.0.1:0', String(ping_ms)], { stdio: ['ignore', 'ignore', 'pipe'] });
        server.ended = new Promise((resolve) => server.child.on('exit', (code, signal) => resolve(code ?? signal)));
        let text = '';
        server.child.stderr.setEncoding('utf8').on('data', (bytes) => (text += bytes));
        await until('the server is ready', () => (server.port = Number(/127\.0\.0\.1:(\d+)/.exec(text)?.[1])));
        return server;
    }

    get origin() {
        return `http://127.0.0.1:${this.port}`;
    }

    stop() {
        this.child.kill('SIGTERM');
        return this.ended;
    }
}
