// SPDX-License-Identifier: GPL-3.0-or-later
// ETag, If-None-Match and If-Match on every route that declares them, in every face.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client, file_form } from './lib/client.mjs';
import { picture, speech, wav } from './lib/media.mjs';
import { Server, until } from './lib/server.mjs';

let server, root, ada, document;
const values = {}; // of the {parameters} of a path

before(async () => {
    server = await Server.start();
    root = await new Client(server).user('root');
    ada = await root.user('ada', { plan: 'business' });
    document = await root.document();
    const file = await ada.upload('speech.wav', speech());
    const other = await ada.upload('picture.png', picture());
    const number = async (name) => (await ada.must(200, 'GET', '/mediafiles')).find((one) => one.file_name === name).media_id;
    const { data: { jobId } } = await ada.must(202, 'POST', '/api/transcription/start', { mediaId: file.id });
    await ada.job_end(jobId);
    const { data: { video } } = await ada.must(201, 'POST', '/api/v1/videos', { title: 'Tour' });
    const { data: { scene } } = await ada.must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, { text: 'One', duration: 1 });
    const { data: { layer } } = await ada.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`,
        { type: 'text', name: 'x', duration: 1, properties: { text: 'x' } });
    const { data: render } = await ada.must(202, 'POST', `/api/v1/videos/${video.id}/render`, { quality: '480p' });
    await ada.job_end(render.job_id);
    Object.assign(values, { user_id: ada.me.id, media_id: await number('picture.png'), file_id: other.id,
        transcription_id: (await ada.must(200, 'GET', '/transcriptions'))[0].transcription_id,
        videoId: video.id, sceneId: scene.id, layerId: layer.id, job_id: jobId, model: 'whisper-1', avatarId: 'amy', speaker_id: 'speaker_1',
        segment_id: (await ada.must(200, 'GET', `/api/v1/transcriptions/${jobId}/segments`)).segments[0].id });
    // The address is a private one, which is refused: a record at once.
    const link = await ada.must(200, 'POST', '/api/v1/links', { url: 'http://127.0.0.1:9/x.mp3', name: 'x', type: 'direct', download_automatically: false });
    await ada.job_end((await ada.must(200, 'POST', `/api/v1/links/${link.id}/trigger-download`)).job_id, { state: 'failed' });
    const [record] = await ada.must(200, 'GET', '/api/v1/history');
    const { data: image } = await ada.must(202, 'POST', '/api/v1/media/generate-ai', { prompt: 'The sea at night' });
    const image_job = image.job_id ?? image.jobId;
    await ada.job_end(image_job);
    const added = async (kind, name, bytes) => (await ada.must(201, 'POST', `/api/v1/${kind}/upload`, undefined, file_form(name, bytes))).data;
    const { audio } = await added('audio', 'Song.wav', wav(0.2));
    const { media } = await added('media', 'Wall.png', picture('blue'));
    const { data: { pronunciation } } = await ada.must(200, 'PUT', '/api/v1/voices/pronunciations', { word: 'Kinora', spoken: 'kee nora' });
    const { data: { api_key } } = await ada.must(201, 'POST', '/api/v1/api-keys', { name: 'x', scopes: ['read'] });
    Object.assign(values, { audioId: audio.id, mediaId: media.id, link_id: link.id, history_id: record.id, pronunciationId: pronunciation.id, id: api_key.id,
        session_id: (await ada.must(200, 'GET', '/api/v1/sessions')).sessions[0].id });
    values.jobId = (pattern) => pattern.startsWith('/api/v1/renders') ? render.job_id : pattern.includes('/ai-status/') ? image_job : jobId;
    await server.idle(); // the overview counts jobs
});
after(() => server.remove());

const operations = (status) => Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods)
    .filter(([, operation]) => operation.responses[status])
    .map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })));
const fill = (pattern) => pattern.replace(/\{(\w+)\}/g, (_, name) => {
    assert.ok(name in values, `${pattern}: the test has no value for ${name}`);
    return typeof values[name] === 'function' ? values[name](pattern) : values[name];
});
// Some things are the administrators' alone.
const who = (path) => ['/api/v1/admin/audit', '/api/v1/database/import', '/api/v1/overview', '/api/v1/settings'].includes(path) ? root : ada;
const if_match = (tag) => ({ headers: { 'If-Match': tag } });
const if_none_match = (tag) => ({ headers: { 'If-None-Match': tag } });
// Changes; content and protocols of their own answer 412 too, and have tests of their own.
const checked = () => operations(412).filter(({ operation }) => operation.parameters.some((one) => one.name === 'If-Match'));
const tagged = () => operations(304).filter(({ operation }) => operation.responses[200].content?.['application/json']);

// A change of each thing that has a tag; of the others below.
const bodies = {
    'PUT /users/{user_id}': { email: 'new@example.org' },
    'PUT /api/v1/users/me': { email: 'new@example.org' },
    'PUT /api/v1/users/{user_id}': { email: 'new@example.org' },
    'PUT /mediafiles/{media_id}': { file_name: 'new.png' },
    'PUT /transcriptions/{transcription_id}': { text: 'new' },
    'PUT /api/v1/keys/me': { public_key: Buffer.alloc(32, 9).toString('base64') },
    'PUT /api/v1/transcriptions/{job_id}/segments/{segment_id}': { text: 'new words' },
    'PUT /api/v1/videos/{videoId}': { title: 'new' },
    'PUT /api/v1/videos/{videoId}/scenes/{sceneId}': { text: 'new' },
    'PUT /api/v1/links/{link_id}': { name: 'new' },
    'PUT /api/v1/layers/{layerId}': { name: 'new' },
    'PUT /api/v1/layers/{layerId}/toggle-visibility': { enabled: false },
};
const fixed_bodies = () => ({
    'PUT /api/v1/settings': { token_ttl: 3600 },
    'PUT /api/v1/voices/pronunciations': { word: 'x', spoken: 'ex' },
    'POST /api/v1/transcriptions/{job_id}/segments/{segment_id}/split': { at_word: 1 },
    'PUT /api/v1/transcriptions/{job_id}/speakers/{speaker_id}': { name: 'Ann' },
    'PUT /api/v1/videos/{videoId}/scenes/reorder': { scene_orders: [{ scene_id: values.sceneId, scene_number: 1 }] },
    'PUT /api/v1/layers/reorder': { scene_id: values.sceneId, layer_orders: [{ layer_id: values.layerId, order_index: 1 }] },
});

test('a GET of one thing carries a tag that stays, and answers 304 to who has it', async () => {
    assert.ok(tagged().length >= 12);
    const check = async (path) => {
        const first = await who(path).get(fill(path)), second = await who(path).get(fill(path));
        assert.equal(first.status, 200, `${path}: ${first.bytes}`);
        const { etag } = first.headers;
        assert.match(etag, /^"[0-9a-f]{32}"$/, path);
        assert.equal(first.headers['cache-control'], 'private, no-cache', path);
        assert.equal(second.headers.etag, etag, path);
        for (const list of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
            const same = await who(path).get(fill(path), if_none_match(list));
            assert.deepEqual([same.status, same.bytes.length, same.headers.etag], [304, 0, etag], `${path} ${list}`);
            assert.equal(same.headers['cache-control'], 'private, no-cache', path);
        }
        for (const list of ['"x"', etag.slice(1, -1), ''])
            assert.equal((await who(path).get(fill(path), if_none_match(list))).status, 200, `${path} ${list}`);
        const head = await who(path).call('HEAD', fill(path));
        assert.deepEqual([head.status, head.headers.etag, head.bytes.length], [200, etag, 0], path);
    };
    for (const { path } of tagged()) {
        let why;
        // Others use the disk as well, whose free space the overview tells.
        if (path === '/api/v1/overview')
            await until('the overview stays the same for a moment', () => check(path).then(() => true, (error) => void (why = error))).catch(() => { throw why; });
        else
            await check(path);
    }
});

test('lists, errors and what is open to all carry no tag and are not kept', async () => {
    for (const path of ['/mediafiles', '/api/v1/videos', '/api/v1/jobs', `/api/v1/videos/${values.videoId}/scenes`,
        '/mediafiles/999999', '/health']) {
        const { headers } = await ada.get(path, if_none_match('*'));
        assert.equal(headers.etag, undefined, path);
        assert.equal(headers['cache-control'], 'no-store', path);
    }
});

test('a change with a stale tag answers 412 in its face and changes nothing', async () => {
    const changes = checked();
    assert.ok(changes.length >= 15);
    const earlier = await ada.get(`/api/v1/videos/${values.videoId}`);
    for (const { path, method } of changes) {
        const what = `${method} ${path}`;
        const json = { ...bodies, ...fixed_bodies() }[what];
        assert.equal(Boolean(json), method === 'PUT' || path.endsWith('/split'), `${what}: the test has no body for it`);
        const { status, json: told } = await who(path).call(method, fill(path), { json, ...if_match('"00000000000000000000000000000000"') });
        assert.equal(status, 412, `${what}: ${JSON.stringify(told)}`);
        assert.ok(told.code === 'STALE_REVISION' || told.error === 'STALE_REVISION' || told.detail, what);
    }
    const later = await ada.get(`/api/v1/videos/${values.videoId}`);
    assert.equal(later.headers.etag, earlier.headers.etag);
    assert.equal((await ada.must(200, 'GET', '/api/v1/users/me')).email, 'ada@example.org');
});

test('a change with the right tag is made, and only once', async () => {
    for (const [what, json] of Object.entries(bodies)) {
        const path = fill(what.split(' ')[1]);
        const own = path.replace('/toggle-visibility', '');
        const { headers: { etag } } = await ada.get(own);
        const weak = await ada.put(path, json, if_match(`W/${etag}`));
        assert.equal(weak.status, 412, `${what}: a weak tag promises too little`);
        const done = await ada.put(path, json, if_match(`"x", ${etag}`));
        assert.equal(done.status, 200, `${what}: ${done.bytes}`);
        const { headers: { etag: next } } = await ada.get(own);
        if (!what.includes('users')) {
            assert.notEqual(next, etag, what);
            assert.equal((await ada.put(path, json, if_match(etag))).status, 412, what);
        }
        assert.equal((await ada.put(path, json, if_match('*'))).status, 200, what);
    }
});

test('of two changes at once with the same tag one wins', async () => {
    const path = `/api/v1/layers/${values.layerId}`;
    for (let round = 0; round < 5; round++) {
        const { headers: { etag } } = await ada.get(path);
        const told = await Promise.all(Array.from({ length: 8 }, (_, i) => ada.put(path, { name: `round ${round} of ${i}` }, if_match(etag))));
        assert.deepEqual(told.map(({ status }) => status).sort(), [200, ...Array(7).fill(412)]);
    }
});

test('a tag of what is not yours or not there does not tell that it is there', async () => {
    const bob = await root.user('bob');
    for (const path of [`/api/v1/videos/${values.videoId}`, '/api/v1/videos/00000000-0000-4000-8000-000000000000'])
        assert.equal((await bob.put(path, { title: 'x' }, if_match('"x"'))).json.error, 'VIDEO_NOT_FOUND');
    assert.equal((await bob.put('/api/v1/videos/x', { title: 'x' }, if_match('"x"'))).status, 400);
});

test('a thing is deleted with its right tag only', async () => {
    const path = `/api/v1/layers/${values.layerId}`;
    const { headers: { etag } } = await ada.get(path);
    await ada.must(200, 'PUT', path, { name: 'another' });
    assert.equal((await ada.delete(path, if_match(etag))).status, 412);
    assert.equal((await ada.delete(path, if_match((await ada.get(path)).headers.etag))).status, 200);
});

test('every declared 304 and 412 was seen', () => {
    const declared = [...tagged().map((one) => ({ ...one, status: 304 })), ...checked().map((one) => ({ ...one, status: 412 }))];
    assert.deepEqual(declared.map(({ path, method, status }) => `${method} ${path} ${status}`).filter((what) => !root.seen.has(what)), []);
});
