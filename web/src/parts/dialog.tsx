// SPDX-License-Identifier: GPL-3.0-or-later
// Modal dialogs: the browser's own, which keeps the focus inside and gives it back.
import type { ComponentChildren } from 'preact';
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../strings/index.ts';
import { Button } from './button.tsx';

export function Dialog({ title, close, wide, children }: { title: string; close: () => void; wide?: boolean; children: ComponentChildren }) {
    const box = useRef<HTMLDialogElement>(null);
    useEffect(() => {
        const before = document.activeElement as HTMLElement | null;
        box.current?.showModal();
        return () => before?.isConnected ? before.focus() : undefined;
    }, []);
    return (
        <dialog ref={box} class={wide ? 'wide' : ''} aria-label={title} onClose={close} onCancel={close}
            onKeyDown={(event) => event.stopPropagation()} onClick={(event) => event.target === box.current && close()}>
            <div class="dialog">
                <header class="row between"><h2>{title}</h2><Button kind="plain tight" icon="close" label={t.close} act={close} /></header>
                {children}
            </div>
        </dialog>
    );
}

interface Question { title: string; text: string; yes: string; answer: (yes: boolean) => void }
const question = signal<Question | null>(null);

// Asks before what cannot be taken back.
export function confirm_it(title: string, text: string, yes: string): Promise<boolean> {
    return new Promise((resolve) => (question.value = { title, text, yes, answer: resolve }));
}

export function Questions() {
    const asked = question.value;
    if (!asked)
        return null;
    const end = (yes: boolean) => {
        question.value = null;
        asked.answer(yes);
    };
    return (
        <Dialog title={asked.title} close={() => end(false)}>
            <p class="muted">{asked.text}</p>
            <footer>
                <Button act={() => end(false)} autofocus>{t.keep}</Button>
                <Button kind="main bad" act={() => end(true)}>{asked.yes}</Button>
            </footer>
        </Dialog>
    );
}
