// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { file_form } from '../lib/client.mjs';
import { speech } from '../lib/media.mjs';

export const title = 'how many people speak, and what they are called';

export async function steps({ ada, bob, made }) {
    // Said when a file is sent and when a transcription is started; no number but 1 to 20.
    const send = (query) => ada.call('POST', `/api/v1/files/upload${query}`, file_form('two.wav', speech(2)));
    for (const wrong of ['0', '21', 'two'])
        assert.equal((await send(`?speakers=${wrong}`)).status, 400, wrong);
    for (const speakers of [0, 21, 1.5, 'two', true]) {
        const { status, json } = await ada.post('/api/transcription/start', { mediaId: made.speech.uuid, speakers });
        assert.deepEqual([status, json.details[0].field], [400, 'speakers'], String(speakers));
    }
    const { status, json: file } = await send('?speakers=1');
    assert.equal(status, 201);
    await ada.job_end(file.job_id);

    const job = `/api/v1/transcriptions/${file.job_id}`;
    const names = async (who = ada) => (await who.must(200, 'GET', `${job}/segments`)).speakers.map(({ id, name }) => [id, name ?? null]);
    const [[id]] = await names();
    assert.deepEqual(await names(), [[id, null]]);
    assert.deepEqual((await ada.must(200, 'GET', job)).speakers.map((one) => one.id), [id]);

    // A name is kept and can be changed.
    for (const name of ['Ann', 'Änne ☕']) {
        await ada.must(200, 'PUT', `${job}/speakers/${id}`, { name });
        assert.deepEqual(await names(), [[id, name]]);
    }
    for (const name of [7, null, 'x'.repeat(10_000)])
        assert.equal((await ada.put(`${job}/speakers/${id}`, { name })).status, 400, String(name).slice(0, 9));
    assert.equal((await ada.put(`${job}/speakers/nobody`, { name: 'x' })).status, 404);
    assert.equal((await bob.put(`${job}/speakers/${id}`, { name: 'x' })).status, 404);
    assert.deepEqual(await names(), [[id, 'Änne ☕']]);
}
