// SPDX-License-Identifier: GPL-3.0-or-later
// Changes on their way to the server: in order, one at a time, each until it is acknowledged. What waits about the same
// thing is sent as one. Offline they wait; what was added meanwhile has an id of our own until the server gives its.
import { computed, signal } from '@preact/signals';
import { ApiError } from '../api/client.ts';
import { ask, state } from '../api/socket.ts';

export interface Op {
    event?: string; // over the socket, with `data`; otherwise `run` asks over HTTP
    data: Record<string, any>;
    run?: (data: Record<string, any>) => Promise<any>;
    target?: string; // what an update is about: updates of the same thing are merged while they wait
    done?: (answer: any) => void;
    refused?: (error: ApiError) => void;
}

const APART_MS = 25; // the server takes 50 events a second
const waiting = signal<Op[]>([]);
const sending = signal<Op | null>(null);
const real = new Map<string, string>(); // ids of our own -> the server's
let last_sent = 0;

export type Saved = 'saved' | 'saving' | 'offline';
export const saved = computed<Saved>(() => (state.value === 'offline' ? 'offline' : waiting.value.length || sending.value ? 'saving' : 'saved'));
export const is_own = (id: string) => id.startsWith('new-');
export const own_id = () => `new-${Math.random().toString(36).slice(2)}`;
export const real_id = (id: string) => real.get(id) ?? id;

// As a JSON Merge Patch (RFC 7396) would, but null stays to be sent on.
export function merge_patch(before: any, patch: any, keep_null = false): any {
    if (patch === null || typeof patch !== 'object' || Array.isArray(patch))
        return patch;
    const out: Record<string, any> = before && typeof before === 'object' && !Array.isArray(before) ? { ...before } : {};
    for (const [key, value] of Object.entries(patch)) {
        if (value === null && !keep_null)
            delete out[key];
        else
            out[key] = merge_patch(out[key], value, keep_null);
    }
    return out;
}

function with_real_ids(value: any): any {
    if (typeof value === 'string')
        return real_id(value);
    if (Array.isArray(value))
        return value.map(with_real_ids);
    return value && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, with_real_ids(one)])) : value;
}

export function push(op: Op) {
    const list = waiting.value, last = list.at(-1);
    if (op.target && last?.target === op.target && last.event === op.event)
        waiting.value = [...list.slice(0, -1), { ...last, data: { ...last.data, changes: merge_patch(last.data.changes, op.data.changes, true) } }];
    else
        waiting.value = [...list, op];
    void pump();
}

// What is not acknowledged yet of a thing, to be laid over what the server says of it.
export const unsent = (target: string): any[] => [sending.value, ...waiting.value].filter((op) => op?.target === target).map((op) => op!.data.changes);

async function deliver(op: Op) {
    const data = with_real_ids(op.data);
    if (!op.event)
        return op.run!(data);
    const told = await ask(op.event, data);
    if (!told.success)
        throw new ApiError(409, told.error ?? '', told.message ?? '', ((told as any).details ?? []) as []);
    return told.data;
}

async function pump() {
    const op = waiting.value[0];
    if (!op || sending.value || state.value !== 'online')
        return;
    sending.value = op;
    waiting.value = waiting.value.slice(1);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, last_sent + APART_MS - performance.now())));
    last_sent = performance.now();
    try {
        const answer = await deliver(op);
        sending.value = null;
        op.done?.(answer);
    } catch (error) {
        const refused = error instanceof ApiError && error.status !== 0 && error.status < 500;
        sending.value = null;
        if (refused)
            op.refused?.(error as ApiError);
        else {
            waiting.value = [op, ...waiting.value]; // once more, when the server is there
            setTimeout(() => void pump(), 1500);
            return;
        }
    }
    void pump();
}
state.subscribe(() => void pump());

export const learn_id = (own: string, id: string) => void real.set(own, id);
export const is_busy = () => waiting.value.length > 0 || sending.value !== null;
export function forget_all() {
    waiting.value = [];
}

addEventListener('beforeunload', (event) => {
    if (is_busy())
        event.preventDefault();
});
