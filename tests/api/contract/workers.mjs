// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';

export const title = 'workers, queues and their pauses';

export async function steps({ root, ada }) {
    const { workers, queues } = await root.must(200, 'GET', '/api/v1/workers');
    assert.equal(workers.length, 1);
    assert.equal(workers[0].alive, true);
    assert.ok(workers[0].slots.render >= 1);
    assert.ok(Array.isArray(queues));
    assert.equal((await root.must(200, 'POST', '/api/v1/queues/rekey/pause')).paused, true);
    assert.equal((await root.must(200, 'GET', '/api/v1/workers')).queues.find(({ kind }) => kind === 'rekey').paused, true);
    assert.equal((await root.must(200, 'POST', '/api/v1/queues/rekey/resume')).paused, false);
    await ada.must(403, 'GET', '/api/v1/workers');
    for (const what of ['pause', 'resume']) {
        await ada.must(403, 'POST', `/api/v1/queues/render/${what}`);
        assert.equal((await root.must(404, 'POST', `/api/v1/queues/unheard-of/${what}`)).code, 'NOT_FOUND');
    }
}
