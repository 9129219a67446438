// SPDX-License-Identifier: GPL-3.0-or-later
// Content as RFC 9110 has it: ranges, conditions, names, and nothing that a browser would run.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { picture, silent_film, wav } from '../api/lib/media.mjs';
import { Server } from '../api/lib/server.mjs';

let server, ada, bytes, paths;

before(async () => {
    server = await Server.start();
    ada = await new Client(server).user('ada');
    bytes = wav(400); // 12.8 MB: two chunks
    const file = await ada.upload('sound.wav', bytes);
    const { data: { video } } = await ada.must(201, 'POST', '/api/v1/videos', { title: 'Film' });
    await ada.must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, { text: 'One', duration: 1 });
    const { data } = await ada.must(202, 'POST', `/api/v1/videos/${video.id}/render`, { quality: '480p' });
    await ada.job_end(data.job_id);
    const { data: { render } } = await ada.must(200, 'GET', `/api/v1/renders/${data.job_id}`);
    const film = (await ada.get(render.video_url)).bytes;
    paths = [[`/api/v1/files/${file.id}/content`, bytes], [file.content_url, bytes], [render.video_url, film]];
});
after(() => server.remove());

const get = (path, headers = {}) => ada.get(path, { headers });
const each = async (act) => {
    for (const [path, whole] of paths)
        await act(path, whole);
};
// The parts of a multipart/byteranges body: [{range, type, bytes}].
function parts_of({ headers, bytes: body }) {
    const [, boundary] = /^multipart\/byteranges; boundary=([0-9a-f]+)$/.exec(headers['content-type']);
    const delimiter = Buffer.from(`\r\n--${boundary}`);
    const found = [];
    assert.ok(body.subarray(-delimiter.length - 4).equals(Buffer.from(`${delimiter}--\r\n`)));
    for (let at = 0; ;) {
        assert.ok(body.subarray(at, at + delimiter.length).equals(delimiter));
        at += delimiter.length;
        if (body.subarray(at, at + 2).toString() === '--')
            return found;
        const end = body.indexOf('\r\n\r\n', at), next = body.indexOf(delimiter, end);
        const head = body.subarray(at, end).toString();
        found.push({ range: /Content-Range: bytes (.*)/.exec(head)[1].trim(), type: /Content-Type: (.*)/.exec(head)[1].trim(), bytes: body.subarray(end + 4, next) });
        at = next;
    }
}

test('several ranges come as parts, in the order they were asked for', () => each(async (path, whole) => {
    const last = whole.length - 1;
    const answer = await get(path, { Range: `bytes=100-199, 0-9,-5, ${last}-99999999999` });
    assert.equal(answer.status, 206);
    assert.equal(Number(answer.headers['content-length']), answer.bytes.length);
    assert.equal(answer.headers['content-range'], undefined);
    const parts = parts_of(answer);
    assert.deepEqual(parts.map((one) => one.range), [`100-199/${whole.length}`, `0-9/${whole.length}`, `${last - 4}-${last}/${whole.length}`]);
    const { headers: { 'content-type': type } } = await ada.call('HEAD', path);
    for (const [i, [from, to]] of [[100, 200], [0, 10], [last - 4, last + 1]].entries()) {
        assert.ok(parts[i].bytes.equals(whole.subarray(from, to)));
        assert.equal(parts[i].type, type);
    }
}));

test('ranges over the chunks of a large file are exact', async () => {
    const MB = 1 << 20;
    const spans = [[8 * MB - 10, 8 * MB + 10], [0, 100], [bytes.length - 300_000, bytes.length - 1], [3 * MB, 5 * MB]];
    const parts = parts_of(await get(paths[0][0], { Range: `bytes=${spans.map(([from, to]) => `${from}-${to}`)}` }));
    for (const [i, [from, to]] of spans.entries())
        assert.ok(parts[i].bytes.equals(bytes.subarray(from, to + 1)), `${from}`);
});

test('ranges that overlap or touch are one, those outside are passed over', () => each(async (path, whole) => {
    const size = whole.length;
    for (const [range, told] of [['0-99,50-149', `0-149/${size}`], ['0-9,10-19', `0-19/${size}`], ['10-19,0-9', `0-19/${size}`],
        [`${size}-,5-6`, `5-6/${size}`], ['0-,-1', `0-${size - 1}/${size}`]]) {
        const { status, headers } = await get(path, { Range: `bytes=${range}` });
        assert.deepEqual([status, headers['content-range']], [206, `bytes ${told}`], range);
    }
    const none = await get(path, { Range: `bytes=${size}-, ${size + 5}-${size + 9}` });
    assert.deepEqual([none.status, none.headers['content-range'], none.json.code], [416, `bytes */${size}`, 'RANGE_NOT_SATISFIABLE']);
    const many = Array.from({ length: 17 }, (_, i) => `${i * 10}-${i * 10 + 1}`);
    assert.equal((await get(path, { Range: `bytes=${many}` })).status, 200);
    assert.equal(parts_of(await get(path, { Range: `bytes=${many.slice(1)}` })).length, 16);
    for (const wrong of ['bytes=x', 'bytes=5-1', 'seconds=0-1', 'bytes=0-1;2-3', 'bytes'])
        assert.equal((await get(path, { Range: wrong })).status, 200, wrong);
}));

test('HEAD tells what GET would, without bytes, and knows no ranges', () => each(async (path, whole) => {
    const head = await ada.call('HEAD', path, { headers: { Range: 'bytes=0-1' } });
    assert.deepEqual([head.status, head.bytes.length, Number(head.headers['content-length']), head.headers['accept-ranges']], [200, 0, whole.length, 'bytes']);
    const { headers } = await get(path);
    for (const name of ['etag', 'last-modified', 'content-type', 'content-disposition'])
        assert.equal(head.headers[name], headers[name], name);
}));

test('If-Range takes the tag and the date, and nothing weaker', () => each(async (path) => {
    const { headers: { etag, 'last-modified': date } } = await ada.call('HEAD', path);
    const with_range = async (condition) => (await get(path, { Range: 'bytes=0-1,4-5', 'If-Range': condition })).status;
    assert.equal(await with_range(etag), 206);
    assert.equal(await with_range(date), 206);
    for (const other of [`W/${etag}`, '"x"', etag.slice(1, -1), new Date(Date.parse(date) + 1000).toUTCString(), new Date(0).toUTCString()])
        assert.equal(await with_range(other), 200, other);
}));

test('conditions are heeded in their order', () => each(async (path) => {
    const { headers: { etag, 'last-modified': date } } = await ada.call('HEAD', path);
    const later = new Date(Date.parse(date) + 5000).toUTCString(), earlier = new Date(Date.parse(date) - 5000).toUTCString();
    for (const [headers, status] of [[{ 'If-None-Match': etag }, 304], [{ 'If-None-Match': `W/${etag}` }, 304], [{ 'If-None-Match': `"x", ${etag}` }, 304],
        [{ 'If-None-Match': '*' }, 304], [{ 'If-None-Match': '"x"' }, 200], [{ 'If-None-Match': '' }, 200], [{ 'If-Modified-Since': date }, 304],
        [{ 'If-Modified-Since': later }, 304], [{ 'If-Modified-Since': earlier }, 200], [{ 'If-Modified-Since': 'yesterday' }, 200],
        [{ 'If-None-Match': '"x"', 'If-Modified-Since': later }, 200], [{ 'If-Match': etag }, 200], [{ 'If-Match': '"x"' }, 412],
        [{ 'If-Unmodified-Since': date }, 200], [{ 'If-Unmodified-Since': earlier }, 412], [{ 'If-Match': etag, 'If-Unmodified-Since': earlier }, 200],
        [{ 'If-None-Match': etag, Range: 'bytes=0-1' }, 304], [{ 'If-Match': '"x"', Range: 'bytes=0-1' }, 412]]) {
        const answer = await get(path, headers);
        assert.equal(answer.status, status, JSON.stringify(headers));
        if (status === 304)
            assert.deepEqual([answer.bytes.length, answer.headers.etag], [0, etag]);
    }
}));

test('names survive in headers, whatever is in them', async () => {
    for (const name of ['кино "1" 🎬.wav', "it's; filename=x.html", 'a\\b%41.wav', '<img src=x onerror=alert(1)>.wav', 'x'.repeat(255)]) {
        const { id, name: kept, content_url } = await ada.upload('x.wav', wav(0.1));
        assert.equal(kept, 'x.wav');
        const [{ media_id }] = await ada.must(200, 'GET', '/mediafiles?limit=1');
        const fits = !name.includes('\\');
        const { status } = await ada.put(`/mediafiles/${media_id}`, { file_name: name });
        assert.equal(status, fits ? 200 : 400, name);
        for (const path of [`/api/v1/files/${id}/content`, content_url]) {
            const { headers } = await get(path);
            const told = headers['content-disposition'];
            const [, quoted, extended] = /^inline; filename="([ !#$&-[\]-~]*)"; filename\*=UTF-8''([A-Za-z0-9._%-]+)$/.exec(told) ?? assert.fail(told);
            assert.equal(decodeURIComponent(extended), fits ? name : 'x.wav');
            assert.equal(quoted.includes('"'), false);
        }
    }
});

test('a file is shown or saved, as one asks', async () => {
    const { id, content_url } = await ada.upload('p.png', picture());
    for (const path of [`/api/v1/files/${id}/content?`, `${content_url}&`]) {
        assert.match((await get(path)).headers['content-disposition'], /^inline; /);
        assert.match((await get(`${path}download=1`)).headers['content-disposition'], /^attachment; filename="p.png"/);
        assert.match((await get(`${path}download=0`)).headers['content-disposition'], /^inline; /);
    }
    assert.equal((await get(`/api/v1/files/${id}/content?download=perhaps`)).status, 400);
});

test('a stored SVG can run nothing, and every content says what it is and is not sniffed', async () => {
    const svg = '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="30" height="30"><script>alert(1)</script><rect width="30" height="30"/></svg>';
    const file = await ada.upload('x.svg', svg);
    const film = await ada.upload('x.html', silent_film());
    for (const [one, type, shown] of [[file, 'image/svg+xml', false], [film, 'video/mp4', true]])
        for (const path of [`/api/v1/files/${one.id}/content`, one.content_url]) {
            const { headers } = await get(path);
            assert.equal(headers['content-type'], type);
            assert.equal(headers['x-content-type-options'], 'nosniff');
            assert.equal(headers['content-security-policy'], "default-src 'none'; sandbox");
            assert.match(headers['content-disposition'], shown ? /^inline/ : /^attachment/);
            assert.match(headers['cache-control'], /^private/);
        }
});
