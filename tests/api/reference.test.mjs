// SPDX-License-Identifier: GPL-3.0-or-later
// The API document against the OpenAPI standard, as `redocly lint` checks it, and against the documents it is made for.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Server, repository, temporary } from './lib/server.mjs';

const require = createRequire(path.join(repository, 'reference/package.json'));
const { createConfig, lintFromString } = require('@redocly/openapi-core');

let server, text;
before(async () => {
    server = await Server.start({ data: temporary('reference') });
    text = await (await fetch(`${server.origin}/api/v1/openapi.json`)).text();
});
after(() => server?.remove());

const problems = async (source) => (await lintFromString({ source, config: await createConfig({ extends: ['recommended'] }) }))
    .filter((one) => one.severity === 'error').map((one) => `${one.location[0]?.pointer}: ${one.message}`);

test('the document keeps to the standard, and one that does not is found out', async () => {
    assert.deepEqual(await problems(text), []);
    const wrong = JSON.parse(text);
    wrong.paths['/api/v1/openapi.json'].get.responses['200'] = { $ref: '#/components/responses/Nothing' };
    assert.notDeepEqual(await problems(JSON.stringify(wrong)), []);
});

test('every call of the documents is in it, with the status they give', () => {
    const list = path.resolve(repository, '../shared/contracts/routes.tsv');
    const { paths } = JSON.parse(text);
    // Without the documents beside the project: the calls that nobody could do without.
    const lines = fs.existsSync(list) ? fs.readFileSync(list, 'utf8').trim().split('\n').filter((line) => /^\d/.test(line))
        : ['000\tPOST\t/users\t201', '004\tPOST\t/api/v1/auth/login\t200', '001\tPUT\t/api/v1/layers/reorder\t200'];
    const bare = (name) => name.replace(/\{[^}]*\}/g, '{}').replace(/\?.*/, '').replace(/\/$/, '');
    const known = new Map(Object.entries(paths).flatMap(([name, methods]) => Object.entries(methods)
        .map(([method, one]) => [`${method.toUpperCase()} ${bare(name)}`, Object.keys(one.responses ?? {})])));
    const missing = lines.map((line) => line.split('\t')).filter(([, method, name, status]) => !known.get(`${method} ${bare(name)}`)?.some((one) => status.includes(one)));
    assert.deepEqual(missing, []);
});
