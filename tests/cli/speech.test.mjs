// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { ffmpeg, kinora, kinora_stopped, names, new_folder, onsets, plain_words, probe, recordings, samples, word_errors } from './kinora.mjs';

const folder = new_folder();
after(() => fs.rmSync(folder, { recursive: true }));
const at = (name) => path.join(folder, name);
const recording = path.join(recordings, 'sense_and_sensibility_01_austen_64kb-0870.wav');
const sentence = path.join(recordings, 'sense_and_sensibility_01_austen_64kb-0930.wav'); // 3.3 s

// [file, words] of the recordings that Debian ships. What others make of more of them is what script/bench asr tells.
function references() {
    return fs.readFileSync(path.join(recordings, 'transcription'), 'utf8').trim().split('\n').map((line) => {
        const [, words, name] = line.match(/<s> (.*) <\/s> \((.*)\)/);
        return [path.join(recordings, `${name}.wav`), words];
    });
}

test('a transcript goes to standard output, alone', () => {
    const told = kinora(['transcribe', sentence]);
    assert.equal(told.code, 0, told.err);
    assert.match(told.out, /^[a-z' \n]*might even have been [a-z' \n]*$/);
    assert.match(told.lines.at(-1), /^Wrote the transcript to standard output \(3\.\d\d s\)$/);
});

test('word errors over clean English stay below 35 percent', () => {
    let errors = 0, words = 0;
    for (const [file, text] of references()) {
        const told = kinora(['transcribe', file]);
        assert.equal(told.code, 0, told.err);
        const wanted = plain_words(text);
        errors += word_errors(wanted, plain_words(told.out));
        words += wanted.length;
    }
    const rate = errors / words;
    console.log(`word error rate ${(rate * 100).toFixed(1)} % over ${words} words`);
    assert.ok(words >= 60);
    assert.ok(rate <= 0.35, `${errors} errors in ${words} words`);
});

test('every format is written, and the words lie within the recording', () => {
    const files = Object.fromEntries(['txt', 'json', 'srt', 'vtt', 'tsv'].map((format) => {
        const told = kinora(['transcribe', sentence, '-o', at(`a.${format}`)]);
        assert.equal(told.code, 0, told.err);
        assert.equal(told.out, '');
        assert.match(told.lines.at(-1), new RegExp(`^Wrote .*a\\.${format} \\(3\\.\\d\\d s\\)$`));
        return [format, fs.readFileSync(at(`a.${format}`), 'utf8')];
    }));
    const told = JSON.parse(files.json);
    assert.equal(told.language, 'en');
    let last = 0;
    for (const segment of told.segments) {
        assert.equal(segment.words.map((word) => word.text).join(' '), segment.text);
        for (const word of segment.words) {
            assert.ok(word.start >= last - 0.001 && word.end >= word.start && word.end <= told.duration + 0.05);
            assert.ok(word.confidence >= 0 && word.confidence <= 1);
            last = word.start;
        }
    }
    assert.match(files.srt, /^1\n00:00:0\d,\d{3} --> 00:00:0\d,\d{3}\n/);
    assert.match(files.vtt, /^WEBVTT\n\n00:00:0/);
    assert.match(files.tsv, /^start\tend\ttext\n\d+\t\d+\t/);
    for (const line of files.srt.split('\n'))
        assert.ok(line.length <= 42);
});

test('the number of children does not change the text', () => {
    const card = '/usr/share/pocketsphinx/test/data/cards/002.wav';
    ffmpeg('-i', card, '-filter_complex', 'apad=whole_dur=2.5,aloop=7:size=40000', '-t', '20', at('long.wav'));
    const one = kinora(['transcribe', at('long.wav'), '-f', 'json', '--workers', '1']);
    const three = kinora(['transcribe', at('long.wav'), '-f', 'json', '--workers', '3']);
    assert.equal(one.code, 0, one.err);
    assert.ok(JSON.parse(one.out).segments.length >= 7);
    assert.equal(one.out, three.out);
});

test('a film is listened to, and what has no sound is told', () => {
    ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=25:d=3', '-i', sentence, '-shortest', at('film.mkv'));
    assert.match(kinora(['transcribe', at('film.mkv')]).out, /might even have been/);
    ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=25:d=1', at('silent.mp4'));
    const told = kinora(['transcribe', at('silent.mp4')]);
    assert.equal(told.code, 1);
    assert.match(told.err, /silent\.mp4: .*(no audio|no sound)/i);
});

test('silence gives an empty transcript and says so', () => {
    ffmpeg('-f', 'lavfi', '-i', 'anullsrc=r=16000:cl=mono', '-t', '3', at('silence.wav'));
    const told = kinora(['transcribe', at('silence.wav')]);
    assert.equal(told.code, 0, told.err);
    assert.equal(told.out, '');
    assert.match(told.err, /no speech was found/);
});

test('an unknown language is refused with those that are known', () => {
    const told = kinora(['transcribe', recording, '--language', 'tlh']);
    assert.equal(told.code, 2);
    assert.match(told.err, /\ben\b/);
});

test('say speaks, from an argument and from standard input', () => {
    const told = kinora(['say', 'Hello there, this is a test.', '-o', at('a.wav')]);
    assert.equal(told.code, 0, told.err);
    const seconds = Number(told.lines.at(-1).match(/^Wrote .*a\.wav \((\d+\.\d\d) s\)$/)[1]);
    assert.ok(Math.abs(Number(probe(at('a.wav')).format.duration) - seconds) < 0.02);
    assert.ok(seconds > 1 && seconds < 5);
    assert.equal(kinora(['say', '-', '-o', at('b.wav')], { input: 'Hello there, this is a test.' }).code, 0);
    assert.deepEqual(fs.readFileSync(at('b.wav')), fs.readFileSync(at('a.wav')));
    kinora(['say', 'Hello there, this is a test.', '-o', at('fast.wav'), '--speed', '2']);
    const fast = Number(probe(at('fast.wav')).format.duration);
    assert.ok(fast < seconds * 0.65 && fast > seconds * 0.35, `${fast} of ${seconds}`);
});

test('a pause in the text is silence in the sound', () => {
    kinora(['say', 'One. [pause 1.5s] Two.', '-o', at('pause.wav')]);
    assert.equal(onsets(samples(at('pause.wav')), 16000, 1.3).length, 2);
});

test('the voices are listed', () => {
    const told = kinora(['say', '--voices']);
    assert.equal(told.code, 0, told.err);
    assert.match(told.out, /^flite:slt .*en/m);
    assert.match(told.out, /^espeak:de /m);
});

test('Ctrl-C ends a transcription within two seconds and writes nothing', async () => {
    ffmpeg('-stream_loop', '20', '-i', recording, at('endless.wav'));
    const told = await kinora_stopped(['transcribe', at('endless.wav'), '-o', at('stopped.txt')], 'SIGINT', 1500);
    assert.equal(told.code, 130);
    assert.match(told.err, /interrupted/);
    assert.ok(told.waited_ms < 2000, `${told.waited_ms} ms`);
    assert.ok(!names(folder).some((name) => /stopped|part/.test(name)));
});
