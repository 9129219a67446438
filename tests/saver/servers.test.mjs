// SPDX-License-Identifier: GPL-3.0-or-later
// An import where two servers share a database: all of them stand still meanwhile, and one that dies leaves nothing shut.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client, file_form } from '../api/lib/client.mjs';
import { wav } from '../api/lib/media.mjs';
import { Postgres } from '../api/lib/postgres.mjs';
import { Server, until } from '../api/lib/server.mjs';
import { add, look } from './lib/saver.mjs';
import { Site } from './lib/site.mjs';

let postgres, url, site, first, second, here, there;
before(async () => {
    postgres = await Postgres.start();
    url = postgres.database('shared');
    site = await Site.start();
    const env = { KINORA_DATABASE_URL: url, KINORA_ALLOW_PRIVATE_LINKS: '1', KINORA_SLOTS: 'download=1' };
    first = await Server.start({ env, flags: ['--no-workers'] });
    second = await Server.start({ env: { ...env, KINORA_MASTER_KEY_FILE: path.join(first.data, 'keys/master.key') } });
    here = await new Client(first).user('root');
    there = await new Client(second).login('root');
});
after(async () => {
    await Promise.all([first, second].map((server) => server?.remove()));
    await site?.stop();
    await postgres?.remove();
});

// Keeps the last step of an import waiting, while reading goes on, until it is called.
async function hold(t) {
    const child = spawn('psql', [url, '-X', '-q', '-A', '-t'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const held = new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdin.write("BEGIN; LOCK TABLE users IN SHARE MODE; SELECT 'held';\n");
    await held;
    const ended = new Promise((resolve) => child.on('exit', resolve));
    t.after(() => child.kill());
    return () => child.stdin.end() && ended;
}

const count = (sql) => Number(postgres.psql('shared', `SELECT count(*) FROM ${sql}`)[0][0]);
const change = (client) => client.put('/api/v1/settings', { link_monitor_interval_minutes: 77 });
const is_shut = (client) => until('the other server refuses changes', async () => {
    const answer = await change(client);
    return answer.status === 503 && answer;
});
async function begin(text) {
    assert.equal((await here.call('POST', '/api/v1/database/import', file_form('backup.sql', text))).status, 200);
}
// At the first server. The sessions of before end with it, so somebody logs in again.
async function end() {
    const state = await until('the import has ended', async () => {
        const answer = await here.get('/api/v1/database/import');
        if (answer.status === 401) {
            const login = await here.as(undefined).post('/api/v1/auth/login', { username: 'root', password: 'root-password' });
            if (login.status === 200) // else it is not quite at its end
                here = here.as(login.json.access_token);
        }
        return answer.status === 200 && answer.json.state !== 'running' && answer.json;
    }, { limit_ms: 60_000, every_ms: 100 });
    [here, there] = [await here.as(undefined).login('root'), await there.as(undefined).login('root')];
    return state;
}

test('while one server imports, the others refuse changes, take no jobs, and write nothing of those that run', async (t) => {
    const { bytes: text } = await here.get('/api/v1/database/export');
    let let_go;
    site.pages['/slow.wav'] = (request, response) => (let_go = () => response.writeHead(200, { 'Content-Type': 'audio/wav' }).end(wav(0.3)));
    site.pages['/next.wav'] = { type: 'audio/wav', bytes: wav(0.4) };
    for (const name of ['slow', 'next'])
        await there.must(200, 'POST', `/api/v1/links/${(await add(there, 'direct', `${site.origin}/${name}.wav`)).id}/trigger-download`);
    await until('the first is under way', () => let_go);
    const release = await hold(t);
    await begin(text);
    const refused = await is_shut(there);
    assert.ok(Number(refused.headers['retry-after']) > 0);
    assert.match(refused.json.detail, /being imported/);
    assert.equal((await change(here)).status, 503, 'at this one too');
    for (const client of [here, there])
        assert.equal((await client.get('/api/v1/links')).json.length, 2, 'reading goes on');
    let_go();
    await until('the runner there could not write of its end', () => /"outcome":"DATABASE_BUSY"/.test(second.log), { limit_ms: 30_000 });
    assert.deepEqual([count("job WHERE state = 'processing'"), count("job WHERE state = 'pending'")], [1, 1]);
    await release();
    assert.equal((await end()).state, 'completed');
    await until('changes are taken again', async () => (await change(there)).status === 200);
    site.pages['/after.wav'] = { type: 'audio/wav', bytes: wav(0.5) };
    await look(there, await add(there, 'direct', `${site.origin}/after.wav`), { status: 'success' });
    assert.equal(site.asked['/next.wav'], undefined, 'what waited was not begun');
    assert.equal(site.asked['/slow.wav'], 1);
    assert.deepEqual(postgres.psql('shared', 'SELECT file_name FROM media'), [['after.wav']], 'nor was that under way ended');
});

test('a server that is killed in the middle of an import leaves the data as they were, and the others go on', async (t) => {
    const { bytes: text } = await here.get('/api/v1/database/export');
    const link = await add(there, 'direct', `${site.origin}/x.wav`);
    const release = await hold(t);
    await begin(text);
    await is_shut(there);
    await first.kill();
    await release();
    await until('changes are taken again', async () => (await change(there)).status === 200);
    assert.equal((await there.must(200, 'GET', `/api/v1/links/${link.id}`)).id, link.id);
    await first.start();
    here.agent.destroy();
    here = await new Client(first).login('root');
    await begin(text);
    assert.equal((await end()).state, 'completed');
    assert.equal((await there.get(`/api/v1/links/${link.id}`)).status, 404);
});
