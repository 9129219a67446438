// SPDX-License-Identifier: GPL-3.0-or-later
// A frame of a scene, as the server's compositor draws it.
import { useEffect, useState } from 'preact/hooks';
import { request } from '../api/client.ts';

// `placing`: a layer that is shown where it is not yet.
export async function fetch_frame(video_id: string, scene_id: string, time: number, width: number, placing: Record<string, string | number> = {}): Promise<Blob> {
    const query = new URLSearchParams({ t: time.toFixed(3), w: String(width), ...Object.fromEntries(Object.entries(placing).map(([name, value]) => [name, String(value)])) });
    const answer = await request('GET', `/api/v1/videos/${video_id}/scenes/${scene_id}/preview?${query}`, { headers: { Accept: 'image/jpeg' } });
    return answer.blob();
}

// Thumbnails ask one after the other: what is being edited goes first.
let line: Promise<unknown> = Promise.resolve();
const kept = new Map<string, string>();
const KEPT_MOST = 400;

export function Frame({ video_id, scene_id, version, time = 0, width = 320, alt = '' }: { video_id: string; scene_id: string; version: string | number; time?: number; width?: number; alt?: string }) {
    const name = `${scene_id}/${version}/${time.toFixed(2)}/${width}`;
    const [url, set_url] = useState(kept.get(name) ?? '');
    useEffect(() => {
        const before = kept.get(name);
        if (before)
            return set_url(before);
        let gone = false;
        const timer = setTimeout(() => {
            line = line.then(async () => {
                if (gone)
                    return;
                const blob = await fetch_frame(video_id, scene_id, time, width).catch(() => null);
                if (!blob)
                    return;
                const made = URL.createObjectURL(blob);
                kept.set(name, made);
                if (kept.size > KEPT_MOST) {
                    const [oldest, old] = kept.entries().next().value!;
                    kept.delete(oldest);
                    URL.revokeObjectURL(old);
                }
                if (!gone)
                    set_url(made);
            });
        }, url ? 700 : 0); // a scene that is being changed is not drawn at every step
        return () => (clearTimeout(timer), void (gone = true));
    }, [name]);
    return url ? <img src={url} alt={alt} decoding="async" /> : <span />;
}
