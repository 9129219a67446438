// SPDX-License-Identifier: GPL-3.0-or-later
// Videos that are shared: who sees, changes, renders and follows what.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Client } from './lib/client.mjs';
import { inspect, picture } from './lib/media.mjs';
import { Server, until } from './lib/server.mjs';

let server, root, ada, eve, vic, bob, bobs, video, path, scene, layer;

before(async () => {
    server = await Server.start();
    root = await new Client(server).user('root');
    [ada, eve, vic, bob] = [await root.user('ada', { plan: 'business' }), await root.user('eve'), await root.user('vic'), await root.user('bob')];
    video = (await ada.must(201, 'POST', '/api/v1/videos', { title: 'Ours' })).data.video;
    path = `/api/v1/videos/${video.id}`;
    scene = (await ada.must(201, 'POST', `${path}/scenes`, { duration: 1 })).data.scene;
    const image = await ada.upload('ours.png', picture());
    layer = (await ada.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`,
        { type: 'media', name: 'Picture', duration: 1, properties: { media_id: image.id } })).data.layer;
});
after(() => server.remove());

const told = ({ status, json }) => `${status} ${json.error ?? ''}`.trim();
const members = async (user = ada) => (await user.must(200, 'GET', `${path}/members`)).data.members;
const videos = async (user) => (await user.must(200, 'GET', '/api/v1/videos')).data;

test('only the owner shares, and only with the plan business', async () => {
    assert.deepEqual(await members(), []);
    const { data: { member } } = await ada.must(201, 'POST', `${path}/members`, { username: 'eve' });
    assert.deepEqual([member.user_id, member.username, member.role], [eve.me.uuid, 'eve', 'editor']);
    await ada.must(201, 'POST', `${path}/members`, { email: 'vic@example.org', role: 'editor' });
    const { data: { member: again } } = await ada.must(201, 'POST', `${path}/members`, { user_id: vic.me.uuid, role: 'viewer' });
    assert.equal(again.role, 'viewer');
    assert.deepEqual((await members()).map((one) => `${one.username} ${one.role}`), ['eve editor', 'vic viewer']);
    assert.equal(told(await ada.post(`${path}/members`, { user_id: randomUUID() })), '404 USER_NOT_FOUND');
    assert.equal(told(await ada.post(`${path}/members`, { username: 'nobody' })), '404 USER_NOT_FOUND');
    for (const body of [{}, { username: 'eve', role: 'owner' }, { username: 'ada' }])
        assert.equal(told(await ada.post(`${path}/members`, body)), '400 VALIDATION_ERROR', JSON.stringify(body));
    for (const one of [eve, vic]) {
        assert.equal(told(await one.post(`${path}/members`, { username: 'bob' })), '403 OWNER_REQUIRED');
        assert.equal(told(await one.delete(`${path}/members/${vic.me.uuid}`)), '403 OWNER_REQUIRED');
        assert.equal(told(await one.delete(path)), '403 OWNER_REQUIRED');
        assert.equal((await members(one)).length, 2);
    }
    assert.equal((await bob.get(`${path}/members`)).status, 404);
    assert.equal((await bob.post(`${path}/members`, { username: 'bob' })).status, 404);
    bobs = (await bob.must(201, 'POST', '/api/v1/videos', { title: 'Mine' })).data.video;
    assert.equal(told(await bob.post(`/api/v1/videos/${bobs.id}/members`, { username: 'eve' })), '403 PLAN_REQUIRED');
});

test('members find the video in their list, strangers do not', async () => {
    for (const one of [ada, eve, vic]) {
        const { videos: list, pagination } = await videos(one);
        assert.deepEqual([list.map((each) => each.id), pagination.total_items], [[video.id], 1]);
        await one.must(200, 'GET', path);
    }
    assert.ok(!(await videos(bob)).videos.some((one) => one.id === video.id));
});

test('a viewer reads everything and changes nothing', async () => {
    await vic.must(200, 'GET', `${path}/scenes`);
    await vic.must(200, 'GET', `/api/v1/layers/${layer.id}`);
    const scenes = `${path}/scenes`, layers = `/api/v1/scenes/${scene.id}/layers`;
    const before_it = (await ada.must(200, 'GET', path)).data.video.revision;
    for (const [method, where, body] of [
        ['PUT', path, { title: 'x' }], ['POST', scenes, { text: 'x' }], ['POST', `${scenes}/${scene.id}/duplicate`],
        ['PUT', `${scenes}/reorder`, { scene_orders: [{ scene_id: scene.id, scene_number: 1 }] }],
        ['PUT', `${scenes}/${scene.id}`, { text: 'x' }], ['DELETE', `${scenes}/${scene.id}`],
        ['POST', layers, { type: 'text', name: 'x', duration: 1, properties: { text: 'x' } }],
        ['PUT', '/api/v1/layers/reorder', { scene_id: scene.id, layer_orders: [{ layer_id: layer.id, order_index: 1 }] }],
        ['PUT', `/api/v1/layers/${layer.id}`, { name: 'x' }], ['PUT', `/api/v1/layers/${layer.id}/toggle-visibility`, { enabled: false }],
        ['POST', `/api/v1/layers/${layer.id}/duplicate`], ['DELETE', `/api/v1/layers/${layer.id}`],
        ['POST', `${path}/render`, {}], ['POST', `${path}/regenerate`, {}]])
        assert.equal(told(await vic.call(method, where, { json: body })), '403 READ_ONLY', `${method} ${where}`);
    assert.equal((await ada.must(200, 'GET', path)).data.video.revision, before_it);
});

test('an editor changes what is there, adds own media only, and everyone follows', async () => {
    const streams = [ada, eve, vic, bob].map((one) => one.events('/api/v1/events'));
    await Promise.all(streams.map((one) => one.opened));
    // The owner's picture stays where it is; the editor may move it but has no right to the file.
    const moved = (await eve.must(200, 'PUT', `/api/v1/layers/${layer.id}`, { properties: { opacity: 0.5 } })).data.layer;
    assert.equal(moved.properties.media_id, layer.properties.media_id);
    assert.equal((await eve.get(`/api/v1/files/${layer.properties.media_id}/content`)).status, 404);
    const body = (id) => ({ type: 'media', name: 'x', duration: 1, properties: { media_id: id, scale: 0.3 } });
    assert.equal((await eve.post(`/api/v1/scenes/${scene.id}/layers`, body(layer.properties.media_id))).status, 404);
    const other = await ada.upload('private.png', picture('green'));
    assert.equal((await eve.put(`/api/v1/layers/${layer.id}`, { properties: { media_id: other.id } })).status, 404);
    const own = await eve.upload('mine.png', picture('blue'));
    await eve.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`, body(own.id));
    for (const stream of streams.slice(0, 3))
        await until('the changes came', async () => ['layer:updated', 'layer:added'].every((kind) => stream.events.some((one) => one.event === kind && one.data.user_id === eve.me.uuid)));
    const since = streams[2].events[0].id;
    streams.forEach((one) => one.close());
    assert.deepEqual(streams[3].events.filter(({ data }) => data.video_id !== bobs.id), []);
    const late = vic.events('/api/v1/events', { last_event_id: since });
    await late.opened;
    await until('what was missed came', async () => late.events.some((one) => one.event === 'layer:added'));
    late.close();
});

test('owner and editor render the files of both, and every member sees the film', async () => {
    for (const one of [eve, ada]) {
        const { data } = await one.must(202, 'POST', `${path}/render`, { quality: '480p' });
        await one.job_end(data.job_id);
        for (const member of [ada, eve, vic]) {
            const { video_url } = (await member.must(200, 'GET', `/api/v1/renders/${data.job_id}`)).data.render;
            inspect((await member.as(undefined).get(video_url)).bytes);
            assert.ok((await member.must(200, 'GET', path)).data.video.video_url.includes(data.job_id));
        }
        assert.equal((await bob.get(`/api/v1/renders/${data.job_id}`)).status, 404);
    }
    assert.equal((await vic.must(200, 'GET', `${path}/renders`)).data.renders.length, 2);
    assert.equal((await vic.must(200, 'GET', '/api/v1/jobs')).total, 0);
});

test('whoever is no longer a member sees nothing more, by old links neither', async () => {
    const { video_url } = (await vic.must(200, 'GET', path)).data.video;
    assert.equal((await vic.as(undefined).get(video_url)).status, 200);
    await ada.must(200, 'DELETE', `${path}/members/${vic.me.uuid}`);
    assert.equal(told(await ada.delete(`${path}/members/${vic.me.uuid}`)), '404 USER_NOT_FOUND');
    assert.equal((await vic.get(path)).status, 404);
    assert.equal((await vic.as(undefined).get(video_url)).status, 404);
    assert.deepEqual((await videos(vic)).videos, []);
    assert.deepEqual((await members()).map((one) => one.username), ['eve']);
});

test('members hear that the owner deleted the video', async () => {
    const stream = eve.events('/api/v1/events');
    await stream.opened;
    await ada.must(200, 'DELETE', path);
    const event = await until('it came', async () => stream.events.find((one) => one.event === 'video:deleted'));
    assert.equal(event.data.video_id, video.id);
    stream.close();
    assert.equal((await eve.get(path)).status, 404);
});
