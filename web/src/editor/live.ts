// SPDX-License-Identifier: GPL-3.0-or-later
// What others do to the video, and who is here.
import { batch, effect, signal } from '@preact/signals';
import { ask, gaps, on, own_socket, state } from '../api/socket.ts';
import { go } from '../app/router.ts';
import { toast } from '../state/toasts.ts';
import { t } from '../strings/index.ts';
import { real_id } from './queue.ts';
import { drawn, drop_layer, drop_scene, is_known, layer_id, mark, open, scene, scenes, set_scene, take_layer, take_scene, video } from './store.ts';

export interface Person { socket_id: string; user_id: string; username: string; color: string; scene_id?: string; layer_id?: string; editing?: string }
export const people = signal<Person[]>([]);
export const editing = signal(''); // the text field that one is in

const AGAIN_MS = 6000; // a field is held for ten seconds

function listen(id: string): Array<() => void> {
    const of_this = (run: (data: any) => void) => (data: any) => {
        if (data.video_id === id)
            batch(() => (run(data), mark(data.scene_id)));
    };
    const reread = () => void open(id).catch(() => undefined);
    const orders = (key: string, list: any[]) => new Map<string, number>(list.map((one) => [one[key], one.order_index ?? one.scene_number]));
    return [
        on('layer:added', of_this((data) => take_layer(data.layer))),
        on('layer:updated', of_this((data) => is_known(data.layer_id) && take_layer(data.layer))),
        on('layer:deleted', of_this((data) => drop_layer(data.layer_id))),
        on('layers:reordered', of_this((data) => {
            const order = orders('layer_id', data.layer_orders);
            set_scene(data.scene_id, (one) => ({ ...one, layers: one.layers.map((each) => ({ ...each, order_index: order.get(each.id) ?? each.order_index })) }));
        })),
        on('scene:added', of_this((data) => take_scene(data.scene))),
        on('scene:updated', of_this((data) => is_known(data.scene_id) && take_scene(data.scene))),
        on('scene:deleted', of_this((data) => drop_scene(data.scene_id))),
        on('scenes:reordered', of_this((data) => {
            const order = orders('scene_id', data.scene_orders);
            scenes.value = scenes.value.map((one) => ({ ...one, scene_number: order.get(one.id) ?? one.scene_number })).sort((a, b) => a.scene_number - b.scene_number);
        })),
        on('video:updated', (data) => data.video_id === id && (reread(), drawn.value++)),
        on('video:restored', (data) => data.video_id === id && reread()),
        on('video:deleted', (data) => data.video_id === id && (toast(t.library.deleted(data.title ?? '')), go('videos'))),
        on('presence:update', (data) => data.video_id === id && (people.value = data.users)),
    ];
}

// Joins the video; the answer leaves it.
export function follow(id: string): () => void {
    const ends = listen(id);
    let told = '';
    const say = () => {
        const mine = { video_id: id, scene_id: scene.value?.id, layer_id: layer_id.value ? real_id(layer_id.value) : undefined, editing: editing.value || undefined };
        if (mine.layer_id?.startsWith('new-'))
            delete mine.layer_id;
        ask('presence:update', mine).then((answer) => {
            if (answer.error === 'CONFLICT' && editing.value)
                toast(t.editor.being_edited);
        }).catch(() => undefined);
    };
    ends.push(effect(() => {
        if (state.value === 'online')
            ask('video:join', { video_id: id }).then(say).catch(() => undefined);
        else
            people.value = [];
    }));
    ends.push(effect(() => {
        const mine = `${scene.value?.id} ${layer_id.value} ${editing.value}`;
        if (mine !== told && state.value === 'online') {
            told = mine;
            say();
        }
    }));
    const timer = setInterval(() => editing.value && say(), AGAIN_MS);
    const known = gaps.value;
    ends.push(gaps.subscribe((count) => count !== known && video.value && void open(id)));
    return () => {
        clearInterval(timer);
        ends.forEach((end) => end());
        people.value = [];
        void ask('video:leave', { video_id: id }).catch(() => undefined);
    };
}

export const others = () => people.value.filter((one) => one.socket_id !== own_socket.value);
