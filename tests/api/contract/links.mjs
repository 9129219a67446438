// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';

export const title = 'links, history and settings of document 002';

const link = { url: 'https://example.invalid/channel', name: 'A channel', type: 'youtube_channel', is_enabled: false };

export const bodies = {
    'POST /api/v1/links': link,
    'PUT /api/v1/links/{link_id}': { name: 'x' },
    'PUT /api/v1/settings': { max_concurrent_downloads: 5 },
};

export async function steps({ root, ada, bob }) {
    const sample = { ...link, tags: ['tag1', 'tag2'], cookies: '{ "cookie_name": "cookie_value" }' };
    const made = await ada.must(200, 'POST', '/api/v1/links/', sample);
    assert.deepEqual([made.has_cookies, made.cookies, made.tags], [true, undefined, ['tag1', 'tag2']]);
    for (const wrong of [{ type: 'rss' }, { url: 'ftp://example.org/' }, { max_items: -1 }, { quality: '8k' }, { url: 'https://u:p@example.org/' }])
        assert.equal((await ada.post('/api/v1/links', { ...link, ...wrong })).status, 422, JSON.stringify(wrong));
    for (const wrong of [{ url: 'no url' }, { url: '//example.org' }, { url: 'https://' }, { cookies: 'no JSON' }, { cookies: '[1]' }, { cookies: 7 }, { name: '' }, { tags: 'x' }])
        assert.equal((await ada.post('/api/v1/links', { ...link, ...wrong })).status, 400, JSON.stringify(wrong));
    assert.equal((await ada.must(200, 'GET', '/api/v1/links/?limit=1')).length, 1);
    assert.equal((await ada.get('/api/v1/links?skip=-1')).status, 422);
    const path = `/api/v1/links/${made.id}`;
    assert.equal((await ada.must(200, 'GET', path)).uuid, made.uuid);
    assert.equal((await ada.must(200, 'GET', `/api/v1/links/${made.uuid}`)).id, made.id);
    assert.equal((await bob.get(path)).status, 404);
    const changed = await ada.must(200, 'PUT', path, { name: 'B', cookies: '', tags: [], keep_last: 3 });
    assert.deepEqual([changed.name, changed.has_cookies, changed.tags, changed.keep_last, changed.url], ['B', false, [], 3, link.url]);
    assert.equal((await ada.put(path, {})).status, 400);
    assert.equal((await ada.put(path, { type: 'x' })).status, 422);
    const browser = [{ name: 'sid', value: 'x', domain: '.example.invalid', path: '/', secure: true, expirationDate: 1900000000.5 }];
    for (const cookies of [browser, JSON.stringify(browser), { a: 'b' }])
        assert.equal((await ada.must(200, 'PUT', path, { cookies })).has_cookies, true);

    const { msg, job_id } = await ada.must(200, 'POST', `${path}/trigger-download`);
    assert.equal(msg, `Download triggered for link ${made.id}`);
    await ada.job_end(job_id, { state: 'failed' });
    const [record] = await ada.must(200, 'GET', `/api/v1/history/?link_id=${made.id}&status=failure`);
    assert.equal(record.link_name, 'B');
    assert.ok(record.failure && record.advice && record.message);
    assert.deepEqual(await ada.must(200, 'GET', `/api/v1/history/${record.id}`), record);
    assert.equal((await bob.get(`/api/v1/history/${record.id}`)).status, 404);
    assert.equal((await ada.get('/api/v1/history/999999')).status, 404);
    assert.equal((await ada.get('/api/v1/history?status=good')).status, 422);
    assert.equal((await ada.must(200, 'GET', path)).last_failure, record.failure);
    assert.equal((await ada.must(200, 'POST', `/api/v1/links/retry-failed?class=${record.failure}`)).links, 1);
    assert.equal((await ada.post('/api/v1/links/retry-failed?class=bad')).status, 422);
    assert.equal((await ada.post('/api/v1/links/retry-failed?class=%zz')).status, 400);
    assert.equal((await ada.must(200, 'DELETE', path)).id, made.id);
    assert.equal((await ada.delete(path)).status, 404);
    assert.equal((await ada.post(`${path}/trigger-download`)).status, 404);

    const settings = await root.must(200, 'GET', '/api/v1/settings/');
    assert.ok(settings.media_root.startsWith('/'));
    assert.equal((await ada.get('/api/v1/settings')).status, 403);
    assert.equal((await ada.put('/api/v1/settings', { max_concurrent_downloads: 5 })).status, 403);
    for (const wrong of [{ max_concurrent_downloads: 65 }, { link_monitor_interval_minutes: 0 }, { nonsense: 1 }, { default_plan: 'gold' },
        { site_cookies_json: '{"x": "/etc/passwd"}' }, { site_cookies_json: '{"x": "../x"}' }, { asr_url: 'ftp://x' }, { smtp_from: 'x' }])
        assert.equal((await root.put('/api/v1/settings', wrong)).status, 422, JSON.stringify(wrong));
    for (const wrong of [{ max_concurrent_downloads: '5' }, { open_registration: 1 }, {}, { media_root: 7 }])
        assert.equal((await root.put('/api/v1/settings', wrong)).status, 400, JSON.stringify(wrong));
    const now = await root.must(200, 'PUT', '/api/v1/settings', { max_concurrent_downloads: 7, asr_key: 'hush', media_root: settings.media_root });
    assert.deepEqual([now.max_concurrent_downloads, now.has_asr_key, now.asr_key], [7, true, undefined]);
    await root.must(200, 'PUT', '/api/v1/settings', { max_concurrent_downloads: null, asr_key: null });
    assert.deepEqual(await root.must(200, 'GET', '/api/v1/settings'), settings);
}
