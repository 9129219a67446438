// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { multipart } from '../lib/client.mjs';
import { inspect, picture, speech } from '../lib/media.mjs';

export const title = "the avatars of document 001, and a user's own";

const form = (bytes, fields = {}) => multipart([{ name: 'file', file_name: 'Me.png', type: 'image/png', bytes },
    ...Object.entries(fields).map(([name, value]) => ({ name, value }))]);

export const bodies = { 'POST /api/v1/avatars/generate': { name: 'x', look: {} } };

export async function steps({ root, ada, bob }) {
    const { data: { avatars, pagination } } = await ada.must(200, 'GET', '/api/v1/avatars?gender=female&category=stock&search=AMY');
    assert.equal(pagination.total_items, 1);
    assert.equal(avatars[0].id, 'avatar-amy-casual');
    assert.ok(avatars[0].variations.some(({ id }) => id === 'avatar-amy-professional'));
    assert.equal((await ada.get('/api/v1/avatars?gender=robot')).status, 400);

    const anyone = ada.as(undefined);
    const thumbnail = await anyone.get(avatars[0].thumbnail_url);
    assert.equal(inspect(thumbnail.bytes).streams[0].width, 240);
    const film = await anyone.get(avatars[0].video_url);
    assert.deepEqual(inspect(film.bytes).streams.map(({ codec_type }) => codec_type).filter((type) => type !== 'data').sort(), ['audio', 'video']);
    assert.equal((await anyone.get(avatars[0].video_url, { headers: { Range: 'bytes=0-3' } })).status, 206);
    assert.equal((await anyone.get(avatars[0].video_url, { headers: { Range: 'bytes=999999999-' } })).status, 416);
    assert.equal((await anyone.get(avatars[0].video_url, { headers: { 'If-None-Match': film.headers.etag } })).status, 304);
    assert.equal((await anyone.get(avatars[0].video_url, { headers: { 'If-Match': '"other"' } })).status, 412);
    assert.equal((await anyone.get(avatars[0].video_url.replace('amy-casual', 'amy-evening'))).status, 404);

    assert.equal((await anyone.get('/content/avatar/avatar-finn/thumbnail.png')).status, 400);

    const look = { figure: 'adult', hair: 'bob', hair_color: '#A03030', glasses: 'round' };
    const { data: { avatar } } = await ada.must(201, 'POST', '/api/v1/avatars/generate', { name: 'Grâce Ünal', gender: 'female', look });
    assert.deepEqual(avatar.look, look);
    const wrong = await ada.post('/api/v1/avatars/generate', { name: 'x', look: { hair: 'mohawk', skin_color: 'red', wings: 2 } });
    assert.deepEqual(wrong.json.details.map(({ field }) => field).sort(), ['look.hair', 'look.skin_color', 'look.wings']);
    assert.equal((await anyone.get(avatar.preview_url)).status, 200);
    assert.equal((await ada.must(200, 'GET', `/api/v1/avatars/${avatar.id}`)).data.avatar.name, 'Grâce Ünal');
    assert.deepEqual((await ada.must(200, 'GET', `/api/v1/avatars?search=${encodeURIComponent('GRÂCE ü')}`)).data.avatars.map(({ id }) => id), [avatar.id]);
    assert.equal((await ada.must(200, 'GET', '/api/v1/avatars?search=gr_ce')).data.avatars.length, 0);
    assert.equal((await bob.get(`/api/v1/avatars/${avatar.id}`)).status, 404);

    const { data: { avatar: mine } } = await ada.must(201, 'POST', '/api/v1/avatars/upload', undefined, form(picture('blue'), { name: 'Me', gender: 'neutral' }));
    assert.equal(mine.source, 'custom');
    assert.equal((await anyone.get(mine.thumbnail_url)).status, 200);
    assert.equal((await ada.call('POST', '/api/v1/avatars/upload', form(speech()))).status, 400);
    const own = await ada.must(200, 'GET', '/api/v1/avatars?category=my');
    assert.deepEqual(own.data.avatars.map(({ id }) => id), [mine.id]);
    assert.equal((await ada.must(200, 'GET', '/api/v1/avatars?category=generated')).data.avatars[0].id, avatar.id);
    const last = (await ada.must(200, 'GET', '/api/v1/avatars?limit=3&page=4')).data;
    assert.equal(last.pagination.total_items, 11);
    assert.deepEqual(last.avatars.map(({ name }) => name).sort(), ['Grâce Ünal', 'Me']);

    // Premium ones need a plan.
    const free = await root.user('frugal', { plan: 'free' });
    const script = { script: 'Hello', title: 'x', voice_id: 'flite:slt', avatar_id: 'avatar-bolt-gold' };
    const refused = await free.post('/api/v1/videos/from-script', script);
    assert.equal(refused.json.error, 'PLAN_REQUIRED', refused.bytes);
    await ada.must(201, 'POST', '/api/v1/videos/from-script', script);

    assert.equal((await ada.call('DELETE', '/api/v1/avatars/avatar-finn')).status, 403);
    assert.equal((await ada.call('DELETE', `/api/v1/avatars/${randomUUID()}`)).status, 404);
    for (const { id } of [avatar, mine])
        await ada.must(200, 'DELETE', `/api/v1/avatars/${id}`);
    assert.equal((await anyone.get(mine.thumbnail_url)).status, 404);
}
