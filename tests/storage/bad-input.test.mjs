// SPDX-License-Identifier: GPL-3.0-or-later
// What nobody should send, to every face that takes files: a clear answer, and nothing left of it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { Client, file_form, multipart } from '../api/lib/client.mjs';
import { made, picture, rich_inputs, silent_film, wav } from '../api/lib/media.mjs';
import { Server, sleep, until } from '../api/lib/server.mjs';

let server, ada;

before(async () => {
    server = await Server.start({ env: { KINORA_STALL_TIMEOUT: '2' } });
    ada = await new Client(server).user('ada');
});
after(() => server.remove());

const faces = ['/mediafiles', '/api/v1/files/upload?transcribe=false'];
// As many blobs, half-written files, rows, sockets and open files as before.
async function leaves_nothing(act) {
    const seen = () => JSON.stringify([server.blobs().sort(), server.sql(`SELECT (SELECT count(*) FROM blob) AS blobs, (SELECT count(*) FROM media) AS media,
        (SELECT count(*) FROM job) AS jobs, (SELECT count(*) FROM event) AS events`)]);
    await server.idle(); // what was uploaded before is still being looked at
    const files = () => fs.readdirSync(`/proc/${server.pid}/fd`).length;
    const start = seen(), open = files(), { pid } = server;
    await act();
    await until('the store is as it was', () => seen() === start, { limit_ms: 10_000 }).catch(() => assert.equal(seen(), start));
    // Threads and children made on the way keep a few.
    await until(`${open} open files, not ${files()}`, () => files() <= open + 12, { limit_ms: 10_000 });
    assert.equal(server.child.exitCode, null);
    assert.equal(server.pid, pid);
}
const refused = async (path, form, code, what) => {
    const { status, json } = await ada.call('POST', path, form);
    assert.deepEqual([status, json.code], [400, code], what);
    assert.ok(json.message.length > 10 && !/\/|0x|SQL|errno/i.test(json.message.replaceAll('multipart/form-data', '')), json.message);
};
// Bytes as they are to stand on the socket; resolves to all that came back when the server closed.
function raw(path, headers, body, { end = false, limit_ms = 15_000 } = {}) {
    return new Promise((resolve, reject) => {
        const socket = net.connect(server.port, '127.0.0.1');
        const start = Date.now(), came = [];
        const timer = setTimeout(() => reject(new Error(`still open after ${limit_ms} ms`)), limit_ms);
        socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ada.token}\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`);
        socket.write(body);
        if (end)
            socket.end();
        socket.on('data', (part) => came.push(part)).on('error', () => {}).on('close', () => {
            clearTimeout(timer);
            resolve({ text: Buffer.concat(came).toString('latin1'), after_ms: Date.now() - start });
        });
    });
}
const typed = (form) => `Content-Type: ${form.headers['Content-Type']}`;

for (const path of faces) {
    test(`no bytes, no file, two files, no form: ${path} says what is missing`, () => leaves_nothing(async () => {
        await refused(path, file_form('a.wav', ''), 'UNSUPPORTED_MEDIA', 'no bytes');
        await refused(path, multipart([{ name: 'file', value: 'just text' }]), 'VALIDATION_ERROR', 'no file');
        await refused(path, multipart([]), 'VALIDATION_ERROR', 'no part');
        await refused(path, multipart([{ name: 'a', file_name: 'a.wav', bytes: wav(1) }, { name: 'b', file_name: 'b.wav', bytes: wav(1) }]), 'VALIDATION_ERROR', 'two files');
        await refused(path, { body: JSON.stringify({ file: 'x' }), headers: { 'Content-Type': 'application/json' } }, 'VALIDATION_ERROR', 'JSON');
        await refused(path, { body: wav(1), headers: { 'Content-Type': 'audio/wav' } }, 'VALIDATION_ERROR', 'the file itself');
        await refused(path, { body: 'x', headers: { 'Content-Type': `multipart/form-data; boundary=${'b'.repeat(71)}` } }, 'VALIDATION_ERROR', 'a long boundary');
        await refused(path, { body: '--b\r\n\r\nx\r\n--b--', headers: { 'Content-Type': 'multipart/form-data; boundary=b' } }, 'VALIDATION_ERROR', 'a part without a name');
        await refused(path, { body: `--b\r\nX: ${'y'.repeat(40_000)}`, headers: { 'Content-Type': 'multipart/form-data; boundary=b' } }, 'VALIDATION_ERROR', 'an endless head');
    }));

    test(`a form cut off anywhere is incomplete for ${path}`, () => leaves_nothing(async () => {
        const { body, headers } = file_form('a.wav', wav(0.2));
        for (const size of [1, 20, 60, 100, 150, 1000, body.length - 60, body.length - 5])
            assert.equal((await ada.call('POST', path, { body: body.subarray(0, size), headers })).status, 400, `${size} of ${body.length}`);
    }));

    test(`a length that is not true does no harm to ${path}`, () => leaves_nothing(async () => {
        const form = file_form('a.wav', wav(0.2));
        const { text: short } = await raw(path, [typed(form), `Content-Length: ${form.body.length - 1000}`], form.body, { end: true });
        assert.match(short, /^HTTP\/1.1 400 /);
        assert.match(short, /UPLOAD_INCOMPLETE/);
        assert.ok(!/ 20[01] /.test(short), short);
        await raw(path, [typed(form), `Content-Length: ${form.body.length + 1000}`], form.body, { end: true });
        for (const wrong of ['-1', '1e5', '0x10', '5, 6', ''])
            assert.match((await raw(path, [typed(form), `Content-Length: ${wrong}`], form.body, { end: true })).text, /^HTTP\/1.1 400 /, wrong);
        const both = await raw(path, [typed(form), 'Content-Length: 10', 'Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\n\r\n', { end: true });
        assert.match(both.text, /^HTTP\/1.1 400 /);
        const broken = await raw(path, [typed(form), 'Transfer-Encoding: chunked'], Buffer.concat([Buffer.from(`${form.body.length.toString(16)}\r\n`), form.body, Buffer.from('XX')]), { end: true });
        assert.match(broken.text, /^HTTP\/1.1 400 /);
    }));

    test(`a client that stalls is cut off by ${path} after its time`, () => leaves_nothing(async () => {
        const form = file_form('a.wav', wav(2));
        await Promise.all([`Content-Length: ${form.body.length}`, 'Transfer-Encoding: chunked'].map(async (length) => {
            const start = length.startsWith('T') ? Buffer.from('100000\r\n') : Buffer.alloc(0);
            const { after_ms, text } = await raw(path, [typed(form), length], Buffer.concat([start, form.body.subarray(0, 30_000)]));
            assert.ok(after_ms >= 1900 && after_ms < 6000, `${after_ms} ms`);
            assert.ok(!/ 20[01] /.test(text));
        }));
    }));

    test(`a client that is slow is not cut off by ${path}`, async () => {
        const form = file_form('a.wav', wav(1));
        async function* slowly() {
            for (let at = 0; at < form.body.length; at += 8_000) {
                yield form.body.subarray(at, at + 8_000);
                await sleep(800);
            }
        }
        await ada.must(201, 'POST', path, undefined, { headers: form.headers, body: slowly() });
    });

    test(`lines that break leave nothing with ${path}`, () => leaves_nothing(async () => {
        const form = file_form('a.wav', wav(30));
        await Promise.all(Array.from({ length: 20 }, async (_, i) => {
            const socket = net.connect(server.port, '127.0.0.1');
            socket.on('error', () => {});
            socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ada.token}\r\n${typed(form)}\r\nContent-Length: ${form.body.length}\r\n\r\n`);
            socket.write(form.body.subarray(0, i * 40_000));
            await sleep(i * 20);
            if (i % 2)
                socket.resetAndDestroy?.() ?? socket.destroy();
            else
                socket.destroy();
        }));
    }));

    test(`a name with NUL or broken UTF-8 is refused by ${path}, any other is made harmless`, async () => {
        for (const bytes of [[0x61, 0, 0x62], [0xff, 0xfe], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0xaf]]) {
            const name = Buffer.from(bytes).toString('latin1');
            const { body, headers } = multipart([{ name: 'file', file_name: 'NAME', bytes: picture() }]);
            const at = body.indexOf('NAME');
            const odd = Buffer.concat([body.subarray(0, at), Buffer.from(name, 'latin1'), body.subarray(at + 4)]);
            await refused(path, { body: odd, headers }, 'VALIDATION_ERROR', name);
        }
        const kept = async (name) => {
            const answer = await ada.must(201, 'POST', path, undefined, file_form(name, picture()));
            return answer.name ?? answer.file_name;
        };
        for (const [name, wanted] of [['../../etc/passwd', 'passwd'], ['..\\..\\x.png', 'x.png'], ['/', 'file'], ['', 'file'], ['.', 'file'], [' a b ', 'a b'],
            ['a\tb\x7f.png', 'ab.png'], ['<script>alert(1)<', '<script>alert(1)<'], ['"; DROP TABLE media; --'.replace('"', "'"), "'; DROP TABLE media; --"],
            ['x'.repeat(10_000), 'x'.repeat(255)], ['🎬'.repeat(2500), '🎬'.repeat(63)], ['%2e%2e%2fx', '%2e%2e%2fx'], ['CON', 'CON']])
            assert.equal(await kept(name), wanted, name.slice(0, 40));
    });
}

test('what is no media is refused, whatever its name and type say', () => leaves_nothing(async () => {
    const page = '<!DOCTYPE html><html><body><script>alert(1)</script></body></html>';
    const files = {
        page, script: '#!/bin/sh\nrm -rf /\n', php: '<?php system($_GET["x"]);', json: '{"a": 1}', text: 'A line.\n'.repeat(500),
        playlist: '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n', concat: "ffconcat version 1.0\nfile '/etc/passwd'\n",
        pdf: '%PDF-1.4\n1 0 obj\n<<>>\nendobj\n', zip: Buffer.concat([Buffer.from('PK\x03\x04\x14\0'), Buffer.alloc(3000)]),
        elf: fs.readFileSync('/bin/true'), gzip: Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, ...Buffer.alloc(200)]),
        zeros: Buffer.alloc(100_000), noise: Buffer.from(Array.from({ length: 20_000 }, (_, i) => (i * 7919 + (i >> 3)) % 251)),
        riff: Buffer.from('RIFF\xff\xff\xff\xffWAVEfmt ', 'latin1'), png: Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), jpeg: Buffer.from([0xff, 0xd8, 0xff, 0xe0]),
        ftyp: Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'), webp: Buffer.from('RIFF\x40\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\xff\xff\xff\xff\xff\xff', 'latin1'),
        half: silent_film().subarray(0, 500), cut: picture().subarray(0, 60),
    };
    for (const path of faces)
        for (const [name, bytes] of Object.entries(files))
            for (const [file_name, type] of [[`${name}.mp4`, 'video/mp4'], [`${name}.png`, 'image/png']])
                await refused(path, file_form(file_name, bytes, type), 'UNSUPPORTED_MEDIA', file_name);
}));

test('a type is what the content is', async () => {
    const kinds = [[made('x.flac', '-f', 'lavfi', '-i', 'sine=d=1'), 'audio', 'audio/flac'], [made('x.ogg', '-f', 'lavfi', '-i', 'sine=d=1'), 'audio', 'audio/ogg'],
        [made('x.opus', '-f', 'lavfi', '-i', 'sine=d=1'), 'audio', 'audio/ogg'], [made('x.mp3', '-f', 'lavfi', '-i', 'sine=d=1'), 'audio', 'audio/mpeg'],
        [made('x.m4a', '-f', 'lavfi', '-i', 'sine=d=1'), 'audio', 'audio/mp4'], [wav(0.2), 'audio', 'audio/wav'],
        [made('x.webm', '-f', 'lavfi', '-i', 'testsrc=s=64x64:d=1:r=5', '-c:v', 'libvpx'), 'video', 'video/webm'],
        [made('x.mkv', '-f', 'lavfi', '-i', 'testsrc=s=64x64:d=1:r=5'), 'video', 'video/x-matroska'],
        [made('x.avi', '-f', 'lavfi', '-i', 'testsrc=s=64x64:d=1:r=5'), 'video', 'video/x-msvideo'],
        [made('x.mov', '-f', 'lavfi', '-i', 'testsrc=s=64x64:d=1:r=5', '-pix_fmt', 'yuv420p'), 'video', 'video/quicktime'], [silent_film(), 'video', 'video/mp4'],
        [made('x.jpg', '-f', 'lavfi', '-i', 'testsrc=s=64x64', '-frames:v', '1'), 'image', 'image/jpeg'], [picture(), 'image', 'image/png'],
        [made('x.webp', '-f', 'lavfi', '-i', 'testsrc=s=64x64', '-frames:v', '1'), 'image', 'image/webp'],
        [made('x.gif', '-f', 'lavfi', '-i', 'testsrc=s=64x64:d=1:r=5'), 'gif', 'image/gif'],
        [made('x.webp', '-f', 'lavfi', '-i', 'testsrc=s=64x64:d=1:r=5', '-c:v', 'libwebp_anim'), 'gif', 'image/webp'],
        [made('x.avif', '-f', 'lavfi', '-i', 'testsrc=s=64x64', '-frames:v', '1', '-cpu-used', '8'), 'image', 'image/avif']];
    for (const path of faces)
        for (const [bytes, media_type, mime_type] of kinds) {
            const answer = await ada.must(201, 'POST', path, undefined, file_form('x.txt', bytes, 'text/html'));
            assert.deepEqual([answer.media_type, answer.mime_type], [media_type, mime_type]);
        }
});

test('hostile and broken files of the wild end no more than a child', async () => {
    const hostile = /fuzz_|broken|lottapixel|hls_named|json_named|zip_named|zero_bytes/;
    for (const file of rich_inputs('media').filter((name) => hostile.test(name)))
        for (const path of faces)
            await refused(path, file_form('holiday.mp4', fs.readFileSync(file), 'video/mp4'), 'UNSUPPORTED_MEDIA', file);
    assert.equal(server.child.exitCode, null);
    await ada.upload('after.png', picture());
});
