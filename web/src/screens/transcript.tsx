// SPDX-License-Identifier: GPL-3.0-or-later
// The words of a recording: they seek, the spoken one is lit, and they can be corrected where they stand.
import type { Shapes } from 'kinora:api';
import { memo } from 'preact/compat';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { call, once } from '../api/client.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { TextField } from '../parts/field.tsx';
import { clock } from '../parts/format.ts';
import { tell } from '../state/toasts.ts';
import { t } from '../strings/index.ts';

type Said = Shapes['Segments'];
type Segment = Shapes['Segment'];
export interface Word { text: string; start: number; end: number; confidence?: number }
export const words_of = (segment: Segment) => (segment.words ?? []) as Word[];
export const UNSURE = 0.5; // confidence below which a word is marked

interface RowProps { segment: Segment; speaker: string | null; editable: boolean; editing: boolean; split_at: number | null; act: (what: string, segment: Segment, more?: string) => void }

const Row = memo(function Row({ segment, speaker, editable, editing, split_at, act }: RowProps) {
    const area = useRef<HTMLTextAreaElement>(null);
    useEffect(() => {
        if (editing && area.current) {
            area.current.focus();
            area.current.style.height = `${area.current.scrollHeight + 2}px`;
        }
    }, [editing]);
    const finish = () => area.current && act('save', segment, area.current.value);
    const keys = (event: KeyboardEvent) => {
        event.stopPropagation();
        if (event.key === 'Escape')
            act('stop', segment);
        if (event.key === 'Enter' && !event.shiftKey)
            event.preventDefault(), finish();
    };
    return (
        <div class="segment" data-segment={segment.id}>
            {speaker !== null && <span class="speaker"><button type="button" class="speaker-name" disabled={!editable} title={t.media.name_speaker} onClick={() => act('speaker', segment)}>{speaker}</button></span>}
            <button type="button" class="time" aria-label={t.media.play_from(clock(segment.start))} onClick={() => act('play', segment)}>{clock(segment.start)}</button>
            {editing
                ? <textarea ref={area} class="input" aria-label={t.media.text_of(clock(segment.start))} defaultValue={segment.text ?? ''} onKeyDown={keys} onBlur={finish} />
                : (
                    <p class="words">
                        {words_of(segment).map((word, i) => (
                            <>
                                <span class={`word${word.confidence !== undefined && word.confidence !== null && word.confidence < UNSURE ? ' unsure' : ''}`} data-start={word.start} data-word={i} title={word.confidence !== undefined && word.confidence < UNSURE ? t.media.unsure : undefined}>{word.text}</span>{' '}
                            </>
                        ))}
                    </p>
                )}
            {editable && !editing && (
                <span class="tools">
                    <Button kind="plain tight" icon="edit" label={t.media.edit(clock(segment.start))} act={() => act('edit', segment)} />
                    <Button kind="plain tight" icon="cut" label={split_at === null ? t.media.split_hint : t.media.split(clock(segment.start))} disabled={split_at === null} act={() => act('split', segment, String(split_at))} />
                    <Button kind="plain tight" icon="merge" label={t.media.merge(clock(segment.start))} act={() => act('merge', segment)} />
                </span>
            )}
        </div>
    );
});

// The last word that starts at or before the time, or -1.
function at_time(starts: number[], time: number): number {
    let low = 0, high = starts.length;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (starts[middle]! <= time + 0.02)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

// Lights the spoken word by hand: a hundred thousand words are not rendered anew for each.
function use_light(box: { current: HTMLElement | null }, said: Said, player: HTMLMediaElement | null, tell_word: (segment: string, word: number) => void) {
    const starts = useMemo(() => said.segments.flatMap((segment) => words_of(segment).map((word) => word.start)), [said]);
    const places = useMemo(() => said.segments.flatMap((segment) => words_of(segment).map((_, i) => [segment.id!, i] as const)), [said]);
    useEffect(() => {
        if (!player)
            return;
        let lit: Element | null = null, frame = 0, index = -2;
        const light = () => {
            const now = at_time(starts, player.currentTime);
            if (now === index)
                return;
            index = now;
            lit?.classList.remove('now');
            lit = null;
            const place = places[now];
            if (!place)
                return;
            lit = box.current?.querySelector(`[data-segment="${place[0]}"] [data-word="${place[1]}"]`) ?? null;
            lit?.classList.add('now');
            tell_word(place[0], place[1]);
            const at = lit?.getBoundingClientRect();
            if (at && !player.paused && (at.top < 80 || at.bottom > innerHeight - 60))
                lit!.scrollIntoView({ block: 'center', behavior: 'smooth' });
        };
        const run = () => {
            light();
            frame = player.paused ? 0 : requestAnimationFrame(run);
        };
        const wake = () => (frame ||= requestAnimationFrame(run));
        const names = ['play', 'seeked', 'timeupdate'] as const;
        names.forEach((name) => player.addEventListener(name, wake));
        wake();
        return () => {
            cancelAnimationFrame(frame);
            lit?.classList.remove('now');
            names.forEach((name) => player.removeEventListener(name, wake));
        };
    }, [player, starts]);
}

export function Transcript({ job_id, said, player, editable, change }: { job_id: string; said: Said; player: HTMLMediaElement | null; editable: boolean; change: (said: Said) => void }) {
    const box = useRef<HTMLDivElement>(null);
    const [editing, set_editing] = useState('');
    const [current, set_current] = useState<{ segment: string; word: number } | null>(null);
    const [naming, set_naming] = useState('');
    const state = useRef(said);
    state.current = said;
    use_light(box, said, player, (segment, word) => set_current((before) => (before?.segment === segment && before.word === word ? before : { segment, word })));
    const names = useMemo(() => Object.fromEntries(said.speakers.map((one, i) => [one.id!, one.name ?? t.media.speaker(i + 1)])), [said]);
    const read = async () => change(await call('GET /api/v1/transcriptions/{job_id}/segments', { path: { job_id } }));
    const run = async (what: string, segment: Segment, more?: string) => {
        const path = { job_id, segment_id: segment.id! };
        if (what === 'play' && player) {
            player.currentTime = segment.start;
            await player.play();
        } else if (what === 'edit') {
            set_editing(segment.id!);
        } else if (what === 'stop') {
            set_editing('');
        } else if (what === 'save') {
            set_editing('');
            const text = (more ?? '').trim();
            if (text === segment.text || !text)
                return;
            const now = await call('PUT /api/v1/transcriptions/{job_id}/segments/{segment_id}', { path, body: { text } });
            change({ ...state.current, segments: state.current.segments.map((one) => (one.id === now.id ? now : one)) });
        } else if (what === 'split') {
            await call('POST /api/v1/transcriptions/{job_id}/segments/{segment_id}/split', { path, body: { at_word: Number(more) }, headers: once() });
            await read();
        } else if (what === 'merge') {
            await call('POST /api/v1/transcriptions/{job_id}/segments/{segment_id}/merge', { path, headers: once() });
            await read();
        } else if (what === 'speaker') {
            set_naming(segment.speaker ?? '');
        }
    };
    const act = useRef((what: string, segment: Segment, more?: string) => void run(what, segment, more).catch((error) => error.name !== 'AbortError' && tell(error)));
    act.current = (what, segment, more) => void run(what, segment, more).catch(tell);
    const steady = useMemo(() => (what: string, segment: Segment, more?: string) => act.current(what, segment, more), []);
    const seek = (event: MouseEvent) => {
        const word = (event.target as Element).closest<HTMLElement>('[data-start]');
        if (word && player)
            player.currentTime = Number(word.dataset.start) + 0.001;
    };
    // Left and right go from word to word; the time buttons are the way in.
    const step = (event: KeyboardEvent) => {
        const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
        if (!by || !player || event.target instanceof HTMLTextAreaElement)
            return;
        event.preventDefault();
        const starts = said.segments.flatMap((segment) => words_of(segment).map((word) => word.start));
        const to = starts[Math.max(0, Math.min(starts.length - 1, at_time(starts, player.currentTime) + by))];
        if (to !== undefined)
            player.currentTime = to + 0.001;
    };
    const rename = async (event: Event) => {
        event.preventDefault();
        const name = String(new FormData(event.currentTarget as HTMLFormElement).get('name')).trim();
        const speaker = await call('PUT /api/v1/transcriptions/{job_id}/speakers/{speaker_id}', { path: { job_id, speaker_id: naming }, body: { name } });
        change({ ...said, speakers: said.speakers.map((one) => (one.id === speaker.id ? speaker : one)) });
        set_naming('');
    };
    if (!said.segments.length)
        return <p class="muted">{t.media.silent}</p>;
    return (
        <div ref={box} class="transcript" role="group" aria-label={t.media.words_hint} onClick={seek} onKeyDown={step}>
            {said.segments.map((segment, i) => (
                <Row key={segment.id} segment={segment} editable={editable} editing={editing === segment.id} act={steady}
                    speaker={said.speakers.length > 1 && segment.speaker !== said.segments[i - 1]?.speaker ? names[segment.speaker ?? ''] ?? null : null}
                    split_at={current?.segment === segment.id && current.word > 0 ? current.word : null} />
            ))}
            {naming && (
                <Dialog title={t.media.name_speaker} close={() => set_naming('')}>
                    <form class="stack" onSubmit={(event) => void rename(event).catch(tell)}>
                        <TextField label={t.media.speaker_name} name="name" defaultValue={said.speakers.find((one) => one.id === naming)?.name ?? ''} required maxLength={100} autofocus />
                        <footer class="row" style={{ justifyContent: 'flex-end' }}><button class="button main">{t.save}</button></footer>
                    </form>
                </Dialog>
            )}
        </div>
    );
}
