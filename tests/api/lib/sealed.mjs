// SPDX-License-Identifier: GPL-3.0-or-later
// Opens stored files by docs/blob-format.md and keys by docs/keys.md, with nothing of Kinora: libsodium for the sealed
// box, node for AES-GCM, fzstd for the frames.
import assert from 'node:assert/strict';
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
export const sodium = require('libsodium-wrappers');
const { decompress } = require('fzstd');
await sodium.ready;

// An X25519 pair.
export const pair = () => sodium.crypto_box_keypair();
export const base64 = (bytes) => Buffer.from(bytes).toString('base64');

// The data key in an answer of /keys/files/{id}/key.
export const data_key = (answer, { publicKey, privateKey }) =>
    Buffer.from(sodium.crypto_box_seal_open(Buffer.from(answer.encrypted_key, 'base64'), publicKey, privateKey));

const [LAST, ZSTD, INDEX] = [1, 2, 4];

// One record at the start of `bytes`. Throws when it does not open.
export function open_record(bytes, key, id, number, flags) {
    const [plain_size, sealed_size, found] = [0, 4, 8].map((at) => bytes.readUInt32LE(at));
    assert.equal(found & ~ZSTD, flags);
    const bound = Buffer.alloc(36);
    bound.writeUInt32LE(1, 0);
    id.copy(bound, 4);
    bound.writeBigUInt64LE(number, 20);
    bound.writeUInt32LE(plain_size, 28);
    bound.writeUInt32LE(found, 32);
    const sealed = bytes.subarray(24, 24 + sealed_size);
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(12, 24)).setAAD(bound).setAuthTag(sealed.subarray(-16));
    const plain = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
    const content = found & ZSTD ? Buffer.from(decompress(plain)) : plain;
    assert.equal(content.length, plain_size);
    return { content, compressed: Boolean(found & ZSTD) };
}

// The whole file: {content, compressed: [of each chunk], offsets, id}.
export function open_sealed(bytes, key) {
    assert.equal(bytes.toString('latin1', 0, 8), 'KINOBLOB');
    assert.deepEqual([bytes.readUInt32LE(8), bytes.readUInt32LE(12)], [1, 8388608]);
    const id = bytes.subarray(16, 32);
    assert.equal(bytes.toString('latin1', bytes.length - 4), 'KIDX');
    const index_at = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
    const { content: index } = open_record(bytes.subarray(index_at), key, id, 0xffffffffffffffffn, INDEX);
    const count = (index.length - 40) / 8;
    const offsets = Array.from({ length: count }, (_, i) => Number(index.readBigUInt64LE(40 + i * 8)));
    const chunks = offsets.map((at, i) => open_record(bytes.subarray(at), key, id, BigInt(i), i + 1 === count ? LAST : 0));
    const content = Buffer.concat(chunks.map((chunk) => chunk.content));
    assert.equal(BigInt(content.length), index.readBigUInt64LE(0));
    assert.deepEqual(createHash('sha256').update(content).digest(), index.subarray(8, 40));
    return { content, compressed: chunks.map((chunk) => chunk.compressed), offsets, id };
}

// What the master key seals: nonce, ciphertext, tag under HKDF-SHA256 of it and the purpose.
const purpose_key = (master, purpose) => Buffer.from(hkdfSync('sha256', master, '', `kinora ${purpose}`, 32));
export function seal(master, purpose, bound, plain) {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', purpose_key(master, purpose), nonce).setAAD(Buffer.from(bound));
    return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}
export function unseal(master, purpose, bound, sealed) {
    const decipher = createDecipheriv('aes-256-gcm', purpose_key(master, purpose), sealed.subarray(0, 12))
        .setAAD(Buffer.from(bound)).setAuthTag(sealed.subarray(-16));
    return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
}
