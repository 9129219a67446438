// SPDX-License-Identifier: GPL-3.0-or-later
// Uploads that survive: tus 1.0, by a client that others wrote and by hand.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import * as tus from 'tus-js-client';
import { Client } from '../api/lib/client.mjs';
import { picture, speech, wav } from '../api/lib/media.mjs';
import { sleep, until } from '../api/lib/server.mjs';
import { start_server } from './lib/store.mjs';

const MB = 1 << 20;
const endpoint = '/api/v1/files/tus';
let server, ada, bob;

before(async () => {
    server = await start_server();
    const root = await new Client(server).user('root');
    ada = await root.user('ada');
    bob = await root.user('bob');
});
after(() => server.remove());

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const content = async (id) => (await ada.get(`/api/v1/files/${id}/content`)).bytes;
const base64 = (text) => Buffer.from(text).toString('base64');
// A sound that does not shrink.
function noise(size) {
    const bytes = Buffer.concat([wav(0).subarray(0, 44), randomBytes(size - 44)]);
    bytes.writeUInt32LE(size - 8, 4);
    bytes.writeUInt32LE(size - 44, 40);
    return bytes;
}
const quiet = { Metadata: `filename ${base64('a.wav')},transcribe ${base64('false')}` };
const call = (method, path, { headers = {}, ...more } = {}, who = ada) =>
    who.call(method, path, { ...more, headers: { 'Tus-Resumable': '1.0.0', ...headers } });
async function create(length, headers = {}, who = ada) {
    const answer = await call('POST', endpoint, { headers: { 'Upload-Length': length, 'Upload-Metadata': quiet.Metadata, ...headers } }, who);
    assert.equal(answer.status, 201, answer.bytes.toString());
    assert.match(answer.headers.location, /^\/api\/v1\/files\/tus\/[0-9a-f-]{36}$/);
    return answer.headers.location;
}
const patch = (path, offset, body, headers = {}, who = ada) => call('PATCH', path,
    { body, headers: { 'Upload-Offset': offset, 'Content-Type': 'application/offset+octet-stream', ...headers } }, who);
const offset_of = async (path) => Number((await call('HEAD', path)).headers['upload-offset']);
const id_of = (path) => path.split('/').at(-1);
const rows = () => server.sql('SELECT (SELECT count(*) FROM upload WHERE NOT finished) AS uploads, (SELECT count(*) FROM upload_part) AS parts')[0];

// An upload by tus-js-client; {upload, done}.
function begin(bytes, options = {}) {
    let upload;
    const done = new Promise((resolve, reject) => {
        upload = new tus.Upload(bytes, {
            endpoint: `${server.origin}${endpoint}`,
            headers: { Authorization: `Bearer ${ada.token}` },
            metadata: { filename: 'talk.wav', filetype: 'text/html', transcribe: 'false' },
            retryDelays: null,
            onSuccess: resolve,
            onError: reject,
            ...options,
        });
        upload.start();
    });
    done.catch(() => {}); // whoever waits for it is told
    return { upload, done };
}

// A whole one.
async function send(bytes, options) {
    const { upload, done } = begin(bytes, options);
    await done;
    return upload;
}

// One that gets stuck after so many bytes, of which the server has counted a part.
async function stuck(bytes, stuck_at) {
    let sent = 0;
    const body = new Readable({
        read() {
            if (sent < stuck_at)
                this.push(bytes.subarray(sent, sent += MB));
        },
    });
    body.size = bytes.length; // where tus-js-client looks for the length
    const source = { size: bytes.length, slice: async () => ({ value: body, size: bytes.length, done: true }), close() {} };
    const { upload, done } = begin(source, { fileReader: { openFile: async () => source } });
    await until('a part is counted', () => sent === stuck_at && rows().parts > 0, { every_ms: 5 });
    return { upload, done, url: new URL(upload.url).pathname };
}

test('OPTIONS tells what the server can do, to everyone', async () => {
    const { status, headers } = await ada.as(undefined).call('OPTIONS', endpoint);
    assert.equal(status, 204);
    assert.equal(headers['tus-resumable'], '1.0.0');
    assert.equal(headers['tus-version'], '1.0.0');
    assert.equal(headers['tus-extension'], 'creation,creation-with-upload,checksum,expiration,termination');
    assert.match(headers['tus-checksum-algorithm'], /^sha1,/);
    assert.equal(headers['tus-max-size'], '10737418240');
});

test('a small file is sent by tus-js-client and is a file like all others', async () => {
    const bytes = speech();
    const upload = await send(bytes, { metadata: { filename: 'Käse "1".wav', transcribe: 'true' } });
    const file = await ada.must(200, 'GET', `/api/v1/files/${id_of(upload.url)}`);
    assert.deepEqual([file.name, file.media_type, file.mime_type, file.size_bytes], ['Käse "1".wav', 'audio', 'audio/wav', bytes.length]);
    assert.equal(sha256(await content(file.id)), sha256(bytes));
    await ada.job_end(file.job_id);
    assert.equal(rows().parts, 0);
});

test('a file of many parts is joined bit for bit', async () => {
    const bytes = noise(40 * MB + 12345);
    const upload = await send(bytes);
    assert.equal(sha256(await content(id_of(upload.url))), sha256(bytes));
    assert.deepEqual(rows(), { uploads: 0, parts: 0 });
    await server.idle();
    assert.equal(server.blobs().length, server.sql('SELECT count(*) AS n FROM blob')[0].n);
});

for (const [name, options] of [['in pieces', { chunkSize: 300_001 }], ['with its creation', { uploadDataDuringCreation: true }],
    ['in pieces from the creation on', { uploadDataDuringCreation: true, chunkSize: 200_000 }], ['by POST alone', { overridePatchMethod: true, chunkSize: 500_000 }]])
    test(`a file is sent ${name}`, async () => {
        const bytes = noise(MB + 7);
        const upload = await send(bytes, options);
        assert.equal(sha256(await content(id_of(upload.url))), sha256(bytes));
        assert.equal((await ada.must(200, 'GET', `/api/v1/files/${id_of(upload.url)}`)).name, 'talk.wav');
    });

test('a server killed in the middle costs at most the part under way', async () => {
    const bytes = noise(70 * MB);
    const { done, url } = await stuck(bytes, 50 * MB);
    await server.kill();
    await assert.rejects(done);
    await server.start();
    const offset = await offset_of(url);
    assert.ok(offset >= 32 * MB && offset < bytes.length && offset % (32 * MB) === 0, `${offset}`);
    // By another client, that knows the URL alone.
    const upload = await send(bytes, { endpoint: undefined, uploadUrl: `${server.origin}${url}` });
    assert.equal(sha256(await content(id_of(upload.url))), sha256(bytes));
    assert.equal(rows().parts, 0);
});

test('a broken line loses nothing that had come', async () => {
    const bytes = noise(3 * MB);
    const path = await create(bytes.length);
    const socket = net.connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(`PATCH ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ada.token}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n`
        + `Content-Type: application/offset+octet-stream\r\nContent-Length: ${bytes.length}\r\n\r\n`);
    await new Promise((sent) => socket.write(bytes.subarray(0, 2 * MB), sent));
    await sleep(700);
    socket.destroy();
    await until('what came is kept', async () => await offset_of(path) === 2 * MB, { limit_ms: 5000 });
    assert.equal((await patch(path, 2 * MB, bytes.subarray(2 * MB))).status, 204);
    assert.equal(sha256(await content(id_of(path))), sha256(bytes));
});

test('a sender who missed the last answer learns that all is there', async () => {
    const path = await create(speech().length);
    const { status, headers } = await patch(path, 0, speech());
    assert.deepEqual([status, headers['upload-offset'], headers['upload-expires']], [204, `${speech().length}`, undefined]);
    assert.equal(await offset_of(path), speech().length);
    assert.equal((await patch(path, speech().length, '')).status, 204);
    assert.equal((await patch(path, 0, speech())).status, 409);
    assert.equal((await call('DELETE', path)).status, 204);
    assert.equal((await call('HEAD', path)).status, 404);
    assert.equal(sha256(await content(id_of(path))), sha256(speech())); // the file is a file by now
});

test('HEAD gives back what was said, and is not kept by anyone', async () => {
    const path = await create(1000);
    const { status, headers } = await call('HEAD', path);
    assert.equal(status, 200);
    assert.deepEqual([headers['upload-offset'], headers['upload-length'], headers['upload-metadata'], headers['cache-control'], headers['tus-resumable']],
        ['0', '1000', quiet.Metadata, 'no-store', '1.0.0']);
    assert.ok(Date.parse(headers['upload-expires']) > Date.now() + 23 * 3600_000);
});

test('a checksum that does not fit is 460, and nothing of the body counts', async () => {
    const bytes = noise(2 * MB), half = bytes.subarray(0, MB);
    const sum = (algorithm, of) => ({ 'Upload-Checksum': `${algorithm} ${createHash(algorithm).update(of).digest('base64')}` });
    const path = await create(bytes.length);
    const wrong = await patch(path, 0, half, sum('sha1', bytes));
    assert.deepEqual([wrong.status, wrong.json.code], [460, 'CHECKSUM_MISMATCH']);
    assert.equal(await offset_of(path), 0);
    assert.equal((await patch(path, 0, half, sum('sha1', half))).headers['upload-offset'], `${MB}`);
    assert.equal((await patch(path, MB, bytes.subarray(MB), sum('md5', half))).status, 460);
    assert.equal((await call('POST', path, { body: bytes.subarray(MB), headers: { 'X-HTTP-Method-Override': 'PATCH', 'Upload-Offset': MB,
        'Content-Type': 'application/offset+octet-stream', ...sum('sha256', bytes.subarray(MB)) } })).status, 204);
    assert.equal(sha256(await content(id_of(path))), sha256(bytes));
    for (const header of ['crc32 AAAA', 'sha1', 'sha1 AAAA', 'sha1 *'])
        assert.equal((await patch(await create(10), 0, 'x', { 'Upload-Checksum': header })).status, 400, header);
});

test('a checksum may stand over more than a part', async () => {
    const bytes = noise(36 * MB);
    const path = await create(bytes.length);
    const sums = (of) => ({ 'Upload-Checksum': `sha256 ${createHash('sha256').update(of).digest('base64')}` });
    assert.equal((await patch(path, 0, bytes.subarray(0, 35 * MB), sums(bytes))).status, 460);
    assert.equal((await patch(path, 0, bytes.subarray(0, 35 * MB), sums(bytes.subarray(0, 35 * MB)))).status, 204);
    assert.equal((await patch(path, 35 * MB, bytes.subarray(35 * MB))).status, 204);
    assert.equal(sha256(await content(id_of(path))), sha256(bytes));
});

test('versions, offsets, types and sizes are checked', async () => {
    const path = await create(1000);
    for (const version of [undefined, '0.2.2', '2.0.0']) {
        const { status, headers } = await ada.call('HEAD', path, { headers: version ? { 'Tus-Resumable': version } : {} });
        assert.deepEqual([status, headers['tus-version']], [412, '1.0.0']);
    }
    const told = await patch(path, 1, 'x');
    assert.deepEqual([told.status, told.json.code, told.headers['tus-resumable']], [409, 'UPLOAD_OFFSET', '1.0.0']);
    assert.equal((await patch(path, 0, 'x', { 'Content-Type': 'application/octet-stream' })).status, 415);
    for (const wrong of ['-1', 'x', '1e3', '99999999999999999999'])
        assert.equal((await patch(path, wrong, 'x')).status, 400, wrong);
    assert.equal((await call('PATCH', path, { body: 'x', headers: { 'Content-Type': 'application/offset+octet-stream' } })).status, 400);
    assert.equal((await patch(path, 0, Buffer.alloc(1001))).status, 413);
    async function* too_much() {
        yield Buffer.alloc(600);
        yield Buffer.alloc(600);
    }
    assert.equal((await patch(path, 0, too_much())).status, 413);
    assert.equal(await offset_of(path), 0);
    const begin = (headers) => call('POST', endpoint, { headers });
    for (const [headers, status] of [[{}, 400], [{ 'Upload-Defer-Length': '1' }, 400], [{ 'Upload-Length': '-5' }, 400], [{ 'Upload-Length': 'x' }, 400],
        [{ 'Upload-Length': '0' }, 400], [{ 'Upload-Length': '10737418241' }, 413], [{ 'Upload-Length': '5', 'Upload-Metadata': 'filename *' }, 400],
        [{ 'Upload-Length': '5', 'Upload-Metadata': 'a eA==,a eA==' }, 400], [{ 'Upload-Length': '5', 'Upload-Metadata': `filename ${base64('a\0b')}` }, 400]])
        assert.equal((await begin(headers)).status, status, JSON.stringify(headers));
    assert.equal((await call('POST', endpoint, { body: 'x', headers: { 'Upload-Length': 5 } })).status, 415);
});

test('only the owner knows of an upload', async () => {
    const path = await create(1000);
    assert.equal((await call('HEAD', path, {}, bob)).status, 404);
    assert.equal((await patch(path, 0, 'x', {}, bob)).status, 404);
    assert.equal((await call('DELETE', path, {}, bob)).status, 404);
    assert.equal((await call('HEAD', path, {}, ada.as(undefined))).status, 401);
    assert.equal(await offset_of(path), 0);
});

test('of two senders at one offset one wins, and the file is right', async () => {
    const strays = () => server.blobs().length - server.sql('SELECT count(*) AS n FROM blob')[0].n;
    await server.idle();
    const start = strays(); // of the server that was killed, until a sweep
    for (let round = 0; round < 5; round++) {
        const bytes = noise(MB), half = MB / 2;
        const path = await create(bytes.length);
        async function* slowly() {
            for (let at = 0; at < half; at += 65536) {
                yield bytes.subarray(at, at + 65536);
                await sleep(10);
            }
        }
        const answers = (await Promise.all([patch(path, 0, slowly()), patch(path, 0, slowly()), patch(path, 0, slowly())])).map((one) => one.status);
        assert.deepEqual(answers.sort(), [204, 409, 409]);
        const ends = (await Promise.all([patch(path, half, bytes.subarray(half)), patch(path, half, bytes.subarray(half))])).map((one) => one.status);
        assert.deepEqual(ends.sort(), [204, 409]);
        assert.equal(sha256(await content(id_of(path))), sha256(bytes));
    }
    await server.idle();
    await until('no blob is left over', () => strays() === start);
});

test('an upload that is given up leaves nothing, through tus-js-client too', async () => {
    await server.idle(); // what was uploaded before is still being looked at
    const start = [server.blobs().length, rows()];
    const { upload, url } = await stuck(noise(60 * MB), 45 * MB);
    await upload.abort(true);
    assert.equal((await call('HEAD', url)).status, 404);
    await until('nothing is left', () => JSON.stringify([server.blobs().length, rows()]) === JSON.stringify(start), { limit_ms: 5000 });
});

test('what is no media is refused at its end, with all its parts', async () => {
    await server.idle(); // what was uploaded before is still being looked at
    const start = [server.blobs().length, rows()];
    const path = await create(1000);
    assert.equal((await patch(path, 0, Buffer.alloc(500, 'x'))).status, 204);
    const { status, json } = await patch(path, 500, Buffer.alloc(500, 'y'));
    assert.deepEqual([status, json.code], [400, 'UNSUPPORTED_MEDIA']);
    assert.equal((await call('HEAD', path)).status, 404);
    assert.deepEqual([server.blobs().length, rows()], start);
});

test('progress is told as for every upload', async () => {
    const bytes = picture();
    const path = await create(bytes.length, { 'Upload-Metadata': `filename ${base64('p.png')}` });
    const stream = ada.events(`/api/v1/files/${id_of(path)}/events`);
    await stream.opened;
    await patch(path, 0, bytes.subarray(0, 100));
    await patch(path, 100, bytes.subarray(100));
    await stream.ended;
    const told = stream.events.filter((one) => one.event === 'upload_progress').map((one) => one.data);
    assert.ok(told.some((one) => one.bytes_processed === 100 && one.progress > 0 && one.progress < 1), JSON.stringify(told));
    assert.deepEqual(told.at(-1), { file_id: id_of(path), progress: 1, bytes_processed: bytes.length });
    assert.equal(stream.events.at(-1).event, 'done');
});

test('an upload that nothing happens to expires', async () => {
    const short = await start_server({ env: { KINORA_UPLOAD_LIFETIME: '2' } });
    try {
        const client = await new Client(short).user('ada');
        const path = await create(1000, {}, client);
        assert.equal((await patch(path, 0, 'abc', {}, client)).status, 204);
        await sleep(2200);
        const gone = await patch(path, 3, 'def', {}, client);
        assert.deepEqual([gone.status, gone.json.code], [410, 'UPLOAD_EXPIRED']);
        assert.equal((await call('HEAD', path, {}, client)).status, 410);
        assert.equal((await call('DELETE', path, {}, client)).status, 204);
        assert.equal((await call('HEAD', path, {}, client)).status, 404);
        assert.deepEqual(short.blobs(), []);
    } finally {
        await short.remove();
    }
});
