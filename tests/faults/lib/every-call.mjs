// SPDX-License-Identifier: GPL-3.0-or-later
// Unit tests in which one call fails: where calls that can fail are made, and what becomes of a run in which one does.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { program, temporary } from '../../api/lib/server.mjs';

const build = path.dirname(program), library = path.join(build, 'tests/faults/faults.so');
const LIMIT_MS = 240_000; // a whole program on a busy machine; who still runs then waits for what does not come

export function make_library() {
    const told = spawnSync('ninja', ['-C', build, 'tests/faults/faults.so'], { encoding: 'utf8' });
    if (told.status !== 0)
        throw new Error(told.stdout);
    return library;
}

export const unit_tests = () => fs.readdirSync(path.join(build, 'tests/unit')).filter((name) => /^test_[a-z0-9_]+$/.test(name)).sort();

function run(name, env, limit_ms) {
    return new Promise((resolve) => {
        const folder = temporary('call');
        const child = spawn(path.join(build, 'tests/unit', name), { detached: true, cwd: build, stdio: ['ignore', 'pipe', 'pipe'],
            env: { ...process.env, KINORA_ENGINE: path.join(build, 'kinora-engine'), TMPDIR: folder, LD_PRELOAD: library, ...env } });
        let out = '', late = false;
        for (const stream of [child.stdout, child.stderr])
            stream.setEncoding('utf8').on('data', (text) => (out += text));
        const end = () => {
            try {
                process.kill(-child.pid, 'SIGKILL');
            } catch {
                // nothing of it is left
            }
        };
        // Who does not end is made to say where it waits.
        const timer = setTimeout(() => {
            late = true;
            child.kill('SIGABRT');
            setTimeout(end, 2000);
        }, limit_ms);
        child.on('exit', end); // what it has started goes with it
        child.on('close', (code, signal) => {
            clearTimeout(timer);
            fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
            resolve({ code: late ? 'LATE' : code ?? signal, out });
        });
    });
}

// addr2line's answer for each address: "function file:line", the file below the repository.
function names_of(name, addresses) {
    const told = spawnSync('addr2line', ['-f', '-e', path.join(build, 'tests/unit', name)], { input: addresses.join('\n'), encoding: 'utf8', maxBuffer: 64 << 20 });
    const lines = told.stdout.split('\n');
    return new Map(addresses.map((address, i) => [address, { name: lines[2 * i],
        at: lines[2 * i + 1].replace(/^.*?\/((src|tests)\/)/, '$1').replace(/^(\.\.\/)+/, '').replace(/ \(.*/, '') }]));
}

const is_product = (frame) => frame.at.startsWith('src/');
// What tests put into buffers and arenas of their own is not the product's.
const asker = (stack) => stack.find((frame) => !/^src\/base\/(arena|buffer|str|json)\.[ch]/.test(frame.at));

// The places from which a unit test's program makes calls that can fail, each with the test that comes by first:
// [{kind, call, id, test, stack}].
export async function places_of(name) {
    const folder = temporary('places'), list = path.join(folder, 'list');
    const { code, out } = await run(name, { KINORA_FAULT_LIST: list }, 10 * LIMIT_MS);
    if (code !== 0)
        throw new Error(`${name} fails by itself: ${code}\n${out.slice(-2000)}`);
    const tests = new Set([...out.matchAll(/^\[ RUN {6}\] (\w+)$/gm)].map(([, test]) => test));
    const lines = fs.existsSync(list) ? fs.readFileSync(list, 'utf8').trimEnd().split('\n').map((line) => line.split(' ')) : [];
    fs.rmSync(folder, { recursive: true });
    const names = names_of(name, [...new Set(lines.flatMap((line) => line.slice(4)))]);
    const places = new Map();
    for (const [kind, call, id, group, ...addresses] of lines) {
        const stack = addresses.map((address) => names.get(address));
        if (!places.has(id) && stack.length && is_product(stack[0]) && is_product(asker(stack) ?? stack[0]))
            places.set(id, { program: name, kind, call, id, group, test: stack.findLast((frame) => tests.has(frame.name))?.name, stack });
    }
    return [...places.values()];
}

export const told_place = ({ program: name, kind, call, stack }) =>
    `${name}: ${kind} ${call} ${stack.slice(0, 4).map((frame) => `${frame.name} (${frame.at})`).join(' < ')}`;

// Lets the call at this place fail once. {end, why}: end is
//   'missed'  it was not met this time,
//   'went on' the tests pass all the same,
//   'told'    a test noticed: an error came back,
//   'memory'  the program ended for want of memory, saying so,
//   'test'    the test's own code did not bear it, or waits for what does not come,
//   'broken'  anything else: a crash, a bug, no end.
export async function fail_at(place) {
    const env = { KINORA_FAULT_AT: place.id, KINORA_FAULT_GROUP: place.group, ...(place.test ? { KINORA_FAULT_TEST: place.test } : {}) };
    const { code, out } = await run(place.program, env, LIMIT_MS);
    const why = `${code}: ${out.slice(-1500)}`;
    if (!/kinora-faults: fails/.test(out))
        return { end: 'missed', why };
    const [, signal, ...addresses] = /kinora-faults: signal (\d+) ?([0-9a-f ]*)/.exec(out)?.[0].split(' ').slice(1) ?? [];
    if (!signal)
        return { end: code === 0 ? 'went on' : Number.isInteger(code) ? 'told' : 'broken', why };
    if (signal === '6' && place.kind === 'allocate' && /out of memory/.test(out))
        return { end: 'memory', why };
    const names = names_of(place.program, addresses.filter(Boolean)), stack = addresses.filter(Boolean).map((address) => names.get(address));
    const own = stack.find((frame) => /^(src|tests)\//.test(frame.at) && !/src\/base\/error\.c/.test(frame.at));
    return { end: own && !is_product(own) ? 'test' : 'broken', why: `${stack.map((frame) => `${frame.name} (${frame.at})`).join(' < ')}\n${why}` };
}
