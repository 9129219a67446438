// SPDX-License-Identifier: GPL-3.0-or-later
// The disk fills up, the server is killed among many uploads, the same content comes twice: what was answered stays, and
// nothing else does.
import assert from 'node:assert/strict';
import { createHash, randomBytes, randomInt } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { test } from 'node:test';
import { Client, file_form } from '../api/lib/client.mjs';
import { wav } from '../api/lib/media.mjs';
import { Server, sleep, temporary, until } from '../api/lib/server.mjs';

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const faces = { '/mediafiles': (answer) => answer.uuid, '/api/v1/files/upload?transcribe=false': (answer) => answer.id };

// A sound of so many bytes that does not shrink and that nobody else has.
function noise(size) {
    const bytes = Buffer.concat([wav(0), randomBytes(size - 44)]);
    bytes.writeUInt32LE(size - 8, 4);
    bytes.writeUInt32LE(size - 44, 40);
    return bytes;
}

const blob_rows = (server) => server.sql('SELECT id FROM blob').map(({ id }) => id).sort();
const stored = (server) => server.blobs().map((file) => path.basename(file)).sort();

test('a disk that fills up in the middle of an upload is told, and nothing stays of it', async () => {
    const data = temporary('full');
    fs.mkdirSync(path.join(data, 'blobs'));
    const mine = process.getuid() === 0 ? [] : ['--user', '--map-root-user'];
    const server = await Server.start({ data, flags: ['--no-workers'], around: ['unshare', '--mount', ...mine, 'sh', '-c',
        `mount -t tmpfs -o size=40m kinora-test '${data}/blobs' && exec "$@"`, '-'] });
    try {
        const ada = await new Client(server).user('ada');
        const kept = noise(3_000_000);
        const { id } = await ada.upload('kept.wav', kept);
        const before = server.blobs(), rows = blob_rows(server);
        for (const face of Object.keys(faces)) {
            const { status, json } = await ada.call('POST', face, { ...file_form('large.wav', noise(60_000_000)), agent: undefined });
            assert.equal(status, 507, face);
            assert.equal(json.code, 'STORAGE_FULL', face);
            await until('the room is free again', () => server.blobs().length === before.length, { limit_ms: 5000 });
            assert.deepEqual(server.blobs(), before);
            assert.deepEqual(blob_rows(server), rows);
        }
        // Several at once fill it together: whatever was answered with 201 is whole.
        const together = await Promise.all(Array.from({ length: 6 }, async () => {
            const sent = noise(9_000_000);
            return { sent, ...await ada.call('POST', '/mediafiles', { ...file_form('part.wav', sent), agent: undefined }) };
        }));
        for (const { status, json, sent } of together) {
            assert.ok(status === 201 || status === 507, `${status} ${JSON.stringify(json)}`);
            if (status === 201) {
                const back = await ada.get(`/api/v1/files/${json.uuid}/content`);
                assert.equal(back.status, 200, `${back.bytes.subarray(0, 300)}`);
                assert.ok(back.bytes.equals(sent), json.uuid);
            }
        }
        assert.ok(together.some(({ status }) => status === 507));
        assert.equal(sha256((await ada.get(`/api/v1/files/${id}/content`)).bytes), sha256(kept));
        assert.deepEqual(stored(server), blob_rows(server));
    } finally {
        await server.remove();
    }
});

// Sends uploads one after the other until the server is gone, and writes down what was answered.
async function keep_uploading(client, agent, sizes, kept) {
    for (;;) {
        const bytes = noise(sizes[randomInt(sizes.length)] + randomInt(1000));
        try {
            const { status, json } = await client.call('POST', '/api/v1/files/upload?transcribe=false', { ...file_form('noise.wav', bytes), agent });
            assert.ok(status === 201 || status === 503, `${status}`);
            if (status === 201)
                kept.set(json.id, sha256(bytes));
        } catch (error) {
            if (error.code === 'ERR_ASSERTION')
                throw error;
            return;
        }
    }
}

test('killed among 200 uploads, the server keeps each that it answered and no trace of the others', async () => {
    const UPLOADS = 200, HOUR_S = 3600;
    const server = await Server.start();
    const kept = new Map();
    try {
        let client = await new Client(server).user('ada');
        for (let round = 0; round < 2; round++) {
            const agent = new http.Agent({ maxSockets: UPLOADS });
            const sizes = round === 0 ? [60_000, 300_000, 900_000] : [200_000, 9_000_000];
            const senders = Array.from({ length: UPLOADS }, () => keep_uploading(client, agent, sizes, kept));
            const answered = kept.size;
            await until('some have been answered', () => kept.size > answered + 20, { every_ms: 1 });
            await sleep(randomInt(300));
            await server.kill();
            await Promise.all(senders);
            agent.destroy();
            if (round === 1) // what is an hour old and belongs to nobody is swept soon after the next start
                for (const file of server.blobs())
                    fs.utimesSync(path.join(server.data, 'blobs', file), Date.now() / 1000 - 2 * HOUR_S, Date.now() / 1000 - 2 * HOUR_S);
            await server.start();
            client = new Client(server, { token: client.token });
            assert.equal(server.blobs().filter((file) => file.startsWith('tmp')).length, 0, 'half-written files after the start');
        }
        const { files } = await client.must(200, 'GET', '/api/v1/files?limit=1000');
        const listed = new Set(files.map(({ id }) => id));
        for (const [id, hash] of kept) {
            assert.ok(files.length === 1000 || listed.has(id), `${id} was answered with 201 and is gone`);
            assert.equal(sha256((await client.get(`/api/v1/files/${id}/content`)).bytes), hash, id);
        }
        // Jobs go on and make more; that is new.
        const old = (file) => fs.statSync(path.join(server.data, 'blobs', file)).mtimeMs < Date.now() - HOUR_S * 1000;
        const orphans = () => {
            const files = server.blobs().filter(old), rows = new Set(blob_rows(server));
            return files.filter((file) => !rows.has(path.basename(file)));
        };
        await until('what nobody owns has been swept', () => {
            try {
                return orphans().length === 0;
            } catch (error) {
                if (error.code !== 'ENOENT') // swept while we looked
                    throw error;
            }
        }, { limit_ms: 60_000, every_ms: 500 });
    } finally {
        await server.remove();
    }
});

test('the same content of one owner is stored once, whoever sends it again and however often', async () => {
    const server = await Server.start({ flags: ['--no-workers'] }); // what jobs make of the files would be counted too
    try {
        const ada = await new Client(server).user('ada');
        await ada.user('ben');
        const ben = await ada.login('ben');
        const bytes = noise(500_000), read = async (id, who = ada) => sha256((await who.get(`/api/v1/files/${id}/content`)).bytes);
        const first = await ada.upload('first.wav', bytes);
        const second = await ada.must(201, 'POST', '/mediafiles', undefined, file_form('second.wav', bytes));
        assert.notEqual(second.uuid, first.id);
        assert.equal(second.file_name, 'second.wav');
        assert.equal(stored(server).length, 1);
        const many = await Promise.all(Array.from({ length: 12 }, (_, i) => ada.upload(`again-${i}.wav`, bytes)));
        assert.deepEqual(stored(server), blob_rows(server));
        assert.equal(stored(server).length, 1);
        const his = await ben.upload('his.wav', bytes); // whether another has it is nobody's business
        assert.equal(stored(server).length, 2);
        assert.equal((await ada.upload('other.wav', noise(500_000))).size_bytes, 500_000);
        assert.equal(stored(server).length, 3);

        // Deletions among uploads: the blob stays as long as one of the files does.
        await Promise.all([ada.must(200, 'DELETE', `/api/v1/files/${first.id}`), ada.must(200, 'DELETE', `/mediafiles/${second.uuid}`),
            ...many.slice(1).map(({ id }) => ada.must(200, 'DELETE', `/api/v1/files/${id}`)),
            ada.upload('late.wav', bytes).then(async (late) => assert.equal(await read(late.id), sha256(bytes)))]);
        assert.equal(await read(many[0].id), sha256(bytes));
        assert.equal(await read(his.id, ben), sha256(bytes));
        const { files } = await ada.must(200, 'GET', '/api/v1/files');
        for (const { id } of files)
            await ada.must(200, 'DELETE', `/api/v1/files/${id}`);
        assert.equal(blob_rows(server).length, 1);
        assert.equal(await read(his.id, ben), sha256(bytes));
        const anew = await ada.upload('anew.wav', bytes);
        assert.equal(await read(anew.id), sha256(bytes));
    } finally {
        await server.remove();
    }
});
