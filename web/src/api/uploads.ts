// SPDX-License-Identifier: GPL-3.0-or-later
// Uploads that go on after a pause, a lost connection and a reload (tus). The library comes with the first upload.
import { signal } from '@preact/signals';
import type { Upload } from 'tus-js-client';
import { t } from '../strings/index.ts';
import { renew } from './client.ts';
import { session } from './session.ts';

export type UploadState = 'waiting' | 'sending' | 'paused' | 'done' | 'failed';
export interface Sending { id: number; name: string; total: number; sent: number; state: UploadState; error?: string; file_id?: string }
export const uploads = signal<Sending[]>([]);

const AT_ONCE = 2;
const CHUNK_BYTES = 8 << 20; // what is sent again at most after a break
const handles = new Map<number, { file: File; upload?: Upload }>();
const finished = new Set<(file_id: string) => void>();
let count = 0;

export function on_uploaded(listener: (file_id: string) => void): () => void {
    finished.add(listener);
    return () => void finished.delete(listener);
}

function set(id: number, changes: Partial<Sending>) {
    uploads.value = uploads.value.map((one) => (one.id === id ? { ...one, ...changes } : one));
}

const authorization = () => ({ Authorization: `Bearer ${session.value?.access}` });

function reason_of(error: any): string {
    const body = error?.originalResponse?.getBody?.();
    try {
        return JSON.parse(body).message;
    } catch {
        return error?.originalResponse ? t.error.answered(error.originalResponse.getStatus()) : t.error.unreachable;
    }
}

async function begin(id: number) {
    const handle = handles.get(id)!;
    set(id, { state: 'sending', error: undefined });
    const { Upload } = await import('tus-js-client');
    const upload = handle.upload ?? new Upload(handle.file, {
        endpoint: '/api/v1/files/tus',
        chunkSize: CHUNK_BYTES,
        retryDelays: [0, 500, 1000, 3000, 5000, 10000, 20000],
        metadata: { filename: handle.file.name },
        removeFingerprintOnSuccess: true,
        onBeforeRequest: (request) => request.setHeader('Authorization', authorization().Authorization),
        onShouldRetry: (error) => {
            const status = error.originalResponse?.getStatus() ?? 0;
            if (status === 401)
                void renew();
            return status === 0 || status === 401 || status === 409 || status === 423 || status >= 500;
        },
        onProgress: (sent, total) => set(id, { sent, total: total ?? handle.file.size }),
        onError: (error) => (set(id, { state: 'failed', error: reason_of(error) }), next()),
        onSuccess: () => {
            const file_id = handle.upload?.url?.split('/').pop() ?? '';
            set(id, { state: 'done', sent: handle.file.size, file_id });
            handles.delete(id);
            finished.forEach((listener) => listener(file_id));
            next();
        },
    });
    if (!handle.upload) {
        handle.upload = upload;
        // Begun before a reload: the same file goes on where it stopped.
        const [before] = await upload.findPreviousUploads();
        if (before)
            upload.resumeFromPreviousUpload(before);
    }
    if (uploads.value.find((one) => one.id === id)?.state === 'sending')
        upload.start();
}

function next() {
    const sending = uploads.value.filter((one) => one.state === 'sending').length;
    for (const one of uploads.value.filter((each) => each.state === 'waiting').slice(0, AT_ONCE - sending))
        void begin(one.id);
}

export function upload_files(files: Iterable<File>) {
    const added = [...files].map((file) => {
        const id = ++count;
        handles.set(id, { file });
        return { id, name: file.name, total: file.size, sent: 0, state: 'waiting' as const };
    });
    uploads.value = [...uploads.value.filter((one) => one.state !== 'done'), ...added];
    next();
}

export function pause(id: number) {
    set(id, { state: 'paused' });
    void handles.get(id)?.upload?.abort().then(next);
}

export function resume(id: number) {
    set(id, { state: 'waiting' });
    next();
}

export function forget(id: number) {
    const handle = handles.get(id);
    void handle?.upload?.abort(true).catch(() => undefined);
    handles.delete(id);
    uploads.value = uploads.value.filter((one) => one.id !== id);
    next();
}

export const clear_done = () => (uploads.value = uploads.value.filter((one) => one.state !== 'done'));

// Leaving the page would stop them; they can go on later, but one should know.
addEventListener('beforeunload', (event) => {
    if (uploads.value.some((one) => one.state === 'sending' || one.state === 'waiting'))
        event.preventDefault();
});
