// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';

export const title = 'drafts of a scene and of a video';

export async function steps({ ada, made }) {
    const { data: { scenes: [scene] } } = await ada.must(200, 'GET', `${made.video}/scenes`);
    for (const path of [`${made.video}/scenes/${scene.id}/draft`, `${made.video}/draft`]) {
        let { data: { draft } } = await ada.must(200, 'GET', path);
        if (draft.status !== 'completed') { // a video of one scene is that scene
            await ada.job_end(draft.job_id);
            ({ data: { draft } } = await ada.must(200, 'GET', path));
        }
        assert.equal(draft.status, 'completed', draft.error);
        const film = ada.as(undefined);
        assert.equal((await film.get(draft.video_url)).status, 200);
        assert.equal((await film.get(draft.video_url, { headers: { Range: 'bytes=0-3' } })).status, 206);
        assert.equal((await film.get(draft.video_url, { headers: { Range: 'bytes=999999999-' } })).status, 416);
        const { headers: { etag } } = await film.call('HEAD', draft.video_url);
        assert.equal((await film.get(draft.video_url, { headers: { 'If-None-Match': etag } })).status, 304);
    }
    const unsigned = '?session=00000000-0000-4000-8000-000000000000&expires=99999999999&signature=x';
    assert.equal((await ada.get(`/content/draft/not-an-id/x${unsigned}`)).status, 400);
    const { data: { video } } = await ada.must(201, 'POST', '/api/v1/videos', { title: 'No scenes' });
    assert.equal((await ada.get(`/api/v1/videos/${video.id}/draft`)).status, 409);
}
