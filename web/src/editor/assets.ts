// SPDX-License-Identifier: GPL-3.0-or-later
// Facts about the files that layers show: their shape and their waveform, asked once each.
import { signal } from '@preact/signals';
import { call } from '../api/client.ts';

export interface Asset { name: string; aspect?: number; waveform_url?: string; thumbnail_url?: string; url?: string; duration?: number }
const assets = signal<Record<string, Asset>>({});
const asked = new Set<string>();

async function read(id: string) {
    const told = await call('GET /mediafiles/{media_id}', { path: { media_id: id } });
    learn(id, { name: told.file_name ?? '', aspect: told.width && told.height ? told.width / told.height : undefined, waveform_url: told.waveform_url ?? undefined,
        thumbnail_url: told.thumbnail_url ?? undefined, url: told.proxy_url ?? told.content_url ?? undefined, duration: told.duration ?? undefined });
}

// What a drawer or a listing told already.
export function learn(id: string, asset: Asset) {
    asked.add(id);
    assets.value = { ...assets.value, [id]: { ...assets.value[id], ...asset } };
}

export function asset_of(id: string | undefined): Asset | undefined {
    if (id && !asked.has(id)) {
        asked.add(id);
        void read(id).catch(() => undefined);
    }
    return id ? assets.value[id] : undefined;
}
export const asset_id = (properties: Record<string, any>): string | undefined => properties.media_id ?? properties.audio_id;
