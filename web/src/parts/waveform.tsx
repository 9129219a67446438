// SPDX-License-Identifier: GPL-3.0-or-later
// The waveform of a recording, drawn from the server's peaks (audiowaveform JSON).
import { useEffect, useRef } from 'preact/hooks';
import { theme } from '../state/theme.ts';

const dark = matchMedia('(prefers-color-scheme: dark)');

interface Peaks { data: number[]; bits: number; sample_rate: number; samples_per_pixel: number }
const kept = new Map<string, Promise<Peaks | null>>();
const KEPT_MOST = 300;

// Links are signed anew now and then; what is before the '?' names the thing.
export function peaks_of(url: string): Promise<Peaks | null> {
    const name = url.split('?')[0]!;
    const found = kept.get(name) ?? fetch(url).then((answer) => (answer.ok ? answer.json() : null)).catch(() => null);
    if (kept.size >= KEPT_MOST)
        kept.delete(kept.keys().next().value!);
    kept.set(name, found);
    return found;
}

// `from` and `seconds` choose a part of the recording; without them it is shown whole.
export function Waveform({ url, from = 0, seconds, class: kind = '' }: { url: string; from?: number; seconds?: number; class?: string }) {
    const canvas = useRef<HTMLCanvasElement>(null);
    useEffect(() => {
        let gone = false;
        const draw = async () => {
            const peaks = await peaks_of(url);
            const place = canvas.current;
            if (gone || !peaks || !place || !place.clientWidth)
                return;
            const ratio = Math.min(2, devicePixelRatio), width = Math.min(8192, Math.round(place.clientWidth * ratio)), height = Math.round(place.clientHeight * ratio);
            place.width = width;
            place.height = height;
            const pen = place.getContext('2d')!;
            pen.fillStyle = getComputedStyle(place).color;
            const a_second = peaks.sample_rate / peaks.samples_per_pixel, count = peaks.data.length / 2;
            const first = from * a_second, span = seconds === undefined ? count : seconds * a_second;
            const full = peaks.bits === 16 ? 32768 : 128, step = 3 * ratio;
            for (let x = 0; x < width; x += step) {
                let low = 0, high = 0;
                const start = Math.floor(first + (x / width) * span), end = Math.max(start + 1, Math.floor(first + ((x + step) / width) * span));
                for (let i = start; i < end && i < count; i++) {
                    low = Math.min(low, peaks.data[i * 2]!);
                    high = Math.max(high, peaks.data[i * 2 + 1]!);
                }
                const tall = Math.max(ratio, (Math.sqrt((high - low) / 2 / full)) * height * 0.94);
                pen.fillRect(x, (height - tall) / 2, step * 0.62, tall);
            }
        };
        void draw();
        const watch = new ResizeObserver(() => void draw());
        watch.observe(canvas.current!);
        dark.addEventListener('change', draw);
        return () => {
            gone = true;
            dark.removeEventListener('change', draw);
            watch.disconnect();
        };
    }, [url, from, seconds, theme.value]);
    return <canvas ref={canvas} class={`waveform ${kind}`} aria-hidden="true" />;
}
