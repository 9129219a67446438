// SPDX-License-Identifier: GPL-3.0-or-later
// Files that mean harm, with all of ../shared/inputs/media where there is that folder: what is taken ends its jobs or
// fails them within a minute with a reason for people, and nothing else is touched.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import zlib from 'node:zlib';
import { after, before, test } from 'node:test';
import { Client, file_form } from '../api/lib/client.mjs';
import { made, rich_inputs, silent_film, speech, wav } from '../api/lib/media.mjs';
import { Server } from '../api/lib/server.mjs';

let server, ada, bob, theirs, listener, knocks = 0;
before(async () => {
    server = await Server.start();
    const root = await new Client(server).user('root');
    [ada, bob] = [await root.user('ada', { plan: 'business' }), await root.user('bob')];
    theirs = await bob.upload('theirs.wav', speech(), '?transcribe=true');
    await bob.job_end(theirs.job_id);
    listener = net.createServer((socket) => {
        knocks++;
        socket.destroy();
    });
    await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
});
after(async () => {
    listener?.close();
    await server.remove();
});

// A PNG of one colour: some hundred kilobytes that want gigabytes when they are opened.
function bomb(width, height) {
    const chunk = (type, data) => {
        const body = Buffer.concat([Buffer.from(type), data]), size = Buffer.alloc(4), sum = Buffer.alloc(4);
        size.writeUInt32BE(data.length);
        sum.writeUInt32BE(crc(body));
        return Buffer.concat([size, body, sum]);
    };
    const head = Buffer.alloc(13);
    head.writeUInt32BE(width, 0);
    head.writeUInt32BE(height, 4);
    head.set([8, 2, 0, 0, 0], 8);
    const rows = zlib.deflateSync(Buffer.alloc((1 + width * 3) * 64), { level: 9 });
    return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))]);
}
function crc(bytes) {
    let sum = ~0;
    for (const byte of bytes) {
        sum ^= byte;
        for (let bit = 0; bit < 8; bit++)
            sum = sum >>> 1 ^ (sum & 1 ? 0xedb88320 : 0);
    }
    return ~sum >>> 0;
}

// What somebody has of a recording: its bytes and its words.
async function spoken(client, { id, job_id }) {
    const { segments } = await client.must(200, 'GET', `/api/v1/transcriptions/${job_id}`);
    return { bytes: createHash('sha256').update((await client.get(`/api/v1/files/${id}/content`)).bytes).digest('hex'), words: segments.map(({ text }) => text) };
}

test('each ends or fails its own jobs within a minute, in words, reads no file and knocks at no door', async () => {
    const film = silent_film(), { port } = listener.address();
    const talk = made('talk.mkv', '-f', 'lavfi', '-i', 'testsrc=s=64x64:d=3:r=5', '-f', 'lavfi', '-i', 'sine=d=3', '-shortest');
    const list = (...lines) => Buffer.from(['#EXTM3U', '#EXT-X-TARGETDURATION:1', ...lines.flatMap((line) => ['#EXTINF:1,', line]), '#EXT-X-ENDLIST', ''].join('\n'));
    const noise = Buffer.from(talk);
    for (let at = 4000; at < noise.length; at += 61)
        noise[at] ^= 0x55;
    const files = new Map([['cut.mkv', talk.subarray(0, talk.length / 2)], ['cut.mp4', film.subarray(0, film.length * 0.7)], ['noise.mkv', noise],
        ['bomb.png', bomb(30000, 30000)], ['wide.png', bomb(2_000_000, 4)], ['list.m3u8', list('/etc/passwd', 'file:///etc/passwd')],
        ['door.m3u8', list(`http://127.0.0.1:${port}/x.ts`)], ['list.mp4', list(`http://127.0.0.1:${port}/x.mp4`)],
        ['concat.txt', Buffer.from(`ffconcat version 1.0\nfile '/etc/passwd'\nfile 'http://127.0.0.1:${port}/'\n`)],
        ['x.svg', Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/passwd"/><image href="http://127.0.0.1:${port}/x.png"/></svg>`)],
        ['lies.wav', Buffer.concat([wav(0.5).subarray(0, 40), Buffer.from([0xff, 0xff, 0xff, 0x7f]), wav(0.5).subarray(44)])]]);
    // Of those that are whole, words would only take time.
    const harmful = /fuzz_|broken|lottapixel|_named|zero_bytes|truncated|POC_|script|too_long|no_timescale|1x1/, rich = new Set();
    for (const file of rich_inputs('media')) {
        rich.add(path.basename(file));
        files.set(path.basename(file), fs.readFileSync(file));
    }
    const { pid } = server, taken = new Map(), before_ = await spoken(bob, theirs);
    for (const [name, bytes] of files) {
        const { status, json } = await ada.call('POST', `/api/v1/files/upload?transcribe=${harmful.test(name) || !rich.has(name)}`, file_form(name, bytes));
        assert.ok(status === 201 || (status === 400 && json.message.length > 10 && !/\/etc|0x|errno/.test(json.message)), `${name}: ${status} ${JSON.stringify(json)}`);
        if (status === 201)
            taken.set(json.id, name);
    }
    assert.ok(taken.size >= 2, 'some are good enough to be tried');
    // Beside them somebody else's work goes on, and what they had is as it was.
    const good = await bob.upload('good.wav', speech(), '?transcribe=true');
    await bob.job_end(good.job_id, { limit_ms: 600_000 });
    await server.idle({ limit_ms: 600_000 });
    assert.deepEqual(await spoken(bob, theirs), before_);
    assert.deepEqual((await spoken(bob, good)).words, before_.words);
    const jobs = server.sql(`SELECT j.kind, j.state, j.error_message AS why, (j.finished_at - j.started_at) / 1e6 AS took_s, m.file_name AS file, m.id
        FROM job j JOIN media m ON m.id = j.media_id WHERE j.parent IS NULL`);
    for (const [id, name] of taken)
        assert.ok(jobs.some((job) => job.id === id), `${name} was tried`);
    for (const { kind, state, why, took_s, file } of jobs.filter((job) => job.state !== 'completed')) {
        assert.ok(file !== 'good.wav' && file !== 'theirs.wav', `${kind} of ${file}: ${why}`);
        assert.equal(state, 'failed', `${kind} of ${file}`);
        assert.ok(took_s <= 60, `${kind} of ${file} took ${took_s} s`);
        assert.ok(/^[A-Z].{15,}/.test(why) && !/0x[0-9a-f]{4}|errno|SIG[A-Z]{3}|\/etc\//.test(why), `${kind} of ${file}: ${why}`);
    }
    assert.deepEqual(fs.readdirSync(path.join(server.data, 'scratch')), [], 'nothing is left of what they were worked on with');
    assert.equal(knocks, 0);
    assert.equal(server.pid, pid);
    assert.equal(server.child.exitCode, null);
    const secrets = fs.readFileSync('/etc/passwd', 'utf8').split('\n')[0];
    for (const table of ['media', 'job', 'transcription', 'segment', 'event'])
        assert.ok(!JSON.stringify(server.sql(`SELECT * FROM ${table}`)).includes(secrets), table);
});
