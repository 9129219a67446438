// SPDX-License-Identifier: GPL-3.0-or-later
// All sentences of the app stand in one catalogue a language. The language is chosen once, before anything is shown.
import { en } from './en.ts';

export type Strings = typeof en;
export const languages = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof languages;
const KEY = 'kinora.language';

function wanted(): Language {
    const kept = localStorage.getItem(KEY);
    return kept && kept in languages ? (kept as Language) : navigator.language.startsWith('de') ? 'de' : 'en';
}

export let t: Strings = en;
export let language: Language = 'en';

export async function load_language() {
    language = wanted();
    document.documentElement.lang = language;
    if (language === 'de')
        t = (await import('./de.ts')).de;
}

export function set_language(name: string) {
    localStorage.setItem(KEY, name);
    location.reload();
}
