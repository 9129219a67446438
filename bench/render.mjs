#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later
// script/bench render [--rounds N] [--long MINUTES]: bench/render/six.json, a minute at 1080p30 of three moving scenes, an avatar and
// two stills, beside x264 alone on the same frames, an ffmpeg filter graph and melt of the same content (render/contenders.mjs).
//
// Then stills alone, one changed scene of ten on a server, frames of the editor, every format, and the cost of longer films (--long 30 adds half an hour). The
// likeness (SSIM) of each contender is that to the compositor's own frames, which a render without loss gives.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { account, ask, start_kinora } from './kinora.mjs';
import { interleave, options, root, scratch, table, timed, watched } from './lib.mjs';
import { preview_times } from './render/preview.mjs';
import { SECONDS, encode_alone, ffmpeg, graph, layer, make_media, melt, ssim } from './render/contenders.mjs';

const { rounds, long } = options({ rounds: 3, long: 1 });
const folder = scratch('render');
const at = (name) => path.join(folder, name);
const log = (text) => process.stderr.write(`  ${text}\n`);
const project = JSON.parse(fs.readFileSync(path.join(root, 'bench', 'render', 'six.json'), 'utf8'));
const scenes = project.scenes, total = scenes.length * SECONDS;
const GRAPH = 'ffmpeg filter graph', ALONE = 'x264 alone', MELT = 'melt';
const kinora = (document, output) => [path.join(root, 'build', 'kinora'), 'render', document, '-o', output];
const pick = (values, name) => values.map((value) => value[name]);

function write_project(name, list) {
    fs.writeFileSync(at(name), JSON.stringify({ ...project, scenes: list }));
    return at(name);
}

function length_s(film) {
    const { stdout } = spawnSync('ffprobe', ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', film], { encoding: 'utf8' });
    return Number(stdout);
}

async function render(document, output, wanted_s) {
    const told = await watched(kinora(document, output));
    if (Math.abs(length_s(output) - wanted_s) > 0.1)
        throw new Error(`${path.basename(output)} has ${length_s(output)} s instead of ${wanted_s}`);
    return told;
}

function prepare() {
    const build = spawnSync('ninja', ['-C', path.join(root, 'build'), 'tests/render/render_at'], { encoding: 'utf8' });
    if (build.status !== 0)
        throw new Error(build.stdout);
    make_media(folder);
    const words = layer(scenes.find((scene) => layer(scene, 'voiceover')), 'voiceover');
    timed([path.join(root, 'build', 'kinora'), 'say', words.text, '--voice', words.voice_id, '-o', at('voice.wav')]);
    timed([path.join(root, 'build', 'tests', 'render', 'render_at'), path.join(root, 'build', 'kinora-engine'), write_project('six.json', scenes), at('all.mp4'),
        '0', 'ultrafast', '1080']);
    const avatar = scenes.findIndex((scene) => layer(scene, 'avatar'));
    timed(ffmpeg('-ss', String(avatar * SECONDS), '-i', at('all.mp4'), '-t', String(SECONDS), '-an', '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '16',
        at('avatar.mp4')));
}

async function whole(rows) {
    const values = await interleave(rounds, {
        ours: () => render(at('six.json'), at('ours.mp4'), total),
        graph: () => watched(graph(folder, scenes, at('graph.mp4'))),
        melt: () => watched(melt(folder, scenes, at('melt.mp4'))),
        alone: async () => encode_alone(folder, at('all.mp4'), scenes.length),
    });
    const what = `${total} s at 1080p30, six scenes`, size = (name) => fs.statSync(at(name)).size / 1e6;
    const ours = pick(values.ours, 'wall_s');
    rows.add({ what, unit: 's', ours, peer: ALONE, theirs: values.alone, goal: { ratio_most: 1 } });
    rows.add({ what, unit: 's', ours, peer: GRAPH, theirs: pick(values.graph, 'wall_s'), goal: { ratio_most: 0.75 } });
    rows.add({ what, unit: 's', ours, peer: MELT, theirs: pick(values.melt, 'wall_s'), goal: { ratio_most: 0.65 } });
    log('comparing pictures');
    const pieces = scenes.map((_, i) => at(`alone-${i}.264`)), likeness = ssim(at('ours.mp4'), at('all.mp4'));
    const least = (theirs) => ({ least: Math.floor((theirs - 0.002) * 1e5) / 1e5 });
    for (const [peer, film] of [[ALONE, `concat:${pieces.join('|')}`], [GRAPH, at('graph.mp4')], [MELT, at('melt.mp4')]]) {
        const theirs = ssim(film, at('all.mp4'));
        rows.add({ what: `${what}: SSIM`, unit: '', ours: [likeness], peer, theirs: [theirs], goal: least(theirs) });
    }
    const alone_size = pieces.reduce((sum, piece) => sum + fs.statSync(piece).size / 1e6, 0);
    for (const [peer, theirs] of [[ALONE, alone_size], [GRAPH, size('graph.mp4')], [MELT, size('melt.mp4')]])
        rows.add({ what: `${what}: size`, unit: 'MB', ours: [size('ours.mp4')], peer, theirs: [theirs] });
    rows.add({ what: `${what}: memory of the largest process`, unit: 'MB', ours: pick(values.ours, 'peak_mb'), peer: GRAPH,
        theirs: pick(values.graph, 'peak_mb'), goal: { most: 300 } });
}

async function stills(rows) {
    const still = scenes.find((scene) => layer(scene, 'text'));
    const list = ['house', 'vault', 'storyboard', 'listening', 'timeline', 'house'].map((name, i) => ({ ...still,
        layers: still.layers.map((one) => ({ ...one, properties: { ...one.properties,
            ...(one.type === 'media' ? { media_id: `${name}.png` } : { text: `Picture ${i + 1}` }) } })) }));
    write_project('stills.json', list);
    const values = await interleave(rounds, {
        ours: () => render(at('stills.json'), at('stills.mp4'), total),
        graph: () => watched(graph(folder, list, at('stills-graph.mp4'))),
    });
    const speed = (runs) => runs.map((one) => total / one.wall_s);
    rows.add({ what: `${total} s at 1080p30, only stills with a second of text`, unit: 'times real time', ours: speed(values.ours),
        peer: GRAPH, theirs: speed(values.graph), goal: { least: 15 } });
}

async function formats(rows) {
    for (const ending of ['mov', 'webm', 'gif', 'mp3', 'wav'])
        rows.add({ what: `${total} s of six scenes at 1080p30 as ${ending}`, unit: 's', goal: { most: 300 },
            ours: [(await watched(kinora(at('six.json'), at(`ours.${ending}`)))).wall_s] });
}

async function lengths(rows) {
    const base = [];
    for (const minutes of [1, 5, ...(long > 5 ? [long] : [])]) {
        const name = `long-${minutes}`;
        write_project(`${name}.json`, Array.from({ length: minutes }, () => scenes).flat());
        const told = await render(at(`${name}.json`), at(`${name}.mp4`), minutes * total);
        fs.rmSync(at(`${name}.mp4`));
        rows.add({ what: `cost of a second of video, ${minutes} min`, unit: 's', ours: [told.wall_s / (minutes * total)],
            ...(base.length ? { peer: '1 min', theirs: base, goal: { ratio_most: 1.2 } } : {}) });
        if (!base.length)
            base.push(told.wall_s / total);
    }
}

// A render on the server from the request to its end, in seconds. `scenes` are those to be made anew, else all.
async function render_there(ours, token, video, how, body) {
    const from = performance.now();
    const { job_id } = await ask(ours.url, 'POST', `/api/v1/videos/${video}/${how}`, { token, body });
    for (;;) {
        const { render: told } = await ask(ours.url, 'GET', `/api/v1/renders/${job_id}`, { token });
        if (told.status === 'completed')
            return (performance.now() - from) / 1000;
        if (told.status === 'failed' || told.status === 'cancelled')
            throw new Error(`the render ended: ${told.status} ${told.error ?? ''}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

// Ten scenes of six seconds that move; then a word of one is changed.
async function one_of_ten(rows) {
    const ours = await start_kinora(at('data'));
    try {
        const token = await account(ours.url, 'bench');
        const call = (method, target, body) => ask(ours.url, method, target, { token, body });
        const form = new FormData();
        form.append('file', new Blob([fs.readFileSync(at('a.mp4'))]), 'a.mp4');
        const { id: media_id } = await call('POST', '/api/v1/files/upload?transcribe=false', form);
        const { video } = await call('POST', '/api/v1/videos', { title: 'Ten', aspect_ratio: '16:9', fps: 30 });
        const words = [];
        for (let i = 0; i < 10; i++) {
            const { scene } = await call('POST', `/api/v1/videos/${video.id}/scenes`, { duration: 6, duration_mode: 'fixed' });
            const add = (body) => call('POST', `/api/v1/scenes/${scene.id}/layers`, { duration: 6, ...body });
            await add({ type: 'media', name: 'Film', properties: { media_id, fit: 'cover', start_from: i / 3 } });
            words.push((await add({ type: 'text', name: 'Words', properties: { text: `Scene ${i + 1}`, font_size: 96 } })).layer);
        }
        const full = await render_there(ours, token, video.id, 'render', { quality: '1080p', include_watermark: false });
        const changed = [];
        for (let i = 0; i < rounds; i++) {
            await call('PUT', `/api/v1/layers/${words[i % 10].id}`, { properties: { text: `Changed ${i}` } });
            changed.push(await render_there(ours, token, video.id, 'regenerate', { quality: '1080p', include_watermark: false }));
        }
        rows.add({ what: 'one changed scene of ten', unit: 's', ours: changed, peer: 'all ten', theirs: [full], goal: { ratio_most: 0.15 } });
    } finally {
        await ours.stop();
    }
}

async function previews(rows) {
    const { same, random } = await preview_times(at('preview-data'), { 'film.mp4': at('a.mp4'), 'picture.png': at('vault.png') });
    const what = 'frame of the editor at 960 px, five layers, over HTTP, median';
    rows.add({ what: `${what}: the same time of the film`, unit: 'ms', ours: same, goal: { most: 10 } });
    rows.add({ what: `${what}: any time of the film`, unit: 'ms', ours: random, goal: { most: 25 } });
}

log(`making films for ${os.cpus().length} cores`);
prepare();
const rows = table('render');
for (const measure of [whole, stills, one_of_ten, previews, formats, lengths]) {
    log(measure.name);
    await measure(rows);
}
rows.finish();
