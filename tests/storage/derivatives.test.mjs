// SPDX-License-Identifier: GPL-3.0-or-later
// What is made of every file after its upload: thumbnails, posters, waveforms, proxies.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client, file_form } from '../api/lib/client.mjs';
import { inspect, made, picture, rich_inputs, silent_film, speech, turned, wav } from '../api/lib/media.mjs';
import { Server, sleep, temporary, until } from '../api/lib/server.mjs';

let server, ada;
before(async () => {
    server = await Server.start();
    ada = await new Client(server).user('ada');
});
after(() => server.remove());

const kinds = ['thumbnail', 'poster', 'waveform', 'proxy'];
const jobs_of = (id) => server.sql(`SELECT kind, state, error_message, priority FROM job WHERE media_id = '${id}' AND parent IS NULL ORDER BY number`);

// Uploads, waits for the jobs that follow, and gives the file with its derivatives' bytes.
async function derived(name, bytes, { of = server, as = ada } = {}) {
    const { id } = await as.upload(name, bytes);
    await of.idle();
    const file = await as.must(200, 'GET', `/api/v1/files/${id}`);
    const got = {};
    for (const kind of kinds.filter((one) => file[`${one}_url`])) {
        const answer = await as.as(undefined).get(file[`${kind}_url`]);
        assert.equal(answer.status, 200, `${name}: ${kind}`);
        got[kind] = { type: answer.headers['content-type'], bytes: answer.bytes };
    }
    return { id, file, got };
}

// The bytes as a file for a program, and what it prints.
function tool(bytes, ending, program, ...arguments_) {
    const folder = temporary('derived');
    const place = path.join(folder, `file.${ending}`);
    fs.writeFileSync(place, bytes);
    const { status, stdout, stderr } = spawnSync(program, arguments_.map((one) => one === 'FILE' ? place : one), { maxBuffer: 1 << 28 });
    fs.rmSync(folder, { recursive: true });
    assert.equal(status, 0, `${program}: ${stderr}`);
    return stdout;
}
// A picture as {width, height, at(x, y)}: red, green, blue, alpha; x and y are shares.
function pixels(bytes) {
    const { width, height } = inspect(bytes).streams[0];
    const raw = tool(bytes, 'bin', 'ffmpeg', '-v', 'error', '-noautorotate', '-i', 'FILE', '-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', 'rgba', '-');
    return { width, height, at: (x, y) => [...raw.subarray((Math.floor(y * height) * width + Math.floor(x * width)) * 4).subarray(0, 4)] };
}
const near = (got, wanted) => got.every((value, i) => i > 2 || Math.abs(value - wanted[i]) < 60);
const film = (...more) => made('film.mp4', '-f', 'lavfi', '-i', 'testsrc=s=640x360:d=3:r=25', ...more, '-pix_fmt', 'yuv420p');

// A JPEG with an Exif segment: an orientation and a position near Reykjavík.
function with_exif(jpeg, orientation) {
    const tiff = Buffer.alloc(150);
    tiff.write('II*\0\x08\0\0\0', 0, 'latin1');
    const entry = (at, tag, type, count, value) => {
        tiff.writeUInt16LE(tag, at);
        tiff.writeUInt16LE(type, at + 2);
        tiff.writeUInt32LE(count, at + 4);
        if (Buffer.isBuffer(value))
            value.copy(tiff, at + 8);
        else
            tiff.writeUInt32LE(value, at + 8);
    };
    tiff.writeUInt16LE(2, 8);
    entry(10, 0x0112, 3, 1, orientation);
    entry(22, 0x8825, 4, 1, 38);
    tiff.writeUInt16LE(4, 38);
    entry(40, 1, 2, 2, Buffer.from('N\0'));
    entry(52, 2, 5, 3, 94);
    entry(64, 3, 2, 2, Buffer.from('W\0'));
    entry(76, 4, 5, 3, 118);
    for (const [i, value] of [64, 8, 4711, 21, 54, 1234].entries()) {
        tiff.writeUInt32LE(value, 94 + i * 8);
        tiff.writeUInt32LE(1, 98 + i * 8);
    }
    const body = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
    const head = Buffer.from([0xFF, 0xE1, 0, 0]);
    head.writeUInt16BE(body.length + 2, 2);
    return Buffer.concat([jpeg.subarray(0, 2), head, body, jpeg.subarray(2)]);
}
// Red at the left, blue at the right, as stored.
const two_halves = () => made('halves.jpg', '-f', 'lavfi', '-i', 'color=red:s=300x400', '-f', 'lavfi', '-i', 'color=blue:s=300x400',
    '-filter_complex', 'hstack', '-frames:v', '1', '-q:v', '2');

test('a picture gets an upright thumbnail without its position', async () => {
    const photo = with_exif(two_halves(), 6);
    const { got } = await derived('photo.jpg', photo);
    assert.deepEqual(Object.keys(got), ['thumbnail']);
    assert.equal(got.thumbnail.type, 'image/jpeg');
    assert.ok(!got.thumbnail.bytes.includes('Exif') && !got.thumbnail.bytes.includes('GPS'));
    const seen = pixels(got.thumbnail.bytes);
    assert.deepEqual([seen.width, seen.height], [320, 480]); // 600 x 400, lying on its side
    assert.ok(near(seen.at(0.5, 0.1), [255, 0, 0]) && near(seen.at(0.5, 0.9), [0, 0, 255]), `${seen.at(0.5, 0.1)} ${seen.at(0.5, 0.9)}`);
});

test('what is transparent stays so in a thumbnail, as PNG', async () => {
    const { got } = await derived('mark.png', made('mark.png', '-f', 'lavfi', '-i', 'color=red:s=900x300,format=rgba,geq=r=255:g=0:b=0:a=255*lt(X\\,450)', '-frames:v', '1'));
    assert.equal(got.thumbnail.type, 'image/png');
    const seen = pixels(got.thumbnail.bytes);
    assert.deepEqual([seen.width, seen.height], [480, 160]);
    assert.deepEqual([seen.at(0.2, 0.5)[3], seen.at(0.8, 0.5)[3]], [255, 0]);
    const small = await derived('small.png', picture());
    assert.equal(small.got.thumbnail.type, 'image/jpeg');
    assert.equal(pixels(small.got.thumbnail.bytes).width, 320); // never larger than the picture
});

test('a picture that browsers do not show gets one that they do', async () => {
    const { got } = await derived('scan.tiff', made('scan.tiff', '-f', 'lavfi', '-i', 'testsrc=s=3000x1500', '-frames:v', '1'));
    assert.deepEqual(Object.keys(got), ['thumbnail', 'proxy']);
    assert.equal(got.proxy.type, 'image/jpeg');
    const seen = pixels(got.proxy.bytes);
    assert.deepEqual([seen.width, seen.height], [2560, 1280]);
});

test('a waveform has the lowest and highest sample of each stretch, at most 20,000 of them', async () => {
    const { got, file } = await derived('tone.wav', wav(2));
    assert.deepEqual(Object.keys(got), ['waveform']);
    assert.equal(got.waveform.type, 'application/json');
    const wave = JSON.parse(got.waveform.bytes);
    const { data, ...head } = wave;
    assert.deepEqual(head, { version: 2, channels: 1, sample_rate: 16000, samples_per_pixel: 256, bits: 8, length: 125 });
    assert.equal(data.length, 250);
    for (let i = 0; i < wave.length; i++) // a sine of 8000 of 32768
        assert.ok(Math.abs(data[2 * i] + 32) <= 1 && Math.abs(data[2 * i + 1] - 31) <= 1, `${i}: ${data[2 * i]}, ${data[2 * i + 1]}`);
    assert.equal(file.thumbnail_url, null);

    const half = made('half.flac', '-f', 'lavfi', '-i', 'sine=f=200:d=900:r=44100', '-f', 'lavfi', '-i', 'anullsrc=r=44100:d=900', '-filter_complex', '[0][1]concat=v=0:a=1', '-ac', '2', '-t', '1800');
    const long = JSON.parse((await derived('long.flac', half)).got.waveform.bytes);
    assert.ok(long.length > 10_000 && long.length <= 20_000 && long.data.length === 2 * long.length);
    assert.ok(Math.abs(long.length * long.samples_per_pixel / long.sample_rate - 1800) < 0.3);
    const loud = (share) => Math.max(...long.data.slice(Math.floor(share * long.length) * 2, Math.floor((share + 0.01) * long.length) * 2));
    assert.ok(loud(0.1) > 10 && loud(0.48) > 10 && loud(0.52) === 0 && loud(0.9) === 0);
});

test('a film gets a thumbnail and a poster that are not black', async () => {
    const bytes = made('fade.mp4', '-f', 'lavfi', '-i', 'color=black:s=1600x900:d=2:r=25', '-f', 'lavfi', '-i', 'testsrc=s=1600x900:d=2:r=25',
        '-filter_complex', '[0][1]concat', '-pix_fmt', 'yuv420p', '-g', '1000', '-sc_threshold', '0');
    const { got } = await derived('fade.mp4', bytes);
    assert.deepEqual(Object.keys(got), ['thumbnail', 'poster']);
    const [thumbnail, poster] = [pixels(got.thumbnail.bytes), pixels(got.poster.bytes)];
    assert.deepEqual([thumbnail.width, thumbnail.height, poster.width, poster.height], [480, 270, 1280, 720]);
    const bright = (seen) => [0.1, 0.3, 0.5, 0.7, 0.9].some((x) => Math.max(...seen.at(x, 0.3).slice(0, 3)) > 100);
    assert.ok(bright(thumbnail) && bright(poster));
});

test('a film that browsers do not play gets one that they do, without its metadata', async () => {
    const bytes = made('film.mkv', '-f', 'lavfi', '-i', 'testsrc=s=1920x1080:d=3:r=25', '-f', 'lavfi', '-i', 'sine=d=3', '-c:v', 'mpeg4', '-c:a', 'ac3',
        '-metadata', 'title=Our garden', '-metadata', 'location=+64.1355-021.8954/');
    const { got } = await derived('film.mkv', bytes);
    assert.deepEqual(Object.keys(got), ['thumbnail', 'poster', 'waveform', 'proxy']);
    assert.equal(got.proxy.type, 'video/mp4');
    const { streams, format } = inspect(got.proxy.bytes);
    const [video, audio] = streams;
    assert.deepEqual([video.codec_name, video.pix_fmt, video.width, video.height, audio.codec_name], ['h264', 'yuv420p', 1280, 720, 'aac']);
    assert.ok(Math.abs(Number(format.duration) - 3) < 0.05, format.duration);
    assert.ok(got.proxy.bytes.indexOf('moov') < got.proxy.bytes.indexOf('mdat'), 'the index stands in front');
    for (const word of ['garden', '64.1355', 'loci', '\xa9xyz'])
        assert.equal(got.proxy.bytes.indexOf(Buffer.from(word, 'latin1')), -1, word);
    assert.ok(!format.tags?.title && !format.tags?.location && !format.tags?.creation_time, JSON.stringify(format.tags));
});

test('a sound that browsers do not play gets one that they do', async () => {
    const { got } = await derived('old.aiff', made('old.aiff', '-f', 'lavfi', '-i', 'sine=d=5'));
    assert.deepEqual(Object.keys(got), ['waveform', 'proxy']);
    assert.equal(got.proxy.type, 'audio/mp4');
    const { streams, format } = inspect(got.proxy.bytes);
    assert.deepEqual([streams.length, streams[0].codec_name], [1, 'aac']);
    assert.ok(Math.abs(Number(format.duration) - 5) < 0.05, format.duration);
    assert.ok(got.proxy.bytes.indexOf('moov') < got.proxy.bytes.indexOf('mdat'), 'the index stands in front');
});

// The editing proxy has no address: it is read from the store by the program itself.
const editing = (id) => server.sql(`SELECT kind, width, height FROM derivative WHERE media_id = '${id}' AND kind = 'edit'`)[0];

test('a turned film of a phone stands upright in all that is made of it, and says nothing of where it was', async () => {
    const [place] = rich_inputs('media').filter((name) => name.endsWith('phone_with-gps.mp4'));
    const plain = film('-metadata', 'location=+64.1355-021.8954/', '-c:a', 'copy');
    const phone_like = turned(plain, 90);
    const { id, got, file } = await derived('turned.mp4', phone_like);
    assert.equal(file.proxy_url, null, 'browsers play it');
    const seen = pixels(got.thumbnail.bytes);
    assert.deepEqual([seen.width, seen.height], [270, 480]);
    assert.deepEqual(editing(id), { kind: 'edit', width: 360, height: 640 });
    assert.match(JSON.stringify(inspect(phone_like).format.tags), /64\.1355/);
    for (const { bytes } of Object.values(got))
        assert.equal(bytes.indexOf('64.1355'), -1);
    if (!place)
        return;
    const bytes = fs.readFileSync(place);
    assert.ok(/location/.test(JSON.stringify(inspect(bytes).format.tags)));
    const phone = await derived('phone.mp4', bytes);
    for (const [kind, { bytes: made_of_it }] of Object.entries(phone.got))
        assert.ok(!/location|\xa9xyz|Exif\0|GPSL|[+-]\d\d\.\d{4}/.test(made_of_it.toString('latin1')), kind);
});

test('every film gets an editing proxy that is small; a transparent one does not', async () => {
    const wide = await derived('wide.mp4', film());
    assert.deepEqual(editing(wide.id), { kind: 'edit', width: 640, height: 360 });
    const large = await derived('large.mp4', made('large.mp4', '-f', 'lavfi', '-i', 'testsrc=s=1920x1080:d=1:r=25', '-pix_fmt', 'yuv420p'));
    assert.deepEqual(editing(large.id), { kind: 'edit', width: 854, height: 480 });
    const clear = await derived('clear.mov', made('clear.mov', '-f', 'lavfi', '-i', 'testsrc=s=320x240:d=1:r=25', '-c:v', 'png', '-pix_fmt', 'rgba'));
    assert.equal(editing(clear.id), undefined);
    assert.ok(clear.file.proxy_url);
    assert.deepEqual(server.sql("SELECT key FROM cache WHERE key LIKE 'proxy:%'"), [], 'no piece is left behind');
});

test('every face that takes a file has its derivatives made, and shows them', async () => {
    const answer = await ada.must(201, 'POST', '/mediafiles', undefined, file_form('a.png', picture()));
    assert.equal(answer.thumbnail_url, null);
    await server.idle();
    const told = await ada.must(200, 'GET', `/mediafiles/${answer.media_id}`);
    assert.match(told.thumbnail_url, /^\/content\/derivative\//);
    assert.ok((await ada.must(200, 'GET', '/mediafiles')).find((one) => one.media_id === answer.media_id).thumbnail_url);
    assert.ok((await ada.must(200, 'GET', '/api/v1/files')).files.find((one) => one.id === answer.uuid).thumbnail_url);
});

test('an event tells of each derivative, and the stream of the file only of its transcription', async () => {
    const all = ada.events('/api/v1/events');
    await all.opened;
    const sent = await ada.must(201, 'POST', '/api/v1/files/upload', undefined, file_form('speech.wav', speech()));
    const own = ada.events(`/api/v1/files/${sent.id}/events`);
    await own.opened;
    await own.ended;
    await server.idle();
    await until('the waveform is told', () => all.events.some((one) => one.event === 'media:derivative' && one.data.media_id === sent.id && one.data.kind === 'waveform'));
    all.close();
    assert.ok(own.events.every((one) => one.event !== 'job_progress' || one.data.kind === 'transcribe'), JSON.stringify(own.events));
    assert.deepEqual([own.events.at(-1).event, own.events.at(-1).data.job_id], ['done', sent.job_id]);
    const { jobs } = await ada.must(200, 'GET', '/api/v1/jobs?kind=derive&status=completed');
    assert.ok(jobs.some((one) => one.file_name === 'speech.wav'));
    assert.equal((await ada.must(200, 'GET', `/api/v1/files/${sent.id}`)).job_id, sent.job_id);
});

test('what takes long waits until nothing else is to be done', async () => {
    const { id } = await ada.upload('film.mp4', film());
    await server.idle();
    assert.deepEqual(jobs_of(id).map(({ kind, state }) => [kind, state]), [['derive', 'completed'], ['proxy', 'completed']]);
    const [quick, slow] = jobs_of(id).map((job) => job.priority);
    assert.ok(quick > 1 && slow < -1, 'transcriptions have 0 and their parts 1');
});

test('a derivative that cannot be made leaves the file as it is, and can be tried again', async () => {
    // Sound that stands in the header only: the file is taken, and there is nothing to draw.
    const empty = Buffer.from(wav(0.01).subarray(0, 44));
    empty.writeUInt32LE(36, 4);
    empty.writeUInt32LE(0, 40);
    const answer = await ada.call('POST', '/api/v1/files/upload?transcribe=false', file_form('empty.wav', empty));
    assert.equal(answer.status, 201);
    await server.idle();
    const file = await ada.must(200, 'GET', `/api/v1/files/${answer.json.id}`);
    assert.deepEqual([file.status, file.waveform_url], ['completed', null]);
    const { jobs } = await ada.must(200, 'GET', '/api/v1/jobs?kind=derive&status=failed');
    const [job] = jobs.filter((one) => one.file_name === 'empty.wav');
    assert.match(job.error, /^No waveform could be made: /);
    await ada.must(200, 'POST', `/api/v1/jobs/${job.id}/retry`);
    await ada.job_end(job.id, { state: 'failed' });
});

test('deleting a file takes its derivatives along, and a killed server makes them after all', async () => {
    const { id } = await derived('gone.mp4', film());
    const names = server.sql(`SELECT blob_id FROM derivative WHERE media_id = '${id}'`).map((row) => row.blob_id);
    assert.equal(names.length, 3);
    await ada.must(200, 'DELETE', `/api/v1/files/${id}`);
    const listed = () => server.sql(`SELECT id FROM blob WHERE id IN ('${names.join("', '")}')`);
    assert.deepEqual(listed(), []);
    assert.deepEqual(server.sql(`SELECT kind FROM derivative WHERE media_id = '${id}'`), []);

    const again = await ada.upload('again.mp4', film('-vf', 'hue=s=0'));
    await sleep(150);
    await server.kill();
    await server.start();
    await server.idle();
    assert.equal(server.sql(`SELECT count(*) AS n FROM derivative WHERE media_id = '${again.id}'`)[0].n, 3);
    await ada.must(200, 'DELETE', `/api/v1/files/${again.id}`);
    const gone = await ada.upload('late.mp4', silent_film());
    await ada.must(200, 'DELETE', `/api/v1/files/${gone.id}`); // while it is being looked at
    await server.idle();
    assert.equal((await ada.get('/health')).status, 200);
});
