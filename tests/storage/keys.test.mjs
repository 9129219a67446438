// SPDX-License-Identifier: GPL-3.0-or-later
// Files' keys: whose they are, what they open without Kinora, what sharing and revoking change.
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client, send } from '../api/lib/client.mjs';
import { picture, speech, wav } from '../api/lib/media.mjs';
import { base64, data_key, open_record, open_sealed, pair } from '../api/lib/sealed.mjs';
import { run, Server, temporary, until } from '../api/lib/server.mjs';

let server, root, ada, bob, eve;
const folder = temporary('keys');
const at = (name) => path.join(folder, name);

before(async () => {
    server = await Server.start();
    root = await new Client(server).user('root');
    [ada, bob, eve] = await Promise.all(['ada', 'bob', 'eve'].map((name) => root.user(name, { plan: 'pro' })));
    for (const one of [ada, bob, eve])
        one.me.uuid = (await one.must(200, 'GET', '/api/v1/keys/me')).user_id;
});
after(() => {
    fs.rmSync(folder, { recursive: true });
    return server.remove();
});

const shares = (file, user = '') => `/api/v1/keys/files/${file.id}/shares${user && `/${user.me.uuid}`}`;
const share = (file, from, to) => from.must(201, 'POST', shares(file, to));
const key_of = (file, user, own) => user.must(200, 'GET', `/api/v1/keys/files/${file.id}/key`).then((answer) => data_key(answer, own));
const sealed_of = async (file, user) => (await user.get(`/api/v1/files/${file.id}/content?sealed=1`)).bytes;
const bring = async (user) => {
    const own = pair();
    await user.must(200, 'PUT', '/api/v1/keys/me', { public_key: base64(own.publicKey) });
    return own;
};
// Two chunks, of which the first shrinks and the second is noise.
const large = () => {
    const bytes = wav(400);
    randomBytes(bytes.length - (8 << 20)).copy(bytes, 8 << 20);
    return bytes;
};

test('every user has a pair from the start, until an own public key takes its place', async () => {
    const carl = await root.user('carl');
    const first = await carl.must(200, 'GET', '/api/v1/keys/me');
    assert.equal(first.server_held, true);
    assert.equal(Buffer.from(first.public_key, 'base64').length, 32);
    const own = await bring(carl);
    const second = await carl.must(200, 'GET', '/api/v1/keys/me');
    assert.deepEqual([second.public_key, second.server_held], [base64(own.publicKey), false]);
    const [row] = server.sql(`SELECT sealed_private_key FROM user_key WHERE user_id = '${second.user_id}'`);
    assert.equal(row.sealed_private_key, null);
});

test('a public key that is none, or a point of low order, is refused', async () => {
    const low_order = ['00'.repeat(32), '01' + '00'.repeat(31), 'ec' + 'ff'.repeat(30) + '7f', 'ed' + 'ff'.repeat(30) + '7f',
        'ee' + 'ff'.repeat(30) + '7f', 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
        '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157'].map((hex) => Buffer.from(hex, 'hex').toString('base64'));
    for (const public_key of [...low_order, 'x', '', base64(randomBytes(31)), base64(randomBytes(33)), '!'.repeat(44), 7, null, undefined])
        assert.equal((await ada.put('/api/v1/keys/me', { public_key })).status, 400, public_key);
    assert.equal((await ada.must(200, 'GET', '/api/v1/keys/me')).server_held, true);
});

test('owner and sharee open the stored bytes with their own keys and the description of the format alone', async () => {
    const bytes = large();
    const file = await ada.upload('large.wav', bytes);
    const mine = await bring(ada), his = await bring(bob);
    await share(file, ada, bob);
    for (const [user, own] of [[ada, mine], [bob, his]]) {
        const opened = open_sealed(await sealed_of(file, user), await key_of(file, user, own));
        assert.ok(opened.content.equals(bytes));
        assert.deepEqual(opened.compressed, [true, false]);
    }
    await assert.rejects(key_of(file, bob, mine), /incorrect key pair/);
    const theirs = pair();
    await assert.rejects(key_of(file, ada, theirs), /incorrect key pair/);
});

test('a chunk of the stored bytes is opened from a range of them', async () => {
    const bytes = large();
    const file = await ada.upload('large.wav', bytes);
    const own = await bring(ada);
    const key = await key_of(file, ada, own), whole = await sealed_of(file, ada);
    const { offsets, id } = open_sealed(whole, key);
    const { status, headers, bytes: part } = await ada.get(`/api/v1/files/${file.id}/content?sealed=1`, { headers: { Range: `bytes=${offsets[1]}-` } });
    assert.equal(status, 206);
    assert.equal(headers['content-range'], `bytes ${offsets[1]}-${whole.length - 1}/${whole.length}`);
    assert.equal(headers['content-type'], 'application/octet-stream');
    assert.match(headers['content-disposition'], /^attachment; filename="large\.wav\.sealed"/);
    assert.ok(open_record(part, key, id, 1n, 1).content.equals(bytes.subarray(8 << 20)));
    const plain = await ada.get(`/api/v1/files/${file.id}/content`);
    assert.notEqual(headers.etag, plain.headers.etag);
});

test('an own key that comes late opens every file that was there before', async () => {
    const dan = await root.user('dan');
    dan.me.uuid = (await dan.must(200, 'GET', '/api/v1/keys/me')).user_id;
    const files = [];
    for (let i = 0; i < 5; i++)
        files.push(await dan.upload(`${i}.png`, picture()));
    const shared = await ada.upload('shared.png', picture('blue'));
    await share(shared, ada, dan);
    for (let times = 0; times < 2; times++) {
        const own = await bring(dan);
        for (const file of [...files, shared])
            assert.equal(open_sealed(await sealed_of(file, dan), await key_of(file, dan, own)).content.length, file.size_bytes);
    }
});

test('kinora open gives back what was uploaded, from the sealed file, its key and a private key', async () => {
    const bytes = large();
    const file = await ada.upload('large.wav', bytes), other = await ada.upload('other.png', picture());
    const made = run(['keys', 'new', '-o', at('ada.key')]);
    assert.equal(made.code, 0, made.stderr);
    assert.equal(fs.statSync(at('ada.key')).mode & 0o777, 0o600);
    assert.equal(run(['keys', 'new', '-o', at('ada.key')]).code, 1);
    await ada.must(200, 'PUT', '/api/v1/keys/me', { public_key: made.stdout.trim() });
    fs.writeFileSync(at('large.sealed'), await sealed_of(file, ada));
    for (const [name, one] of [['large.json', file], ['other.json', other]])
        fs.writeFileSync(at(name), JSON.stringify(await ada.must(200, 'GET', `/api/v1/keys/files/${one.id}/key`)));
    const open = (more = {}) => {
        const { sealed, key, identity } = { sealed: 'large.sealed', key: 'large.json', identity: 'ada.key', ...more };
        return run(['open', at(sealed), '--key', at(key), '--identity', at(identity), '-o', at('large.wav')]);
    };
    const wrong = (more, expected) => {
        const told = open(more);
        assert.equal(told.code, 1, told.stderr);
        assert.match(told.stderr, expected);
        assert.ok(!fs.existsSync(at('large.wav')));
    };
    run(['keys', 'new', '-o', at('eve.key')]);
    wrong({ identity: 'eve.key' }, /was not sealed to the private key/);
    wrong({ key: 'other.json' }, /damaged, or the key is that of another file/);
    wrong({ key: 'ada.key' }, /it has no encrypted_key/);
    wrong({ identity: 'large.json' }, /is not a private key/);
    wrong({ sealed: 'large.json' }, /is not a sealed file/);
    wrong({ sealed: 'nothing' }, /nothing/);
    const stored = fs.readFileSync(at('large.sealed'));
    for (const place of [40, stored.length >> 1, stored.length - 30]) {
        const damaged = Buffer.from(stored);
        damaged[place] ^= 1;
        fs.writeFileSync(at('damaged'), damaged);
        wrong({ sealed: 'damaged' }, /damaged/);
    }
    fs.writeFileSync(at('damaged'), stored.subarray(0, stored.length - 100));
    wrong({ sealed: 'damaged' }, /damaged/);
    const told = open();
    assert.equal(told.code, 0, told.stderr);
    assert.ok(fs.readFileSync(at('large.wav')).equals(bytes));
});

test('a sharee reads the file, its transcript and its content, and changes nothing', async () => {
    const file = await ada.upload('speech.wav', speech(), '');
    await ada.job_end(file.job_id);
    const link = (await ada.must(200, 'GET', `/api/v1/files/${file.id}`)).content_url;
    const paths = [`/api/v1/files/${file.id}`, `/api/v1/files/${file.id}/content`, `/api/v1/files/${file.id}/content?sealed=1`,
        `/api/v1/keys/files/${file.id}/key`, `/api/v1/jobs/${file.job_id}`, `/api/v1/transcriptions/${file.job_id}`,
        `/api/transcription/${file.job_id}/status`, `/mediafiles/${file.id}`];
    const before_it = (await eve.must(200, 'GET', '/api/v1/files')).total;
    for (const one of paths)
        assert.equal((await eve.get(one)).status, 404, one);
    await share(file, ada, eve);
    for (const one of paths)
        assert.equal((await eve.get(one)).status, 200, one);
    const list = await eve.must(200, 'GET', '/api/v1/files');
    assert.equal(list.total, before_it + 1);
    const seen = list.files.find((one) => one.id === file.id);
    assert.deepEqual([seen.shared, seen.owner_id], [true, ada.me.uuid]);
    const media = (await eve.must(200, 'GET', '/mediafiles')).find((one) => one.uuid === file.id);
    assert.deepEqual([media.shared, media.owner_id], [true, ada.me.uuid]);
    assert.equal((await ada.must(200, 'GET', `/api/v1/files/${file.id}`)).shared, false);
    const export_of = () => send(server.origin, 'GET', `/api/v1/transcriptions/${file.job_id}.srt`, { headers: { Authorization: `Bearer ${eve.token}` } });
    assert.match((await export_of()).bytes.toString(), /-->/);
    assert.notEqual(seen.content_url, link);
    assert.equal((await eve.as(undefined).get(seen.content_url)).status, 200);
    const waveform = await until('the waveform is there', async () => (await eve.must(200, 'GET', `/api/v1/files/${file.id}`)).waveform_url);
    assert.equal((await eve.as(undefined).get(waveform)).status, 200);
    const text = (await eve.must(200, 'GET', '/transcriptions')).find((one) => one.media_id === media.media_id);
    await eve.must(200, 'GET', `/transcriptions/${text.transcription_id}`);

    const forbidden = async (method, where, json) => assert.equal((await eve.call(method, where, { json })).status, 403, `${method} ${where}`);
    await forbidden('PUT', `/mediafiles/${media.media_id}`, { file_name: 'mine.wav' });
    await forbidden('DELETE', `/mediafiles/${media.media_id}`);
    await forbidden('DELETE', `/api/v1/files/${file.id}`);
    await forbidden('POST', '/transcriptions', { media_id: media.media_id, text: 'Not so' });
    await forbidden('PUT', `/transcriptions/${text.transcription_id}`, { text: 'Not so' });
    await forbidden('DELETE', `/transcriptions/${text.transcription_id}`);
    await forbidden('POST', '/api/transcription/start', { mediaId: file.id });
    await forbidden('POST', shares(file, bob));
    await forbidden('GET', shares(file));
    assert.equal((await eve.post(`/api/v1/jobs/${file.job_id}/cancel`)).status, 404);
    assert.equal((await eve.delete(`/api/transcription/${file.job_id}`)).status, 404);
    assert.equal((await ada.must(200, 'GET', `/api/v1/files/${file.id}`)).name, 'speech.wav');

    const revoked = await ada.must(200, 'DELETE', shares(file, eve));
    assert.deepEqual([revoked.file_id, revoked.user_id, 'job_id' in revoked], [file.id, eve.me.uuid, false]);
    for (const one of [...paths, `/transcriptions/${text.transcription_id}`])
        assert.equal((await eve.get(one)).status, 404, one);
    assert.equal((await export_of()).status, 404);
    assert.equal((await eve.as(undefined).get(waveform)).status, 404);
    assert.equal((await eve.as(undefined).get(seen.content_url)).status, 404);
    assert.equal((await eve.must(200, 'GET', '/api/v1/files')).total, before_it);
    assert.equal((await eve.must(200, 'GET', '/transcriptions')).length, 0);
    assert.equal((await ada.as(undefined).get(link)).status, 200);
});

test('sharing says what is wrong: unknown, foreign, one\'s own, twice, not at all', async () => {
    const file = await ada.upload('a.png', picture());
    const status = async (user, method, where) => (await user.call(method, where)).status;
    assert.equal(await status(ada, 'POST', `/api/v1/keys/files/${randomUUID()}/shares/${bob.me.uuid}`), 404);
    assert.equal(await status(ada, 'POST', `/api/v1/keys/files/not-an-id/shares/${bob.me.uuid}`), 400);
    assert.equal(await status(ada, 'POST', `/api/v1/keys/files/${file.id}/shares/${randomUUID()}`), 404);
    assert.equal(await status(ada, 'POST', `/api/v1/keys/files/${file.id}/shares/999999`), 404);
    assert.equal(await status(ada, 'POST', `/api/v1/keys/files/${file.id}/shares/somebody`), 400);
    assert.equal(await status(bob, 'POST', shares(file, eve)), 404);
    assert.equal(await status(bob, 'DELETE', shares(file, eve)), 404);
    assert.equal(await status(ada, 'POST', shares(file, ada)), 409);
    const made = await ada.must(201, 'POST', `/api/v1/keys/files/${file.id}/shares/${bob.me.id}`);
    assert.deepEqual([made.file_id, made.user_id, made.username], [file.id, bob.me.uuid, 'bob']);
    assert.equal(await status(ada, 'POST', shares(file, bob)), 409);
    assert.deepEqual((await ada.must(200, 'GET', shares(file))).shares, [made]);
    assert.equal(await status(ada, 'DELETE', shares(file, eve)), 404);
    assert.equal(await status(ada, 'DELETE', shares(file, ada)), 404);
    assert.equal(await status(bob, 'DELETE', `${shares(file, bob)}?rotate=true`), 404, 'what bob gave back is not his to encrypt');
    await bob.must(200, 'DELETE', shares(file, bob));
    assert.equal(await status(ada, 'DELETE', shares(file, bob)), 404);
    assert.equal(await status(bob, 'GET', `/api/v1/files/${file.id}`), 404);
});

test('a superuser reads every file and gets its key', async () => {
    const own = await bring(root);
    const file = await ada.upload('a.png', picture());
    assert.equal(open_sealed(await sealed_of(file, root), await key_of(file, root, own)).content.length, file.size_bytes);
});

test('who gets or loses a file is told', async () => {
    const stream = eve.events('/api/v1/events');
    await stream.opened;
    const file = await ada.upload('told.png', picture());
    await share(file, ada, eve);
    await ada.must(200, 'DELETE', shares(file, eve));
    await share(file, ada, eve);
    await ada.must(200, 'DELETE', `/api/v1/files/${file.id}`);
    await until('four events', () => stream.events.length >= 4);
    assert.deepEqual(stream.events.map((one) => one.event), ['media:shared', 'media:unshared', 'media:shared', 'media:unshared']);
    assert.deepEqual(stream.events[0].data, { media_id: file.id, file_name: 'told.png', owner_id: ada.me.uuid });
    stream.close();
});

test('a shared picture may be shown in an own film, as long as it is shared', async () => {
    const file = await ada.upload('shown.png', picture());
    const { data: { video } } = await eve.must(201, 'POST', '/api/v1/videos', { title: 'Shown' });
    const { data: { scene } } = await eve.must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, { text: '', duration: 1 });
    const layer = { type: 'media', name: 'Shown', duration: 1, properties: { media_id: file.id } };
    assert.equal((await eve.post(`/api/v1/scenes/${scene.id}/layers`, layer)).status, 404);
    await share(file, ada, eve);
    const { data } = await eve.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`, layer);
    assert.deepEqual(data.warnings ?? [], []);
    const render = async (state) => {
        const { data: { job_id } } = await eve.must(202, 'POST', `/api/v1/videos/${video.id}/render`, { quality: '480p' });
        return eve.job_end(job_id, { state });
    };
    await render('completed');
    await ada.must(200, 'DELETE', shares(file, eve));
    await render('failed');
});

test('revoking with rotate encrypts the file anew, readable all the while', async () => {
    const bytes = large();
    const file = await ada.upload('large.wav', bytes);
    const [mine, his, hers] = [await bring(ada), await bring(bob), await bring(eve)];
    await share(file, ada, bob);
    await share(file, ada, eve);
    const kept = await key_of(file, eve, hers), old = await sealed_of(file, eve);
    const told = await ada.must(200, 'DELETE', `${shares(file, eve)}?rotate=true`);
    let done = false, reads = 0;
    const reading = (async () => {
        for (; !done; reads++)
            assert.ok((await ada.get(`/api/v1/files/${file.id}/content`)).bytes.equals(bytes));
    })();
    await ada.job_end(told.job_id);
    done = true;
    await reading;
    assert.ok(reads > 0);
    const fresh = await sealed_of(file, ada);
    assert.notDeepEqual(fresh.subarray(16, 32), old.subarray(16, 32));
    assert.throws(() => open_sealed(fresh, kept), /authenticate/);
    for (const [user, own] of [[ada, mine], [bob, his]])
        assert.ok(open_sealed(await sealed_of(file, user), await key_of(file, user, own)).content.equals(bytes));
    assert.equal((await eve.get(`/api/v1/keys/files/${file.id}/key`)).status, 404);
    const stored = (sealed) => server.blobs().filter((name) => name.replaceAll('-', '').endsWith(sealed.toString('hex', 16, 32))).length;
    assert.deepEqual([stored(old), stored(fresh)], [0, 1]);
});

test('a server that is killed while it encrypts anew does it again, and leaves one blob', async () => {
    const bytes = large();
    const file = await ada.upload('large.wav', bytes);
    await share(file, ada, bob);
    const { job_id } = await ada.must(200, 'DELETE', `${shares(file, bob)}?rotate=true`);
    await server.kill();
    await server.start();
    await ada.job_end(job_id);
    assert.ok((await ada.get(`/api/v1/files/${file.id}/content`)).bytes.equals(bytes));
    const users = server.tables_to('blob');
    assert.ok(users.includes('media') && users.includes('derivative'), `${users}`);
    const used = users.map((table) => `SELECT blob_id FROM ${table} WHERE blob_id IS NOT NULL`).join(' UNION ');
    await until('every listed blob is in use', () => server.sql(`SELECT count(*) AS n FROM blob WHERE id NOT IN (${used})`)[0].n === 0);
});

test('users and files from before there were keys get theirs when the server starts', async () => {
    const file = await ada.upload('old.png', picture());
    await server.stop();
    server.sql('DELETE FROM file_key WHERE NOT is_shared; DELETE FROM user_key');
    await server.start();
    assert.equal((await ada.must(200, 'GET', '/api/v1/keys/me')).server_held, true);
    const own = await bring(ada);
    assert.equal(open_sealed(await sealed_of(file, ada), await key_of(file, ada, own)).content.length, file.size_bytes);
    assert.equal(server.sql('SELECT count(*) AS n FROM file_key WHERE NOT is_shared')[0].n, server.sql('SELECT count(*) AS n FROM media')[0].n);
});
