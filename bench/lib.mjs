// SPDX-License-Identifier: GPL-3.0-or-later
// What the benchmarks share: interleaved rounds, medians, the table, build/bench/NAME.json, docs/performance.md.
//
//   const rounds = await interleave(5, { ours: () => measure(kinora), peer: () => measure(nginx) });
//   await finish('http', [row({ what: 'GET /health', unit: 'requests/s', ours: rounds.ours, peer: 'nginx',
//       theirs: rounds.peer, goal: { ratio_least: 0.8 } })]);
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
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

function write_rows(name, rows) {
    const folder = path.join(root, 'build', 'bench');
    fs.mkdirSync(folder, { recursive: true });
    const date = new Date().toISOString().slice(0, 10);
    fs.writeFileSync(path.join(folder, `${name}.json`), JSON.stringify({ name, date, rows }, null, 2) + '\n');
}

// Prints the table and writes build/bench/NAME.json. Ends with 1 when a goal is missed.
export function finish(name, rows) {
    print_table(rows);
    write_rows(name, rows);
    process.exitCode = rows.some((one) => one.holds === false) ? 1 : 0;
}

// For what takes minutes: rows that are told on standard error and kept in the file as soon as they are measured.
export function table(name) {
    const rows = [];
    return {
        add(fields) {
            const one = row(fields);
            rows.push(one);
            write_rows(name, rows);
            process.stderr.write(`  ${cells(one).filter(Boolean).join('  ')}\n`);
        },
        finish: () => finish(name, rows),
    };
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
export async function start(command, { env = {}, cwd, ready, timeout_s = 20, step_ms = 50, quiet = false } = {}) {
    const child = spawn(command[0], command.slice(1),
        { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', quiet ? 'ignore' : 'inherit'] });
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
        await new Promise((resolve) => setTimeout(resolve, step_ms));
    }
    return { pid: child.pid, stop };
}

export const answers = (url) => async () => (await fetch(url)).status < 500;

// What wrk gets out of `url` in one run: {rate (requests/s), requests, p99_ms, errors (sockets)}.
export async function wrk(url, { seconds = 5, connections = 64, script = null, args = [] } = {}) {
    const child = spawn('wrk', ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--latency',
        ...(script ? ['-s', script] : []), url, ...(args.length ? ['--', ...args] : [])], { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    child.stdout.on('data', (bytes) => (text += bytes));
    child.stderr.on('data', (bytes) => (text += bytes));
    const status = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
    const rate = /Requests\/sec:\s+([\d.]+)/.exec(text), p99 = /99%\s+([\d.]+)(us|ms|s)/.exec(text);
    if (status !== 0 || !rate || /Non-2xx/.test(text))
        throw new Error(`wrk ${url}: ${text}`);
    const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text);
    return {
        rate: Number(rate[1]),
        requests: Number(/(\d+) requests in/.exec(text)[1]),
        p99_ms: p99 ? Number(p99[1]) * { us: 1e-3, ms: 1, s: 1e3 }[p99[2]] : null,
        errors: errors ? errors.slice(1).reduce((sum, one) => sum + Number(one), 0) : 0,
    };
}

// A process and its children: [{pid, ticks}] with their processor time in steps of 10 ms.
function processes(pid) {
    const stats = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
        try {
            const text = fs.readFileSync(`/proc/${name}/stat`, 'utf8');
            const words = text.slice(text.lastIndexOf(')') + 2).split(' ');
            return [{ pid: Number(name), parent: Number(words[1]), ticks: Number(words[11]) + Number(words[12]) }];
        } catch {
            return []; // it ended meanwhile
        }
    });
    const of = (one) => [one, ...stats.filter(({ parent }) => parent === one.pid).flatMap(of)];
    return stats.filter((one) => one.pid === pid).flatMap(of);
}

// Processor time of a process and its children so far, in seconds.
export function cpu_seconds(pid) {
    return processes(pid).reduce((sum, { ticks }) => sum + ticks, 0) / 100;
}

// Resident memory of one process in MB, now or at its highest.
export function memory_mb(pid, field = 'VmRSS') {
    return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024 / 1e6;
}

export async function free_port() {
    const server = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.on('listening', resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    return port;
}

// A folder for a benchmark's data on the disk of the build, gone when the program ends.
export function scratch(name) {
    fs.mkdirSync(path.join(root, 'build', 'bench'), { recursive: true });
    const folder = fs.mkdtempSync(path.join(root, 'build', 'bench', `${name}-`));
    process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
    return folder;
}

// nginx with one worker a core and `server` as the body of its server block; {port, pid, stop}.
export async function start_nginx(folder, server) {
    const port = await free_port();
    fs.mkdirSync(path.join(folder, 'nginx'));
    fs.writeFileSync(path.join(folder, 'nginx.conf'), `
daemon off; worker_processes auto; pid ${folder}/nginx/pid; error_log ${folder}/nginx/log crit;
${process.getuid() === 0 ? 'user root;' : ''}
events { worker_connections 4096; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; client_max_body_size 0;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/nginx/${name};`).join(' ')}
  server { listen 127.0.0.1:${port} backlog=4096; ${server} }
}
`);
    const nginx = await start(['nginx', '-p', folder, '-e', `${folder}/nginx/log`, '-c', `${folder}/nginx.conf`],
        { ready: answers(`http://127.0.0.1:${port}/`) });
    return { port, ...nginx };
}

// Numbers by name from the command line: --seconds 3 gives {seconds: 3}; others keep their defaults.
export function options(defaults) {
    const values = { ...defaults };
    const given = process.argv.slice(2);
    for (let i = 0; i < given.length; i += 2) {
        const name = given[i].replace(/^--/, '');
        if (!(name in defaults) || !(Number(given[i + 1]) > 0))
            throw new Error(`usage: ${Object.entries(defaults).map(([key, value]) => `[--${key} ${value}]`).join(' ')}`);
        values[name] = Number(given[i + 1]);
    }
    return values;
}

// Wall time of a command in seconds; it must succeed.
export function timed(command, options = {}) {
    const start_ns = process.hrtime.bigint();
    const { status, stderr } = spawnSync(command[0], command.slice(1), { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'], ...options });
    if (status !== 0)
        throw new Error(`${command.join(' ')}: ${stderr}`);
    return Number(process.hrtime.bigint() - start_ns) / 1e9;
}

// {wall_s, peak_mb} of a command that must succeed: the highest resident memory of any one of its processes, looked at
// ten times a second.
export async function watched(command, options = {}) {
    const from = performance.now();
    const child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'ignore', 'pipe'], ...options });
    let errors = '', peak_mb = 0;
    child.stderr.on('data', (bytes) => (errors += bytes));
    const watch = setInterval(() => {
        for (const { pid } of processes(child.pid))
            try {
                peak_mb = Math.max(peak_mb, memory_mb(pid, 'VmHWM'));
            } catch {
                // it ended meanwhile
            }
    }, 100);
    const status = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
    clearInterval(watch);
    if (status !== 0)
        throw new Error(`${command.join(' ')}: ${errors}`);
    return { wall_s: (performance.now() - from) / 1000, peak_mb };
}
