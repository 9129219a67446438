// SPDX-License-Identifier: GPL-3.0-or-later
// Everybody's stock: described by a pack, used where it is, in lists, layers, previews and films.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { inspect } from '../api/lib/media.mjs';
import { Server, run, temporary, until } from '../api/lib/server.mjs';
import { bell, make_pack, song, wall, waves } from './lib/pack.mjs';

let folder, server, root, ada, free;

before(async () => {
    folder = temporary('stock');
    make_pack(folder);
    server = await Server.start({ env: { KINORA_STOCK: folder } });
    root = await new Client(server).user('root');
    ada = await root.user('ada', { plan: 'pro' });
    free = await root.user('frugal');
});
after(async () => {
    await server.remove();
    fs.rmSync(folder, { recursive: true });
});

const sounds = async (query = '', who = ada) => (await who.must(200, 'GET', `/api/v1/audio/library${query}`)).data;
const pictures = async (query = '', who = ada) => (await who.must(200, 'GET', `/api/v1/media/library${query}`)).data;
const titles = ({ audio, media }) => (audio ?? media).map(({ title }) => title);

async function scene_of(who, title = 'Stock') {
    const { data: { video } } = await who.must(201, 'POST', '/api/v1/videos', { title, aspect_ratio: '16:9' });
    const { data: { scene } } = await who.must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, { text: '', duration: 1 });
    return { video, scene };
}

test('a pack is there from the first start, described as its file says', async () => {
    const { audio: [first, second], pagination } = await sounds('?type=stock');
    assert.equal(pagination.total_items, 2);
    assert.deepEqual([first.id, first.title, first.artist, first.duration, first.category, first.is_premium, first.is_favorite],
        [song, 'Ünder 100% Light', 'Kinora', 2, 'music', false, false]);
    assert.deepEqual(first.tags, ['warm', 'piano', 'Calm']);
    assert.deepEqual([second.category, second.is_premium], ['sound_effects', true]);
    const { media } = await pictures('?source=stock');
    assert.deepEqual(media.map(({ id, type, category }) => [id, type, category]), [[wall, 'image', 'Textures'], [waves, 'video', 'Nature']]);
    assert.deepEqual([media[0].dimensions, media[0].duration, media[1].duration], [{ width: 320, height: 240 }, null, 1]);
});

test('its files are served from where they are, in ranges, and nothing is copied', async () => {
    const { audio: [first] } = await sounds();
    const nobody = root.as(undefined), bytes = fs.readFileSync(path.join(folder, 'music/morning.wav'));
    const whole = await nobody.get(first.url);
    assert.deepEqual([whole.status, whole.headers['content-type']], [200, 'audio/wav']);
    assert.ok(whole.bytes.equals(bytes));
    const part = await nobody.get(first.url, { headers: { Range: 'bytes=100-199' } });
    assert.equal(part.status, 206);
    assert.ok(part.bytes.equals(bytes.subarray(100, 200)));
    assert.equal((await nobody.get(first.url, { headers: { Range: 'bytes=9999999-' } })).status, 416);
    assert.equal((await nobody.get(first.url, { headers: { 'If-None-Match': whole.headers.etag } })).status, 304);
    assert.equal((await nobody.get(first.waveform_url)).json.version, 2);
    assert.equal((await nobody.get(first.thumbnail_url)).headers['content-type'], 'image/png');
    assert.equal((await nobody.get(first.url.replace(/signature=./, 'signature=_'))).status, 404);
    assert.deepEqual(server.blobs(), []);
});

test('filters and search find literally and whatever the case', async () => {
    assert.deepEqual(titles(await sounds('?category=sound_effects')), ['Bell']);
    assert.deepEqual(titles(await sounds(`?search=${encodeURIComponent('üNDER 100%')}`)), ['Ünder 100% Light']);
    assert.deepEqual(titles(await sounds('?search=PIANO')), ['Ünder 100% Light']);
    assert.deepEqual(titles(await sounds('?search=kinora&limit=1&page=2')), ['Bell']);
    for (const nothing of ['%25%25', '_ell', 'B!ell'])
        assert.deepEqual(titles(await sounds(`?search=${nothing}`)), []);
    assert.deepEqual(titles(await pictures('?type=video')), ['Waves']);
    assert.deepEqual(titles(await pictures('?category=textures&search=BRICK')), ['Wall']);
    for (const wrong of ['audio/library?type=everything', 'audio/library?category=noise', 'audio/library?page=0', 'media/library?source=web', 'media/library?limit=0'])
        assert.equal((await ada.get(`/api/v1/${wrong}`)).status, 400, wrong);
});

test('favourites are each caller\'s own', async () => {
    await ada.must(200, 'POST', `/api/v1/audio/${song}/favorite`, { is_favorite: true });
    await ada.must(200, 'POST', `/api/v1/audio/${song}/favorite`, { is_favorite: true });
    assert.deepEqual(titles(await sounds('?type=favorites')), ['Ünder 100% Light']);
    assert.deepEqual((await sounds()).audio.map(({ is_favorite }) => is_favorite), [true, false]);
    assert.deepEqual((await sounds('', free)).audio.map(({ is_favorite }) => is_favorite), [false, false]);
    assert.deepEqual(titles(await sounds('?type=favorites', free)), []);
    await ada.must(200, 'POST', `/api/v1/audio/${song}/favorite`, { is_favorite: false });
    assert.deepEqual(titles(await sounds('?type=favorites')), []);
});

test('stock is drawn and heard in previews and films', async () => {
    const { video, scene } = await scene_of(ada);
    for (const layer of [{ type: 'media', properties: { media_id: wall } }, { type: 'media', properties: { media_id: waves, position: { x: 20, y: 20 }, scale: 0.3 } },
        { type: 'audio', properties: { audio_id: bell } }]) {
        const { data } = await ada.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`, { name: 'x', duration: 1, ...layer });
        assert.deepEqual(data.warnings ?? [], []);
    }
    const bare = await scene_of(ada, 'Empty');
    const preview = (one) => ada.get(`/api/v1/videos/${one.video.id}/scenes/${one.scene.id}/preview?t=0.5`);
    const [shown, empty] = [await preview({ video, scene }), await preview(bare)];
    assert.equal(shown.status, 200, shown.bytes);
    assert.ok(!shown.bytes.equals(empty.bytes));
    const { data: { job_id } } = await ada.must(202, 'POST', `/api/v1/videos/${video.id}/render`, { quality: '480p' });
    await ada.job_end(job_id);
    const { data: { render } } = await ada.must(200, 'GET', `/api/v1/renders/${job_id}`);
    const film = inspect((await ada.get(render.video_url)).bytes);
    assert.deepEqual(film.streams.map(({ codec_type }) => codec_type).filter((type) => type !== 'data').sort(), ['audio', 'video']);

    // A sound where a picture is wanted stops before anything is made.
    await ada.must(201, 'POST', `/api/v1/scenes/${bare.scene.id}/layers`, { name: 'x', duration: 1, type: 'media', properties: { media_id: song } });
    const wrong = await ada.must(202, 'POST', `/api/v1/videos/${bare.video.id}/render`, { quality: '480p' });
    assert.match((await ada.job_end(wrong.data.job_id, { state: 'failed' })).error, /no picture/);
});

test('premium stock needs a plan, when a layer is made and when it is changed', async () => {
    const { scene } = await scene_of(free);
    const layers = `/api/v1/scenes/${scene.id}/layers`;
    const refused = await free.post(layers, { type: 'audio', name: 'x', duration: 1, properties: { audio_id: bell } });
    assert.deepEqual([refused.status, refused.json.error], [403, 'PLAN_REQUIRED']);
    const { data: { layer } } = await free.must(201, 'POST', layers, { type: 'audio', name: 'x', duration: 1, properties: { audio_id: song } });
    assert.equal((await free.put(`/api/v1/layers/${layer.id}`, { properties: { audio_id: bell } })).json.error, 'PLAN_REQUIRED');
    await root.must(200, 'PUT', `/api/v1/users/${free.me.id}`, { plan: 'pro' });
    await until('the new plan is known', async () => (await free.put(`/api/v1/layers/${layer.id}`, { properties: { audio_id: bell } })).status === 200);
    await root.must(200, 'PUT', `/api/v1/users/${free.me.id}`, { plan: 'free' });
    await free.must(200, 'PUT', `/api/v1/layers/${layer.id}`, { name: 'What stands may stay' });
});

test('premium stock needs a plan wherever it can stand: backgrounds, music, watermark, logo, by id and by address', async () => {
    const poor = await root.user('poor'), { video, scene } = await scene_of(poor);
    const path = `/api/v1/videos/${video.id}`, url = (await ada.must(200, 'GET', '/api/v1/audio/library?type=stock')).data.audio.find(({ id }) => id === bell).url;
    const uses = [['put', path, { music: { audio_id: bell } }], ['put', path, { music: { audio_url: url } }], ['put', path, { watermark: { media_id: waves } }],
        ['put', path, { brand: { logo_media_id: waves } }], ['put', `${path}/scenes/${scene.id}`, { background: { media_id: waves } }],
        ['post', `${path}/scenes`, { background: { media_id: waves } }], ['post', '/api/v1/videos', { title: 'x', music: { audio_id: bell } }],
        ['post', `/api/v1/scenes/${scene.id}/layers`, { type: 'audio', name: 'x', duration: 1, properties: { audio_url: url } }],
        ['post', `/api/v1/scenes/${scene.id}/layers`, { type: 'media', name: 'x', duration: 1, properties: { media_id: waves, position: { x: 50, y: 50 }, size: { width: 100, height: 100 } } }]];
    for (const [method, where, body] of uses)
        assert.deepEqual([(await poor[method](where, body)).json.error, where], ['PLAN_REQUIRED', where], JSON.stringify(body));
    // To be seen and heard before one decides it is there for everybody.
    assert.equal((await poor.as(undefined).get(url)).status, 200);
    await root.must(200, 'PUT', `/api/v1/users/${poor.me.id}`, { plan: 'pro' });
    await until('the new plan is known', async () => (await poor.put(path, { music: { audio_id: bell } })).status === 200);
    for (const [method, where, body] of uses)
        assert.ok((await poor[method](where, body)).status < 300, JSON.stringify([method, where, body]));
    await root.must(200, 'PUT', `/api/v1/users/${poor.me.id}`, { plan: 'free' });
    await poor.must(200, 'PUT', path, { title: 'What stands may stay' });
});

test('a changed description is read at the next start, and favourites of what stays are kept', async () => {
    await ada.must(200, 'POST', `/api/v1/audio/${song}/favorite`, { is_favorite: true });
    make_pack(folder, (stock) => ({ ...stock, items: stock.items.filter(({ id }) => id !== wall).map((item) => item.id === song ? { ...item, title: 'Evening' } : item) }));
    await server.stop();
    await server.start();
    assert.deepEqual(titles(await sounds('?type=favorites')), ['Evening']);
    assert.deepEqual(titles(await pictures('?source=stock')), ['Waves']);
});

test('kinora stock adds a folder for everybody while the server runs, refuses what is wrong, and forgets', async () => {
    const other = temporary('pack'), data = ['--data', server.data];
    const again = (stock) => ({ ...stock, items: stock.items.map((item) => ({ ...item, id: item.id.replace('5700', '5701'), title: `${item.title} two` })) });
    make_pack(other, again);
    const done = run(['stock', 'import', other, ...data]);
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stderr, /4 items/);
    assert.ok(titles(await sounds()).includes('Bell two'));
    const { media } = await pictures('?search=wall%20two');
    assert.equal((await root.as(undefined).get(media[0].url)).status, 200);
    assert.match(run(['stock', 'list', ...data], { env: { KINORA_STOCK: folder } }).stdout, /^3\t.*\n4\t/m);

    const wrong = [
        [(stock) => stock, /id of another pack/],
        [(stock) => ({ ...again(stock), version: 7 }), /version 1/],
        [(stock) => ({ ...stock, items: [{ ...again(stock).items[0], file: '../morning.wav' }] }), /its file is not there/],
        [(stock) => ({ ...stock, items: [{ ...again(stock).items[0], size_bytes: 3 }] }), /size_bytes/],
        [(stock) => ({ ...stock, items: [again(stock).items[0], again(stock).items[0]] }), /twice/],
        [(stock) => ({ ...stock, items: [{ ...again(stock).items[0], id: 'x' }] }), /UUID/],
    ];
    for (const [change, told] of wrong) {
        make_pack(other, change);
        const refused = run(['stock', 'import', other, ...data]);
        assert.equal(refused.code, 1);
        assert.match(refused.stderr, told);
    }
    assert.match(run(['stock', 'import', temporary('none'), ...data]).stderr, /There is no/);
    assert.ok(titles(await sounds()).includes('Bell two'), 'what was refused changed nothing');
    assert.equal(run(['stock', 'remove', other, ...data]).code, 0);
    assert.equal(run(['stock', 'remove', other, ...data]).code, 1);
    assert.ok(!titles(await sounds()).includes('Bell two'));
    fs.rmSync(other, { recursive: true });
});

test('a file that has gone stops the render before it begins, and its link says so', async () => {
    const { video, scene } = await scene_of(ada);
    const { media: [film] } = await pictures('?type=video');
    await ada.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`, { type: 'media', name: 'x', duration: 1, properties: { media_id: waves } });
    fs.rmSync(path.join(folder, 'videos/waves.mp4'));
    assert.equal((await ada.get(film.url)).status, 404);
    const { data: { job_id } } = await ada.must(202, 'POST', `/api/v1/videos/${video.id}/render`, { quality: '480p' });
    assert.match((await ada.job_end(job_id, { state: 'failed' })).error, /not in the stock any more/);
});

test('a pack that is made while the server runs is taken up', async () => {
    const later = temporary('stock-later');
    const other = await Server.start({ env: { KINORA_STOCK: later } });
    try {
        const eve = await new Client(other).user('eve');
        assert.equal((await sounds('?type=stock', eve)).pagination.total_items, 0);
        make_pack(later);
        await until('the pack is listed', async () => (await sounds('?type=stock', eve)).pagination.total_items === 2);
    } finally {
        await other.remove();
        fs.rmSync(later, { recursive: true });
    }
});
