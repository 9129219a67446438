// SPDX-License-Identifier: GPL-3.0-or-later
// The wall clock of a server jumps by hours: jobs are done once, people stay who they are, what has run out has run out. With
// PostgreSQL the clock of the database's machine decides (tests/cluster/clocks.test.mjs).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client, file_form } from '../api/lib/client.mjs';
import { speech } from '../api/lib/media.mjs';
import { Server, until } from '../api/lib/server.mjs';
import { Live } from '../realtime/lib/live.mjs';
import { Faults } from './lib/faults.mjs';
import { long, survived } from './lib/report.mjs';

const HOUR_S = 3600, JUMPS_S = [5 * HOUR_S, -7 * HOUR_S, 2 * HOUR_S, ...(long ? [20 * HOUR_S, -30 * HOUR_S, HOUR_S / 2, -HOUR_S, 12 * HOUR_S] : [])];

test('a wall clock that jumps by hours, forward and back, changes neither jobs nor who is logged in', async () => {
    const faults = new Faults(), server = new Server({ env: { ...faults.env, KINORA_TOKEN_TTL: String(4 * 24 * HOUR_S) } });
    let live;
    try {
        await server.start();
        const ada = await new Client(server).user('ada');
        const refresh = async (refresh_token) => ada.as(undefined).call('POST', '/api/v1/auth/refresh', { json: { refresh_token } });
        const login = async () => ada.as(undefined).must(200, 'POST', '/api/v1/auth/login', { username: 'ada', password: 'ada-password' });
        let session = await login(), at_s = 0, jobs = 0;
        const layer = await (async () => {
            const { video } = (await ada.must(201, 'POST', '/api/v1/videos', { title: 'In time' })).data;
            const { scene } = (await ada.must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, { text: 'x', duration: 3 })).data;
            return (await ada.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`, { type: 'text', name: 'x', duration: 2, properties: { text: 'x' } })).data.layer.id;
        })();
        live = await Live.open(ada);
        const mark = `jump ${Date.now()}`;
        for (const [number, jump_s] of JUMPS_S.entries()) {
            const started = await Promise.all([1, 2, 3, 4].map((i) => ada.as(session.access_token).must(201, 'POST', '/api/v1/files/upload', undefined, file_form(`${number}-${i}.wav`, speech(i)))));
            await until('a job runs', () => server.sql("SELECT count(*) AS n FROM job WHERE state = 'processing'")[0].n > 0);
            faults.clock(at_s += jump_s);
            const { status } = await ada.as(session.access_token).get('/api/v1/users/me');
            assert.ok(status === 200 || (jump_s < 0 && status === 401), `${status} after ${jump_s} s`);
            const renewed = await refresh(session.refresh_token);
            assert.equal(renewed.status, 200, 'the session goes on');
            session = renewed.json;
            assert.equal((await refresh('made up')).status, 401);
            const person = ada.as(session.access_token);
            assert.equal((await person.must(200, 'GET', '/api/v1/users/me')).username, 'ada');
            // Leases: what runs is not taken for lost, and what waits does not wait for the clock to come back.
            for (const { job_id } of started)
                await person.job_end(job_id, { limit_ms: 60_000 });
            jobs += started.length;
            await person.must(200, 'PUT', `/api/v1/layers/${layer}`, { name: `${mark} ${number}` });
            await live.hears('layer:updated', (event) => event.layer.name === `${mark} ${number}`, 15_000);
        }
        assert.deepEqual(server.sql('SELECT job_id, count(*) AS many FROM transcription GROUP BY job_id').map(({ many }) => many), Array(jobs).fill(1));
        const [{ lost }] = server.sql('SELECT coalesce(sum(losses), 0) AS lost FROM job');
        assert.equal(lost, 0, 'a running job was taken for lost');

        // Killed under a lease of a time that is gone: the job is taken up at once, not in hours.
        const { job_id } = await ada.as(session.access_token).must(201, 'POST', '/api/v1/files/upload', undefined, file_form('late.wav', speech(3)));
        await until('the job runs', () => server.sql(`SELECT state FROM job WHERE id = '${job_id}'`)[0].state === 'processing');
        await server.kill();
        faults.clock(at_s -= 3 * HOUR_S);
        await server.start();
        session = (await refresh(session.refresh_token)).json;
        await ada.as(session.access_token).job_end(job_id, { limit_ms: 60_000 });

        // What has run out has: tokens after four days, sessions after their time.
        const { access_token, refresh_token } = await login();
        faults.clock(at_s += 5 * 24 * HOUR_S);
        assert.equal((await ada.as(access_token).get('/api/v1/users/me')).status, 401);
        const later = await refresh(refresh_token);
        assert.equal(later.status, 200);
        faults.clock(at_s += 400 * 24 * HOUR_S);
        assert.equal((await refresh(later.json.refresh_token)).status, 401);
        survived('clock jumps', { times: `${JUMPS_S.length + 3} jumps of ${JUMPS_S.map((jump) => `${jump > 0 ? '+' : ''}${jump / HOUR_S} h`).join(', ')} and more; ${jobs + 1} jobs`,
            checked: 'every job is done once and none is taken for lost; sessions go on by their refresh token, those whose time is over do not; live edits are heard; a job killed before a jump back is taken up at once',
            outcome: 'all as if nothing had happened' });
    } finally {
        live?.close();
        await server.remove();
        faults.remove();
    }
});
