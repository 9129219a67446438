// SPDX-License-Identifier: GPL-3.0-or-later
// Putting a list in order by its grips: with the pointer, or with Alt and an arrow key. The list itself is the caller's;
// while something is dragged, a line shows where it would go.
type Done = (ids: string[]) => void;

const ids_of = (list: HTMLElement) => [...list.querySelectorAll<HTMLElement>(':scope > [data-id]')].map((one) => one.dataset.id!);

export function moved(ids: string[], id: string, to: number): string[] {
    const rest = ids.filter((one) => one !== id);
    rest.splice(to, 0, id);
    return rest;
}

export function reorder_keys(event: KeyboardEvent, id: string, done: Done) {
    if (!event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown'))
        return false;
    const item = (event.currentTarget as HTMLElement).closest<HTMLElement>('[data-id]')!, ids = ids_of(item.parentElement!), at = ids.indexOf(id);
    const to = at + (event.key === 'ArrowUp' ? -1 : 1);
    event.preventDefault();
    event.stopPropagation();
    if (to >= 0 && to < ids.length)
        done(moved(ids, id, to));
    return true;
}

const EDGE_PX = 36, STEP_PX = 14; // a list scrolls while the pointer is so near its end, by so much a picture of the screen

function scroller_of(list: HTMLElement): HTMLElement {
    for (let one: HTMLElement | null = list; one; one = one.parentElement)
        if (one.scrollHeight > one.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(one).overflowY))
            return one;
    return document.documentElement;
}

export function reorder_pointer(event: PointerEvent, id: string, done: Done) {
    if (event.button !== 0)
        return;
    const item = (event.currentTarget as HTMLElement).closest<HTMLElement>('[data-id]')!, list = item.parentElement!, view = scroller_of(list);
    const rows = [...list.querySelectorAll<HTMLElement>(':scope > [data-id]')], from = rows.indexOf(item), start = event.clientY;
    let to = from, begun = false, at = start, frame = 0;
    const clear = () => rows.forEach((row) => row.classList.remove('drop-before', 'drop-after'));
    const show = () => {
        to = rows.filter((row, i) => { const box = row.getBoundingClientRect(); return i !== from && box.top + box.height / 2 < at; }).length;
        clear();
        if (to !== from)
            rows[to]?.classList.add(to < from ? 'drop-before' : 'drop-after');
    };
    // As long as the pointer rests near an end, whether it moves or not.
    const scroll = () => {
        const box = view.getBoundingClientRect(), top = Math.max(0, box.top), bottom = Math.min(innerHeight, box.bottom), before = view.scrollTop;
        view.scrollTop += at < top + EDGE_PX ? -STEP_PX : at > bottom - EDGE_PX ? STEP_PX : 0;
        if (view.scrollTop !== before)
            show();
        frame = requestAnimationFrame(scroll);
    };
    const move = (now: PointerEvent) => {
        if (!begun && Math.abs(now.clientY - start) < 4)
            return;
        at = now.clientY;
        if (!begun)
            frame = requestAnimationFrame(scroll);
        begun = true;
        item.classList.add('dragged');
        show();
    };
    const end = (now: Event) => {
        removeEventListener('pointermove', move);
        removeEventListener('pointerup', end);
        removeEventListener('pointercancel', end);
        cancelAnimationFrame(frame);
        item.classList.remove('dragged');
        clear();
        if (begun && to !== from && now.type === 'pointerup')
            done(moved(ids_of(list), id, to));
    };
    addEventListener('pointermove', move);
    addEventListener('pointerup', end);
    addEventListener('pointercancel', end);
}
