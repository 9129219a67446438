// SPDX-License-Identifier: GPL-3.0-or-later
// Links on a server, as the tests of the saver use them.
import assert from 'node:assert/strict';

// Adds a link that nothing triggers by itself.
export const add = (client, type, url, more = {}) => client.must(200, 'POST', '/api/v1/links',
    { url, name: `${type} of the test`, type, download_automatically: false, ...more });

// Triggers it and waits for the end; gives the newest record.
export async function look(client, link, { status } = {}) {
    const { job_id } = await client.must(200, 'POST', `/api/v1/links/${link.id}/trigger-download`);
    const { until } = await import('../../api/lib/server.mjs');
    await until('the look has ended', async () => ['completed', 'failed', 'cancelled'].includes((await client.job(job_id)).status),
        { limit_ms: 120_000, every_ms: 100 });
    const [record] = await client.must(200, 'GET', `/api/v1/history?link_id=${link.id}&limit=1`);
    if (status)
        assert.equal(record.status, status, JSON.stringify(record));
    return record;
}
