// SPDX-License-Identifier: GPL-3.0-or-later
// An object store that is gone, slow, answers 500 or is cut in the middle of parts, one after the other, while people
// upload and read. (What each single fault must lead to is in tests/storage/s3-faults.test.mjs.)
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { Server, sleep, until } from '../api/lib/server.mjs';
import { S3Fake } from '../storage/lib/s3-fake.mjs';
import { store_env } from '../storage/lib/store.mjs';
import { at_fixed_port, jobs_end, Load, noise, stored_files_agree } from './lib/load.mjs';
import { long, survived } from './lib/report.mjs';
import { file_form } from '../api/lib/client.mjs';

const ROUNDS = long ? 8 : 1;
const one_in = (count, fault) => () => (randomInt(count) === 0 ? fault : undefined);

test('an object store that fails in every way loses nothing, and is used again by itself', async () => {
    const store = await S3Fake.start();
    const server = await Server.start({ env: store_env(store, { KINORA_S3_TIMEOUT: '1' }) });
    let load;
    try {
        const ada = await at_fixed_port(server);
        load = await Load.start(ada);
        const large = noise(20_000_000), whole = (await ada.must(201, 'POST', '/api/v1/files/upload?transcribe=false', undefined, file_form('large.wav', large))).id;
        const faults = { 'answers 500 now and then': one_in(3, { status: 500, code: 'InternalError' }), 'is busy': one_in(3, { status: 503, code: 'SlowDown' }),
            'is cut in mid-part': one_in(4, { cut: true }), 'cuts its answers': one_in(4, { cut_answer: true }), 'loses answers': one_in(6, { lose: true }),
            'is slow': one_in(2, { wait_ms: 400 }), 'answers nothing but 500': () => ({ status: 500, code: 'InternalError' }) };
        for (let round = 0; round < ROUNDS; round++) {
            for (const [what, fault] of Object.entries(faults)) {
                store.fault = fault;
                const sent = store.seen.length;
                await until(`the store ${what}`, () => store.seen.length > sent + 30, { limit_ms: 60_000 });
                store.fault = () => undefined;
                const acknowledged = load.uploads.size;
                await until(`it goes on after the store ${what}`, () => load.uploads.size > acknowledged + 2, { limit_ms: 60_000 });
            }
            const refused = load.refused;
            await store.end();
            await until('uploads are refused', () => load.refused > refused + 2, { limit_ms: 60_000 });
            await store.begin();
            const acknowledged = load.uploads.size;
            await until('it goes on after the store was gone', () => load.uploads.size > acknowledged + 2, { limit_ms: 60_000 });
        }
        await load.stop();
        await load.check();
        assert.ok(large.equals((await ada.get(`/api/v1/files/${whole}/content`)).bytes));
        await jobs_end(ada, () => server.idle(), (sql) => server.sql(sql));
        assert.equal(await server.stop(), 0);
        await sleep(10);
        const swept = await stored_files_agree(server.data, server.env);
        assert.equal(store.uploads.size, 0, 'parts of unfinished uploads are left');
        assert.deepEqual([...store.objects.keys()].map((key) => key.split('/').at(-1)).sort(), server.sql("SELECT id FROM blob WHERE place = 's3' ORDER BY id").map(({ id }) => id));
        survived('store failing', { times: `${ROUNDS * (Object.keys(faults).length + 1)} faults; ${load.told()}`, checked: 'every upload byte for byte, every job, list and store of files agree, no parts left',
            outcome: `what could not be kept was refused with 503; nothing lost; ${swept} orphans swept` });
    } finally {
        load?.end();
        await server.remove();
        await store.remove();
    }
});
