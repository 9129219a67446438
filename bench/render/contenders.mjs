// SPDX-License-Identifier: GPL-3.0-or-later
// The others' way to the film of six.json: x264 alone, an ffmpeg filter graph, MLT's melt. All encode with x264
// veryfast at CRF 21 and AAC. Neither has the avatar: they get its scene as a film and the speech as a sound file.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { root, timed } from '../lib.mjs';

export const SECONDS = 10, FPS = 30, FRAMES = SECONDS * FPS;
const CRF = '21', ENCODER = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', CRF, '-pix_fmt', 'yuv420p'];
export const ffmpeg = (...words) => ['ffmpeg', '-v', 'error', '-nostdin', '-y', ...words];

// Pictures that move everywhere, with a little grain, as a camera's do.
const GRAIN = (seed) => `noise=alls=3:allf=t:all_seed=${seed}`;
const MOVING = {
    'a.mp4': ['-f', 'lavfi', '-i', `mandelbrot=size=1280x720:rate=30:maxiter=1500,scale=1920:1080,${GRAIN(1)}`],
    'b.mp4': ['-f', 'lavfi', '-i', 'gradients=size=1920x1080:rate=30:n=6:seed=7:speed=0.02:c0=0x203050:c1=0xd0a070:c2=0x507040:c3=0x903040'
        + ':c4=0xe0e0d0:c5=0x104060,format=yuv420p', '-f', 'lavfi', '-i', 'life=size=480x270:rate=30:seed=5:mold=30:ratio=0.2'
        + ':life_color=0xffe0a0:mold_color=0x302010:death_color=0x402000,scale=1920:1080:flags=bicubic,gblur=sigma=3,format=yuv420p',
    '-filter_complex', `[0][1]blend=all_mode=screen:all_opacity=0.5,${GRAIN(2)}`],
    'c.mp4': ['-loop', '1', '-framerate', '30', '-i', 'house.png', '-vf', 'scale=2880:1620,'
        + `crop=1920:1080:x='480+400*sin(t*0.9)':y='270+220*cos(t*0.7)',${GRAIN(3)}`],
};

export function make_media(folder) {
    for (const name of ['house.png', 'vault.png', 'storyboard.png', 'listening.png', 'timeline.png'])
        fs.copyFileSync(path.join(root, 'examples', 'pictures', name), path.join(folder, name));
    for (const [name, source] of Object.entries(MOVING))
        timed(ffmpeg(...source, '-t', String(SECONDS), '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '20', '-pix_fmt', 'yuv420p',
            '-colorspace', 'bt709', name), { cwd: folder });
    timed(ffmpeg('-f', 'lavfi', '-i', 'aevalsrc=0.3*sin(2*PI*(220+40*sin(t))*t)|0.3*sin(2*PI*(330+30*sin(t))*t):s=48000', '-t',
        String(6 * SECONDS), 'music.wav'), { cwd: folder });
}

export const layer = (scene, type) => scene.layers.find((one) => one.type === type)?.properties;

// What the others show in a scene.
const picture_of = (scene) => (layer(scene, 'avatar') ? 'avatar.mp4' : layer(scene, 'media').media_id);
const has_text = (scene) => layer(scene, 'text') !== undefined;
const font = () => spawnSync('fc-match', ['Inter', '--format=%{file}'], { encoding: 'utf8' }).stdout;

// Stills are decoded and scaled once and repeated by `loop`.
function chain(scene, input, output) {
    const fit = 'scale=1920:1080:force_original_aspect_ratio=increase:out_color_matrix=bt709:out_range=tv,crop=1920:1080,setsar=1,format=yuv420p';
    if (!has_text(scene))
        return `[${input}:v]${fit},fps=${FPS},trim=end_frame=${FRAMES},setpts=PTS-STARTPTS[${output}]`;
    const text = layer(scene, 'text');
    return `[${input}:v]${fit},loop=loop=${FRAMES - 1}:size=1:start=0,setpts=N/${FPS}/TB,fps=${FPS},trim=end_frame=${FRAMES},`
        + `drawtext=fontfile=${font()}:text='${text.text}':fontsize=${text.font_size}:fontcolor=white`
        + `:x=(w-tw)/2:y=h*${text.position.y / 100}-th/2:alpha='min(t,1)'[${output}]`;
}

export function graph(folder, scenes, output) {
    const at = (name) => path.join(folder, name), sounds = scenes.length;
    const spoken = scenes.findIndex((scene) => layer(scene, 'voiceover'));
    const chains = scenes.map((scene, i) => chain(scene, i, `v${i}`));
    const joined = scenes.map((_, i) => `[v${i}]`).join('');
    const sound = spoken < 0 ? `[${sounds}:a]volume=0.25[a]`
        : `[${sounds}:a]volume=0.25[m];[${sounds + 1}:a]aresample=48000,aformat=channel_layouts=stereo,adelay=${spoken * SECONDS * 1000}:all=1[s];`
            + '[m][s]amix=inputs=2:normalize=0:duration=first[a]';
    return ffmpeg(...scenes.flatMap((scene) => ['-i', at(picture_of(scene))]), '-i', at('music.wav'), '-i', at('voice.wav'), '-filter_complex',
        `${chains.join(';')};${joined}concat=n=${scenes.length}[v];${sound}`, '-map', '[v]', '-map', '[a]', ...ENCODER, '-colorspace', 'bt709',
        '-c:a', 'aac', '-b:a', '160k', '-t', String(scenes.length * SECONDS), '-movflags', '+faststart', output);
}

function melt_document(folder, scenes) {
    const last = FRAMES - 1, end = scenes.length * FRAMES - 1;
    const property = (name, value) => `<property name="${name}">${value}</property>`;
    const producer = (id, service, resource, more = '', out = last) => `<producer id="${id}" in="0" out="${out}">${property('length', out + 1)}`
        + `${property('mlt_service', service)}${property('resource', resource)}${more}</producer>`;
    const pictures = scenes.map((scene, i) => (has_text(scene)
        ? producer(`p${i}`, 'qimage', path.join(folder, picture_of(scene)))
        : producer(`p${i}`, 'avformat', path.join(folder, picture_of(scene)), property('audio_index', -1))));
    const texts = scenes.map((scene, i) => (has_text(scene) ? producer(`t${i}`, 'pango', '', property('text', layer(scene, 'text').text)
        + property('family', 'Inter') + property('size', layer(scene, 'text').font_size) + property('fgcolour', '0xffffffff')
        + `<filter>${property('mlt_service', 'brightness')}${property('alpha', '0=0;30=1')}</filter>`) : ''));
    const spoken = scenes.findIndex((scene) => layer(scene, 'voiceover'));
    const list = (id, entries) => `<playlist id="${id}">${entries.join('')}</playlist>`;
    const entry = (id, out = last) => `<entry producer="${id}" in="0" out="${out}"/>`, blank = (length) => `<blank length="${length}"/>`;
    const mix = (track) => `<transition>${property('mlt_service', 'mix')}${property('a_track', 0)}${property('b_track', track)}${property('sum', 1)}</transition>`;
    return '<?xml version="1.0"?><mlt><profile width="1920" height="1080" progressive="1" sample_aspect_num="1" sample_aspect_den="1"'
        + ` display_aspect_num="16" display_aspect_den="9" frame_rate_num="${FPS}" frame_rate_den="1" colorspace="709"/>`
        + pictures.join('') + texts.join('')
        + producer('music', 'avformat', path.join(folder, 'music.wav'), `<filter>${property('mlt_service', 'volume')}${property('gain', 0.25)}</filter>`, end)
        + (spoken < 0 ? '' : producer('voice', 'avformat', path.join(folder, 'voice.wav')))
        + list('pictures', scenes.map((_, i) => entry(`p${i}`)))
        + list('texts', scenes.map((scene, i) => (has_text(scene) ? entry(`t${i}`) : blank(FRAMES))))
        + list('sounds', [entry('music', end)]) + (spoken < 0 ? '' : list('voices', [blank(spoken * FRAMES), entry('voice')]))
        + `<tractor in="0" out="${end}"><multitrack><track producer="pictures"/><track producer="texts"/><track producer="sounds"/>`
        + `${spoken < 0 ? '' : '<track producer="voices"/>'}</multitrack>`
        + `<transition in="0" out="${end}">${property('mlt_service', 'composite')}${property('a_track', 0)}${property('b_track', 1)}`
        + `${property('geometry', '0%/35%:100%x100%:100')}${property('halign', 'centre')}${property('valign', 'centre')}</transition>`
        + `${mix(2)}${spoken < 0 ? '' : mix(3)}</tractor></mlt>`;
}

export function melt(folder, scenes, output) {
    const document = path.join(folder, 'melt.mlt');
    fs.writeFileSync(document, melt_document(folder, scenes));
    return ['melt', '-silent', document, '-consumer', `avformat:${output}`, 'vcodec=libx264', 'preset=veryfast', `crf=${CRF}`, 'pix_fmt=yuv420p',
        'acodec=aac', 'ab=160k', 'real_time=-2', 'movflags=+faststart'];
}

// Seconds of x264 for the frames of `film`, scene by scene; they stand in memory while it works and are not counted. The pieces
// become `folder`/alone-N.264.
export function encode_alone(folder, film, scenes) {
    const frames = path.join('/dev/shm', `kinora-bench-${process.pid}.yuv`);
    try {
        return Array.from({ length: scenes }, (_, i) => {
            timed(ffmpeg('-ss', String(i * SECONDS), '-i', film, '-frames:v', String(FRAMES), '-f', 'rawvideo', '-pix_fmt', 'yuv420p', frames));
            return timed(['x264', '--quiet', '--no-progress', '--preset', 'veryfast', '--crf', CRF, '--demuxer', 'raw', '--input-res', '1920x1080', '--fps',
                String(FPS), '-o', path.join(folder, `alone-${i}.264`), frames]);
        }).reduce((sum, one) => sum + one, 0);
    } finally {
        fs.rmSync(frames, { force: true });
    }
}

// Likeness of a film, or of pieces end to end, to what the compositor made.
export function ssim(film, reference) {
    const { stderr } = spawnSync('ffmpeg', ['-nostdin', '-r', String(FPS), '-i', film, '-i', reference, '-lavfi',
        `[0:v]setpts=N/${FPS}/TB[a];[1:v]setpts=N/${FPS}/TB[b];[a][b]ssim=shortest=1`, '-f', 'null', '-'], { encoding: 'utf8', maxBuffer: 1 << 26 });
    return Number(/All:([\d.]+)/.exec(stderr)[1]);
}
