// SPDX-License-Identifier: GPL-3.0-or-later
// kill -9 of the server and of its engine children at random moments, under uploads, edits and jobs.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import { test } from 'node:test';
import { file_form } from '../api/lib/client.mjs';
import { speech } from '../api/lib/media.mjs';
import { Server, sleep, until } from '../api/lib/server.mjs';
import { at_fixed_port, jobs_end, Load, stored_files_agree } from './lib/load.mjs';
import { long, survived } from './lib/report.mjs';

const KILLS = long ? 650 : 130;

// The engine's processes of a server: its zygotes and their children.
function engine_children(server) {
    const parents = new Map(fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
        try {
            return [[Number(pid), Number(/\) \S (\d+)/.exec(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'))[1])]];
        } catch {
            return []; // it has ended
        }
    }));
    const below = (pid) => pid && (parents.get(pid) === server.pid || below(parents.get(pid)));
    return [...parents.keys()].filter(below);
}

function kill_engine(server) {
    const children = engine_children(server);
    if (!children.length)
        return 0;
    try {
        process.kill(children[randomInt(children.length)], 'SIGKILL');
        return 1;
    } catch {
        return 0; // it was quicker
    }
}

test(`nothing acknowledged is lost in ${KILLS} kills during uploads, edits and jobs, and nothing half-made is seen`, async () => {
    const server = await Server.start();
    let load;
    try {
        const ada = await at_fixed_port(server);
        const spoken = await Promise.all([1, 2, 3].map((number) => ada.must(201, 'POST', '/api/v1/files/upload', undefined, file_form(`${number}.wav`, speech(number)))));
        load = await Load.start(ada);
        let engines = 0;
        for (let kill = 0; kill < KILLS; kill++) {
            const { acknowledged } = load, uploaded = load.uploads.size;
            // An upload takes longer than most lives of this server: one in six is waited for.
            await until('something is acknowledged again', () => (kill % 6 === 1 ? load.uploads.size > uploaded : load.acknowledged > acknowledged), { every_ms: 2 });
            await sleep(randomInt(140));
            if (kill % 3 === 0) {
                engines += kill_engine(server);
                await sleep(randomInt(30));
            }
            await server.kill();
            await server.start();
        }
        await load.stop();
        await load.check();
        const again = await jobs_end(ada, () => server.idle(), (sql) => server.sql(sql));
        for (const { job_id } of spoken)
            assert.ok((await ada.must(200, 'GET', `/api/v1/transcriptions/${job_id}`)).word_count > 0);
        assert.deepEqual(server.sql('SELECT job_id, count(*) AS many FROM transcription GROUP BY job_id').map(({ many }) => many), [1, 1, 1]);
        const waveforms = new Set(server.sql("SELECT media_id FROM derivative WHERE kind = 'waveform'").map((row) => row.media_id));
        for (const id of load.uploads.keys())
            assert.ok(waveforms.has(id), `the job of the upload ${id} left nothing`);
        assert.equal(await server.stop(), 0);
        const swept = await stored_files_agree(server.data);
        assert.deepEqual(server.blobs().filter((name) => name.startsWith('tmp/')), []);
        assert.ok(server.is_whole());
        await server.start();
        await load.check();
        const outcome = `nothing lost, nothing half-made; ${swept} orphans swept, ${again} jobs had been interrupted five times and were done when asked again`;
        survived('server killed', { times: `${KILLS} kills; ${load.told()}`, checked: 'every upload byte for byte, every edit, every job once, list and store of files agree, database whole', outcome });
        survived('engine killed', { times: `${engines} kills`, checked: 'the same', outcome: 'the jobs were done again, once each; the server went on' });
    } finally {
        load?.end();
        await server.remove();
    }
});
