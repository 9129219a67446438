// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that runs, waits or has ended.
import type { Shapes } from 'kinora:api';
import { useEffect, useState } from 'preact/hooks';
import { call } from '../api/client.ts';
import { gaps } from '../api/socket.ts';
import { Button } from '../parts/button.tsx';
import { Failure } from '../parts/field.tsx';
import { moment } from '../parts/format.ts';
import { Icon } from '../parts/icon.tsx';
import { jobs } from '../state/jobs.ts';
import { t } from '../strings/index.ts';

type Job = Shapes['Job'];
type Show = 'all' | 'processing' | 'pending' | 'failed';
const SOON_MS = 400;
const PAGE = 50;

export const job_kind = (kind: string) => t.jobs.kinds[kind as keyof typeof t.jobs.kinds] ?? kind;
export const status_name = (status: string) => t.jobs.states[status as keyof typeof t.jobs.states] ?? status;
export const status_class = (status: string) => (status === 'completed' ? 'good' : status === 'failed' ? 'bad' : status === 'processing' ? 'busy' : '');

function Row({ job, read }: { job: Job; read: () => Promise<void> }) {
    const live = jobs.value[job.id!];
    const status = live?.status ?? job.status ?? '', progress = live?.progress ?? job.progress;
    const act = (what: 'cancel' | 'retry') => async () => {
        await call(what === 'cancel' ? 'POST /api/v1/jobs/{job_id}/cancel' : 'POST /api/v1/jobs/{job_id}/retry', { path: { job_id: job.id! } });
        await read();
    };
    return (
        <li class="stack" style={{ gap: '6px' }}>
            <div class="row">
                <div class="grow"><p class="cut"><strong>{job_kind(job.kind ?? '')}</strong>{job.file_name && <span class="muted"> · {job.file_name}</span>}</p><p class="small muted">{moment(job.created_at)}</p></div>
                <span class={`badge ${status_class(status)}`}>{status_name(status)}{status === 'processing' && ` ${Math.round(progress * 100)} %`}</span>
                {(status === 'processing' || status === 'pending') && <Button kind="tight" act={act('cancel')}>{t.cancel}</Button>}
                {status === 'failed' && <Button kind="tight" icon="refresh" act={act('retry')}>{t.again}</Button>}
            </div>
            {status === 'processing' && <progress class="bar" max={1} value={progress} aria-label={job_kind(job.kind ?? '')} />}
            {status === 'failed' && <p class="small" style={{ color: 'var(--bad)' }}>{live?.error ?? job.error}</p>}
        </li>
    );
}

export default function Jobs() {
    const [show, set_show] = useState<Show>('all');
    const [list, set_list] = useState<Job[] | null>(null);
    const [limit, set_limit] = useState(PAGE);
    const [total, set_total] = useState(0);
    const [failed, set_failed] = useState('');
    const read = async () => {
        const told = await call('GET /api/v1/jobs', { query: { status: show === 'all' ? undefined : show, limit } });
        set_list(told.jobs);
        set_total(told.total);
        set_failed('');
    };
    // A job that was not in the list, or has changed its state, brings the list anew.
    const shape = Object.values(jobs.value).map((one) => `${one.job_id}${one.status}`).join();
    useEffect(() => {
        const timer = setTimeout(() => void read().catch((error) => set_failed(error.message)), list ? SOON_MS : 0);
        return () => clearTimeout(timer);
    }, [show, limit, shape, gaps.value]);
    return (
        <div class="page narrow">
            <header class="head"><h1 class="grow">{t.titles.jobs}</h1></header>
            <div class="tabs" role="group" aria-label={t.library.show}>
                {(['all', 'processing', 'pending', 'failed'] as const).map((one) => <Button key={one} aria-pressed={show === one} act={() => (set_list(null), set_show(one))}>{one === 'all' ? t.jobs.all : status_name(one)}</Button>)}
            </div>
            {failed && <Failure action={<Button kind="tight" act={read}>{t.again}</Button>}>{failed}</Failure>}
            {list === null && !failed ? <div class="waiting"><span class="spinner" role="status" aria-label={t.loading} /></div>
                : list?.length === 0 ? <div class="empty"><Icon name="clock" /><h2>{t.jobs.empty}</h2><p>{t.jobs.empty_text}</p></div>
                    : <ul class="rows" aria-label={t.titles.jobs}>{list?.map((job) => <Row key={job.id} job={job} read={read} />)}</ul>}
            {list && total > list.length && <div class="row" style={{ justifyContent: 'center' }}><Button act={() => set_limit(Math.min(1000, limit + PAGE))}>{t.more}</Button></div>}
        </div>
    );
}
