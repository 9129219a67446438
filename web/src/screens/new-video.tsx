// SPDX-License-Identifier: GPL-3.0-or-later
// A new video: from a script, from a recording and its transcript, or empty.
import type { Shapes } from 'kinora:api';
import { useEffect, useState } from 'preact/hooks';
import { call, once } from '../api/client.ts';
import { go } from '../app/router.ts';
import { Button } from '../parts/button.tsx';
import { AreaField, Failure, Select, TextField } from '../parts/field.tsx';
import { clock } from '../parts/format.ts';
import { Icon } from '../parts/icon.tsx';
import { t } from '../strings/index.ts';
import { words_of } from './transcript.tsx';
import './new-video.css';

type Way = 'script' | 'recording' | 'empty';
export const RATIOS: Array<[string, string]> = [['16:9', '16:9'], ['9:16', '9:16'], ['1:1', '1:1'], ['4:5', '4:5']];

function use_choices() {
    const [voices, set_voices] = useState<Array<[string, string]>>([]);
    const [avatars, set_avatars] = useState<Array<[string, string]>>([]);
    useEffect(() => {
        call('GET /api/v1/voices', {}).then((told) => set_voices(told.voices.filter((one) => !one.is_premium).map((one) => [one.id!, `${one.name} (${one.dialect ?? one.language})`]))).catch(() => undefined);
        call('GET /api/v1/avatars', { query: { limit: 100 } }).then((told) => set_avatars(told.avatars.filter((one) => !one.is_premium).map((one) => [one.id!, one.name!]))).catch(() => undefined);
    }, []);
    return { voices, avatars };
}

function FromScript({ fail }: { fail: (text: string) => void }) {
    const [busy, set_busy] = useState(false);
    const { voices, avatars } = use_choices();
    const send = async (event: Event) => {
        event.preventDefault();
        const form = Object.fromEntries(new FormData(event.currentTarget as HTMLFormElement)) as Record<string, string>;
        set_busy(true);
        fail('');
        try {
            const { video } = await call('POST /api/v1/videos/from-script', { headers: once(), body: {
                script: form.script!, title: form.title?.trim() || undefined, voice_id: form.voice || undefined, avatar_id: form.avatar || undefined,
                aspect_ratio: form.ratio || undefined, scene_breakdown: form.breakdown as 'heading',
            } });
            go(`edit/${video.id}`);
        } catch (error) {
            fail((error as Error).message);
            set_busy(false);
        }
    };
    return (
        <form class="stack" onSubmit={send}>
            <AreaField label={t.new_video.script} name="script" rows={14} required placeholder={t.new_video.script_hint} help={t.new_video.script_help} autofocus />
            <div class="two">
                <TextField label={t.new_video.title} name="title" placeholder={t.new_video.title_hint} maxLength={255} />
                <Select label={t.new_video.breakdown} name="breakdown" choices={[['heading', t.new_video.breakdowns.heading], ['paragraph', t.new_video.breakdowns.paragraph], ['sentence', t.new_video.breakdowns.sentence]]} />
                <Select label={t.new_video.ratio} name="ratio" choices={RATIOS} />
                <Select label={t.new_video.voice} name="voice" choices={[['', t.new_video.default_voice], ...voices]} />
                <Select label={t.new_video.avatar} name="avatar" choices={[['', t.new_video.no_avatar], ...avatars]} />
            </div>
            <div class="row"><button class="button main" disabled={busy}>{busy ? <span class="spinner" /> : t.new_video.make}</button></div>
        </form>
    );
}

// Segments by their boxes, single words by a click: what is struck out is cut out of the clip.
function Picking({ said, out, change }: { said: Shapes['Segments']; out: Map<number, Set<number> | 'all'>; change: (out: Map<number, Set<number> | 'all'>) => void }) {
    const toggle_segment = (index: number, on: boolean) => {
        const next = new Map(out);
        if (on)
            next.delete(index);
        else
            next.set(index, 'all');
        change(next);
    };
    const toggle_word = (index: number, word: number) => {
        const next = new Map(out), before = out.get(index), set = new Set(before === 'all' ? [] : before);
        if (!set.delete(word))
            set.add(word);
        next.set(index, set);
        change(next);
    };
    return (
        <div class="pick-words" role="group" aria-label={t.new_video.pick}>
            {said.segments.map((segment, index) => (
                <div key={segment.id} class={`row ${out.get(index) === 'all' ? 'segment-off' : ''}`} style={{ alignItems: 'baseline' }}>
                    <input type="checkbox" checked={out.get(index) !== 'all'} aria-label={t.new_video.use_segment(clock(segment.start))} onChange={(event) => toggle_segment(index, event.currentTarget.checked)} />
                    <span class="small muted mono">{clock(segment.start)}</span>
                    <p>{words_of(segment).map((word, at) => (
                        <><button type="button" class="cut-word" aria-pressed={out.get(index) === 'all' || (out.get(index) as Set<number> | undefined)?.has(at) || false} disabled={out.get(index) === 'all'} onClick={() => toggle_word(index, at)}>{word.text}</button>{' '}</>
                    ))}</p>
                </div>
            ))}
        </div>
    );
}

function FromRecording({ job_id, fail }: { job_id: string; fail: (text: string) => void }) {
    const [files, set_files] = useState<Array<Shapes['File']> | null>(null);
    const [said, set_said] = useState<Shapes['Segments'] | null>(null);
    const [out, set_out] = useState(new Map<number, Set<number> | 'all'>());
    useEffect(() => {
        if (job_id)
            call('GET /api/v1/transcriptions/{job_id}/segments', { path: { job_id } }).then(set_said).catch((error) => fail(error.message));
        else
            call('GET /api/v1/files', { query: { limit: 1000 } }).then((told) => set_files(told.files.filter((one) => one.status === 'completed' && /audio|video/.test(one.media_type ?? '')))).catch((error) => fail(error.message));
    }, [job_id]);
    const choose = async (id: string) => {
        const file = await call('GET /api/v1/files/{file_id}', { path: { file_id: id } });
        if (file.job_id)
            go(`new?from=${file.job_id}`, true);
        else
            fail(t.media.no_transcript);
    };
    const make = async () => {
        const segments = said!.segments.flatMap((_, index): unknown[] => {
            const left = out.get(index);
            return left === 'all' ? [] : [left?.size ? { segment: index, without: [...left] } : index];
        });
        const { video } = await call('POST /api/v1/videos/from-transcription', { body: { job_id, segments }, headers: once() });
        go(`edit/${video.id}`);
    };
    if (!job_id)
        return files === null ? <div class="waiting"><span class="spinner" role="status" aria-label={t.loading} /></div>
            : files.length === 0 ? <div class="empty"><Icon name="words" /><h2>{t.new_video.no_recordings}</h2><p>{t.new_video.no_recordings_text}</p><a class="button" href="#/library">{t.titles.library}</a></div>
                : <ul class="rows" aria-label={t.new_video.recordings}>{files.map((file) => <li key={file.id} class="row between"><span class="cut grow">{file.name}</span><span class="badge">{clock(file.duration)}</span><Button kind="tight" act={() => choose(file.id!)}>{t.new_video.choose}</Button></li>)}</ul>;
    if (!said)
        return <div class="waiting"><span class="spinner" role="status" aria-label={t.loading} /></div>;
    return (
        <div class="stack">
            <p class="muted">{t.new_video.pick_text}</p>
            <Picking said={said} out={out} change={set_out} />
            <div class="row"><Button kind="main" act={make}>{t.new_video.make}</Button></div>
        </div>
    );
}

function Empty({ fail }: { fail: (text: string) => void }) {
    const send = async (event: Event) => {
        event.preventDefault();
        const form = Object.fromEntries(new FormData(event.currentTarget as HTMLFormElement)) as Record<string, string>;
        try {
            const { video } = await call('POST /api/v1/videos', { body: { title: form.title!.trim(), aspect_ratio: form.ratio }, headers: once() });
            await call('POST /api/v1/videos/{videoId}/scenes', { path: { videoId: video.id! }, body: { text: '', duration: 5 }, headers: once() });
            go(`edit/${video.id}`);
        } catch (error) {
            fail((error as Error).message);
        }
    };
    return (
        <form class="stack" onSubmit={send}>
            <div class="two">
                <TextField label={t.new_video.title} name="title" required maxLength={255} autofocus />
                <Select label={t.new_video.ratio} name="ratio" choices={RATIOS} />
            </div>
            <div class="row"><button class="button main">{t.new_video.make_empty}</button></div>
        </form>
    );
}

export default function NewVideo({ query }: { query: URLSearchParams }) {
    const from = query.get('from') ?? '';
    const [way, set_way] = useState<Way>(from ? 'recording' : 'script');
    const [failed, set_failed] = useState('');
    const ways = [['script', 'text'], ['recording', 'words'], ['empty', 'plus']] as const;
    return (
        <div class="page narrow">
            <header class="head"><a class="button plain icon" href="#/videos" aria-label={t.titles.videos}><Icon name="back" /></a><h1>{t.videos.new}</h1></header>
            <div class="ways" role="group" aria-label={t.new_video.start_with}>
                {ways.map(([name, icon]) => <Button key={name} icon={icon} aria-pressed={way === name} act={() => (set_failed(''), set_way(name))}>{t.new_video.ways[name].title}<span>{t.new_video.ways[name].text}</span></Button>)}
            </div>
            {failed && <Failure>{failed}</Failure>}
            {way === 'script' ? <FromScript fail={set_failed} /> : way === 'recording' ? <FromRecording job_id={from} fail={set_failed} /> : <Empty fail={set_failed} />}
        </div>
    );
}
