// SPDX-License-Identifier: GPL-3.0-or-later
// What yt-dlp and gallery-dl are told: cookies, quality, sound alone; downloads of theirs that break off.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { made, picture } from '../api/lib/media.mjs';
import { Server, run, until } from '../api/lib/server.mjs';
import { add, look } from './lib/saver.mjs';
import { Site, html } from './lib/site.mjs';

let server, root, site;
before(async () => {
    server = await Server.start({ env: { KINORA_ALLOW_PRIVATE_LINKS: '1' } });
    root = await new Client(server).user('root');
    site = await Site.start();
});
after(async () => {
    await site.stop();
    await server.remove();
});

const film = (height, seconds) => made(`${height}.mp4`, '-f', 'lavfi', '-i', `testsrc=s=${height * 2}x${height}:d=${seconds}:r=10`, '-f', 'lavfi', '-i', `sine=d=${seconds}`,
    '-pix_fmt', 'yuv420p', '-shortest');
const media_of = async (record) => root.must(200, 'GET', `/mediafiles/${record.media_ids[0]}`);

test('a film that breaks off is taken up where it stopped, by the next look, and tells its progress', async () => {
    const bytes = film(160, 4), part = Math.floor(bytes.length / 3);
    let breaks = true, go_on;
    const ranges = [];
    site.pages['/broken.mp4'] = (request, response) => {
        const range = /^bytes=(\d+)-/.exec(request.headers.range ?? ''), from = range ? Number(range[1]) : 0;
        if (request.method === 'GET')
            ranges.push(from);
        response.writeHead(range ? 206 : 200, { 'Content-Type': 'video/mp4', 'Content-Length': bytes.length - from, 'Accept-Ranges': 'bytes',
            ...(range ? { 'Content-Range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {}) });
        if (request.method === 'HEAD')
            return void response.end();
        if (breaks)
            return void response.write(bytes.subarray(from, Math.max(part, from)), () => setTimeout(() => response.destroy(), 100));
        response.write(bytes.subarray(from, 2 * part));
        go_on = () => response.end(bytes.subarray(Math.max(from, 2 * part)));
    };
    const link = await add(root, 'generic_video', `${site.origin}/broken.mp4`);
    const broken = await look(root, link, { status: 'failure' });
    assert.equal(broken.failure, 'network', JSON.stringify(broken));
    breaks = false;
    ranges.length = 0;
    const { job_id } = await root.must(200, 'POST', `/api/v1/links/${link.id}/trigger-download`);
    await until('its progress is told', async () => (await root.job(job_id)).progress > 0.2, { limit_ms: 60_000 });
    go_on();
    await root.job_end(job_id);
    const [record] = await root.must(200, 'GET', `/api/v1/history?link_id=${link.id}&limit=1`);
    const media = await media_of(record);
    assert.deepEqual((await root.get(`/api/v1/files/${media.uuid}/content`)).bytes, bytes);
    assert.ok(ranges.some((from) => from >= part), `asked from ${ranges}`);
});

test('quality, sound alone and cookies reach the tools', async () => {
    const ts = (height) => made(`${height}.ts`, '-f', 'lavfi', '-i', `testsrc=s=${height * 2}x${height}:d=1:r=10`, '-f', 'lavfi', '-i', 'sine=d=1', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-shortest', '-f', 'mpegts');
    const list = (text) => ({ type: 'application/vnd.apple.mpegurl', bytes: `#EXTM3U\n#EXT-X-VERSION:3\n${text}` });
    site.pages['/master.m3u8'] = list([360, 480].map((height) => `#EXT-X-STREAM-INF:BANDWIDTH=${height * 1000},RESOLUTION=${height * 2}x${height}\n/${height}.m3u8\n`).join(''));
    for (const height of [360, 480]) {
        site.pages[`/${height}.m3u8`] = list(`#EXT-X-TARGETDURATION:1\n#EXTINF:1.0,\n/${height}.ts\n#EXT-X-ENDLIST\n`);
        site.pages[`/${height}.ts`] = { type: 'video/mp2t', bytes: ts(height) };
    }
    const cookies = { sid: 'mine' };
    const small = await look(root, await add(root, 'generic_video', `${site.origin}/master.m3u8`, { quality: '360p', cookies }), { status: 'success' });
    assert.equal((await media_of(small)).height, 360);
    assert.equal(site.asked['/480.ts'], undefined);
    assert.equal(site.requests.find(({ url }) => url === '/master.m3u8').headers.cookie, 'sid=mine');
    site.pages['/talk.mp4'] = { type: 'video/mp4', bytes: film(120, 1) };
    const sound = await look(root, await add(root, 'youtube_playlist', `${site.origin}/talk.mp4`, { audio_only: true }), { status: 'success' });
    assert.equal((await media_of(sound)).media_type, 'audio');
    site.pages['/pictures.html'] = html(`<img src="${site.origin}/green.png">`);
    site.pages['/green.png'] = { type: 'image/png', bytes: picture('green') };
    await look(root, await add(root, 'generic_gallery', `${site.origin}/pictures.html`, { cookies }), { status: 'success' });
    assert.equal(site.requests.find(({ url }) => url === '/pictures.html').headers.cookie, 'sid=mine');
});

test('the doctor shows the versions of the tools, and the wall', () => {
    const { stdout } = run(['doctor', '--data', server.data], { limit_ms: 60_000 });
    assert.match(stdout, /yt-dlp.* 20\d\d\.\d\d\.\d\d/);
    assert.match(stdout, /gallery-dl.* \d+\.\d+/);
    assert.match(stdout, /downloads .*(namespace|landlock)/);
});
