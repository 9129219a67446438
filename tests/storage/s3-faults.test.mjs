// SPDX-License-Identifier: GPL-3.0-or-later
// An object store that is busy, slow, cut off, wrong or gone, and what the people of a Kinora notice of it.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { Client, file_form } from '../api/lib/client.mjs';
import { picture } from '../api/lib/media.mjs';
import { program, run_beside, Server, sleep, temporary, until } from '../api/lib/server.mjs';
import { S3Fake } from './lib/s3-fake.mjs';
import { noise, store_env } from './lib/store.mjs';

const large = noise(20); // three parts
let fake, server, ada;

before(async () => {
    fake = await S3Fake.start();
    // Without workers nothing is made of what is uploaded: what comes and goes is what the tests send.
    server = await Server.start({ env: store_env(fake), flags: ['--no-workers'] });
    ada = await new Client(server).user('ada');
});
after(async () => {
    await server?.remove();
    await fake?.remove();
});
beforeEach(() => {
    fake.fault = () => undefined;
    fake.seen.length = 0;
});

const count = (name) => fake.seen.filter((one) => one === name).length;
const content = async (id) => ada.get(`/api/v1/files/${id}/content`);
// Something that happens to the first requests of a kind.
const first = (times, name, fault) => (seen, { count: number }) => (seen === name && number <= times ? fault : undefined);

async function works(bytes = large) {
    const { id } = await ada.upload('file', bytes);
    const got = await content(id);
    assert.equal(got.status, 200);
    assert.ok(got.bytes.equals(bytes));
    return id;
}

// An upload that must fail as a passing trouble, and leave nothing.
async function fails(bytes = large) {
    const seen = () => JSON.stringify([[...fake.objects.keys()].sort(), [...fake.uploads.keys()], server.blobs(), server.sql('SELECT id FROM blob ORDER BY id')]);
    const start = seen();
    const { status, json } = await ada.call('POST', '/api/v1/files/upload?transcribe=false', file_form('file', bytes));
    assert.equal(status, 503, JSON.stringify(json));
    assert.equal(json.code, 'UNAVAILABLE');
    assert.ok(!/127\.0\.0\.1|localhost/.test(json.message), json.message);
    assert.ok(seen() === start, `something was left: ${seen().slice(0, 2000)}`);
    return json.message;
}

test('a move that is interrupted says how far it came, and goes on', async () => {
    await ada.upload('file', noise(20));
    const before_it = fake.objects.size;
    fake.fault = (name, { count: number }) => (name === 'GET object' && number > 6 ? { stall: true } : undefined);
    const child = spawn(program, ['blobs', 'move', '--to', 'local', '--data', server.data], { env: { ...process.env, ...server.env }, stdio: ['ignore', 'ignore', 'pipe'] });
    let told = '';
    child.stderr.on('data', (text) => (told += text));
    await until('some requests were made', () => count('GET object') > 8);
    child.kill('SIGINT');
    fake.fault = () => undefined;
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.equal(code, 130, told);
    assert.match(told, /\d+ of \d+ stored files are moved, run it again/);
    assert.ok(fake.objects.size > 0 && fake.objects.size <= before_it);
    const rest = await run_beside(['blobs', 'move', '--to', 'local', '--data', server.data], server.env);
    assert.equal(rest.code, 0, rest.stderr);
    assert.equal(fake.objects.size, 0);
    assert.equal((await run_beside(['blobs', 'verify', '--deep', '--data', server.data], server.env)).code, 0);
    assert.equal((await run_beside(['blobs', 'move', '--to', 's3', '--data', server.data], server.env)).code, 0);
    assert.deepEqual(server.blobs(), []);
});

for (const [status, code] of [[500, 'InternalError'], [503, 'SlowDown'], [429, 'TooManyRequests'], [502, 'BadGateway'], [400, 'RequestTimeout']])
    test(`an upload gets through a store that answers ${status} ${code} now and then`, async () => {
        // The answer to a HEAD has no body that could name the code.
        fake.fault = (name, { count: number }) => (number <= 2 && (status !== 400 || name !== 'HEAD object') ? { status, code } : undefined);
        await works();
        assert.ok(count('POST begin') >= 3 && count('PUT part') >= 4 && count('GET object') >= 3);
    });

test('a part whose connection is cut in the middle is sent again', async () => {
    fake.fault = first(2, 'PUT part', { cut: true });
    await works();
    assert.equal(count('PUT part'), 5);
});

test('a store that falls silent is asked again', async () => {
    fake.fault = first(1, 'PUT part', { stall: true });
    await works();
    assert.equal(count('PUT part'), 4);
});

test('a read that is cut off or falls silent is asked again', async () => {
    const id = await works();
    for (const fault of [{ cut_answer: true }, { stall: true }, { status: 503, code: 'SlowDown' }]) {
        fake.seen.length = 0;
        fake.fault = first(2, 'GET object', fault);
        assert.ok((await content(id)).bytes.equals(large), JSON.stringify(fault));
    }
});

test('a completion that happened although its answer was lost counts', async () => {
    fake.fault = first(1, 'POST complete', { lose: true });
    await works();
    assert.equal(count('POST complete'), 2); // the second found no such upload
});

test('a completion that says 200 and then that it failed is asked for again', async () => {
    fake.fault = (name, { count: number }) => (name === 'POST complete' && number === 1 ? { status: 200, code: 'InternalError' } : undefined);
    await works();
    assert.equal(count('POST complete'), 2);
});

test('an object that shows late is waited for', async () => {
    fake.fault = (name, { count: number }) => (name === 'HEAD object' && number > 1 && number < 4 ? { status: 404, code: 'NoSuchKey' } : undefined);
    await works();
});

test('an object that never shows is no upload', async () => {
    let gone = true;
    fake.fault = (name, { key }) => {
        if (name === 'HEAD object' && gone)
            fake.objects.delete(key);
    };
    assert.match(await fails(), /did not keep/);
    gone = false;
    await works();
});

test('a wrong ETag of a part ends the upload', async () => {
    fake.fault = first(1, 'PUT part', { etag: '"0123"' });
    await fails();
    assert.equal(count('DELETE upload'), 1);
});

test('a store that stays busy is a passing trouble and leaves nothing', async () => {
    for (const name of ['PUT part', 'POST begin', 'POST complete', 'HEAD object']) {
        fake.seen.length = 0;
        fake.fault = (seen) => (seen === name ? { status: 503, code: 'SlowDown' } : undefined);
        assert.match(await fails(), /SlowDown|status 503/); // a HEAD has no code
        assert.ok(count(name) >= 6, name);
    }
});

test('parts of many uploads share one budget', async () => {
    fake.busiest = 0;
    fake.fault = () => undefined;
    await Promise.all(Array.from({ length: 6 }, () => works(noise(34))));
    assert.ok(fake.busiest > 4 && fake.busiest <= 8, `${fake.busiest} at once`);
});

test('a store that goes away in the middle of an upload and comes back is used again without a restart', async () => {
    const id = await works(picture());
    assert.equal((await ada.get('/ready')).status, 200);
    let ended;
    fake.fault = (name) => {
        if (name === 'PUT part')
            ended ??= fake.end();
    };
    const started = Date.now();
    const { status, json } = await ada.call('POST', '/api/v1/files/upload?transcribe=false', file_form('file', large));
    assert.deepEqual([status, json.code], [503, 'UNAVAILABLE']);
    assert.ok(Date.now() - started < 30_000);
    await ended;
    assert.deepEqual([server.blobs(), server.sql('SELECT count(*) AS n FROM media WHERE blob_id NOT IN (SELECT id FROM blob)')], [[], [{ n: 0 }]]);
    assert.equal((await content(id)).status, 503);
    await until('/ready says so', async () => {
        const told = await ada.get('/ready');
        return told.status === 503 && /object store/.test(told.json.message);
    });
    fake.fault = () => undefined;
    await fake.begin();
    assert.equal((await content(id)).status, 200);
    await works();
    await until('/ready says so', async () => (await ada.get('/ready')).status === 200);
    assert.equal((await run_beside(['blobs', 'sweep', '--older', '0', '--data', server.data], server.env)).code, 0);
    assert.equal(fake.uploads.size, 0);
});

test('a secret that is withdrawn is told by /ready, and not shown', async () => {
    const { secret_key } = fake;
    fake.secret_key = 'a new one';
    await until('/ready says so', async () => {
        const { status, json } = await ada.get('/ready');
        return status === 503 && /SignatureDoesNotMatch/.test(json.message) && !json.message.includes(secret_key);
    });
    assert.match(await fails(picture()), /access key/);
    fake.secret_key = secret_key;
    await until('/ready says so', async () => (await ada.get('/ready')).status === 200);
    fake.refused.length = 0;
});

test('a server starts without its store, says so, and uses it once it is there', async () => {
    const late = await S3Fake.start();
    await late.end();
    const alone = await Server.start({ env: store_env(late) });
    try {
        assert.match(alone.log, /until it answers/);
        const client = await new Client(alone).user('bob');
        assert.equal((await client.get('/ready')).status, 503);
        assert.equal((await client.call('POST', '/api/v1/files/upload', file_form('a.png', picture()))).status, 503);
        await late.begin();
        await client.upload('a.png', picture());
        assert.equal(late.objects.size, 1);
    } finally {
        await alone.remove();
        await late.remove();
    }
});

test('the store is found by its bucket in the host name, over TLS, with a session token', async () => {
    const folder = temporary('tls');
    const at = (name) => path.join(folder, name);
    const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
        '-keyout', at('key.pem'), '-out', at('cert.pem'), '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,DNS:kinora.localhost']);
    assert.equal(made.status, 0, String(made.stderr));
    const tls = { key: fs.readFileSync(at('key.pem')), cert: fs.readFileSync(at('cert.pem')) };
    const sealed = await S3Fake.start({ tls, host_style: true, session_token: 'token/+=' });
    const env = { ...store_env(sealed), KINORA_S3_STYLE: 'host', KINORA_S3_SESSION_TOKEN: 'token/+=', KINORA_S3_CA: at('cert.pem') };
    const other = await Server.start({ env });
    try {
        const client = await new Client(other).user('bob');
        const { id } = await client.upload('file', large);
        assert.ok((await client.get(`/api/v1/files/${id}/content`)).bytes.equals(large));
        // Without the certificate nothing is said to it.
        const data = temporary('untrusting');
        const doubting = await Server.start({ data, env: { ...env, KINORA_S3_CA: '' } });
        assert.equal((await new Client(doubting).get('/ready')).status, 503);
        await doubting.remove();
    } finally {
        await other.remove();
        await sealed.remove();
        fs.rmSync(folder, { recursive: true });
    }
});

test("document 004's names point at the store as well", async () => {
    const minio = await S3Fake.start({ region: 'us-east-1' });
    const other = await Server.start({ env: { MINIO_HOST: '127.0.0.1', MINIO_PORT: String(minio.port), MINIO_ACCESS_KEY: minio.access_key, MINIO_SECRET_KEY: minio.secret_key } });
    try {
        const client = await new Client(other).user('bob');
        assert.equal((await client.must(200, 'GET', '/ready')).blob_store, 's3');
        await client.upload('a.png', picture());
        assert.equal(minio.objects.size, 1);
    } finally {
        await other.remove();
        await minio.remove();
    }
});

test('a server without the store keeps nothing from being moved into it', async () => {
    const local = await Server.start({ flags: ['--no-workers'] });
    try {
        const client = await new Client(local).user('bob');
        await client.upload('a.png', picture());
        const refused = await run_beside(['blobs', 'move', '--to', 's3', '--data', local.data], server.env);
        assert.equal(refused.code, 1, refused.stderr);
        assert.match(refused.stderr, /does not know this object store/);
        assert.equal(local.blobs().length, 1);
        const unknown = await run_beside(['blobs', 'move', '--to', 's3', '--data', local.data]);
        assert.deepEqual([unknown.code, /KINORA_S3_ENDPOINT/.test(unknown.stderr)], [2, true]);
    } finally {
        await local.remove();
    }
});

test('after kill -9 during uploads nothing is left once the server is back and swept', async () => {
    const [start] = server.sql('SELECT count(*) AS n FROM blob');
    fake.fault = (name) => (name === 'PUT part' ? { stall: true } : undefined);
    const cut = Array.from({ length: 4 }, () => ada.call('POST', '/api/v1/files/upload', file_form('file', large)).catch(() => 'cut'));
    await until('parts are under way', () => count('PUT part') > 3);
    await server.kill();
    assert.deepEqual(await Promise.all(cut), ['cut', 'cut', 'cut', 'cut']);
    fake.fault = () => undefined;
    await server.start();
    assert.deepEqual(server.blobs(), []);
    assert.ok(fake.uploads.size > 0);
    await sleep(10);
    assert.equal((await run_beside(['blobs', 'sweep', '--older', '0', '--data', server.data], server.env)).code, 0);
    assert.equal(fake.uploads.size, 0);
    assert.deepEqual(server.sql('SELECT count(*) AS n FROM blob'), [start]);
    assert.equal(fake.objects.size, start.n);
});
