#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later
// script/bench storage [--megabytes N] [--rounds N] [--uploads N] [--gigabytes N]: uploads, downloads, a Range deep in a
// large file, processor time and memory, beside nginx on the same disk, age and zstd.
//
// Both sides have the file on disk when the clock stops: we answer after our own fsync, nginx's PUT is followed by an
// fsync of what it wrote. The film's noise does not compress. The text is what this machine has of it, each file once,
// in a box of a film that players pass over (text alone is no media and would be refused).
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import zlib from 'node:zlib';

import { account, ask, start_kinora } from './kinora.mjs';
import { cpu_seconds, finish, interleave, memory_mb, options, root, row, scratch, start_nginx, timed } from './lib.mjs';

const { megabytes, rounds, uploads, gigabytes } = options({ megabytes: 1000, rounds: 3, uploads: 200, gigabytes: 10 });
const BYTES = megabytes * 1e6, GOAL_MB = 400, MB = 1 << 20;
const folder = scratch('storage');
const place = (name) => path.join(folder, name);
const film = place('film.mp4'), text = place('text.mp4'), large = place('large.mp4');
const NGINX = 'nginx dav + fsync';
const log = (line) => process.stderr.write(`  ${line}\n`);

function make_film(file, bytes) {
    timed(['ffmpeg', '-v', 'error', '-y', '-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=30,noise=alls=60:allf=t',
        '-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '12', '-pix_fmt', 'yuv420p', '-t', '1200', '-fs', String(bytes), file]);
}

// Sources and documents of this machine, packed ones too, no file twice.
function* texts_here() {
    const { stdout } = spawnSync('find', [root, '/usr/include', '/usr/share', '/usr/lib', '-type', 'f', '-size', '-4096k', '-not', '-path', `${root}/build*`,
        '(', ...['h', 'hpp', 'c', 'go', 'rs', 'py', 'pl', 'pm', 'txt', 'md', 'rst', 'html', 'xml', 'js', 'mjs', 'ts', 'json', 'css', 'gz', 'yaml', 'po', 'tcl']
            .flatMap((ending) => ['-name', `*.${ending}`, '-o']), '-name', 'copyright', ')'], { encoding: 'utf8', maxBuffer: 1 << 28 });
    for (const name of stdout.split('\n').filter(Boolean).sort())
        try {
            const bytes = fs.readFileSync(name), plain = name.endsWith('.gz') ? zlib.gunzipSync(bytes) : bytes;
            if (!plain.includes(0))
                yield plain;
        } catch {
            // not what its name says
        }
}

// A film of a few frames and then a box "free" of `size` bytes, filled by `fill(file, end)`.
function make_boxed(name, size, fill) {
    make_film(name, 100_000);
    const file = fs.openSync(name, 'a'), head = Buffer.alloc(16), start = fs.fstatSync(file).size;
    head.writeUInt32BE(1); // the size is the 64-bit one
    head.write('free', 4, 'latin1');
    head.writeBigUInt64BE(BigInt(size + 16), 8);
    fs.writeSync(file, head);
    fill(file, start + 16 + size);
    fs.closeSync(file);
}

function make_text() {
    const pieces = [];
    let size = 0;
    for (const piece of texts_here()) {
        pieces.push(piece.subarray(0, BYTES - size));
        size += pieces.at(-1).length;
        if (size === BYTES)
            break;
    }
    make_boxed(text, size, (file) => pieces.forEach((piece) => fs.writeSync(file, piece)));
}

// Nothing up to the last part, which is the film.
function make_large() {
    const size = gigabytes * 1e9, tail = size_of(film);
    make_boxed(large, size, (_, end) => fs.truncateSync(large, end - tail));
    timed(['sh', '-c', 'cat "$1" >>"$2"', '-', film, large]);
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

// With its bytes, which the sweep of a day would find later: the memory that held them is used again, as it is when the
// other side replaces its file. (A virtual machine pays dearly for memory that it uses for the first time.)
async function remove(ours) {
    if (!ours.file)
        return;
    await ask(ours.url, 'DELETE', `/api/v1/files/${ours.file.id}`, { token: ours.token });
    ours.file = null;
    const blobs = place('data/blobs');
    for (const part of fs.readdirSync(blobs))
        for (const name of fs.readdirSync(path.join(blobs, part)))
            fs.rmSync(path.join(blobs, part, name));
}

// The file of before goes first: the same content twice would be stored once.
async function upload(ours, file) {
    const answer = place('answer.json');
    await remove(ours);
    const result = transfer(ours.pid, size_of(file), ['curl', '-sSf', '-o', answer, '-H', `Authorization: Bearer ${ours.token}`,
        '-F', `file=@${file}`, `${ours.url}/api/v1/files/upload?transcribe=false`]);
    ours.file = JSON.parse(fs.readFileSync(answer, 'utf8'));
    return result;
}

function put(nginx, file) {
    const name = path.basename(file), stored = place(`www/${name}`);
    fs.rmSync(stored, { force: true });
    return transfer(nginx.pid, size_of(file), ['curl', '-sSf', '-o', '/dev/null', '-T', file, `http://127.0.0.1:${nginx.port}/${name}`],
        ['sync', stored]);
}

const download = (pid, url, bytes) => transfer(pid, bytes, ['curl', '-sSf', '-o', '/dev/null', url]);
const pick = (values, name) => values.map((value) => value[name]);

async function transfers(rows, ours, nginx, file, what) {
    const bytes = size_of(file), name = `${Math.round(bytes / 1e6)} MB of ${what}`;
    const add = (what_of, times, ratio_least, peer) => {
        rows.push(row({ what: `${what_of}, ${name}`, unit: 'MB/s', ours: pick(times.ours, 'rate'), peer,
            theirs: pick(times.peer, 'rate'), goal: { ratio_least } }));
        rows.push(row({ what: `${what_of}, ${name}: processor time of the server`, unit: 's/GB', ours: pick(times.ours, 'cpu_s'), peer,
            theirs: pick(times.peer, 'cpu_s') }));
    };
    log(`uploads of ${name}`);
    add('upload', await interleave(rounds, { ours: () => upload(ours, file), peer: () => put(nginx, file) }), 0.7, NGINX);
    const url = ours.url + ours.file.content_url, theirs = `http://127.0.0.1:${nginx.port}/${path.basename(file)}`;
    log(`downloads of ${name}`);
    add('download', await interleave(rounds, { ours: () => download(ours.pid, url, bytes), peer: () => download(nginx.pid, theirs, bytes) }),
        0.6, 'nginx sendfile');
}

// Processor seconds of a command, its own and its children's, by the shell's count.
function cpu_of(command) {
    settle();
    const { status, stdout, stderr } = spawnSync('sh', ['-c', '"$@" >/dev/null; times', '-', ...command], { encoding: 'utf8' });
    const times = [...stdout.split('\n')[1].matchAll(/(\d+)m([\d.]+)s/g)];
    if (status !== 0 || times.length !== 2)
        throw new Error(`${command.join(' ')}: ${stderr}`);
    return times.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}

function store_cpu(file) {
    settle();
    const { status, stdout, stderr } = spawnSync(path.join(root, 'build', 'bench', 'blob_bench'), [place('store'), file], { encoding: 'utf8' });
    if (status !== 0)
        throw new Error(stderr);
    return JSON.parse(stdout);
}

// What hashing, compressing, sealing and storing cost without HTTP, beside programs that do one of these.
async function processor_time(rows) {
    const recipient = /age1\w+/.exec(spawnSync('age-keygen', { encoding: 'utf8' }).stdout)[0];
    for (const [file, what] of [[film, 'H.264'], [text, 'text']]) {
        log(`processor time with ${what}`);
        const gb = size_of(file) / 1e9, out = place('out');
        let packed_size = 0;
        const times = await interleave(rounds, {
            ours: () => store_cpu(file),
            age: () => cpu_of(['age', '-r', recipient, '-o', out, file]),
            zstd: () => {
                const cpu_s = cpu_of(['zstd', '-q', '-1', '-f', '--single-thread', '-o', out, file]);
                packed_size = size_of(out);
                return cpu_s;
            },
        });
        const ours = times.ours.map((one) => one.write_cpu_s / gb);
        for (const peer of ['age', 'zstd'])
            rows.push(row({ what: `store alone, ${what}: processor time`, unit: 's/GB', ours, peer: peer === 'zstd' ? 'zstd -1' : peer,
                theirs: times[peer].map((one) => one / gb) }));
        rows.push(row({ what: `store alone, ${what}: stored`, unit: 'of its size', ours: times.ours.map((one) => one.stored / one.size),
            peer: 'zstd -1', theirs: [packed_size / size_of(file)] }));
    }
}

function first_byte_ms(url, offset) {
    const { stdout } = spawnSync('curl', ['-sSf', '-o', '/dev/null', '-r', `${offset}-${offset + 99}`, '-w',
        '%{http_code} %{time_starttransfer}', url], { encoding: 'utf8' });
    const [status, seconds] = stdout.split(' ');
    if (status !== '206')
        throw new Error(`a Range request was answered with ${status}`);
    return Number(seconds) * 1000;
}

async function deep_ranges(rows, ours) {
    log(`a file of ${gigabytes} GB`);
    make_large();
    await upload(ours, large);
    const url = ours.url + ours.file.content_url, end = size_of(large), tail = size_of(film);
    const deep = Array.from({ length: 25 }, (_, i) => first_byte_ms(url, end - Math.floor(tail * (i + 1) / 27)));
    rows.push(row({ what: `first byte of a Range deep in a file of ${gigabytes} GB`, unit: 'ms', ours: deep, goal: { most: 20 } }));
    rows.push(row({ what: 'the slowest of 25', unit: 'ms', ours: [Math.max(...deep)] }));
    await remove(ours);
    fs.rmSync(large);
}

// A connection that begins an upload of `size` bytes.
function begin_upload(ours, size) {
    const { hostname, port } = new URL(ours.url);
    const socket = net.connect(Number(port), hostname);
    socket.on('error', () => {}); // ends with the server's patience
    socket.write('POST /api/v1/files/upload?transcribe=false HTTP/1.1\r\nHost: bench\r\n'
        + `Authorization: Bearer ${ours.token}\r\nContent-Type: multipart/form-data; boundary=bench\r\n`
        + `Content-Length: ${size + 1000}\r\n\r\n`
        + '--bench\r\nContent-Disposition: form-data; name="file"; filename="film.mp4"\r\n\r\n');
    return socket;
}

const send = (socket, bytes) => new Promise((resolve) => socket.write(bytes, resolve));

// The most memory of the server while `uploads` connections send `size` bytes of `file` each, and after.
async function memory(rows, ours, what, file, size, pause_ms) {
    log(`${uploads} uploads, ${what}`);
    const bytes = Buffer.alloc(size), source = fs.openSync(file);
    fs.readSync(source, bytes, 0, size, 0);
    fs.closeSync(source);
    let most = 0;
    const look = () => (most = Math.max(most, memory_mb(ours.pid)));
    const watch = setInterval(look, 20);
    const sockets = Array.from({ length: uploads }, () => begin_upload(ours, size));
    await Promise.all(sockets.map(async (socket) => {
        for (let at = 0; at < size; at += 64 << 10) {
            await send(socket, bytes.subarray(at, at + (64 << 10)));
            if (pause_ms)
                await new Promise((resolve) => setTimeout(resolve, pause_ms));
        }
    }));
    look();
    clearInterval(watch);
    rows.push(row({ what: `server memory with ${uploads} uploads at once, ${what}`, unit: 'MB', ours: [most], goal: { most: GOAL_MB } }));
    sockets.forEach((socket) => socket.destroy());
    await new Promise((resolve) => setTimeout(resolve, 500));
}

timed(['ninja', '-C', path.join(root, 'build'), 'bench/blob_bench']);
log(`making ${megabytes} MB of film and of text`);
make_film(film, BYTES);
make_text();
fs.chmodSync(folder, 0o755);
for (const name of ['www', 'store'])
    fs.mkdirSync(place(name));
const rows = [], started = [];
try {
    const ours = await start_kinora(place('data'), { KINORA_RATE_LIMIT: 'off', KINORA_NO_WORKERS: '1' });
    started.push(ours);
    ours.token = await account(ours.url, 'uploader');
    const nginx = await start_nginx(folder, `location / { root ${folder}/www; dav_methods PUT; }`);
    started.push(nginx);
    await transfers(rows, ours, nginx, film, 'H.264');
    await transfers(rows, ours, nginx, text, 'text');
    await remove(ours);
    fs.rmSync(place('www'), { recursive: true });
    rows.push(row({ what: 'server memory at its highest so far', unit: 'MB', ours: [memory_mb(ours.pid, 'VmHWM')] }));
    await memory(rows, ours, 'film as fast as it goes', film, 20 * MB, 0);
    await memory(rows, ours, 'text as fast as it goes', text, 20 * MB, 0);
    await memory(rows, ours, 'slowly, a piece each 0.1 s', text, 5 * MB, 100);
    await deep_ranges(rows, ours);
    await processor_time(rows);
} finally {
    await Promise.all(started.map((one) => one.stop()));
}
finish('storage', rows);
