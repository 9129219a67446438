// SPDX-License-Identifier: GPL-3.0-or-later
// Copies of scenes and layers.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { Server, until } from './lib/server.mjs';

let server, ada, bob;

before(async () => {
    server = await Server.start();
    const root = await new Client(server).user('root');
    ada = await root.user('ada');
    bob = await root.user('bob');
});
after(() => server.remove());

const new_video = async () => (await ada.must(201, 'POST', '/api/v1/videos', { title: 'Film' })).data.video;
const new_scene = async (video, more) => (await ada.must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, more)).data.scene;
const new_layer = async (scene, name, more = {}) => (await ada.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`,
    { type: 'text', name, duration: 1, properties: { text: name }, ...more })).data.layer;
const scenes_of = async (video) => (await ada.must(200, 'GET', `/api/v1/videos/${video.id}/scenes`)).data.scenes;
const layers_of = async (scene) => (await ada.must(200, 'GET', `/api/v1/scenes/${scene.id}/layers`)).data.layers;
const same = ({ type, name, enabled, duration, start_time, end_time, order_index, properties }) =>
    ({ type, name, enabled, duration, start_time, end_time, order_index, properties });

test('a copied scene stands right behind the first, with copies of its layers', async () => {
    const video = await new_video();
    const first = await new_scene(video, { text: 'One', duration: 3, background: { color: '#123456' }, is_expanded: true });
    const last = await new_scene(video, { text: 'Two', duration: 2 });
    await new_layer(first, 'A', { start_time: 1 });
    await new_layer(first, 'B', { enabled: false });
    const stream = ada.events('/api/v1/events');
    await stream.opened;
    const { data: { scene: copy } } = await ada.must(201, 'POST', `/api/v1/videos/${video.id}/scenes/${first.id}/duplicate`);
    assert.notEqual(copy.id, first.id);
    const list = await scenes_of(video);
    assert.deepEqual(list.map((one) => [one.id, one.scene_number, one.start_time]), [[first.id, 1, 0], [copy.id, 2, 3], [last.id, 3, 6]]);
    assert.deepEqual([copy.text, copy.duration, copy.background, copy.is_expanded], ['One', 3, { color: '#123456' }, true]);
    assert.deepEqual(list[1].layers.map(same), list[0].layers.map(same));
    assert.equal(new Set([...list[0].layers, ...list[1].layers].map((one) => one.id)).size, 4);
    const { data } = await until('the event came', async () => stream.events.find((one) => one.event === 'scene:added'));
    assert.equal(data.scene_id, copy.id);
    assert.deepEqual(data.scene.layers.map((one) => one.id), list[1].layers.map((one) => one.id));
    stream.close();
    // The copies are their own: a change of one leaves the other.
    await ada.must(200, 'PUT', `/api/v1/layers/${list[1].layers[0].id}`, { name: 'Changed' });
    assert.deepEqual((await layers_of(first)).map((one) => one.name), ['B', 'A']);
});

test('a copied layer stands in front of the first, and the others make room', async () => {
    const video = await new_video();
    const scene = await new_scene(video, { duration: 4 });
    for (const name of ['C', 'B', 'A'])
        await new_layer(scene, name, { start_time: 0.5, properties: { text: name, color: '#ff0000' } });
    const b = (await layers_of(scene))[1];
    const before_it = (await ada.must(200, 'GET', `/api/v1/videos/${video.id}`)).data.video.revision;
    const { data: { layer } } = await ada.must(201, 'POST', `/api/v1/layers/${b.id}/duplicate`);
    assert.deepEqual(same(layer), same(b));
    const list = await layers_of(scene);
    assert.deepEqual(list.map((one) => `${one.order_index}${one.name}`), ['1A', '2B', '3B', '4C']);
    assert.deepEqual([list[1].id, list[2].id], [layer.id, b.id]);
    assert.equal((await ada.must(200, 'GET', `/api/v1/videos/${video.id}`)).data.video.revision, before_it + 1);
});

test('what is not there, or not theirs, nobody copies', async () => {
    const [video, other] = [await new_video(), await new_video()];
    const scene = await new_scene(video, { duration: 1 });
    const layer = await new_layer(scene, 'A');
    assert.equal((await bob.post(`/api/v1/layers/${layer.id}/duplicate`)).status, 404);
    assert.equal((await bob.post(`/api/v1/videos/${video.id}/scenes/${scene.id}/duplicate`)).status, 404);
    assert.equal((await ada.post(`/api/v1/videos/${other.id}/scenes/${scene.id}/duplicate`)).status, 404);
    assert.equal((await ada.post(`/api/v1/videos/${video.id}/scenes/${randomUUID()}/duplicate`)).status, 404);
    assert.equal((await ada.post(`/api/v1/layers/${randomUUID()}/duplicate`)).status, 404);
    assert.equal((await scenes_of(video)).length, 1);
});
