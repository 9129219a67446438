// SPDX-License-Identifier: GPL-3.0-or-later
// What texts take up in the picture: the compositor measures them; until it has, the browser guesses.
import { signal } from '@preact/signals';
import { call } from '../api/client.ts';
import { box_of, type Box, type Size } from './geometry.ts';
import { asset_id, asset_of } from './assets.ts';
import { is_own } from './queue.ts';
import { drawn, scene, video, type Layer } from './store.ts';

interface Measured { letters: string; width: number; height: number } // percent, at a scale of 1
const measured = signal<Record<string, Measured>>({});
const PLACE = new Set(['position', 'rotation', 'opacity', 'scale', 'color', 'animation', 'animation_out', 'animation_duration', 'easing']);

// All that decides the size of a text, but its scale.
const letters_of = (one: Layer) => JSON.stringify([video.value?.aspect_ratio, Object.entries(one.properties).filter(([name]) => !PLACE.has(name)).sort()]);
const scale_of = (one: Layer) => one.properties.scale ?? 1;

let asked = '';
// Asks anew when the scene is no longer the one that was asked about. `width` is that of the frames.
export async function measure(width: number) {
    const place = scene.value, what = `${place?.id}/${drawn.value}`, texts = place?.layers.filter((one) => one.type === 'text' && !is_own(one.id)) ?? [];
    if (!place || !texts.length || asked === what)
        return;
    asked = what;
    const letters = new Map(texts.map((one) => [one.id, { letters: letters_of(one), scale: scale_of(one) }]));
    try {
        const { boxes } = await call('GET /api/v1/videos/{videoId}/scenes/{sceneId}/text-boxes', { path: { videoId: place.video_id, sceneId: place.id }, query: { w: width } });
        const fresh = boxes.flatMap(({ layer_id, width: wide, height: high }) => {
            const own = letters.get(layer_id);
            return own?.scale ? [[layer_id, { letters: own.letters, width: wide / own.scale, height: high / own.scale }] as const] : [];
        });
        measured.value = { ...measured.value, ...Object.fromEntries(fresh) };
    } catch {
        asked = ''; // the frame tells what is wrong
    }
}

export function layer_box(one: Layer, canvas: Size): Box {
    const guess = box_of(one, canvas, asset_of(asset_id(one.properties))?.aspect), told = one.type === 'text' ? measured.value[one.id] : undefined;
    if (!told || told.letters !== letters_of(one))
        return guess;
    return { ...guess, width: told.width * scale_of(one), height: told.height * scale_of(one) };
}
