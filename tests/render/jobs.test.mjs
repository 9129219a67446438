// SPDX-License-Identifier: GPL-3.0-or-later
// Renders while they run: what they tell, how they end when they should, and what is left when the server is killed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { made, picture } from '../api/lib/media.mjs';
import { Server, until } from '../api/lib/server.mjs';

const ROOM = 3 << 20; // of the cache: some scenes
let server, ada, film;
before(async () => {
    server = new Server({ env: { KINORA_RENDER_CACHE_BYTES: String(ROOM) } });
    await server.start();
    ada = await new Client(server).user('root');
    film = await ada.upload('film.mp4', made('film.mp4', '-f', 'lavfi', '-i', 'testsrc2=s=640x360:d=2:r=30', '-pix_fmt', 'yuv420p'));
    await server.idle();
});
after(() => server.remove());

async function moving_video(scenes, seconds, properties = {}) {
    const { data: { video } } = await ada.must(201, 'POST', '/api/v1/videos', { title: 'Jobs' });
    for (let i = 0; i < scenes; i++) {
        const { data: { scene } } = await ada.must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, { duration: seconds });
        await ada.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`, { type: 'media', name: 'm', duration: seconds, properties: { media_id: film.id, rotation: i + 1, ...properties } });
    }
    return video;
}
const begin = async (video, more = {}) => (await ada.must(202, 'POST', `/api/v1/videos/${video.id}/render`, { quality: '480p', preset: 'draft', ...more })).data.job_id;
const told = async (id, client = ada) => (await client.must(200, 'GET', `/api/v1/renders/${id}`)).data.render;
const engines = () => server.sql("SELECT count(*) AS n FROM job WHERE state = 'processing'")[0].n;

test('progress never goes back, names the scene and guesses what is left', async () => {
    const id = await begin(await moving_video(4, 1.5)), seen = [];
    await until('the render has ended', async () => {
        const render = await told(id);
        seen.push(render);
        return render.status === 'completed' || (assert.notEqual(render.status, 'failed', render.error), false);
    }, { limit_ms: 120_000, every_ms: 30 });
    seen.forEach((one, i) => assert.ok(i === 0 || one.progress >= seen[i - 1].progress, `${seen[i - 1]?.progress} to ${one.progress}`));
    const during = seen.filter((one) => one.status === 'processing' && one.total_scenes);
    assert.ok(during.length > 0 && during.every((one) => one.total_scenes === 4 && one.current_scene >= 1 && one.current_scene <= 4));
    during.forEach((one, i) => assert.ok(i === 0 || one.current_scene >= during[i - 1].current_scene));
    assert.ok(during.some((one) => one.estimated_time_remaining > 0 && one.estimated_time_remaining < 600));
    assert.equal(seen.at(-1).progress, 100);
});

// Engines that the server has started: none is left of what was cancelled.
const children = () => {
    const of = (pid) => fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    try {
        return of(server.child.pid).flatMap((pid) => of(pid));
    } catch {
        return []; // one ended while it was asked
    }
};

test('a cancelled render stops working within two seconds and leaves the queue free', async () => {
    const took = [];
    // The machine may be busy with other things: it is fast enough when one of three is.
    for (let i = 0; i < 3 && !took.some((ms) => ms < 2000); i++) {
        await until('nothing is at work', () => engines() === 0, { limit_ms: 30_000 });
        const before_it = new Set(children());
        const id = await begin(await moving_video(2, 60, { opacity: 1 - i / 10 }), { quality: '1080p', preset: 'high' });
        const parts = () => server.sql(`SELECT count(*) AS n FROM job WHERE parent IS NOT NULL AND state = 'processing'`)[0].n;
        await until('parts are at work', () => parts() > 0 && children().some((pid) => !before_it.has(pid)));
        const at_work = children().filter((pid) => !before_it.has(pid));
        const begun = Date.now();
        await ada.must(200, 'POST', `/api/v1/jobs/${id}/cancel`);
        assert.equal((await told(id)).status, 'cancelled');
        await until('its engines have ended', () => engines() === 0 && !at_work.some((pid) => children().includes(pid)), { limit_ms: 30_000, every_ms: 20 });
        took.push(Date.now() - begun);
    }
    assert.ok(took.some((ms) => ms < 2000), `${took} ms`);
    await ada.job_end(await begin(await moving_video(1, 0.5)));
});

test('a render that was killed goes on at its last finished piece', async () => {
    const video = await moving_video(5, 1.5, { scale: 0.9 }), id = await begin(video);
    const finished = () => server.sql("SELECT id FROM job WHERE parent IS NOT NULL AND state = 'completed'").map((row) => row.id);
    await until('some pieces are there', () => finished().length >= 2, { limit_ms: 60_000, every_ms: 20 });
    await server.kill();
    const kept = new Set(finished());
    const left = server.sql("SELECT count(*) AS n FROM job WHERE parent IS NOT NULL AND state <> 'completed'")[0].n;
    assert.ok(kept.size >= 2 && left > 0, `${kept.size} pieces of the film were there, ${left} not`);
    const pieces = server.sql("SELECT key, blob_id FROM cache WHERE key NOT LIKE 'proxy%'");
    await server.start();
    const again = new Client(server, { token: ada.token });
    await again.job_end(id);
    assert.equal((await told(id, again)).status, 'completed');
    // What had been made was not made again: the same blobs lie under the same keys.
    const now = new Map(server.sql('SELECT key, blob_id FROM cache').map((row) => [row.key, row.blob_id]));
    assert.ok(pieces.every((row) => !now.has(row.key) || now.get(row.key) === row.blob_id));
    ada = Object.assign(again, { me: ada.me });
});

test('a file that is gone, was damaged or was never one stops a render before anything is made, and is named with its layer', async () => {
    const hollow = made('hollow.mp4', '-f', 'lavfi', '-i', 'testsrc2=s=160x90:d=1:r=10', '-pix_fmt', 'yuv420p', '-movflags', '+faststart');
    const files = { deleted: await ada.upload('deleted.png', picture('red')), damaged: await ada.upload('damaged.png', picture('blue')),
        hollow: await ada.upload('hollow.mp4', hollow.fill(0x55, hollow.indexOf('mdat') + 4)), unknown: { id: randomUUID() } };
    await server.idle();
    const videos = {};
    for (const [name, { id }] of Object.entries(files))
        videos[name] = await moving_video(2, 0.5, { media_id: id, media_type: name === 'hollow' ? 'video' : 'image' });
    await ada.must(200, 'DELETE', `/api/v1/files/${files.deleted.id}`);
    const [{ blob_id }] = server.sql(`SELECT blob_id FROM media WHERE id = '${files.damaged.id}'`);
    const blob = spawnSync('find', [server.data, '-type', 'f', '-name', `*${blob_id}*`], { encoding: 'utf8' }).stdout.trim();
    fs.writeFileSync(blob, fs.readFileSync(blob).fill(1, 40));
    const kept = () => server.sql("SELECT count(*) AS n FROM cache WHERE key NOT LIKE 'proxy%'")[0].n;
    for (const [name, video] of Object.entries(videos)) {
        const before_it = kept(), id = await begin(video);
        await ada.job_end(id, { state: 'failed' });
        const { error } = await told(id);
        assert.match(error, new RegExp(`Layer "m" of scene 1 uses the picture "${files[name].id}"`), name);
        assert.equal(kept(), before_it, name);
        // Marked instead, the film is made.
        const marked = await begin(video, { allow_missing: true });
        await ada.job_end(marked);
        assert.match(JSON.stringify((await told(marked)).warnings), new RegExp(files[name].id), name);
    }
});

test('the cache stays within its room, and what was used last stays', async () => {
    const noise = await ada.upload('noise.png', made('noise.png', '-f', 'lavfi', '-i', "nullsrc=s=640x360,geq=random(1)*255:128:128", '-frames:v', '1'));
    const videos = [];
    for (let i = 0; i < 3; i++)
        videos.push(await moving_video(1, 2, { media_id: noise.id, scale: 1 + i / 10, animation: 'kenBurns' }));
    const size = () => server.sql('SELECT coalesce(sum(size_bytes), 0) AS n FROM cache')[0].n;
    for (const video of videos)
        await ada.job_end(await begin(video, { preset: 'high' }));
    assert.ok(size() <= ROOM && size() > 0, `${size()} bytes`);
    // The newest piece is used again, so it is still there.
    const newest = server.sql('SELECT key FROM cache ORDER BY used_at DESC LIMIT 1')[0].key;
    await ada.job_end(await begin(videos[2], { preset: 'high' }));
    assert.ok(server.sql('SELECT key FROM cache').some((row) => row.key === newest));
});
