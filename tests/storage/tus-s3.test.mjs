// SPDX-License-Identifier: GPL-3.0-or-later
// A resumable upload whose parts and file are in an object store.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { noise, start_server } from './lib/store.mjs';

let server, ada;

before(async () => {
    process.env.KINORA_TEST_STORE = 's3';
    server = await start_server();
    ada = await new Client(server).user('ada');
});
after(() => server.remove());

const version = { 'Tus-Resumable': '1.0.0' };
const create = async (length) => (await ada.call('POST', '/api/v1/files/tus', { headers: { ...version, 'Upload-Length': length } })).headers.location;
const patch = async (path, offset, body) => (await ada.call('PATCH', path, { body, headers: { ...version, 'Upload-Offset': offset,
    'Content-Type': 'application/offset+octet-stream' } })).status;

test('parts of an object store are joined bit for bit and then gone', async () => {
    const bytes = noise(36), half = 34_000_000;
    const path = await create(bytes.length);
    assert.equal(await patch(path, 0, bytes.subarray(0, half)), 204);
    assert.equal(server.sql('SELECT count(*) AS n FROM upload_part')[0].n, 2);
    assert.equal(await patch(path, half, bytes.subarray(half)), 204);
    assert.ok((await ada.get(`/api/v1/files/${path.split('/').at(-1)}/content`)).bytes.equals(bytes));
    await server.idle();
    assert.equal(server.blobs().length, server.sql('SELECT count(*) AS n FROM blob')[0].n);
});

test('an upload that is given up leaves no object', async () => {
    const start = server.blobs().length;
    const path = await create(1_000_000);
    assert.equal(await patch(path, 0, noise(0.5)), 204);
    assert.equal(server.blobs().length, start + 1);
    assert.equal((await ada.call('DELETE', path, { headers: version })).status, 204);
    assert.equal(server.blobs().length, start);
});
