// SPDX-License-Identifier: GPL-3.0-or-later
// Times and sizes for people, as is usual in their country.
import { language as chosen } from '../strings/index.ts';

// "en" alone would write dates as in the United States.
const place = () => (navigator.language.startsWith(chosen) ? navigator.language : chosen);

export function clock(seconds: number | null | undefined, fine = false): string {
    const all = Math.max(0, seconds ?? 0);
    const hours = Math.floor(all / 3600), minutes = Math.floor((all % 3600) / 60), rest = all % 60;
    const tail = fine ? rest.toFixed(2).padStart(5, '0') : String(Math.floor(rest)).padStart(2, '0');
    return hours ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}

export function size(bytes: number | null | undefined): string {
    let value = bytes ?? 0, unit = 0;
    for (; value >= 1000 && unit < 4; unit++)
        value /= 1000;
    return `${value.toLocaleString(place(), { maximumFractionDigits: unit && value < 100 ? 1 : 0 })} ${['B', 'kB', 'MB', 'GB', 'TB'][unit]}`;
}

export const number = (value: number) => value.toLocaleString(place());
export const day = (time?: string | null) => (time ? new Date(time).toLocaleDateString(place(), { dateStyle: 'medium' }) : '');
export const moment = (time?: string | null) => (time ? new Date(time).toLocaleString(place(), { dateStyle: 'medium', timeStyle: 'short' }) : '');
