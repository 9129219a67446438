// SPDX-License-Identifier: GPL-3.0-or-later
// Where a layer stands on the canvas, in percent of it. The compositor has the last word; this is what the handles need.
import type { Layer } from './store.ts';

export interface Size { width: number; height: number } // of the canvas, its short side being 1080
export interface Box { x: number; y: number; width: number; height: number; rotation: number } // centre and size, percent

export function canvas_size(ratio: string | null | undefined): Size {
    const [a = 16, b = 9] = (ratio ?? '16:9').split(':').map(Number);
    return a >= b ? { width: (1080 * a) / b, height: 1080 } : { width: 1080, height: (1080 * b) / a };
}

let pen: CanvasRenderingContext2D | null = null;
const weights: Record<string, number> = { thin: 100, light: 300, normal: 400, medium: 500, semibold: 600, bold: 700, heavy: 900 };

function wrap(layer: Layer, canvas: Size): { lines: string[]; width: number; size: number; line: number } {
    const own = layer.properties, size = own.font_size ?? 32;
    pen ??= document.createElement('canvas').getContext('2d')!;
    pen.font = `${own.font_style === 'italic' ? 'italic ' : ''}${weights[own.font_weight] ?? own.font_weight ?? 400} ${size}px ${own.font_family ?? 'Inter'}, sans-serif`;
    const most = ((own.max_width ?? 80) / 100) * canvas.width, lines: string[] = [];
    let widest = 0;
    for (const paragraph of String(own.text ?? '').split('\n')) {
        let line = '';
        for (const word of paragraph.split(' ')) {
            const longer = line ? `${line} ${word}` : word;
            if (line && pen.measureText(longer).width > most) {
                lines.push(line);
                line = word;
            } else {
                line = longer;
            }
        }
        lines.push(line);
    }
    for (const line of lines)
        widest = Math.max(widest, pen.measureText(line).width + line.length * (own.letter_spacing ?? 0));
    return { lines, width: Math.min(widest, most), size, line: size * (own.line_height ?? 1.25) };
}

function text_size(layer: Layer, canvas: Size): Size {
    const { lines, width, size, line } = wrap(layer, canvas), own = layer.properties;
    const padding = own.background_color ? own.padding ?? size * 0.35 : own.padding ?? 0;
    return { width: width + 2 * padding, height: lines.length * line + 2 * padding };
}

function media_size(layer: Layer, canvas: Size, aspect: number): Size {
    const own = layer.properties;
    let width = ((own.width ?? 0) * canvas.width) / 100, height = ((own.height ?? 0) * canvas.height) / 100;
    const fit = own.fit ?? (own.width >= 99 && own.height >= 99 ? 'cover' : 'contain');
    if (!width && !height)
        ({ width, height } = canvas);
    else if (!width)
        width = height * aspect;
    else if (!height)
        height = width / aspect;
    if (fit === 'contain')
        return width / height > aspect ? { width: height * aspect, height } : { width, height: width / aspect };
    return { width, height };
}

function shape_size(layer: Layer, canvas: Size): Size {
    const own = layer.properties, thin = own.shape === 'line';
    return { width: ((own.width ?? 20) * canvas.width) / 100, height: thin ? Math.max(own.stroke?.width ?? 6, 24) : ((own.height ?? 20) * canvas.height) / 100 };
}

function avatar_size(layer: Layer, canvas: Size): Size {
    const cut = layer.properties.shape ?? 'full', short = Math.min(canvas.width, canvas.height);
    return cut === 'full' ? { width: canvas.height * 0.56, height: canvas.height } : { width: short / 2, height: short / 2 };
}

// `aspect` of a picture or film, when it is known.
export function box_of(layer: Layer, canvas: Size, aspect = 16 / 9): Box {
    const own = layer.properties, scale = own.scale ?? 1;
    const size = layer.type === 'text' ? text_size(layer, canvas) : layer.type === 'media' ? media_size(layer, canvas, aspect)
        : layer.type === 'shape' ? shape_size(layer, canvas) : avatar_size(layer, canvas);
    return { x: own.position?.x ?? 50, y: own.position?.y ?? 50, width: ((size.width * scale) / canvas.width) * 100, height: ((size.height * scale) / canvas.height) * 100, rotation: own.rotation ?? 0 };
}

export interface Snapped { x: number; y: number; lines: Array<{ axis: 'x' | 'y'; at: number }> }
const NEAR = 1.2; // percent

// Centre and edges of the box to those of the canvas and of the others.
export function snap(box: Box, others: Box[]): Snapped {
    const lines: Snapped['lines'] = [];
    const one = (axis: 'x' | 'y', centre: number, half: number) => {
        const side = axis === 'x' ? 'width' : 'height';
        const marks = [0, 5, 50, 95, 100, ...others.flatMap((each) => [each[axis] - each[side] / 2, each[axis], each[axis] + each[side] / 2])];
        let best = NEAR, shift = 0, at: number | null = null;
        for (const edge of [-half, 0, half])
            for (const mark of marks) {
                const away = mark - (centre + edge);
                if (Math.abs(away) < best)
                    best = Math.abs(away), shift = away, at = mark;
            }
        if (at !== null)
            lines.push({ axis, at });
        return centre + shift;
    };
    const x = one('x', box.x, box.width / 2), y = one('y', box.y, box.height / 2);
    return { x, y, lines };
}
export const round = (value: number, digits = 2) => Math.round(value * 10 ** digits) / 10 ** digits;
