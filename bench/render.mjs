#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later
// script/bench render [--seconds N] [--rounds N]: bench/render/first.json, three moving and three still scenes of N seconds
// (10), beside an ffmpeg filter graph of the same content and x264 alone on the graph's frames.
//
// All encode with x264 veryfast at CRF 21 and AAC; quality is compared on the first moving scene. x264 alone gets its
// frames from memory, scene by scene, and its default threads.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { finish, interleave, options, root, row, scratch, timed, watched } from './lib.mjs';

const { seconds, rounds } = options({ seconds: 10, rounds: 3 });
const folder = scratch('render');
const project = JSON.parse(fs.readFileSync(path.join(root, 'bench', 'render', 'first.json'), 'utf8'));
const FPS = project.video.fps, FRAMES = seconds * FPS;
const GRAPH = 'ffmpeg filter graph', ALONE = 'x264 alone';
const ENCODER = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '21', '-pix_fmt', 'yuv420p'];
const at = (name) => path.join(folder, name);
const ffmpeg = (...words) => ['ffmpeg', '-v', 'error', '-y', ...words];

// Pictures that move everywhere, with a little grain, as a camera's do.
const MOVING = {
    'a.mp4': 'testsrc2=size=1920x1080:rate=30,noise=alls=2:allf=t',
    'b.mp4': 'mandelbrot=size=1920x1080:rate=30,noise=alls=2:allf=t',
    'c.mp4': "testsrc2=size=2400x1350:rate=30,crop=1920:1080:x='240+240*sin(t)':y='135+135*cos(t)',noise=alls=2:allf=t",
};

function make_media() {
    for (const [name, source] of Object.entries(MOVING))
        timed(ffmpeg('-f', 'lavfi', '-i', source, '-t', String(seconds), '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '16',
            '-pix_fmt', 'yuv420p', at(name)));
    for (const name of ['house.png', 'vault.png', 'storyboard.png'])
        fs.copyFileSync(path.join(root, 'examples', 'pictures', name), at(name));
    timed(ffmpeg('-f', 'lavfi', '-i', 'aevalsrc=0.3*sin(2*PI*(220+40*sin(t))*t)|0.3*sin(2*PI*(330+30*sin(t))*t):s=48000', '-t',
        String(6 * seconds), at('music.wav')));
}

const layer = (scene, type) => scene.layers.find((one) => one.type === type)?.properties;
const is_still = (scene) => layer(scene, 'text') !== undefined;

// A project of these scenes, beside its media.
function write_project(name, scenes) {
    const timed_scenes = scenes.map((scene) => ({ ...scene, duration: seconds,
        layers: scene.layers.map((one) => ({ ...one, duration: seconds })) }));
    fs.writeFileSync(at(name), JSON.stringify({ ...project, scenes: timed_scenes }));
}

// What a scene is in ffmpeg's words: stills are decoded and scaled once and repeated by `loop`.
function chain(scene, input, output) {
    const fit = 'scale=1920:1080:force_original_aspect_ratio=increase,crop=1920:1080,setsar=1,format=yuv420p';
    if (!is_still(scene))
        return `[${input}:v]${fit},fps=${FPS},trim=end_frame=${FRAMES},setpts=PTS-STARTPTS[${output}]`;
    const text = layer(scene, 'text');
    const font = spawnSync('fc-match', ['Inter', '--format=%{file}'], { encoding: 'utf8' }).stdout;
    return `[${input}:v]${fit},loop=loop=${FRAMES - 1}:size=1:start=0,setpts=N/${FPS}/TB,fps=${FPS},trim=end_frame=${FRAMES},`
        + `drawtext=fontfile=${font}:text='${text.text}':fontsize=${text.font_size}:fontcolor=white`
        + `:x=(w-tw)/2:y=h*${text.position.y / 100}-th/2:alpha='min(t,1)'[${output}]`;
}

const media_of = (scene) => at(layer(scene, 'media').media_id);

function graph(scenes, output) {
    const chains = scenes.map((scene, i) => chain(scene, i, `v${i}`));
    const joined = scenes.map((_, i) => `[v${i}]`).join('');
    return ffmpeg(...scenes.flatMap((scene) => ['-i', media_of(scene)]), '-i', at('music.wav'), '-filter_complex',
        `${chains.join(';')};${joined}concat=n=${scenes.length}[v];[${scenes.length}:a]volume=0.25[a]`, '-map', '[v]', '-map', '[a]',
        ...ENCODER, '-c:a', 'aac', '-b:a', '160k', '-t', String(scenes.length * seconds), '-movflags', '+faststart', output);
}

const kinora = (document, output) => [path.join(root, 'build', 'kinora'), 'render', document, '-o', output];

// Seconds of x264 for all scenes; the frames stand in memory while it works and are not counted.
function encode_alone(scenes) {
    const frames = path.join('/dev/shm', `kinora-bench-${process.pid}.yuv`);
    try {
        return scenes.reduce((sum, scene) => {
            timed(ffmpeg('-i', media_of(scene), '-filter_complex', chain(scene, 0, 'v'), '-map', '[v]', '-f', 'rawvideo', frames));
            return sum + timed(ffmpeg('-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', '1920x1080', '-r', String(FPS), '-i', frames,
                ...ENCODER, at('alone.mp4')));
        }, 0);
    } finally {
        fs.rmSync(frames, { force: true });
    }
}

// Likeness of a film's first scene to what it shows.
function ssim(film) {
    const { stderr } = spawnSync('ffmpeg', ['-i', film, '-i', at('a.mp4'), '-filter_complex',
        `[0:v]trim=end_frame=${FRAMES}[a];[1:v]trim=end_frame=${FRAMES}[b];[a][b]ssim`, '-f', 'null', '-'], { encoding: 'utf8' });
    return Number(/All:([\d.]+)/.exec(stderr)[1]);
}

function length_s(film) {
    const { stdout } = spawnSync('ffprobe', ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', film], { encoding: 'utf8' });
    return Number(stdout);
}

function check(film, wanted_s) {
    if (Math.abs(length_s(film) - wanted_s) > 0.1)
        throw new Error(`${path.basename(film)} has ${length_s(film)} s instead of ${wanted_s}`);
}

const pick = (values, name) => values.map((value) => value[name]);

async function whole(rows) {
    const scenes = project.scenes, total = scenes.length * seconds;
    const values = await interleave(rounds, {
        ours: () => watched(kinora(at('first.json'), at('ours.mp4'))),
        graph: () => watched(graph(scenes, at('graph.mp4'))),
        alone: async () => encode_alone(scenes),
    });
    check(at('ours.mp4'), total);
    check(at('graph.mp4'), total);
    const what = `${total} s at 1080p30, three scenes of six move`;
    rows.push(row({ what, unit: 's', ours: pick(values.ours, 'wall_s'), peer: ALONE, theirs: values.alone, goal: { ratio_most: 1 } }));
    rows.push(row({ what, unit: 's', ours: pick(values.ours, 'wall_s'), peer: GRAPH, theirs: pick(values.graph, 'wall_s'),
        goal: { ratio_most: 0.75 } }));
    rows.push(row({ what: `${what}: SSIM of the first scene`, unit: '', ours: [ssim(at('ours.mp4'))], peer: GRAPH,
        theirs: [ssim(at('graph.mp4'))], goal: { ratio_least: 0.998 } }));
    rows.push(row({ what: `${what}: size`, unit: 'MB', ours: [fs.statSync(at('ours.mp4')).size / 1e6], peer: GRAPH,
        theirs: [fs.statSync(at('graph.mp4')).size / 1e6] }));
    rows.push(row({ what: `${what}: memory of the largest process`, unit: 'MB', ours: pick(values.ours, 'peak_mb'), peer: GRAPH,
        theirs: pick(values.graph, 'peak_mb'), goal: { most: 300 } }));
}

async function stills(rows) {
    const scenes = project.scenes.filter(is_still), total = scenes.length * seconds;
    write_project('stills.json', scenes);
    const values = await interleave(rounds, {
        ours: () => watched(kinora(at('stills.json'), at('stills.mp4'))),
        graph: () => watched(graph(scenes, at('stills-graph.mp4'))),
    });
    check(at('stills.mp4'), total);
    const speed = (list) => list.map((one) => total / one.wall_s);
    rows.push(row({ what: `${total} s at 1080p30, only stills with a second of text`, unit: 'times real time', ours: speed(values.ours),
        peer: GRAPH, theirs: speed(values.graph), goal: { least: 15 } }));
}

process.stderr.write(`  making films of ${seconds} s for ${os.cpus().length} cores\n`);
make_media();
write_project('first.json', project.scenes);
const rows = [];
await whole(rows);
await stills(rows);
finish('render', rows);
