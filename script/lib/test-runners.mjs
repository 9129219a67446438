// SPDX-License-Identifier: GPL-3.0-or-later
// How test programs of each kind are run and their results counted. A runner gives a function that resolves to a list
// of {name, ok, preparation?}; it prints one line a program, and the log of what failed.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const LOG_LINES = 120; // of a failure; the cause stands at its ends
const LOG_COLUMNS = 400;
const NODE_TIMEOUT_S = 600;
const SLOW_S = 3; // from here on the time is worth telling
let folder; // every file that tests make is below it
const running = new Set();

export function prepare() {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kinora-test-'));
    // Servers that tests start as another user (PostgreSQL refuses root) must get through.
    fs.chmodSync(folder, 0o755);
}

// Ends what still runs and removes the folder.
export function clean_up() {
    for (const child of running)
        end_group(child);
    if (folder)
        fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

// A child leads a process group of its own, so that its own children end with it.
function end_group(child) {
    try {
        process.kill(-child.pid, 'SIGKILL');
    } catch {
        // gone already
    }
}

// Runs a program with nothing on standard input. Resolves to {code, out, used_s}; code is a signal's name
// when one ended it, 'TIMEOUT' when we did. `on_line` sees standard output as it comes.
export function run(command, { env = {}, cwd, timeout_s, on_line } = {}) {
    return new Promise((resolve) => {
        const start = process.hrtime.bigint();
        const out = [];
        let timed_out = false;
        const child = spawn(command[0], command.slice(1), {
            detached: true,
            cwd,
            env: { ...process.env, TMPDIR: folder, ...env },
            stdio: ['ignore', 'pipe', 'pipe'],
        });
        running.add(child);
        const timer = setTimeout(() => {
            timed_out = true;
            end_group(child);
        }, timeout_s * 1000);
        let rest = '';
        child.stdout.setEncoding('utf8').on('data', (text) => {
            out.push(text);
            const lines = (rest + text).split('\n');
            rest = lines.pop();
            lines.forEach((line) => on_line?.(line));
        });
        child.stderr.setEncoding('utf8').on('data', (text) => out.push(text));
        const done = (code) => {
            clearTimeout(timer);
            running.delete(child);
            end_group(child);
            const used_s = Number(process.hrtime.bigint() - start) / 1e9;
            resolve({ code: timed_out ? 'TIMEOUT' : code, out: out.join(''), used_s });
        };
        child.on('error', (error) => {
            out.push(String(error));
            done('ERROR');
        });
        child.on('exit', () => setTimeout(() => {
            // A grandchild that outlives its parent would hold the pipes open for ever.
            end_group(child);
        }, 200));
        child.on('close', (code, signal) => done(code ?? signal));
    });
}

function print_log(text) {
    const lines = text.trimEnd().split('\n');
    const half = LOG_LINES / 2;
    const shown = lines.length <= LOG_LINES ? lines
        : [...lines.slice(0, half), `… ${lines.length - LOG_LINES} lines …`, ...lines.slice(-half)];
    console.log(shown.map((line) => `      ${line.length > LOG_COLUMNS ? `${line.slice(0, LOG_COLUMNS)} …` : line}`).join('\n'));
}

function tell(title, results, used_s, log) {
    const failed = results.filter((result) => !result.ok);
    const time = used_s >= SLOW_S ? ` (${used_s.toFixed(0)} s)` : '';
    if (!failed.length) {
        console.log(`  ok      ${title}${results.length > 1 ? `: ${results.length}` : ''}${time}`);
        return;
    }
    console.log(`  FAILED  ${title}: ${results.length - failed.length} passed, ${failed.length} failed${time}`);
    failed.filter((result) => result.name !== title).forEach((result) => console.log(`    ${result.name}`));
    if (log)
        print_log(log);
}

// Plain commands, each one test: [title, program, argument...].
export function commands(group, timeout_s, list) {
    return async () => {
        const results = [];
        for (const [title, ...command] of list) {
            const { code, out, used_s } = await run(command, { timeout_s });
            const result = { name: code === 'TIMEOUT' ? `${title}: took over ${timeout_s} s` : title, ok: code === 0 };
            result.preparation = group.startsWith('build');
            if (!result.ok || !result.preparation || used_s >= SLOW_S)
                tell(title, [result], used_s, out);
            results.push(result);
        }
        return results;
    };
}

// What a cmocka program says in TAP: one result a test; a plan that is not fulfilled is a failure.
export function read_tap(title, code, out) {
    const results = [];
    let planned = 0;
    for (const line of out.split('\n')) {
        const plan = /^1\.\.(\d+)/.exec(line);
        const test = /^(not )?ok (\d+)(?: - (\S+))?( # SKIP.*)?/i.exec(line);
        if (plan)
            planned += Number(plan[1]);
        else if (test)
            results.push({ name: `${title}: ${test[3] ?? `test ${test[2]}`}${test[4] ? ' was skipped' : ''}`, ok: !test[1] && !test[4] });
    }
    const missing = planned - results.length;
    if (missing > 0)
        results.push(...Array.from({ length: missing }, () => ({ name: `${title}: a test did not finish (${code})`, ok: false })));
    if (!results.length)
        results.push({ name: planned || code !== 0 ? `${title}: ended with ${code}` : title, ok: code === 0 });
    else if (code !== 0 && results.every((result) => result.ok))
        results.push({ name: `${title}: ended with ${code}`, ok: false });
    return results;
}

// The tests of one meson suite in a build folder, two at a time.
export function meson(build, suite, env = {}) {
    return async () => {
        const listed = spawnSync('meson', ['introspect', '--tests', build], { encoding: 'utf8' });
        if (listed.status !== 0)
            return [{ name: `meson cannot list the tests of ${build}`, ok: false }];
        const queue = JSON.parse(listed.stdout).filter((test) => test.suite.some((name) => name.endsWith(`:${suite}`)));
        const results = [];
        const work = async () => {
            for (let test = queue.shift(); test; test = queue.shift()) {
                const { code, out, used_s } = await run(test.cmd, {
                    cwd: test.workdir ?? build, // as meson does
                    env: { CMOCKA_MESSAGE_OUTPUT: 'TAP', ...test.env, ...env }, timeout_s: test.timeout * (env.ASAN_OPTIONS ? 3 : 1),
                });
                const read = read_tap(test.name, code, out);
                tell(test.name, read, used_s, out);
                results.push(...read);
            }
        };
        await Promise.all([work(), work()]);
        return results;
    };
}

// Every *.test.mjs below a folder (or these only), by Node's own runner, so many files at a time: each has servers of
// its own.
export function node_tests(below, { at_once = 1, only, env } = {}) {
    return async () => {
        const queue = only ? only.map((name) => `${name}.test.mjs`) : fs.existsSync(below)
            ? fs.readdirSync(below).filter((name) => name.endsWith('.test.mjs')).sort() : [];
        const results = [];
        const work = async () => {
            for (let name = queue.shift(); name; name = queue.shift())
                results.push(...await node_test(below, name, env));
        };
        await Promise.all(Array.from({ length: at_once }, work));
        return results;
    };
}

async function node_test(below, name, env) {
    const file = path.join(below, name);
    const told = [];
    const { code, out, used_s } = await run(['node', '--test', '--test-reporter=./script/lib/node-reporter.mjs', file], {
        env, timeout_s: NODE_TIMEOUT_S, on_line: (line) => line.startsWith('{"kinora":') && told.push(JSON.parse(line)),
    });
    const read = told.map(({ name: title, ok }) => ({ name: `${name}: ${title}`, ok }));
    if (!read.length || (code !== 0 && read.every((result) => result.ok)))
        read.push({ name: `${name}: ${read.length ? `ended with ${code}` : 'has no tests'}`, ok: false });
    const logs = told.filter((one) => !one.ok).map((one) => `${one.name}\n${one.log}`).join('\n');
    const rest = out.split('\n').filter((line) => !line.startsWith('{"kinora":')).join('\n').trim();
    tell(file, read, used_s, [logs, rest].filter(Boolean).join('\n'));
    return read;
}
