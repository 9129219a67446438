// SPDX-License-Identifier: GPL-3.0-or-later
// script/test counts rightly: what fails, is skipped, crashes or tests nothing never counts as passed.
import assert from 'node:assert';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { clean_up, node_tests, prepare, read_tap, run } from './test-runners.mjs';

const counts = (results) => [results.filter((one) => one.ok).length, results.filter((one) => !one.ok).length];

const taps = [
    ['1..2\nok 1 - a\nok 2 - b\n', 0, [2, 0]],
    ['1..2\nok 1 - a\nnot ok 2 - b\n# why\n', 1, [1, 1]],
    ['1..2\nok 1 - a\nok 2 # SKIP b\n', 0, [1, 1]],
    ['1..3\nok 1 - a\n', 'SIGSEGV', [1, 2]],
    ['1..1\nok 1 - a\n1..1\nok 1 - b\n', 0, [2, 0]],
    ['1..1\nok 1 - a\n', 1, [1, 1]], // a sanitizer complains at the end
    ['', 'SIGABRT', [0, 1]],
    ['no TAP at all\n', 0, [1, 0]],
];
for (const [out, code, expected] of taps)
    assert.deepEqual(counts(read_tap('x', code, out)), expected, JSON.stringify(out));

const files = {
    'mixed.test.mjs': `import { test, describe, it } from 'node:test';
        test('passes', () => {});
        test('fails', () => { throw new Error('on purpose'); });
        test('skipped', { skip: true }, () => {});
        test('left', { todo: true }, () => {});
        describe('a suite', () => { it('passes inside', () => {}); it('fails inside', () => { throw new Error('on purpose'); }); });`,
    'empty.test.mjs': '',
    'crash.test.mjs': "process.kill(process.pid, 'SIGKILL');",
    'good.test.mjs': "import { test } from 'node:test'; test('passes', () => {});",
    'helper.mjs': "throw new Error('not a test');",
};
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kinora-self-test-'));
const log = console.log;
try {
    prepare();
    for (const [name, text] of Object.entries(files))
        fs.writeFileSync(path.join(folder, name), text);
    console.log = () => {};
    const results = await node_tests(folder)();
    console.log = log;
    // mixed: 2 pass; fails, skipped, left and fails inside do not. The empty and the crashing file fail once each.
    assert.deepEqual(counts(results), [3, 6], JSON.stringify(results, null, 1));
    assert.equal((await run(['sleep', '9'], { timeout_s: 0.2 })).code, 'TIMEOUT');
    assert.equal((await run(['no-such-program'], { timeout_s: 5 })).code, 'ERROR');
} finally {
    console.log = log;
    clean_up();
    fs.rmSync(folder, { recursive: true });
}
