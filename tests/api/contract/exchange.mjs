// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { file_form } from '../lib/client.mjs';

export const title = 'a video as a file, and back';

export async function steps({ ada, made }) {
    assert.equal((await ada.get(`${made.video}/export?format=avi`)).status, 400);
    const { status, bytes } = await ada.get(`${made.video}/export?format=otio`);
    assert.equal(status, 200);
    const { data } = await ada.must(202, 'POST', '/api/v1/videos/import', undefined, file_form('video.otio', bytes));
    await ada.job_end(data.job_id);
    await ada.must(200, 'DELETE', `/api/v1/videos/${data.video_id}`);
}
