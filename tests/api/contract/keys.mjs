// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { file_form } from '../lib/client.mjs';
import { speech, wav } from '../lib/media.mjs';

export const title = 'keys and shares of document 004';

const public_key = Buffer.from(generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' }).x, 'base64url').toString('base64');

export const bodies = { 'PUT /api/v1/keys/me': { public_key } };

export async function steps({ ada, bob }) {
    const { user_id: bob_id, server_held } = await bob.must(200, 'GET', '/api/v1/keys/me');
    assert.equal(server_held, true);
    assert.equal((await bob.must(200, 'PUT', '/api/v1/keys/me', { public_key })).public_key, public_key);
    const file = await ada.must(201, 'POST', '/api/v1/files/upload', undefined, file_form('shared.wav', speech(2)));
    await ada.job_end(file.job_id);
    const keys = `/api/v1/keys/files/${file.id}`;
    const key = await ada.must(200, 'GET', `${keys}/key`);
    assert.equal(Buffer.from(key.encrypted_key, 'base64').length, 80);
    assert.equal((await ada.must(201, 'POST', `${keys}/shares/${bob_id}`)).user_id, bob_id);
    assert.equal((await ada.post(`${keys}/shares/${bob_id}`)).status, 409);
    assert.deepEqual((await ada.must(200, 'GET', `${keys}/shares`)).shares.map((one) => one.user_id), [bob_id]);
    assert.equal((await bob.must(200, 'GET', `${keys}/key`)).owner_id, key.owner_id);

    // Whom it is shared with only reads.
    const media = await bob.must(200, 'GET', `/mediafiles/${file.id}`);
    const text = (await bob.must(200, 'GET', '/transcriptions')).find((one) => one.media_id === media.media_id);
    for (const [method, path, json] of [
        ['PUT', `/mediafiles/${media.media_id}`, { file_name: 'x.wav' }],
        ['DELETE', `/mediafiles/${media.media_id}`],
        ['DELETE', `/api/v1/files/${file.id}`],
        ['POST', '/transcriptions', { media_id: media.media_id, text: 'x' }],
        ['PUT', `/transcriptions/${text.transcription_id}`, { text: 'x' }],
        ['DELETE', `/transcriptions/${text.transcription_id}`],
        ['POST', '/api/transcription/start', { mediaId: file.id }],
        ['GET', `${keys}/shares`],
        ['POST', `${keys}/shares/${key.owner_id}`],
        ['DELETE', `${keys}/shares/${key.owner_id}`],
    ])
        assert.equal((await bob.call(method, path, { json })).status, 403, `${method} ${path}`);

    const gone = await ada.must(200, 'DELETE', `${keys}/shares/${bob_id}?rotate=true`);
    await ada.job_end(gone.job_id);
    assert.equal((await bob.get(`${keys}/key`)).status, 404);
    // Range of what is stored.
    const stored = `/api/v1/files/${(await ada.upload('stored.wav', wav(0.1))).id}/content?sealed=1`;
    assert.equal((await ada.get(stored, { headers: { Range: 'bytes=0-7' } })).bytes.toString(), 'KINOBLOB');
    assert.equal((await ada.get(stored, { headers: { Range: 'bytes=999999999-' } })).status, 416);
}
