// SPDX-License-Identifier: GPL-3.0-or-later
// Every allocation, read, write and query of the unit tests fails once, each in a run of its own: an error comes back, or
// the program ends for want of memory and says so. In the short run a few of them, others each time.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { randomInt } from 'node:crypto';
import { Postgres } from '../api/lib/postgres.mjs';
import { fail_at, make_library, places_of, told_place, unit_tests } from './lib/every-call.mjs';
import { long, survived } from './lib/report.mjs';

// The short run takes its places from programs that are quick to look through, for so many seconds.
const QUICK = ['test_api', 'test_base', 'test_crypt', 'test_db_sqlite', 'test_http_parser', 'test_scratch', 'test_settings', 'test_shape', 'test_story'];
const SECONDS = 25;
// Most of what these do is done by the program kinora-engine, a child in which no call fails here: it is killed instead
// (kills.test.mjs, test_child). What they share with other programs fails in those.
const CHILDREN = /^test_(asr|child|derive|film|render|render_job|speech)$/;
// Pango, fontconfig and GLib, with which these draw text, end or crash for want of memory. In the server that ends a
// child of the engine, and its job is done again.
const DRAWING = /^test_(avatar|compositor|compositor_change|scene_extremes)$/;

const shuffled = (list) => list.map((one) => [randomInt(1 << 30), one]).sort(([a], [b]) => a - b).map(([, one]) => one);

test('a call that fails leads to an error or to a told end, never to a crash', async () => {
    make_library();
    const programs = long ? unit_tests().filter((name) => !CHILDREN.test(name) && !DRAWING.test(name)) : QUICK;
    const postgres = long ? await Postgres.start() : undefined; // one for all: making it takes longer than most tests
    if (postgres)
        process.env.KINORA_TEST_POSTGRES = postgres.folder;
    after(() => postgres?.remove());
    // What several programs have in common fails in one of them.
    const places = new Map();
    for (const name of programs)
        for (const place of await places_of(name)) {
            const key = [place.kind, place.call, place.stack[0].at, place.stack[1]?.at].join();
            if (!places.has(key))
                places.set(key, place);
        }
    const ends = {}, broken = [], kinds = {};
    let done = 0;
    const queue = shuffled([...places.values()]), until = Date.now() + SECONDS * 1000;
    const work = async () => {
        for (let place = queue.pop(); place && (long || Date.now() < until); place = queue.pop()) {
            const { end, why } = await fail_at(place);
            ends[end] = (ends[end] ?? 0) + 1;
            kinds[place.kind] = (kinds[place.kind] ?? 0) + 1;
            if (end === 'broken') {
                broken.push(`${told_place(place)}\n${why}`);
                console.error(broken.at(-1));
            }
            if (long && ++done % 100 === 0)
                console.error(`  ${done} of ${places.size} places, ${broken.length} broken`);
        }
    };
    await Promise.all(Array.from({ length: 4 }, work)); // many of them wait more than they do
    assert.deepEqual(broken, []);
    assert.ok((ends.told ?? 0) + (ends.memory ?? 0) > 5, JSON.stringify(ends));
    survived('every call', { times: `${Object.values(ends).reduce((sum, n) => sum + n, 0)} of ${places.size} places in ${programs.length} programs (${Object.entries(kinds).map(([kind, n]) => `${n} ${kind}`).join(', ')})`,
        checked: 'no crash, no bug that an assertion caught, no end that does not come',
        outcome: `${ends.told ?? 0} came back as errors, ${ends['went on'] ?? 0} made no difference, ${ends.memory ?? 0} ended the program with "out of memory", ${ends.test ?? 0} were too much for the test's own code, ${ends.missed ?? 0} were not met again` });
});
