// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';

export const title = 'search, corrections and imports of transcripts';

export async function steps({ ada }) {
    const told = await ada.must(200, 'GET', '/api/v1/search?q=wav&limit=5');
    assert.ok(told.total >= 1);
    assert.equal((await ada.get('/api/v1/search')).status, 400);
}
