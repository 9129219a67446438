// SPDX-License-Identifier: GPL-3.0-or-later
// A grid (or list) of any length in the page's own scroll: only what is near the window exists.
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

interface Props { total: number; width: number; height: number; gap: number; label: string; need: (from: number, to: number) => void; item: (index: number) => ComponentChildren }
const MARGIN_ROWS = 3;

export function VirtualGrid({ total, width, height, gap, label, need, item }: Props) {
    const box = useRef<HTMLUListElement>(null);
    const [view, set_view] = useState({ columns: 1, from: 0, to: 0 });
    const row = height + gap;
    useLayoutEffect(() => {
        let asked = 0;
        const look = () => {
            asked = 0;
            const place = box.current?.getBoundingClientRect();
            if (!place)
                return;
            const columns = Math.max(1, Math.floor((place.width + gap) / (width + gap)));
            const first = Math.max(0, Math.floor(-place.top / row) - MARGIN_ROWS), last = Math.ceil((innerHeight - place.top) / row) + MARGIN_ROWS;
            const from = first * columns, to = Math.min(total, Math.max(0, last * columns));
            set_view((before) => (before.columns === columns && before.from === from && before.to === to ? before : { columns, from, to }));
        };
        const soon = () => (asked ||= requestAnimationFrame(look));
        look();
        addEventListener('scroll', soon, { passive: true });
        const watch = new ResizeObserver(soon);
        watch.observe(box.current!);
        return () => {
            cancelAnimationFrame(asked);
            removeEventListener('scroll', soon);
            watch.disconnect();
        };
    }, [total, width, row, gap]);
    useLayoutEffect(() => need(view.from, view.to), [view, total]);
    const rows = Math.ceil(total / view.columns), cells = [];
    for (let index = view.from; index < view.to; index++) {
        const style = {
            position: 'absolute', height: `${height}px`, top: `${Math.floor(index / view.columns) * row}px`,
            left: `calc((100% + ${gap}px) / ${view.columns} * ${index % view.columns})`, width: `calc((100% + ${gap}px) / ${view.columns} - ${gap}px)`,
        };
        cells.push(<li key={index} style={style} aria-posinset={index + 1} aria-setsize={total}>{item(index)}</li>);
    }
    return <ul ref={box} aria-label={label} style={{ position: 'relative', height: `${Math.max(0, rows * row - gap)}px` }}>{cells}</ul>;
}
