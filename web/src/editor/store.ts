// SPDX-License-Identifier: GPL-3.0-or-later
// The video that is being edited: what the server said, with one's own changes on top at once.
import { batch, computed, signal } from '@preact/signals';
import type { Shapes } from 'kinora:api';
import { call, once, type ApiError } from '../api/client.ts';
import { tell, toast } from '../state/toasts.ts';
import { t } from '../strings/index.ts';
import { is_own, learn_id, merge_patch, own_id, push, real_id, unsent } from './queue.ts';

export type Video = Shapes['Video'];
export type LayerType = 'audio' | 'voiceover' | 'text' | 'media' | 'shape' | 'avatar' | 'effect';
export interface Layer { id: string; scene_id: string; type: LayerType; name: string; enabled: boolean; duration: number; start_time: number; end_time: number; order_index: number; properties: Record<string, any>; revision: number }
export interface Scene { id: string; video_id: string; scene_number: number; text: string; duration: number; duration_mode: string | null; background: any; transition: any; revision: number; layers: Layer[] }

export const video = signal<Video | null>(null);
export const scenes = signal<Scene[]>([]);
export const scene_id = signal('');
export const layer_id = signal('');
export const time = signal(0); // seconds within the scene
export const drawn = signal(0); // raised when the server has something else to draw
export const refused = signal<{ target: string; field: string; message: string } | null>(null);
export const rendered = signal(false); // there is a finished render to compare with
export const touched = signal<Set<string>>(new Set()); // scenes changed since the newest render

export const scene = computed(() => scenes.value.find((one) => one.id === scene_id.value) ?? scenes.value[0] ?? null);
export const layers = computed(() => [...(scene.value?.layers ?? [])].sort((a, b) => a.order_index - b.order_index)); // front-most first
export const layer = computed(() => scene.value?.layers.find((one) => one.id === layer_id.value) ?? null);
export const starts = computed(() => {
    let at = 0;
    return new Map(scenes.value.map((one) => [one.id, (at += one.duration) - one.duration]));
});
export const total = computed(() => scenes.value.reduce((sum, one) => sum + one.duration, 0));
export const is_visible = (one: Layer) => one.type === 'text' || one.type === 'media' || one.type === 'shape' || one.type === 'avatar';

// A moment at which what enters has entered: what one sees of a scene that one opens.
export const poster_time = (one: Scene | undefined) => (one ? Math.min(1.2, one.duration / 2) : 0);

export function select_scene(id: string, at = 0) {
    batch(() => {
        if (scene_id.value !== id)
            layer_id.value = '';
        scene_id.value = id;
        time.value = at;
    });
}

// The place on the whole video's clock.
export function seek(at: number) {
    const last = scenes.value.at(-1);
    for (const one of scenes.value) {
        const start = starts.value.get(one.id)!;
        if (at < start + one.duration || one === last)
            return select_scene(one.id, Math.min(Math.max(0, at - start), Math.max(0, one.duration - 0.001)));
    }
}
export const now = computed(() => (starts.value.get(scene.value?.id ?? '') ?? 0) + time.value);

const as_layer = (told: any): Layer => ({ ...told, properties: told.properties ?? {} });
const as_scene = (told: any): Scene => ({ ...told, text: told.text ?? '', layers: (told.layers ?? []).map(as_layer) });

export async function open(id: string) {
    const [one, many] = await Promise.all([
        call('GET /api/v1/videos/{videoId}', { path: { videoId: id } }), call('GET /api/v1/videos/{videoId}/scenes', { path: { videoId: id } }),
    ]);
    batch(() => {
        video.value = one.video;
        scenes.value = many.scenes.map(as_scene);
        if (!scenes.value.some((each) => each.id === scene_id.value))
            select_scene(scenes.value[0]?.id ?? '', poster_time(scenes.value[0]));
        drawn.value++;
    });
}

export function shut() {
    batch(() => {
        video.value = null;
        scenes.value = [];
        scene_id.value = layer_id.value = '';
        touched.value = new Set();
        rendered.value = false;
        refused.value = null;
    });
}

export function mark(id?: string) {
    drawn.value++;
    if (id && !touched.value.has(id))
        touched.value = new Set([...touched.value, id]);
}

// Local state -------------------------------------------------------------------------------------

export function set_scene(id: string, become: (one: Scene) => Scene) {
    scenes.value = scenes.value.map((one) => (one.id === id ? become(one) : one));
}
const set_layer = (id: string, become: (one: Layer) => Layer) =>
    void (scenes.value = scenes.value.map((one) => (one.layers.some((each) => each.id === id) ? { ...one, layers: one.layers.map((each) => (each.id === id ? become(each) : each)) } : one)));
export const scene_of = (id: string) => scenes.value.find((one) => one.layers.some((each) => each.id === id));

function laid_over<T>(target: string, told: T): T {
    return unsent(target).reduce((value, changes) => merge_patch(value, changes), told);
}

// What one has deleted oneself: what the server says of its making or last change may come later. Undo may bring it back.
const gone = new Set<string>();
export const is_known = (id: string) => scenes.value.some((one) => one.id === id || one.layers.some((each) => each.id === id));

// What the server says, by event or answer.
export function take_layer(told: any) {
    const fresh = laid_over(`layer ${told.id}`, as_layer(told));
    const place = scenes.value.find((one) => one.id === fresh.scene_id);
    if (!place || gone.has(fresh.id))
        return;
    if (place.layers.some((one) => one.id === fresh.id))
        return set_layer(fresh.id, () => fresh);
    // It stands at its place; the others make room.
    const taken = place.layers.some((one) => one.order_index === fresh.order_index);
    const others = taken ? place.layers.map((one) => (one.order_index >= fresh.order_index ? { ...one, order_index: one.order_index + 1 } : one)) : place.layers;
    set_scene(place.id, (one) => ({ ...one, layers: [...others, fresh] }));
}

export function take_scene(told: any) {
    if (gone.has(told.id))
        return;
    const before = scenes.value.find((one) => one.id === told.id);
    const fresh = laid_over(`scene ${told.id}`, { ...as_scene(told), layers: told.layers ? as_scene(told).layers : before?.layers ?? [] });
    scenes.value = before ? scenes.value.map((one) => (one.id === fresh.id ? fresh : one))
        : [...scenes.value.map((one) => (one.scene_number >= fresh.scene_number ? { ...one, scene_number: one.scene_number + 1 } : one)), fresh].sort((a, b) => a.scene_number - b.scene_number);
}

export function drop_layer(id: string) {
    const place = scene_of(id);
    if (place)
        set_scene(place.id, (one) => ({ ...one, layers: one.layers.filter((each) => each.id !== id) }));
    if (layer_id.value === id)
        layer_id.value = '';
}

export function drop_scene(id: string) {
    const index = scenes.value.findIndex((one) => one.id === id);
    scenes.value = scenes.value.filter((one) => one.id !== id).map((one, i) => ({ ...one, scene_number: i + 1 }));
    if (scene_id.value === id)
        select_scene((scenes.value[index] ?? scenes.value[index - 1])?.id ?? '');
}

// Changes -----------------------------------------------------------------------------------------

function complain(target: string, read: () => Promise<unknown>) {
    return (error: ApiError) => {
        const [problem] = error.problems;
        if (problem)
            refused.value = { target, field: problem.field.replace(/^properties\./, ''), message: problem.reason };
        else
            toast(error.message, { bad: true });
        void read().catch(tell);
    };
}
const reread = () => open(video.value!.id!);

// Keeps the three times of a layer in step, as the server does.
function with_times(before: Layer, changes: Record<string, any>): Layer {
    const { properties, ...rest } = changes;
    const after = { ...before, ...rest, properties: properties ? merge_patch(before.properties, properties) : before.properties } as Layer;
    if ('start_time' in rest || 'duration' in rest)
        after.end_time = after.start_time + after.duration;
    return after;
}

export function change_layer(id: string, changes: Record<string, any>) {
    const place = scene_of(id);
    refused.value = null;
    set_layer(id, (before) => with_times(before, changes));
    push({ event: 'layer:update', data: { layer_id: id, changes }, target: `layer ${real_id(id)}`,
        done: (answer) => (answer?.layer && take_layer(answer.layer), mark(place?.id)), refused: complain(id, reread) });
}

export function change_scene(id: string, changes: Record<string, any>) {
    refused.value = null;
    set_scene(id, (before) => merge_patch(before, changes));
    push({ event: 'scene:update', data: { video_id: video.value!.id!, scene_id: id, changes }, target: `scene ${real_id(id)}`,
        done: (answer) => (answer?.scene && take_scene(answer.scene), mark(id)), refused: complain(id, reread) });
}

export function change_video(changes: Record<string, any>) {
    refused.value = null;
    video.value = merge_patch(video.value, changes);
    push({ event: 'video:update', data: { video_id: video.value!.id!, changes }, target: `video ${video.value!.id}`,
        done: () => scenes.value.forEach((one) => mark(one.id)), refused: complain(video.value!.id!, reread) });
}

export function add_layer(type: LayerType, name: string, properties: Record<string, any>, more: Partial<Layer> = {}) {
    const place = scene.value;
    if (!place)
        return;
    const id = own_id(), duration = more.duration ?? place.duration - (more.start_time ?? 0);
    const body = { type, name, properties, start_time: more.start_time ?? 0, duration };
    set_scene(place.id, (one) => ({ ...one, layers: [...one.layers.map((each) => ({ ...each, order_index: each.order_index + 1 })),
        { ...body, id, scene_id: place.id, enabled: true, end_time: body.start_time + duration, order_index: 1, revision: 0 }] }));
    layer_id.value = id;
    const headers = once();
    push({
        data: { scene_id: place.id, body },
        run: (data) => call('POST /api/v1/scenes/{sceneId}/layers', { path: { sceneId: data.scene_id }, body: data.body, headers }),
        done: ({ layer: told }) => batch(() => {
            const selected = layer_id.value === id;
            learn_id(id, told.id);
            if (gone.has(id)) { // deleted while it was being made; that is on its way too
                gone.add(told.id);
                return drop_layer(told.id);
            }
            drop_layer(id);
            take_layer(told);
            if (selected)
                layer_id.value = told.id;
            mark(place.id);
        }),
        refused: (error) => (drop_layer(id), toast(error.message, { bad: true })),
    });
}

export function delete_layer(id: string) {
    const place = scene_of(id);
    drop_layer(id);
    gone.add(id);
    push({ event: 'layer:delete', data: { layer_id: id }, done: () => mark(place?.id), refused: complain(id, reread) });
}

export function duplicate_layer(id: string) {
    const place = scene_of(id), headers = once();
    push({ data: { id }, run: (data) => call('POST /api/v1/layers/{layerId}/duplicate', { path: { layerId: data.id }, headers }),
        done: ({ layer: told }) => (take_layer(told), (layer_id.value = told.id), mark(place?.id)), refused: tell });
}

// `ids` of one scene, front-most first.
export function reorder_layers(place: Scene, ids: string[]) {
    const order = new Map(ids.map((id, i) => [id, i + 1]));
    set_scene(place.id, (one) => ({ ...one, layers: one.layers.map((each) => ({ ...each, order_index: order.get(each.id) ?? each.order_index })) }));
    push({ event: 'layers:reorder', data: { scene_id: place.id, layer_orders: ids.map((id, i) => ({ layer_id: id, order_index: i + 1 })) }, done: () => mark(place.id), refused: complain(place.id, reread) });
}

export function reorder_scenes(ids: string[]) {
    const order = new Map(ids.map((id, i) => [id, i + 1]));
    scenes.value = scenes.value.map((one) => ({ ...one, scene_number: order.get(one.id)! })).sort((a, b) => a.scene_number - b.scene_number);
    push({ event: 'scenes:reorder', data: { video_id: video.value!.id!, scene_orders: ids.map((id, i) => ({ scene_id: id, scene_number: i + 1 })) }, done: () => ids.forEach((id) => mark(id)), refused: complain('', reread) });
}

export function add_scene() {
    const headers = once(), videoId = video.value!.id!;
    push({ data: {}, run: () => call('POST /api/v1/videos/{videoId}/scenes', { path: { videoId }, body: { text: '', duration: 5 }, headers }),
        done: ({ scene: told }) => (take_scene(told), select_scene(told.id), mark(told.id)), refused: tell });
}

export function duplicate_scene(id: string) {
    const headers = once(), videoId = video.value!.id!;
    push({ data: { id }, run: (data) => call('POST /api/v1/videos/{videoId}/scenes/{sceneId}/duplicate', { path: { videoId, sceneId: data.id }, headers }),
        done: ({ scene: told }) => (take_scene(told), select_scene(told.id), mark(told.id)), refused: tell });
}

export function delete_scene(id: string) {
    const name = t.editor.scene(scenes.value.find((one) => one.id === id)?.scene_number ?? 0);
    drop_scene(id);
    gone.add(id);
    push({ event: 'scene:delete', data: { video_id: video.value!.id!, scene_id: id }, done: () => drawn.value++, refused: complain(id, reread) });
    toast(t.library.deleted(name), { action: { label: t.editor.undo, run: undo } });
}

// The part of the layer behind the playhead becomes a layer of its own.
export function split_layer() {
    const one = layer.value, at = time.value;
    if (!one || at <= one.start_time + 0.04 || at >= one.end_time - 0.04)
        return toast(one ? t.editor.split_where : t.editor.split_what);
    const into = at - one.start_time, timed = one.type === 'media' || one.type === 'audio';
    change_layer(one.id, { duration: into });
    add_layer(one.type, one.name, { ...one.properties, ...(timed && { start_from: (one.properties.start_from ?? 0) + into * (one.properties.speed ?? 1) }) }, { start_time: at, duration: one.duration - into });
}

// The answer comes as events, as if somebody else had done it.
function step(which: 'undo' | 'redo') {
    const headers = once(), videoId = video.value!.id!;
    gone.clear();
    const none = (error: ApiError) => toast(error.code === 'NOTHING_TO_UNDO' ? t.editor.nothing_to_undo : error.code === 'NOTHING_TO_REDO' ? t.editor.nothing_to_redo : error.message, { bad: error.code === 'UNDO_CONFLICT' });
    push({ data: {}, run: () => call(which === 'undo' ? 'POST /api/v1/videos/{videoId}/undo' : 'POST /api/v1/videos/{videoId}/redo', { path: { videoId }, headers }),
        done: ({ change }) => {
            if (change.layer_id && scene_of(change.layer_id))
                batch(() => (select_scene(scene_of(change.layer_id)!.id, time.value), (layer_id.value = change.layer_id)));
        }, refused: none });
}
export const undo = () => step('undo');
export const redo = () => step('redo');
export const may_change = (id: string) => !is_own(id);
