// SPDX-License-Identifier: GPL-3.0-or-later
// What comes in through documents 000 and 004, and goes out again byte by byte.
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { Client, file_form, multipart } from '../api/lib/client.mjs';
import { picture, rich_inputs, silent_film, speech, wav } from '../api/lib/media.mjs';
import { sleep, until } from '../api/lib/server.mjs';
import { start_server } from './lib/store.mjs';

let server, ada;

before(async () => {
    server = await start_server();
    ada = await new Client(server).user('ada');
});
after(() => server.remove());

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const content = async (id) => (await ada.get(`/api/v1/files/${id}/content`)).bytes;
const faces = { '/mediafiles': (answer) => answer.uuid, '/api/v1/files/upload?transcribe=false': (answer) => answer.id };
// Nothing half-made: as many blobs and rows as before, and no file that is being written.
async function leaves_nothing(act) {
    const seen = async () => JSON.stringify([server.blobs(), server.sql('SELECT (SELECT count(*) FROM blob) AS b, (SELECT count(*) FROM media) AS m')]);
    await server.idle(); // what was uploaded before is still being looked at
    const start = await seen();
    await act();
    await until(`the store is as it was: ${start}`, async () => await seen() === start, { limit_ms: 5000 });
}

for (const [path, id_of] of Object.entries(faces)) {
    test(`a small file goes through ${path} and back, byte by byte`, async () => {
        for (const [name, bytes, type] of [['a.wav', wav(0.5), 'audio'], ['b.png', picture(), 'image'], ['c.mp4', silent_film(), 'video']]) {
            const answer = await ada.must(201, 'POST', path, undefined, file_form(name, bytes));
            assert.deepEqual([answer.media_type, answer.size_bytes], [type, bytes.length]);
            assert.equal(sha256(await content(id_of(answer))), sha256(bytes));
            assert.equal(sha256((await ada.as(undefined).get(answer.content_url)).bytes), sha256(bytes));
        }
    });

    test(`what is no media is refused by ${path}, whatever it is called`, () => leaves_nothing(async () => {
        for (const [name, bytes] of [['empty.wav', ''], ['text.wav', 'Only some words'], ['page.png', '<html><script>alert(1)</script></html>'],
            ['zip.mp4', Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(2000)])], ['noise.mp3', Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251))]]) {
            const { status, json } = await ada.call('POST', path, file_form(name, bytes));
            assert.equal(status, 400, name);
            assert.equal(json.code, 'UNSUPPORTED_MEDIA', name);
            assert.equal(json.details.field, 'file', name);
        }
    }));

    test(`a film that is called a text is a film for ${path}`, async () => {
        const answer = await ada.must(201, 'POST', path, undefined, file_form('notes.txt', silent_film(), 'text/plain'));
        assert.deepEqual([answer.media_type, answer.mime_type], ['video', 'video/mp4']);
    });

    test(`a multipart body that ends early or says nothing is refused by ${path}`, () => leaves_nothing(async () => {
        const whole = file_form('a.wav', wav(0.1));
        const { json: cut } = await ada.call('POST', path, { ...whole, body: whole.body.subarray(0, whole.body.length - 30) });
        assert.equal(cut.code, 'UPLOAD_INCOMPLETE');
        for (const wrong of [multipart([{ name: 'file', value: 'no file' }]), multipart([]), { body: '' },
            { body: whole.body, headers: { 'Content-Type': 'multipart/form-data' } },
            { body: whole.body, headers: { 'Content-Type': 'multipart/form-data; boundary=other' } },
            multipart([{ name: 'a', file_name: 'a.wav', bytes: wav(0.1) }, { name: 'b', file_name: 'b.wav', bytes: wav(0.1) }])])
            assert.equal((await ada.call('POST', path, wrong)).status, 400);
    }));
}

test('names cannot leave the library, and keep their markup', async () => {
    const named = async (name) => (await ada.upload(name, picture())).name;
    assert.equal(await named('../../../etc/passwd.png'), 'passwd.png');
    assert.equal(await named('C:\\Users\\x\\y.png'), 'y.png');
    assert.equal(await named('..'), 'file');
    assert.equal(await named("<img src=x onerror=alert(1)>' OR 1=1 --.png"), "<img src=x onerror=alert(1)>' OR 1=1 --.png");
    assert.equal(await named('кино 🎬.png'), 'кино 🎬.png');
    const long = await named('é'.repeat(7000));
    assert.ok(Buffer.byteLength(long) <= 255 && long.startsWith('éé') && !long.includes('\ufffd'));
    for (const path of ['../x', '/etc/passwd', 'a/../../b', 'a//b', 'a\\b', 'a\nb']) {
        const [file] = await ada.must(200, 'GET', '/mediafiles?limit=1');
        assert.equal((await ada.put(`/mediafiles/${file.media_id}`, { file_path: path })).status, 400, path);
    }
});

test('a name of 10,000 characters is cut', async () => {
    const { name } = await ada.upload('x'.repeat(10_000), picture());
    assert.equal(name, 'x'.repeat(255));
});

test('30 MB come in as chunks without a length and go out in ranges', async () => {
    const bytes = wav(960);
    assert.ok(bytes.length > 30_000_000);
    const form = file_form('long.wav', bytes);
    async function* pieces() {
        for (let at = 0; at < form.body.length; at += 50_001)
            yield form.body.subarray(at, at + 50_001);
    }
    const answer = await ada.must(201, 'POST', '/api/v1/files/upload?transcribe=false', undefined, { body: pieces(), headers: form.headers });
    assert.equal(answer.duration, 960);
    assert.equal(sha256(await content(answer.id)), sha256(bytes));
    const path = `/api/v1/files/${answer.id}/content`;
    const part = async (range, more = {}) => ada.get(path, { headers: { Range: `bytes=${range}`, ...more } });
    for (const [range, from, to] of [['0-0', 0, 0], ['1000000-2000000', 1_000_000, 2_000_000], ['-500', bytes.length - 500, bytes.length - 1],
        [`${bytes.length - 1}-`, bytes.length - 1, bytes.length - 1], ['65535-65536', 65535, 65536], ['5-99999999999', 5, bytes.length - 1]]) {
        const { status, headers: told, bytes: got } = await part(range);
        assert.equal(status, 206, range);
        assert.equal(told['content-range'], `bytes ${from}-${to}/${bytes.length}`);
        assert.equal(sha256(got), sha256(bytes.subarray(from, to + 1)), range);
    }
    const { headers: { etag } } = await ada.call('HEAD', path);
    assert.equal((await part('0-9', { 'If-Range': etag })).status, 206);
    assert.equal((await part('0-9', { 'If-Range': '"other"' })).status, 200);
    assert.equal((await part('9-0')).status, 200); // not a range at all
    assert.equal((await ada.get(path, { headers: { 'If-None-Match': etag } })).status, 304);
});

test('a client that stalls and goes away leaves nothing behind', () => leaves_nothing(async () => {
    const { body, headers } = file_form('a.wav', wav(60));
    for (const length of [`Content-Length: ${body.length}`, 'Transfer-Encoding: chunked']) {
        const socket = net.connect(server.port, '127.0.0.1');
        socket.write(`POST /api/v1/files/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ada.token}\r\n${length}\r\nContent-Type: ${headers['Content-Type']}\r\n\r\n`);
        const half = body.subarray(0, body.length / 2);
        socket.write(length.startsWith('Content') ? half : Buffer.concat([Buffer.from(`${half.length.toString(16)}\r\n`), half, Buffer.from('\r\n')]));
        await sleep(700);
        socket.destroy();
    }
}));

test('an upload that is too large is refused at once, by its length or when it gets there', async () => {
    const small = await start_server({ env: { KINORA_MAX_UPLOAD_BYTES: '100000' } });
    try {
        const client = await new Client(small).user('ada');
        const { headers, body } = file_form('a.wav', wav(100));
        for (const path of Object.keys(faces)) {
            const told = await client.call('POST', path, { headers: { ...headers, 'Content-Length': '99999999999' }, body: body.subarray(0, 100), agent: undefined })
                .catch((error) => assert.fail(`${path}: ${error}`));
            assert.equal(told.status, 413);
            async function* pieces() {
                yield body.subarray(0, 50_000);
                yield body.subarray(50_000, 200_000);
                yield body.subarray(200_000);
            }
            const late = await client.call('POST', path, { headers, body: pieces() }).catch((error) => ({ error }));
            // The server may close while the rest is still being sent.
            assert.ok(late.status === 413 || /EPIPE|ECONNRESET/.test(late.error?.code), `${path}: ${late.status} ${late.error}`);
        }
        assert.deepEqual(small.blobs(), []);
        assert.equal((await client.must(200, 'GET', '/api/v1/files')).total, 0);
    } finally {
        await small.remove();
    }
});

test('a body of JSON over 1 MiB is 413 for every route that takes one', async () => {
    const document = await ada.document();
    for (const [path, methods] of Object.entries(document.paths))
        for (const [method, operation] of Object.entries(methods)) {
            const [type] = Object.keys(operation.requestBody?.content ?? {});
            if (!/json|urlencoded/.test(type))
                continue;
            const { status } = await ada.call(method.toUpperCase(), path.replace(/\{[^}]+\}/g, randomUUID()),
                { body: '1'.padEnd((1 << 20) + 1), headers: { 'Content-Type': type } });
            assert.equal(status, 413, `${method} ${path}`);
        }
});

test('the events of an upload are told from its start to the end of its transcription', async () => {
    const id = randomUUID();
    const path = `/api/v1/files/${id}/events`;
    const stream = ada.events(path); // before there is anything
    await stream.opened;
    const { headers, body } = file_form('speech.wav', speech());
    async function* slowly() {
        for (let at = 0; at < body.length; at += 5_000) {
            yield body.subarray(at, at + 5_000);
            await sleep(300);
        }
    }
    const sent = await ada.must(201, 'POST', `/api/v1/files/upload?file_id=${id}&size=${body.length}`, undefined, { headers, body: slowly() });
    assert.equal(sent.id, id);
    await ada.job_end(sent.job_id);
    await until('the stream ends', () => stream.events.at(-1)?.event === 'done', { limit_ms: 5000 });
    await stream.ended;
    const names = stream.events.map((one) => one.event);
    assert.deepEqual([...new Set(names)], ['upload_progress', 'job_progress', 'done']);
    const uploads = stream.events.filter((one) => one.event === 'upload_progress').map((one) => one.data);
    assert.ok(uploads.length >= 5, JSON.stringify(uploads));
    for (const [i, one] of uploads.entries()) {
        assert.deepEqual(Object.keys(one), ['file_id', 'progress', 'bytes_processed']);
        assert.ok(one.file_id === id && one.progress >= 0 && one.progress <= 1);
        assert.ok(i === 0 || (one.progress >= uploads[i - 1].progress && one.bytes_processed >= uploads[i - 1].bytes_processed));
    }
    assert.equal(uploads.at(-1).progress, 1);
    assert.equal(uploads.at(-1).bytes_processed, speech().length);
    const done = stream.events.at(-1);
    assert.deepEqual([done.data.status, done.data.job_id], ['completed', sent.job_id]);

    // Whoever comes late, or again, misses no change.
    const late = ada.events(path);
    await late.opened;
    await late.ended;
    assert.equal(late.events.at(-1).event, 'done');
    const first = late.events.find((one) => one.event === 'job_progress' && one.id); // progress alone has no id
    const again = ada.events(path, { last_event_id: first.id });
    await again.opened;
    await again.ended;
    const ids = again.events.filter((one) => one.id).map((one) => Number(one.id));
    assert.ok(ids.length && ids.every((number) => number > Number(first.id)), `${ids} after ${first.id}`);
    assert.equal(again.events.at(-1).event, 'done');
});

test('the stream of all events brings each change once, over a reconnect too', async () => {
    const first = ada.events('/api/v1/events');
    await first.opened;
    const one = await ada.upload('one.png', picture());
    await until('the first is told', () => first.events.some((event) => event.data.media_id === one.id));
    first.close();
    const two = await ada.upload('two.png', picture());
    const second = ada.events('/api/v1/events', { last_event_id: first.events.at(-1).id });
    await second.opened;
    const three = await ada.upload('three.png', picture());
    await until('the third is told', () => second.events.some((event) => event.data.media_id === three.id));
    second.close();
    const added = second.events.filter((event) => event.event === 'media:added').map((event) => event.data.media_id);
    assert.deepEqual(added, [two.id, three.id]);
});

test('files of all kinds from the wild are taken or refused, and none ends the server', async () => {
    const pid = server.pid;
    for (const file of rich_inputs('media')) {
        const bytes = fs.readFileSync(file);
        if (bytes.length > 20_000_000)
            continue;
        const { status, json } = await ada.call('POST', '/mediafiles', file_form(file.split('/').at(-1), bytes));
        assert.ok(status === 201 || (status === 400 && json.code === 'UNSUPPORTED_MEDIA'), `${file}: ${status} ${JSON.stringify(json)}`);
        if (status === 201)
            assert.equal(sha256(await content(json.uuid)), sha256(bytes), file);
    }
    assert.equal((await ada.get('/health')).status, 200);
    assert.equal(server.pid, pid);
});
