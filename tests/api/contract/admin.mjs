// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';

export const title = 'the audit log and what a user takes along';

export async function steps({ root, ada }) {
    assert.equal((await ada.get('/api/v1/admin/audit')).status, 403);
    const { data: { entries, pagination } } = await root.must(200, 'GET', '/api/v1/admin/audit?action=user.create&limit=1');
    assert.deepEqual([entries.length, entries[0].action, pagination.items_per_page], [1, 'user.create', 1]);
    const taken = await ada.get('/api/v1/users/me/export');
    assert.deepEqual([taken.status, taken.headers['content-type'], taken.bytes.subarray(0, 4).toString('hex')], [200, 'application/zip', '504b0304']);
}
