// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';

export const title = 'a render of document 001 and its film';

export async function steps({ ada, made }) {
    const { data } = await ada.must(202, 'POST', `${made.video}/render`, { quality: '480p' });
    await ada.job_end(data.job_id);
    const { data: { render } } = await ada.must(200, 'GET', `/api/v1/renders/${data.job_id}`);
    assert.equal(render.progress, 100);
    assert.equal((await ada.must(200, 'GET', `${made.video}/renders`)).data.renders.length, 1);
    const film = ada.as(undefined);
    assert.equal((await film.get(render.video_url)).status, 200);
    assert.equal((await film.get(render.video_url, { headers: { Range: 'bytes=0-3' } })).status, 206);
    const { headers } = await film.get(render.video_url, { headers: { Range: 'bytes=999999999-' } });
    assert.match(headers['content-range'], /^bytes \*\/\d+$/);
    const { headers: { etag } } = await film.call('HEAD', render.video_url);
    assert.equal((await film.get(render.video_url, { headers: { 'If-None-Match': etag } })).status, 304);
}
