// SPDX-License-Identifier: GPL-3.0-or-later
// Links of every kind against a site on loopback, by the real tools.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { made, picture, silent_film, speech, wav } from '../api/lib/media.mjs';
import { Server, temporary, until } from '../api/lib/server.mjs';
import { add, look } from './lib/saver.mjs';
import { Site, feed, html } from './lib/site.mjs';

let server, root, site, stalled;
before(async () => {
    server = await Server.start({ env: { KINORA_ALLOW_PRIVATE_LINKS: '1' } });
    root = await new Client(server).user('root');
    site = await Site.start({
        '/film.mp4': { type: 'video/mp4', bytes: silent_film() },
        '/red.png': { type: 'image/png', bytes: picture('red') },
        '/blue.png': { type: 'image/png', bytes: picture('blue') },
        '/broken': (request, response) => response.writeHead(500).end('broken'),
        '/private': (request, response) => response.writeHead(401).end(),
        '/abroad': (request, response) => response.writeHead(451).end(),
        '/text.wav': { type: 'audio/wav', bytes: 'this is no sound' },
    });
    site.pages['/film.html'] = html('<video src="/film.mp4"></video>');
    // It takes its time, which the other tests do not wait for.
    site.pages['/stall.wav'] = (request, response) => response.writeHead(200, { 'Content-Type': 'audio/wav', 'Content-Length': 1e6 }).write('RIFF');
    stalled = await add(root, 'direct', `${site.origin}/stall.wav`);
    await root.must(200, 'POST', `/api/v1/links/${stalled.id}/trigger-download`);
});
after(async () => {
    await site.stop();
    await server.remove();
});

const saved = async (record) => Promise.all(record.media_ids.map((id) => root.must(200, 'GET', `/mediafiles/${id}`)));

test('a direct file is saved once, and again when it has changed', async () => {
    site.pages['/changing.wav'] = { type: 'audio/wav', bytes: wav(0.5), headers: { ETag: '"1"' } };
    const link = await add(root, 'direct', `${site.origin}/changing.wav?x=1`);
    const first = await look(root, link, { status: 'success' });
    assert.equal(first.message, 'Downloaded 1 new item.');
    assert.deepEqual(first.downloaded_files, ['changing.wav']);
    const [media] = await saved(first);
    assert.equal(media.uuid, first.media_uuids[0]);
    assert.deepEqual((await root.get(`/api/v1/files/${media.uuid}/content`)).bytes, wav(0.5));
    const second = await look(root, link, { status: 'success' });
    assert.deepEqual([second.message, second.downloaded_files, second.media_ids], ['Downloaded 0 new items.', [], []]);
    site.pages['/changing.wav'] = { type: 'audio/wav', bytes: wav(0.5), headers: { ETag: '"2"' } }; // only its tag
    assert.equal((await look(root, link)).message, 'Downloaded 0 new items.');
    site.pages['/changing.wav'] = { type: 'audio/wav', bytes: wav(0.7), headers: { ETag: '"3"' } };
    assert.equal((await look(root, link)).message, 'Downloaded 1 new item.');
    const now = await root.must(200, 'GET', `/api/v1/links/${link.id}`);
    assert.deepEqual([now.last_status, now.last_error, now.items_total], ['success', null, 3]);
});

test('the same content at two addresses is stored once', async () => {
    const bytes = wav(0.9);
    site.pages['/one.wav'] = site.pages['/two.wav'] = { type: 'audio/wav', bytes };
    for (const name of ['one', 'two'])
        await look(root, await add(root, 'direct', `${site.origin}/${name}.wav`), { status: 'success' });
    const rows = server.sql("SELECT blob_id FROM media WHERE file_name IN ('one.wav', 'two.wav')");
    assert.equal(rows.length, 2);
    assert.equal(rows[0].blob_id, rows[1].blob_id);
});

test('a download that breaks off is taken up where it stopped', async () => {
    const bytes = wav(20);
    let broken = 0;
    site.pages['/long.wav'] = (request, response) => {
        const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
        const from = range ? Number(range[1]) : 0;
        response.writeHead(range ? 206 : 200, { 'Content-Length': bytes.length - from, ETag: '"long"', 'Content-Type': 'audio/wav',
            ...(range ? { 'Content-Range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {}) });
        if (range)
            return void response.end(bytes.subarray(from));
        broken++;
        response.write(bytes.subarray(0, 300_000), () => setTimeout(() => response.destroy(), 300));
    };
    const link = await add(root, 'direct', `${site.origin}/long.wav`);
    assert.equal((await look(root, link, { status: 'failure' })).failure, 'network');
    const record = await look(root, link, { status: 'success' });
    assert.equal(broken, 1);
    const [media] = await saved(record);
    assert.deepEqual((await root.get(`/api/v1/files/${media.uuid}/content`)).bytes, bytes);
    const ranges = site.requests.filter(({ url }) => url === '/long.wav').map(({ headers }) => [headers.range, headers['if-range']]);
    assert.ok(Number(/\d+/.exec(ranges[1][0])[0]) > 0, 'the second one begins in the middle');
    assert.equal(ranges[1][1], '"long"');
});

test('episodes of a feed, by title, at most so many, the newest kept; hostile XML is no way in', async () => {
    const episodes = ['Apples', 'Pears', 'Nuts and apples'].map((title, i) => {
        site.pages[`/e${i}.wav`] = { type: 'audio/wav', bytes: wav(0.3 + i / 10) };
        return { title, guid: `e${i}`, url: `${site.origin}/e${i}.wav` };
    });
    site.pages['/feed.xml'] = feed(episodes);
    const link = await add(root, 'podcast_feed', `${site.origin}/feed.xml`, { title_include: 'APPLES', title_exclude: 'nuts' });
    assert.deepEqual((await look(root, link, { status: 'success' })).downloaded_files, ['Apples.wav']);
    await root.must(200, 'PUT', `/api/v1/links/${link.id}`, { title_include: '', title_exclude: '', max_items: 1 });
    assert.deepEqual((await look(root, link)).downloaded_files, ['Pears.wav']);
    await root.must(200, 'PUT', `/api/v1/links/${link.id}`, { keep_last: 1 });
    assert.deepEqual((await look(root, link)).downloaded_files, ['Nuts and apples.wav']);
    assert.deepEqual(server.sql(`SELECT m.file_name FROM media m JOIN link_item i ON i.media_id = m.id JOIN link l ON l.id = i.link_id WHERE l.number = ${link.id}`)
        .map((row) => row.file_name), ['Nuts and apples.wav']);
    assert.equal((await look(root, link)).message, 'Downloaded 0 new items.');

    const secret = feed([{ title: '&x;', guid: 'x', url: `${site.origin}/e0.wav` }], '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/hostname">]>');
    const bomb = feed([{ title: '&j;', guid: 'x', url: `${site.origin}/e0.wav` }], `<!DOCTYPE rss [<!ENTITY a "${'a'.repeat(1000)}">${
        'bcdefghij'.split('').map((name, i) => `<!ENTITY ${name} "${`&${'abcdefghi'[i]};`.repeat(20)}">`).join('')}]>`);
    for (const [name, page] of Object.entries({ secret, bomb, text: { type: 'text/xml', bytes: 'no feed' }, cut: { type: 'text/xml', bytes: '<rss><channel><item>' } })) {
        site.pages[`/${name}.xml`] = page;
        const record = await look(root, await add(root, 'podcast_feed', `${site.origin}/${name}.xml`));
        assert.ok(record.downloaded_files.every((file) => /^(.?\.wav|e0\.wav|file)$/.test(file)), JSON.stringify(record));
    }
});

test('what a run cannot do is classed, with what to do, in the record and the link; others go on', async () => {
    for (const [path, failure] of [['/none.wav', 'gone'], ['/broken', 'network'], ['/private', 'login_needed'], ['/abroad', 'geo_blocked'], ['/text.wav', 'other']]) {
        const link = await add(root, 'direct', site.origin + path);
        const record = await look(root, link, { status: 'failure' });
        assert.equal(record.failure, failure, JSON.stringify(record));
        assert.ok(record.advice.length > 20);
        const now = await root.must(200, 'GET', `/api/v1/links/${link.id}`);
        assert.deepEqual([now.last_status, now.last_failure, now.last_error], ['failure', failure, record.message]);
    }
    const login = await add(root, 'direct', `${site.origin}/private`, { cookies: '{"session": "old"}' });
    assert.equal((await look(root, login)).failure, 'cookies_expired');
    assert.equal(site.requests.at(-1).headers.cookie, 'session=old');
    assert.ok(!server.sql(`SELECT hex(sealed_cookies) AS hex FROM link WHERE number = ${login.id}`)[0].hex.includes(Buffer.from('old').toString('hex').toUpperCase()));
    site.pages['/mixed.xml'] = feed([{ title: 'Good', guid: 'g', url: `${site.origin}/e0.wav` }, { title: 'Bad', guid: 'b', url: `${site.origin}/none.wav` }]);
    const mixed = await look(root, await add(root, 'podcast_feed', `${site.origin}/mixed.xml`), { status: 'partial' });
    assert.match(mixed.message, /^Downloaded 1 new item\. 1 failed/);
    assert.equal((await root.must(200, 'POST', '/api/v1/links/retry-failed?class=geo_blocked')).links, 1);
});

test('a file above the limit is refused, and the limit changes without a restart', async () => {
    site.pages['/big.wav'] = { type: 'audio/wav', bytes: wav(3) };
    const link = await add(root, 'direct', `${site.origin}/big.wav`);
    await root.must(200, 'PUT', '/api/v1/settings', { max_upload_bytes: 50_000 });
    assert.equal((await look(root, link, { status: 'failure' })).failure, 'refused_by_policy');
    await root.must(200, 'PUT', '/api/v1/settings', { max_upload_bytes: null });
    await look(root, link, { status: 'success' });
});

test('a look saves so many files at the most, and the next one goes on', async () => {
    const episodes = [0, 1, 2].map((i) => {
        site.pages[`/many${i}.wav`] = { type: 'audio/wav', bytes: wav(0.21 + i / 100) };
        return { title: `Part ${i}`, guid: `part ${i}`, url: `${site.origin}/many${i}.wav` };
    });
    site.pages['/many.xml'] = feed(episodes);
    const link = await add(root, 'podcast_feed', `${site.origin}/many.xml`);
    await root.must(200, 'PUT', '/api/v1/settings', { download_max_items: 2 });
    assert.equal((await look(root, link, { status: 'success' })).downloaded_files.length, 2);
    assert.equal((await look(root, link, { status: 'success' })).downloaded_files.length, 1);
    await root.must(200, 'PUT', '/api/v1/settings', { download_max_items: null });
});

test('yt-dlp saves the film of a page once, and what it complains of is classed', async () => {
    const link = await add(root, 'generic_video', `${site.origin}/film.html`);
    const record = await look(root, link, { status: 'success' });
    assert.match(record.downloaded_files[0], /^A page.*\.mp4$/);
    assert.equal((await saved(record))[0].media_type, 'video');
    assert.equal((await look(root, link)).message, 'Downloaded 0 new items.');
    const gone = await look(root, await add(root, 'generic_video', `${site.origin}/none.html`), { status: 'failure' });
    assert.equal(gone.failure, 'gone', JSON.stringify(gone));
    const broken = await look(root, await add(root, 'generic_video', `${site.origin}/broken`), { status: 'failure' });
    assert.equal(broken.failure, 'network', JSON.stringify(broken));
});

test('gallery-dl saves the pictures of a page, and later only those that are new', async () => {
    site.pages['/gallery.html'] = html(`<img src="${site.origin}/red.png">`);
    const link = await add(root, 'generic_gallery', `${site.origin}/gallery.html`);
    assert.deepEqual((await look(root, link, { status: 'success' })).downloaded_files, ['red.png']);
    site.pages['/gallery.html'] = html(`<img src="${site.origin}/red.png"> <a href="${site.origin}/blue.png">blue</a>`);
    const record = await look(root, link, { status: 'success' });
    assert.deepEqual(record.downloaded_files, ['blue.png']);
    assert.equal((await saved(record))[0].media_type, 'image');
    assert.equal((await look(root, link)).message, 'Downloaded 0 new items.');
});

test('names from outside are made harmless', async () => {
    site.pages['/named'] = { type: 'audio/wav', bytes: wav(0.2), headers: { 'Content-Disposition': 'attachment; filename="../../etc/\\u0001evil\\tname.wav"' } };
    const { downloaded_files: [name] } = await look(root, await add(root, 'direct', `${site.origin}/named`), { status: 'success' });
    assert.doesNotMatch(name, /[/\\\u0000-\u001f]|^\.\.$/);
});

test('a download that is cancelled says so and leaves nothing half-made', async () => {
    site.pages['/endless.wav'] = (request, response) => {
        response.writeHead(200, { 'Content-Type': 'audio/wav', 'Content-Length': 1e9 });
        const timer = setInterval(() => response.write(Buffer.alloc(1000)), 50);
        response.on('close', () => clearInterval(timer));
    };
    const link = await add(root, 'direct', `${site.origin}/endless.wav`);
    const { job_id } = await root.must(200, 'POST', `/api/v1/links/${link.id}/trigger-download`);
    assert.equal((await root.must(200, 'POST', `/api/v1/links/${link.id}/trigger-download`)).job_id, job_id, 'one run at a time');
    await until('it loads', () => site.asked['/endless.wav']);
    await root.must(200, 'POST', `/api/v1/jobs/${job_id}/cancel`);
    const record = await until('the record is there', async () => (await root.must(200, 'GET', `/api/v1/history?link_id=${link.id}`))[0]);
    assert.equal(record.status, 'cancelled');
    assert.equal(site.asked['/endless.wav'], 1);
});

test('links that download automatically are looked at by themselves, failures ever later, and once after a pause', async () => {
    site.pages['/auto.wav'] = { type: 'audio/wav', bytes: wav(0.4) };
    const good = await add(root, 'direct', `${site.origin}/auto.wav`, { download_automatically: true });
    const bad = await add(root, 'direct', `${site.origin}/none-auto.wav`, { download_automatically: true });
    const off = await add(root, 'direct', `${site.origin}/off.wav`, { download_automatically: true, is_enabled: false });
    const checked = (link) => until(`link ${link.id} was looked at`, async () => {
        const now = await root.must(200, 'GET', `/api/v1/links/${link.id}`);
        return now.last_checked_at && now;
    });
    const wait_s = (link) => (Date.parse(link.next_check_at) - Date.parse(link.last_checked_at)) / 1000;
    const [well, badly] = [await checked(good), await checked(bad)];
    assert.equal(well.last_status, 'success');
    assert.ok(wait_s(well) >= 3230 && wait_s(well) <= 3970, `an hour and a tenth: ${wait_s(well)}`);
    assert.ok(wait_s(badly) >= 6400, `twice as long: ${wait_s(badly)}`);
    assert.equal((await root.must(200, 'GET', `/api/v1/links/${off.id}`)).next_check_at, null);
    await root.must(200, 'PUT', '/api/v1/settings', { link_monitor_interval_minutes: 120 });
    assert.ok(wait_s(await root.must(200, 'GET', `/api/v1/links/${good.id}`)) > 6400, 'a change counts at once');
    await server.stop();
    server.sql(`UPDATE link SET last_checked_at = last_checked_at - 86400000000 WHERE number = ${good.id}`);
    await server.start();
    root.agent.destroy();
    root = await new Client(server).login('root');
    await until('it was caught up with', async () => (await root.must(200, 'GET', `/api/v1/history?link_id=${good.id}`)).length === 2);
    assert.equal(site.asked['/off.wav'], undefined);
});

test('a server that stops in the middle of an answer is given up', async () => {
    const record = await until('the stall was noticed', async () => (await root.must(200, 'GET', `/api/v1/history?link_id=${stalled.id}`))[0]);
    assert.deepEqual([record.status, record.failure], ['failure', 'network']);
});

test('a full disk stops a download cleanly, and the next one that fits works', async () => {
    const data = temporary('small');
    const small = await Server.start({ data, env: { KINORA_ALLOW_PRIVATE_LINKS: '1' },
        around: ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs -o size=110m tmpfs "$0" && exec "$@"', data] });
    try {
        const user = await new Client(small).user('root');
        site.pages['/huge.wav'] = { type: 'audio/wav', bytes: Buffer.alloc(90 << 20) };
        const record = await look(user, await add(user, 'direct', `${site.origin}/huge.wav`), { status: 'failure' });
        assert.equal(record.failure, 'disk_full', JSON.stringify(record));
        site.pages['/tiny.wav'] = { type: 'audio/wav', bytes: wav(0.1) };
        await look(user, await add(user, 'direct', `${site.origin}/tiny.wav`), { status: 'success' });
    } finally {
        await small.remove();
    }
});

test('a saved episode is transcribed and found by the search', async () => {
    site.pages['/talk.wav'] = { type: 'audio/wav', bytes: speech(1) };
    site.pages['/talks.xml'] = feed([{ title: 'A talk', guid: 't', url: `${site.origin}/talk.wav` }]);
    const record = await look(root, await add(root, 'podcast_feed', `${site.origin}/talks.xml`, { transcribe: true }), { status: 'success' });
    await server.idle();
    const [text] = (await root.must(200, 'GET', '/transcriptions')).filter((one) => one.media_id === record.media_ids[0]);
    const word = text.text.split(' ').sort((a, b) => b.length - a.length)[0];
    const { hits } = await root.must(200, 'GET', `/api/v1/search?kind=segment&q=${encodeURIComponent(word)}`);
    assert.ok(hits.some((hit) => hit.media_id === record.media_uuids[0]), `${word} in ${text.text}`);
});
