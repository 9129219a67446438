// SPDX-License-Identifier: GPL-3.0-or-later
// Tests that are about SQLite itself (its file in the data folder): written sqlite(...) where others are test(...), and left
// out on PostgreSQL. This list is the one place that says which; script/test holds it against what is written.
import { test } from 'node:test';
import { on_postgres } from './server.mjs';

export const ABOUT_SQLITE = {
    'operations/doctor.test.mjs': ['a damaged database file is told'],
    'operations/upgrade.test.mjs': [
        'upgrade --check tries all migrations on a copy and changes nothing; starting does them, after a snapshot',
        'migrations that would fail are told by the check, and leave the old data when they are tried',
    ],
};
const listed = new Set(Object.values(ABOUT_SQLITE).flat());

export function sqlite(name, ...rest) {
    if (!listed.has(name))
        throw new Error(`'${name}' is not in the list of tests/api/lib/sqlite-only.mjs`);
    if (!on_postgres)
        test(name, ...rest);
}
