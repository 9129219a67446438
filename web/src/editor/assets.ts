// SPDX-License-Identifier: GPL-3.0-or-later
// What layers show and say, by name: files with their shape and their waveform, voices, avatars; asked once each.
import { signal } from '@preact/signals';
import { call } from '../api/client.ts';

export interface Asset { name: string; aspect?: number; waveform_url?: string; thumbnail_url?: string; url?: string; duration?: number }
const assets = signal<Record<string, Asset>>({});
const asked = new Set<string>();

// Everybody's stock is no file of one's own.
async function read_stock(id: string) {
    try {
        const { media } = await call('GET /api/v1/media/library/{mediaId}', { path: { mediaId: id } }), size = media.dimensions as { width?: number; height?: number } | null;
        learn(id, { name: media.title ?? '', aspect: size?.width && size.height ? size.width / size.height : undefined, thumbnail_url: media.thumbnail_url ?? undefined, url: media.url ?? undefined, duration: media.duration ?? undefined });
    } catch {
        const { audio } = await call('GET /api/v1/audio/library/{audioId}', { path: { audioId: id } });
        learn(id, { name: audio.title ?? '', waveform_url: audio.waveform_url ?? undefined, url: audio.url ?? undefined, duration: audio.duration ?? undefined });
    }
}

async function read(id: string) {
    const told = await call('GET /mediafiles/{media_id}', { path: { media_id: id } }).catch(() => null);
    if (!told)
        return read_stock(id);
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
// The voices are a short list, asked for as a whole.
const voices = signal<Record<string, string> | null>(null);
let voices_asked = false;
function voice_name(id: string): string | undefined {
    if (!voices_asked) {
        voices_asked = true;
        void call('GET /api/v1/voices').then((told) => (voices.value = Object.fromEntries(told.voices.map((one) => [one.id!, one.name ?? ''])))).catch(() => (voices_asked = false));
    }
    return voices.value?.[id];
}

async function read_avatar(id: string) {
    const { avatar } = await call('GET /api/v1/avatars/{avatarId}', { path: { avatarId: id } });
    learn(id, { name: avatar.name ?? '' });
}

function avatar_name(id: string): string | undefined {
    if (!asked.has(id)) {
        asked.add(id);
        void read_avatar(id).catch(() => undefined);
    }
    return assets.value[id]?.name;
}

// The name of what a property names by its id, once it is known.
export function name_of(property: string, id: string): string | undefined {
    return property === 'voice_id' ? voice_name(id) : property === 'avatar_id' ? avatar_name(id) : asset_of(id)?.name;
}
export const asset_id = (properties: Record<string, any>): string | undefined => properties.media_id ?? properties.audio_id;
