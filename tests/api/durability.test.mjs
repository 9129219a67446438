// SPDX-License-Identifier: GPL-3.0-or-later
// Jobs that are interrupted by kill -9 or a stop. (Edits and uploads under many kills: tests/faults.)
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Client, file_form } from './lib/client.mjs';
import { speech } from './lib/media.mjs';
import { Server, sleep, until } from './lib/server.mjs';

let server, ada;

before(async () => {
    server = await Server.start();
    ada = await new Client(server).user('ada');
});
after(() => server.remove());

// A client for the server as it runs now: the port changes with each start, the session does not.
const anew = () => new Client(server, { token: ada.token });

test('jobs that ran when the server was killed complete after its start, once', async () => {
    const client = anew();
    const recording = speech(1);
    const started = await Promise.all([1, 2, 3].map((number) => client.must(201, 'POST', '/api/v1/files/upload', undefined,
        file_form(`speech-${number}.wav`, recording))));
    const story = (await client.must(201, 'POST', '/api/v1/videos/from-script', { script: '# One\n\nA film that is interrupted.\n\n# Two\n\nIt goes on.' })).data.video.id;
    const film = (await client.must(202, 'POST', `/api/v1/videos/${story}/render`, { quality: '480p' })).data.job_id;
    for (let kills = 0; kills < 2; kills++) {
        await until('a job runs', async () => (await anew().must(200, 'GET', '/api/v1/jobs?status=processing')).total > 0);
        await sleep(randomInt(300));
        await server.kill();
        await server.start();
    }
    const again = anew();
    for (const { job_id } of started) {
        await again.job_end(job_id);
        const transcript = await again.must(200, 'GET', `/api/v1/transcriptions/${job_id}`);
        assert.ok(transcript.word_count > 0);
    }
    await again.job_end(film);
    const rows = server.sql(`SELECT job_id, count(*) AS many FROM transcription GROUP BY job_id`);
    assert.equal(rows.length, started.length);
    assert.ok(rows.every(({ many }) => many === 1));
});

test('a stop by SIGTERM hands running jobs back, and they complete later', async () => {
    const { job_id } = await anew().must(201, 'POST', '/api/v1/files/upload', undefined, file_form('speech.wav', speech(2)));
    await until('the job runs', async () => (await anew().job(job_id)).status === 'processing');
    assert.equal(await server.stop(), 0);
    await server.start();
    await anew().job_end(job_id);
});
