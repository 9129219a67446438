// SPDX-License-Identifier: GPL-3.0-or-later
// The user's jobs as the socket tells of them, so that every screen shows the same progress.
import { computed, signal } from '@preact/signals';
import { on } from '../api/socket.ts';

export interface LiveJob { job_id: string; kind: string; status?: string; progress: number; media_id?: string; video_id?: string; error?: string; estimated_time_remaining?: number; current_scene?: number; total_scenes?: number }
export const jobs = signal<Record<string, LiveJob>>({});

const over = (status?: string) => status === 'completed' || status === 'failed' || status === 'cancelled';
export const running = computed(() => Object.values(jobs.value).filter((one) => !over(one.status)).length);

on('job:progress', (data: any) => {
    const id = data.job_id ?? data.id;
    if (!id)
        return;
    const before = jobs.value[id];
    jobs.value = { ...jobs.value, [id]: { ...before, ...data, job_id: id } };
    for (const listener of ended)
        if (over(data.status))
            listener(jobs.value[id]!);
});

const ended = new Set<(job: LiveJob) => void>();
// Called for every job that ends from now on.
export function on_end(listener: (job: LiveJob) => void): () => void {
    ended.add(listener);
    return () => void ended.delete(listener);
}
