// SPDX-License-Identifier: GPL-3.0-or-later
// A server that is told to stop, and one that cannot work.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, test } from 'node:test';
import { Client, file_form, send } from '../api/lib/client.mjs';
import { Server, temporary, until } from '../api/lib/server.mjs';
import { noise } from '../storage/lib/store.mjs';

const servers = [];
after(async () => {
    for (const server of servers)
        await server.remove();
});
const start = async (options) => {
    const server = await Server.start(options);
    servers.push(server);
    return server;
};

test('an upload under way when the server is told to stop is kept and answered; nobody new is let in', async () => {
    const server = await start({ flags: ['--no-workers'] });
    const root = await new Client(server).user('root');
    const bytes = noise(1);
    const { body, headers } = file_form('last.wav', bytes);
    const request = http.request(`${server.origin}/api/v1/files/upload`, { method: 'POST', agent: false,
        headers: { ...headers, 'Content-Length': body.length, Authorization: `Bearer ${root.token}` } });
    const answered = new Promise((resolve, reject) => request.on('error', reject).on('response', (response) => {
        const parts = [];
        response.on('data', (part) => parts.push(part)).on('end', () => resolve({ status: response.statusCode, text: Buffer.concat(parts).toString() }));
    }));
    request.write(body.subarray(0, 100_000));
    // The server has begun to take it in when the beginning of its blob is there.
    await until('the upload is under way', () => server.blobs().length > 0);
    const stopped = server.stop();
    await until('nobody is let in', () => send(server.origin, 'GET', '/health').then(() => false, () => true));
    request.end(body.subarray(100_000));
    const { status, text } = await answered;
    assert.equal(status, 201, text);
    assert.equal(await stopped, 0);
    await server.start();
    const again = await new Client(server).login('root');
    const { bytes: kept } = await again.get(`/api/v1/files/${JSON.parse(text).id}/content`);
    assert.ok(bytes.equals(kept), 'what was acknowledged is there');
});

test('/ready fails when the disk of the data folder is nearly full, saying so; /health goes on', async () => {
    const data = temporary('full');
    const namespace = ['unshare', '--mount', ...(process.getuid() === 0 ? [] : ['--user', '--map-root-user'])];
    const server = await start({ data, flags: ['--no-workers'], around: [...namespace, 'sh', '-c', `mount -t tmpfs -o size=60m kinora-test '${data}' && exec "$@"`, '-'] });
    const told = await send(server.origin, 'GET', '/ready');
    assert.equal(told.status, 503);
    assert.match(told.bytes.toString(), /disk of the data folder is nearly full/);
    assert.equal((await send(server.origin, 'GET', '/health')).status, 200);
});
