// SPDX-License-Identifier: GPL-3.0-or-later
// Undo, redo, history, versions and strict changes with two people at work in one video.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { Server } from '../api/lib/server.mjs';
import { Live } from './lib/live.mjs';

let server, ada, bob, eve;
const opened = [];
const live = async (client) => {
    const one = await Live.open(client);
    opened.push(one);
    return one;
};

before(async () => {
    server = await Server.start();
    const root = await new Client(server).user('root');
    ada = await root.user('ada', { plan: 'business' });
    bob = await root.user('bob');
    eve = await root.user('eve');
});
after(async () => {
    opened.forEach((one) => one.close());
    assert.equal(await server.stop(), 0);
    await server.remove();
});

// A video of ada's in which bob edits and eve looks on, with a scene of two layers.
async function stage() {
    const { data: { video } } = await ada.must(201, 'POST', '/api/v1/videos', { title: 'Tour' });
    const at = `/api/v1/videos/${video.id}`;
    await ada.must(201, 'POST', `${at}/members`, { username: 'bob' });
    await ada.must(201, 'POST', `${at}/members`, { username: 'eve', role: 'viewer' });
    const scene = await add_scene(ada, at, { text: 'One', duration: 3.1, background: { type: 'color', color: '#102030' } });
    const back = await add_layer(ada, scene, { type: 'shape', name: 'Box', duration: 0.1 + 0.2, properties: { shape: 'rectangle' } });
    const title = await add_layer(ada, scene, { type: 'text', name: 'Title', duration: 2,
        properties: { text: 'Hello', color: '#ffffff', stroke: { width: 2, color: '#000000' } } });
    return { at, video, scene, title, back };
}
const add_scene = async (who, at, json) => (await who.must(201, 'POST', `${at}/scenes`, json)).data.scene;
const add_layer = async (who, scene, json) => (await who.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`, json)).data.layer;
const put_layer = async (who, layer, json) => (await who.must(200, 'PUT', `/api/v1/layers/${layer.id}`, json)).data.layer;
const get_layer = async (layer) => (await ada.must(200, 'GET', `/api/v1/layers/${layer.id}`)).data.layer;
const undo = async (who, at) => (await who.must(200, 'POST', `${at}/undo`)).data.change;
const redo = async (who, at) => (await who.must(200, 'POST', `${at}/redo`)).data.change;
async function refused(who, at, what, error) {
    const { status, json } = await who.post(`${at}/${what}`);
    assert.deepEqual([status, json.error], [409, error], JSON.stringify(json));
    return json.message;
}

// The whole document, but for what every change raises.
async function document(at) {
    const { data: { video } } = await ada.must(200, 'GET', at);
    const { data: { scenes } } = await ada.must(200, 'GET', `${at}/scenes`);
    const calm = ({ revision, updated_at, ...rest }) => { // eslint-disable-line no-unused-vars
        delete rest.video_url;
        return rest;
    };
    return { video: calm(video), scenes: scenes.map((scene) => ({ ...calm(scene), layers: scene.layers.map(calm) })) };
}

test('every kind of change is undone and done again exactly, ids and orders included', async () => {
    const { at, scene, title, back } = await stage();
    const second = await add_scene(ada, at, { text: 'Two', duration: 2 });
    const changes = {
        'video.update': () => ada.must(200, 'PUT', at, { title: 'Other', aspect_ratio: '1:1', captions: { enabled: true } }),
        'scene.add': () => add_scene(ada, at, { text: 'Three' }),
        'scene.update': () => ada.must(200, 'PUT', `${at}/scenes/${scene.id}`, { text: 'Changed', duration: 7.7, is_expanded: true, background: null }),
        'scene.delete': () => ada.must(200, 'DELETE', `${at}/scenes/${scene.id}`),
        'scene.add (copy)': () => ada.must(201, 'POST', `${at}/scenes/${scene.id}/duplicate`),
        'scenes.reorder': () => ada.must(200, 'PUT', `${at}/scenes/reorder`, { scene_orders: [
            { scene_id: scene.id, scene_number: 2 }, { scene_id: second.id, scene_number: 1 }] }),
        'layer.add': () => add_layer(ada, scene, { type: 'text', name: 'More', duration: 1, properties: { text: 'x' } }),
        'layer.add (copy)': () => ada.must(201, 'POST', `/api/v1/layers/${back.id}/duplicate`),
        'layer.update': () => put_layer(ada, title, { name: 'Head', enabled: false, start_time: 0.25, duration: 1.5,
            properties: { text: 'Bye', color: null, stroke: { width: 3 }, shadow: { blur: 4 } } }),
        'layer.update (order)': () => put_layer(ada, back, { order_index: 1 }),
        'layer.delete': () => ada.must(200, 'DELETE', `/api/v1/layers/${title.id}`),
        'layers.reorder': () => ada.must(200, 'PUT', '/api/v1/layers/reorder', { scene_id: scene.id, layer_orders: [
            { layer_id: back.id, order_index: 1 }, { layer_id: title.id, order_index: 2 }] }),
    };
    const states = [await document(at)];
    const names = Object.keys(changes);
    for (const name of names) {
        await changes[name]();
        const changed = await document(at);
        assert.notDeepEqual(changed, states[0], name);
        const told = await undo(ada, at);
        assert.equal(told.kind, name.split(' ')[0]);
        assert.match(told.summary, /^ada /);
        assert.deepEqual(await document(at), states[0], `${name} undone`);
        await redo(ada, at);
        assert.deepEqual(await document(at), changed, `${name} done again`);
        await undo(ada, at);
        assert.deepEqual(await document(at), states[0], `${name} undone twice`);
    }
    // All of those that do not need what another one takes away, one upon the other, back and forth.
    const chain = names.filter((name) => !/delete/.test(name)).concat('layer.delete', 'scene.delete');
    for (const name of chain) {
        if (name === 'scenes.reorder' || name === 'layers.reorder')
            continue;
        await changes[name]();
        states.push(await document(at));
    }
    for (let i = states.length - 2; i >= 0; i--) {
        await undo(ada, at);
        assert.deepEqual(await document(at), states[i]);
    }
    for (let i = 1; i < states.length; i++) {
        await redo(ada, at);
        assert.deepEqual(await document(at), states[i]);
    }
    await refused(ada, at, 'redo', 'NOTHING_TO_REDO');
});

test('two people interleaved take back their own changes only', async () => {
    const { at, title, back } = await stage();
    await put_layer(ada, title, { properties: { text: 'By ada' } });
    await put_layer(bob, title, { properties: { color: '#ff0000' } });
    await put_layer(ada, back, { name: 'Frame' });
    const told = await undo(bob, at);
    assert.deepEqual([told.layer_id, told.kind, told.fields], [title.id, 'layer.update', ['properties.color']]);
    assert.equal(told.summary, 'bob changed the color of layer Title');
    assert.equal((await undo(ada, at)).target_id, back.id);
    await undo(ada, at);
    const now = await get_layer(title);
    assert.deepEqual([now.properties.text, now.properties.color], ['Hello', '#ffffff']);
    assert.ok(now.revision > title.revision + 3);
    await refused(bob, at, 'undo', 'NOTHING_TO_UNDO');
    await redo(bob, at);
    assert.equal((await get_layer(title)).properties.color, '#ff0000');
    assert.equal((await get_layer(title)).properties.text, 'Hello');
});

test('what somebody else has changed since is not taken back, until they take it back themselves', async () => {
    const { at, title } = await stage();
    await put_layer(ada, title, { properties: { text: 'By ada' } });
    await put_layer(bob, title, { properties: { text: 'By bob' } });
    assert.match(await refused(ada, at, 'undo', 'UNDO_CONFLICT'), /^bob has changed the same since/);
    assert.equal((await get_layer(title)).properties.text, 'By bob');
    await undo(bob, at);
    await undo(ada, at);
    assert.equal((await get_layer(title)).properties.text, 'Hello');
    // What was done again counts again.
    await refused(bob, at, 'redo', 'UNDO_CONFLICT');
    // Back to the same value by hand is a change too.
    await put_layer(ada, title, { name: 'A' });
    await put_layer(bob, title, { name: 'B' });
    await put_layer(bob, title, { name: 'A' });
    await refused(ada, at, 'undo', 'UNDO_CONFLICT');
});

test('an order is taken back unless somebody touched the list; making room is no conflict', async () => {
    const { at, scene, title, back } = await stage();
    const order = () => ada.must(200, 'GET', `/api/v1/scenes/${scene.id}/layers`).then(({ data }) => data.layers.map((one) => one.name));
    const swap = { scene_id: scene.id, layer_orders: [{ layer_id: title.id, order_index: 2 }, { layer_id: back.id, order_index: 1 }] };
    await ada.must(200, 'PUT', '/api/v1/layers/reorder', swap);
    await add_layer(bob, scene, { type: 'text', name: 'His', duration: 1, properties: { text: 'x' } });
    await refused(ada, at, 'undo', 'UNDO_CONFLICT');
    await undo(bob, at);
    await undo(ada, at);
    assert.deepEqual(await order(), ['Title', 'Box']);
    await add_layer(ada, scene, { type: 'text', name: 'Hers', duration: 1, properties: { text: 'x' } });
    await add_layer(bob, scene, { type: 'text', name: 'His', duration: 1, properties: { text: 'x' } });
    await undo(ada, at);
    assert.deepEqual(await order(), ['His', 'Title', 'Box']);
    await redo(ada, at);
    assert.deepEqual((await order()).sort(), ['Box', 'Hers', 'His', 'Title']);
});

test('what one added and the other worked on stays', async () => {
    const { at } = await stage();
    const scene = await add_scene(ada, at, { text: 'New' });
    await add_layer(bob, scene, { type: 'text', name: 'His', duration: 1, properties: { text: 'x' } });
    await refused(ada, at, 'undo', 'UNDO_CONFLICT');
    await undo(bob, at);
    await undo(ada, at);
    const layer_scene = await add_scene(ada, at, { text: 'Again' });
    const layer = await add_layer(ada, layer_scene, { type: 'text', name: 'Hers', duration: 1, properties: { text: 'x' } });
    await put_layer(bob, layer, { properties: { color: '#123456' } });
    await refused(ada, at, 'undo', 'UNDO_CONFLICT');
    await bob.must(200, 'DELETE', `${at}/scenes/${layer_scene.id}`);
    await refused(ada, at, 'undo', 'UNDO_CONFLICT');
});

test('a deleted scene comes back with its layers, and the others hear all of it', async () => {
    const { at, video, scene, title } = await stage();
    await add_scene(bob, at, { text: 'Two', duration: 2 });
    const before = await document(at);
    const mine = await live(ada), his = await live(bob);
    assert.equal((await mine.ask('scene:delete', { video_id: video.id, scene_id: scene.id })).success, true);
    const gone = await his.hears('scene:deleted');
    await add_scene(bob, at, { text: 'Three', duration: 1 });
    const told = await mine.ask('video:undo', { video_id: video.id });
    assert.equal(told.data.change.kind, 'scene.delete');
    assert.equal(told.data.change.scene_id, scene.id);
    const back = await his.hears('scene:added', (event) => event.scene_id === scene.id);
    assert.ok(back.revision > gone.revision);
    assert.deepEqual(back.scene.layers.map((layer) => layer.id).includes(title.id), true);
    assert.equal((await his.hears('scenes:reordered')).scene_orders.length, 3);
    assert.deepEqual(his.all('layer:added'), []);
    const after = await document(at);
    assert.deepEqual({ ...after.scenes[0] }, before.scenes[0]);
    assert.deepEqual(after.scenes.map((one) => one.scene_number), [1, 2, 3]);
    assert.equal((await mine.ask('video:redo', { video_id: video.id })).success, true);
    await his.hears('scene:deleted', (event) => event.revision > gone.revision);
    assert.equal((await mine.ask('video:undo', { video_id: video.id })).success, true);
    assert.equal((await mine.ask('layer:update', { layer_id: title.id, changes: { name: 'Alive' } })).success, true);
    assert.equal((await mine.ask('video:undo', { video_id: video.id })).success, true);
    const named = await his.hears('layer:updated', (event) => event.layer.name !== 'Alive');
    assert.deepEqual([named.changes, named.layer.name, named.user_id], [{ name: 'Title' }, 'Title', ada.me.uuid]);
});

test('a new change empties what could be done again', async () => {
    const { at, title } = await stage();
    await put_layer(ada, title, { name: 'A' });
    await put_layer(ada, title, { name: 'B' });
    await undo(ada, at);
    await undo(ada, at);
    await redo(ada, at);
    assert.equal((await get_layer(title)).name, 'A');
    await put_layer(ada, title, { name: 'C' });
    await refused(ada, at, 'redo', 'NOTHING_TO_REDO');
    await undo(ada, at);
    assert.equal((await get_layer(title)).name, 'A');
    await undo(ada, at);
    assert.equal((await get_layer(title)).name, 'Title');
});

test('the history says who did what, newest first, in pages', async () => {
    const { at, scene, title } = await stage();
    await put_layer(bob, title, { name: 'Head', properties: { text: 'x' } });
    await undo(bob, at);
    await ada.must(200, 'DELETE', `${at}/scenes/${scene.id}`);
    const { data } = await eve.must(200, 'GET', `${at}/history?limit=3`);
    assert.deepEqual(data.changes.map((one) => one.summary), ['ada deleted scene 1', 'bob took back: changed the content of layer Head',
        'bob changed the name and text of layer Head']);
    assert.deepEqual(data.changes.map((one) => [one.username, one.undone]), [['ada', false], ['bob', false], ['bob', true]]);
    assert.equal(data.changes[1].undo_of, data.changes[2].number);
    assert.deepEqual(data.changes[2].fields, ['name', 'properties.text']);
    assert.equal(data.pagination.total_items, 6);
    const { data: rest } = await ada.must(200, 'GET', `${at}/history?limit=3&page=2`);
    assert.deepEqual(rest.changes.map((one) => one.summary), ['ada added layer Title', 'ada added layer Box', 'ada added scene 1']);
});

test('a version is returned to in one change, which is undone like any other', async () => {
    const { at, video, scene, title } = await stage();
    const { data: { version } } = await ada.must(201, 'POST', `${at}/versions`, { name: 'First cut' });
    const first = await document(at);
    await put_layer(bob, title, { name: 'Other', properties: { text: 'Other', color: null } });
    await bob.must(200, 'DELETE', `${at}/scenes/${scene.id}`);
    await add_scene(bob, at, { text: 'Instead' });
    await bob.must(200, 'PUT', at, { title: 'Else', fps: 25 });
    const second = await document(at);
    const his = await live(bob);
    await ada.must(200, 'POST', `${at}/versions/${version.id}/restore`);
    assert.deepEqual(await document(at), first);
    const heard = await his.hears('video:restored');
    assert.deepEqual([heard.video_id, heard.version_id, heard.name, heard.user_id], [video.id, version.id, 'First cut', ada.me.uuid]);
    const told = await undo(ada, at);
    assert.equal(told.summary, 'ada returned to version First cut');
    assert.deepEqual(await document(at), second);
    await redo(ada, at);
    assert.deepEqual(await document(at), first);
    await put_layer(bob, title, { name: 'Since' });
    await refused(ada, at, 'undo', 'UNDO_CONFLICT');
    assert.deepEqual((await eve.must(200, 'GET', `${at}/versions`)).data.versions.map((one) => [one.name, one.username]), [['First cut', 'ada']]);
    assert.equal((await ada.post(`${at}/versions/${randomUUID()}/restore`)).json.error, 'VERSION_NOT_FOUND');
    for (let i = 1; i < 100; i++)
        await ada.must(201, 'POST', `${at}/versions`, { name: `${i}` });
    assert.equal((await ada.post(`${at}/versions`, { name: 'one too many' })).json.error, 'LIMIT_EXCEEDED');
});

test('a strict change on an old revision is refused where the property has changed, over HTTP and sockets', async () => {
    const { at, video, scene, title } = await stage();
    const mine = await live(ada);
    const base = { base_revision: title.revision };
    await put_layer(bob, title, { properties: { text: 'By bob', stroke: { width: 5 } } });
    const change = { properties: { text: 'By ada' } };
    const { status, json } = await ada.put(`/api/v1/layers/${title.id}`, { ...change, ...base, strict: true });
    assert.equal(status, 409);
    assert.equal(json.error, 'CONFLICT');
    assert.deepEqual(json.details, [{ field: 'properties.text', reason: 'was changed meanwhile', current: 'By bob' }]);
    const told = await mine.ask('layer:update', { layer_id: title.id, changes: change, ...base, strict: true });
    assert.deepEqual([told.success, told.error, told.details[0].current], [false, 'CONFLICT', 'By bob']);
    assert.equal((await get_layer(title)).properties.text, 'By bob');
    // Other properties, a newer base or no strictness: it applies.
    await put_layer(ada, title, { properties: { color: '#00ff00', stroke: { color: '#111111' } }, ...base, strict: true });
    const now = await get_layer(title);
    assert.deepEqual(now.properties.stroke, { width: 5, color: '#111111' });
    await put_layer(ada, title, { ...change, base_revision: now.revision, strict: true });
    await put_layer(ada, title, { properties: { text: 'Last' }, ...base });
    assert.equal((await get_layer(title)).properties.text, 'Last');

    await bob.must(200, 'PUT', `${at}/scenes/${scene.id}`, { text: 'By bob', background: { type: 'color', color: '#ffffff' } });
    const scene_change = { text: 'x', background: null, is_expanded: true };
    const second = await ada.put(`${at}/scenes/${scene.id}`, { ...scene_change, base_revision: scene.revision, strict: true });
    assert.equal(second.status, 409);
    assert.deepEqual(second.json.details.map((one) => one.field).sort(), ['background', 'text']);
    const third = await mine.ask('scene:update', { video_id: video.id, scene_id: scene.id, changes: { text: 'x' },
        base_revision: scene.revision, strict: true });
    assert.equal(third.details[0].current, 'By bob');
    const { data: { video: head } } = await ada.must(200, 'GET', at);
    await bob.must(200, 'PUT', at, { title: 'By bob' });
    await ada.must(200, 'PUT', at, { fps: 25, base_revision: head.revision, strict: true });
    const fourth = await ada.put(at, { title: 'By ada', base_revision: head.revision, strict: true });
    assert.deepEqual([fourth.status, fourth.json.details[0].current], [409, 'By bob']);
    assert.equal((await mine.ask('video:update', { video_id: video.id, changes: { title: 'x' }, base_revision: head.revision, strict: true })).error, 'CONFLICT');
    // What an undo or a return to a version changed counts as well.
    const before = await get_layer(title);
    await undo(ada, at);
    await undo(ada, at);
    assert.equal((await ada.put(`/api/v1/layers/${title.id}`, { ...change, base_revision: before.revision, strict: true })).status, 409);
});

test('who may not edit or see the video undoes nothing of it', async () => {
    const { at } = await stage();
    assert.equal((await eve.post(`${at}/undo`)).json.error, 'READ_ONLY');
    assert.equal((await eve.post(`${at}/versions`, { name: 'x' })).json.error, 'READ_ONLY');
    await ada.must(200, 'DELETE', `${at}/members/${eve.me.uuid}`);
    for (const [method, what] of [['POST', 'undo'], ['POST', 'redo'], ['GET', 'history'], ['GET', 'versions']])
        assert.equal((await eve.call(method, `${at}/${what}`)).json.error, 'VIDEO_NOT_FOUND');
});
