// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { file_form } from '../lib/client.mjs';

export const title = 'the database of document 002';

export async function steps({ root, ada }) {
    const { status, bytes } = await root.get('/api/v1/database/export');
    assert.equal(status, 200);
    assert.match(bytes.toString(), /^-- Kinora export 1\n[^]*\n-- end of export: \d+ tables\n$/);
    assert.equal((await ada.get('/api/v1/database/export')).status, 403);
    assert.equal((await ada.get('/api/v1/database/import')).status, 403);
    assert.equal((await ada.call('POST', '/api/v1/database/import', file_form('x.sql', bytes))).status, 403);
    assert.equal((await root.call('POST', '/api/v1/database/import', file_form('x.txt', bytes))).status, 400);
    assert.equal((await root.must(200, 'GET', '/api/v1/database/import')).state, 'none');
    // Refused by its first table, so that the other steps go on with what is there.
    const broken = Buffer.from(bytes.toString().replace('CREATE TABLE', 'DROP TABLE'));
    await root.must(200, 'POST', '/api/v1/database/import', undefined, file_form('x.sql', broken));
    for (;;) {
        const told = await root.must(200, 'GET', '/api/v1/database/import');
        if (told.state !== 'running')
            return assert.match(told.message, /^Line 5: /);
    }
}
