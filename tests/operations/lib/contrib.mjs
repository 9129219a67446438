// SPDX-License-Identifier: GPL-3.0-or-later
// What the files of contrib/ say.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { repository } from '../../api/lib/server.mjs';

export const read = (name) => fs.readFileSync(path.join(repository, name), 'utf8');

// Every document of a file of YAML, aliases and merges resolved.
export function yaml(name) {
    const { status, stdout, stderr } = spawnSync('python3', ['-c', 'import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(sys.stdin))))'],
        { input: read(name), encoding: 'utf8' });
    assert.equal(status, 0, `${name}: ${stderr}`);
    return JSON.parse(stdout);
}

// The manifests of contrib/kubernetes by their files' names: a list of objects each.
export const manifests = () => new Map(fs.readdirSync(path.join(repository, 'contrib/kubernetes'))
    .map((name) => [name, yaml(`contrib/kubernetes/${name}`)]));
