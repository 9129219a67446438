// SPDX-License-Identifier: GPL-3.0-or-later
// Files in an object store: the whole story on a Swift, which checks signatures, and on a fake of our own, which does too.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { picture, speech } from '../api/lib/media.mjs';
import { run_beside, Server, sleep, until } from '../api/lib/server.mjs';
import { S3Client, encode } from './lib/s3-client.mjs';
import { S3Fake } from './lib/s3-fake.mjs';
import { noise, store_env } from './lib/store.mjs';
import { Swift } from './lib/swift.mjs';

const PREFIX = 'a b+~/\u00e9&\u00fc/';
const xml = (text) => text.replaceAll('&', '&amp;');

for (const [name, make] of [['Swift', () => Swift.start()], ['the fake', () => S3Fake.start({ page: 2 })]]) {
    let store, direct, server, ada, env;
    const files = []; // {id, bytes}

    const content = async (id) => (await ada.get(`/api/v1/files/${id}/content`)).bytes;
    const all_are_there = async () => {
        for (const { id, bytes } of files)
            assert.ok(bytes.equals(await content(id)), `${id} reads back`);
    };
    const objects = async () => (await direct.all_keys('kinora')).map((key) => {
        assert.ok(key.startsWith(xml(PREFIX)), key);
        return key.slice(xml(PREFIX).length);
    }).sort();
    // What is made of uploads is stored as well, a little later.
    const idle = () => until('nothing is being made', () => server.sql("SELECT count(*) AS n FROM job WHERE state IN ('pending', 'processing', 'waiting')")[0].n === 0);
    const listed = (place) => server.sql(`SELECT id FROM blob WHERE place = '${place}' ORDER BY id`).map(({ id }) => id);
    // Through a child that does not stop this process, which is the store.
    const kinora = (...words) => run_beside(['blobs', ...words, '--data', server.data], env);
    const path_of = (id) => `/kinora/${encode(PREFIX + id, true)}`;

    before(async () => {
        store = await make();
        direct = new S3Client(store.endpoint, store.keys, { region: store.region });
        if (name === 'Swift')
            await direct.bucket('kinora');
        env = store_env(store, { KINORA_S3_PREFIX: PREFIX });
        server = await Server.start({ env });
        ada = await new Client(server).user('ada');
    });
    after(async () => {
        await server?.remove();
        await store?.remove();
        fs.rmSync(`${server?.data}-second`, { recursive: true, force: true });
    });

    test(`a server that keeps its files in ${name} says so`, async () => {
        assert.equal((await ada.must(200, 'GET', '/ready')).blob_store, 's3');
        const { detail: [refused] } = await ada.must(422, 'PUT', '/api/v1/settings', { media_root: '/srv/media' });
        assert.ok(refused.loc.includes('media_root'), JSON.stringify(refused));
    });

    test(`what is uploaded is in ${name} alone, and reads back bit for bit`, async () => {
        for (const bytes of [picture(), noise(3), noise(40)])
            files.push({ id: (await ada.upload('file', bytes)).id, bytes });
        await all_are_there();
        await idle();
        assert.deepEqual(await objects(), listed('s3'));
        assert.ok(listed('s3').length >= 3);
        assert.deepEqual(server.blobs(), []);
        assert.deepEqual(await direct.uploads('kinora'), []);
    });

    test(`ranges of a large file in ${name} are as the whole`, async () => {
        const { id, bytes } = files[2];
        for (const [from, to] of [[0, 0], [8_388_600, 8_388_700], [20_000_000, 33_000_000], [bytes.length - 10, bytes.length - 1]]) {
            const { status, bytes: part } = await ada.get(`/api/v1/files/${id}/content`, { headers: { Range: `bytes=${from}-${to}` } });
            assert.equal(status, 206);
            assert.ok(part.equals(bytes.subarray(from, to + 1)), `${from}-${to}`);
        }
    });

    test(`a job reads from ${name}`, async () => {
        const sent = await ada.upload('speech.wav', speech(), '');
        await ada.job_end(sent.job_id);
        files.push({ id: sent.id, bytes: speech() });
        await idle();
    });

    test(`everything moves from ${name} to the disk and back, while the server serves`, async () => {
        const ids = listed('s3');
        let moving = true;
        const reading = (async () => {
            for (let rounds = 0; moving || rounds === 0; rounds++)
                await all_are_there();
        })();
        const down = await kinora('move', '--to', 'local');
        assert.equal(down.code, 0, down.stderr);
        assert.match(down.stderr, new RegExp(`Moved ${ids.length} stored files`));
        assert.match(down.stderr, /KINORA_BLOB_STORE=local/);
        assert.deepEqual([listed('local'), listed('s3'), await objects()], [ids, [], []]);
        assert.deepEqual(server.blobs().map((one) => one.slice(3)).sort(), ids);
        const up = await kinora('move', '--to', 's3');
        assert.equal(up.code, 0, up.stderr);
        moving = false;
        await reading;
        assert.deepEqual([listed('s3'), listed('local'), await objects(), server.blobs()], [ids, [], ids, []]);
        await all_are_there();
    });

    test(`a move to ${name} takes up what an interrupted one left`, async () => {
        assert.equal((await kinora('move', '--to', 'local')).code, 0);
        const [whole, half] = listed('local');
        // A copy that was whole but not yet listed, and one that is not what it should be.
        await direct.must('PUT', path_of(whole), { body: fs.readFileSync(`${server.data}/blobs/${whole.slice(-2)}/${whole}`) });
        await direct.must('PUT', path_of(half), { body: 'half of it' });
        const up = await kinora('move', '--to', 's3');
        assert.equal(up.code, 0, up.stderr);
        assert.deepEqual([listed('local'), server.blobs()], [[], []]);
        await all_are_there();
    });

    test(`verify finds what is missing, damaged and orphaned in ${name}`, async () => {
        await server.stop();
        const count = listed('s3').length;
        for (const words of [['verify'], ['verify', '--deep']]) {
            const fine = await kinora(...words);
            assert.equal(fine.code, 0, fine.stdout + fine.stderr);
            assert.match(fine.stdout, new RegExp(`^s3 +${count} +[\\d.]+ +0 +0 +0$`, 'm'));
        }
        const [missing, cut, flipped] = listed('s3');
        const kept = {};
        for (const id of [missing, cut, flipped])
            kept[id] = (await direct.must('GET', path_of(id))).bytes;
        await direct.must('DELETE', path_of(missing));
        await direct.must('PUT', path_of(cut), { body: kept[cut].subarray(0, 100) });
        const changed = Buffer.from(kept[flipped]);
        changed[changed.length >> 1] ^= 1;
        await direct.must('PUT', path_of(flipped), { body: changed });
        const orphan = '01890a5d-ac96-774b-bcce-b302099a8057';
        await direct.must('PUT', path_of(orphan), { body: 'nobody' });
        await direct.must('PUT', '/kinora/of-another-program', { body: 'mine' });
        const shallow = await kinora('verify');
        assert.equal(shallow.code, 1);
        for (const line of [`missing   s3     ${missing}`, `damaged   s3     ${cut}`, `orphaned  s3     ${orphan}`])
            assert.ok(shallow.stdout.includes(line), shallow.stdout);
        assert.ok(!shallow.stdout.includes(flipped), shallow.stdout);
        const deep = await kinora('verify', '--deep');
        assert.equal(deep.code, 1);
        assert.ok(deep.stdout.includes(`damaged   s3     ${flipped}`), deep.stdout);
        assert.match(deep.stdout, new RegExp(`^s3 +${count} +[\\d.]+ +1 +2 +1$`, 'm'));
        for (const [id, bytes] of Object.entries(kept))
            await direct.must('PUT', path_of(id), { body: bytes });
        await sleep(1100); // Swift dates what is new into the next second
        const swept = await kinora('sweep', '--older', '0');
        assert.equal(swept.code, 0, swept.stderr);
        assert.match(swept.stderr, /Removed 1 stored files/);
        assert.ok((await direct.all_keys('kinora')).includes('of-another-program'));
        await direct.must('DELETE', '/kinora/of-another-program');
        const again = await kinora('verify', '--deep');
        assert.equal(again.code, 0, again.stdout + again.stderr);
        await server.start();
        await all_are_there();
    });

    test(`a sweep ends stale uploads in ${name} and removes what was deleted, and nothing else`, async () => {
        for (const id of ['01890a5d-ac96-774b-bcce-b302099a8057', '01890a5d-ac96-774b-bcce-b302099a8058', '01890a5d-ac96-774b-bcce-b302099a8059'])
            await direct.must('POST', `${path_of(id)}?uploads=`);
        await direct.must('POST', '/kinora/of-another-program?uploads=');
        assert.equal((await kinora('sweep')).code, 0); // all too young
        assert.ok((await direct.uploads('kinora')).length >= 2);
        await sleep(1100); // Swift dates what is new into the next second
        const gone = files.pop();
        for (const media of await ada.must(200, 'GET', '/mediafiles'))
            if (media.uuid === gone.id)
                await ada.must(200, 'DELETE', `/mediafiles/${media.media_id}`);
        const swept = await kinora('sweep', '--older', '0');
        assert.equal(swept.code, 0, swept.stderr);
        assert.match(swept.stderr, /3 unfinished uploads/);
        assert.deepEqual(await objects(), listed('s3'));
        assert.equal((await direct.uploads('kinora')).length, 1);
        await all_are_there();
    });

    test(`a wrong secret for ${name} is told at the start`, async () => {
        const refused = await run_beside(['serve', '--data', `${server.data}-second`, '--listen', '127.0.0.1:0'], { ...env, KINORA_S3_SECRET_KEY: 'another' });
        assert.equal(refused.code, 2, refused.stderr);
        assert.match(refused.stderr, /refuses the access key or its secret .*KINORA_S3_SECRET_KEY/);
        assert.ok(!refused.stderr.includes(store.keys.secret_key) && !refused.stderr.includes('another'));
        const nowhere = await run_beside(['serve', '--data', `${server.data}-second`, '--listen', '127.0.0.1:0'], { ...env, KINORA_S3_BUCKET: 'nothing' });
        assert.equal(nowhere.code, 2, nowhere.stderr);
        assert.match(nowhere.stderr, /no bucket "nothing"/);
        if (name === 'the fake')
            store.refused.length = 0;
    });
}
