// SPDX-License-Identifier: GPL-3.0-or-later
// The groups of `script/test`, in the order they run. To add one: a line in `groups`, made of the runners in
// test-runners.mjs. A budget is what the group may take on two cores; all of them together stay under 25 minutes.
import fs from 'node:fs';
import path from 'node:path';
import { ABOUT_SQLITE } from '../../tests/api/lib/sqlite-only.mjs';
import { commands, meson, node_tests, prepare, clean_up } from './test-runners.mjs';

const sanitized = {
    ASAN_OPTIONS: 'detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1',
    UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
    LSAN_OPTIONS: `suppressions=${process.cwd()}/tests/lsan.supp:print_suppressions=0`,
};
const build = (budget_s) => commands('build', budget_s, [['the programs, by gcc', 'script/build', '--tests']]);
const packages = (budget_s) => commands('build', budget_s, [['packages of npm', 'script/npm-packages']]);
const build_sanitized = (budget_s) => commands('build-asan', budget_s, [['everything, by clang with sanitizers', 'script/build-asan']]);

// The groups whose tests start servers by tests/api/lib/server.mjs, which chooses the database.
const ON_EITHER = ['api', 'storage', 'transcription', 'realtime', 'render', 'libraries', 'web', 'saver', 'operations', 'faults', 'cli'];
// Their files that start none, choose the database themselves, or are about the clock that only SQLite goes by.
const NOT_THERE = {
    render: ['avatar', 'bad-input', 'decoders', 'properties', 'sound'], realtime: ['conformance'], libraries: ['stock-pack'],
    operations: ['config', 'contrib'], faults: ['clock', 'every-call', 'machines'], cli: ['engines', 'film', 'speech', 'usage'],
};
const POSTGRES = { KINORA_TEST_DATABASE: 'postgresql' };

// What is about the API, not about the data folder; the longest first.
const api_on_postgres = ['contract', 'safety', 'video', 'members', 'repeat', 'preview', 'conditional', 'duplicate', 'from-transcription'];

// Of the other groups, the longest first; script/test --postgres runs all of them there.
const both = ['realtime/kill', 'realtime/live', 'storage/keys', 'transcription/corrections', 'storage/quota', 'operations/departure',
    'transcription/search', 'realtime/history', 'saver/mail', 'libraries/uploads', 'operations/audit'];

const groups = [
    {
        name: 'checks', budget_s: 30, what: 'layers, style, layout, static analysis',
        steps: [commands('checks', 120, [
            ['failures are counted', 'node', 'script/lib/self-test.mjs'],
            ['a bad include is noticed', 'script/check-layers', '--self-test'],
            ['includes point down only', 'script/check-layers'],
            ['bad style is noticed', 'script/check-style', '--self-test'],
            ['lengths, licences, calls, words', 'script/check-style'],
            ['C files are laid out', 'script/fmt', '--check'],
            ['the tree is clean', 'script/check-tree'],
            ['a test that is not there is noticed', 'script/check-security', '--self-test'],
            ['what docs/security.md claims has its test', 'script/check-security'],
            ['cppcheck finds nothing', 'script/check-cppcheck'],
        ])],
    },
    {
        name: 'unit', budget_s: 100, what: 'unit tests, and what the programs are linked with',
        steps: [build(600), meson('build', 'unit'), commands('linked', 60, [
            ['kinora needs no engine library', 'script/check-layers', '--linked'],
            ['docs/api.md is current', 'script/docs', '--check'],
        ])],
    },
    {
        name: 'asan', budget_s: 210, what: 'unit tests by clang under the address and undefined sanitizers',
        steps: [build_sanitized(600), meson('build-asan', 'unit', sanitized)],
    },
    {
        name: 'fuzz', budget_s: 5, what: 'the corpora of the fuzzers, replayed under the sanitizers',
        steps: [build_sanitized(600), meson('build-asan', 'fuzz', sanitized)],
    },
    { name: 'api', budget_s: 60, what: 'HTTP against a running server', steps: [build(600), node_tests('tests/api', { at_once: 2 })] },
    { name: 'api-postgres', budget_s: 65, what: 'the same on PostgreSQL', steps: [build(600), node_tests('tests/api', { at_once: 2, env: POSTGRES, only: api_on_postgres })] },
    { name: 'both', budget_s: 50, what: 'of the other groups what the database matters most to, on PostgreSQL', steps: [build(600), packages(120), node_tests('tests', { at_once: 3, env: POSTGRES, only: both })] },
    { name: 'storage', budget_s: 130, what: 'files: uploads, downloads, keys, stores', steps: [build(600), packages(120), node_tests('tests/storage', { at_once: 3 })] },
    { name: 'transcription', budget_s: 85, what: 'engines, words, speakers, search', steps: [build(600), packages(120), node_tests('tests/transcription', { at_once: 2 })] },
    { name: 'realtime', budget_s: 60, what: 'live editing over Socket.IO', steps: [build(600), packages(120), node_tests('tests/realtime', { at_once: 2 })] },
    { name: 'render', budget_s: 70, what: 'films: golden frames, formats, sound, drafts, exchange, bad input', steps: [build(600), packages(120), meson('build', 'golden'), node_tests('tests/render', { at_once: 2 })] },
    { name: 'libraries', budget_s: 45, what: 'stock, sounds and pictures, voices, generated images', steps: [build(600), node_tests('tests/libraries', { at_once: 2 })] },
    { name: 'web', budget_s: 85, what: 'the web app in a browser', steps: [commands('build', 600, [['the browser', 'script/bootstrap', 'web']]), build(600), packages(120), node_tests('tests/web', { at_once: 2 })] },
    { name: 'saver', budget_s: 52, what: 'links, downloads, mail, the database in and out', steps: [build(600), node_tests('tests/saver', { at_once: 3 })] },
    { name: 'operations', budget_s: 60, what: 'metrics, logs, traces, settings, doctor, worker, manifests, backups, upgrades, security, deleted accounts', steps: [build(600), packages(120), node_tests('tests/operations', { at_once: 3 })] },
    { name: 'queue', budget_s: 65, what: 'killed workers, several machines on one PostgreSQL, one that is away', steps: [build(600), node_tests('tests/queue', { at_once: 2 })] },
    { name: 'cluster', budget_s: 55, what: 'machines with a network of their own, one of each kind cut off; compose and Kubernetes by hand', steps: [build(600), packages(120), node_tests('tests/cluster', { at_once: 2 })] },
    { name: 'faults', budget_s: 145, what: 'kills, full disks, lost databases and stores, clocks, slow clients, calls that fail', steps: [build(600), packages(120), node_tests('tests/faults', { at_once: 3 })] },
    { name: 'cli', budget_s: 45, what: 'the commands', steps: [build(600), node_tests('tests/cli', { at_once: 2 })] },
];

function usage() {
    console.log('script/test [GROUP...]\nscript/test --postgres [GROUP...]   these groups (or all that can be) with every server on PostgreSQL\n');
    for (const group of groups)
        console.log(`  ${group.name.padEnd(13)} ${group.what} (${group.budget_s} s)`);
}

async function run_group(group) {
    console.log(`\n${group.name}: ${group.what}; budget ${group.budget_s} s`);
    const start = process.hrtime.bigint();
    const results = [];
    for (const step of group.steps) {
        const told = await step();
        results.push(...told);
        // What an older build left is not worth testing.
        if (told.some((result) => result.preparation && !result.ok))
            break;
    }
    // What only prepares (a build) is no test, unless it fails.
    const counted = results.filter((result) => !result.ok || !result.preparation);
    if (!counted.length)
        counted.push({ name: `${group.name} has no tests`, ok: false });
    const used_s = Number(process.hrtime.bigint() - start) / 1e9;
    const failed = counted.filter((result) => !result.ok);
    const over = used_s > group.budget_s ? ', OVER BUDGET' : '';
    console.log(`${group.name}: ${counted.length - failed.length} passed, ${failed.length} failed in ${used_s.toFixed(0)} s of ${group.budget_s} s${over}`);
    return { passed: counted.length - failed.length, failed: failed.map((result) => `${group.name}: ${result.name}`) };
}

// Tests written sqlite(...) that are not in the list of them, or the other way.
function about_sqlite_astray() {
    const written = fs.readdirSync('tests').filter((name) => fs.statSync(path.join('tests', name)).isDirectory() && name !== 'node_modules')
        .flatMap((folder) => fs.readdirSync(path.join('tests', folder)).filter((name) => name.endsWith('.test.mjs')).map((name) => `${folder}/${name}`))
        .flatMap((file) => [...fs.readFileSync(path.join('tests', file), 'utf8').matchAll(/^\s*sqlite\((['"])(.*?)\1,/gm)].map((found) => `${file}: ${found[2]}`));
    const listed = Object.entries(ABOUT_SQLITE).flatMap(([file, names]) => names.map((name) => `${file}: ${name}`));
    return [...written.filter((one) => !listed.includes(one)), ...listed.filter((one) => !written.includes(one))];
}

// A group with every server on PostgreSQL.
function group_on_postgres(name) {
    const below = `tests/${name}`, { budget_s, what } = groups.find((group) => group.name === name);
    const only = fs.readdirSync(below).filter((file) => file.endsWith('.test.mjs')).map((file) => file.replace('.test.mjs', '')).sort()
        .filter((file) => !NOT_THERE[name]?.includes(file));
    return { name: `${name} on PostgreSQL`, budget_s: 2 * budget_s, what,
        steps: [build(600), packages(120), node_tests(below, { env: POSTGRES, only })] };
}

async function on_postgres(names) {
    const unknown = names.filter((name) => !ON_EITHER.includes(name));
    if (unknown.length) {
        console.error(`script/test --postgres: '${unknown[0]}' is not a group that runs on either database; those are ${ON_EITHER.join(', ')}`);
        return 2;
    }
    return run_groups((names.length ? names : ON_EITHER).map(group_on_postgres), () =>
        Object.entries(ABOUT_SQLITE).filter(([file]) => !names.length || names.includes(path.dirname(file)))
            .forEach(([file, tests]) => console.log(`about SQLite itself, left out: ${file}: ${tests.length}`)));
}

async function run_groups(chosen, tell = () => {}) {
    prepare();
    let passed = 0;
    const failed = [];
    for (const group of chosen) {
        const result = await run_group(group);
        passed += result.passed;
        failed.push(...result.failed);
    }
    tell();
    if (failed.length)
        console.log('\nFailed:\n' + failed.map((name) => `  ${name}`).join('\n'));
    console.log(`\n${passed} passed, ${failed.length} failed`);
    return failed.length ? 1 : 0;
}

async function main(names) {
    if (names.some((name) => /^(-h|--help|--list)$/.test(name)))
        return usage(), 0;
    const astray = about_sqlite_astray();
    if (astray.length) {
        console.error(`script/test: tests/api/lib/sqlite-only.mjs and the tests do not agree on:\n${astray.join('\n')}`);
        return 1;
    }
    if (names[0] === '--postgres')
        return on_postgres(names.slice(1));
    const unknown = names.filter((name) => !groups.some((group) => group.name === name));
    if (unknown.length) {
        console.error(`script/test: there is no group '${unknown[0]}'; there are ${groups.map((group) => group.name).join(', ')}`);
        return 2;
    }
    return run_groups(groups.filter((one) => !names.length || names.includes(one.name)));
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => {
        clean_up();
        process.exit(130);
    });
process.exitCode = await main(process.argv.slice(2)).finally(clean_up);
