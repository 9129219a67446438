// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';

export const title = 'metrics, open to this machine and to administrators';

export async function steps({ root, ada }) {
    const proxied = { headers: { 'X-Forwarded-For': '192.0.2.7' } };
    const { headers, bytes } = await ada.as(undefined).get('/metrics');
    assert.match(headers['content-type'], /^text\/plain; version=0\.0\.4/);
    assert.match(bytes.toString(), /^# TYPE storage_bytes gauge$/m);
    assert.equal((await ada.as(undefined).get('/metrics', proxied)).status, 401);
    assert.equal((await ada.get('/metrics', proxied)).json.code, 'FORBIDDEN');
    assert.equal((await root.get('/metrics', proxied)).status, 200);
}
