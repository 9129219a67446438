// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that was uploaded, saved or shared, in one place.
import { signal } from '@preact/signals';
import type { Shapes } from 'kinora:api';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { call } from '../api/client.ts';
import { gaps } from '../api/socket.ts';
import { on_uploaded, upload_files } from '../api/uploads.ts';
import { go } from '../app/router.ts';
import { Button } from '../parts/button.tsx';
import { confirm_it } from '../parts/dialog.tsx';
import { Failure } from '../parts/field.tsx';
import { clock, size } from '../parts/format.ts';
import { Icon, type IconName } from '../parts/icon.tsx';
import { Menu } from '../parts/menu.tsx';
import { Paged } from '../parts/paged.ts';
import { VirtualGrid } from '../parts/virtual-grid.tsx';
import { Waveform } from '../parts/waveform.tsx';
import { jobs, on_end } from '../state/jobs.ts';
import { toast } from '../state/toasts.ts';
import { t } from '../strings/index.ts';
import { Found } from './search.tsx';
import { Share } from './share.tsx';
import { set_favorite, Stock } from './stock.tsx';
import './library.css';

type File_ = Shapes['File'];
const filters = ['all', 'video', 'audio', 'image', 'favorites', 'ai', 'stock_media', 'stock_audio'] as const;
type Filter = (typeof filters)[number];
const filter = signal<Filter>('all');
const kind_icon: Record<string, IconName> = { video: 'film', audio: 'sound', image: 'picture', gif: 'picture' };

function Tile({ file, act }: { file: File_; act: (what: 'share' | 'delete', file: File_) => void }) {
    const job = Object.values(jobs.value).find((one) => one.kind === 'transcribe' && one.media_id === file.id);
    const busy = job?.status === 'processing' || file.status === 'processing' || file.status === 'pending';
    return (
        <article class="tile">
            <div class="picture">
                {file.thumbnail_url ? <img src={file.thumbnail_url} alt="" loading="lazy" decoding="async" />
                    : file.waveform_url ? <Waveform url={file.waveform_url} /> : <Icon name={kind_icon[file.media_type ?? ''] ?? 'film'} />}
                {!!file.duration && <span class="length">{clock(file.duration)}</span>}
            </div>
            <div class="about">
                <a class="cut" href={`#/media/${file.id}`} title={file.name ?? ''}>{file.name}</a>
                <Menu label={t.library.actions(file.name ?? '')} kind="plain tight" items={[
                    { label: t.library.open, icon: 'play', act: () => go(`media/${file.id}`) },
                    { label: t.download, icon: 'download', href: `${file.content_url}&download=true` },
                    ...(file.media_type === 'audio' && !file.shared ? [{ label: t.library.add_favorite, icon: 'star' as const, act: async () => { await set_favorite(file.id!, true); toast(t.library.is_favorite(file.name ?? '')); } }] : []),
                    ...(file.shared ? [] : [
                        { label: t.library.share, icon: 'share' as const, act: () => act('share', file) },
                        { label: t.delete, icon: 'trash' as const, bad: true, act: () => act('delete', file) },
                    ]),
                ]} />
                <p class="cut">
                    {file.shared ? t.library.shared_with_you : busy ? <span style={{ color: 'var(--accent)' }}>{t.library.transcribing(Math.round((job?.progress ?? 0) * 100))}</span>
                        : file.status === 'failed' ? t.library.no_transcript : size(file.size_bytes)}
                </p>
            </div>
        </article>
    );
}

function Grid({ wanted }: { wanted: 'all' | 'video' | 'audio' | 'image' }) {
    const [sharing, set_sharing] = useState<File_ | null>(null);
    const files = useMemo(() => new Paged<File_>(async (offset, limit) => {
        const answer = await call('GET /api/v1/files', { query: { offset, limit, media_type: wanted === 'all' ? undefined : wanted } });
        return { items: answer.files ?? [], total: answer.total ?? 0 };
    }), [wanted]);
    useEffect(() => {
        const ends = [on_uploaded(() => files.refresh()), on_end((job) => job.media_id && files.refresh())];
        const known = gaps.value;
        const watch = gaps.subscribe((now) => now !== known && files.refresh());
        return () => (ends.forEach((end) => end()), watch());
    }, [files]);
    const act = async (what: 'share' | 'delete', file: File_) => {
        if (what === 'share')
            return set_sharing(file);
        if (!(await confirm_it(t.library.delete_title(file.name ?? ''), t.library.delete_text, t.delete)))
            return;
        await call('DELETE /api/v1/files/{file_id}', { path: { file_id: file.id! } });
        toast(t.library.deleted(file.name ?? ''));
        files.refresh();
    };
    const total = files.total.value, items = files.items.value;
    if (total === null)
        return files.failure.value
            ? <Failure action={<Button kind="tight" act={() => files.refresh()}>{t.again}</Button>}>{files.failure.value.message}</Failure>
            : <div class="waiting"><span class="spinner" role="status" aria-label={t.loading} /></div>;
    if (total === 0)
        return <div class="empty"><Icon name={wanted === 'all' ? 'upload' : kind_icon[wanted]!} /><h2>{wanted === 'all' ? t.library.empty : t.library.empty_filter}</h2><p>{t.library.empty_text}</p></div>;
    return (
        <>
            <VirtualGrid label={t.titles.library} total={total} width={216} height={196} gap={16} need={(from, to) => files.need(from, to)}
                item={(index) => { const file = items.get(index); return file ? <Tile file={file} act={act} /> : <div class="tile ghost" />; }} />
            {sharing && <Share file={sharing} close={() => set_sharing(null)} />}
        </>
    );
}

function use_drop() {
    const [over, set_over] = useState(false);
    useEffect(() => {
        let depth = 0;
        const has_files = (event: DragEvent) => event.dataTransfer?.types.includes('Files');
        const enter = (event: DragEvent) => has_files(event) && (depth++, set_over(true));
        const leave = () => (depth = Math.max(0, depth - 1)) || set_over(false);
        const move = (event: DragEvent) => has_files(event) && event.preventDefault();
        const drop = (event: DragEvent) => {
            depth = 0;
            set_over(false);
            if (has_files(event))
                event.preventDefault(), upload_files(event.dataTransfer!.files);
        };
        const pairs = [['dragenter', enter], ['dragleave', leave], ['dragover', move], ['drop', drop]] as const;
        pairs.forEach(([name, listener]) => addEventListener(name, listener as EventListener));
        return () => pairs.forEach(([name, listener]) => removeEventListener(name, listener as EventListener));
    }, []);
    return over;
}

export default function Library({ query }: { query: URLSearchParams }) {
    const over = use_drop();
    const chooser = useRef<HTMLInputElement>(null);
    const words = query.get('q') ?? '';
    return (
        <div class="page">
            <header class="head">
                <h1 class="grow">{t.titles.library}</h1>
                <div class="search" role="search">
                    <Icon name="search" />
                    <input class="input" type="search" aria-label={t.library.search} placeholder={t.library.search_hint} value={words}
                        onInput={(event) => go(event.currentTarget.value ? `library?q=${encodeURIComponent(event.currentTarget.value)}` : 'library', true)} />
                </div>
                <input ref={chooser} type="file" multiple class="hidden-text" tabIndex={-1} aria-label={t.library.choose}
                    onChange={(event) => { upload_files([...(event.currentTarget.files ?? [])]); event.currentTarget.value = ''; }} />
                <Button kind="main" icon="upload" act={() => chooser.current?.click()}>{t.library.upload}</Button>
            </header>
            {words.trim() ? <Found words={words} /> : (
                <>
                    <div class="tabs" role="group" aria-label={t.library.show}>
                        {filters.map((one) => <Button key={one} aria-pressed={filter.value === one} act={() => void (filter.value = one)}>{t.library.filters[one]}</Button>)}
                    </div>
                    {filter.value === 'favorites' || filter.value === 'ai' || filter.value === 'stock_media' || filter.value === 'stock_audio' ? <Stock shelf={filter.value} /> : <Grid wanted={filter.value} />}
                </>
            )}
            {over && <div class="drop-here">{t.library.drop}</div>}
        </div>
    );
}
