// SPDX-License-Identifier: GPL-3.0-or-later
// The page is named behind the '#', which no server sees: "#/media/ID?at=12".
import { computed, signal } from '@preact/signals';

const hash = signal(location.hash);
addEventListener('hashchange', () => (hash.value = location.hash));

export const route = computed(() => {
    const [path = '', query = ''] = hash.value.replace(/^#\/?/, '').split('?');
    const [screen = '', ...rest] = path.split('/');
    return { screen: screen || 'library', id: decodeURIComponent(rest[0] ?? ''), rest, query: new URLSearchParams(query) };
});

export function go(path: string, replace = false) {
    if (replace)
        history.replaceState(null, '', `#/${path}`), (hash.value = location.hash);
    else
        location.hash = `#/${path}`;
}
