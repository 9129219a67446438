// SPDX-License-Identifier: GPL-3.0-or-later
// Long recordings, what is no speech, and who says what.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { made } from '../api/lib/media.mjs';
import { Server, until } from '../api/lib/server.mjs';

const CARD = '/usr/share/pocketsphinx/test/data/cards/002.wav';
let server, ada;

before(async () => {
    server = await Server.start();
    ada = await new Client(server).user('ada');
});
after(() => server.remove());

const start = async (media, more = {}) => (await ada.must(202, 'POST', '/api/transcription/start', { mediaId: media, ...more })).data;
const transcript = (job) => ada.must(200, 'GET', `/api/v1/transcriptions/${job}`);
// Parts of the job that are done, with the moment when they were.
const done_parts = (job) => server.sql(`SELECT part, finished_at FROM job WHERE state = 'completed'
    AND parent = (SELECT number FROM job WHERE id = '${job}') ORDER BY part`);

test('what is no speech is a transcription without segments', async () => {
    const sounds = {
        silence: 'anullsrc=r=16000:cl=mono:d=60',
        hiss: 'anoisesrc=c=pink:a=0.3:d=20:seed=1:r=16000',
        'a hiss that comes and goes': 'anoisesrc=c=white:a=0.3:d=20:seed=2:r=16000,tremolo=f=3:d=0.9',
        bursts: "anoisesrc=c=brown:a=0.5:d=20:seed=3:r=16000,volume='if(lt(mod(t,4),1.5),1,0.01)':eval=frame",
        music: "aevalsrc='0.25*exp(-3*mod(t,0.5))*(sin(2*PI*t*262*pow(2,mod(floor(t*2)*5,12)/12))"
            + "+0.6*sin(2*PI*t*524*pow(2,mod(floor(t*2)*5,12)/12)))':d=20:s=16000",
    };
    for (const [name, source] of Object.entries(sounds)) {
        const file = await ada.upload(`${name}.wav`, made('sound.wav', '-f', 'lavfi', '-i', source), '');
        await ada.job_end(file.job_id);
        const { text, segments, speakers, word_count } = await transcript(file.job_id);
        assert.deepEqual([text, segments, speakers, word_count], ['', [], [], 0], name);
    }
});

test('a killed server goes on from the parts that were finished', async () => {
    const sound = made('long.wav', '-stream_loop', '23', '-i', CARD);
    const file = await ada.upload('long.wav', sound);
    const { jobId: job } = await start(file.id);
    const before = await until('a part with words is done', () => {
        const parts = done_parts(job);
        return parts.some(({ part }) => part > 0) && parts;
    }, { limit_ms: 180_000 });
    await server.kill();
    await server.start();
    // Finished parts are gone with the end of the job: what stood there last is looked at.
    let last = [];
    const told = await until('the job is done', async () => {
        const parts = done_parts(job);
        last = parts.length >= last.length ? parts : last;
        const now = await ada.job(job);
        return /completed|failed/.test(now.status) && now;
    }, { limit_ms: 240_000 });
    assert.deepEqual([told.status, told.progress], ['completed', 1]);
    assert.ok(last.length > before.length, 'parts were done after the restart');
    for (const { part, finished_at } of before)
        assert.equal(last.find((one) => one.part === part)?.finished_at, finished_at, `part ${part} was done again`);
    const { segments, duration } = await transcript(job);
    assert.ok(Math.abs(duration - file.duration) < 0.1);
    assert.ok(segments.map((one) => one.text).join(' ').split('queen').length > 12, JSON.stringify(segments));
    assert.ok(segments.every((one, i) => !i || one.start >= segments[i - 1].end - 0.01), 'segments in order, none twice');
});

test('a call with one person a channel has a speaker for each', async () => {
    // The second person answers two seconds later, on the other channel.
    const call = made('call.wav', '-i', CARD, '-i', '/usr/share/pocketsphinx/test/data/cards/003.wav', '-filter_complex',
        '[0]aformat=channel_layouts=mono:sample_rates=16000,apad=whole_dur=8[a];[1]aformat=channel_layouts=mono:sample_rates=16000,adelay=4000,apad=whole_dur=8[b];[a][b]join=inputs=2:channel_layout=stereo', '-t', '8');
    const file = await ada.upload('call.wav', call);
    const job = await start(file.id, { speakers: 2 });
    await ada.job_end(job.jobId, { limit_ms: 120_000 });
    const { segments, speakers } = await transcript(job.jobId);
    assert.deepEqual(speakers.map((one) => one.id), ['speaker_1', 'speaker_2']);
    for (const [k, speaker] of speakers.entries())
        for (const index of speaker.segments)
            assert.equal(segments[index].start >= 3.5, k === 1, JSON.stringify(segments[index]));
    assert.deepEqual(speakers.flatMap((one) => one.segments).sort((a, b) => a - b), segments.map((_, i) => i));
});

test('a number of speakers that cannot be is refused and names the field', async () => {
    const file = await ada.upload('card.wav', made('card.wav', '-i', CARD));
    for (const speakers of [0, 21, 1.5, 'two']) {
        const { status, json } = await ada.post('/api/transcription/start', { mediaId: file.id, speakers });
        assert.deepEqual([status, json.details[0].field], [400, 'speakers'], String(speakers));
    }
});
