// SPDX-License-Identifier: GPL-3.0-or-later
// tsan-load.mjs SECONDS: rooms of people who edit one video over sockets (bench/realtime_load), and all the while uploads,
// renders, transcripts, searches, event streams, settings, logins and logouts over HTTP; then a stop in the middle of it.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { Client } from '../../tests/api/lib/client.mjs';
import { picture, speech, wav } from '../../tests/api/lib/media.mjs';
import { Server, repository, sleep, temporary } from '../../tests/api/lib/server.mjs';

const ROOMS = 4, ROOM = 8, seconds = Number(process.argv[2]);
const folder = temporary('tsan');
const server = await Server.start();
const root = await new Client(server).user('root');

const lines = [];
const people = [];
for (let room = 0; room < ROOMS; room++) {
    const editors = [];
    for (let i = 0; i < ROOM; i++)
        editors.push(await root.user(`editor-${room}-${i}`, { plan: 'business' }));
    const { data: { video } } = await editors[0].must(201, 'POST', '/api/v1/videos', { title: `Video ${room}` });
    const { data: { scene } } = await editors[0].must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, { text: 'A scene', duration: 1 });
    for (const [i, editor] of editors.entries()) {
        if (i)
            await editors[0].must(201, 'POST', `/api/v1/videos/${video.id}/members`, { username: `editor-${room}-${i}` });
        const { data: { layer } } = await editor.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`,
            { type: 'text', name: `Title ${i}`, duration: 1, properties: { text: 'A line', color: '#FFFFFF' } });
        const change = JSON.stringify(['layer:update', { layer_id: layer.id, changes: { properties: { text: '%T%' } } }]);
        lines.push(['1', `40${JSON.stringify({ token: editor.token })}`, '', `421${change}`]);
    }
    people.push({ editor: editors[0], name: `editor-${room}-0`, video, scene });
}
const file = path.join(folder, 'clients.txt');
fs.writeFileSync(file, lines.map((line) => line.join('\t') + '\n').join(''));
const load = spawn(path.join(repository, 'build/bench/realtime_load'), ['127.0.0.1', String(server.port), file, '5', String(seconds)], { stdio: ['pipe', 'pipe', 'inherit'] });
let told = '';
load.stdout.setEncoding('utf8').on('data', (text) => (told += text));
const ended = new Promise((resolve) => load.on('close', resolve));

const end = Date.now() + seconds * 1000;
async function busy({ editor, name, video, scene }) {
    for (let round = 0; Date.now() < end; round++) {
        const session = await editor.login(name), stream = session.events('/api/v1/events');
        await stream.opened;
        const sound = await session.upload(`${round}.wav`, speech(), '?transcribe=true');
        await session.upload(`${round}.png`, picture());
        const { data: { job_id } } = await session.must(202, 'POST', `/api/v1/videos/${video.id}/render`, { quality: '480p' });
        await Promise.all(['/api/v1/videos', '/mediafiles', `/api/v1/videos/${video.id}/history`, '/api/v1/jobs', '/health', '/metrics', '/api/v1/search?q=spades',
            `/api/v1/videos/${video.id}/scenes/${scene.id}/preview?t=0`, `/api/v1/files/${sound.id}/content`, '/api/v1/users/me/export'].map((where) => session.get(where)));
        await root.must(200, 'PUT', '/api/v1/settings', { token_ttl: 80_000 + round });
        await session.post('/api/v1/voices/generate', { voice_id: 'en', text: `Round ${round}` });
        await session.call('POST', `/api/v1/jobs/${job_id}/cancel`);
        await session.delete(`/api/v1/files/${sound.id}`);
        await session.must(200, 'POST', '/api/v1/auth/logout');
        stream.close();
    }
}
const guest = await root.user('guest');
await guest.upload('a.wav', wav(0.5));
await Promise.all([...people.map(busy), guest.must(200, 'DELETE', `/users/${guest.me.id}`)]);
const code = await ended;
await Promise.all(people.map(({ editor }) => editor.upload('last.wav', speech(), '?transcribe=true')));
await sleep(500);
const stopped = await server.stop();
await server.remove();
fs.rmSync(folder, { recursive: true });
const { sent, acks, delivered, lost, refused } = JSON.parse(told.trim().split('\n').pop());
console.log(`${lines.length} editors: ${sent} changes, ${acks} acknowledged, ${delivered} delivered, ${lost} lost, ${refused} refused; stopped with ${stopped}`);
process.exit(code === 0 && stopped === 0 && acks > 0 ? 0 : 1);
