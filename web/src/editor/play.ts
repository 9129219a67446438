// SPDX-License-Identifier: GPL-3.0-or-later
// Playing: the server makes a small film of the scene or of all, of which only what changed is made anew.
import { signal } from '@preact/signals';
import type { Shapes } from 'kinora:api';
import { call } from '../api/client.ts';
import { tell } from '../state/toasts.ts';
import { is_busy } from './queue.ts';
import { now, poster_time, scene, starts, time, video } from './store.ts';

type Draft = Shapes['Draft'];
export interface Playing { what: 'scene' | 'video'; state: 'making' | 'ready'; progress: number; url: string; from: number; start: number }
export const playing = signal<Playing | null>(null);
const ASK_MS = 250;
let turn = 0;

const ask = (what: 'scene' | 'video', scene_id: string): Promise<Draft> => (what === 'scene'
    ? call('GET /api/v1/videos/{videoId}/scenes/{sceneId}/draft', { path: { videoId: video.value!.id!, sceneId: scene_id } })
    : call('GET /api/v1/videos/{videoId}/draft', { path: { videoId: video.value!.id! } })).then((told) => told.draft);

const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export async function play(what: 'scene' | 'video') {
    const mine = ++turn, place = scene.value;
    if (!place)
        return;
    const start = what === 'scene' ? starts.value.get(place.id)! : 0;
    // Where nobody has put it, the playhead counts as being at the begin.
    const at_rest = time.value === poster_time(place) || time.value > place.duration - 0.1;
    playing.value = { what, state: 'making', progress: 0, url: '', start, from: at_rest ? 0 : what === 'scene' ? time.value : now.value };
    try {
        while (is_busy() && mine === turn)
            await rest(50);
        for (;;) {
            const draft = await ask(what, place.id);
            if (mine !== turn)
                return;
            if (draft.status === 'failed')
                throw new Error(draft.error ?? '');
            if (draft.status === 'completed' && draft.video_url)
                return void (playing.value = { ...playing.value!, state: 'ready', progress: 100, url: draft.video_url });
            playing.value = { ...playing.value!, progress: draft.progress };
            await rest(ASK_MS);
        }
    } catch (error) {
        if (mine === turn)
            playing.value = null;
        tell(error);
    }
}

export function stop() {
    turn++;
    playing.value = null;
}
export const toggle = () => (playing.value ? stop() : void play('scene'));
