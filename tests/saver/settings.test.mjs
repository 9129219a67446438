// SPDX-License-Identifier: GPL-3.0-or-later
// Settings that take effect while the server runs, and what of them reaches the disk.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { wav } from '../api/lib/media.mjs';
import { Server, temporary, until } from '../api/lib/server.mjs';
import { add, look } from './lib/saver.mjs';
import { Site } from './lib/site.mjs';

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

test('the files follow media_root, by a job, and are found all the while; new ones go there at once', async () => {
    const files = [];
    for (let i = 1; i <= 5; i++)
        files.push(await root.upload(`${i}.wav`, wav(i / 5)));
    await server.idle();
    const target = temporary('root'), { media_root } = await root.must(200, 'GET', '/api/v1/settings');
    const whole = async () => {
        for (const [i, file] of files.entries())
            assert.deepEqual((await root.get(`/api/v1/files/${file.id}/content`)).bytes, wav((i + 1) / 5));
    };
    for (const wrong of ['relative', path.join(media_root, 'inside'), path.dirname(media_root), '/proc/nothing', '/etc/../tmp/x', '/usr'])
        assert.equal((await root.put('/api/v1/settings', { media_root: wrong })).status, 422, wrong);
    const changed = await root.must(200, 'PUT', '/api/v1/settings', { media_root: target });
    assert.equal(changed.media_root, fs.realpathSync(target));
    await whole();
    const { jobs: [job] } = await root.must(200, 'GET', '/api/v1/jobs?kind=move_media');
    await root.job_end(job.id);
    assert.ok(!fs.existsSync(path.join(server.data, 'blobs.old')));
    assert.ok(fs.lstatSync(path.join(server.data, 'blobs')).isSymbolicLink());
    files.push(await root.upload('6.wav', wav(6 / 5)));
    await whole();
    await server.stop();
    await server.start();
    root.agent.destroy();
    root = await new Client(server).login('root');
    await whole();
    await server.idle();
    const again = temporary('root');
    await root.must(200, 'PUT', '/api/v1/settings', { media_root: again });
    await root.job_end((await root.must(200, 'GET', '/api/v1/jobs?kind=move_media')).jobs[0].id);
    await whole();
    assert.deepEqual(fs.readdirSync(target), [], 'nothing is left in the folder of before');
});

test('site_cookies_json gives a site its cookies, from DATA/cookies alone, to links without their own', async () => {
    const folder = path.join(server.data, 'cookies');
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, 'site.txt'), '# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tsid\tfrom-the-file\n');
    fs.symlinkSync('/etc/hostname', path.join(folder, 'link.txt'));
    site.pages['/a.wav'] = { type: 'audio/wav', bytes: wav(0.1) };
    const seen = () => site.requests.at(-1).headers.cookie;
    await root.must(200, 'PUT', '/api/v1/settings', { site_cookies_json: JSON.stringify({ '127.0.0.1': path.join(folder, 'site.txt'), other: 'none.txt' }) });
    await look(root, await add(root, 'direct', `${site.origin}/a.wav`), { status: 'success' });
    assert.equal(seen(), 'sid=from-the-file');
    await look(root, await add(root, 'direct', `${site.origin}/a.wav?own`, { cookies: { sid: 'own' } }));
    assert.equal(seen(), 'sid=own');
    await root.must(200, 'PUT', '/api/v1/settings', { site_cookies_json: JSON.stringify({ '127.0.0.1': 'link.txt' }) });
    const asked = site.requests.length;
    await look(root, await add(root, 'direct', `${site.origin}/a.wav?link`), { status: 'failure' });
    assert.equal(site.requests.length, asked, 'a link to elsewhere is not followed');
    await root.must(200, 'PUT', '/api/v1/settings', { site_cookies_json: null });
});

test('max_concurrent_downloads counts over all links, and changes at once', async () => {
    let now = 0, most = 0;
    for (let i = 0; i < 6; i++)
        site.pages[`/slow${i}.wav`] = (request, response) => {
            most = Math.max(most, ++now);
            setTimeout(() => {
                now--;
                response.writeHead(200, { 'Content-Type': 'audio/wav' }).end(wav(0.1 + i / 100));
            }, 400);
        };
    const links = await Promise.all([0, 1, 2, 3, 4, 5].map((i) => add(root, 'direct', `${site.origin}/slow${i}.wav`)));
    for (const limit of [1, 4]) {
        most = 0;
        await root.must(200, 'PUT', '/api/v1/settings', { max_concurrent_downloads: limit });
        for (const link of links)
            await root.must(200, 'POST', `/api/v1/links/${link.id}/trigger-download`);
        await until('all were looked at', () => server.sql("SELECT count(*) AS n FROM job WHERE kind = 'download' AND state IN ('pending', 'processing')")[0].n === 0);
        assert.ok(most <= limit, `${most} at once, ${limit} allowed`);
        assert.ok(limit === 1 || most > 1, 'more than one at once');
    }
});

test('anybody may register once that is open, with the plan of the settings', async () => {
    const nobody = root.as(undefined), eve = { username: 'eve', email: 'eve@example.org', password: 'eve-password' };
    assert.equal((await nobody.post('/api/v1/users', eve)).status, 401);
    await root.must(200, 'PUT', '/api/v1/settings', { open_registration: true, default_plan: 'pro' });
    assert.equal((await nobody.must(200, 'POST', '/api/v1/users', eve)).plan, 'pro');
    assert.equal((await nobody.post('/api/v1/users', { ...eve, username: 'x', email: 'x@example.org', is_superuser: true })).status, 401);
    await root.must(200, 'PUT', '/api/v1/settings', { open_registration: null, default_plan: null });
});

test('settings survive a restart, and secrets are kept sealed', async () => {
    await root.must(200, 'PUT', '/api/v1/settings', { link_monitor_interval_minutes: 7, asr_key: 'a-secret-key' });
    const [row] = server.sql("SELECT value, hex(sealed) AS sealed FROM setting WHERE name = 'asr_key'");
    assert.equal(row.value, null);
    assert.ok(!row.sealed.includes(Buffer.from('a-secret-key').toString('hex').toUpperCase()));
    await server.stop();
    await server.start();
    root.agent.destroy();
    root = await new Client(server).login('root');
    const now = await root.must(200, 'GET', '/api/v1/settings');
    assert.deepEqual([now.link_monitor_interval_minutes, now.has_asr_key], [7, true]);
});

test('a newer yt-dlp in the data folder is preferred when it works, and passed over when it does not', async () => {
    const tool = path.join(server.data, 'tools', 'yt-dlp');
    fs.mkdirSync(path.dirname(tool), { recursive: true });
    const link = await add(root, 'generic_video', `${site.origin}/none.html`);
    const say = (text) => fs.writeFileSync(tool, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    say('[ "$1" = --version ] && echo 2099.01.01 && exit 0\necho "ERROR: told by the newer one" >&2; exit 1');
    assert.match((await look(root, link, { status: 'failure' })).message, /told by the newer one/);
    say('exit 3');
    assert.doesNotMatch((await look(root, link, { status: 'failure' })).message, /newer one/);
    fs.rmSync(tool);
});
