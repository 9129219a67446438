// SPDX-License-Identifier: GPL-3.0-or-later
// Time from left to right: the scenes in a row, below them the layers of the one that is open.
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { Button } from '../parts/button.tsx';
import { clock } from '../parts/format.ts';
import { Icon } from '../parts/icon.tsx';
import { Waveform } from '../parts/waveform.tsx';
import { t } from '../strings/index.ts';
import { asset_id, asset_of } from './assets.ts';
import { round } from './geometry.ts';
import { type_icon } from './layer-list.tsx';
import { change_layer, change_scene, layer_id, layers, may_change, now, poster_time, scene, scenes, seek, select_scene, starts, time, total, video, type Layer, type Scene } from './store.ts';

export const zoom = signal(60); // pixels a second
const ZOOM_LEAST = 4, ZOOM_MOST = 400;
const NEAR_PX = 7;
const LEAST_S = 0.1;
interface Going { id: string; start: number; duration: number; snapped: number | null }
const going = signal<Going | null>(null);

export function set_zoom(value: number) {
    zoom.value = Math.min(ZOOM_MOST, Math.max(ZOOM_LEAST, value));
}

function marks_for(place: Scene, one: Layer): number[] {
    return [0, place.duration, time.value, ...place.layers.filter((each) => each.id !== one.id).flatMap((each) => [each.start_time, each.end_time])];
}

// Shifts `value` to a mark that is near.
function snapped(value: number, marks: number[], off: boolean): [number, number | null] {
    if (off)
        return [value, null];
    const best = marks.reduce((near, mark) => (Math.abs(mark - value) < Math.abs(near - value) ? mark : near), Infinity);
    return Math.abs(best - value) * zoom.value <= NEAR_PX ? [best, best] : [value, null];
}

type Part = 'whole' | 'begin' | 'end';

function moved(part: Part, one: Layer, place: Scene, by: number, free: boolean): Going {
    const marks = marks_for(place, one);
    if (part === 'whole') {
        const [start, at] = snapped(one.start_time + by, marks, free), [end, end_at] = snapped(one.end_time + by, marks, free);
        const to = at !== null ? start : end_at !== null ? end - one.duration : one.start_time + by;
        return { id: one.id, start: Math.max(0, to), duration: one.duration, snapped: at ?? end_at };
    }
    if (part === 'begin') {
        const [start, at] = snapped(one.start_time + by, marks, free), to = Math.min(Math.max(0, start), one.end_time - LEAST_S);
        return { id: one.id, start: to, duration: one.end_time - to, snapped: at };
    }
    const [end, at] = snapped(one.end_time + by, marks, free);
    return { id: one.id, start: one.start_time, duration: Math.max(LEAST_S, end - one.start_time), snapped: at };
}

function settle(part: Part, one: Layer, to: Going) {
    const changes: Record<string, any> = part === 'end' ? { duration: round(to.duration, 3) } : { start_time: round(to.start, 3), duration: round(to.duration, 3) };
    // The begin of a clip cuts into the recording.
    if (part === 'begin' && (one.type === 'media' || one.type === 'audio') && (one.properties.media_type ?? 'video') !== 'image')
        changes.properties = { start_from: Math.max(0, round((one.properties.start_from ?? 0) + (to.start - one.start_time) * (one.properties.speed ?? 1), 3)) };
    change_layer(one.id, changes);
}

// Follows the pointer from a press until it is let go.
function drag(event: PointerEvent, move: (by_px: number, later: PointerEvent) => void, end: (moved: boolean) => void) {
    const from = event.clientX;
    let far = false;
    const step = (later: PointerEvent) => {
        far ||= Math.abs(later.clientX - from) > 3;
        if (far)
            move(later.clientX - from, later);
    };
    const stop = (later: Event) => {
        removeEventListener('pointermove', step);
        removeEventListener('pointerup', stop);
        removeEventListener('pointercancel', stop);
        end(far && later.type === 'pointerup');
    };
    addEventListener('pointermove', step);
    addEventListener('pointerup', stop);
    addEventListener('pointercancel', stop);
}

function begin(event: PointerEvent, part: Part, one: Layer, place: Scene) {
    if (event.button !== 0 || !may_change(one.id))
        return;
    event.stopPropagation();
    layer_id.value = one.id;
    drag(event, (px, later) => (going.value = moved(part, one, place, px / zoom.value, later.altKey)), (far) => {
        const to = going.value;
        going.value = null;
        if (far && to)
            settle(part, one, to);
    });
}

function Clip({ one, place, start }: { one: Layer; place: Scene; start: number }) {
    const to = going.value?.id === one.id ? going.value : null;
    const from = to?.start ?? one.start_time, length = to?.duration ?? one.duration;
    const asset = asset_of(asset_id(one.properties)), wave = one.type === 'audio' || (one.type === 'media' && (one.properties.volume ?? 0) > 0) ? asset?.waveform_url : undefined;
    // A frame at a time: the clip, with Shift its end, with Ctrl its beginning.
    const keys = (event: KeyboardEvent) => {
        const by = (event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0) / (video.value?.fps ?? 30);
        if (!by || !event.altKey || !may_change(one.id))
            return;
        event.preventDefault();
        event.stopPropagation();
        const part = event.shiftKey ? 'end' : event.ctrlKey || event.metaKey ? 'begin' : 'whole';
        settle(part, one, moved(part, one, place, by, true));
    };
    return (
        <button type="button" class={`clip ${one.type} ${layer_id.value === one.id ? 'current' : ''} ${one.enabled ? '' : 'off'}`} style={{ left: `${(start + from) * zoom.value}px`, width: `${Math.max(6, length * zoom.value)}px` }}
            aria-label={t.editor.clip(one.name, clock(from, true), clock(length, true))} title={t.editor.clip_hint} onClick={() => (layer_id.value = one.id)} onKeyDown={keys} onPointerDown={(event) => begin(event, 'whole', one, place)}>
            {wave && <Waveform url={wave} from={one.properties.start_from ?? 0} seconds={length * (one.properties.speed ?? 1)} />}
            <span class="cut"><Icon name={type_icon[one.type]} />{one.type === 'text' ? one.properties.text : one.name}</span>
            <i class="trim begin" onPointerDown={(event) => begin(event, 'begin', one, place)} />
            <i class="trim end" onPointerDown={(event) => begin(event, 'end', one, place)} />
        </button>
    );
}

const length_of = signal<{ id: string; duration: number } | null>(null);

function trim_scene(event: PointerEvent, one: Scene) {
    if (event.button !== 0)
        return;
    event.stopPropagation();
    drag(event, (px) => (length_of.value = { id: one.id, duration: Math.max(0.2, one.duration + px / zoom.value) }), (far) => {
        const to = length_of.value;
        length_of.value = null;
        if (far && to)
            change_scene(one.id, { duration: round(to.duration, 2), duration_mode: 'fixed' });
    });
}

function Ruler({ width }: { width: number }) {
    const steps = [0.1, 0.5, 1, 2, 5, 10, 30, 60, 300], step = steps.find((one) => one * zoom.value >= 64) ?? 600, marks = [];
    for (let at = 0; at * zoom.value <= width && marks.length < 2000; at += step)
        marks.push(<span key={at} style={{ left: `${at * zoom.value}px` }}>{clock(at, step < 1)}</span>);
    return <div class="ruler" aria-hidden="true">{marks}</div>;
}

function Playhead() {
    return <i class="playhead" style={{ left: `${now.value * zoom.value}px` }} />;
}

export function Timeline() {
    const box = useRef<HTMLDivElement>(null);
    const width = Math.max(total.value * zoom.value + 120, 300);
    const place = scene.value, start = starts.value.get(place?.id ?? '') ?? 0;
    const scrub = (event: PointerEvent) => {
        if (event.button !== 0 || (event.target as Element).closest('.clip, .scene-block'))
            return;
        const at = (clientX: number) => seek((clientX - box.current!.getBoundingClientRect().left + box.current!.scrollLeft) / zoom.value);
        at(event.clientX);
        drag(event, (_, later) => at(later.clientX), () => undefined);
    };
    useEffect(() => {
        const wheel = (event: WheelEvent) => {
            if (!event.ctrlKey && !event.metaKey)
                return;
            event.preventDefault();
            set_zoom(zoom.value * (event.deltaY < 0 ? 1.15 : 1 / 1.15));
        };
        box.current!.addEventListener('wheel', wheel, { passive: false });
        return () => box.current?.removeEventListener('wheel', wheel);
    }, []);
    useEffect(() => { // the playhead stays in sight
        const at = now.value * zoom.value, view = box.current!;
        if (at < view.scrollLeft || at > view.scrollLeft + view.clientWidth - 40)
            view.scrollLeft = Math.max(0, at - view.clientWidth / 3);
    }, [now.value, zoom.value]);
    return (
        <section class="timeline" aria-label={t.editor.timeline}>
            <div class="time-tools">
                <Button kind="plain tight" icon="minus" label={t.editor.zoom_out} act={() => set_zoom(zoom.value / 1.4)} />
                <input type="range" aria-label={t.editor.zoom} min={Math.log(ZOOM_LEAST)} max={Math.log(ZOOM_MOST)} step={0.05} value={String(Math.log(zoom.value))} onInput={(event) => set_zoom(Math.exp(Number(event.currentTarget.value)))} />
                <Button kind="plain tight" icon="plus" label={t.editor.zoom_in} act={() => set_zoom(zoom.value * 1.4)} />
                <Button kind="plain tight" act={() => set_zoom(((box.current?.clientWidth ?? 800) - 40) / Math.max(1, total.value))}>{t.editor.fit}</Button>
            </div>
            <div ref={box} class="tracks" tabIndex={-1} onPointerDown={scrub}>
                <div class="tracks-in" style={{ width: `${width}px` }}>
                    <Ruler width={width} />
                    <div class="scene-row">
                        {scenes.value.map((one) => {
                            const length = length_of.value?.id === one.id ? length_of.value.duration : one.duration;
                            return (
                                <button key={one.id} type="button" class={`scene-block ${one.id === place?.id ? 'current' : ''}`} style={{ left: `${starts.value.get(one.id)! * zoom.value}px`, width: `${Math.max(4, length * zoom.value - 2)}px` }}
                                    aria-label={t.editor.scene_of(one.scene_number, clock(one.duration), '')} aria-current={one.id === place?.id ? 'true' : undefined} onClick={() => select_scene(one.id, poster_time(one))}>
                                    <span class="cut">{one.scene_number} {one.text}</span><i class="trim end" onPointerDown={(event) => trim_scene(event, one)} />
                                </button>
                            );
                        })}
                    </div>
                    {place && layers.value.map((one) => <div key={one.id} class="track"><Clip one={one} place={place} start={start} /></div>)}
                    {going.value?.snapped !== undefined && going.value?.snapped !== null && <i class="snap-line" style={{ left: `${(start + going.value.snapped) * zoom.value}px` }} />}
                    <Playhead />
                </div>
            </div>
        </section>
    );
}
