// SPDX-License-Identifier: GPL-3.0-or-later
// Every route that the API document declares, with every status below 500 that it declares. The client holds each
// answer against the document; the last tests see to it that nothing was left out.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { Client, file_form } from './lib/client.mjs';
import { picture, speech } from './lib/media.mjs';
import { Server } from './lib/server.mjs';

// Statuses that no call here can bring about, with the reason.
const exceptions = [
    [/ 413$/, 'limits.test.mjs sends what is too large'],
    [/ 429$/, 'safety.test.mjs asks too often'],
    [/ (304|412)$/, 'conditional.test.mjs sends tags'],
];

let server, root, ada, bob, document;
const made = {}; // what the steps below left for each other

before(async () => {
    server = await Server.start();
    root = await new Client(server).user('root');
    ada = await root.user('ada', { plan: 'business' });
    bob = await root.user('bob');
    document = await root.document();
});
after(() => server.remove());

const operations = () => Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })));
const fill = (path, value) => path.replace(/\{[^}]+\}/g, value);
// Something well-formed for each body, so that an answer is about what a test meant to be wrong.
const bodies = {
    'POST /users': { username: 'x', email: 'x@example.org', password: 'x-password' },
    'PUT /users/{user_id}': { email: 'x@example.org' },
    'POST /api/v1/users': { username: 'x', email: 'x@example.org', password: 'x-password' },
    'PUT /api/v1/users/me': { email: 'x@example.org' },
    'PUT /api/v1/users/{user_id}': { email: 'x@example.org' },
    'PUT /mediafiles/{media_id}': { file_name: 'x.wav' },
    'POST /transcriptions': { media_id: 999999, text: 'x' },
    'PUT /transcriptions/{transcription_id}': { text: 'x' },
    'POST /api/v1/videos': { title: 'x' },
    'PUT /api/v1/videos/{videoId}': { title: 'x' },
    'POST /api/v1/videos/from-script': { script: 'x' },
    'POST /api/v1/videos/from-transcription': { job_id: randomUUID() },
    'POST /api/v1/videos/{videoId}/scenes': { text: 'x' },
    'PUT /api/v1/videos/{videoId}/scenes/reorder': { scene_orders: [{ scene_id: randomUUID(), scene_number: 1 }] },
    'PUT /api/v1/videos/{videoId}/scenes/{sceneId}': { text: 'x' },
    'POST /api/v1/videos/{videoId}/members': { username: 'nobody' },
    'POST /api/v1/scenes/{sceneId}/layers': { type: 'text', name: 'x', duration: 1, properties: { text: 'x' } },
    'PUT /api/v1/layers/{layerId}': { name: 'x' },
    'PUT /api/v1/layers/{layerId}/toggle-visibility': { enabled: true },
    'PUT /api/v1/layers/reorder': { scene_id: randomUUID(), layer_orders: [{ layer_id: randomUUID(), order_index: 1 }] },
    'POST /api/v1/videos/{videoId}/render': {},
    'POST /api/v1/videos/{videoId}/regenerate': {},
    'POST /api/transcription/start': { mediaId: randomUUID() },
    'POST /api/v1/auth/login': { username: 'nobody', password: 'wrong-password' },
    'POST /api/v1/auth/refresh': { refresh_token: 'not-a-token' },
};
// What a call needs beside its path and JSON: {query, body}; headers that a route cannot do without.
const more = {}, headers_of = {};
// contract/*.mjs: what other areas add, each with a title, steps({server, root, ada, bob, made}), and if it needs them
// more bodies, headers, exceptions, queries and texts.
const areas = await Promise.all(fs.readdirSync(new URL('contract/', import.meta.url)).sort().map((name) => import(`./contract/${name}`)));
for (const area of areas) {
    Object.assign(bodies, area.bodies);
    Object.assign(more, area.more);
    Object.assign(headers_of, area.headers);
    exceptions.push(...area.exceptions ?? []);
}
const takes = (operation, type) => operation.requestBody?.content[type];
const is_json = (operation) => takes(operation, 'application/json');
const is_form = (operation) => takes(operation, 'multipart/form-data') || takes(operation, 'application/x-www-form-urlencoded');
const signed = '?session=00000000-0000-4000-8000-000000000000&expires=99999999999&signature=x';

test('the document describes every body that it asks for', () => {
    const missing = operations().filter(({ path, method, operation }) => is_json(operation) && !bodies[`${method} ${path}`])
        .map(({ path, method }) => `${method} ${path}`);
    assert.deepEqual(missing, []);
});

test('without a token, and with a forged one, what is guarded answers 401', async () => {
    const guarded = operations().filter(({ operation }) => operation.security.length);
    assert.ok(guarded.length > 40);
    for (const { path, method, operation } of guarded) {
        const optional = operation.security.some((one) => !one.bearer);
        for (const token of optional ? ['forged'] : [undefined, 'forged']) {
            const { status } = await root.as(token).call(method, fill(path, randomUUID()), { json: bodies[`${method} ${path}`], headers: headers_of[`${method} ${path}`] });
            assert.equal(status, 401, `${method} ${path} with token ${token}`);
        }
    }
});

test('malformed input answers 400 wherever input is taken', async () => {
    for (const { path, method, operation } of operations()) {
        const what = `${method} ${path}`;
        const query = operation.parameters.find((one) => one.in === 'query' && one.schema.type !== 'string'
            && ![one.schema.type].flat().includes('string'));
        const broken = {
            id: path.includes('{') && !path.startsWith('/content') && { path: fill(path, 'not-an-id!'), json: bodies[what] },
            json: is_json(operation) && { path: fill(path, randomUUID()), body: '{"a":', headers: { 'Content-Type': 'application/json' } },
            shape: is_json(operation) && { path: fill(path, randomUUID()), json: [] },
            query: query && !path.startsWith('/content') && { path: `${fill(path, randomUUID())}?${query.name}=maybe`, json: bodies[what] },
            form: is_form(operation) && { path, body: 'x', headers: { 'Content-Type': 'text/plain' } },
        };
        for (const [kind, wrong] of Object.entries(broken).filter(([, one]) => one)) {
            const { status, bytes } = await root.call(method, wrong.path, { ...wrong, headers: { ...headers_of[what], ...wrong.headers } });
            // In the detail face a form that names nothing is well-formed; which of the two it is stands in its errors.
            assert.equal(status, 400, `${what} with a broken ${kind}: ${bytes}`);
        }
    }
    for (const kind of ['media', 'render'])
        assert.equal((await root.get(`/content/${kind}/not-an-id/x${signed}`)).status, 400);
});

test('what is not there answers 404, in the face of its document', async () => {
    const named = operations().filter(({ path, operation }) => path.includes('{') && operation.responses[404]);
    for (const { path, method } of named) {
        const where = path.replace(/\{(user_id|media_id|transcription_id|history_id)\}/, '999999');
        const query = path.startsWith('/content') ? signed : '';
        const { status, bytes } = await root.call(method, fill(where, randomUUID()) + query, { json: bodies[`${method} ${path}`], headers: headers_of[`${method} ${path}`] });
        assert.equal(status, 404, `${method} ${path}: ${bytes}`);
    }
    assert.equal((await root.put('/api/v1/layers/reorder', bodies['PUT /api/v1/layers/reorder'])).status, 404);
    assert.equal((await root.post('/api/transcription/start', bodies['POST /api/transcription/start'])).status, 404);
    assert.equal((await root.post('/api/v1/videos/from-transcription', bodies['POST /api/v1/videos/from-transcription'])).status, 404);
});

test('an unknown path is 404 and a wrong method 405 with Allow, before any token is asked for', async () => {
    const nobody = root.as(undefined);
    for (const path of ['/nothing', '/api/v1/nothing', '/api/v1/videos/x/y/z', '/users/1/2'])
        assert.equal((await nobody.get(path)).json.code, 'NOT_FOUND', path);
    for (const [method, path, allow] of [['POST', '/users/1', /PUT/], ['PUT', '/users', /POST/], ['DELETE', '/api/v1/jobs', /GET/],
        ['PATCH', '/api/v1/videos', /POST/]]) {
        const { status, headers, json } = await nobody.call(method, path);
        assert.equal(status, 405, path);
        assert.match(headers.allow, allow);
        assert.equal(json.code, 'METHOD_NOT_ALLOWED');
    }
});

test('a path with and without its trailing slash is the same path', async () => {
    assert.equal((await ada.get('/api/v1/users/me/')).status, 200);
    assert.equal((await ada.get('/mediafiles/')).status, 200);
});

test('errors have the shape of their face', async () => {
    const plain = (await ada.post('/transcriptions', { text: 7 })).json;
    assert.equal(plain.code, 'VALIDATION_ERROR');
    assert.ok(plain.details.field && plain.details.reason);
    assert.equal((await ada.get('/mediafiles/999999')).json.code, 'NOT_FOUND');
    assert.deepEqual((await ada.as(undefined).get('/mediafiles/1')).json.details, {});
    const envelope = (await ada.post('/api/v1/videos', { title: 7 })).json;
    assert.equal(envelope.error, 'VALIDATION_ERROR');
    assert.equal(envelope.details[0].field, 'title');
    const wrong = (await root.post('/api/v1/users', { username: 7 })).json;
    assert.equal(typeof wrong.detail, 'string');
    assert.ok(wrong.errors.every((one) => Array.isArray(one.loc) && one.msg && one.type));
    assert.deepEqual(wrong.errors.map((one) => one.loc.at(-1)).sort(), ['email', 'password', 'username']);
    const taken = (await root.post('/api/v1/users', { username: 'ada', email: 'new@example.org', password: 'some-password' })).json;
    assert.equal(taken.detail[0].loc.at(-1), 'username');
    assert.equal((await root.get('/api/v1/users/999999')).json.detail, 'Item not found');
});

test('users of documents 000 and 002', async () => {
    await root.must(201, 'POST', '/users', { username: 'carl', email: 'carl@example.org', password: 'carl-password' });
    assert.equal((await root.post('/users', { username: 'CARL', email: 'x@example.org', password: 'carl-password' })).status, 409);
    assert.equal((await ada.post('/users', bodies['POST /users'])).status, 403);
    const carl = (await root.must(200, 'GET', '/users')).find((user) => user.username === 'carl');
    assert.equal((await ada.get('/users')).status, 403);
    assert.deepEqual(await root.must(200, 'GET', `/users/${carl.user_id}`), carl);
    assert.deepEqual(await root.must(200, 'GET', `/users/${carl.uuid}`), carl);
    await root.must(200, 'PUT', `/users/${carl.user_id}`, { email: 'carl@example.com' });
    assert.equal((await root.put(`/users/${carl.user_id}`, { username: 'ada' })).status, 409);
    assert.equal((await ada.put(`/users/${ada.me.id}`, { is_superuser: true })).status, 403);
    assert.equal((await root.put(`/users/${carl.user_id}`, {})).status, 400);
    assert.equal((await root.delete(`/users/${root.me.id}`)).status, 409);
    await root.must(200, 'DELETE', `/users/${carl.user_id}`);
    assert.equal((await root.delete(`/users/${carl.user_id}`)).status, 404);

    assert.equal((await ada.post('/api/v1/users', bodies['POST /api/v1/users'])).status, 403);
    assert.equal((await ada.must(200, 'GET', '/api/v1/users/me')).username, 'ada');
    assert.equal((await ada.put('/api/v1/users/me', { email: 'bob@example.org' })).status, 422);
    assert.equal((await ada.put('/api/v1/users/me', { plan: 'business' })).status, 403);
    await ada.must(200, 'PUT', '/api/v1/users/me', { email: 'ada@example.com' });
    await ada.must(200, 'GET', `/api/v1/users/${ada.me.id}`);
    assert.equal((await ada.get(`/api/v1/users/${bob.me.id}`)).status, 403);
    assert.equal((await ada.put(`/api/v1/users/${bob.me.id}`, { email: 'b@example.org' })).status, 403);
    await root.must(200, 'PUT', `/api/v1/users/${bob.me.id}`, { plan: 'pro' });
    assert.equal((await root.put(`/api/v1/users/${root.me.id}`, { is_active: false })).status, 422);
});

test('logging in and out, in both documents', async () => {
    const nobody = root.as(undefined);
    const form = (values) => ({ body: new URLSearchParams(values).toString(), headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
    const enter = (values) => nobody.call('POST', '/api/v1/login/access-token', form(values));
    const right = { username: 'bob', password: 'bob-password' };
    assert.equal((await enter(right)).json.token_type, 'bearer');
    assert.equal((await enter({ ...right, username: 'bob@example.org' })).status, 200);
    assert.equal((await enter({ ...right, password: 'wrong' })).status, 401);
    assert.equal((await enter({ username: 'x'.repeat(300), password: 'y' })).status, 400);
    assert.equal((await nobody.post('/api/v1/auth/login', bodies['POST /api/v1/auth/login'])).status, 401);
    assert.equal((await nobody.post('/api/v1/auth/refresh', bodies['POST /api/v1/auth/refresh'])).status, 401);
    const off = await root.user('off');
    await root.must(200, 'PUT', `/api/v1/users/${off.me.id}`, { is_active: false });
    assert.equal((await enter({ username: 'off', password: 'off-password' })).status, 403);
    assert.equal((await nobody.post('/api/v1/auth/login', { username: 'off', password: 'off-password' })).status, 403);
    const pair = await nobody.must(200, 'POST', '/api/v1/auth/login', right);
    await nobody.must(200, 'POST', '/api/v1/auth/refresh', { refresh_token: pair.refresh_token });
    const session = nobody.as(pair.access_token);
    assert.equal((await session.must(200, 'POST', '/api/v1/login/test-token')).username, 'bob');
    await session.must(200, 'POST', '/api/v1/auth/logout');
});

test('media files of documents 000 and 004', async () => {
    made.speech = await ada.must(201, 'POST', '/mediafiles', undefined, file_form('speech.wav', speech()));
    assert.ok((await ada.must(200, 'GET', '/mediafiles')).some((one) => one.uuid === made.speech.uuid));
    await ada.must(200, 'GET', `/mediafiles/${made.speech.media_id}`);
    const moved = await ada.must(200, 'PUT', `/mediafiles/${made.speech.media_id}`, { file_name: 'a b.wav', file_path: 'talks/a b.wav' });
    assert.deepEqual([moved.file_name, moved.file_path], ['a b.wav', 'talks/a b.wav']);
    const id = randomUUID();
    await ada.upload('x.png', picture(), `?transcribe=false&file_id=${id}`);
    assert.equal((await ada.call('POST', `/api/v1/files/upload?file_id=${id}`, file_form('x.png', picture()))).status, 409);
    assert.equal((await ada.must(200, 'GET', '/api/v1/files')).total, 2);
    const file = await ada.must(200, 'GET', `/api/v1/files/${id}`);
    assert.equal((await ada.get(`/api/v1/files/${id}/content`)).status, 200);
    for (const path of [`/api/v1/files/${id}/content`, file.content_url]) {
        assert.equal((await ada.get(path)).status, 200);
        assert.equal((await ada.get(path, { headers: { Range: 'bytes=0-3' } })).status, 206);
        assert.equal((await ada.get(path, { headers: { Range: 'bytes=999999999-' } })).status, 416);
        const { headers } = await ada.get(path);
        assert.equal((await ada.get(path, { headers: { 'If-None-Match': headers.etag } })).status, 304);
    }
    made.picture = file;
    const second = await ada.upload('y.png', picture());
    await ada.must(200, 'DELETE', `/api/v1/files/${second.id}`);
    const third = await ada.must(201, 'POST', '/mediafiles', undefined, file_form('z.png', picture()));
    await ada.must(200, 'DELETE', `/mediafiles/${third.media_id}`);
});

test('transcriptions of documents 000, 003 and 004', async () => {
    const { data } = await ada.must(202, 'POST', '/api/transcription/start', { mediaId: made.speech.uuid });
    await ada.job_end(data.jobId);
    made.transcribed = data.jobId;
    const { data: told } = await ada.must(200, 'GET', `/api/transcription/${data.jobId}/status`);
    assert.equal(told.status, 'completed');
    await ada.must(200, 'GET', `/api/v1/transcriptions/${data.jobId}`);
    const [row] = await ada.must(200, 'GET', '/transcriptions');
    assert.equal((await ada.must(200, 'GET', `/transcriptions/${row.transcription_id}`)).text, row.text);
    const own = await ada.must(201, 'POST', '/transcriptions', { media_id: made.speech.media_id, text: 'Something said' });
    await ada.must(200, 'PUT', `/transcriptions/${own.transcription_id}`, { text: 'Something else' });
    await ada.must(200, 'DELETE', `/transcriptions/${own.transcription_id}`);
    assert.equal((await ada.post('/transcriptions', { media_id: 999999, text: 'x' })).status, 400);
    // A picture is accepted and then fails at once.
    const { data: silent } = await ada.must(202, 'POST', '/api/transcription/start', { mediaId: made.picture.id });
    made.failed = silent.jobId;
    await ada.job_end(silent.jobId, { state: 'failed', limit_ms: 10_000 });
    assert.equal((await ada.delete(`/api/transcription/${silent.jobId}`)).json.error, 'JOB_ALREADY_FAILED');
});

test('videos, scenes and layers of document 001', async () => {
    const { data: { video } } = await ada.must(201, 'POST', '/api/v1/videos', { title: 'Tour' });
    made.video = `/api/v1/videos/${video.id}`;
    assert.equal((await ada.post(`${made.video}/render`, {})).json.error, 'VIDEO_HAS_NO_SCENES');
    assert.equal((await ada.post(`${made.video}/regenerate`, {})).status, 409);
    assert.equal((await ada.must(200, 'GET', `${made.video}/regeneration-status`)).data.status, 'idle');
    assert.equal((await ada.must(200, 'GET', '/api/v1/videos')).data.pagination.total_items, 1);
    await ada.must(200, 'GET', made.video);
    await ada.must(200, 'PUT', made.video, { title: 'A tour', aspect_ratio: '1:1', background: '#202020' });
    const { data: { scene } } = await ada.must(201, 'POST', `${made.video}/scenes`, { text: 'One', duration: 1 });
    const { data: { scene: other } } = await ada.must(201, 'POST', `${made.video}/scenes`, { text: 'Two', duration: 1 });
    await ada.must(200, 'PUT', `${made.video}/scenes/reorder`, { scene_orders: [
        { scene_id: scene.id, scene_number: 2 }, { scene_id: other.id, scene_number: 1 }] });
    await ada.must(200, 'GET', `${made.video}/scenes/${scene.id}`);
    await ada.must(200, 'PUT', `${made.video}/scenes/${scene.id}`, { is_expanded: true });
    const layers = `/api/v1/scenes/${scene.id}/layers`;
    const { data: { layer } } = await ada.must(201, 'POST', layers, bodies['POST /api/v1/scenes/{sceneId}/layers']);
    await ada.must(200, 'GET', layers);
    await ada.must(200, 'GET', `/api/v1/layers/${layer.id}`);
    await ada.must(200, 'PUT', `/api/v1/layers/${layer.id}`, { name: 'Title' });
    await ada.must(200, 'PUT', `/api/v1/layers/${layer.id}/toggle-visibility`, { enabled: false });
    await ada.must(200, 'PUT', '/api/v1/layers/reorder', { scene_id: scene.id, layer_orders: [{ layer_id: layer.id, order_index: 1 }] });
    assert.equal((await ada.must(200, 'GET', `${made.video}/scenes`)).data.scenes.length, 2);
    await ada.must(201, 'POST', `/api/v1/layers/${layer.id}/duplicate`);
    const { data: { scene: copy } } = await ada.must(201, 'POST', `${made.video}/scenes/${scene.id}/duplicate`);
    await ada.must(200, 'DELETE', `${made.video}/scenes/${copy.id}`);
    await ada.must(200, 'DELETE', `/api/v1/layers/${layer.id}`);
    await ada.must(200, 'DELETE', `${made.video}/scenes/${other.id}`);
    await ada.must(201, 'POST', '/api/v1/videos/from-transcription', { job_id: made.transcribed });
    assert.equal((await ada.post('/api/v1/videos/from-transcription', bodies['POST /api/v1/videos/from-transcription'])).status, 404);
    const { data: { video: written } } = await ada.must(201, 'POST', '/api/v1/videos/from-script', { script: '# A\n\nHello.\n\n# B\n\nBye.' });
    await ada.must(200, 'DELETE', `/api/v1/videos/${written.id}`);
});

test('a viewer of a video changes nothing of it', async () => {
    await ada.must(201, 'POST', `${made.video}/members`, { username: 'bob', role: 'viewer' });
    await ada.must(200, 'GET', `${made.video}/members`);
    const [scene] = (await bob.must(200, 'GET', `${made.video}/scenes`)).data.scenes;
    const { data: { layer } } = await ada.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`, bodies['POST /api/v1/scenes/{sceneId}/layers']);
    const written = operations().filter(({ path, method }) => method !== 'GET' && /videoId|sceneId|layer/.test(path));
    assert.ok(written.length > 12);
    for (const { path, method } of written) {
        const where = path.replace('/api/v1/videos/{videoId}', made.video).replace('{sceneId}', scene.id).replace('{layerId}', layer.id).replace('{versionId}', randomUUID()).replace('{user_id}', bob.me.uuid);
        const body = path.endsWith('layers/reorder') ? { scene_id: scene.id, layer_orders: [{ layer_id: layer.id, order_index: 1 }] } : bodies[`${method} ${path}`];
        const { status, json } = await bob.call(method, where, { json: body });
        const owners = /members/.test(path) || (method === 'DELETE' && /videoId}$/.test(path));
        assert.deepEqual([status, json.error], [403, owners ? 'OWNER_REQUIRED' : 'READ_ONLY'], `${method} ${path}`);
    }
    assert.equal((await ada.delete(`${made.video}/members/${randomUUID()}`)).json.error, 'USER_NOT_FOUND');
    await ada.must(200, 'DELETE', `${made.video}/members/${bob.me.uuid}`);
    await ada.must(200, 'DELETE', `/api/v1/layers/${layer.id}`);
});

for (const area of areas)
    test(area.title, () => area.steps({ server, root, ada, bob, made }));

test('what waits in the queue is cancelled, retried and refused twice', async () => {
    await server.stop();
    server.flags = ['--no-workers'];
    await server.start();
    const start = (media) => ada.post('/api/transcription/start', { mediaId: media });
    const { json: { data: waiting } } = await start(made.speech.uuid);
    assert.equal((await start(made.speech.uuid)).json.error, 'TRANSCRIPTION_IN_PROGRESS');
    assert.equal((await ada.get(`/api/v1/transcriptions/${waiting.jobId}`)).status, 409);
    assert.equal((await ada.must(200, 'GET', '/api/v1/jobs?status=pending')).total, 1);
    await ada.must(200, 'GET', `/api/v1/jobs/${waiting.jobId}`);
    assert.equal((await ada.post(`/api/v1/jobs/${waiting.jobId}/retry`)).status, 409);
    assert.equal((await ada.post(`/api/transcription/${waiting.jobId}/retry`)).json.error, 'JOB_NOT_FAILED');
    await ada.must(200, 'DELETE', `/api/transcription/${waiting.jobId}`);
    assert.equal((await ada.delete(`/api/transcription/${waiting.jobId}`)).json.error, 'JOB_ALREADY_CANCELLED');
    assert.equal((await ada.post(`/api/v1/jobs/${waiting.jobId}/cancel`)).status, 409);
    assert.equal((await ada.delete(`/api/transcription/${made.transcribed}`)).json.error, 'JOB_ALREADY_COMPLETED');

    const { json: { data: again } } = await start(made.picture.id);
    assert.equal((await ada.post(`/api/transcription/${made.failed}/retry`)).json.error, 'TRANSCRIPTION_IN_PROGRESS');
    assert.equal((await ada.must(200, 'POST', `/api/v1/jobs/${again.jobId}/cancel`)).status, 'cancelled');
    const retried = await ada.must(200, 'POST', `/api/v1/jobs/${made.failed}/retry`);
    assert.deepEqual([retried.status, retried.retry_count], ['pending', 1]);
    await ada.must(202, 'POST', `${made.video}/regenerate`, {});
    assert.equal((await ada.post(`${made.video}/render`, {})).json.error, 'RENDER_IN_PROGRESS');
});

test('a failed transcription is retried through document 003', async () => {
    server.flags = [];
    await server.stop();
    await server.start();
    await ada.job_end(made.failed, { state: 'failed', limit_ms: 10_000 });
    await ada.must(202, 'POST', `/api/transcription/${made.failed}/retry`);
    await ada.job_end(made.failed, { state: 'failed', limit_ms: 10_000 });
});

test('a key that was used for another request answers 409 wherever keys are taken', async () => {
    const keyed = operations().filter(({ operation }) => operation.parameters.some((one) => one.name === 'Idempotency-Key'));
    assert.ok(keyed.length > 10);
    const headers = { 'Idempotency-Key': 'used' };
    await root.must(201, 'POST', '/api/v1/videos', { title: 'Once' }, { headers });
    for (const { path, method } of keyed) {
        const where = path.replace(/\{(user_id|media_id|transcription_id|history_id)\}/, '999999');
        const { query = '', body } = more[`${method} ${path}`] ?? {};
        const { status, bytes } = await root.call(method, fill(where, randomUUID()) + query, { json: bodies[`${method} ${path}`], body, headers });
        assert.equal(status, 409, `${method} ${path}: ${bytes}`);
    }
});

test('streams of events open', async () => {
    const all = ada.events('/api/v1/events');
    const one = ada.events(`/api/v1/files/${made.picture.id}/events`);
    await Promise.all([all.opened, one.opened]);
    all.close();
    one.close();
    assert.equal((await ada.get('/api/v1/files/x/events')).status, 400);
});

test('a video is deleted with all that is in it', async () => {
    await ada.must(200, 'DELETE', made.video);
    assert.equal((await ada.get(made.video)).status, 404);
});

test('the server lives and says that it is ready', async () => {
    assert.equal((await ada.as(undefined).must(200, 'GET', '/health')).status, 'ok');
    assert.equal((await ada.as(undefined).must(200, 'GET', '/ready')).workers, 'ok');
    await ada.as(undefined).must(200, 'GET', '/api/v1/openapi.json');
});

test('every declared route was called', () => {
    const called = new Set([...root.seen].map((what) => what.split(' ').slice(0, 2).join(' ')));
    assert.deepEqual(operations().map(({ path, method }) => `${method} ${path}`).filter((what) => !called.has(what)), []);
});

test('every declared status below 500 was seen', () => {
    const declared = operations().flatMap(({ path, method, operation }) =>
        Object.keys(operation.responses).filter((status) => status < 500).map((status) => `${method} ${path} ${status}`));
    const missed = declared.filter((what) => !root.seen.has(what) && !exceptions.some(([pattern]) => pattern.test(what)));
    assert.deepEqual(missed, []);
});
