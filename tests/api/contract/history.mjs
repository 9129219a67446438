// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';

export const title = 'undo, history and versions';

export const bodies = { 'POST /api/v1/videos/{videoId}/versions': { name: 'x' } };

export async function steps({ ada }) {
    const { data: { video } } = await ada.must(201, 'POST', '/api/v1/videos', { title: 'History' });
    const at = `/api/v1/videos/${video.id}`;
    assert.equal((await ada.post(`${at}/undo`)).json.error, 'NOTHING_TO_UNDO');
    assert.equal((await ada.post(`${at}/redo`)).json.error, 'NOTHING_TO_REDO');
    const { data: { version } } = await ada.must(201, 'POST', `${at}/versions`, { name: 'Empty' });
    const { data: { scene } } = await ada.must(201, 'POST', `${at}/scenes`, { text: 'One' });
    const { data: { layer } } = await ada.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`,
        { type: 'text', name: 'x', duration: 1, properties: { text: 'x' } });
    assert.equal((await ada.must(200, 'POST', `${at}/undo`)).data.change.kind, 'layer.add');
    assert.equal((await ada.must(200, 'POST', `${at}/redo`)).data.change.layer_id, layer.id);
    for (const [path, change] of [[at, { title: 'x' }], [`${at}/scenes/${scene.id}`, { text: 'x' }], [`/api/v1/layers/${layer.id}`, { name: 'y' }]]) {
        const { data } = await ada.must(200, 'GET', path);
        const base_revision = Object.values(data)[0].revision;
        await ada.must(200, 'PUT', path, change);
        assert.equal((await ada.put(path, { ...change, base_revision, strict: true })).json.error, 'CONFLICT');
    }
    assert.equal((await ada.must(200, 'GET', `${at}/history`)).data.changes.length, 7);
    assert.equal((await ada.must(200, 'GET', `${at}/versions`)).data.versions.length, 1);
    await ada.must(200, 'POST', `${at}/versions/${version.id}/restore`);
    assert.equal((await ada.must(200, 'GET', at)).data.video.scene_count, 0);
    await ada.must(200, 'DELETE', at);
}
