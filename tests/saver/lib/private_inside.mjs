// SPDX-License-Identifier: GPL-3.0-or-later
// private_inside.mjs WALL: runs in a network namespace in which every address leads to this program, public and private
// ones alike (see redirects.test.mjs). A public site leads links into private networks by each way there is; ends with 0
// when each was refused and nothing connected, and when what stays on the public address was saved.
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import fs from 'node:fs';
import path from 'node:path';
import { Client } from '../../api/lib/client.mjs';
import { made, picture, silent_film, wav } from '../../api/lib/media.mjs';
import { Server } from '../../api/lib/server.mjs';
import { add, look } from './saver.mjs';
import { Site, feed, html } from './site.mjs';

const [wall] = process.argv.slice(2);
const site = await Site.start({}, '::'); // IPv4 too
const at = (host) => `http://${host}:${site.port}`;
const here = at('93.184.216.34');
const reached = [];
site.server.on('connection', (socket) => reached.push(socket.localAddress.replace('::ffff:', '')));
const datagrams = dgram.createSocket('udp6', () => reached.push('by a datagram')).bind(site.port);

const sound = { type: 'audio/wav', bytes: wav(0.3) }, film = { type: 'video/mp4', bytes: silent_film() }, red = { type: 'image/png', bytes: picture('red') };
const to = (location) => (request, response) => response.writeHead(302, { Location: location }).end();
// A kind of encryption that yt-dlp leaves to ffmpeg, which is shown the same without it: it says what yt-dlp tells it to,
// but for a header of its own.
const stream = (segment) => (request, response) => response.writeHead(200, { 'Content-Type': 'application/vnd.apple.mpegurl' })
    .end(`#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n${request.headers['icy-metadata'] === undefined ? '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="key"\n' : ''}`
        + `#EXTINF:1.0,\n${segment}\n#EXT-X-ENDLIST\n`);
Object.assign(site.pages, { '/x.wav': sound, '/x.mp4': film, '/x.png': red,
    '/part.ts': { type: 'video/mp2t', bytes: made('part.ts', '-f', 'lavfi', '-i', 'testsrc=s=160x120:d=1:r=10', '-pix_fmt', 'yuv420p', '-f', 'mpegts') } });

const privates = ['127.0.0.1', '10.0.0.7', '192.168.1.1', '169.254.169.254', '[::1]', '[fd00::7]'];
const server = await Server.start({ env: { KINORA_DOWNLOAD_WALL: wall, KINORA_ALLOW_PRIVATE_LINKS: '' } });
const root = await new Client(server).user('root');
await root.must(200, 'PUT', '/api/v1/settings', { max_concurrent_downloads: 8 });
const run = async (type, url) => look(root, await add(root, type, url));

async function is_refused(type, page, why) {
    const record = await run(type, here + page);
    assert.deepEqual([record.status, record.failure, record.media_ids], ['failure', 'refused_by_policy', []], `${type} ${page} ${why}: ${JSON.stringify(record)}`);
}

async function is_saved(type, page) {
    const record = await run(type, here + page);
    assert.equal(record.status, 'success', `${type} ${page}: ${JSON.stringify(record)}`);
    assert.equal(record.media_ids.length, 1);
}

// A tool that cares for no proxy, and says what it could reach.
function put_wild_tool() {
    const folder = path.join(server.data, 'tools');
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, 'yt-dlp'), `#!/usr/bin/python3
import socket, sys
if "--version" in sys.argv:
    print("2099.01.01")
    sys.exit(0)
reached = []
for host in ["93.184.216.34"] + ${JSON.stringify(privates.map((host) => host.replace(/[[\]]/g, '')))}:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        try:
            with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as one:
                one.settimeout(2)
                one.connect((host, ${site.port}))
                one.send(b"GET /wild HTTP/1.0\\r\\n\\r\\n")
                if kind == socket.SOCK_STREAM and one.recv(1):
                    reached.append(host)
        except OSError:
            pass
print("ERROR: wild " + (",".join(reached) or "nothing"), file=sys.stderr)
sys.exit(1)
`, { mode: 0o755 });
}

const saved = (links) => Promise.all(links.map(([type, page]) => is_saved(type, page)));
const refused = (links) => Promise.all(links.map(([type, page, why]) => is_refused(type, page, why)));

try {
    // Public addresses are reached, or the rest would show nothing.
    site.pages['/feed.xml'] = feed([{ title: 'Good', guid: 'g', url: `${here}/x.wav` }]);
    site.pages['/gallery.html'] = html(`<img src="${here}/x.png">`);
    site.pages['/live.m3u8'] = stream(`${here}/part.ts`);
    site.pages['/moved.wav'] = to(`${here}/x.wav?moved`);
    await saved([['direct', '/moved.wav'], ['podcast_feed', '/feed.xml'], ['generic_gallery', '/gallery.html'], ['generic_video', '/live.m3u8']]);
    assert.deepEqual([...new Set(reached)], ['93.184.216.34']);
    reached.length = 0;

    // Our own client knows no wall, and is asked once.
    const links = [];
    for (const [i, host] of wall === 'namespace' ? privates.entries() : []) {
        site.pages[`/${i}/away.wav`] = to(`${at(host)}/x.wav`);
        site.pages[`/${i}/twice.wav`] = to(`${here}/${i}/away.wav`);
        site.pages[`/${i}/away.xml`] = to(`${at(host)}/feed.xml`);
        site.pages[`/${i}/feed.xml`] = feed([{ title: 'Bad', guid: host, url: `${here}/${i}/away.wav` }]);
        for (const [type, page] of [['direct', 'away.wav'], ['direct', 'twice.wav'], ['podcast_feed', 'away.xml'], ['podcast_feed', 'feed.xml']])
            links.push([type, `/${i}/${page}`, host]);
    }
    await refused(links);
    // The tools take seconds each, and one of these stands for all: addresses are judged in one place.
    const [host, meta] = [at('127.0.0.1'), at('169.254.169.254')];
    Object.assign(site.pages, {
        '/away.mp4': to(`${meta}/x.mp4`), '/away.png': to(`${meta}/x.png`), '/away.ts': to(`${host}/part.ts`), '/away.html': to(`${host}/film.html`),
        '/film2.html': html(`<video src="${here}/away.mp4"></video>`), '/film.html': html(`<video src="${here}/x.mp4"></video>`),
        '/gallery2.html': html(`<img src="${here}/away.png">`),
        '/live2.m3u8': stream(`${here}/away.ts`),
    });
    await refused([['generic_video', '/live2.m3u8'], ['generic_gallery', '/gallery2.html'], ['generic_video', '/away.html']]);
    if (wall === 'namespace')
        await refused([['generic_video', '/film2.html'], ['generic_gallery', '/away.html']]);
    assert.ok(site.requests.some(({ url, headers }) => url === '/away.ts' && headers['icy-metadata'] !== undefined), 'ffmpeg was led away');
    assert.deepEqual([...new Set(reached)], ['93.184.216.34'], 'no private address was connected to');
    reached.length = 0;

    put_wild_tool();
    const wild = await run('generic_video', `${here}/film.html`);
    assert.match(wild.message, /wild nothing/, JSON.stringify(wild));
    assert.deepEqual(reached, []);
} finally {
    await server.remove();
    datagrams.close();
    await site.stop();
}
