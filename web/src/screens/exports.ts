// SPDX-License-Identifier: GPL-3.0-or-later
// Files that the server makes only for who shows a token: fetched, then saved.
import { request } from '../api/client.ts';

export function save(blob: Blob, name: string) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// Under the name that the server gives it.
export async function save_answer(answer: Response, otherwise: string) {
    const told = answer.headers.get('Content-Disposition') ?? '', wide = /filename\*=UTF-8''([^;]+)/i.exec(told)?.[1];
    save(await answer.blob(), wide ? decodeURIComponent(wide) : /filename="?([^";]+)/.exec(told)?.[1] ?? otherwise);
}

export async function save_export(job_id: string, kind: 'srt' | 'vtt' | 'txt' | 'json', name: string) {
    const answer = await request('GET', `/api/v1/transcriptions/${encodeURIComponent(job_id)}.${kind}`);
    save(await answer.blob(), `${name.replace(/\.[^.]*$/, '')}.${kind}`);
}
