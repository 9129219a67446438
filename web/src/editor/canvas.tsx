// SPDX-License-Identifier: GPL-3.0-or-later
// The picture as the server draws it, with handles on top: drag, resize, turn, snap.
import { signal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { fetch_frame } from '../parts/frame.tsx';
import { t } from '../strings/index.ts';
import { layer_box, measure } from './boxes.ts';
import { canvas_size, round, snap, type Box, type Size, type Snapped } from './geometry.ts';
import { others } from './live.ts';
import { is_own } from './queue.ts';
import { change_layer, drawn, is_visible, layer, layer_id, layers, may_change, scene, time, video, type Layer } from './store.ts';

const shown_now = (one: Layer) => one.enabled && is_visible(one) && time.value >= one.start_time - 0.001 && time.value < one.end_time + 0.001;
// `to`: what the layer will be told when it is let go.
const moving = signal<{ id: string; box: Box; lines: Snapped['lines']; to: Record<string, any> } | null>(null);

let let_go: { id: string; to: Record<string, any>; drawn: number } | null = null;

// The layer that is being dragged, for the server to show where it would be; once let go, until the server has it there.
function placing(): Record<string, string | number> {
    const going = moving.value ?? (let_go?.drawn === drawn.value ? let_go : null);
    if (!going || is_own(going.id))
        return {};
    const { position, ...rest } = going.to;
    return { layer_id: going.id, ...position, ...rest };
}

// The frame of the moment, one after the other; the last one stays until the next is there. As a bitmap that is handed
// over: a browser keeps what it has decoded of pictures with addresses, and somebody who edits all day sees thousands.
function use_frame(width: number) {
    const picture = useRef<HTMLCanvasElement>(null);
    const [shown, set_shown] = useState(false);
    const [failed, set_failed] = useState(false);
    const running = useRef(false), again = useRef(false), alive = useRef(true);
    const wanted = useRef({ scene: '', time: 0, width: 0 });
    wanted.current = { scene: scene.value?.id ?? '', time: time.value, width };
    const run = async () => {
        if (running.current)
            return void (again.current = true);
        running.current = true;
        do {
            again.current = false;
            const { scene: id, time: at, width: wide } = wanted.current;
            if (!id || is_own(id) || !wide)
                break;
            try {
                const bitmap = await createImageBitmap(await fetch_frame(video.value!.id!, id, at, wide, placing()));
                if (!alive.current)
                    return bitmap.close();
                const { width: columns, height: rows } = bitmap;
                Object.assign(picture.current!, { width: columns, height: rows }).getContext('bitmaprenderer')!.transferFromImageBitmap(bitmap);
                set_shown(true);
                set_failed(false);
                if (!moving.value)
                    await measure(wide);
            } catch {
                if (alive.current)
                    set_failed(true);
            }
        } while (again.current && alive.current);
        running.current = false;
    };
    const aspect = video.value?.aspect_ratio;
    useEffect(() => void run(), [scene.value?.id, time.value, drawn.value, width, aspect, moving.value]);
    useEffect(() => () => void (alive.current = false), []);
    return { picture, shown, failed };
}

interface Gesture { kind: 'move' | 'size' | 'turn' | 'wide' | 'tall'; box: Box; x: number; y: number; frame: DOMRect; scale: number; width: number; height: number; sign: number }

function changes_of(kind: Gesture['kind'], begun: Gesture, box: Box, one: Layer): Record<string, any> {
    if (kind === 'move')
        return { position: { x: round(box.x), y: round(box.y) } };
    if (kind === 'turn')
        return { rotation: round(box.rotation, 1) };
    if (kind === 'wide')
        return one.type === 'text' ? { max_width: round(Math.min(100, box.width), 1) } : { width: round((begun.width * box.width) / begun.box.width, 1) };
    if (kind === 'tall')
        return { height: round((begun.height * box.height) / begun.box.height, 1) };
    return { scale: round((begun.scale * box.width) / begun.box.width, 3) };
}

function moved_box(begun: Gesture, event: PointerEvent, one: Layer, neighbours: Box[]): { box: Box; lines: Snapped['lines'] } {
    const dx = ((event.clientX - begun.x) / begun.frame.width) * 100, dy = ((event.clientY - begun.y) / begun.frame.height) * 100;
    const from = begun.box, frame = begun.frame;
    const centre = { x: frame.left + (from.x / 100) * frame.width, y: frame.top + (from.y / 100) * frame.height };
    if (begun.kind === 'move') {
        const straight = event.shiftKey ? (Math.abs(dx) > Math.abs(dy) ? { dx, dy: 0 } : { dx: 0, dy }) : { dx, dy };
        const box = { ...from, x: from.x + straight.dx, y: from.y + straight.dy };
        const snapped = event.altKey ? { x: box.x, y: box.y, lines: [] } : snap(box, neighbours);
        return { box: { ...box, x: snapped.x, y: snapped.y }, lines: snapped.lines };
    }
    if (begun.kind === 'turn') {
        const angle = (Math.atan2(event.clientY - centre.y, event.clientX - centre.x) * 180) / Math.PI + 90;
        const whole = event.altKey ? angle : Math.round(angle / 15) * 15;
        return { box: { ...from, rotation: Math.abs(angle - whole) < 4 ? whole : angle }, lines: [] };
    }
    if (begun.kind === 'wide')
        return { box: { ...from, width: Math.max(1, from.width + 2 * dx * begun.sign) }, lines: [] };
    if (begun.kind === 'tall')
        return { box: { ...from, height: Math.max(1, from.height + 2 * dy * begun.sign) }, lines: [] };
    const before = Math.hypot(begun.x - centre.x, begun.y - centre.y), now = Math.hypot(event.clientX - centre.x, event.clientY - centre.y);
    const factor = Math.max(0.02 / begun.scale, Math.min(50 / begun.scale, before > 4 ? now / before : 1));
    void one;
    return { box: { ...from, width: from.width * factor, height: from.height * factor }, lines: [] };
}

function begin(event: PointerEvent, kind: Gesture['kind'], one: Layer, frame: HTMLElement, size: Size, sign = 1) {
    if (event.button !== 0 || !may_change(one.id))
        return;
    event.stopPropagation();
    const box = layer_box(one, size);
    const begun: Gesture = { kind, box, x: event.clientX, y: event.clientY, frame: frame.getBoundingClientRect(), scale: one.properties.scale ?? 1,
        width: one.properties.width ?? (one.type === 'shape' ? 20 : box.width), height: one.properties.height ?? (one.type === 'shape' ? 20 : box.height), sign };
    const neighbours = layers.value.filter((each) => each.id !== one.id && shown_now(each)).map((each) => layer_box(each, size));
    let now: Box | null = null;
    const move = (later: PointerEvent) => {
        if (!now && Math.hypot(later.clientX - begun.x, later.clientY - begun.y) < 3)
            return;
        const { box: next, lines } = moved_box(begun, later, one, neighbours);
        now = next;
        moving.value = { id: one.id, box: next, lines, to: changes_of(kind, begun, next, one) };
    };
    const end = (later: Event) => {
        removeEventListener('pointermove', move);
        removeEventListener('pointerup', end);
        removeEventListener('pointercancel', end);
        if (now && later.type === 'pointerup') {
            let_go = { id: one.id, to: changes_of(kind, begun, now, one), drawn: drawn.value };
            change_layer(one.id, { properties: let_go.to });
        }
        moving.value = null;
    };
    addEventListener('pointermove', move);
    addEventListener('pointerup', end);
    addEventListener('pointercancel', end);
}

const NUDGE = 0.5, NUDGE_FAR = 5; // percent

function nudge(event: KeyboardEvent, one: Layer) {
    const step = event.shiftKey ? NUDGE_FAR : NUDGE;
    const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
    if (!by || !may_change(one.id))
        return;
    event.preventDefault();
    event.stopPropagation();
    const { x = 50, y = 50 } = one.properties.position ?? {};
    change_layer(one.id, { properties: { position: { x: round(x + by[0]!), y: round(y + by[1]!) } } });
}

function Handles({ one, size, frame }: { one: Layer; size: Size; frame: HTMLElement }) {
    const going = moving.value?.id === one.id ? moving.value : null;
    const box = going?.box ?? layer_box(one, size), selected = layer_id.value === one.id;
    const style = { left: `${box.x - box.width / 2}%`, top: `${box.y - box.height / 2}%`, width: `${box.width}%`, height: `${box.height}%`, transform: box.rotation ? `rotate(${box.rotation}deg)` : '' };
    const watching = others().find((person) => person.layer_id === one.id);
    const sides = one.type === 'shape' || one.type === 'media' || one.type === 'text';
    return (
        <div class={`layer-box ${selected ? 'selected' : ''} ${going ? 'going' : ''}`} style={watching && !selected ? { ...style, outline: `2px solid ${watching.color}` } : style}
            role="button" tabIndex={0} aria-label={t.editor.layer_on_canvas(one.name, t.editor.types[one.type])} aria-pressed={selected} data-layer={one.id}
            onFocus={() => (layer_id.value = one.id)} onKeyDown={(event) => nudge(event, one)}
            onPointerDown={(event) => { layer_id.value = one.id; begin(event, 'move', one, frame, size); }}
            onDblClick={() => document.querySelector<HTMLElement>('.inspector textarea')?.focus()}>
            {watching && <b class="who" style={{ background: watching.color }}>{watching.username}</b>}
            {selected && (
                <>
                    {(['nw', 'ne', 'sw', 'se'] as const).map((corner) => <i key={corner} class={`handle ${corner}`} onPointerDown={(event) => begin(event, 'size', one, frame, size)} />)}
                    {sides && <><i class="handle e" onPointerDown={(event) => begin(event, 'wide', one, frame, size, 1)} /><i class="handle w" onPointerDown={(event) => begin(event, 'wide', one, frame, size, -1)} /></>}
                    {sides && one.type !== 'text' && <><i class="handle n" onPointerDown={(event) => begin(event, 'tall', one, frame, size, -1)} /><i class="handle s" onPointerDown={(event) => begin(event, 'tall', one, frame, size, 1)} /></>}
                    <i class="handle turn" onPointerDown={(event) => begin(event, 'turn', one, frame, size)} />
                </>
            )}
        </div>
    );
}

export function Canvas() {
    const room = useRef<HTMLDivElement>(null);
    const [frame, set_frame] = useState<HTMLDivElement | null>(null);
    const [place, set_place] = useState({ width: 0, height: 0 });
    const size = canvas_size(video.value?.aspect_ratio);
    useLayoutEffect(() => {
        const fit = () => {
            const space = room.current!, zoom = Math.min((space.clientWidth - 32) / size.width, (space.clientHeight - 32) / size.height);
            set_place({ width: Math.floor(size.width * zoom), height: Math.floor(size.height * zoom) });
        };
        fit();
        const watch = new ResizeObserver(fit);
        watch.observe(room.current!);
        return () => watch.disconnect();
    }, [size.width, size.height]);
    // A few widths only, so that the server's and the browser's caches are of use.
    const width = place.width > 0 ? Math.min(1280, Math.max(320, Math.ceil((place.width * Math.min(2, devicePixelRatio)) / 160) * 160)) : 0;
    const { picture, shown, failed } = use_frame(width);
    const visible = layers.value.filter((one) => shown_now(one) || (one.id === layer.value?.id && is_visible(one)));
    return (
        <div ref={room} class="canvas-room" onPointerDown={(event) => event.target === room.current && (layer_id.value = '')}>
            <div ref={set_frame} class="canvas" role="group" aria-label={t.editor.canvas} style={{ width: `${place.width}px`, height: `${place.height}px` }} onPointerDown={(event) => (event.target as Element).closest('.layer-box') || (layer_id.value = '')}>
                <canvas ref={picture} class="frame" role="img" aria-label={t.editor.frame(scene.value?.scene_number ?? 1)} hidden={!shown} />
                {failed && <p class="canvas-note" role="status">{t.editor.no_frame}</p>}
                {frame && [...visible].reverse().map((one) => <Handles key={one.id} one={one} size={size} frame={frame} />)}
                {moving.value?.lines.map((line, i) => <i key={i} class={`guide ${line.axis}`} style={line.axis === 'x' ? { left: `${line.at}%` } : { top: `${line.at}%` }} />)}
            </div>
        </div>
    );
}
