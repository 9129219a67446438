// SPDX-License-Identifier: GPL-3.0-or-later
// kill -9 at random moments during edits, uploads and jobs: what was acknowledged is there, nothing half-made is seen.
import assert from 'node:assert/strict';
import { createHash, randomInt } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Client, file_form } from './lib/client.mjs';
import { speech, wav } from './lib/media.mjs';
import { Server, sleep, until } from './lib/server.mjs';

const ROUNDS = 12;
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
let server, ada;
const uploads = new Map(); // file id -> hash of what was answered with 201
// Of each editor, layer id -> the texts that it may have: the newest that was acknowledged, and one that was on its way.
const editors = [new Map(), new Map()];
let scene;

before(async () => {
    server = await Server.start();
    ada = await new Client(server).user('ada');
    const video = (await ada.must(201, 'POST', '/api/v1/videos', { title: 'Durable' })).data.video.id;
    scene = (await ada.must(201, 'POST', `/api/v1/videos/${video}/scenes`, { text: 'x', duration: 5 })).data.scene.id;
});
after(() => server.remove());

// A client for the server as it runs now: the port changes with each start, the session does not.
const anew = () => new Client(server, { token: ada.token });

// Until the server is gone. What it answers with success is written down; what it does not answer may be there or not.
async function edit(client, over, layers) {
    for (let number = 0; !over.now; number++) {
        try {
            const text = `text ${number} of ${Date.now()}`;
            if (number % 5 === 0 || layers.size === 0) {
                const { data } = await client.must(201, 'POST', `/api/v1/scenes/${scene}/layers`,
                    { type: 'text', name: 'T', duration: 1, properties: { text } });
                layers.set(data.layer.id, [text]);
            } else {
                const id = [...layers.keys()][randomInt(layers.size)];
                // Written but perhaps not acknowledged when the end comes: both texts are right then.
                layers.get(id).push(text);
                await client.must(200, 'PUT', `/api/v1/layers/${id}`, { properties: { text } });
                layers.set(id, [text]);
            }
        } catch (error) {
            if (error.code === 'ERR_ASSERTION')
                throw error;
            return;
        }
    }
}

async function upload(client, over) {
    for (let number = 0; !over.now; number++) {
        const bytes = wav(1 + number % 7, 200 + randomInt(2000));
        try {
            const { id } = await client.must(201, 'POST', '/api/v1/files/upload?transcribe=false', undefined, file_form('tone.wav', bytes));
            uploads.set(id, sha256(bytes));
        } catch (error) {
            if (error.code === 'ERR_ASSERTION')
                throw error;
            return;
        }
    }
}

// Every row that is visible reads back whole, and everything that was answered is among them.
async function check(client) {
    const { files } = await client.must(200, 'GET', '/api/v1/files?limit=1000');
    const there = new Map();
    for (const { id } of files.slice(0, 40)) {
        const { status, bytes } = await client.get(`/api/v1/files/${id}/content`);
        assert.equal(status, 200, `file ${id}`);
        there.set(id, sha256(bytes));
    }
    const listed = new Set(files.map(({ id }) => id));
    for (const [id, hash] of uploads) {
        assert.ok(listed.has(id), `the upload ${id} was answered with 201 and is gone`);
        if (there.has(id))
            assert.equal(there.get(id), hash, `the upload ${id} reads back differently`);
    }
    const { data } = await client.must(200, 'GET', `/api/v1/scenes/${scene}/layers`);
    const texts = new Map(data.layers.map((layer) => [layer.id, layer.properties.text]));
    for (const [id, possible] of editors.flatMap((layers) => [...layers]))
        assert.ok(possible.includes(texts.get(id)), `layer ${id} says "${texts.get(id)}", not ${JSON.stringify(possible)}`);
    const indexes = data.layers.map((layer) => layer.order_index);
    assert.equal(new Set(indexes).size, indexes.length, 'two layers with the same order_index');
}

test(`what was acknowledged survives ${ROUNDS} kills during edits and uploads`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
        const over = { now: false };
        const working = [...editors.map((layers) => edit(anew(), over, layers)), upload(anew(), over), upload(anew(), over)];
        await sleep(100 + randomInt(900));
        await server.kill();
        over.now = true;
        await Promise.all(working);
        await server.start();
        await check(anew());
    }
    const edited = editors[0].size + editors[1].size;
    assert.ok(uploads.size >= ROUNDS && edited >= ROUNDS, `too little happened: ${uploads.size} uploads, ${edited} layers`);
    await server.idle(); // thumbnails and waveforms are written through the same folder
    // What the killed uploads had begun is gone with the start.
    assert.equal(server.blobs().filter((name) => name.startsWith('tmp/')).length, 0);
});

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
