// SPDX-License-Identifier: GPL-3.0-or-later
// Links that Kinora watches and whose media it saves.
import type { Shapes } from 'kinora:api';
import { useEffect, useState } from 'preact/hooks';
import { call, once } from '../api/client.ts';
import { Button } from '../parts/button.tsx';
import { confirm_it, Dialog } from '../parts/dialog.tsx';
import { AreaField, Check, Failure, Select, TextField } from '../parts/field.tsx';
import { moment } from '../parts/format.ts';
import { Icon } from '../parts/icon.tsx';
import { Menu } from '../parts/menu.tsx';
import { jobs, on_end } from '../state/jobs.ts';
import { toast } from '../state/toasts.ts';
import { t } from '../strings/index.ts';

type Link = Shapes['Link'];
type Record_ = Shapes['DownloadRecord'];
const TYPES = ['generic_video', 'generic_gallery', 'podcast_feed', 'direct', 'youtube_channel', 'youtube_playlist', 'pixiv_user'] as const;
const QUALITIES = ['best', '2160p', '1440p', '1080p', '720p', '480p', '360p'] as const;
const outcome = (status: string | null) => t.saver.outcomes[status as keyof typeof t.saver.outcomes] ?? t.saver.not_yet;
const outcome_class = (status: string | null) => (status === 'success' ? 'good' : status === 'failure' ? 'bad' : status === 'partial' ? 'busy' : '');
const advice_of = (failure: string | null) => t.saver.advice[failure as keyof typeof t.saver.advice] ?? '';

function Edit({ link, close, done }: { link: Link | null; close: () => void; done: () => Promise<void> }) {
    const [failed, set_failed] = useState('');
    const send = async (event: Event) => {
        event.preventDefault();
        const values = Object.fromEntries(new FormData(event.currentTarget as HTMLFormElement)) as Record<string, string>;
        const body = {
            url: values.url!.trim(), name: values.name!.trim(), type: values.type as (typeof TYPES)[number], tags: values.tags!.split(',').map((one) => one.trim()).filter(Boolean),
            is_enabled: !!values.is_enabled, download_automatically: !!values.download_automatically, transcribe: !!values.transcribe, audio_only: !!values.audio_only,
            quality: values.quality as 'best', max_items: Number(values.max_items || 0), keep_last: Number(values.keep_last || 0), title_include: values.title_include || null, title_exclude: values.title_exclude || null,
            ...(values.cookies && { cookies: values.cookies as never }),
        };
        set_failed('');
        try {
            if (link)
                await call('PUT /api/v1/links/{link_id}', { path: { link_id: link.id }, body });
            else
                await call('POST /api/v1/links', { body, headers: once() });
            await done();
            close();
        } catch (error) {
            set_failed((error as Error).message);
        }
    };
    return (
        <Dialog title={link ? t.saver.edit(link.name ?? '') : t.saver.add} close={close} wide>
            <form class="stack" onSubmit={send}>
                {failed && <Failure>{failed}</Failure>}
                <TextField label={t.saver.url} name="url" type="url" required defaultValue={link?.url ?? ''} placeholder="https://" autofocus />
                <div class="two">
                    <TextField label={t.saver.name} name="name" required maxLength={200} defaultValue={link?.name ?? ''} />
                    <Select label={t.saver.type} name="type" value={link?.type ?? 'generic_video'} choices={TYPES.map((one) => [one, t.saver.types[one]])} />
                    <TextField label={t.saver.tags} name="tags" defaultValue={((link?.tags ?? []) as string[]).join(', ')} help={t.saver.tags_help} />
                    <Select label={t.saver.quality} name="quality" value={link?.quality ?? 'best'} choices={QUALITIES.map((one) => [one, one === 'best' ? t.saver.best : one])} />
                    <TextField label={t.saver.max_items} name="max_items" type="number" min={0} max={10000} defaultValue={link?.max_items || ''} help={t.saver.max_items_help} />
                    <TextField label={t.saver.keep_last} name="keep_last" type="number" min={0} max={100000} defaultValue={link?.keep_last || ''} help={t.saver.keep_last_help} />
                    <TextField label={t.saver.include} name="title_include" maxLength={200} defaultValue={link?.title_include ?? ''} />
                    <TextField label={t.saver.exclude} name="title_exclude" maxLength={200} defaultValue={link?.title_exclude ?? ''} />
                </div>
                <div class="two">
                    <Check label={t.saver.enabled} name="is_enabled" defaultChecked={link?.is_enabled ?? true} />
                    <Check label={t.saver.automatic} name="download_automatically" defaultChecked={link?.download_automatically ?? true} />
                    <Check label={t.saver.transcribe} name="transcribe" defaultChecked={link?.transcribe ?? true} />
                    <Check label={t.saver.audio_only} name="audio_only" defaultChecked={link?.audio_only ?? false} />
                </div>
                <AreaField label={t.saver.cookies} name="cookies" rows={2} help={link?.has_cookies ? t.saver.has_cookies : t.saver.cookies_help} autocomplete="off" />
                <footer class="row" style={{ justifyContent: 'flex-end' }}><button class="button main">{t.save}</button></footer>
            </form>
        </Dialog>
    );
}

function History({ link }: { link: Link | null }) {
    const [list, set_list] = useState<Record_[] | null>(null);
    const [status, set_status] = useState('');
    const [failed, set_failed] = useState('');
    const read = () => call('GET /api/v1/history', { query: { limit: 50, link_id: link?.id, status: (status || undefined) as 'success' | undefined } }).then(set_list, (error) => set_failed(error.message));
    useEffect(() => {
        void read();
        return on_end(() => void read());
    }, [link?.id, status]);
    return (
        <section class="stack">
            <header class="row wrap between">
                <h2>{link ? t.saver.history_of(link.name ?? '') : t.saver.history}</h2>
                <div class="tabs" role="group" aria-label={t.library.show}>{(['', 'success', 'partial', 'failure'] as const).map((one) => <Button key={one} aria-pressed={status === one} act={() => set_status(one)}>{one ? outcome(one) : t.jobs.all}</Button>)}</div>
            </header>
            {failed && <Failure>{failed}</Failure>}
            {list?.length === 0 && <p class="muted">{t.saver.no_history}</p>}
            {!!list?.length && (
                <ul class="rows" aria-label={t.saver.history}>
                    {list.map((one) => {
                        const names = (one.downloaded_files ?? []) as string[], ids = (one.media_uuids ?? []) as string[];
                        return (
                            <li key={one.id} class="stack" style={{ gap: '4px' }}>
                                <div class="row"><div class="grow"><p class="cut"><strong>{one.link_name}</strong> <span class="muted">{one.message}</span></p><p class="small muted">{moment(one.timestamp)}</p></div><span class={`badge ${outcome_class(one.status)}`}>{outcome(one.status)}</span></div>
                                {one.failure && <p class="small">{one.advice ?? advice_of(one.failure)}</p>}
                                {names.length > 0 && <p class="row wrap small">{names.slice(0, 12).map((name, i) => (ids[i] ? <a key={name} href={`#/media/${ids[i]}`}>{name}</a> : <span key={name}>{name}</span>))}{names.length > 12 && <span class="muted">{t.saver.and_more(names.length - 12)}</span>}</p>}
                            </li>
                        );
                    })}
                </ul>
            )}
        </section>
    );
}

function Row({ link, chosen, choose, edit, read }: { link: Link; chosen: boolean; choose: () => void; edit: () => void; read: () => Promise<void> }) {
    const [job_id, set_job] = useState('');
    const live = job_id ? jobs.value[job_id] : undefined, busy = !!live && (live.status === 'processing' || live.status === 'pending');
    const trigger = async () => {
        const told = await call('POST /api/v1/links/{link_id}/trigger-download', { path: { link_id: link.id }, headers: once() });
        set_job(told.job_id ?? '');
        toast(t.saver.triggered(link.name ?? ''));
    };
    const remove = async () => {
        if (!(await confirm_it(t.library.delete_title(link.name ?? ''), t.saver.delete_text, t.delete)))
            return;
        await call('DELETE /api/v1/links/{link_id}', { path: { link_id: link.id } });
        await read();
    };
    return (
        <li class="stack" style={{ gap: '6px' }}>
            <div class="row breaks">
                <div class="grow">
                    <p class="cut"><button type="button" class="text-button" aria-pressed={chosen} onClick={choose}>{link.name}</button> <span class="muted small">{link.url}</span></p>
                    <p class="small muted">{t.saver.types[link.type as 'direct']} · {t.saver.items(link.items_total)} · {link.last_checked_at ? t.saver.checked(moment(link.last_checked_at)) : t.saver.not_yet}{link.next_check_at && ` · ${t.saver.next(moment(link.next_check_at))}`}</p>
                </div>
                {!link.is_enabled && <span class="badge">{t.saver.disabled}</span>}
                <span class={`badge ${busy ? 'busy' : outcome_class(link.last_status)}`}>{busy ? `${t.jobs.states.processing} ${Math.round((live?.progress ?? 0) * 100)} %` : outcome(link.last_status)}</span>
                <Button kind="tight" icon="refresh" disabled={busy} act={trigger}>{t.saver.now}</Button>
                <Menu label={t.library.actions(link.name ?? '')} kind="plain tight" items={[{ label: t.admin.edit, icon: 'edit', act: edit }, { label: t.delete, icon: 'trash', bad: true, act: remove }]} />
            </div>
            {busy && <progress class="bar" max={1} value={live?.progress ?? 0} aria-label={link.name ?? ''} />}
            {link.last_error && !busy && <div class="error"><Icon name="warning" /><span class="grow"><strong>{t.saver.failures[link.last_failure as 'network'] ?? ''}</strong> {link.last_error.replace(/[^.!?]$/, '$&.')} {advice_of(link.last_failure)}</span><Button kind="tight" act={trigger}>{t.again}</Button></div>}
        </li>
    );
}

export default function Saver() {
    const [list, set_list] = useState<Link[] | null>(null);
    const [editing, set_editing] = useState<Link | 'new' | null>(null);
    const [chosen, set_chosen] = useState<Link | null>(null);
    const [failed, set_failed] = useState('');
    const read = () => call('GET /api/v1/links', { query: { limit: 1000 } }).then((rows) => (set_list(rows), set_failed('')));
    useEffect(() => {
        read().catch((error) => set_failed(error.message));
        return on_end(() => void read().catch(() => undefined));
    }, []);
    const broken = list?.filter((one) => one.last_status === 'failure').length ?? 0;
    const retry = async () => {
        const told = await call('POST /api/v1/links/retry-failed', { headers: once() });
        toast(t.saver.retried(told.links));
    };
    return (
        <div class="page">
            <header class="head"><h1 class="grow">{t.titles.saver}</h1>{broken > 0 && <Button icon="refresh" act={retry}>{t.saver.retry_failed(broken)}</Button>}<Button kind="main" icon="plus" act={() => set_editing('new')}>{t.saver.add}</Button></header>
            {failed && <Failure action={<Button kind="tight" act={read}>{t.again}</Button>}>{failed}</Failure>}
            {!list && !failed && <div class="waiting"><span class="spinner" role="status" aria-label={t.loading} /></div>}
            {list?.length === 0 && <div class="empty"><Icon name="link" /><h2>{t.saver.empty}</h2><p>{t.saver.empty_text}</p></div>}
            {!!list?.length && <ul class="rows" aria-label={t.saver.links}>{list.map((link) => <Row key={link.id} link={link} read={read} chosen={chosen?.id === link.id} choose={() => set_chosen(chosen?.id === link.id ? null : link)} edit={() => set_editing(link)} />)}</ul>}
            {!!list?.length && <History link={chosen} />}
            {editing && <Edit link={editing === 'new' ? null : editing} close={() => set_editing(null)} done={read} />}
        </div>
    );
}
