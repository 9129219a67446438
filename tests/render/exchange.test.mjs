// SPDX-License-Identifier: GPL-3.0-or-later
// Videos leave as files and come back: with their assets, as documents and as timelines; and files that mean harm do not.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client, file_form } from '../api/lib/client.mjs';
import { inspect, made, picture, wav } from '../api/lib/media.mjs';
import { program, Server, temporary } from '../api/lib/server.mjs';

let server, ada, eve, video, folder;
const files = {};
before(async () => {
    server = await Server.start();
    const root = await new Client(server).user('root');
    [ada, eve] = [await root.user('ada', { plan: 'business' }), await root.user('eve')];
    folder = temporary('exchange');
    files.picture = await ada.upload('Ein Bild – 1.png', picture('blue'));
    files.film = await ada.upload('film.mp4', made('film.mp4', '-f', 'lavfi', '-i', 'testsrc2=s=160x90:d=1:r=25', '-pix_fmt', 'yuv420p'));
    files.sound = await ada.upload('tone.wav', wav(1));
    files.avatar = (await ada.must(201, 'POST', '/api/v1/avatars/generate', { name: 'Nora', gender: 'female', look: { hair: 'bob' } })).data.avatar.id;
    ({ data: { video } } = await ada.must(201, 'POST', '/api/v1/videos', { title: 'Über all', fps: 25, music: { audio_id: files.sound.id, fade_in: 0.2 } }));
    const scenes = [
        [{ text: 'First.', duration: 1, background: { media_id: files.picture.id } }, [['media', { media_id: files.film.id, speed: 0.5, start_from: 0.25 }], ['text', { text: 'Hi', animation: 'pop', my_own: [1] }], ['audio', { audio_id: files.sound.id }]]],
        [{ text: '', duration: 1.24, transition: { type: 'wipe', duration: 0.4 } }, [['avatar', { avatar_id: files.avatar }], ['shape', { shape: 'star' }]]],
    ];
    for (const [body, layers] of scenes) {
        const { data: { scene } } = await ada.must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, body);
        for (const [i, [type, properties]] of layers.entries())
            await ada.must(201, 'POST', `/api/v1/scenes/${scene.id}/layers`, { type, name: `${type} ${i}`, duration: 0.8, start_time: 0.2 * i, enabled: i !== 1, properties });
    }
});
after(async () => {
    await server.remove();
    fs.rmSync(folder, { recursive: true });
});

const exported = async (format, id = video.id) => (await ada.get(`/api/v1/videos/${id}/export?format=${format}`)).bytes;
async function imported(user, name, bytes, state = 'completed') {
    const { data } = await user.must(202, 'POST', '/api/v1/videos/import', undefined, file_form(name, bytes));
    const job = await user.job_end(data.job_id, { state });
    return { id: data.video_id, job };
}
// What makes the video, without what every video has of its own; assets by the names of their files.
async function seen(user, id) {
    const names = Object.fromEntries((await user.must(200, 'GET', '/api/v1/files')).files.map((file) => [file.id, file.name]));
    const { data: { video: head } } = await user.must(200, 'GET', `/api/v1/videos/${id}`);
    const { data: { scenes } } = await user.must(200, 'GET', `/api/v1/videos/${id}/scenes`);
    const own = new Set(['id', 'video_id', 'scene_id', 'revision', 'created_at', 'updated_at', 'avatar_id']);
    const text = JSON.stringify({ head: { ...head, id: undefined }, scenes }, (key, value) => own.has(key) ? undefined : value);
    return JSON.parse(text.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (match) => names[match] ?? match));
}
// Python's zip module knows nothing of ours.
const python = (code, file, input = '') => {
    const { status, stdout, stderr } = spawnSync('python3', ['-c', code, file], { encoding: 'utf8', input });
    assert.equal(status, 0, stderr);
    return stdout;
};
function zip_of(entries) {
    const file = path.join(folder, 'made.zip');
    python('import sys,json,zipfile\nz=zipfile.ZipFile(sys.argv[1],"w",zipfile.ZIP_DEFLATED)\nfor n,t in json.load(sys.stdin): z.writestr(n,t)\nz.close()', file, JSON.stringify(entries));
    return fs.readFileSync(file);
}

test('a zip file has all, any zip program reads it, and another user gets the whole video from it', async () => {
    const bytes = await exported('zip'), file = path.join(folder, 'video.zip');
    fs.writeFileSync(file, bytes);
    const names = JSON.parse(python('import sys,json,zipfile\nz=zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\nprint(json.dumps(z.namelist()))', file));
    assert.deepEqual([names[0], names.length], ['project.json', 4]);
    assert.ok(names.some((name) => /^assets\/\d+-Ein Bild – 1\.png$/.test(name)), names);
    assert.ok(bytes.equals(await exported('zip')), 'the same video, the same bytes');
    const other = await imported(eve, 'video.zip', bytes);
    assert.deepEqual(await seen(eve, other.id), await seen(ada, video.id));
    const { data } = await eve.must(202, 'POST', `/api/v1/videos/${other.id}/render`, { quality: '480p', preset: 'draft' });
    await eve.job_end(data.job_id);
    // Once more: what is there already is not stored again.
    const count = (await eve.must(200, 'GET', '/api/v1/files')).total;
    await imported(eve, 'video.zip', bytes);
    assert.equal((await eve.must(200, 'GET', '/api/v1/files')).total, count);
    assert.equal(count, 3);
});

test('a document and a timeline come back as the same video', async () => {
    const wanted = await seen(ada, video.id);
    for (const format of ['json', 'otio'])
        assert.deepEqual(await seen(ada, (await imported(ada, `video.${format}`, await exported(format))).id), wanted, format);
});

test('the command renders what the server exports, by its content alone', async () => {
    const file = path.join(folder, 'local.zip'), film = path.join(folder, 'local.mp4');
    fs.writeFileSync(file, await exported('zip'));
    const { status, stderr } = spawnSync(program, ['render', file, '-q', '480', '--preset', 'draft', '-o', film], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.ok(Math.abs(Number(inspect(fs.readFileSync(film)).format.duration) - 2.24) < 0.1);
});

// The serialized fields of OpenTimelineIO's classes, as its own list of them has it (otio-serialized-schema-only-fields).
const number = 'number', text = 'string', flag = 'boolean', list = 'list', object = 'object', time = 'RationalTime.1', range = 'TimeRange.1', or_null = (kind) => [kind, 'null'];
const item = { name: text, metadata: object, effects: list, markers: list, enabled: flag };
const reference = { name: text, metadata: object, available_range: or_null(range) };
const classes = {
    'RationalTime.1': { rate: number, value: number },
    'TimeRange.1': { start_time: time, duration: time },
    'Timeline.1': { name: text, metadata: object, global_start_time: or_null(time), tracks: 'Stack.1' },
    'Stack.1': { ...item, source_range: or_null(range), children: list },
    'Track.1': { ...item, source_range: or_null(range), children: list, kind: text },
    'Clip.2': { ...item, source_range: range, media_references: object, active_media_reference_key: text },
    'Gap.1': { ...item, source_range: range },
    'Transition.1': { name: text, metadata: object, transition_type: text, in_offset: time, out_offset: time },
    'ExternalReference.1': { ...reference, target_url: text },
    'MissingReference.1': reference,
    'LinearTimeWarp.1': { name: text, metadata: object, effect_name: text, time_scalar: number },
};
const kind_of = (value) => value === null ? 'null' : Array.isArray(value) ? 'list' : value.OTIO_SCHEMA ?? typeof value;
function check_classes(value, where, seen) {
    if (value === null || typeof value !== 'object')
        return;
    if (value.OTIO_SCHEMA) {
        seen.add(value.OTIO_SCHEMA);
        assert.ok(classes[value.OTIO_SCHEMA], `${where}: ${value.OTIO_SCHEMA}`);
        for (const [name, kinds] of Object.entries(classes[value.OTIO_SCHEMA]))
            assert.ok(value[name] !== undefined && [kinds].flat().includes(kind_of(value[name])), `${where}.${name}: ${JSON.stringify(value[name])}`);
    }
    for (const [name, inside] of Object.entries(value))
        if (name !== 'metadata')
            check_classes(inside, `${where}.${name}`, seen);
}

test('a timeline has every field of the classes of OpenTimelineIO, and its tracks are as long as they may be', async () => {
    const timeline = JSON.parse(await exported('otio')), seen = new Set();
    check_classes(timeline, 'timeline', seen);
    assert.deepEqual(Object.keys(classes).filter((name) => !seen.has(name)), [], 'classes that the video should have shown');
    const length = (one) => one.source_range ? one.source_range.duration.value / one.source_range.duration.rate : 0;
    const lengths = timeline.tracks.children.map((track) => track.children.reduce((sum, one) => sum + length(one), 0));
    assert.ok(Math.abs(lengths[0] - 2.24) < 1e-6 && lengths.every((one) => one > 0 && one <= lengths[0] + 1e-6), `${lengths}`);
    for (const { kind, children } of timeline.tracks.children) {
        assert.ok(['Video', 'Audio'].includes(kind));
        children.forEach((one, i) => {
            if (one.OTIO_SCHEMA !== 'Transition.1')
                return assert.ok(length(one) > 0);
            // It stands between two clips and reaches no further than they do.
            const [before_it, behind_it] = [children[i - 1], children[i + 1]], seconds = ({ value, rate }) => value / rate;
            assert.ok(before_it?.source_range && behind_it?.source_range);
            return assert.ok(seconds(one.in_offset) <= length(before_it) && seconds(one.out_offset) <= length(behind_it));
        });
        for (const clip of children.filter((one) => one.OTIO_SCHEMA === 'Clip.2'))
            assert.ok(clip.media_references[clip.active_media_reference_key]);
    }
});

test('a timeline of another program is rendered from the files that it names', () => {
    fs.writeFileSync(path.join(folder, 'a b.mp4'), made('a.mp4', '-f', 'lavfi', '-i', 'testsrc2=s=160x90:d=2:r=24', '-pix_fmt', 'yuv420p'));
    const time = (value) => ({ OTIO_SCHEMA: 'RationalTime.1', rate: 24, value });
    const clip = (name, url, start, length) => ({ OTIO_SCHEMA: 'Clip.2', name, source_range: { OTIO_SCHEMA: 'TimeRange.1', start_time: time(start), duration: time(length) },
        media_references: { DEFAULT_MEDIA: { OTIO_SCHEMA: 'ExternalReference.1', target_url: url } }, active_media_reference_key: 'DEFAULT_MEDIA' });
    const timeline = { OTIO_SCHEMA: 'Timeline.1', name: 'Cut', tracks: { OTIO_SCHEMA: 'Stack.1', children: [{ OTIO_SCHEMA: 'Track.1', kind: 'Video',
        children: [clip('one', `file://${folder}/a%20b.mp4`, 12, 12), clip('two', 'a b.mp4', 0, 24)] }] } };
    fs.writeFileSync(path.join(folder, 'cut.otio'), JSON.stringify(timeline));
    const film = path.join(folder, 'cut.mp4');
    const { status, stderr } = spawnSync(program, ['render', path.join(folder, 'cut.otio'), '-q', '480', '--preset', 'draft', '-o', film], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.ok(Math.abs(Number(inspect(fs.readFileSync(film)).format.duration) - 1.5) < 0.1);
});

test('files that are no project, or mean harm, are refused in a sentence and leave nothing', async () => {
    const before_it = server.sql('SELECT (SELECT count(*) FROM media) AS media, (SELECT count(*) FROM video) AS videos')[0];
    for (const [name, bytes] of [['x.txt', Buffer.from('hello')], ['x.json', Buffer.from('{"scenes": 5}')], ['x.json', Buffer.from('{"a":')], ['x.otio', Buffer.from('{"OTIO_SCHEMA": "Clip.1"}')]])
        assert.equal((await ada.call('POST', '/api/v1/videos/import', file_form(name, bytes))).status, 400, bytes.toString());
    const document = (id) => JSON.stringify({ video: { title: 'x' }, scenes: [{ duration: 1, layers: [{ type: 'media', name: 'm', duration: 1, properties: { media_id: id } }] }] });
    const good = zip_of([['project.json', document('a.png')]]);
    for (const [why, bytes] of [[/project\.json/, zip_of([['other.txt', 'x']])], [/cannot be read/, good.subarray(0, good.length - 30)], [/JSON/i, zip_of([['project.json', '{"a":']])],
        [/font_size/, zip_of([['project.json', JSON.stringify({ video: { title: 'x' }, scenes: [{ duration: 1, layers: [{ type: 'text', name: 't', duration: 1, properties: { text: 'x', font_size: 'big' } }] }] })]])],
        [/too large/, zip_of([['project.json', ' '.repeat(17 << 20)]])]]) {
        const { job } = await imported(ada, 'x.zip', bytes, 'failed');
        assert.match(job.error, why);
    }
    assert.deepEqual(server.sql('SELECT (SELECT count(*) FROM media) AS media, (SELECT count(*) FROM video) AS videos')[0], before_it);
});

test('names in a zip file never become paths', () => {
    fs.writeFileSync(path.join(folder, 'secret.png'), picture('red'));
    for (const name of ['../secret.png', `${folder}/secret.png`, 'secret.png']) {
        const scene = { duration: 1, layers: [{ type: 'media', name: 'm', duration: 1, properties: { media_id: name } }] };
        fs.writeFileSync(path.join(folder, 'evil.zip'), zip_of([['project.json', JSON.stringify({ video: { title: 'x' }, scenes: [scene] })]]));
        const { status, stderr } = spawnSync(program, ['render', path.join(folder, 'evil.zip'), '-q', '480', '-o', path.join(folder, 'evil.mp4')], { encoding: 'utf8' });
        assert.ok(status > 0 && /has no "/.test(stderr), stderr);
    }
    const left = fs.readdirSync(folder).filter((name) => /assets|project/.test(name));
    assert.deepEqual(left, []);
});
