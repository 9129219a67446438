// SPDX-License-Identifier: GPL-3.0-or-later
// The generators of the stock pack: a small one is made twice and looked at; the recipes of all are compared.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { inspect } from '../api/lib/media.mjs';
import { temporary } from '../api/lib/server.mjs';

const root = new URL('../..', import.meta.url).pathname, tool = path.join(root, 'build/kinora-stock'), folder = temporary('stock-pack');
const run = (command, ...words) => spawnSync(command, words, { encoding: 'utf8', cwd: root, maxBuffer: 1 << 26 });
const must = (command, ...words) => {
    const told = run(command, ...words);
    assert.equal(told.status, 0, told.stderr);
    return told;
};
const first = path.join(folder, 'first'), second = path.join(folder, 'second');
let items;

before(() => {
    must('script/stock', '--sample', '1', '--output', first, '--quiet');
    ({ items } = JSON.parse(fs.readFileSync(path.join(first, 'stock.json'))));
});
after(() => fs.rmSync(folder, { recursive: true }));

const of = (kind, type) => items.find((item) => item.kind === kind && item.type === type);
// Names and digests of all files below a folder; Node 18 does not know `recursive` everywhere.
function digests(at, below = '') {
    return Object.fromEntries(fs.readdirSync(path.join(at, below), { withFileTypes: true }).flatMap((entry) => {
        const name = path.join(below, entry.name);
        return entry.isDirectory() ? Object.entries(digests(at, name)) : [[name, createHash('sha256').update(fs.readFileSync(path.join(at, name))).digest('hex')]];
    }));
}

test('the same sources give the same bytes, and what is there is not made again', () => {
    must('script/stock', '--sample', '1', '--output', second, '--quiet', '--jobs', '1');
    const made = digests(first);
    assert.ok(Object.keys(made).length > 15);
    assert.deepEqual(digests(second), made);
    const when = (name) => fs.statSync(path.join(second, name)).mtimeNs ?? fs.statSync(path.join(second, name)).mtimeMs;
    const song = of('audio', 'music').file, before_it = when(song), effect = of('audio', 'effect').file;
    fs.rmSync(path.join(second, effect));
    fs.writeFileSync(path.join(second, 'images/left-over.jpg'), 'x');
    must('script/stock', '--sample', '1', '--output', second, '--quiet');
    assert.equal(when(song), before_it);
    assert.deepEqual(digests(second), made);
});

test('every entry says what the libraries need, and its files are what it says', () => {
    assert.deepEqual(items.map(({ kind, type }) => type ?? kind), ['music', 'effect', 'image', 'video', 'gif']);
    for (const item of items) {
        assert.match(item.id, /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        const bytes = fs.readFileSync(path.join(first, item.file));
        assert.equal(createHash('sha256').update(bytes).digest('hex'), item.sha256);
        assert.equal(bytes.length, item.size_bytes);
        for (const key of ['title', 'artist', 'category', 'mime_type'])
            assert.ok(item[key].length > 2, `${key} of ${item.file}`);
        assert.ok(item.tags.length >= 3);
        assert.equal(typeof item.is_premium, 'boolean');
        assert.ok(!('made_by' in item));
        assert.equal(item.kind === 'audio', item.waveform !== null);
        assert.equal(item.kind !== 'audio', item.thumbnail !== null);
    }
    const waveform = JSON.parse(fs.readFileSync(path.join(first, of('audio', 'music').waveform)));
    assert.deepEqual([waveform.version, waveform.channels, waveform.data.length], [2, 1, 2 * waveform.length]);
});

test('a piece of music is at -16 LUFS, as long as it says and closes without a click', () => {
    const { file, duration_us } = of('audio', 'music'), at = path.join(first, file);
    const { stderr } = run('ffmpeg', '-nostats', '-hide_banner', '-i', at, '-af', 'ebur128=framelog=verbose', '-f', 'null', '-');
    const lufs = Number(/I:\s+(-[\d.]+) LUFS(?![\s\S]*I:\s+-)/.exec(stderr)[1]);
    assert.ok(Math.abs(lufs + 16) <= 1, `${lufs} LUFS`);
    assert.ok(duration_us >= 30e6 && duration_us <= 180e6);
    const { stdout } = spawnSync('ffmpeg', ['-v', 'error', '-i', at, '-f', 'f32le', '-ac', '1', '-ar', '48000', '-'], { maxBuffer: 1 << 28 });
    const samples = new Float32Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.length));
    assert.ok(Math.abs(samples.length / 48 - duration_us / 1000) < 50, `${samples.length / 48000} s`);
    const last = Math.min(samples.length, Math.round(duration_us * 0.048)) - 1;
    let largest = 0;
    for (let i = 1; i < 2000; i++)
        largest = Math.max(largest, Math.abs(samples[i] - samples[i - 1]), Math.abs(samples[last - i] - samples[last - i + 1]));
    assert.ok(Math.abs(samples[0] - samples[last]) < 1.6 * largest + 0.004, `${samples[0]} after ${samples[last]}`);
});

test('pictures and films have the sizes that are listed', () => {
    const image = of('image'), video = of('video'), gif = of('gif');
    for (const item of [image, video, gif]) {
        const { width, height } = inspect(fs.readFileSync(path.join(first, item.file))).streams[0];
        assert.deepEqual([width, height], [item.width, item.height]);
        assert.equal(inspect(fs.readFileSync(path.join(first, item.thumbnail))).streams[0].width, 320);
    }
    assert.deepEqual([image.width, image.height], [1920, 1080]);
    assert.equal(inspect(fs.readFileSync(path.join(first, video.file))).streams[0].codec_name, 'h264');
});

test('no two pieces of music share their chords, their bass or their instruments, and no film jumps where it closes', () => {
    must(tool, 'check');
    const recipes = JSON.parse(must(tool, 'recipes').stdout);
    assert.ok(recipes.length >= 40);
    for (const key of ['slug', 'chords', 'bass', 'instruments']) {
        const values = recipes.map((recipe) => recipe[key]).filter(Boolean);
        assert.ok(values.length >= recipes.length - 1, key); // a piece may do without a bass
        assert.equal(new Set(values).size, values.length, key);
    }
    for (const { slug, form, chords } of recipes) {
        assert.ok(new Set(form.split(' ').map((section) => section[0])).size >= 3, slug);
        assert.equal(new Set(chords.split(' / ')).size, 3, slug);
    }
});

test('a check of the pack passes, and names what is damaged, changed or missing', () => {
    must('script/stock', '--verify', first);
    const broken = path.join(folder, 'broken');
    fs.cpSync(first, broken, { recursive: true });
    const list = JSON.parse(fs.readFileSync(path.join(broken, 'stock.json')));
    list.items[0].duration_us += 200000;
    fs.writeFileSync(path.join(broken, 'stock.json'), JSON.stringify(list));
    fs.appendFileSync(path.join(broken, of('image').file), 'x');
    fs.rmSync(path.join(broken, of('gif').file));
    const { status, stderr } = run('script/stock', '--verify', broken);
    assert.equal(status, 1);
    assert.match(stderr, /first-light: lasts/);
    assert.match(stderr, /gradient-sunset-mesh: is not the file/);
    assert.match(stderr, /gif-rocket.* not there/);
});

test('a wrong flag is told, and nothing is made', () => {
    for (const words of [['--sample', '0'], ['--sample', 'x'], ['--jobs', '1000']]) {
        const { status, stderr } = run('script/stock', ...words, '--output', path.join(folder, 'none'));
        assert.equal(status, 1);
        assert.match(stderr, /not understood/);
    }
    assert.equal(run('script/stock', '--nonsense').status, 2);
    assert.deepEqual(fs.readdirSync(path.join(folder, 'none')), []);
});
