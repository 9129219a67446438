// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { ffmpeg, kinora, kinora_stopped, names, new_folder, onsets, probe, root, samples } from './kinora.mjs';

const folder = new_folder();
after(() => fs.rmSync(folder, { recursive: true }));
const at = (name) => path.join(folder, name);
const tour = path.join(root, 'examples/tour.md');

before(() => {
    ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=640x360:d=1', '-frames:v', '1', at('picture.jpg'));
    ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=640x360:r=25:d=2', '-f', 'lavfi', '-i', 'sine=440:d=2', '-shortest', at('clip.mp4'));
    ffmpeg('-f', 'lavfi', '-i', 'sine=220:d=3', at('music.wav'));
});

function seconds_of_subtitle(clock) {
    const [hours, minutes, rest] = clock.split(':');
    return Number(hours) * 3600 + Number(minutes) * 60 + Number(rest.replace(',', '.'));
}

function decode_strictly(file) {
    const told = spawnSync('ffmpeg', ['-v', 'error', '-xerror', '-i', file, '-map', '0:v', '-map', '0:a', '-f', 'null', '-'], { encoding: 'utf8' });
    assert.equal(told.status, 0, told.stderr);
    assert.equal(told.stderr, '');
}

test('the tour becomes a film of six scenes, decodable, audible and in time', () => {
    const told = kinora(['make', tour, '-o', at('tour.mp4'), '-s', at('tour.srt'), '-q', '480']);
    assert.equal(told.code, 0, told.err);
    assert.equal(told.out, '');
    const seconds = Number(told.lines.at(-1).match(/^Wrote .*tour\.mp4 \((\d+\.\d\d) s\)$/)[1]);
    assert.ok(seconds > 50 && seconds < 75, `${seconds} s`);
    const film = probe(at('tour.mp4'));
    const video = film.streams.find((stream) => stream.codec_type === 'video');
    const audio = film.streams.find((stream) => stream.codec_type === 'audio');
    assert.deepEqual([video.codec_name, video.width, video.height, video.r_frame_rate], ['h264', 854, 480, '30/1']);
    assert.deepEqual([audio.codec_name, audio.sample_rate, audio.channels], ['aac', '48000', 2]);
    assert.equal(Number(video.nb_read_frames), Math.round(seconds * 30));
    assert.ok(Math.abs(Number(audio.duration) - seconds) < 0.1);
    assert.equal(film.chapters.length, 6);
    assert.equal(film.format.tags.title, 'A tour of Kinora');
    decode_strictly(at('tour.mp4'));

    // Every sentence that stands behind a pause begins where the schedule says, within 0.15 s.
    const sound = samples(at('tour.mp4'));
    const begins = onsets(sound, 16000);
    const cues = [...fs.readFileSync(at('tour.srt'), 'utf8').matchAll(/\n(\d\d:\d\d:\d\d,\d{3}) --> .*\n((?:.+\n)+)/g)]
        .map((found) => ({ start: seconds_of_subtitle(found[1]), text: found[2].replace(/\n/g, ' ').trim() }));
    const sentences = cues.filter((cue, i) => i === 0 || /[.!?]$/.test(cues[i - 1].text));
    assert.ok(sentences.length >= 15, `${sentences.length} sentences`);
    let worst = 0;
    for (const sentence of sentences) {
        const off = Math.min(...begins.map((time) => Math.abs(time - sentence.start)));
        worst = Math.max(worst, off);
        assert.ok(off <= 0.15, `"${sentence.text}" is ${off.toFixed(3)} s off its schedule`);
    }
    // And the first of each scene, by the chapters' own times.
    for (const chapter of film.chapters) {
        const start = Number(chapter.start_time) + 0.25;
        assert.ok(begins.some((time) => Math.abs(time - start) <= 0.15), `nothing is said at ${start} s`);
    }
    console.log(`${sentences.length} sentences, at most ${(worst * 1000).toFixed(0)} ms off their schedule`);
    const loudness = ffmpeg('-i', at('tour.mp4'), '-af', 'ebur128=peak=true', '-f', 'null', '-');
    const lufs = Number(loudness.match(/Summary:[\s\S]*I: +(-?[\d.]+) LUFS/)[1]);
    assert.ok(Math.abs(lufs + 16) < 1, `${lufs} LUFS`);
    assert.ok(Number(loudness.match(/Peak: +(-?[\d.]+) dBFS/)[1]) <= -0.5);
});

test('the same story gives the same bytes, however many children work', () => {
    fs.writeFileSync(at('twice.md'), '---\ntransition: fade 0.4\n---\n# One\n\nHello. ![p](picture.jpg)\n\n# Two\n\n- here\n- there\n');
    for (const workers of ['1', '3'])
        assert.equal(kinora(['make', at('twice.md'), '-o', at(`twice-${workers}.mp4`), '-q', '480', '--workers', workers]).code, 0);
    assert.deepEqual(fs.readFileSync(at('twice-1.mp4')), fs.readFileSync(at('twice-3.mp4')));
});

test('make writes beside the story and takes films, music and aspect', () => {
    fs.writeFileSync(at('story.md'), '---\nmusic: music.wav\naspect: 9:16\nfps: 25\n---\n# Hi\n\nHello there. ![c](clip.mp4)\n');
    const told = kinora(['make', at('story.md'), '-q', '480', '-p', at('story.json')]);
    assert.equal(told.code, 0, told.err);
    const video = probe(at('story.mp4')).streams.find((stream) => stream.codec_type === 'video');
    assert.deepEqual([video.width, video.height, video.r_frame_rate], [480, 854, '25/1']);
    // The project document renders to the same film.
    const again = kinora(['render', at('story.json'), '-q', '480', '-o', at('again.mp4')]);
    assert.equal(again.code, 0, again.err);
    assert.deepEqual(fs.readFileSync(at('again.mp4')), fs.readFileSync(at('story.mp4')));
});

test('a preview is the frame that the film shows', () => {
    const project = { video: { title: 'P', background: '#204060' }, scenes: [{ duration: 1, layers: [
        { type: 'media', name: 'P', properties: { media_id: 'picture.jpg', width: 50, height: 50 } },
        { type: 'text', name: 'T', properties: { text: 'Hello', font_size: 120, position: { x: 50, y: 20 } } }] }] };
    fs.writeFileSync(at('project.json'), JSON.stringify(project));
    assert.equal(kinora(['render', at('project.json'), '-q', '480', '-o', at('p.mp4')]).code, 0);
    const told = kinora(['preview', at('project.json'), '--at', '0.5', '-w', '854', '-o', at('p.png')]);
    assert.equal(told.code, 0, told.err);
    const log = ffmpeg('-i', at('p.png'), '-ss', '0.5', '-i', at('p.mp4'), '-frames:v', '1',
        '-filter_complex', '[0:v]scale=854:480,format=yuv420p[a];[1:v]format=yuv420p[b];[a][b]ssim', '-f', 'null', '-');
    const ssim = Number(log.match(/All:([\d.]+)/)[1]);
    assert.ok(ssim > 0.95, `SSIM ${ssim}`);
    assert.equal(kinora(['preview', at('project.json'), '-o', at('p.jpg')]).code, 0);
    assert.equal(fs.readFileSync(at('p.jpg')).readUInt16BE(0), 0xffd8);
});

test('what is clipped or unknown is warned about and rendered', () => {
    const project = { scenes: [{ duration: 1, layers: [
        { type: 'text', name: 'Long', end_time: 9, properties: { text: 'x', sparkle: 1 } },
        { type: 'text', name: 'Outside', start_time: 5, properties: { text: 'y' } }] }] };
    fs.writeFileSync(at('clipped.json'), JSON.stringify(project));
    const told = kinora(['render', at('clipped.json'), '-q', '480', '-o', at('clipped.mp4')]);
    assert.equal(told.code, 0, told.err);
    assert.match(told.err, /warning: scenes\.0\.layers\.0\.properties\.sparkle: /);
    assert.match(told.err, /"Long" ends at 9\.00 s, after its scene/);
    assert.match(told.err, /"Outside" lies outside of its scene/);
    assert.match(told.lines.at(-1), /^Wrote /);
});

test('allow-missing marks what is not there', () => {
    fs.writeFileSync(at('lost.md'), '# A\n\n![x](lost.jpg)\n\nHi.\n');
    const told = kinora(['make', at('lost.md'), '-q', '480', '--allow-missing']);
    assert.equal(told.code, 0, told.err);
    assert.match(told.err, /warning: .*lost\.jpg/);
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'])
    test(`${signal} in the middle leaves what was there and nothing else`, async () => {
        const target = fs.mkdtempSync(at('stop-'));
        const temporary = fs.mkdtempSync(at('temporary-'));
        fs.writeFileSync(path.join(target, 'tour.mp4'), 'what was there');
        const told = await kinora_stopped(['make', tour, '-o', path.join(target, 'tour.mp4')], signal, 3000, { env: { TMPDIR: temporary } });
        assert.equal(told.code, signal === 'SIGKILL' ? 'SIGKILL' : 130);
        assert.ok(told.waited_ms < 2000, `${told.waited_ms} ms`);
        assert.deepEqual(names(target), ['tour.mp4']);
        assert.equal(fs.readFileSync(path.join(target, 'tour.mp4'), 'utf8'), 'what was there');
        assert.deepEqual(names(temporary), []);
    });
