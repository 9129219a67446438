// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';

export const title = "the voices of document 001, and a user's pronunciations";

export const bodies = {
    'POST /api/v1/voices/generate': { voice_id: 'flite:kal16', text: 'Hello' },
    'PUT /api/v1/voices/pronunciations': { word: 'x', spoken: 'ex' },
};

export async function steps({ root, ada }) {
    const { data: { voices: [rose] } } = await ada.must(200, 'GET', '/api/v1/voices?language=en-US&gender=female&category=standard&search=rose');
    assert.equal(rose.id, 'en-US-Neural2-A');
    assert.equal((await ada.get('/api/v1/voices?gender=robot')).status, 400);
    const { data } = await ada.must(200, 'POST', '/api/v1/voices/generate', { voice_id: 'en-US-Neural2-A', text: 'Welcome to our product demonstration', speed: 1.0, pitch: 1.0, volume: 1.0 });
    const anyone = root.as(undefined);
    for (const url of [rose.sample_url, data.audio_url]) {
        const { status, headers: { etag } } = await anyone.get(url);
        assert.equal(status, 200);
        for (const [headers, other] of [[{ Range: 'bytes=0-3' }, 206], [{ Range: 'bytes=999999999-' }, 416], [{ 'If-None-Match': etag }, 304], [{ 'If-Match': '"other"' }, 412]])
            assert.equal((await anyone.get(url, { headers })).status, other);
        assert.equal((await anyone.get(url.replace('session=', 'session=x'))).status, 400);
    }
    assert.equal((await ada.post('/api/v1/voices/generate', { voice_id: 'nobody', text: 'x' })).status, 404);
    const free = await root.user('frugal-speaker', { plan: 'free' });
    assert.equal((await free.post('/api/v1/voices/generate', { voice_id: 'flite:awb', text: 'x' })).status, 403);
    const long = await ada.must(202, 'POST', '/api/v1/voices/generate', { voice_id: 'flite:kal16', text: 'Hello. '.repeat(800) });
    await ada.job_end(long.data.job_id);
    const { data: { pronunciation } } = await ada.must(200, 'PUT', '/api/v1/voices/pronunciations', { word: 'Kinora', spoken: 'kee nora' });
    assert.equal((await ada.must(200, 'GET', '/api/v1/voices/pronunciations')).data.pronunciations.length, 1);
    await ada.must(200, 'DELETE', `/api/v1/voices/pronunciations/${pronunciation.id}`);
}
