// SPDX-License-Identifier: GPL-3.0-or-later
// kill -9 of the server and of its engine children at random moments, under uploads, edits, jobs and imports.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import { test } from 'node:test';
import { Client, file_form } from '../api/lib/client.mjs';
import { speech } from '../api/lib/media.mjs';
import { Server, sleep, until } from '../api/lib/server.mjs';
import { at_fixed_port, jobs_end, Load, stored_files_agree } from './lib/load.mjs';
import { long, survived } from './lib/report.mjs';

const KILLS = long ? 650 : 130, IMPORT_KILLS = long ? 150 : 30;

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
            const acknowledged = load.acknowledged;
            await until('something is acknowledged again', () => load.acknowledged > acknowledged, { every_ms: 2 });
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
        assert.deepEqual(server.sql('PRAGMA integrity_check').map((row) => row.integrity_check), ['ok']);
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

const ROWS = 4000;
const dump = async (client) => (await client.get('/api/v1/database/export')).bytes.toString();
const essence = (text) => text.split('\n').filter((line) => !line.startsWith('-- taken') && !/INTO (job|secret) /.test(line)).sort().join('\n');

// An export with so many records of downloads, whose title tells whose export it is.
function grown(text, title) {
    const [line] = /INSERT INTO download_record .*\n/.exec(text);
    const lines = Array.from({ length: ROWS }, (_, i) => line.replace(/VALUES \(\d+/, `VALUES (${i + 1}`));
    return text.replace('before', title).replace(/INSERT INTO download_record [^]*?-- end of download_record: \d+ rows/, `${lines.join('')}-- end of download_record: ${ROWS} rows`);
}

test(`a database import that is killed ${IMPORT_KILLS} times is there as a whole or not at all`, async () => {
    const server = await Server.start();
    try {
        const root = await new Client(server).user('root');
        await root.must(201, 'POST', '/api/v1/videos', { title: 'before' });
        const link = await root.must(200, 'POST', '/api/v1/links', { url: 'http://127.0.0.1:1/x', name: 'L', type: 'direct', download_automatically: false });
        await root.must(200, 'POST', `/api/v1/links/${link.id}/trigger-download`);
        await until('there is a record', async () => (await root.must(200, 'GET', '/api/v1/history')).length);
        await server.idle();
        const now = await dump(root), texts = [grown(now, 'the one'), grown(now, 'the other')], possible = [now, ...texts].map(essence);
        let there = possible[0], limit_ms = 400, ended = 0, undone = 0;
        for (let kill = 0; kill < IMPORT_KILLS; kill++) {
            const client = await new Client(server, { documents: root.documents }).login('root');
            const which = 1 + kill % 2, from = Date.now();
            assert.equal((await client.call('POST', '/api/v1/database/import', file_form('backup.sql', Buffer.from(texts[which - 1])))).status, 200);
            const moment = randomInt(limit_ms);
            let state;
            while (Date.now() - from < moment && state !== 'completed') {
                await sleep(5);
                state = (await client.get('/api/v1/database/import')).json?.state;
            }
            if (state === 'completed')
                limit_ms = Date.now() - from;
            await server.kill();
            await server.start();
            const found = essence(await dump(await new Client(server, { documents: root.documents }).login('root')));
            assert.ok(found === possible[which] || (state !== 'completed' && found === there),
                `after ${moment} ms (${state}) there is ${possible.indexOf(found)} of the three`);
            ended += found === possible[which];
            undone += found === there && found !== possible[which];
            there = found;
        }
        assert.deepEqual(fs.readdirSync(`${server.data}/import`), []);
        assert.deepEqual(server.sql('PRAGMA integrity_check').map((row) => row.integrity_check), ['ok']);
        survived('import killed', { times: `${IMPORT_KILLS} kills, imports of ${ROWS} rows`, checked: 'the whole export afterwards, line by line; the database whole; no file left',
            outcome: `all or nothing: ${ended} had taken place, ${undone} not` });
    } finally {
        await server.remove();
    }
});
