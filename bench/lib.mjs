// SPDX-License-Identifier: GPL-3.0-or-later
// What the benchmarks share: interleaved rounds, medians, the table, build/bench/NAME.json, docs/performance.md.
//
//   const rounds = await interleave(5, { ours: () => measure(kinora), peer: () => measure(nginx) });
//   await finish('http', [row({ what: 'GET /health', unit: 'requests/s', ours: rounds.ours, peer: 'nginx',
//       theirs: rounds.peer, goal: { ratio_least: 0.8 } })]);
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const PAGE = path.join(root, 'docs', 'performance.md');

// Of numbers in any order; the mean of the middle two when they are even.
export function median(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function progress(text) {
    if (process.stderr.isTTY)
        process.stderr.write(`\r\x1b[K${text}`);
}

// Runs each contender once a round, in turn, so that a change of the machine's mood meets all of them; the order
// turns from round to round. Gives the values of each.
export async function interleave(rounds, contenders) {
    const names = Object.keys(contenders);
    const values = Object.fromEntries(names.map((name) => [name, []]));
    for (let round = 0; round < rounds; round++)
        for (let turn = 0; turn < names.length; turn++) {
            const name = names[(turn + round) % names.length];
            values[name].push(await contenders[name]());
            progress(`  round ${round + 1} of ${rounds}: ${name}`);
        }
    progress('');
    return values;
}

// One row of the table. `ours` and `theirs` are lists of measured values. A goal is one of {least}, {most} (our value)
// and {ratio_least}, {ratio_most} (ours / theirs); without one, `holds` is null.
export function row({ what, unit, ours, peer = null, theirs = null, goal = null }) {
    const value = median(ours);
    const peer_value = theirs ? median(theirs) : null;
    const ratio = peer_value ? value / peer_value : null;
    const told = { what, value, unit, peer, peer_value, ratio, goal: null, holds: null };
    if (goal) {
        const [kind, bound] = Object.entries(goal)[0];
        const measured = kind.startsWith('ratio') ? ratio : value;
        told.goal = `${kind.endsWith('least') ? 'at least' : 'at most'} ${bound}${kind.startsWith('ratio') ? ` of ${peer}` : ` ${unit}`}`;
        told.holds = measured !== null && (kind.endsWith('least') ? measured >= bound : measured <= bound);
    }
    return told;
}

function show(number) {
    if (number === null)
        return '';
    return number.toLocaleString('en-US', Math.abs(number) >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 });
}

const HEAD = ['what', 'value', 'unit', 'peer', 'its value', 'ratio', 'goal', 'holds'];
const cells = (one) => [one.what, show(one.value), one.unit, one.peer ?? '', show(one.peer_value), show(one.ratio),
    one.goal ?? '', one.holds === null ? '' : one.holds ? 'yes' : 'NO'];
const RIGHT = new Set([1, 4, 5]);

export function print_table(rows) {
    const lines = [HEAD, ...rows.map(cells)];
    const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
    for (const line of lines)
        console.log(line.map((cell, column) => RIGHT.has(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))
            .join('  ').trimEnd());
}

// The machine, in one line for the page.
export function machine() {
    const cpu = os.cpus();
    return `${cpu.length} × ${cpu[0]?.model.trim() ?? 'unknown'}, ${(os.totalmem() / 2 ** 30).toFixed(0)} GiB, Linux ${os.release()}`;
}

// Prints the table and writes build/bench/NAME.json. Ends with 1 when a goal is missed.
export function finish(name, rows) {
    print_table(rows);
    const folder = path.join(root, 'build', 'bench');
    fs.mkdirSync(folder, { recursive: true });
    const date = new Date().toISOString().slice(0, 10);
    fs.writeFileSync(path.join(folder, `${name}.json`), JSON.stringify({ name, date, rows }, null, 2) + '\n');
    process.exitCode = rows.some((one) => one.holds === false) ? 1 : 0;
}

const mark = (name, end) => `<!-- bench ${name}${end ? ' end' : ''} -->`;

function table_text({ date, rows }) {
    const line = (list) => `| ${list.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
    const rule = HEAD.map((_, column) => (RIGHT.has(column) ? '---:' : '---'));
    return [`Measured ${date}: ${machine()}.`, '', line(HEAD), `|${rule.join('|')}|`, ...rows.map((one) => line(cells(one)))].join('\n');
}

// Puts the tables of build/bench/*.json between their marks in docs/performance.md; one without marks is appended.
export function update_page(names) {
    let page = fs.existsSync(PAGE) ? fs.readFileSync(PAGE, 'utf8') : '# Performance\n\nWritten by `script/bench --page`.\n';
    for (const name of names) {
        const table = table_text(JSON.parse(fs.readFileSync(path.join(root, 'build', 'bench', `${name}.json`), 'utf8')));
        const block = `${mark(name)}\n${table}\n${mark(name, true)}`;
        const from = page.indexOf(mark(name));
        const to = page.indexOf(mark(name, true));
        page = from >= 0 && to > from ? page.slice(0, from) + block + page.slice(to + mark(name, true).length)
            : `${page.trimEnd()}\n\n## ${name}\n\n${block}\n`;
    }
    fs.writeFileSync(PAGE, page);
}

// A program that runs while we measure; `ready` is asked until it gives true. Ended by stop().
export async function start(command, { env = {}, ready, timeout_s = 20 } = {}) {
    const child = spawn(command[0], command.slice(1), { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit'] });
    const ended = new Promise((resolve) => child.on('close', resolve));
    let alive = true;
    child.on('error', (error) => {
        alive = false;
        console.error(`${command[0]}: ${error.message}`);
    });
    ended.then(() => (alive = false));
    const stop = async () => {
        if (alive)
            child.kill('SIGTERM');
        await ended;
    };
    for (const until = Date.now() + timeout_s * 1000; ready && !(await ready().catch(() => false));) {
        if (!alive || Date.now() > until) {
            await stop();
            throw new Error(`${command.join(' ')} did not become ready`);
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return { pid: child.pid, stop };
}

export const answers = (url) => async () => (await fetch(url)).status < 500;

// Requests a second that wrk gets out of `url`.
export function wrk(url, { seconds = 5, connections = 64, script = null } = {}) {
    const { status, stdout, stderr } = spawnSync('wrk', ['-t', '1', '-c', String(connections), '-d', `${seconds}s`,
        ...(script ? ['-s', script] : []), url], { encoding: 'utf8' });
    const rate = /Requests\/sec:\s+([\d.]+)/.exec(stdout ?? '');
    if (status !== 0 || !rate || /Non-2xx/.test(stdout))
        throw new Error(`wrk ${url}: ${stdout ?? ''}${stderr ?? ''}`);
    return Number(rate[1]);
}

// Wall time of a command in seconds; it must succeed.
export function timed(command, options = {}) {
    const start_ns = process.hrtime.bigint();
    const { status, stderr } = spawnSync(command[0], command.slice(1), { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'], ...options });
    if (status !== 0)
        throw new Error(`${command.join(' ')}: ${stderr}`);
    return Number(process.hrtime.bigint() - start_ns) / 1e9;
}
