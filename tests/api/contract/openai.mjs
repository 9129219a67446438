// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { multipart } from '../lib/client.mjs';
import { picture, speech } from '../lib/media.mjs';

export const title = 'the paths that OpenAI clients know';

export const bodies = { 'POST /v1/audio/speech': { model: 'tts-1', input: 'One.', voice: 'alloy' } };

const form = (bytes, fields) => multipart([{ name: 'file', file_name: 'a.wav', bytes }, ...Object.entries(fields).map(([name, value]) => ({ name, value }))]);
const transcribe = (who, bytes, fields) => who.call('POST', '/v1/audio/transcriptions', form(bytes, fields));

export async function steps({ root, ada }) {
    const { data } = await ada.must(200, 'GET', '/v1/models');
    assert.ok(data.some((model) => model.id === 'whisper-1') && data.some((model) => model.id === 'pocketsphinx'));
    assert.equal((await ada.must(200, 'GET', '/v1/models/tts-1')).object, 'model');
    assert.equal((await ada.get('/v1/models/none')).json.error.code, 'model_not_found');
    const heard = await transcribe(ada, speech(3), { model: 'whisper-1' });
    assert.equal(heard.status, 200);
    assert.deepEqual(Object.keys(heard.json), ['text']);
    assert.equal((await transcribe(ada, speech(3), { model: 'none' })).status, 404);
    for (const [bytes, fields, param] of [[picture(), {}, 'file'], [Buffer.from('no sound'), {}, 'file'], [Buffer.alloc(0), {}, 'file'],
        [speech(3), { language: 'xx' }, 'language'], [speech(3), { language: 'de' }, 'language'], [speech(3), { response_format: 'doc' }, 'response_format'],
        [speech(3), { 'timestamp_granularities[]': 'letter' }, 'timestamp_granularities'], [speech(3), { stream: 'true' }, 'stream'], [speech(3), { model: '' }, 'model']]) {
        const { status, json } = await transcribe(ada, bytes, { model: 'whisper-1', ...fields });
        assert.deepEqual([status, json.error.param, json.error.type], [400, param, 'invalid_request_error'], JSON.stringify([fields, json]));
    }
    const spoken = await ada.post('/v1/audio/speech', bodies['POST /v1/audio/speech']);
    assert.deepEqual([spoken.status, spoken.headers['content-type']], [200, 'audio/mpeg']);
    assert.equal((await ada.post('/v1/audio/speech', { model: 'none', input: 'One.', voice: 'alloy' })).status, 404);
    const premium = await (await root.user('quiet')).post('/v1/audio/speech', { model: 'tts-1', input: 'One.', voice: 'flite:awb' });
    assert.deepEqual([premium.status, premium.json.error.code], [403, 'plan_required']);
    for (const wrong of [{ voice: 'nobody' }, { input: '' }, { input: ' ' }, { input: 'Да, конечно.' }, { input: '\u0001' }, { speed: 9 }, { response_format: 'doc' }])
        assert.equal((await ada.post('/v1/audio/speech', { model: 'tts-1', input: 'One.', voice: 'alloy', ...wrong })).status, 400, JSON.stringify(wrong));
    assert.equal((await ada.get('/v1/nothing')).json.error.code, 'not_found');
    const wrong = await ada.call('DELETE', '/v1/models');
    assert.deepEqual([wrong.status, wrong.headers.allow, wrong.json.error.code], [405, 'GET', 'method_not_allowed']);
    const nobody = await ada.as(undefined).get('/v1/models');
    assert.deepEqual([nobody.status, nobody.json.error.code], [401, 'invalid_api_key']);
}
