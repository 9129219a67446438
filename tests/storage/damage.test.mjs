// SPDX-License-Identifier: GPL-3.0-or-later
// Stored files that somebody changed, with and without the key: a reader is told or cut off, and never sees other bytes.
// The format is read and written here from docs/blob-format.md alone.
import assert from 'node:assert/strict';
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client, send } from '../api/lib/client.mjs';
import { wav } from '../api/lib/media.mjs';
import { Server } from '../api/lib/server.mjs';

const CHUNK = 8 << 20, HEADER = 24, TAG = 16, LAST = 1, PACKED = 2, INDEX = 4;
const INDEX_NUMBER = 0xffffffffffffffffn;
let server, ada, film, short;

const u32 = (number) => { const bytes = Buffer.alloc(4); bytes.writeUInt32LE(number); return bytes; };
const u64 = (number) => { const bytes = Buffer.alloc(8); bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(number))); return bytes; };

// A stored file in parts: its records, each with what it says, and a way to seal others.
class Stored {
    constructor(id) {
        const [row] = server.sql(`SELECT blob.id, hex(blob.sealed_key) AS sealed FROM media JOIN blob ON blob.id = media.blob_id WHERE media.id = '${id}'`);
        this.id = row.id;
        this.file = path.join(server.data, 'blobs', row.id.slice(34), row.id);
        this.bytes = fs.readFileSync(this.file);
        const master = fs.readFileSync(path.join(server.data, 'keys', 'master.key'));
        const sealing = Buffer.from(hkdfSync('sha256', master, '', 'kinora blob key', 32));
        this.key = this.open(Buffer.from(row.sealed, 'hex'), row.id, sealing);
        const end = this.bytes.length - 8, index_at = end - this.bytes.readUInt32LE(end);
        this.index = this.open(this.bytes.subarray(index_at + 12, end), this.bound(INDEX_NUMBER, this.bytes.readUInt32LE(index_at), INDEX));
        this.offsets = Array.from({ length: (this.index.length - 40) / 8 }, (_, i) => Number(this.index.readBigUInt64LE(40 + i * 8)));
        this.records = this.offsets.map((at, i) => this.bytes.subarray(at, this.offsets[i + 1] ?? index_at));
    }

    bound(number, plain_size, flags) {
        return Buffer.concat([u32(1), Buffer.from(this.id.replaceAll('-', ''), 'hex'), u64(number), u32(plain_size), u32(flags)]);
    }

    open(sealed, bound, key = this.key) {
        const cipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12)).setAAD(Buffer.from(bound));
        cipher.setAuthTag(sealed.subarray(sealed.length - TAG));
        return Buffer.concat([cipher.update(sealed.subarray(12, sealed.length - TAG)), cipher.final()]);
    }

    record(number, plain_size, flags, body) {
        const nonce = randomBytes(12);
        const cipher = createCipheriv('aes-256-gcm', this.key, nonce).setAAD(this.bound(number, plain_size, flags));
        const sealed = Buffer.concat([cipher.update(body), cipher.final(), cipher.getAuthTag()]);
        return Buffer.concat([u32(plain_size), u32(sealed.length), u32(flags), nonce, sealed]);
    }

    // The whole file with other records, its index sealed properly.
    with_records(records) {
        let at = 32;
        const offsets = records.map((record) => (at += record.length) - record.length);
        const index = this.record(INDEX_NUMBER, 40 + offsets.length * 8, INDEX, Buffer.concat([this.index.subarray(0, 40), ...offsets.map(u64)]));
        return Buffer.concat([this.bytes.subarray(0, 32), ...records, index, u32(index.length), Buffer.from('KIDX')]);
    }
}

// A sound that does not shrink, so that every stored byte stands for one of its own.
function noise(seconds) {
    const bytes = wav(seconds);
    return Buffer.concat([bytes.subarray(0, 44), randomBytes(bytes.length - 44)]);
}

before(async () => {
    server = await Server.start();
    ada = await new Client(server).user('ada');
    const kept = async (bytes) => ({ bytes, ...await ada.upload('noise.wav', bytes) });
    film = await kept(noise(800)); // 25.6 MB, three full chunks and a rest
    short = await kept(noise(1));
    assert.ok(film.bytes.length > 3 * CHUNK);
});
after(() => server.remove());

// What a client gets of a whole file: {status, code} or {status, bytes} of what came before the end.
function download(file) {
    const url = new URL(server.origin);
    return new Promise((resolve, reject) => {
        http.get({ host: url.hostname, port: url.port, agent: false,
            path: `/api/v1/files/${file.id}/content`, headers: { Authorization: `Bearer ${ada.token}` } }, (response) => {
            const parts = [];
            const end = () => resolve({ status: response.statusCode, bytes: Buffer.concat(parts), complete: response.complete });
            response.on('data', (part) => parts.push(part)).on('end', end).on('error', end);
        }).on('error', reject);
    });
}

async function is_noticed(file, changed, what, good_bytes = 0) {
    const stored = new Stored(file.id);
    try {
        fs.writeFileSync(stored.file, changed(stored));
        const { status, bytes, complete } = await download(file);
        if (status === 200) {
            assert.ok(good_bytes > 0 && !complete, `${what}: a whole answer`);
            assert.ok(bytes.equals(file.bytes.subarray(0, bytes.length)) && bytes.length <= good_bytes, `${what}: other bytes`);
        } else {
            assert.equal(status, 500, what);
            assert.equal(JSON.parse(bytes).code, 'DATA_CORRUPT', what);
        }
    } finally {
        fs.writeFileSync(stored.file, stored.bytes);
    }
    assert.ok((await download(file)).bytes.equals(file.bytes), `${what}: it reads back when it is mended`);
}

test('the format is as its page says', () => {
    const stored = new Stored(film.id);
    assert.equal(stored.records.length, Math.ceil(film.bytes.length / CHUNK));
    assert.ok(stored.with_records(stored.records).subarray(32, 1000).equals(stored.bytes.subarray(32, 1000)));
    stored.records.forEach((record, i) => {
        const flags = record.readUInt32LE(8), size = Math.min(CHUNK, film.bytes.length - i * CHUNK);
        assert.equal(flags & LAST, i + 1 === stored.records.length ? LAST : 0);
        assert.equal(record.readUInt32LE(0), size);
        const body = stored.open(record.subarray(12), stored.bound(i, size, flags));
        if (flags & PACKED)
            assert.equal(body.readUInt32LE(0), 0xfd2fb528);
        else
            assert.ok(body.equals(film.bytes.subarray(i * CHUNK, i * CHUNK + size)));
    });
});

test('no two records have the same nonce', () => {
    const nonces = [film, short].flatMap(({ id }) => new Stored(id).records.map((record) => record.subarray(12, 24).toString('hex')));
    assert.equal(new Set(nonces).size, nonces.length);
});

test('a flipped bit at any place is noticed', async () => {
    const flipped = (at) => ({ bytes }) => { const copy = Buffer.from(bytes); copy[at < 0 ? copy.length + at : at] ^= 4; return copy; };
    for (const at of [0, 9, 20, 32, 36, 40, 45, 60, 5000, -1, -4, -9, -30])
        await is_noticed(short, flipped(at), `bit of byte ${at}`);
    const { offsets } = new Stored(film.id);
    await is_noticed(film, flipped(offsets[0] + 1000), 'bit of the first chunk');
    await is_noticed(film, flipped(offsets[2] + 1000), 'bit of the third chunk', 2 * CHUNK);
});

test('swapped, repeated and left out chunks are noticed', async () => {
    await is_noticed(film, (stored) => stored.with_records([stored.records[1], stored.records[0], ...stored.records.slice(2)]), 'swapped');
    await is_noticed(film, (stored) => stored.with_records([stored.records[0], stored.records[2], stored.records[1], ...stored.records.slice(3)]), 'swapped later', CHUNK);
    await is_noticed(film, (stored) => stored.with_records([stored.records[0], stored.records[0], ...stored.records.slice(2)]), 'repeated', CHUNK);
    await is_noticed(film, (stored) => stored.with_records(stored.records.slice(0, 3)), 'left out');
});

test('a cut file is noticed', async () => {
    for (const size of [0, 31, 32, 60, 1000])
        await is_noticed(short, ({ bytes }) => bytes.subarray(0, size), `cut to ${size}`);
    await is_noticed(film, ({ bytes }) => bytes.subarray(0, CHUNK), 'cut to a chunk');
    await is_noticed(short, ({ bytes }) => Buffer.concat([bytes, Buffer.from('x')]), 'a byte more');
});

test('chunks of another file are noticed', async () => {
    const other = new Stored(film.id);
    await is_noticed(short, () => other.bytes, 'another file');
    await is_noticed(short, (stored) => stored.with_records([other.records.at(-1)]), 'the last chunk of another file');
    await is_noticed(film, (stored) => stored.with_records([stored.records[0], new Stored(short.id).records[0], ...stored.records.slice(2)]), 'in the middle', CHUNK);
});

test('a missing file is told as damage', async () => {
    const stored = new Stored(short.id);
    fs.rmSync(stored.file);
    const { status, bytes } = await download(short);
    fs.writeFileSync(stored.file, stored.bytes);
    assert.equal(status, 500);
    assert.equal(JSON.parse(bytes).code, 'DATA_CORRUPT');
});

// Whoever a file is shared with has its key, and could seal this.
test('a decompression bomb that was sealed with the key is refused at no cost', async () => {
    const blocks = 16384; // of 128 KB each: 2 GB
    const frame = Buffer.alloc(6 + blocks * 4);
    frame.writeUInt32LE(0xfd2fb528, 0);
    frame[4] = 0; // no size told, a window follows
    frame[5] = 7 << 3; // 128 KB
    for (let i = 0; i < blocks; i++) {
        const word = ((i + 1 === blocks ? 1 : 0) | 1 << 1 | (128 << 10) << 3) >>> 0; // a byte that is repeated
        frame.writeUIntLE(word, 6 + i * 4, 3);
    }
    const peak = () => Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]) / 1024;
    const before_mb = peak();
    // Whatever plain size it claims, the rest of the file says another one or the frame does.
    await is_noticed(film, (stored) => stored.with_records([stored.record(0, CHUNK, PACKED, frame), ...stored.records.slice(1)]), 'bomb');
    await is_noticed(film, (stored) => stored.with_records([...stored.records.slice(0, 3),
        stored.record(3, stored.records[3].readUInt32LE(0), LAST | PACKED, frame)]), 'bomb at the end', 3 * CHUNK);
    await is_noticed(film, (stored) => stored.with_records([stored.record(0, 0x7fffffff, PACKED, frame), ...stored.records.slice(1)]), 'a larger size');
    assert.ok(peak() - before_mb < 64, `${before_mb} MB grew to ${peak()}`);
});

test('the server stands after all of this', async () => {
    assert.equal((await send(server.origin, 'GET', '/health')).status, 200);
});
