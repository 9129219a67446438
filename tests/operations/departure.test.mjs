// SPDX-License-Identifier: GPL-3.0-or-later
// What a user takes along, and that a deleted account is gone: rows, bytes, sessions, jobs; that others keep theirs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { picture, speech, wav } from '../api/lib/media.mjs';
import { Server, temporary, until } from '../api/lib/server.mjs';

let server, root, ada, bob, files, video, shared, theirs, private_link;
const folder = temporary('takeout');
before(async () => {
    server = await Server.start({ env: { KINORA_ALLOW_PRIVATE_LINKS: '1' } });
    root = await new Client(server).user('root');
    ada = await root.user('ada', { plan: 'business' });
    bob = await root.user('bob', { plan: 'business' });
    files = { speech: await ada.upload('talk/../speech.wav', speech(), '?transcribe=true'), picture: await ada.upload('Bild ü.png', picture()) };
    await ada.job_end(files.speech.job_id);
    const make = async (client, title) => (await client.must(201, 'POST', '/api/v1/videos', { title })).data.video;
    const scene_of = async (client, where) => (await client.must(201, 'POST', `/api/v1/videos/${where.id}/scenes`, { text: 'One', duration: 1 })).data.scene;
    const layer_in = async (client, scene, layer) => (await client.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`, { name: 'x', duration: 1, ...layer })).data.layer;
    [video, shared] = [await make(ada, 'Mine / Tour'), await make(bob, 'Ours')];
    const scene = await scene_of(ada, video);
    await layer_in(ada, scene, { type: 'media', properties: { media_id: files.picture.id } });
    const { data: render } = await ada.must(202, 'POST', `/api/v1/videos/${video.id}/render`, { quality: '480p' });
    await ada.must(200, 'POST', '/api/v1/voices/generate', { voice_id: (await ada.must(200, 'GET', '/api/v1/voices')).data.voices[0].id, text: 'Ada speaks' });
    // Things in the hands of both.
    await ada.must(201, 'POST', `/api/v1/videos/${video.id}/members`, { username: 'bob' });
    await bob.must(201, 'POST', `/api/v1/videos/${shared.id}/members`, { username: 'ada' });
    const their_scene = await scene_of(bob, shared);
    const layer = await layer_in(ada, their_scene, { type: 'text', properties: { text: 'by Ada' } });
    await ada.must(200, 'PUT', `/api/v1/layers/${layer.id}`, { name: 'Ada was here' });
    await ada.must(201, 'POST', `/api/v1/videos/${shared.id}/versions`, { name: 'As Ada left it' });
    theirs = await bob.upload('bob.wav', wav(0.3));
    await bob.must(201, 'POST', `/api/v1/keys/files/${theirs.id}/shares/${ada.me.id}`);
    await ada.must(201, 'POST', `/api/v1/keys/files/${files.speech.id}/shares/${bob.me.id}`);
    const { data: { scene: with_ada } } = { data: { scene: await scene_of(bob, shared) } };
    await layer_in(bob, with_ada, { type: 'text', properties: { text: 'x' } });
    // Small things.
    const { data: { audio } } = await ada.must(200, 'GET', '/api/v1/audio/library?type=my');
    await ada.must(200, 'POST', `/api/v1/audio/${audio[0].id}/favorite`, { is_favorite: true });
    await ada.must(200, 'PUT', '/api/v1/voices/pronunciations', { word: 'Kinora', spoken: 'kee nora' });
    await ada.must(201, 'POST', '/api/v1/avatars/generate', { name: 'Me', gender: 'female', look: {} });
    await ada.must(201, 'POST', '/api/v1/api-keys', { name: 'robot', scopes: ['read'] });
    const link = await ada.must(200, 'POST', '/api/v1/links', { url: 'http://127.0.0.1:9/x.mp3', name: 'x', type: 'direct', cookies: '{"a":"very-secret"}', download_automatically: false });
    await ada.job_end((await ada.must(200, 'POST', `/api/v1/links/${link.id}/trigger-download`)).job_id, { state: 'failed' });
    await root.as(undefined).must(200, 'POST', '/api/v1/password-reset/request-reset', { email: 'ada@example.org' });
    await ada.call('POST', '/api/v1/files/tus', { body: Buffer.alloc(70_000), headers: { 'Tus-Resumable': '1.0.0', 'Upload-Length': '100000',
        'Upload-Metadata': `filename ${Buffer.from('half.wav').toString('base64')}`, 'Content-Type': 'application/offset+octet-stream' } });
    await ada.job_end(render.job_id);
    await server.idle();
    private_link = (await ada.must(200, 'GET', `/api/v1/files/${files.picture.id}`)).content_url;
});
after(async () => {
    fs.rmSync(folder, { recursive: true, force: true });
    await server.remove();
});

test('what a user takes along has each of their files, transcripts, videos and films, and nothing of others', async () => {
    const { status, bytes, headers } = await ada.get('/api/v1/users/me/export');
    assert.equal(status, 200);
    assert.equal(headers['cache-control'], 'no-store');
    fs.writeFileSync(path.join(folder, 'takeout.zip'), bytes);
    const told = spawnSync('python3', ['-c', 'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; z.extractall(sys.argv[2])',
        path.join(folder, 'takeout.zip'), path.join(folder, 'out')], { encoding: 'utf8' });
    assert.equal(told.status, 0, told.stderr);
    const read = (name) => fs.readFileSync(path.join(folder, 'out', name));
    const names = fs.readdirSync(path.join(folder, 'out'), { withFileTypes: true }).flatMap((entry) => entry.isDirectory()
        ? fs.readdirSync(path.join(folder, 'out', entry.name)).map((name) => `${entry.name}/${name}`) : [entry.name]).sort();
    const like = (pattern) => names.filter((name) => pattern.test(name));
    assert.equal(names.length, 7, names.join('\n'));
    assert.deepEqual(read(like(/^media\/\d{6}-speech\.wav$/)[0]), speech());
    assert.equal(like(/^media\/\d{6}-Bild ü\.png$/).length, 1);
    assert.ok(JSON.parse(read(like(/^transcripts\/.*\.json$/)[0])).segments.length > 0);
    assert.equal(JSON.parse(read(like(/^videos\/.*\.json$/)[0])).scenes.length, 1);
    assert.match(read(like(/^videos\/.*\.mp4$/)[0]).subarray(4, 8).toString(), /ftyp/);
    assert.equal(JSON.parse(read('account.json')).email, 'ada@example.org');
    const links = read('links.json').toString();
    assert.ok(links.includes('http://127.0.0.1:9/x.mp3') && !links.includes('very-secret'));
    assert.equal((await root.as(undefined).get('/api/v1/users/me/export')).status, 401);
});

// Every row of every table that has this text in one of its columns.
function traces(text) {
    const rows = server.everything(), bytes = Buffer.from(text).toString('hex'); // as PostgreSQL shows them
    assert.ok(new Set(rows.map(({ name }) => name)).size > 10);
    return rows.filter(({ row }) => [text, bytes].some((one) => JSON.stringify(row).includes(one))).map(({ name, row }) => `${name}: ${JSON.stringify(row)}`);
}

test('a deleted account leaves no row, no bytes, no session and no job; what others have stays theirs', async () => {
    const { data: long } = await ada.must(202, 'POST', `/api/v1/videos/${video.id}/render`, { quality: '1080p', format: 'webm' });
    await until('it is at work', async () => (await ada.job(long.job_id)).status === 'processing');
    const mine = server.sql(`SELECT blob_id FROM media WHERE user_id = '${ada.me.uuid}' UNION SELECT d.blob_id FROM derivative d JOIN media m ON m.id = d.media_id
        WHERE m.user_id = '${ada.me.uuid}' UNION SELECT blob_id FROM film_file WHERE video_id = '${video.id}' UNION SELECT blob_id FROM upload_part
        UNION SELECT blob_id FROM cache WHERE user_id = '${ada.me.uuid}'`).map((row) => row.blob_id);
    assert.ok(mine.length >= 6, `${mine.length} blobs`);
    assert.ok(mine.every((id) => server.blobs().some((name) => name.includes(id))));
    const events = ada.events('/api/v1/events');
    await events.opened;
    await root.must(200, 'DELETE', `/users/${ada.me.id}`);
    await events.ended;
    await until('its bytes are gone', () => !mine.some((id) => server.blobs().some((name) => name.includes(id))));
    for (const text of [ada.me.uuid, 'ada@example.org', '"ada"', 'very-secret'])
        await until(`no row has ${text}`, () => !traces(text).length, { every_ms: 500 }).catch((error) => assert.fail(`${error.message}\n${traces(text).join('\n')}`));
    const listed = new Set(server.sql('SELECT id FROM blob').map(({ id }) => id));
    assert.ok(listed.size && !mine.some((id) => listed.has(id)), 'and off the list');
    assert.equal((await ada.get('/api/v1/users/me')).status, 401);
    assert.equal((await root.as(undefined).get(private_link)).status, 404);
    assert.equal((await root.as(undefined).post('/api/v1/auth/login', { username: 'ada', password: 'ada-password' })).status, 401);
    assert.equal((await bob.get(`/api/v1/videos/${video.id}`)).status, 404);
    assert.equal((await bob.get(`/api/v1/files/${files.speech.id}`)).status, 404);
    assert.equal((await bob.get(`/api/v1/files/${theirs.id}/content`)).bytes.length, wav(0.3).length);
    const { data: { scenes } } = await bob.must(200, 'GET', `/api/v1/videos/${shared.id}/scenes`);
    assert.equal(scenes[0].layers[0].name, 'Ada was here');
    const history = JSON.stringify((await bob.must(200, 'GET', `/api/v1/videos/${shared.id}/history`)).data);
    assert.ok(history.includes('Somebody') && !/\bada\b/.test(history), history);
    const { data: { entries: [row] } } = await root.must(200, 'GET', '/api/v1/admin/audit?action=user.delete');
    assert.deepEqual([row.actor, row.object_id], ['root', String(ada.me.id)]);
    const { data: { entries } } = await root.must(200, 'GET', `/api/v1/admin/audit?actor=${ada.me.id}`);
    assert.ok(entries.length && entries.every((one) => one.actor === null && one.address === null && one.session_id === null));
});

test('who deletes their own account is gone the same way, and the log still says that it was done', async () => {
    const carl = await root.user('carl');
    await carl.must(200, 'DELETE', `/users/${carl.me.id}`);
    assert.equal((await root.get(`/users/${carl.me.id}`)).status, 404);
    const { data: { entries: [row] } } = await root.must(200, 'GET', '/api/v1/admin/audit?action=user.delete');
    assert.deepEqual([row.actor_id, row.actor, row.address, row.object_id, row.outcome], [carl.me.id, null, null, String(carl.me.id), 'ok']);
});
