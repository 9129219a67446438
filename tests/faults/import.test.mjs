// SPDX-License-Identifier: GPL-3.0-or-later
// kill -9 in the middle of database imports.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import { test } from 'node:test';
import { Client, file_form } from '../api/lib/client.mjs';
import { Server, sleep, until } from '../api/lib/server.mjs';
import { long, survived } from './lib/report.mjs';

const IMPORT_KILLS = long ? 150 : 20;
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
            const moment = randomInt(Math.ceil(limit_ms));
            let state;
            while (Date.now() - from < moment && state !== 'completed') {
                await sleep(5);
                state = (await client.get('/api/v1/database/import')).json?.state;
            }
            // So that some are killed early, some late, and some when all is over.
            limit_ms = state === 'completed' ? Date.now() - from : limit_ms * 1.3;
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
        assert.ok(server.is_whole());
        survived('import killed', { times: `${IMPORT_KILLS} kills, imports of ${ROWS} rows`, checked: 'the whole export afterwards, line by line; the database whole; no file left',
            outcome: `all or nothing: ${ended} had taken place, ${undone} not` });
    } finally {
        await server.remove();
    }
});
