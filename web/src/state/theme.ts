// SPDX-License-Identifier: GPL-3.0-or-later
// Light or dark: as the system is, until somebody chooses.
import { signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';
const KEY = 'kinora.theme';
export const theme = signal<Theme>((localStorage.getItem(KEY) as Theme | null) ?? 'system');

export function apply_theme(value: Theme = theme.value) {
    theme.value = value;
    localStorage.setItem(KEY, value);
    if (value === 'system')
        delete document.documentElement.dataset.theme;
    else
        document.documentElement.dataset.theme = value;
}
