// SPDX-License-Identifier: GPL-3.0-or-later
// A button that opens a list of things to do.
import { useEffect, useRef, useState } from 'preact/hooks';
import { tell } from '../state/toasts.ts';
import { Button } from './button.tsx';
import { Icon, type IconName } from './icon.tsx';

export interface Item { label: string; icon?: IconName; bad?: boolean; disabled?: boolean; href?: string; act?: () => unknown }

export function Menu({ label, icon = 'more', kind = 'plain', text, items }: { label: string; icon?: IconName; kind?: string; text?: string; items: Item[] }) {
    const [place, set_place] = useState<{ x: number; y: number } | null>(null);
    const box = useRef<HTMLDivElement>(null);
    const opener = useRef<HTMLElement | null>(null);
    const close = () => {
        set_place(null);
        opener.current?.focus();
    };
    useEffect(() => {
        const menu = box.current;
        if (!menu || !place)
            return;
        const size = menu.getBoundingClientRect();
        menu.style.left = `${Math.max(8, Math.min(place.x, innerWidth - size.width - 8))}px`;
        menu.style.top = `${place.y + size.height > innerHeight - 8 ? Math.max(8, place.y - size.height - 40) : place.y}px`;
        menu.querySelector<HTMLElement>('[role="menuitem"]:not(:disabled)')?.focus();
        const away = (event: Event) => !menu.contains(event.target as Node) && set_place(null);
        addEventListener('pointerdown', away, true);
        addEventListener('scroll', away, true);
        return () => {
            removeEventListener('pointerdown', away, true);
            removeEventListener('scroll', away, true);
        };
    }, [place]);
    const keys = (event: KeyboardEvent) => {
        event.stopPropagation();
        const list = [...box.current!.querySelectorAll<HTMLElement>('[role="menuitem"]:not(:disabled)')];
        const at = list.indexOf(document.activeElement as HTMLElement);
        if (event.key === 'Escape' || event.key === 'Tab')
            close();
        else if (event.key === 'ArrowDown')
            list[(at + 1) % list.length]?.focus();
        else if (event.key === 'ArrowUp')
            list[(at + list.length - 1) % list.length]?.focus();
        else
            return;
        event.preventDefault();
    };
    const open = (event: MouseEvent) => {
        opener.current = event.currentTarget as HTMLElement;
        const at = opener.current.getBoundingClientRect();
        set_place(place ? null : { x: at.right - 190, y: at.bottom + 4 });
    };
    return (
        <>
            <Button kind={kind} icon={icon} label={label} act={open} aria-haspopup="menu" aria-expanded={!!place}>{text}</Button>
            {place && (
                <div ref={box} class="menu" role="menu" aria-label={label} onKeyDown={keys}>
                    {items.map((item) => {
                        const inside = <>{item.icon && <Icon name={item.icon} />}{item.label}</>;
                        const run = () => {
                            close();
                            const done = item.act?.();
                            if (done instanceof Promise)
                                done.catch(tell);
                        };
                        return item.href
                            ? <a key={item.label} class="button" role="menuitem" href={item.href} download onClick={close}>{inside}</a>
                            : <button key={item.label} type="button" class={`button ${item.bad ? 'bad' : ''}`} role="menuitem" disabled={item.disabled} onClick={run}>{inside}</button>;
                    })}
                </div>
            )}
        </>
    );
}
