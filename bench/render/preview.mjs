// SPDX-License-Identifier: GPL-3.0-or-later
// Frames of a scene while somebody edits it: a film in full, a picture, words, a shape and an avatar on it, over one
// connection to a server, from the question to the last byte of the JPEG.
import fs from 'node:fs';
import http from 'node:http';

import { account, ask, start_kinora } from '../kinora.mjs';

const FRAMES = 60, WIDTH = 960, SECONDS = 10;

function frame(url, path, token, agent) {
    const from = performance.now();
    return new Promise((resolve, reject) => {
        http.get(url + path, { agent, headers: { authorization: `Bearer ${token}` } }, (answer) => {
            answer.on('error', reject).on('end', () => (answer.statusCode === 200 ? resolve(performance.now() - from)
                : reject(new Error(`${path}: ${answer.statusCode}`)))).resume();
        }).on('error', reject);
    });
}

// The proxy that previews seek in is there.
async function settled(url, token) {
    const busy = async () => (await ask(url, 'GET', '/api/v1/jobs?limit=20', { token })).jobs.some((job) => !['completed', 'failed', 'cancelled'].includes(job.status));
    while (await busy())
        await new Promise((resolve) => setTimeout(resolve, 200));
}

async function scene_with_layers(url, token, files) {
    const call = (method, target, body) => ask(url, method, target, { token, body });
    const upload = async (name) => {
        const form = new FormData();
        form.append('file', new Blob([fs.readFileSync(files[name])]), name);
        return (await call('POST', '/api/v1/files/upload?transcribe=false', form)).id;
    };
    const [film, picture] = [await upload('film.mp4'), await upload('picture.png')];
    await settled(url, token);
    const { video } = await call('POST', '/api/v1/videos', { title: 'Frames', aspect_ratio: '16:9', fps: 30 });
    const { scene } = await call('POST', `/api/v1/videos/${video.id}/scenes`, { duration: SECONDS, duration_mode: 'fixed' });
    const add = async (type, properties) => (await call('POST', `/api/v1/scenes/${scene.id}/layers`, { type, name: type, duration: SECONDS, properties })).layer.id;
    await add('media', { media_id: film, media_type: 'video', fit: 'cover', width: 100, height: 100 });
    await add('media', { media_id: picture, media_type: 'image', width: 25, position: { x: 82, y: 22 }, rotation: 4 });
    await add('shape', { shape: 'rounded', width: 60, height: 16, position: { x: 50, y: 86 }, fill: '#101014B0' });
    await add('avatar', { avatar_id: 'amy', shape: 'circle', scale: 0.5, position: { x: 14, y: 26 } });
    return { path: `/api/v1/videos/${video.id}/scenes/${scene.id}/preview`, words: await add('text', { text: 'A word or two', font_size: 72, position: { x: 50, y: 86 } }) };
}

// {same, random}: milliseconds of each frame, at one time of the film while the words move, and at times all over it.
export async function preview_times(folder, files) {
    const server = await start_kinora(folder), agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    try {
        const token = await account(server.url, 'bench');
        const { path, words } = await scene_with_layers(server.url, token, files);
        const look = (seconds) => frame(server.url, `${path}?t=${seconds.toFixed(3)}&w=${WIDTH}`, token, agent);
        const same = [], random = [];
        for (let i = 0; i < 5; i++)
            await look(i);
        for (let i = 0; i < FRAMES; i++) {
            await ask(server.url, 'PUT', `/api/v1/layers/${words}`, { token, body: { properties: { position: { x: 40 + i % 20, y: 86 } } } });
            same.push(await look(4));
        }
        for (let i = 0; i < FRAMES; i++)
            random.push(await look((i * 7.13) % (SECONDS - 0.1)));
        return { same: same.slice(5), random };
    } finally {
        agent.destroy();
        await server.stop();
    }
}
