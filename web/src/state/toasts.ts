// SPDX-License-Identifier: GPL-3.0-or-later
// Short messages at the lower edge: what was done, with a way back where there is one.
import { signal } from '@preact/signals';

export interface Toast { id: number; text: string; bad?: boolean; action?: { label: string; run: () => void } }
export const toasts = signal<Toast[]>([]);
const STAYS_MS = 6000;
let count = 0;

export function toast(text: string, more: Omit<Toast, 'id' | 'text'> = {}) {
    const id = ++count;
    toasts.value = [...toasts.value.slice(-2), { id, text, ...more }];
    setTimeout(() => dismiss(id), more.bad ? STAYS_MS * 2 : STAYS_MS);
}

export function dismiss(id: number) {
    toasts.value = toasts.value.filter((one) => one.id !== id);
}

export const tell = (error: unknown) => {
    if ((error as Error)?.name !== 'AbortError')
        toast((error as Error)?.message ?? String(error), { bad: true });
};
