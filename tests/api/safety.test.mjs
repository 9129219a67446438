// SPDX-License-Identifier: GPL-3.0-or-later
// Who may do what, for how long, how often; and input that means harm.
import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { Client, file_form, revocation } from './lib/client.mjs';
import { picture, speech } from './lib/media.mjs';
import { Server, sleep } from './lib/server.mjs';

let server, root, ada, bob, pid;

before(async () => {
    server = await Server.start();
    pid = server.pid;
    root = await new Client(server).user('root');
    ada = await root.user('ada');
    bob = await root.user('bob');
});
after(async () => {
    const alive = server.child.exitCode === null;
    await server.remove();
    assert.ok(alive, 'the server has lived through everything');
});

test("another user's things are not there", async () => {
    const file = await ada.must(201, 'POST', '/mediafiles', undefined, file_form('speech.wav', speech()));
    const { data: job } = await ada.must(202, 'POST', '/api/transcription/start', { mediaId: file.uuid });
    await ada.job_end(job.jobId);
    const [text] = await ada.must(200, 'GET', '/transcriptions');
    const { data: { video } } = await ada.must(201, 'POST', '/api/v1/videos', { title: 'Mine' });
    const { data: { scene } } = await ada.must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, { text: 'x', duration: 1 });
    const { data: { layer } } = await ada.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`, { type: 'text', name: 'x', duration: 1, properties: { text: 'x' } });
    const all = [
        ['GET', `/mediafiles/${file.media_id}`], ['GET', `/mediafiles/${file.uuid}`], ['PUT', `/mediafiles/${file.media_id}`, { file_name: 'x' }],
        ['DELETE', `/mediafiles/${file.media_id}`], ['GET', `/api/v1/files/${file.uuid}`], ['GET', `/api/v1/files/${file.uuid}/content`],
        ['DELETE', `/api/v1/files/${file.uuid}`], ['GET', `/transcriptions/${text.transcription_id}`],
        ['PUT', `/transcriptions/${text.transcription_id}`, { text: 'x' }], ['DELETE', `/transcriptions/${text.transcription_id}`],
        ['GET', `/api/v1/transcriptions/${job.jobId}`], ['GET', `/api/transcription/${job.jobId}/status`], ['DELETE', `/api/transcription/${job.jobId}`],
        ['POST', `/api/transcription/${job.jobId}/retry`], ['POST', '/api/transcription/start', { mediaId: file.uuid }],
        ['GET', `/api/v1/jobs/${job.jobId}`], ['POST', `/api/v1/jobs/${job.jobId}/cancel`], ['POST', `/api/v1/jobs/${job.jobId}/retry`],
        ['GET', `/api/v1/videos/${video.id}`], ['PUT', `/api/v1/videos/${video.id}`, { title: 'x' }], ['DELETE', `/api/v1/videos/${video.id}`],
        ['POST', `/api/v1/videos/${video.id}/scenes`, { text: 'x' }], ['GET', `/api/v1/videos/${video.id}/scenes`],
        ['PUT', `/api/v1/videos/${video.id}/scenes/reorder`, { scene_orders: [{ scene_id: scene.id, scene_number: 1 }] }],
        ['GET', `/api/v1/videos/${video.id}/scenes/${scene.id}`], ['PUT', `/api/v1/videos/${video.id}/scenes/${scene.id}`, { text: 'x' }],
        ['DELETE', `/api/v1/videos/${video.id}/scenes/${scene.id}`], ['GET', `/api/v1/scenes/${scene.id}/layers`],
        ['POST', `/api/v1/scenes/${scene.id}/layers`, { type: 'text', name: 'x', duration: 1, properties: { text: 'x' } }],
        ['GET', `/api/v1/layers/${layer.id}`], ['PUT', `/api/v1/layers/${layer.id}`, { name: 'x' }], ['DELETE', `/api/v1/layers/${layer.id}`],
        ['PUT', `/api/v1/layers/${layer.id}/toggle-visibility`, { enabled: false }],
        ['PUT', '/api/v1/layers/reorder', { scene_id: scene.id, layer_orders: [{ layer_id: layer.id, order_index: 1 }] }],
        ['POST', `/api/v1/videos/${video.id}/render`, {}], ['POST', `/api/v1/videos/${video.id}/regenerate`, {}],
        ['GET', `/api/v1/videos/${video.id}/regeneration-status`], ['GET', `/api/v1/videos/${video.id}/renders`],
        ['GET', `/users/${ada.me.id}`], ['PUT', `/users/${ada.me.id}`, { email: 'x@example.org' }], ['DELETE', `/users/${ada.me.id}`],
    ];
    for (const [method, path, json] of all)
        assert.equal((await bob.call(method, path, { json })).status, 404, `${method} ${path}`);
    assert.equal((await bob.post('/transcriptions', { media_id: file.media_id, text: 'x' })).status, 400);
    for (const [path, list] of [['/mediafiles', (one) => one], ['/api/v1/files', (one) => one.files], ['/api/v1/jobs', (one) => one.jobs],
        ['/transcriptions', (one) => one], ['/api/v1/videos', (one) => one.data.videos]])
        assert.deepEqual(list(await bob.must(200, 'GET', path)), [], path);
    const heard = bob.events(`/api/v1/files/${file.uuid}/events`);
    await heard.opened;
    await sleep(300);
    heard.close();
    assert.deepEqual(heard.events, []);
    // All of it is as it was, and a superuser passes.
    assert.equal((await root.must(200, 'GET', `/api/v1/videos/${video.id}`)).data.video.title, 'Mine');
    assert.equal((await root.must(200, 'GET', `/api/v1/layers/${layer.id}`)).data.layer.enabled, true);
});

const ways_out = {
    'logging out': (session) => session.must(200, 'POST', '/api/v1/auth/logout'),
    'logging out everywhere': async (session, name) => (await session.login(name)).must(200, 'POST', '/api/v1/auth/logout?all=true'),
    'a new password': (session) => session.must(200, 'PUT', '/api/v1/users/me', { password: 'another-password' }),
    'disabling the user': (session) => root.must(200, 'PUT', `/api/v1/users/${session.me.id}`, { is_active: false }),
    'deleting the user': (session) => root.must(200, 'DELETE', `/users/${session.me.id}`),
};
for (const [what, act] of Object.entries(ways_out))
    test(`${what} ends tokens, refresh tokens and signed links within a second`, async () => {
        const name = what.replaceAll(' ', '-');
        const user = await root.user(name);
        const pair = await user.must(200, 'POST', '/api/v1/auth/login', { username: name, password: `${name}-password` });
        const session = Object.assign(user.as(pair.access_token), { me: user.me });
        const file = await session.upload('x.png', picture());
        const open = session.as(undefined);
        // Every handler thread has seen the token.
        await Promise.all(Array.from({ length: 64 }, () => session.get('/api/v1/users/me')));
        assert.equal((await open.get(file.content_url)).status, 200);
        await act(session, name);
        await revocation();
        for (let i = 0; i < 32; i++)
            assert.equal((await session.get('/api/v1/users/me')).status, 401);
        assert.equal((await session.get(`/api/v1/files/${file.id}/content`)).status, 401);
        assert.equal((await open.get(file.content_url)).status, 404);
        assert.equal((await open.post('/api/v1/auth/refresh', { refresh_token: pair.refresh_token })).status, 401);
    });

test('logging out ends one session and leaves the others', async () => {
    const user = await root.user('two-sessions');
    const other = await user.login('two-sessions');
    await user.must(200, 'POST', '/api/v1/auth/logout');
    await revocation();
    assert.equal((await other.get('/api/v1/users/me')).status, 200);
});

test('tokens that are expired, forged or of another algorithm are refused', async () => {
    const [head, body, signature] = ada.token.split('.');
    const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = JSON.parse(Buffer.from(body, 'base64url'));
    for (const name of ['sub', 'roles', 'exp', 'iat', 'jti'])
        assert.ok(name in claims, name);
    assert.equal(claims.exp - claims.iat, 86400);
    assert.equal(JSON.parse(Buffer.from(head, 'base64url')).alg, 'HS256');
    const root_claims = encode({ ...claims, sub: root.me.uuid, roles: ['superuser'] });
    const signed = (alg, claim, key) => {
        const text = `${encode({ alg, typ: 'JWT' })}.${claim}`;
        return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
    };
    for (const token of [`${head}.${root_claims}.${signature}`, `${encode({ alg: 'none', typ: 'JWT' })}.${root_claims}.`,
        `${encode({ alg: 'none' })}.${body}.${signature}`, signed('HS256', root_claims, ''), signed('HS256', root_claims, 'secret'),
        signed('HS384', body, 'x'), signed('RS256', body, 'x'), `${head}.${body}`, `${head}.${body}.`, `${head}.${body}.${signature}x`,
        `${head}.${body}.${signature.slice(0, -2)}`, '', '.', '..', 'x'.repeat(5000), `${ada.token}.${signature}`])
        assert.equal((await ada.as(token || ' ').get('/api/v1/users/me')).status, 401, token);
    for (const header of ['Basic YWRhOmFkYQ==', 'Bearer', `bearer${ada.token}`, ada.token])
        assert.equal((await ada.as(undefined).get('/api/v1/users/me', { headers: { Authorization: header } })).status, 401, header);
    const brief = await Server.start({ env: { KINORA_TOKEN_TTL: '2' } });
    try {
        const client = await new Client(brief).user('ada');
        assert.equal((await client.get('/api/v1/users/me')).status, 200);
        await sleep(3200);
        assert.equal((await client.get('/api/v1/users/me')).status, 401);
    } finally {
        await brief.remove();
    }
});

test('a refresh token works once', async () => {
    const nobody = ada.as(undefined);
    const pair = await nobody.must(200, 'POST', '/api/v1/auth/login', { username: 'bob', password: 'bob-password' });
    const next = await nobody.must(200, 'POST', '/api/v1/auth/refresh', { refresh_token: pair.refresh_token });
    assert.equal((await nobody.as(next.access_token).get('/api/v1/users/me')).status, 200);
    assert.equal((await nobody.post('/api/v1/auth/refresh', { refresh_token: pair.refresh_token })).status, 401);
});

test('who asks too often is told when to come back, and others are not disturbed', async () => {
    const strict = await Server.start({ env: { KINORA_RATE_LIMIT: 'on' } });
    try {
        const first = await new Client(strict).user('first');
        const second = await first.user('second');
        const answers = await Promise.all(Array.from({ length: 400 }, () => first.get('/api/v1/users/me')));
        const refused = answers.filter((one) => one.status === 429);
        assert.ok(refused.length > 50 && refused.length < 250, `${refused.length} of 400`);
        assert.ok(refused.every((one) => Number(one.headers['retry-after']) >= 1 && one.json.detail));
        assert.equal((await second.get('/api/v1/users/me')).status, 200);
        await sleep(1000 * Number(refused[0].headers['retry-after']));
        assert.equal((await first.get('/api/v1/users/me')).status, 200);
    } finally {
        await strict.remove();
    }
});

test('ten failed logins are enough, for this account from this address', async () => {
    const nobody = root.as(undefined);
    await root.user('target');
    const enter = (password, more) => nobody.post('/api/v1/auth/login', { username: 'target', password }, more);
    for (let i = 0; i < 10; i++)
        assert.equal((await enter('wrong')).status, 401);
    const { status, headers } = await enter('target-password');
    assert.equal(status, 429);
    assert.ok(Number(headers['retry-after']) >= 1);
    assert.equal((await nobody.post('/api/v1/auth/login', { username: 'TARGET', password: 'wrong' })).status, 429);
    await root.login('bob');
    const elsewhere = { local_address: '127.0.0.2', agent: false };
    assert.equal((await enter('target-password', elsewhere)).status, 200);
});

test('logins that succeed do not count', async () => {
    for (let i = 0; i < 25; i++)
        await root.login('bob');
});

test('malformed JSON is 400 and names what is wrong', async () => {
    const send = (body, path = '/api/v1/videos') => ada.call('POST', path, { body, headers: { 'Content-Type': 'application/json' } });
    const malformed = {
        'nothing': '', 'half': '{"title":"x"', 'junk behind': '{"title":"x"} x', 'a comment': '{"title":"x"/**/}', 'single quotes': "{'title':'x'}",
        'a trailing comma': '{"title":"x",}', 'NaN': '{"title":"x","fps":NaN}', 'a double key': '{"title":"x","title":"y"}',
        'invalid UTF-8': Buffer.from('7b227469746c65223a22fffe227d', 'hex'), 'an overlong form': Buffer.from('7b227469746c65223a22c0af227d', 'hex'),
        'a lone surrogate': '{"title":"\\ud800"}', 'a huge exponent': '{"title":"x","fps":1e400}', 'a huge integer': '{"title":"x","fps":99999999999999999999999}',
        'deep nesting': `{"title":"x","captions":${'['.repeat(5000)}${']'.repeat(5000)}}`, 'deep objects': `${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}`,
        'a BOM': '\ufeff{"title":"x"}',
    };
    for (const [what, body] of Object.entries(malformed)) {
        const { status, json } = await send(body);
        assert.equal(status, 400, what);
        assert.ok(['MALFORMED_JSON', 'VALIDATION_ERROR'].includes(json.error), `${what}: ${json.error}`);
        assert.doesNotMatch(JSON.stringify(json), /\/src\/|\.c:|SELECT|sqlite/i, what);
    }
    const named = { 'a NUL': ['{"title":"a\\u0000b"}', 'body'], 'a number': ['{"title":7}', 'title'], 'null': ['{"title":null}', 'title'],
        'an empty text': ['{"title":""}', 'title'], 'a long text': [`{"title":"${'x'.repeat(300)}"}`, 'title'], 'a list': ['{"title":["x"]}', 'title'],
        'text for a number': ['{"title":"x","fps":"many"}', 'fps'], 'a wild number': ['{"title":"x","fps":1e300}', 'fps'], 'an unknown ratio': ['{"title":"x","aspect_ratio":"7:1"}', 'aspect_ratio'] };
    for (const [what, [body, field]] of Object.entries(named)) {
        const { status, json } = await send(body);
        assert.equal(status, 400, what);
        assert.equal(json.details?.[0].field, field, `${what}: ${JSON.stringify(json)}`);
    }
    for (const top of ['[]', '7', '"x"', 'null', 'true'])
        assert.equal((await send(top)).status, 400, top);
    assert.equal((await send('{"title":"x"}'.padEnd(1000))).status, 201);
    assert.equal(server.pid, pid);
});

test('ids, queries and paths with anything in them are 400 or 404', async () => {
    for (const id of ['0', '-1', '1e9', '99999999999999999999', "1'--", '1%00', '%ff', '%', '..%2f..%2fetc', '%3Cscript%3E', 'x'.repeat(3000)])
        for (const path of [`/users/${id}`, `/mediafiles/${id}`, `/api/v1/files/${id}`, `/api/v1/videos/${id}`, `/content/media/${id}/x`, `/web/${id}`]) {
            const { status } = await ada.get(path);
            assert.ok([400, 404, 414].includes(status), `${path}: ${status}`);
        }
    for (const query of ['limit=-1', 'limit=0', 'limit=x', 'limit=1e3', 'limit=99999999999999999999', 'skip=-1', 'skip=%00', 'limit=%', 'limit='])
        assert.equal((await ada.get(`/mediafiles?${query}`)).status, 400, query);
    assert.equal((await ada.get('/api/v1/videos?page=0')).status, 400);
    assert.equal((await ada.must(200, 'GET', '/api/v1/videos?limit=1000')).data.pagination.items_per_page, 100);
});

test('markup and SQL come back as they were sent', async () => {
    for (const text of ['<script>alert(1)</script>', "Robert'); DROP TABLE users;--", '"; SELECT 1 /*', '%s%n%x', '{{7*7}} ${7*7}', '\\u0041 \\ \\n', 'a\tb\nc',
        '𝕶𝖎𝖓𝖔 🎬 مرحبا \u202e', "' OR '1'='1", '\u007f\u0080'.repeat(3)]) {
        const { data: { video } } = await ada.must(201, 'POST', '/api/v1/videos', { title: text });
        assert.equal(video.title, text);
        const { data: { scene } } = await ada.must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, { text, duration: 1 });
        const { data: { layer } } = await ada.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`, { type: 'text', name: text, duration: 1, properties: { text } });
        const { data: { layer: read } } = await ada.must(200, 'GET', `/api/v1/layers/${layer.id}`);
        assert.deepEqual([read.name, read.properties.text], [text, text]);
        assert.equal((await ada.must(200, 'GET', `/api/v1/videos/${video.id}/scenes/${scene.id}`)).data.scene.text, text);
    }
    assert.equal((await root.must(200, 'GET', '/users')).filter((user) => ['root', 'ada', 'bob'].includes(user.username)).length, 3);
    const { headers } = await ada.get('/api/v1/videos');
    assert.match(headers['content-type'], /^application\/json/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
});

test('requests that are no HTTP are refused, and the next is answered', async () => {
    const raw = (text) => new Promise((resolve) => {
        const socket = net.connect(server.port, '127.0.0.1', () => socket.write(text));
        let told = '';
        socket.setEncoding('latin1').on('data', (part) => (told += part)).on('close', () => resolve(told)).on('error', () => resolve(told));
        setTimeout(() => socket.destroy(), 700);
    });
    const wrong = ['GET / HTTP/1.1\nHost: x\n\n', 'GET /\r\n\r\n', 'GET / HTTP/3.0\r\nHost: x\r\n\r\n', 'GET / HTTP/1.1\r\nHost: x\r\n Folded: y\r\n\r\n',
        'POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef', 'POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        'POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n', 'GET /ping\0x HTTP/1.1\r\nHost: x\r\n\r\n', `GET /${'x'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
        `GET / HTTP/1.1\r\nHost: x\r\n${'A: b\r\n'.repeat(20_000)}\r\n`, '\x16\x03\x01\x02\x00\x01\x00', 'GET / HTTP/1.1\r\n\r\n'];
    for (const text of wrong) {
        const told = await raw(text);
        assert.match(told, /^HTTP\/1\.1 (4\d\d|505|501) |^$/, JSON.stringify(text.slice(0, 60)));
        assert.doesNotMatch(told, /HTTP\/1\.1 200/);
    }
    assert.equal((await ada.get('/health')).status, 200);
    assert.equal(server.pid, pid);
});

test('the first account of a server that others can reach needs its setup code', async () => {
    const open = new Server({ flags: ['--insecure-http'], env: { KINORA_SETUP_CODE: 'let-me-in' } });
    open.flags.push('--listen', '0.0.0.0:0');
    await open.start();
    try {
        const nobody = new Client(open);
        const body = { username: 'x', email: 'x@example.org', password: 'x-password' };
        for (const headers of [{}, { 'X-Setup-Code': 'let-me-im' }, { 'X-Setup-Code': '' }])
            for (const path of ['/users', '/api/v1/users'])
                assert.equal((await nobody.post(path, body, { headers })).status, 403);
        await nobody.must(201, 'POST', '/users', body, { headers: { 'X-Setup-Code': 'let-me-in' } });
        const me = await (await nobody.login('x')).must(200, 'GET', '/api/v1/users/me');
        assert.deepEqual([me.is_superuser, me.plan], [true, 'business']);
        assert.equal((await nobody.post('/users', { ...body, username: randomUUID(), email: 'y@example.org' })).status, 401);
    } finally {
        await open.remove();
    }
});
