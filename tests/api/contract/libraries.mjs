// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { multipart } from '../lib/client.mjs';
import { picture, wav } from '../lib/media.mjs';
import { bell, make_pack } from '../../libraries/lib/pack.mjs';
import { run, temporary } from '../lib/server.mjs';

export const title = 'the libraries of sounds, pictures and films of document 001';

const form = (file_name, bytes, fields = {}) => multipart([{ name: 'file', file_name, bytes },
    ...Object.entries(fields).map(([name, value]) => ({ name, value }))]);

export const bodies = { 'POST /api/v1/audio/{audioId}/favorite': { is_favorite: true } };

export async function steps({ server, root, ada }) {
    const added = async (kind, ...what) => (await ada.must(201, 'POST', `/api/v1/${kind}/upload`, undefined, form(...what))).data;
    const { audio } = await added('audio', 'Song.wav', wav(0.2), { title: 'Song', category: 'music' });
    await added('media', 'Wall.png', picture(), { title: 'Wall', category: 'Walls' });
    assert.equal((await ada.call('POST', '/api/v1/audio/upload', form('x.wav', picture()))).status, 400);
    await ada.must(200, 'POST', `/api/v1/audio/${audio.id}/favorite`, { is_favorite: true });
    const favourites = await ada.must(200, 'GET', '/api/v1/audio/library?type=favorites&category=music&search=SONG&page=1&limit=20');
    assert.deepEqual(favourites.data.audio.map(({ id, is_favorite }) => [id, is_favorite]), [[audio.id, true]]);
    assert.equal((await ada.must(200, 'GET', '/api/v1/media/library?type=image&source=uploaded&category=Walls')).data.media.length, 1);

    const folder = temporary('stock');
    make_pack(folder);
    assert.equal(run(['stock', 'import', folder, '--data', server.data], { env: server.env }).code, 0);
    const { data: { audio: [stock] } } = await ada.must(200, 'GET', '/api/v1/audio/library?type=stock');
    assert.equal((await ada.must(200, 'GET', `/api/v1/audio/library/${stock.id}`)).data.audio.title, stock.title);
    const { data: { media: [wall] } } = await ada.must(200, 'GET', '/api/v1/media/library?category=Walls');
    assert.deepEqual((await ada.must(200, 'GET', `/api/v1/media/library/${wall.id}`)).data.media.title, wall.title);
    const anyone = root.as(undefined);
    const { headers: { etag } } = await anyone.get(stock.url);
    for (const [headers, status] of [[{ Range: 'bytes=0-3' }, 206], [{ Range: 'bytes=999999999-' }, 416], [{ 'If-None-Match': etag }, 304], [{ 'If-Match': '"other"' }, 412]])
        assert.equal((await anyone.get(stock.url, { headers })).status, status);
    assert.equal((await anyone.get(stock.url.replace(stock.id, 'not-an-id'))).status, 400);

    // Videos and scenes may name what their owner may use.
    const free = await root.user('without-a-plan', { plan: 'free' }), told = ({ status, json }) => `${status} ${json.error}`;
    const { data: { video } } = await free.must(201, 'POST', '/api/v1/videos', { title: 'Mine' });
    const scenes = `/api/v1/videos/${video.id}/scenes`;
    const { data: { scene } } = await free.must(201, 'POST', scenes, {});
    for (const [id, answer] of [[audio.id, '404 MEDIA_NOT_FOUND'], [bell, '403 PLAN_REQUIRED']]) {
        assert.equal(told(await free.post('/api/v1/videos', { title: 'x', music: { audio_id: id } })), answer);
        assert.equal(told(await free.put(`/api/v1/videos/${video.id}`, { music: { audio_id: id } })), answer);
        assert.equal(told(await free.post(scenes, { background: { media_id: id } })), answer);
        assert.equal(told(await free.put(`${scenes}/${scene.id}`, { background: { media_id: id } })), answer);
        assert.equal(told(await free.post('/api/v1/videos/from-script', { script: `---\nmusic: ${id}\n---\n# One\n\nWords.` })), answer);
    }
}
