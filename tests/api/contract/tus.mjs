// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { picture } from '../lib/media.mjs';

export const title = 'resumable uploads';

const version = { 'Tus-Resumable': '1.0.0' };
const bytes_follow = { ...version, 'Upload-Offset': '0', 'Content-Type': 'application/offset+octet-stream' };
const path = '/api/v1/files/tus', one = `${path}/{upload_id}`;
export const headers = {
    [`POST ${path}`]: version,
    [`HEAD ${one}`]: version,
    [`PATCH ${one}`]: bytes_follow,
    [`DELETE ${one}`]: version,
    [`POST ${one}`]: { ...bytes_follow, 'X-HTTP-Method-Override': 'PATCH' },
};
export const exceptions = [[/ \/api\/v1\/files\/tus(\/\{upload_id\})? (410|412)$/, 'tus.test.mjs lets uploads expire and speaks other versions']];

export async function steps({ ada }) {
    const file = picture();
    const begin = (length, more = {}) => ada.call('POST', path, { ...more, headers: { ...version, 'Upload-Length': length, ...more.headers } });
    const post = async (at, body, more = {}) => (await ada.call('POST', at, { body, headers: { ...headers[`POST ${one}`], ...more } })).status;
    const patch = async (at, body, more = {}) => (await ada.call('PATCH', at, { body, headers: { ...bytes_follow, ...more } })).status;
    const wrong_sum = { 'Upload-Checksum': 'md5 AAAAAAAAAAAAAAAAAAAAAA==' };
    assert.equal((await ada.as(undefined).call('OPTIONS', path)).status, 204);
    assert.equal((await begin(0)).status, 400);
    assert.equal((await begin(9, { body: 'x' })).status, 415);
    assert.equal((await begin(9, { body: 'x', headers: { ...bytes_follow, ...wrong_sum } })).status, 460);
    const { status, headers: { location } } = await begin(file.length);
    assert.equal(status, 201);
    assert.equal((await ada.call('HEAD', location, { headers: version })).status, 200);
    for (const send of [patch, post]) {
        assert.equal(await send(location, 'x', { 'Upload-Offset': '5' }), 409);
        assert.equal(await send(location, 'x', { 'Content-Type': 'text/plain' }), 415);
        assert.equal(await send(location, 'x', wrong_sum), 460);
        assert.equal(await send(location, 'x', { 'Upload-Offset': 'x' }), 400);
    }
    assert.equal(await patch(location, file.subarray(0, 10)), 204);
    assert.equal(await post(location, file.subarray(10), { 'Upload-Offset': '10' }), 204);
    assert.equal(await post(location, '', { 'X-HTTP-Method-Override': 'PUT' }), 405);
    assert.equal((await ada.call('DELETE', location, { headers: version })).status, 204);
    await ada.must(200, 'DELETE', `/api/v1/files/${location.split('/').at(-1)}`);
}
