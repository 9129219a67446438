// SPDX-License-Identifier: GPL-3.0-or-later
// What the checks share: the files of a tree, C text without comments and strings, and how findings are told.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { execFileSync } = require('node:child_process');

// Every file that git knows or would add, as paths relative to `root`; without git, every file below it.
exports.files = function (root) {
    try {
        const list = execFileSync('git', ['-C', root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
            { encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'ignore'] });
        return [...new Set(list.split('\0'))].filter((name) => name && fs.existsSync(path.join(root, name))).sort();
    } catch {
        return walk(root, '').sort();
    }
};

function walk(root, below) {
    return fs.readdirSync(path.join(root, below), { withFileTypes: true }).flatMap((entry) => {
        const name = path.posix.join(below, entry.name);
        if (/^(\.git|build[^/]*|data|node_modules)$/.test(entry.name))
            return [];
        return entry.isDirectory() ? walk(root, name) : [name];
    });
}

// The text with comments and the insides of strings blanked, every line and column where it was.
exports.bare_c = function (text) {
    const blank = (found) => found.replace(/[^\n]/g, ' ');
    return text.replace(/\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, (found) =>
        found[0] === '/' ? blank(found) : found[0] + blank(found.slice(1, -1)) + found[0]);
};

// Prints findings (`file:line: sentence`) and ends with 1, or with 0 when there are none.
exports.finish = function (name, findings, checked) {
    for (const finding of findings)
        console.error(finding);
    if (!checked)
        console.error(`${name}: found nothing to check`);
    if (findings.length)
        console.error(`${name}: ${findings.length} of these are against the rules`);
    process.exit(findings.length || !checked ? 1 : 0);
};

// Writes `files` (name -> text) into a new folder, gives its path to `use`, and removes it.
exports.with_tree = function (files, use) {
    const root = fs.mkdtempSync(path.join(process.env.TMPDIR || '/tmp', 'kinora-check-'));
    try {
        for (const [name, text] of Object.entries(files)) {
            fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
            fs.writeFileSync(path.join(root, name), text);
        }
        return use(root);
    } finally {
        fs.rmSync(root, { recursive: true });
    }
};
