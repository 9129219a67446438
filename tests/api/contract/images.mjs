// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';

export const title = 'the pictures from a prompt of document 001';

export const bodies = { 'POST /api/v1/media/generate-ai': { prompt: 'x' } };

export async function steps({ ada }) {
    const begun = await ada.must(202, 'POST', '/api/v1/media/generate-ai', { prompt: 'A futuristic cityscape at sunset', style: 'cinematic', aspect_ratio: '16:9', quality: 'high' });
    assert.equal(begun.data.status, 'processing');
    await ada.job_end(begun.data.job_id);
    const { data } = await ada.must(200, 'GET', `/api/v1/media/ai-status/${begun.data.job_id}`);
    assert.equal(data.media.source, 'ai');
    assert.equal((await ada.post('/api/v1/media/generate-ai', { prompt: '' })).status, 400);
}
