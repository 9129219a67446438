// SPDX-License-Identifier: GPL-3.0-or-later
// The server dies without warning while twenty people edit: nothing that was acknowledged is lost, nobody hears anything twice.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { Server, sleep, until } from '../api/lib/server.mjs';
import { Live } from './lib/live.mjs';

const PEOPLE = 20, KILLS = 3;
let server, root, editors, layers, video;
before(async () => {
    server = await Server.start();
    root = await new Client(server).user('root', { plan: 'business' });
    video = (await root.must(201, 'POST', '/api/v1/videos', { title: 'Shaken' })).data.video;
    const { data: { scene } } = await root.must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, { text: 'One', duration: 3 });
    editors = [];
    layers = [];
    for (let i = 0; i < PEOPLE; i++) {
        editors.push(await root.user(`editor${i}`));
        await root.must(201, 'POST', `/api/v1/videos/${video.id}/members`, { username: `editor${i}` });
        layers.push((await root.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`,
            { type: 'text', name: 'start', duration: 2, properties: { text: 'x' } })).data.layer.id);
    }
});
after(async () => {
    await server.remove();
});

// Starts it again where its clients look for it.
async function restart() {
    await server.kill();
    const { port } = server;
    server.flags = ['--listen', `127.0.0.1:${port}`];
    await server.start();
    assert.equal(server.port, port);
}

test('every acknowledged change survives a kill -9, and everyone hears every change of the others once and in order', async () => {
    const people = await Promise.all(editors.map((editor, i) => Live.open(editor, { transports: i % 2 ? ['websocket'] : ['polling', 'websocket'] })));
    await Promise.all(people.map((one) => one.hears('session')));
    const acknowledged = people.map(() => []);
    let editing = true;
    const edits = people.map(async (one, i) => {
        for (let number = 0; editing; number++) {
            const name = `${i}:${number}`;
            const told = one.socket.connected && await one.ask('layer:update', { layer_id: layers[i], changes: { name } }, 400).catch(() => null);
            if (told)
                assert.equal(told.success, true, JSON.stringify(told));
            if (told)
                acknowledged[i].push(name);
            await sleep(told ? 20 : 50);
        }
    });
    for (let kill = 0; kill < KILLS; kill++) {
        await sleep(700);
        const before = acknowledged.map((names) => names.length);
        await restart();
        await until('all are back and edit', () => people.every((one, i) => one.socket.connected && acknowledged[i].length > before[i] + 2));
        assert.ok(people.every((one) => one.socket.recovered), 'all have been brought up to date');
    }
    editing = false;
    await Promise.all(edits);
    const events = server.sql("SELECT json(payload) AS payload FROM event WHERE kind = 'layer:updated' ORDER BY number")
        .map(({ payload }) => typeof payload === 'string' ? JSON.parse(payload) : payload);
    const made = layers.map((id) => events.filter((event) => event.layer_id === id).map((event) => event.layer.name));
    acknowledged.forEach((names, i) => {
        assert.ok(names.length > 10);
        assert.deepEqual(names.filter((name) => !made[i].includes(name)), [], `acknowledged to editor ${i}, and lost`);
    });
    for (const [i, one] of people.entries()) {
        const others = events.filter((event) => event.layer_id !== layers[i]).map((event) => event.layer.name);
        await one.hears('layer:updated', (event) => event.layer.name === others.at(-1));
        assert.deepEqual(one.all('layer:updated').map((event) => event.layer.name), others, `editor ${i} heard others`);
    }
    for (const [i, id] of layers.entries())
        assert.equal((await root.must(200, 'GET', `/api/v1/layers/${id}`)).data.layer.name, made[i].at(-1));
    people.forEach((one) => one.close());
});

test('a client that was away while the server started again gets what it missed', async () => {
    const away = await Live.open(editors[0], { reconnectionDelay: 1500, reconnectionDelayMax: 1500, randomizationFactor: 0 });
    await away.hears('session');
    away.socket.io.engine.close();
    await root.must(200, 'PUT', `/api/v1/layers/${layers[1]}`, { name: 'before' });
    await restart();
    await root.must(200, 'PUT', `/api/v1/layers/${layers[1]}`, { name: 'after' });
    await away.hears('layer:updated', (event) => event.layer.name === 'after');
    assert.equal(away.socket.recovered, true);
    assert.deepEqual(away.all('layer:updated').map((event) => event.layer.name), ['before', 'after']);
    away.close();
});

test('a mark that somebody made up recovers nothing', async () => {
    const one = await Live.open(editors[0]);
    await one.hears('session');
    one.socket._pid = `${one.socket._pid.slice(0, -1)}${one.socket._pid.endsWith('A') ? 'B' : 'A'}`;
    one.socket.io.engine.close();
    await until('it is back', () => one.socket.connected && one.all('session').length === 2);
    assert.equal(one.socket.recovered, false);
    assert.equal(one.all('session')[1].recovered, false);
    one.close();
});
