// SPDX-License-Identifier: GPL-3.0-or-later
// Rendering: what is wanted, how far it is, and the film when it is there.
import type { Shapes } from 'kinora:api';
import { useEffect, useState } from 'preact/hooks';
import { call, once } from '../api/client.ts';
import { on } from '../api/socket.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Check, Failure, Select } from '../parts/field.tsx';
import { clock, moment, size } from '../parts/format.ts';
import { me } from '../state/me.ts';
import { t } from '../strings/index.ts';
import { is_busy } from './queue.ts';
import { change_video, rendered, scenes, touched, video } from './store.ts';

type Render = Shapes['Render'];
const over = (status: string | null) => status === 'completed' || status === 'failed' || status === 'cancelled';

// Scenes that were changed since the newest film was begun.
export async function read_touched(videoId: string) {
    const { renders } = await call('GET /api/v1/videos/{videoId}/renders', { path: { videoId }, query: { limit: 5 } });
    const newest = renders.find((one) => one.status === 'completed');
    rendered.value = !!newest;
    if (!newest)
        return;
    const { changes } = await call('GET /api/v1/videos/{videoId}/history', { path: { videoId }, query: { limit: 100 } });
    touched.value = new Set(changes.filter((one) => one.created_at! > newest.created_at! && !one.undone && one.scene_id).map((one) => one.scene_id!));
}

function Options({ begin, again }: { begin: (run: () => Promise<{ job_id: string | null }>) => Promise<void>; again: boolean }) {
    const [kind, set_kind] = useState('mp4');
    const whole = video.value!, id = whole.id!, free = me.value?.plan === 'free', sound_only = kind === 'mp3' || kind === 'wav';
    const captions = (whole.captions as { mode?: string } | null)?.mode ?? 'off';
    const render = (form: HTMLFormElement) => {
        const values = Object.fromEntries(new FormData(form)) as Record<string, string>;
        return begin(() => call('POST /api/v1/videos/{videoId}/render', { path: { videoId: id }, headers: once(), body: {
            quality: (values.quality ?? '1080p') as '1080p', format: values.format as 'mp4', aspect_ratio: (values.ratio || undefined) as '16:9' | undefined, preset: values.preset as 'standard' | undefined,
            ...(!free && { include_watermark: !!values.watermark }),
        } }));
    };
    return (
        <form class="stack" onSubmit={(event) => { event.preventDefault(); void render(event.currentTarget); }}>
            <div class="two">
                <Select label={t.editor.format} name="format" value={kind} onChange={(event) => set_kind(event.currentTarget.value)} choices={[['mp4', 'MP4'], ['mov', 'MOV'], ['webm', 'WebM'], ['gif', 'GIF'], ['mp3', t.editor.only_sound('MP3')], ['wav', t.editor.only_sound('WAV')]]} />
                {!sound_only && <Select label={t.editor.quality} name="quality" value="1080p" choices={['480p', '720p', '1080p', '1440p', '2160p'].map((one) => [one, one])} />}
                {!sound_only && <Select label={t.new_video.ratio} name="ratio" choices={[['', t.editor.own_ratio(whole.aspect_ratio ?? '16:9')], ...['16:9', '9:16', '1:1', '4:5'].map((one): [string, string] => [one, one])]} />}
                {!sound_only && <Select label={t.editor.care} name="preset" value="standard" choices={[['draft', t.editor.presets.draft], ['standard', t.editor.presets.standard], ['high', t.editor.presets.high]]} />}
                {!sound_only && <Select label={t.editor.captions} value={captions} choices={[['off', t.editor.choices.off], ['plain', t.editor.choices.plain], ['karaoke', t.editor.choices.karaoke]]} onChange={(event) => change_video({ captions: { mode: event.currentTarget.value } })} />}
            </div>
            {!sound_only && <Check label={free ? t.editor.watermark_free : t.editor.watermark} name="watermark" defaultChecked={free} disabled={free} />}
            <footer class="row wrap" style={{ justifyContent: 'flex-end' }}>
                {again && <Button icon="refresh" disabled={!touched.value.size} act={() => begin(() => call('POST /api/v1/videos/{videoId}/regenerate', { path: { videoId: id }, body: {}, headers: once() }))}>{t.editor.only_changed(touched.value.size)}</Button>}
                <button class="button main" disabled={!scenes.value.length}>{t.editor.render}</button>
            </footer>
        </form>
    );
}

function Going({ render, job_id }: { render: Render | null; job_id: string }) {
    return (
        <div class="stack" role="status">
            <div class="row between"><strong>{render?.queue_position ? t.editor.in_line(render.queue_position) : t.editor.rendering}</strong><span>{render?.progress ?? 0} %</span></div>
            <progress class="bar" max={100} value={render?.progress ?? 0} aria-label={t.editor.rendering} />
            <p class="small muted">{!!render?.total_scenes && t.editor.scene_x_of(render.current_scene ?? 0, render.total_scenes)} {!!render?.estimated_time_remaining && t.editor.remaining(clock(render.estimated_time_remaining))}</p>
            <div class="row"><Button act={() => call('POST /api/v1/jobs/{job_id}/cancel', { path: { job_id } })}>{t.cancel}</Button></div>
        </div>
    );
}

function Done({ render }: { render: Render }) {
    if (render.status !== 'completed' || !render.video_url)
        return render.status === 'failed' ? <Failure>{render.error}</Failure> : null;
    const warnings = (render.warnings ?? []) as Array<{ message: string }>;
    return (
        <div class="stack">
            <video class="result" src={render.video_url} poster={render.poster_url ?? undefined} controls playsInline preload="metadata" aria-label={t.editor.result} />
            {warnings.length > 0 && <div class="notice"><ul>{warnings.map((one, i) => <li key={i}>{one.message}</li>)}</ul></div>}
            <div class="row wrap between">
                <span class="small muted">{clock(render.duration)} · {size(render.size_bytes)} · {moment(render.completed_at)}</span>
                <span class="row">
                    {render.subtitles_url && <a class="button" href={`${render.subtitles_url}&download=true`} download>{t.editor.subtitles} (VTT)</a>}
                    {render.subtitles_srt_url && <a class="button" href={`${render.subtitles_srt_url}&download=true`} download>{t.editor.subtitles} (SRT)</a>}
                    <a class="button main" href={`${render.video_url}&download=true`} download>{t.download}</a>
                </span>
            </div>
        </div>
    );
}

export function RenderDialog({ close }: { close: () => void }) {
    const id = video.value!.id!;
    const [render, set_render] = useState<Render | null>(null);
    const [job_id, set_job] = useState('');
    const [failed, set_failed] = useState('');
    const [found, set_found] = useState(false);
    const newest = async () => {
        const { renders } = await call('GET /api/v1/videos/{videoId}/renders', { path: { videoId: id }, query: { limit: 1 } });
        set_render(renders[0] ?? null);
        set_job(renders[0] && !over(renders[0].status) ? renders[0].job_id! : '');
        set_found(true);
    };
    const read = async (job: string) => {
        const told = await call('GET /api/v1/renders/{jobId}', { path: { jobId: job } });
        set_render(told.render);
        if (over(told.render.status)) {
            set_job('');
            if (told.render.status === 'completed') {
                touched.value = new Set();
                rendered.value = true;
            }
        }
    };
    useEffect(() => void newest().catch((error) => set_failed(error.message)), []);
    useEffect(() => {
        if (!job_id)
            return;
        const look = () => void read(job_id).catch(() => undefined);
        const ends = [on('job:progress', (data) => data.job_id === job_id && look()), on('video:regenerated', (data) => data.job_id === job_id && look())];
        const timer = setInterval(look, 3000); // should an event be missed
        look();
        return () => (clearInterval(timer), ends.forEach((end) => end()));
    }, [job_id]);
    const begin = async (run: () => Promise<{ job_id: string | null }>) => {
        set_failed('');
        try {
            while (is_busy())
                await new Promise((resolve) => setTimeout(resolve, 50));
            const told = await run();
            set_render(null);
            set_job(told.job_id!);
        } catch (error) {
            set_failed((error as Error).message);
        }
    };
    return (
        <Dialog title={t.editor.render_title} close={close} wide>
            {failed && <Failure>{failed}</Failure>}
            {job_id ? <Going render={render} job_id={job_id} /> : found && <>{render && <Done render={render} />}<Options begin={begin} again={render?.status === 'completed'} /></>}
        </Dialog>
    );
}
