#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later
// script/bench upload [--megabytes N] [--rounds N] [--stalled N]: uploads and downloads beside nginx on the same disk.
//
// Both sides have the file on disk when the clock stops: we answer after our own fsync, nginx's PUT is followed by an
// fsync of what it wrote. Media goes over HTTP; text is no media and is refused there, so for text the store is measured
// by itself. The film's noise does not compress, the text is what this machine has of it, each file once.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';

import { account, ask, start_kinora } from './kinora.mjs';
import { cpu_seconds, finish, interleave, memory_mb, options, root, row, scratch, start_nginx, timed } from './lib.mjs';

const { megabytes, rounds, stalled } = options({ megabytes: 512, rounds: 3, stalled: 200 });
const BYTES = megabytes << 20;
const folder = scratch('upload');
const film = path.join(folder, 'film.mp4'), text = path.join(folder, 'text.txt');
const NGINX = 'nginx dav + fsync';
const log = (line) => process.stderr.write(`${line}\n`);

function make_film() {
    timed(['ffmpeg', '-v', 'error', '-y', '-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=30,noise=alls=60:allf=t',
        '-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '12', '-pix_fmt', 'yuv420p', '-t', '600', '-fs', String(BYTES), film]);
}

// Sources and documents of this machine, no file twice, until there is enough or no more.
function make_text() {
    const found = spawnSync('find', ['/usr/include', '/usr/share', '/usr/lib', '-type', 'f', '-size', '-4096k', '(',
        ...['h', 'hpp', 'c', 'py', 'pl', 'pm', 'txt', 'md', 'rst', 'html', 'xml', 'js', 'json', 'css']
            .flatMap((ending) => ['-name', `*.${ending}`, '-o']), '-name', 'copyright', ')'],
    { encoding: 'utf8', maxBuffer: 1 << 28 });
    const file = fs.openSync(text, 'w');
    let size = 0;
    for (const name of found.stdout.split('\n').filter(Boolean).sort()) {
        if (size >= BYTES)
            break;
        const bytes = fs.readFileSync(name);
        if (!bytes.includes(0))
            size += fs.writeSync(file, bytes, 0, Math.min(bytes.length, BYTES - size));
    }
    fs.closeSync(file);
}

const size_of = (file) => fs.statSync(file).size;
const settle = () => timed(['sync', '-f', folder]);

// {rate (MB/s), cpu_s per GB} of one transfer by `command`, the server's processor time beside it.
function transfer(pid, bytes, command, then = null) {
    settle();
    const cpu = cpu_seconds(pid);
    let wall_s = timed(command);
    if (then)
        wall_s += timed(then);
    return { rate: bytes / 1e6 / wall_s, cpu_s: (cpu_seconds(pid) - cpu) / (bytes / 1e9) };
}

function upload(ours) {
    const answer = path.join(folder, 'answer.json');
    const result = transfer(ours.pid, size_of(film), ['curl', '-sSf', '-o', answer, '-H', `Authorization: Bearer ${ours.token}`,
        '-F', `file=@${film}`, `${ours.url}/api/v1/files/upload?transcribe=false`]);
    ours.file = JSON.parse(fs.readFileSync(answer, 'utf8'));
    return result;
}

function put(nginx, file) {
    const name = path.basename(file), stored = path.join(folder, 'www', name);
    fs.rmSync(stored, { force: true });
    return transfer(nginx.pid, size_of(file), ['curl', '-sSf', '-o', '/dev/null', '-T', file, `http://127.0.0.1:${nginx.port}/${name}`],
        ['sync', stored]);
}

function store_text() {
    settle();
    const program = path.join(root, 'build', 'bench', 'blob_bench');
    const { status, stdout, stderr } = spawnSync(program, [path.join(folder, 'store'), text], { encoding: 'utf8' });
    if (status !== 0)
        throw new Error(stderr);
    return JSON.parse(stdout);
}

const download = (pid, url, bytes) => transfer(pid, bytes, ['curl', '-sSf', '-o', '/dev/null', url]);

function first_byte_ms(url, offset) {
    const { stdout } = spawnSync('curl', ['-sSf', '-o', '/dev/null', '-r', `${offset}-${offset + 99}`, '-w',
        '%{http_code} %{time_starttransfer}', url], { encoding: 'utf8' });
    const [status, seconds] = stdout.split(' ');
    if (status !== '206')
        throw new Error(`a Range request was answered with ${status}`);
    return Number(seconds) * 1000;
}

const pick = (values, name) => values.map((value) => value[name]);

async function films(rows, ours, nginx) {
    const sent = await interleave(rounds, { ours: () => upload(ours), peer: () => put(nginx, film) });
    const size = `${Math.round(size_of(film) / 1e6)} MB of H.264`;
    rows.push(row({ what: `upload, ${size}`, unit: 'MB/s', ours: pick(sent.ours, 'rate'), peer: NGINX,
        theirs: pick(sent.peer, 'rate'), goal: { ratio_least: 0.7 } }));
    rows.push(row({ what: `upload, ${size}: processor time`, unit: 's/GB', ours: pick(sent.ours, 'cpu_s'), peer: NGINX,
        theirs: pick(sent.peer, 'cpu_s') }));
    const url = ours.url + ours.file.content_url, bytes = size_of(film);
    const got = await interleave(rounds, { ours: () => download(ours.pid, url, bytes),
        peer: () => download(nginx.pid, `http://127.0.0.1:${nginx.port}/film.mp4`, bytes) });
    rows.push(row({ what: `download, ${size}`, unit: 'MB/s', ours: pick(got.ours, 'rate'), peer: 'nginx sendfile',
        theirs: pick(got.peer, 'rate'), goal: { ratio_least: 0.6 } }));
    rows.push(row({ what: `download, ${size}: processor time`, unit: 's/GB', ours: pick(got.ours, 'cpu_s'), peer: 'nginx sendfile',
        theirs: pick(got.peer, 'cpu_s') }));
    const deep = Array.from({ length: 9 }, (_, i) => first_byte_ms(url, Math.floor(bytes * (i + 1) / 11)));
    rows.push(row({ what: `first byte of a Range deep in ${size}`, unit: 'ms', ours: deep, goal: { most: 20 } }));
}

async function texts(rows, nginx) {
    const sent = await interleave(rounds, { ours: () => store_text(), peer: () => put(nginx, text) });
    const size = `${Math.round(size_of(text) / 1e6)} MB of text`;
    rows.push(row({ what: `store alone, ${size}`, unit: 'MB/s', ours: sent.ours.map((one) => one.size / 1e6 / one.write_s),
        peer: NGINX, theirs: pick(sent.peer, 'rate') }));
    rows.push(row({ what: `store alone, ${size}: processor time`, unit: 's/GB',
        ours: sent.ours.map((one) => one.write_cpu_s / (one.size / 1e9)), peer: NGINX, theirs: pick(sent.peer, 'cpu_s') }));
    rows.push(row({ what: `store alone, ${size}: read back`, unit: 'MB/s', ours: sent.ours.map((one) => one.size / 1e6 / one.read_s) }));
    rows.push(row({ what: `store alone, ${size}: stored`, unit: 'of its size', ours: sent.ours.map((one) => one.stored / one.size) }));
}

// An upload that has sent a good part of its file and says no more.
async function begin_upload(ours, bytes) {
    const { hostname, port } = new URL(ours.url);
    const socket = net.connect(Number(port), hostname);
    socket.on('error', () => {}); // ends with the server's patience
    socket.write('POST /api/v1/files/upload?transcribe=false HTTP/1.1\r\nHost: bench\r\n'
        + `Authorization: Bearer ${ours.token}\r\nContent-Type: multipart/form-data; boundary=bench\r\n`
        + `Content-Length: ${bytes.length * 2}\r\n\r\n`
        + '--bench\r\nContent-Disposition: form-data; name="file"; filename="film.mp4"\r\n\r\n');
    await new Promise((resolve) => socket.write(bytes, resolve));
    return socket;
}

async function memory(rows, ours) {
    const bytes = Buffer.alloc(6 << 20), file = fs.openSync(film);
    fs.readSync(file, bytes);
    fs.closeSync(file);
    const sockets = await Promise.all(Array.from({ length: stalled }, () => begin_upload(ours, bytes)));
    await new Promise((resolve) => setTimeout(resolve, 2000));
    rows.push(row({ what: `server memory with ${stalled} uploads at once, 6 MB into each`, unit: 'MB', ours: [memory_mb(ours.pid)],
        goal: { most: 400 } }));
    sockets.forEach((socket) => socket.destroy());
}

timed(['ninja', '-C', path.join(root, 'build'), 'bench/blob_bench']);
log(`  making ${megabytes} MB of film and of text`);
make_film();
make_text();
fs.chmodSync(folder, 0o755);
for (const name of ['www', 'store'])
    fs.mkdirSync(path.join(folder, name));
const rows = [], started = [];
try {
    const ours = await start_kinora(path.join(folder, 'data'), { KINORA_RATE_LIMIT: 'off', KINORA_NO_WORKERS: '1' });
    started.push(ours);
    ours.token = await account(ours.url, 'uploader');
    const nginx = await start_nginx(folder, `location / { root ${folder}/www; dav_methods PUT; }`);
    started.push(nginx);
    await films(rows, ours, nginx);
    rows.push(row({ what: 'server memory at its highest so far', unit: 'MB', ours: [memory_mb(ours.pid, 'VmHWM')] }));
    await ask(ours.url, 'DELETE', `/api/v1/files/${ours.file.id}`, { token: ours.token });
    await texts(rows, nginx);
    await memory(rows, ours);
} finally {
    await Promise.all(started.map((one) => one.stop()));
}
finish('upload', rows);
