// SPDX-License-Identifier: GPL-3.0-or-later
// Live editing with the official client: who hears what, over both transports, and what is not allowed.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { Server, sleep, until } from '../api/lib/server.mjs';
import { Live } from './lib/live.mjs';

let server, ada, bob, eve, video, scene, layer;
const opened = [];
const live = async (client, options) => {
    const one = await Live.open(client, options);
    opened.push(one);
    return one;
};

before(async () => {
    server = await Server.start();
    const root = await new Client(server).user('root');
    ada = await root.user('ada', { plan: 'business' });
    bob = await root.user('bob');
    eve = await root.user('eve');
    video = (await ada.must(201, 'POST', '/api/v1/videos', { title: 'Tour' })).data.video;
    await ada.must(201, 'POST', `/api/v1/videos/${video.id}/members`, { username: 'bob' });
    scene = (await ada.must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, { text: 'One', duration: 3 })).data.scene;
    layer = (await ada.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`,
        { type: 'text', name: 'Title', duration: 2, properties: { text: 'Hello', color: '#ffffff' } })).data.layer;
});
after(async () => {
    opened.forEach((one) => one.close());
    assert.equal(await server.stop(), 0, 'the server stops cleanly with sockets open');
    await server.remove();
});

for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']])
    test(`a change by ${transports.join(', then ')} is acknowledged, and heard by everyone but its maker`, async () => {
        const mine = await live(ada, { transports }), mine_too = await live(ada), his = await live(bob, { transports }), other = await live(eve);
        const text = `Changed ${transports.length}${transports[0]}`;
        const told = await mine.ask('layer:update', { layer_id: layer.id, changes: { properties: { text } } });
        assert.equal(told.success, true, JSON.stringify(told));
        assert.equal(told.data.layer.properties.text, text);
        assert.equal(told.data.layer.properties.color, '#ffffff');
        for (const one of [his, mine_too]) {
            const data = await one.hears('layer:updated', (event) => event.changes.properties?.text === text);
            assert.equal(data.layer_id, layer.id);
            assert.equal(data.scene_id, scene.id);
            assert.equal(data.video_id, video.id);
            assert.equal(data.user_id, ada.me.uuid);
            assert.equal(data.revision, told.data.layer.revision);
            assert.equal(data.layer.properties.text, text);
        }
        await sleep(100);
        assert.deepEqual(mine.all('layer:updated'), []);
        assert.deepEqual(other.heard.filter((one) => one.name !== 'session'), []);
        [mine, mine_too, his, other].forEach((one) => one.close());
    });

test('a change made over HTTP is heard by all sockets', async () => {
    const mine = await live(ada), his = await live(bob);
    await ada.must(200, 'PUT', `/api/v1/videos/${video.id}/scenes/${scene.id}`, { text: 'By REST' });
    for (const one of [mine, his])
        assert.equal((await one.hears('scene:updated')).scene.text, 'By REST');
});

test('every event of document 001 and of ours does what its route does', async () => {
    const mine = await live(ada), his = await live(bob);
    const { data: { scene: second } } = await his.ask('scene:add', { video_id: video.id, scene: { text: 'Two', duration: 2 } });
    await mine.hears('scene:added', (event) => event.scene.id === second.id);
    const { data: { layer: back } } = await his.ask('layer:add', { scene_id: scene.id,
        layer: { type: 'shape', name: 'Box', duration: 1, properties: { shape: 'rectangle' } } });
    await mine.hears('layer:added', (event) => event.layer_id === back.id);
    const orders = [{ layer_id: layer.id, order_index: 1 }, { layer_id: back.id, order_index: 2 }];
    assert.equal((await his.ask('layers:reorder', { scene_id: scene.id, layer_orders: orders })).success, true);
    assert.deepEqual((await mine.hears('layers:reordered')).layer_orders.find((one) => one.layer_id === back.id), orders[1]);
    assert.equal((await his.ask('scene:update', { video_id: video.id, scene_id: second.id, changes: { text: 'Updated text' } })).data.scene.text,
        'Updated text');
    assert.equal((await his.ask('scenes:reorder', { video_id: video.id, scene_orders: [{ scene_id: second.id, scene_number: 1 },
        { scene_id: scene.id, scene_number: 2 }] })).success, true);
    assert.equal((await mine.hears('scenes:reordered')).scene_orders.length, 2);
    assert.equal((await his.ask('video:update', { video_id: video.id, changes: { title: 'New' } })).data.video.title, 'New');
    await mine.hears('video:updated');
    assert.equal((await his.ask('layer:delete', { layer_id: back.id })).success, true);
    await mine.hears('layer:deleted', (event) => event.layer_id === back.id);
    assert.equal((await his.ask('scene:delete', { video_id: video.id, scene_id: second.id })).success, true);
    await mine.hears('scene:deleted');
});

test('what is wrong is refused like over HTTP, and changes nothing', async () => {
    const mine = await live(ada), hers = await live(eve);
    const bad = await mine.ask('layer:update', { layer_id: layer.id, changes: { name: 7 } });
    assert.equal(bad.success, false);
    assert.equal(bad.error, 'VALIDATION_ERROR');
    assert.equal(bad.details[0].field, 'name');
    assert.equal((await mine.ask('layer:update', { layer_id: randomUUID(), changes: {} })).error, 'LAYER_NOT_FOUND');
    assert.equal((await mine.ask('layer:update', {})).success, false);
    assert.equal((await mine.ask('nothing:known', {})).success, false);
    assert.equal((await mine.ask('layer:update', 'text')).success, false);
    assert.equal((await mine.ask('layer:update', { layer_id: layer.id, changes: { x: Buffer.from('x') } })).success, false);
    assert.equal((await hers.ask('layer:update', { layer_id: layer.id, changes: { name: 'Mine' } })).error, 'LAYER_NOT_FOUND');
    assert.equal((await hers.ask('video:join', { video_id: video.id })).error, 'VIDEO_NOT_FOUND');
    const { data: { layer: now } } = await ada.must(200, 'GET', `/api/v1/layers/${layer.id}`);
    assert.equal(now.name, 'Title');
});

test('a viewer hears changes and makes none', async () => {
    await ada.must(201, 'POST', `/api/v1/videos/${video.id}/members`, { username: 'eve', role: 'viewer' });
    const hers = await live(eve);
    assert.equal((await hers.ask('layer:update', { layer_id: layer.id, changes: { name: 'x' } })).error, 'READ_ONLY');
    await ada.must(200, 'PUT', `/api/v1/layers/${layer.id}`, { name: 'Seen' });
    await hers.hears('layer:updated', (event) => event.layer.name === 'Seen');
    await ada.must(200, 'DELETE', `/api/v1/videos/${video.id}/members/${eve.me.uuid}`);
    hers.heard.length = 0;
    await ada.must(200, 'PUT', `/api/v1/layers/${layer.id}`, { name: 'Title' });
    await sleep(150);
    assert.deepEqual(hers.all('layer:updated'), []);
});

test('who has no token, a forged one or an ended session does not get in', async () => {
    for (const token of [undefined, 'forged', 7]) {
        const one = new Live(ada.as(token), { reconnection: false });
        opened.push(one);
        await assert.rejects(one.connected(), (error) => error.data.code === 'NOT_AUTHENTICATED');
    }
    const session = await ada.as(undefined).login('ada');
    const one = await live(session);
    const ended = new Promise((resolve) => one.socket.on('disconnect', resolve));
    const start = Date.now();
    await session.must(200, 'POST', '/api/v1/auth/logout');
    assert.equal(await ended, 'io server disconnect');
    assert.ok(Date.now() - start < 1000);
});

test('a token that expires closes its socket within a second', async () => {
    const short = await Server.start({ env: { KINORA_TOKEN_TTL: '2' } });
    const root = await new Client(short).user('root');
    const one = await Live.open(root);
    const start = Date.now();
    assert.equal(await new Promise((resolve) => one.socket.on('disconnect', resolve)), 'io server disconnect');
    assert.ok(Date.now() - start < 3200, `${Date.now() - start} ms`);
    one.close();
    await short.remove();
});

test('those who join a video see each other, their selections and locks', async () => {
    const mine = await live(ada), his = await live(bob);
    const join = { video_id: video.id };
    assert.equal((await mine.ask('presence:update', { ...join, layer_id: layer.id })).success, false);
    assert.equal((await mine.ask('video:join', join)).success, true);
    assert.equal((await his.ask('video:join', join)).success, true);
    const seen = await mine.hears('presence:update', (event) => event.users.length === 2);
    assert.deepEqual(seen.users.map((user) => user.username).sort(), ['ada', 'bob']);
    assert.equal(new Set(seen.users.map((user) => user.color)).size, 2);
    const field = { ...join, scene_id: scene.id, layer_id: layer.id, editing: 'text' };
    assert.equal((await mine.ask('presence:update', field)).success, true);
    await his.hears('presence:update', (event) => event.users.some((user) => user.username === 'ada' && user.editing === 'text'));
    assert.equal((await his.ask('presence:update', field)).error, 'CONFLICT');
    await his.hears('presence:update', (event) => event.users.some((user) => user.username === 'ada' && user.layer_id && !user.editing), 13_000);
    assert.equal((await his.ask('presence:update', field)).success, true);
    his.close();
    await mine.hears('presence:update', (event) => event.users.length === 1);
    assert.equal((await mine.ask('video:leave', join)).success, true);
});

test('a flood ends in an error and a disconnect, and nobody else notices', async () => {
    const flood = await live(ada, { reconnection: false }), calm = await live(bob);
    const ended = new Promise((resolve) => flood.socket.on('disconnect', resolve));
    for (let i = 0; i < 400; i++)
        flood.socket.emit('video:leave', { video_id: video.id });
    await ended;
    assert.equal(flood.all('error')[0].error, 'RATE_LIMITED');
    assert.equal((await calm.ask('video:leave', { video_id: video.id })).success, true);
});

test('after a connection breaks the client gets what it missed, once and in order', async () => {
    const his = await live(bob);
    await his.hears('session');
    his.socket.io.engine.close();
    const names = Array.from({ length: 20 }, (_, i) => `Missed ${i}`);
    for (const name of names)
        await ada.must(200, 'PUT', `/api/v1/layers/${layer.id}`, { name });
    await until('it is back', () => his.socket.connected);
    assert.equal(his.socket.recovered, true);
    await his.hears('layer:updated', (event) => event.layer.name === names.at(-1));
    assert.deepEqual(his.all('layer:updated').map((event) => event.layer.name), names);
});

test('a finished render is told to everyone who may open the video, with a link that works', async () => {
    const mine = await live(ada), his = await live(bob);
    const { data } = await ada.must(202, 'POST', `/api/v1/videos/${video.id}/render`, { quality: '480p' });
    for (const [one, client] of [[mine, ada], [his, bob]]) {
        const told = await one.hears('video:regenerated', () => true, 60_000);
        assert.equal(told.job_id, data.job_id);
        assert.equal((await client.as(undefined).get(told.video_url)).status, 200);
        assert.equal(one.all('video:regenerated').length, 1);
    }
    const steps = his.all('video:regeneration:progress').map((event) => event.progress);
    assert.ok(steps.every((step) => Number.isInteger(step) && step <= 100));
});
