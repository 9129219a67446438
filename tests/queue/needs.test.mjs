// SPDX-License-Identifier: GPL-3.0-or-later
// Renders in the queue: each waits for the voiceovers of its texts that are still being spoken, and for no others; its
// place and time are told.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { Server, until } from '../api/lib/server.mjs';

const text = 'Every story begins with a single sentence that somebody dared to write down. '.repeat(66); // more than is spoken at once
let server, ada;

before(async () => {
    server = await Server.start();
    ada = await new Client(server).user('ada');
});
after(() => server?.remove());

async function story(says, place) {
    const { data: { video } } = await ada.must(201, 'POST', '/api/v1/videos', { title: says.slice(0, 5) });
    const { data: { scene } } = await ada.must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, { duration: 1, duration_mode: 'fixed', text: place === 'scene' ? says : 'Nothing' });
    await ada.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`, { type: 'voiceover', name: 'Voice', start_time: 0, duration: 1,
        properties: { voice_id: 'flite:kal16', ...(place === 'layer' ? { text: says } : {}) } });
    return video;
}
const speak = async (says) => (await ada.must(202, 'POST', '/api/v1/voices/generate', { voice_id: 'flite:kal16', text: says })).data.job_id;
const render = async (video) => (await ada.must(202, 'POST', `/api/v1/videos/${video.id}/render`, { quality: '480p' })).data.job_id;
const needs = (id) => server.sql(`SELECT needed.id FROM job_need JOIN job ON job.number = job_need.job JOIN job needed ON needed.number = job_need.needed WHERE job.id = '${id}'`).map((row) => row.id);
const cancel = (id) => ada.must(200, 'POST', `/api/v1/jobs/${id}/cancel`);

test('a render begins when the long voiceovers of its video have ended', async () => {
    await ada.must(200, 'POST', '/api/v1/queues/voice/pause');
    await ada.must(200, 'POST', '/api/v1/queues/render/pause'); // what waits, waits for nothing else
    const spoken = await speak(text), other = await speak(`Another. ${text}`);
    const in_layer = await render(await story(text, 'layer')), in_scene = await render(await story(text, 'scene'));
    const without = await render(await story('Short.', 'layer'));
    assert.deepEqual([needs(in_layer), needs(in_scene), needs(without)], [[spoken], [spoken], []]);
    await ada.must(200, 'POST', '/api/v1/queues/render/resume');
    await ada.job_end(without);
    assert.deepEqual([(await ada.job(in_layer)).status, (await ada.job(in_scene)).status], ['pending', 'pending']);
    await cancel(spoken);
    await until('they begin', async () => (await ada.job(in_layer)).status === 'processing' || (await ada.job(in_scene)).status === 'processing');
    for (const id of [in_layer, in_scene, other])
        await cancel(id);
});

test('the place in the queue is told, and the time that past renders took', async () => {
    const begin = async (video) => (await ada.must(202, 'POST', `/api/v1/videos/${video.id}/render`, { quality: '480p' })).data;
    const videos = [await story('One.', 'layer'), await story('Two.', 'layer')];
    await ada.must(200, 'POST', '/api/v1/queues/render/pause');
    server.sql("UPDATE job SET started_at = finished_at - 1000000000 WHERE kind = 'render' AND state = 'completed'");
    const [first, second] = [await begin(videos[0]), await begin(videos[1])];
    assert.deepEqual([first.queue_position, second.queue_position], [1, 2]);
    assert.equal(Math.round(second.estimated_time), 1000);
    await cancel(first.job_id);
    assert.equal((await ada.must(200, 'GET', `/api/v1/renders/${second.job_id}`)).data.render.queue_position, 1);
    await cancel(second.job_id);
});
