// SPDX-License-Identifier: GPL-3.0-or-later
// A picture from words: made by a job, then one of the library like any other.
import { useEffect, useState } from 'preact/hooks';
import { call, once } from '../api/client.ts';
import { AreaField, Failure } from '../parts/field.tsx';
import { t } from '../strings/index.ts';
import { video } from './store.ts';

const ASK_MS = 500;

export function Imagine({ done }: { done: () => void }) {
    const [job, set_job] = useState('');
    const [progress, set_progress] = useState(0);
    const [note, set_note] = useState('');
    const [failed, set_failed] = useState('');
    useEffect(() => {
        if (!job)
            return;
        const timer = setInterval(async () => {
            const told = await call('GET /api/v1/media/ai-status/{jobId}', { path: { jobId: job } }).catch(() => null);
            if (!told)
                return;
            set_progress(told.progress);
            if (told.status === 'completed' || told.status === 'failed' || told.status === 'cancelled') {
                set_job('');
                set_failed(told.status === 'failed' ? told.error ?? '' : '');
                done();
            }
        }, ASK_MS);
        return () => clearInterval(timer);
    }, [job]);
    const send = async (event: Event) => {
        event.preventDefault();
        const prompt = String(new FormData(event.currentTarget as HTMLFormElement).get('prompt')).trim();
        const ratio = video.value?.aspect_ratio === '9:16' || video.value?.aspect_ratio === '1:1' ? video.value.aspect_ratio : '16:9';
        set_failed('');
        try {
            const told = await call('POST /api/v1/media/generate-ai', { body: { prompt, aspect_ratio: ratio }, headers: once() });
            set_note(told.note ?? '');
            set_progress(0);
            set_job(told.job_id!);
        } catch (error) {
            set_failed((error as Error).message);
        }
    };
    return (
        <form class="stack" onSubmit={send}>
            <AreaField label={t.editor.prompt} name="prompt" rows={2} required maxLength={2000} placeholder={t.editor.prompt_hint} />
            {failed && <Failure>{failed}</Failure>}
            {job ? <progress class="bar" max={100} value={progress} aria-label={t.editor.making_picture} /> : <div class="row"><button class="button tight">{t.editor.make_picture}</button></div>}
            {note && <p class="small muted">{note}</p>}
        </form>
    );
}
