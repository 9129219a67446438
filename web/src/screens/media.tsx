// SPDX-License-Identifier: GPL-3.0-or-later
// One file: its player beside what is said in it.
import type { Shapes } from 'kinora:api';
import { useEffect, useRef, useState } from 'preact/hooks';
import { call, once } from '../api/client.ts';
import { go } from '../app/router.ts';
import { Button } from '../parts/button.tsx';
import { confirm_it } from '../parts/dialog.tsx';
import { Failure } from '../parts/field.tsx';
import { clock, moment, size } from '../parts/format.ts';
import { Icon } from '../parts/icon.tsx';
import { Menu } from '../parts/menu.tsx';
import { Waveform } from '../parts/waveform.tsx';
import { jobs, on_end } from '../state/jobs.ts';
import { tell, toast } from '../state/toasts.ts';
import { t } from '../strings/index.ts';
import { save_export } from './exports.ts';
import { Share } from './share.tsx';
import { Transcript } from './transcript.tsx';
import './media.css';

type File_ = Shapes['File'];

function Sound({ file, player }: { file: File_; player: (element: HTMLMediaElement | null) => void }) {
    const own = useRef<HTMLAudioElement | null>(null);
    const line = useRef<HTMLElement>(null);
    const seek = (event: MouseEvent) => {
        const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
        if (own.current)
            own.current.currentTime = ((event.clientX - box.left) / box.width) * (file.duration ?? own.current.duration);
    };
    const move = () => line.current && own.current && (line.current.style.left = `${(own.current.currentTime / (file.duration || own.current.duration || 1)) * 100}%`);
    return (
        <div class="sound">
            {file.waveform_url && <button type="button" class="wave" tabIndex={-1} aria-hidden="true" onClick={seek}><Waveform url={file.waveform_url} /><i ref={line} /></button>}
            <audio ref={(element) => { own.current = element; player(element); }} src={file.proxy_url ?? file.content_url ?? undefined} controls preload="metadata" aria-label={file.name ?? ''} onTimeUpdate={move} onSeeking={move} />
        </div>
    );
}

function Pending({ file, job, again }: { file: File_; job: Shapes['Job'] | null; again: () => Promise<unknown> }) {
    const live = file.job_id ? jobs.value[file.job_id] : undefined;
    const status = live?.status ?? job?.status ?? file.status;
    if (status === 'failed')
        return <div class="stack"><Failure action={<Button kind="tight" act={again}>{t.again}</Button>}>{live?.error ?? job?.error ?? t.media.failed}</Failure></div>;
    if (!file.job_id || status === 'cancelled' || (status === 'completed' && !job))
        return <div class="empty"><Icon name="words" /><h2>{t.media.no_transcript}</h2><p>{t.media.no_transcript_text}</p>{!file.shared && <Button kind="main" act={again}>{t.media.transcribe}</Button>}</div>;
    const progress = live?.progress ?? job?.progress ?? 0;
    return (
        <div class="empty" role="status">
            <span class="spinner" /><h2>{status === 'pending' ? t.media.queued : t.media.transcribing}</h2>
            <progress class="bar" style={{ maxWidth: '320px' }} max={1} value={progress} aria-label={t.media.transcribing} />
            <p>{t.media.transcribing_text}</p>
        </div>
    );
}

export default function Media({ id, query }: { id: string; query: URLSearchParams }) {
    const [file, set_file] = useState<File_ | null>(null);
    const [job, set_job] = useState<Shapes['Job'] | null>(null);
    const [said, set_said] = useState<Shapes['Segments'] | null>(null);
    const [failed, set_failed] = useState('');
    const [sharing, set_sharing] = useState(false);
    const player = useRef<HTMLMediaElement | null>(null);
    const [ready, set_ready] = useState<HTMLMediaElement | null>(null);
    const take = (element: HTMLMediaElement | null) => {
        if (element && element !== player.current) {
            player.current = element;
            set_ready(element);
            const at = Number(query.get('at'));
            if (at)
                element.addEventListener('loadedmetadata', () => (element.currentTime = at), { once: true });
        }
    };
    const read = async () => {
        const told = await call('GET /api/v1/files/{file_id}', { path: { file_id: id } });
        set_file(told);
        if (!told.job_id)
            return;
        const found = await call('GET /api/v1/jobs/{job_id}', { path: { job_id: told.job_id } }).catch(() => null);
        set_job(found);
        if (found?.status === 'completed' || (!found && told.status === 'completed'))
            set_said(await call('GET /api/v1/transcriptions/{job_id}/segments', { path: { job_id: told.job_id } }));
    };
    useEffect(() => {
        const space = (event: KeyboardEvent) => {
            const at = event.target as HTMLElement;
            if (event.key !== ' ' || !player.current || at.closest('button, input, textarea, select, a, audio, video, dialog'))
                return;
            event.preventDefault();
            void (player.current.paused ? player.current.play() : player.current.pause());
        };
        addEventListener('keydown', space);
        return () => removeEventListener('keydown', space);
    }, []);
    useEffect(() => {
        read().catch((error) => set_failed(error.message));
        return on_end((ended) => void (ended.media_id === id && read().catch(tell)));
    }, [id]);
    if (failed)
        return <div class="page"><Failure action={<a class="button tight" href="#/library">{t.titles.library}</a>}>{failed}</Failure></div>;
    if (!file)
        return <div class="waiting"><span class="spinner" role="status" aria-label={t.loading} /></div>;
    const transcribe = async () => {
        await call('POST /api/transcription/start', { body: { mediaId: id }, headers: once() });
        set_said(null);
        await read();
    };
    const remove = async () => {
        if (!(await confirm_it(t.library.delete_title(file.name ?? ''), t.library.delete_text, t.delete)))
            return;
        await call('DELETE /api/v1/files/{file_id}', { path: { file_id: id } });
        toast(t.library.deleted(file.name ?? ''));
        go('library');
    };
    const speaks = file.media_type === 'audio' || file.media_type === 'video';
    return (
        <div class="page">
            <header class="head">
                <a class="button plain icon" href="#/library" aria-label={t.titles.library}><Icon name="back" /></a>
                <h1 class="grow cut" title={file.name ?? ''}>{file.name}</h1>
                {said && <Button kind="main" icon="film" act={() => go(`new?from=${file.job_id}`)}>{t.media.make_video}</Button>}
                {said && <Menu label={t.media.export} icon="download" kind="" text={t.media.export} items={(['srt', 'vtt', 'txt', 'json'] as const).map((kind) => ({ label: t.media.exports[kind], act: () => save_export(file.job_id!, kind, file.name ?? 'transcript') }))} />}
                <Menu label={t.library.actions(file.name ?? '')} kind="" items={[
                    { label: t.download, icon: 'download', href: `${file.content_url}&download=true` },
                    ...(file.shared ? [] : [
                        { label: t.library.share, icon: 'share' as const, act: () => set_sharing(true) },
                        ...(speaks ? [{ label: t.media.again, icon: 'refresh' as const, act: transcribe }] : []),
                        { label: t.delete, icon: 'trash' as const, bad: true, act: remove },
                    ]),
                ]} />
            </header>
            <div class={speaks ? 'media-page' : ''}>
                <div class="player">
                    {file.media_type === 'audio' ? <Sound file={file} player={take} />
                        : file.media_type === 'video' ? <div class="screen"><video ref={take} src={file.proxy_url ?? file.content_url ?? undefined} poster={file.poster_url ?? undefined} controls playsInline preload="metadata" aria-label={file.name ?? ''} /></div>
                            : <div class="screen"><img src={file.proxy_url ?? file.content_url ?? undefined} alt={file.name ?? ''} /></div>}
                    <p class="facts">{!!file.duration && <span>{clock(file.duration)}</span>}<span>{size(file.size_bytes)}</span><span>{file.mime_type}</span><span>{moment(file.created_at)}</span></p>
                </div>
                {speaks && (
                    <section class="stack" aria-label={t.media.transcript}>
                        <h2>{t.media.transcript}</h2>
                        {said && file.job_id ? <Transcript job_id={file.job_id} said={said} player={ready} editable={!file.shared} change={set_said} /> : <Pending file={file} job={job} again={transcribe} />}
                    </section>
                )}
            </div>
            {sharing && <Share file={file} close={() => set_sharing(false)} />}
        </div>
    );
}
