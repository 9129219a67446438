// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';

export const title = 'the pages that show the API';

export async function steps({ ada }) {
    const anybody = ada.as(undefined);
    for (const path of ['/api/v1/docs', '/api/v1/redoc']) {
        const page = await anybody.get(path), html = page.bytes.toString();
        assert.equal(page.status, 200);
        assert.match(page.headers['content-type'], /^text\/html/);
        assert.doesNotMatch(html, /\{\{|undefined|https?:/);
        const loaded = [...html.matchAll(/(?:src|href)="(\/web\/[^"]+)"/g)].map(([, name]) => name);
        assert.ok(loaded.length >= 3, `${path} loads ${loaded}`);
        for (const name of loaded) {
            const file = await anybody.get(name);
            assert.equal(file.status, 200, name);
            assert.match(file.headers['cache-control'], /immutable/);
        }
    }
}
