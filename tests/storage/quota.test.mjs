// SPDX-License-Identifier: GPL-3.0-or-later
// What a user may keep, and how large a file may be.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client, file_form } from '../api/lib/client.mjs';
import { made, picture, silent_film, wav } from '../api/lib/media.mjs';
import { Server, until } from '../api/lib/server.mjs';

let server, root, ada;

before(async () => {
    server = await Server.start({ env: { KINORA_DEFAULT_QUOTA_BYTES: '1000000' } });
    root = await new Client(server).user('root');
    ada = await root.user('ada');
});
after(() => server.remove());

const faces = ['/mediafiles', '/api/v1/files/upload?transcribe=false'];
const me = async (who = ada) => {
    const { used_bytes, quota_bytes } = await who.must(200, 'GET', '/api/v1/users/me');
    return [used_bytes, quota_bytes];
};
const sound = wav(10); // 320,044 bytes
const tus = (who, length) => who.call('POST', '/api/v1/files/tus', { headers: { 'Tus-Resumable': '1.0.0', 'Upload-Length': length,
    'Upload-Metadata': `transcribe ${Buffer.from('false').toString('base64')}` } });
const patch = (who, path, offset, body) => who.call('PATCH', path, { body, headers: { 'Tus-Resumable': '1.0.0', 'Upload-Offset': offset,
    'Content-Type': 'application/offset+octet-stream' } });
const clear = async (who) => {
    for (const { id } of (await who.must(200, 'GET', '/api/v1/files')).files)
        await who.must(200, 'DELETE', `/api/v1/files/${id}`);
};

test('a user sees what is used and allowed, and uploads and deletions move it', async () => {
    assert.deepEqual(await me(), [0, 1000000]);
    const file = await ada.upload('a.wav', sound);
    assert.deepEqual(await me(), [sound.length, 1000000]);
    await ada.must(200, 'DELETE', `/api/v1/files/${file.id}`);
    assert.deepEqual(await me(), [0, 1000000]);
});

test('what does not fit is refused in every face, with what is used and allowed', async () => {
    for (const path of faces)
        await ada.must(201, 'POST', path, undefined, file_form('a.wav', sound));
    await ada.upload('b.wav', sound);
    await server.idle(); // what was uploaded is still being looked at
    const used = 3 * sound.length, kept = server.blobs().length;
    for (const path of faces) {
        const { status, json } = await ada.call('POST', path, file_form('c.wav', sound));
        assert.deepEqual([status, json.code], [413, 'QUOTA_EXCEEDED'], path);
        assert.match(json.message, new RegExp(`${used}.*1000000`), path);
        assert.equal(json.details.field, 'file');
    }
    const { status, json } = await tus(ada, sound.length);
    assert.deepEqual([status, json.code], [413, 'QUOTA_EXCEEDED']);
    assert.deepEqual(await me(), [used, 1000000]);
    assert.equal(server.blobs().length, kept);
    await clear(ada);
});

test('a length that cannot fit is refused before the bytes are sent, others as soon as they are too many', async () => {
    const { headers, body } = file_form('a.wav', wav(60));
    for (const path of faces) {
        const told = await ada.call('POST', path, { headers: { ...headers, 'Content-Length': '5000000000' }, body: body.subarray(0, 100), agent: undefined });
        assert.equal(told.json.code, 'QUOTA_EXCEEDED', path);
        let sent = 0;
        async function* pieces() {
            for (let at = 0; at < body.length; at += 100_000) {
                sent += 100_000;
                yield body.subarray(at, at + 100_000);
            }
        }
        const late = await ada.call('POST', path, { headers, body: pieces() }).catch((error) => ({ error }));
        // The server may close while the rest is still being sent.
        assert.ok(late.json?.code === 'QUOTA_EXCEEDED' || /EPIPE|ECONNRESET/.test(late.error?.code), `${path}: ${late.error}`);
        assert.ok(sent > 1000000);
    }
    assert.deepEqual(await me(), [0, 1000000]);
});

test('uploads at once cannot share the same free room', async () => {
    const told = await Promise.all(Array.from({ length: 12 }, (_, i) => ada.call('POST', faces[i % 2], file_form(`${i}.wav`, sound))));
    assert.deepEqual(told.map(({ status }) => status).sort(), [...Array(3).fill(201), ...Array(9).fill(413)]);
    assert.deepEqual(await me(), [3 * sound.length, 1000000]);
    await until('the refused ones left nothing', () => server.blobs().filter((name) => name.startsWith('tmp/')).length === 0);
    await clear(ada);
});

test('what has come of an unfinished upload counts, and no more once it is given up', async () => {
    const { headers: { location } } = await tus(ada, 900000);
    assert.equal((await patch(ada, location, 0, Buffer.alloc(500000))).status, 204);
    assert.deepEqual(await me(), [500000, 1000000]);
    assert.equal((await tus(ada, 600000)).status, 413);
    const other = (await tus(ada, 450000)).headers.location;
    assert.equal((await patch(ada, other, 0, Buffer.alloc(440000))).status, 204);
    assert.equal((await patch(ada, location, 500000, Buffer.alloc(300000))).json.code, 'QUOTA_EXCEEDED');
    for (const path of [location, other])
        assert.equal((await ada.call('DELETE', path, { headers: { 'Tus-Resumable': '1.0.0' } })).status, 204);
    assert.deepEqual(await me(), [0, 1000000]);
});

test('an upload that fills the quota to its last byte is finished', async () => {
    await root.must(200, 'PUT', `/api/v1/users/${ada.me.id}`, { quota_bytes: sound.length });
    const { headers: { location } } = await tus(ada, sound.length);
    assert.equal((await patch(ada, location, 0, sound.subarray(0, 200000))).status, 204);
    assert.equal((await patch(ada, location, 200000, sound.subarray(200000))).status, 204);
    assert.deepEqual(await me(), [sound.length, sound.length]);
    assert.equal((await ada.call('POST', faces[0], file_form('p.png', picture()))).status, 413);
    await clear(ada);
});

test('a superuser sets a quota, and nobody else', async () => {
    const path = `/api/v1/users/${ada.me.id}`;
    assert.equal((await root.must(200, 'PUT', path, { quota_bytes: 5000 })).quota_bytes, 5000);
    assert.equal((await ada.call('POST', faces[0], file_form('a.wav', sound))).status, 413);
    assert.equal((await root.must(200, 'PUT', path, { quota_bytes: 0 })).quota_bytes, null);
    await ada.upload('a.wav', sound);
    assert.deepEqual(await me(), [sound.length, null]);
    assert.equal((await root.must(200, 'PUT', path, { quota_bytes: -1 })).quota_bytes, 1000000);
    assert.equal((await ada.put(path, { quota_bytes: 0 })).status, 403);
    assert.equal((await ada.put('/api/v1/users/me', { quota_bytes: 0 })).status, 403);
    for (const wrong of [-2, 1.5, '5', 1e18])
        assert.ok([400, 422].includes((await root.put(path, { quota_bytes: wrong })).status), `${wrong}`);
    assert.deepEqual(await me(), [sound.length, 1000000]);
    assert.deepEqual((await root.must(200, 'GET', path)).used_bytes, sound.length);
});

test('each kind of file has a limit of its own', async () => {
    const small = await Server.start({ env: { KINORA_MAX_AUDIO_BYTES: '10000', KINORA_MAX_VIDEO_BYTES: '1000', KINORA_MAX_IMAGE_BYTES: '200',
        KINORA_MAX_GIF_BYTES: '300' } });
    try {
        const client = await new Client(small).user('ada');
        const animation = made('a.gif', '-f', 'lavfi', '-i', 'testsrc=s=64x64:d=1:r=5');
        for (const path of faces)
            for (const [name, bytes, limit] of [['a.wav', wav(1), 10000], ['f.mp4', silent_film(), 1000], ['p.png', picture(), 200], ['g.gif', animation, 300]]) {
                assert.ok(bytes.length > limit);
                const { status, json } = await client.call('POST', path, file_form(name, bytes));
                assert.deepEqual([status, json.code], [413, 'BODY_TOO_LARGE'], name);
                assert.match(json.message, new RegExp(`${limit}.*${bytes.length}`));
            }
        await client.must(201, 'POST', faces[0], undefined, file_form('a.wav', wav(0.1)));
        const { headers: { location } } = await tus(client, wav(1).length);
        assert.equal((await patch(client, location, 0, wav(1))).status, 413);
        await small.idle();
        assert.equal(small.blobs().length, small.sql('SELECT count(*) AS n FROM blob')[0].n);
        assert.equal(small.sql('SELECT count(*) AS n FROM media')[0].n, 1);
    } finally {
        await small.remove();
    }
});
