// SPDX-License-Identifier: GPL-3.0-or-later
// What everybody has, and one's favourite sounds.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { call } from '../api/client.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Failure } from '../parts/field.tsx';
import { clock } from '../parts/format.ts';
import { Icon } from '../parts/icon.tsx';
import { Paged } from '../parts/paged.ts';
import { VirtualGrid } from '../parts/virtual-grid.tsx';
import { Waveform } from '../parts/waveform.tsx';
import { t } from '../strings/index.ts';

export type Shelf = 'stock_media' | 'stock_audio' | 'ai' | 'favorites';
interface Item { id: string; title: string; about: string; kind: string; url: string; picture?: string | null; wave?: string | null; length?: number | null; favorite?: boolean; premium: boolean }

async function read(shelf: Shelf, offset: number, limit: number): Promise<{ items: Item[]; total: number }> {
    const query = { page: offset / limit + 1, limit };
    if (shelf === 'stock_media' || shelf === 'ai') {
        const told = await call('GET /api/v1/media/library', { query: { ...query, source: shelf === 'ai' ? 'ai' : 'stock' } });
        return { total: told.pagination.total_items, items: told.media.map((one) => ({ id: one.id!, title: one.title ?? '', about: one.ai_prompt ?? one.category ?? '', kind: one.type ?? 'image', url: one.url ?? '', picture: one.thumbnail_url, length: one.duration, premium: one.is_premium })) };
    }
    const told = await call('GET /api/v1/audio/library', { query: { ...query, type: shelf === 'favorites' ? 'favorites' : 'stock' } });
    return { total: told.pagination.total_items, items: told.audio.map((one) => ({ id: one.id!, title: one.title ?? '', about: one.artist ?? '', kind: 'audio', url: one.url ?? '', picture: null, wave: one.waveform_url, length: one.duration, favorite: one.is_favorite, premium: one.is_premium })) };
}

export const set_favorite = (id: string, on: boolean) => call('POST /api/v1/audio/{audioId}/favorite', { path: { audioId: id }, body: { is_favorite: on } });

function Look({ item, close }: { item: Item; close: () => void }) {
    return (
        <Dialog title={item.title} close={close} wide>
            {item.kind === 'audio' ? <audio src={item.url} controls autoplay aria-label={item.title} style={{ width: '100%' }} /> : item.kind === 'video' ? <video src={item.url} controls autoplay playsInline aria-label={item.title} class="look" /> : <img src={item.url} alt={item.title} class="look" />}
            <p class="small muted">{item.about}</p>
        </Dialog>
    );
}

export function Stock({ shelf }: { shelf: Shelf }) {
    const items = useMemo(() => new Paged<Item>((offset, limit) => read(shelf, offset, limit)), [shelf]);
    const [open, set_open] = useState<Item | null>(null);
    useEffect(() => set_open(null), [shelf]);
    const total = items.total.value, all = items.items.value;
    const star = async (item: Item) => {
        await set_favorite(item.id, !item.favorite);
        items.change((one) => one.id === item.id, (one) => ({ ...one, favorite: !one.favorite }));
    };
    if (items.failure.value && total === null)
        return <Failure action={<Button kind="tight" act={() => items.refresh()}>{t.again}</Button>}>{items.failure.value.message}</Failure>;
    if (total === null)
        return <div class="waiting"><span class="spinner" role="status" aria-label={t.loading} /></div>;
    if (!total)
        return <div class="empty"><Icon name={shelf === 'favorites' ? 'star' : 'library'} /><h2>{t.library.empty_filter}</h2><p>{t.library.empty_shelf[shelf]}</p></div>;
    return (
        <>
            <VirtualGrid label={t.library.filters[shelf]} total={total} width={216} height={196} gap={16} need={(from, to) => items.need(from, to)} item={(index) => {
                const item = all.get(index);
                return item ? (
                    <article class="tile">
                        <div class="picture">{item.picture ? <img src={item.picture} alt="" loading="lazy" decoding="async" /> : item.wave ? <Waveform url={item.wave} /> : <Icon name={item.kind === 'audio' ? 'sound' : 'picture'} />}{!!item.length && <span class="length">{clock(item.length)}</span>}</div>
                        <div class="about">
                            <button type="button" class="open cut" title={item.title} onClick={() => set_open(item)}>{item.title}</button>
                            {item.favorite !== undefined ? <Button kind="plain tight" icon="star" label={t.library.favorite(item.title)} aria-pressed={item.favorite} act={() => star(item)} /> : <span />}
                            <p class="cut">{item.premium ? t.editor.premium : item.about}</p>
                        </div>
                    </article>
                ) : <div class="tile ghost" />;
            }} />
            {open && <Look item={open} close={() => set_open(null)} />}
        </>
    );
}
