// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { wav } from '../lib/media.mjs';

export const title = 'what the web app asks for beyond the documents';

export const bodies = { 'POST /api/v1/keys/files/{file_id}/shares': { username: 'x' } };

export async function steps({ root, ada, bob }) {
    const file = await ada.upload('by-name.wav', wav(0.1));
    const shares = `/api/v1/keys/files/${file.id}/shares`;
    const { username, email } = await bob.must(200, 'GET', '/api/v1/users/me');
    assert.equal((await ada.post(shares, { username: 'nobody-of-this-name' })).status, 404);
    assert.equal((await ada.post(shares, {})).status, 400);
    assert.equal((await ada.must(201, 'POST', shares, { username })).username, username);
    assert.equal((await ada.post(shares, { email })).status, 409);
    assert.equal((await bob.post(shares, { username })).status, 403);
    assert.equal((await ada.post(`/api/v1/keys/files/${randomUUID()}/shares`, { username })).status, 404);

    const list = async (who, type) => (await who.must(200, 'GET', `/api/v1/files?media_type=${type}&limit=1000`));
    for (const who of [ada, bob])
        assert.ok((await list(who, 'audio')).files.some((one) => one.id === file.id), 'own and shared files are both there');
    const images = await list(ada, 'image');
    assert.ok(images.files.every((one) => ['image', 'gif'].includes(one.media_type)));
    assert.equal(images.total, images.files.length);

    const told = await root.must(200, 'GET', '/api/v1/overview');
    assert.ok(told.users >= 3 && told.files >= 1 && told.disk_bytes >= told.disk_free_bytes);
    assert.ok(told.engines.some((one) => one.ready), 'an engine is there');
    assert.equal((await ada.get('/api/v1/overview')).status, 403);

    const before = (await bob.must(200, 'GET', '/api/v1/sessions')).sessions;
    assert.equal(before.filter((one) => one.current).length, 1);
    const again = await bob.as(null).must(200, 'POST', '/api/v1/auth/login', { username, password: 'bob-password' });
    const { sessions } = await bob.must(200, 'GET', '/api/v1/sessions');
    const other = sessions.find((one) => !before.some((old) => old.id === one.id));
    assert.equal((await ada.delete(`/api/v1/sessions/${other.id}`)).status, 404, 'another user cannot end it');
    await bob.must(200, 'DELETE', `/api/v1/sessions/${other.id}`);
    assert.equal((await bob.as(again.access_token).get('/api/v1/users/me')).status, 401);
    assert.equal((await bob.must(200, 'GET', '/api/v1/sessions')).sessions.length, before.length);
}
