// SPDX-License-Identifier: GPL-3.0-or-later
// Who is signed in: the pair of tokens of this browser, shared by its tabs.
import { signal } from '@preact/signals';

export interface Tokens { access: string; refresh: string }
const KEY = 'kinora.session';

function read(): Tokens | null {
    try {
        return JSON.parse(localStorage.getItem(KEY) ?? 'null');
    } catch {
        return null;
    }
}

export const session = signal<Tokens | null>(read());

export function keep(tokens: Tokens | null) {
    if (tokens)
        localStorage.setItem(KEY, JSON.stringify(tokens));
    else
        localStorage.removeItem(KEY);
    session.value = tokens;
}

// Another tab has renewed the tokens, signed in or out.
addEventListener('storage', (event) => {
    if (event.key === KEY)
        session.value = read();
});
export const newest = read;
