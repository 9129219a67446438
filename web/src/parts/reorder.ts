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

export function reorder_pointer(event: PointerEvent, id: string, done: Done) {
    if (event.button !== 0)
        return;
    const item = (event.currentTarget as HTMLElement).closest<HTMLElement>('[data-id]')!, list = item.parentElement!;
    const rows = [...list.querySelectorAll<HTMLElement>(':scope > [data-id]')], from = rows.indexOf(item), start = event.clientY;
    const middles = rows.map((row) => { const box = row.getBoundingClientRect(); return box.top + box.height / 2; });
    let to = from, begun = false;
    const clear = () => rows.forEach((row) => row.classList.remove('drop-before', 'drop-after'));
    const move = (now: PointerEvent) => {
        if (!begun && Math.abs(now.clientY - start) < 4)
            return;
        begun = true;
        item.classList.add('dragged');
        to = middles.filter((middle, i) => i !== from && middle < now.clientY).length;
        clear();
        const place = to < from ? rows[to] : rows[to];
        if (to !== from)
            place?.classList.add(to < from ? 'drop-before' : 'drop-after');
        const box = list.getBoundingClientRect();
        if (now.clientY < box.top + 30)
            list.scrollTop -= 12;
        else if (now.clientY > box.bottom - 30)
            list.scrollTop += 12;
    };
    const end = (now: Event) => {
        removeEventListener('pointermove', move);
        removeEventListener('pointerup', end);
        removeEventListener('pointercancel', end);
        item.classList.remove('dragged');
        clear();
        if (begun && to !== from && now.type === 'pointerup')
            done(moved(ids_of(list), id, to));
    };
    addEventListener('pointermove', move);
    addEventListener('pointerup', end);
    addEventListener('pointercancel', end);
}
