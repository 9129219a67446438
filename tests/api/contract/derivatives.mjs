// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { speech } from '../lib/media.mjs';
import { until } from '../lib/server.mjs';

export const title = 'thumbnails, waveforms and proxies';

export async function steps({ ada }) {
    const { id } = await ada.upload('spoken.wav', speech());
    const file = await until('the waveform is made', async () => {
        const told = await ada.must(200, 'GET', `/api/v1/files/${id}`);
        return told.waveform_url && told;
    });
    const anyone = ada.as(undefined);
    assert.equal((await anyone.get(file.waveform_url)).status, 200);
    assert.equal((await anyone.get(file.waveform_url, { headers: { Range: 'bytes=0-3' } })).status, 206);
    assert.equal((await anyone.get(file.waveform_url, { headers: { Range: 'bytes=999999999-' } })).status, 416);
    const { headers: { etag } } = await anyone.call('HEAD', file.waveform_url);
    assert.equal((await anyone.get(file.waveform_url, { headers: { 'If-None-Match': etag } })).status, 304);
    assert.equal((await anyone.get(file.waveform_url.replace('waveform', 'thumbnail'))).status, 404); // signed for another
    assert.equal((await ada.get('/content/derivative/not-an-id/thumbnail.jpg?session=00000000-0000-4000-8000-000000000000&expires=99999999999&signature=x')).status, 400);
    await ada.must(200, 'DELETE', `/api/v1/files/${id}`);
    assert.equal((await anyone.get(file.waveform_url)).status, 404);
}
