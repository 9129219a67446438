// SPDX-License-Identifier: GPL-3.0-or-later
// What a video is rendered to: every kind of file, what stands beside it, and whose mark it carries.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { inspect, picture } from '../api/lib/media.mjs';
import { program, Server, temporary } from '../api/lib/server.mjs';

let server, root, ada, folder;
before(async () => {
    server = await Server.start();
    root = await new Client(server).user('root');
    ada = await root.user('ada');
    folder = temporary('films');
});
after(async () => {
    await server.remove();
    fs.rmSync(folder, { recursive: true });
});

async function new_video(user, scenes, more = {}) {
    const { data: { video } } = await user.must(201, 'POST', '/api/v1/videos', { title: 'Outputs', ...more });
    for (const { layers = [], ...scene } of scenes) {
        const made = (await user.must(201, 'POST', `/api/v1/videos/${video.id}/scenes`, { text: '', duration: 1, ...scene })).data.scene;
        for (const [type, properties, times] of layers)
            await user.must(201, 'POST', `/api/v1/scenes/${made.id}/layers`, { type, name: type, duration: 1, properties, ...times });
    }
    return video;
}
const spoken = [
    { text: 'Hello there.', layers: [['text', { text: 'Hello', font_size: 120, animation: 'slideUp' }], ['voiceover', { voice_id: 'espeak:en-us' }]] },
    { text: 'The second one.', background: { color: '#2244AA' }, layers: [['shape', { shape: 'star', animation: 'zoomIn' }]] },
];
async function film_of(user, video, settings) {
    const { data } = await user.must(202, 'POST', `/api/v1/videos/${video.id}/render`, { quality: '480p', ...settings });
    await user.job_end(data.job_id);
    const { data: { render } } = await user.must(200, 'GET', `/api/v1/renders/${data.job_id}`);
    assert.equal(render.status, 'completed', render.error);
    return render;
}
async function bytes_of(url) {
    const answer = await ada.as(undefined).get(url);
    assert.equal(answer.status, 200);
    return answer;
}
// What ffprobe says of all packets, after a strict decoder found nothing wrong.
function facts_of(bytes, ending) {
    const file = path.join(folder, `film.${ending}`);
    fs.writeFileSync(file, bytes);
    const decoded = spawnSync('ffmpeg', ['-v', 'error', '-xerror', '-i', file, '-f', 'null', '-'], { encoding: 'utf8' });
    assert.equal(decoded.status, 0, decoded.stderr);
    assert.equal(decoded.stderr, '');
    const told = spawnSync('ffprobe', ['-v', 'error', '-count_frames', '-show_streams', '-show_chapters', '-show_format', '-of', 'json', file], { encoding: 'utf8' });
    return JSON.parse(told.stdout);
}

const kinds = {
    mp4: { codecs: ['h264', 'aac'], chapters: 2, type: 'video/mp4' },
    mov: { codecs: ['h264', 'aac'], chapters: 2, type: 'video/quicktime' },
    webm: { codecs: ['vp9', 'opus'], chapters: 2, type: 'video/webm' },
    gif: { codecs: ['gif'], chapters: 0, type: 'image/gif' },
    mp3: { codecs: ['mp3'], chapters: 2, type: 'audio/mpeg' },
    wav: { codecs: ['pcm_s16le'], chapters: 0, type: 'audio/wav' },
};
for (const [format, kind] of Object.entries(kinds))
    test(`a film as ${format} holds what it should, and the same project gives the same bytes`, async () => {
        const video = await new_video(ada, spoken);
        const render = await film_of(ada, video, { format });
        const { bytes, headers } = await bytes_of(render.video_url);
        assert.equal(headers['content-type'], kind.type);
        assert.equal(bytes.length, render.size_bytes);
        const facts = facts_of(bytes, format);
        const streams = facts.streams.filter((one) => one.codec_type !== 'data');
        assert.deepEqual(streams.map((one) => one.codec_name), kind.codecs);
        assert.equal(facts.chapters.length, kind.chapters);
        if (kind.chapters) { // where one scene ends the next begins
            const [first, second] = facts.chapters.map((one) => [Number(one.start_time), Number(one.end_time), one.tags.title]);
            assert.ok(first[0] === 0 && Math.abs(first[1] - second[0]) < 0.002 && Math.abs(second[1] - render.duration) < 0.06 && first[2] && second[2], `${first} ${second}`);
        }
        assert.ok(Math.abs(Number(facts.format.duration) - render.duration) < 0.06, `${facts.format.duration} ${render.duration}`);
        assert.equal(facts.format.tags?.creation_time, undefined);
        const seen = streams.find((one) => one.codec_type === 'video');
        if (seen) {
            assert.deepEqual([seen.width, seen.height], [854, 480]);
            assert.equal(Number(seen.nb_read_frames), Math.ceil(Math.round(render.duration * 30) / (format === 'gif' ? 2 : 1)));
            assert.equal(Number(seen.start_time), 0);
        }
        const { data } = await ada.must(202, 'POST', `/api/v1/videos/${video.id}/regenerate`, { full_regeneration: true });
        await ada.job_end(data.job_id);
        const again = (await ada.must(200, 'GET', `/api/v1/renders/${data.job_id}`)).data.render;
        assert.ok(bytes.equals((await bytes_of(again.video_url)).bytes), 'the bytes differ');
        assert.equal(render.poster_url === null, !seen);
    });

test('a film has its shape, its size and its frames a second from the request', async () => {
    const video = await new_video(ada, [{ layers: [['text', { text: 'Shape' }]] }]);
    for (const [aspect_ratio, quality, fps, width, height] of [['9:16', '480p', 25, 480, 854], ['1:1', '720p', 24, 720, 720], ['4:5', '480p', 60, 480, 600], ['16:9', '1080p', 50, 1920, 1080], ['16:9', '1440p', 30, 2560, 1440], ['16:9', '2160p', 24, 3840, 2160]]) {
        const render = await film_of(ada, video, { aspect_ratio, quality, fps, preset: 'draft' });
        const { streams: [seen] } = inspect((await bytes_of(render.video_url)).bytes);
        assert.deepEqual([seen.width, seen.height, seen.avg_frame_rate], [width, height, `${fps}/1`]);
    }
    assert.equal((await ada.post(`/api/v1/videos/${video.id}/render`, { fps: 31 })).status, 400);
    assert.equal((await ada.post(`/api/v1/videos/${video.id}/render`, { format: 'avi' })).status, 400);
    assert.equal((await ada.post(`/api/v1/videos/${video.id}/render`, { preset: 'best' })).status, 400);
});

test('every kind of film is made in every shape, at every speed and with every effort', () => {
    const project = path.join(folder, 'project.json');
    fs.writeFileSync(project, JSON.stringify({ video: { title: 'Kinds' }, scenes: [{ duration: 0.4, layers: [{ type: 'shape', name: 's', duration: 0.4, properties: { shape: 'star', animation: 'pop' } }] }] }));
    const shapes = [['9:16', 480, 854], ['1:1', 480, 480], ['4:5', 480, 600], ['16:9', 854, 480]], speeds = [24, 25, 30, 50, 60], efforts = ['draft', 'standard', 'high'];
    let turn = 0;
    for (const [format, { codecs }] of Object.entries(kinds).filter(([format]) => !['mp3', 'wav'].includes(format)))
        for (let i = 0; i < efforts.length; i++, turn++) {
            const [aspect, width, height] = shapes[turn % shapes.length], fps = speeds[turn % speeds.length], effort = efforts[i];
            const file = path.join(folder, `kind.${format}`), what = `${format} ${aspect} ${fps} ${effort}`;
            const told = spawnSync(program, ['render', project, '-o', file, '-q', '480', '--aspect', aspect, '--fps', String(fps), '--preset', effort], { encoding: 'utf8' });
            assert.equal(told.status, 0, `${what}: ${told.stderr}`);
            const { streams } = facts_of(fs.readFileSync(file), format), seen = streams.find((one) => one.codec_type === 'video');
            assert.deepEqual([seen.codec_name, seen.width, seen.height], [codecs[0], width, height], what);
            const frames = Math.round(0.4 * fps);
            if (format === 'gif') // every second or third frame of what is quicker than 25 a second
                assert.equal(Number(seen.nb_read_frames), Math.ceil(frames / Math.ceil(fps / 25)), what);
            else
                assert.deepEqual([seen.avg_frame_rate, Number(seen.nb_read_frames)], [`${fps}/1`, frames], what);
        }
});

test('a poster and subtitles stand beside the film, unless there is nothing to see or to read', async () => {
    const render = await film_of(ada, await new_video(ada, spoken), {});
    const poster = inspect((await bytes_of(render.poster_url)).bytes).streams[0];
    assert.deepEqual([poster.codec_name, poster.width, poster.height], ['mjpeg', 854, 480]);
    const { bytes, headers } = await bytes_of(render.subtitles_url);
    assert.match(headers['content-type'], /^text\/vtt/);
    assert.match(bytes.toString(), /^WEBVTT\n\n[\d:.]+ --> [\d:.]+\nHello there\.\n/);
    const srt = await bytes_of(render.subtitles_srt_url);
    assert.match(srt.headers['content-type'], /subrip/);
    assert.match(srt.bytes.toString(), /^1\n00:00:00,\d{3} --> 00:00:0[01],\d{3}\nHello there\.\n/);
    const silent = await film_of(ada, await new_video(ada, [{ layers: [['text', { text: 'Silence' }]] }]), {});
    assert.equal(silent.subtitles_url, null);
    assert.ok(silent.poster_url);
});

// The brightest pixel in a corner of the poster: everything else in the picture is black.
async function light_at(render, x, y) {
    const { bytes } = await bytes_of(render.poster_url);
    const told = spawnSync('ffmpeg', ['-v', 'error', '-f', 'mjpeg', '-i', '-', '-vf', `crop=iw/3:ih/4:iw*${x}:ih*${y}`, '-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', 'gray', '-'], { input: bytes });
    return told.stdout.reduce((most, one) => Math.max(most, one), 0);
}
const [bottom_right, top_left, top_right] = [[2 / 3, 0.75], [0, 0], [2 / 3, 0]];

test('a watermark follows the plan: ours, none, or the own one with the brand', async () => {
    const users = {};
    for (const plan of ['free', 'pro', 'business'])
        users[plan] = await root.user(`with-${plan}`, { plan });
    const video_of = async (user) => new_video(user, [{ background: { color: '#000000' } }], { watermark: { text: 'OURS OURS OURS', position: 'top_left', opacity: 1 } });
    const lit = async (user, settings) => {
        const render = await film_of(user, await video_of(user), settings);
        return [await light_at(render, ...bottom_right) > 60, await light_at(render, ...top_left) > 60, render.warnings.map((one) => one.field)];
    };
    assert.deepEqual(await lit(users.free, { include_watermark: false }), [true, false, ['video.watermark']]);
    assert.deepEqual(await lit(users.pro, {}), [false, false, ['video.watermark']]);
    assert.deepEqual(await lit(users.pro, { include_watermark: true }), [true, false, ['video.watermark']]);
    assert.deepEqual(await lit(users.business, {}), [false, true, []]);
    assert.deepEqual(await lit(users.business, { include_watermark: false }), [false, false, []]);
    const logo = await users.business.upload('logo.png', picture('white'));
    await server.idle();
    const branded = await new_video(users.business, [{ background: { color: '#000000' } }],
        { brand: { logo_media_id: logo.id }, watermark: { media_id: logo.id, position: 'bottom_right', opacity: 0.5 } });
    const render = await film_of(users.business, branded, {});
    assert.ok(await light_at(render, ...top_right) > 60 && await light_at(render, ...bottom_right) > 60 && await light_at(render, ...top_left) <= 60);
});
