// SPDX-License-Identifier: GPL-3.0-or-later
// packaging/try-stock.mjs ORIGIN FOLDER: whether a fresh Kinora has in its libraries what the pack in FOLDER describes, and gives
// out a file of each kind as it is there. Prints what was found.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const [origin, folder] = process.argv.slice(2);
const { items } = JSON.parse(fs.readFileSync(path.join(folder, 'stock.json')));
let token;

async function ask(where, json) {
    const answer = await fetch(new URL(where, origin), { method: json ? 'POST' : 'GET', body: json && JSON.stringify(json),
        headers: { ...(json && { 'Content-Type': 'application/json' }), ...(token && { Authorization: `Bearer ${token}` }) } });
    const bytes = Buffer.from(await answer.arrayBuffer());
    assert.equal(answer.status, 200, `${where}: ${bytes.subarray(0, 500)}`);
    return bytes;
}

const who = { username: 'ada', password: 'a-long-enough-password' };
await ask('/api/v1/users', { ...who, email: 'ada@example.org' });
({ access_token: token } = JSON.parse(await ask('/api/v1/auth/login', who)));
const found = { audio: [], media: [] };
for (const [list, query] of [['audio', 'type=stock'], ['media', 'source=stock']])
    for (let page = 1, pages = 1; page <= pages; page++) {
        const { data } = JSON.parse(await ask(`/api/v1/${list}/library?${query}&limit=50&page=${page}`));
        found[list].push(...data[list]);
        pages = data.pagination.total_pages;
    }
const all = new Map([...found.audio, ...found.media].map((item) => [item.id, item]));
const missing = items.filter(({ id }) => !all.has(id));
assert.deepEqual(missing.map(({ kind, file }) => `${kind} ${file}`), []);
const kinds = new Map(items.map(({ kind }) => [kind, items.filter((item) => item.kind === kind)]));
for (const [kind, [first]] of kinds) {
    const bytes = await ask(all.get(first.id).url);
    assert.equal(createHash('sha256').update(bytes).digest('hex'), first.sha256, `${kind} ${first.file}`);
}
console.log([...kinds].map(([kind, of]) => `${of.length} ${kind}`).join(', '));
