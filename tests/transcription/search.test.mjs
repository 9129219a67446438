// SPDX-License-Identifier: GPL-3.0-or-later
// The search over HTTP: every kind of hit, kept in line by every change, for those who may see it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { wav } from '../api/lib/media.mjs';
import { Server } from '../api/lib/server.mjs';

let server, root, ada, bob, media, video, job;

before(async () => {
    server = await Server.start();
    root = await new Client(server).user('root');
    ada = await root.user('ada', { plan: 'business' });
    bob = await root.user('bob');
    media = await ada.upload('Zanzibar trip_2024.wav', wav(6));
    const body = 'WEBVTT\n\n00:01.500 --> 00:03.000\nWe saw a <i>café</i> in Zanzibar & 10,000 zebras\n\n00:03.500 --> 00:05.000\n動物園で東京都の象を見た\n';
    job = (await ada.call('POST', `/api/v1/transcriptions/import?media_id=${media.id}`, { body })).json.job_id;
    ({ data: { video } } = await ada.must(201, 'POST', '/api/v1/videos', { title: 'Zanzibar, the film' }));
    const scenes = `/api/v1/videos/${video.id}/scenes`;
    await ada.must(201, 'POST', scenes, { text: 'First the harbour.', duration: 4 });
    const { data: { scene } } = await ada.must(201, 'POST', scenes, { text: 'Then the market of Zanzibar.', duration: 5 });
    await ada.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`, { type: 'text', name: 'Title', start_time: 1, duration: 2,
        properties: { text: 'Spices <of> Zanzibar', font_size: 40 } });
});
after(() => server.remove());

const find = async (q, more = '', user = ada) => user.must(200, 'GET', `/api/v1/search?q=${encodeURIComponent(q)}${more}`);
const kinds = async (...args) => (await find(...args)).hits.map((hit) => hit.kind);

test('names and titles come before scenes, and these before what is said', async () => {
    const { hits, total } = await find('zanzibar');
    assert.equal(total, 5);
    assert.deepEqual(hits.map((hit) => hit.kind).slice(0, 2).sort(), ['media', 'video']);
    assert.deepEqual(hits.map((hit) => hit.kind).slice(2, 4).sort(), ['layer', 'scene']);
    assert.equal(hits[4].kind, 'segment');
    assert.ok(hits.every((hit, i) => !i || hit.score <= hits[i - 1].score));
});

test('each hit names where it is', async () => {
    const [segment] = (await find('zebras')).hits;
    assert.deepEqual([segment.media_id, segment.job_id, segment.second, segment.title], [media.id, job, 1.5, 'Zanzibar trip_2024.wav']);
    assert.equal(segment.snippet, 'We saw a café in Zanzibar &amp; 10,000 <mark>zebras</mark>');
    const [layer] = (await find('spices')).hits;
    assert.deepEqual([layer.kind, layer.video_id, layer.second, layer.title], ['layer', video.id, 5, 'Zanzibar, the film']);
    assert.equal(layer.snippet, '<mark>Spices</mark> &lt;of&gt; Zanzibar');
    const [name] = (await find('trip 2024')).hits;
    assert.deepEqual([name.kind, name.second], ['media', null]);
});

test('words, phrases, beginnings and exclusions in any script', async () => {
    for (const [q, wanted] of [['cafe', 1], ['CAFÉ zanz*', 1], ['10000', 1], ['"zanzibar & 10,000"', 1], ['"10,000 zanzibar"', 0], ['東京都', 1], ['象', 1], ['京東', 0],
        ['zanzibar -film -trip', 3], ['-zanzibar', 0], ['"', 0], ["'); DROP TABLE media; --", 0], ['\u0001*', 0], ['a AND OR NOT NEAR("', 0]])
        assert.equal((await find(q)).total, wanted, q);
    assert.equal((await ada.get('/api/v1/search?q=')).status, 400);
    assert.equal((await ada.get(`/api/v1/search?q=${'x'.repeat(501)}`)).status, 400);
    assert.equal((await ada.get('/api/v1/search?q=%00')).status, 400);
    assert.equal((await ada.get('/api/v1/search?q=x&kind=nothing')).status, 400);
});

test('pages follow each other, and a kind may be chosen', async () => {
    const all = (await find('zanzibar')).hits;
    assert.deepEqual([...(await find('zanzibar', '&limit=2')).hits, ...(await find('zanzibar', '&limit=2&offset=2')).hits, ...(await find('zanzibar', '&offset=4')).hits], all);
    assert.deepEqual(await kinds('zanzibar', '&kind=scene'), ['scene']);
    assert.deepEqual((await find('zanzibar', '&offset=1000')).hits, []);
});

test('others, a superuser too, find only what is shared with them', async () => {
    assert.equal((await find('zanzibar', '', bob)).total, 0);
    assert.equal((await find('zanzibar', '', root)).total, 0);
    await ada.must(201, 'POST', `/api/v1/videos/${video.id}/members`, { username: 'bob', role: 'viewer' });
    assert.deepEqual((await kinds('zanzibar', '', bob)).sort(), ['layer', 'scene', 'video']);
    await ada.must(201, 'POST', `/api/v1/keys/files/${media.id}/shares/${bob.me.uuid}`);
    assert.equal((await find('zanzibar', '', bob)).total, 5);
    await ada.must(200, 'DELETE', `/api/v1/keys/files/${media.id}/shares/${bob.me.uuid}`);
    await ada.must(200, 'DELETE', `/api/v1/videos/${video.id}/members/${bob.me.uuid}`);
    assert.equal((await find('zanzibar', '', bob)).total, 0);
});

test('what is renamed, changed or deleted is found as it is now', async () => {
    const { media_id } = (await ada.must(200, 'GET', '/mediafiles')).find((one) => one.uuid === media.id);
    await ada.must(200, 'PUT', `/mediafiles/${media_id}`, { file_name: 'Madagascar.wav' });
    assert.deepEqual(await kinds('madagascar'), ['media']);
    await ada.must(200, 'PUT', `/api/v1/videos/${video.id}`, { title: 'Another film' });
    const [scene] = (await find('harbour')).hits;
    assert.deepEqual([scene.second, scene.title], [0, 'Another film']);
    await ada.must(200, 'PUT', `/api/v1/videos/${video.id}/scenes/${scene.scene_id}`, { text: 'First the jetty.' });
    assert.deepEqual([(await find('harbour')).total, (await find('jetty')).total], [0, 1]);
    const [layer] = (await find('spices')).hits;
    await ada.must(200, 'PUT', `/api/v1/layers/${layer.layer_id}`, { properties: { text: 'Herbs' } });
    assert.deepEqual([(await find('spices')).total, (await find('herbs')).total], [0, 1]);
    await ada.must(200, 'DELETE', `/api/v1/layers/${layer.layer_id}`);
    assert.equal((await find('herbs')).total, 0);
    const { data: { scene: copy } } = await ada.must(201, 'POST', `/api/v1/videos/${video.id}/scenes/${scene.scene_id}/duplicate`);
    assert.equal((await find('jetty')).total, 2);
    await ada.must(200, 'DELETE', `/api/v1/videos/${video.id}/scenes/${copy.id}`);
    assert.equal((await find('jetty')).total, 1);
    await ada.must(200, 'DELETE', `/api/v1/videos/${video.id}`);
    await ada.must(200, 'DELETE', `/api/v1/files/${media.id}`);
    assert.equal(server.sql('SELECT count(*) AS n FROM search_entry')[0].n, 0);
});
