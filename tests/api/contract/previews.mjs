// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';

export const title = 'a frame of a scene';

export async function steps({ ada, made }) {
    const { data: { scenes: [scene] } } = await ada.must(200, 'GET', `${made.video}/scenes`);
    const { status, headers } = await ada.get(`${made.video}/scenes/${scene.id}/preview?t=0.5&w=320`);
    assert.deepEqual([status, headers['content-type']], [200, 'image/jpeg']);
    assert.equal((await ada.get(`${made.video}/scenes/${scene.id}/preview?t=9999`)).status, 400);
    const { data: { boxes } } = await ada.must(200, 'GET', `${made.video}/scenes/${scene.id}/text-boxes`);
    assert.ok(Array.isArray(boxes));
    assert.equal((await ada.get(`${made.video}/scenes/${scene.id}/text-boxes?w=1`)).status, 400);
}
