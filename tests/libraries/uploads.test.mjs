// SPDX-License-Identifier: GPL-3.0-or-later
// A user's own sounds, pictures and films: one record for every face, in the libraries too.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client, multipart } from '../api/lib/client.mjs';
import { made, picture, silent_film, wav } from '../api/lib/media.mjs';
import { Server, until } from '../api/lib/server.mjs';

let server, root, ada, bob;

before(async () => {
    server = await Server.start({ env: { KINORA_STOCK: '/nonexistent' } });
    root = await new Client(server).user('root');
    ada = await root.user('ada', { plan: 'pro' });
    bob = await root.user('bob');
});
after(() => server.remove());

const form = (file_name, bytes, fields = {}) => multipart([...Object.entries(fields).map(([name, value]) => ({ name, value })), { name: 'file', file_name, bytes }]);
const add = (who, kind, ...what) => who.call('POST', `/api/v1/${kind}/upload`, form(...what));
const list = async (who, path) => (await who.must(200, 'GET', `/api/v1/${path}`)).data;

test('a sound that is added is one record in every face', async () => {
    const told = (await add(ada, 'audio', 'Own song.wav', wav(1), { title: 'Größe', category: 'sound_effects' })).json;
    assert.equal(told.message, 'Audio uploaded successfully');
    const { audio } = told.data;
    assert.deepEqual([audio.title, audio.category, audio.source, audio.is_favorite, audio.tags], ['Größe', 'sound_effects', 'uploaded', false, []]);
    assert.ok(Math.abs(audio.duration - 1) < 0.01);
    assert.equal((await root.as(undefined).get(audio.url)).bytes.length, wav(1).length);
    assert.equal((await ada.must(200, 'GET', `/api/v1/files/${audio.id}`)).name, 'Own song.wav');
    assert.ok((await ada.must(200, 'GET', '/mediafiles')).some(({ uuid }) => uuid === audio.id));
    const { data: { video } } = await ada.must(201, 'POST', '/api/v1/videos', { title: 'x' });
    const { data: { scene } } = await ada.must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, { text: 'x' });
    const layer = await ada.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`, { type: 'audio', name: 'x', duration: 1, properties: { audio_id: audio.id } });
    assert.deepEqual(layer.data.warnings ?? [], []);
    const waiting = async () => (await list(ada, `audio/library?search=${encodeURIComponent('GRÖSSE')}`)).audio[0]?.waveform_url;
    assert.equal((await ada.get(await until('its waveform is made', waiting))).status, 200);
});

test('what came through another face is in the libraries', async () => {
    const song = await ada.upload('hymn.wav', wav(0.5));
    const image = await ada.upload('Holiday photo.png', picture());
    assert.deepEqual((await list(ada, 'audio/library?type=my&search=hymn')).audio.map(({ id, title, category }) => [id, title, category]), [[song.id, 'hymn', 'music']]);
    assert.deepEqual((await list(ada, 'media/library?search=holiday')).media.map(({ id, title, category, dimensions }) => [id, title, category, dimensions]),
        [[image.id, 'Holiday photo', 'uncategorized', { width: 320, height: 240 }]]);
    await ada.must(200, 'DELETE', `/api/v1/files/${image.id}`);
    assert.equal((await list(ada, 'media/library?search=holiday')).pagination.total_items, 0);
});

test('titles and categories have defaults, and films and moving pictures their kinds', async () => {
    const { media: film } = (await add(ada, 'media', 'My film.mp4', silent_film())).json.data;
    assert.deepEqual([film.type, film.title, film.category, film.source, film.dimensions], ['video', 'My film', 'uncategorized', 'uploaded', { width: 160, height: 120 }]);
    const gif = made('x.gif', '-f', 'lavfi', '-i', 'testsrc=s=64x64:d=0.5:r=5');
    assert.equal((await add(ada, 'media', 'x.bin', gif, { category: 'Funny' })).json.data.media.type, 'gif');
    assert.deepEqual((await list(ada, 'media/library?type=gif&category=FUNNY&source=uploaded')).media.map(({ title }) => title), ['x']);
    assert.deepEqual((await list(ada, 'media/library?type=all&limit=1&page=2')).pagination, { current_page: 2, total_pages: 2, total_items: 2, items_per_page: 1 });
});

test('a favourite is the caller\'s, of what the caller may use, and goes with the sound', async () => {
    const { audio: { id } } = (await add(ada, 'audio', 'x.wav', wav(0.3))).json.data;
    assert.equal((await bob.post(`/api/v1/audio/${id}/favorite`, { is_favorite: true })).json.error, 'AUDIO_NOT_FOUND');
    await ada.must(200, 'POST', `/api/v1/audio/${id}/favorite`, { is_favorite: true });
    await ada.must(201, 'POST', `/api/v1/keys/files/${id}/shares/${bob.me.uuid}`, {});
    assert.deepEqual((await list(bob, 'audio/library')).audio.map((one) => [one.id, one.is_favorite]), [[id, false]]);
    assert.equal((await list(bob, 'audio/library?type=my')).audio.length, 0);
    await bob.must(200, 'POST', `/api/v1/audio/${id}/favorite`, { is_favorite: true });
    await ada.must(200, 'DELETE', `/api/v1/keys/files/${id}/shares/${bob.me.uuid}`);
    assert.equal((await list(bob, 'audio/library?type=favorites')).audio.length, 0);
    await ada.must(200, 'DELETE', `/api/v1/files/${id}`);
    assert.equal((await list(ada, 'audio/library?type=favorites')).pagination.total_items, 0);
});

test('what is no sound, no picture, or wrongly described is refused and leaves nothing', async () => {
    const before = (await list(ada, 'audio/library')).pagination.total_items;
    const refused = async (kind, ...what) => {
        const { status, json } = await add(ada, kind, ...what);
        assert.equal(status, 400);
        return json;
    };
    assert.match((await refused('audio', 'x.mp3', picture())).message, /no sound/);
    assert.match((await refused('media', 'x.png', wav(0.2))).message, /is a sound/);
    assert.equal((await refused('audio', 'x.mp3', Buffer.from('not a sound at all'))).error, 'UNSUPPORTED_MEDIA');
    assert.match((await refused('audio', 'x.wav', wav(0.2), { category: 'noise' })).message, /sound_effects/);
    assert.match((await refused('media', 'x.png', picture(), { title: 'x'.repeat(256) })).message, /255/);
    assert.match((await refused('media', 'x.png', picture(), { category: 'x'.repeat(101) })).message, /100/);
    assert.equal((await refused('audio', 'x.wav', Buffer.alloc(0))).error, 'UNSUPPORTED_MEDIA');
    assert.equal((await list(ada, 'audio/library')).pagination.total_items, before);
});

test('a user goes with all that is in the libraries', async () => {
    const carl = await root.user('carl');
    const { audio } = (await add(carl, 'audio', 'x.wav', wav(0.2))).json.data;
    await carl.must(200, 'POST', `/api/v1/audio/${audio.id}/favorite`, { is_favorite: true });
    await add(carl, 'media', 'x.png', picture());
    await carl.must(201, 'POST', '/api/v1/avatars/generate', { name: 'Grace', look: {} });
    await root.must(200, 'DELETE', `/users/${carl.me.id}`);
    const rows = (table) => server.sql(`SELECT count(*) AS n FROM ${table} WHERE user_id = '${carl.me.uuid}'`)[0].n;
    for (const table of ['audio_library', 'audio_favorites', 'media_library', 'avatars', 'media'])
        assert.equal(rows(table), 0, table);
});
