// SPDX-License-Identifier: GPL-3.0-or-later
// Our server under measurement: started on a data folder, with accounts, asked over HTTP.
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';

import { free_port, root, start } from './lib.mjs';

const PASSWORD = 'correct horse battery';

// Asks with JSON; the answer's `data` where it is an envelope. Anything but 2xx throws. On a connection of its own: the
// server ends one that rests for longer than a measurement may take, and a measurement that waits does not notice.
export async function ask(url, method, target, { token = null, body = null } = {}) {
    const form = body instanceof FormData;
    const answer = await fetch(url + target, {
        method,
        headers: { connection: 'close', ...(token && { authorization: `Bearer ${token}` }), ...(body && !form && { 'content-type': 'application/json' }) },
        body: body && !form ? JSON.stringify(body) : body,
    });
    const text = await answer.text();
    if (!answer.ok)
        throw new Error(`${method} ${target}: ${answer.status} ${text}`);
    const json = JSON.parse(text);
    return json.success ? json.data : json;
}

// The certificate of a measurement is nobody's.
function is_ready(url) {
    return new Promise((resolve, reject) => (url.startsWith('https') ? https : http)
        .get(url, { agent: false, rejectUnauthorized: false }, (answer) => resolve(answer.resume().statusCode === 200)).on('error', reject));
}

// {url, pid, stop, ready_ms}: the milliseconds from the start of the program until /ready says yes. With a certificate in
// `env` it speaks TLS.
export async function start_kinora(folder, env = {}) {
    const port = await free_port(), url = `${env.KINORA_TLS_CERT ? 'https' : 'http'}://127.0.0.1:${port}`;
    const from = performance.now();
    const server = await start([path.join(root, 'build', 'kinora'), 'serve', '--data', folder, '--listen', `127.0.0.1:${port}`], {
        env: { KINORA_LOG_LEVEL: 'warn', ...env }, quiet: true, step_ms: 2, ready: () => is_ready(`${url}/ready`),
    });
    return { url, ready_ms: performance.now() - from, ...server };
}

// The token of a new account; the first of a folder is the administrator, whose token makes the others.
export async function account(url, username, administrator = null, more = {}) {
    await ask(url, 'POST', '/users', { token: administrator, body: { username, email: `${username}@example.org`, password: PASSWORD, ...more } });
    return (await ask(url, 'POST', '/api/v1/auth/login', { body: { username, password: PASSWORD } })).access_token;
}

// Runs `work(i)` for 0..count-1, `width` at a time, and gives the results in order.
export async function all(count, width, work) {
    const results = [];
    let next = 0;
    await Promise.all(Array.from({ length: width }, async () => {
        while (next < count) {
            const i = next++;
            results[i] = await work(i);
        }
    }));
    return results;
}

// A second of a 440 Hz tone as a WAV file: the smallest honest upload.
export function tone() {
    const rate = 8000, wav = Buffer.alloc(44 + 2 * rate);
    wav.write('RIFF', 0);
    wav.writeUInt32LE(36 + 2 * rate, 4);
    wav.write('WAVEfmt ', 8);
    wav.writeUInt32LE(16, 16);
    wav.writeUInt16LE(1, 20);
    wav.writeUInt16LE(1, 22);
    wav.writeUInt32LE(rate, 24);
    wav.writeUInt32LE(2 * rate, 28);
    wav.writeUInt16LE(2, 32);
    wav.writeUInt16LE(16, 34);
    wav.write('data', 36);
    wav.writeUInt32LE(2 * rate, 40);
    for (let i = 0; i < rate; i++)
        wav.writeInt16LE(Math.round(8000 * Math.sin(2 * Math.PI * 440 * i / rate)), 44 + 2 * i);
    return wav;
}
