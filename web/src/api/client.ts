// SPDX-License-Identifier: GPL-3.0-or-later
// Calls of the HTTP API, typed by its own document: `await call('GET /api/v1/files', { query: { limit: 10 } })`.
import type { Routes } from 'kinora:api';
import { t } from '../strings/index.ts';
import { keep, newest, session, type Tokens } from './session.ts';

type Parts = { path?: unknown; query?: unknown; body?: unknown };
type InputOf<R> = Pick<R, keyof R & keyof Parts> & { headers?: Record<string, string>; signal?: AbortSignal };
type NeedsInput<R> = R extends { path: unknown } | { body: unknown } ? true : false;
type Arguments<R> = NeedsInput<R> extends true ? [input: InputOf<R>] : [input?: InputOf<R>];
export type Answer<K extends keyof Routes> = Routes[K]['answer'];

export interface Problem { field: string; reason: string }

export class ApiError extends Error {
    readonly status: number;
    readonly code: string;
    readonly problems: Problem[];

    constructor(status: number, code: string, message: string, problems: Problem[] = []) {
        super(/[.!?]$/.test(message) ? message : `${message}.`);
        this.status = status;
        this.code = code;
        this.problems = problems;
    }
}

// The four faces tell errors differently; here they become one.
function error_of(status: number, body: any): ApiError {
    const text = body?.message ?? body?.error?.message ?? (typeof body?.detail === 'string' ? body.detail : body?.detail?.[0]?.msg) ?? t.error.answered(status);
    const code = body?.code ?? (typeof body?.error === 'string' ? body.error : '') ?? '';
    const listed = Array.isArray(body?.details) ? body.details : body?.details?.field ? [body.details] : [];
    const located = (Array.isArray(body?.errors) ? body.errors : Array.isArray(body?.detail) ? body.detail : [])
        .map((one: any) => ({ field: one.loc?.at(-1), reason: one.msg }));
    const problems = [...listed, ...located].filter((one) => one.field && one.reason);
    // "Validation Error" says nothing; the first field does.
    const plain = problems.length ? problems.map((one: Problem) => `${one.field}: ${one.reason}`).join('; ') : text;
    return new ApiError(status, code, problems.length && /^validation/i.test(text) ? plain : text, problems);
}

export const is_offline = (error: unknown) => error instanceof ApiError && error.status === 0;

async function send(method: string, url: string, headers: Record<string, string>, body: BodyInit | undefined, signal?: AbortSignal) {
    const token = session.value?.access;
    try {
        return await fetch(url, { method, headers: { ...(token && { Authorization: `Bearer ${token}` }), ...headers }, body, signal });
    } catch (error) {
        throw (error as Error).name === 'AbortError' ? error : new ApiError(0, 'UNREACHABLE', t.error.unreachable);
    }
}

let renewal: Promise<boolean> | null = null;

async function ask_renewal(before: Tokens): Promise<boolean> {
    const now = newest();
    if (now && now.refresh !== before.refresh) { // another tab was quicker
        session.value = now;
        return true;
    }
    const answer = await send('POST', '/api/v1/auth/refresh', { 'Content-Type': 'application/json' }, JSON.stringify({ refresh_token: before.refresh }));
    if (answer.ok) {
        const pair = await answer.json();
        keep({ access: pair.access_token, refresh: pair.refresh_token });
    } else if (answer.status === 401 || answer.status === 400) {
        keep(null);
    }
    return answer.ok;
}

// One renewal at a time, over all tabs: a refresh token is good for one use.
export function renew(): Promise<boolean> {
    const before = session.value;
    if (!before)
        return Promise.resolve(false);
    const run = () => ask_renewal(before);
    renewal ??= (navigator.locks ? (navigator.locks.request('kinora.renew', run) as unknown as Promise<boolean>) : run()).finally(() => (renewal = null));
    return renewal;
}

export async function request(method: string, url: string, { headers = {}, body, signal }: { headers?: Record<string, string>; body?: BodyInit; signal?: AbortSignal } = {}) {
    let answer = await send(method, url, headers, body, signal);
    if (answer.status === 401 && session.value && (await renew()))
        answer = await send(method, url, headers, body, signal);
    if (!answer.ok)
        throw error_of(answer.status, await answer.json().catch(() => null));
    return answer;
}

export function url_of(path: string, parts?: Record<string, unknown>, query?: Record<string, unknown>): string {
    const filled = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(parts?.[name])));
    const words = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== '');
    return words.length ? `${filled}?${new URLSearchParams(words.map(([name, value]) => [name, String(value)]))}` : filled;
}

export async function call<K extends keyof Routes>(key: K, ...[input]: Arguments<Routes[K]>): Promise<Answer<K>> {
    const given = (input ?? {}) as { path?: Record<string, unknown>; query?: Record<string, unknown>; body?: unknown; headers?: Record<string, string>; signal?: AbortSignal };
    const [method, path] = key.split(' ') as [string, string];
    const raw = given.body instanceof Blob || given.body instanceof FormData || given.body instanceof URLSearchParams;
    const answer = await request(method, url_of(path, given.path, given.query), {
        headers: { ...(given.body !== undefined && !raw && { 'Content-Type': 'application/json' }), ...given.headers },
        body: given.body === undefined ? undefined : raw ? (given.body as BodyInit) : JSON.stringify(given.body),
        signal: given.signal,
    });
    if (!answer.headers.get('Content-Type')?.startsWith('application/json'))
        return (answer.status === 204 ? undefined : answer) as Answer<K>;
    const told = await answer.json();
    return told && told.success === true ? told.data : told;
}

// For what may be sent twice without being made twice.
export const once = () => ({ 'Idempotency-Key': `web-${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}` });

export async function sign_in(username: string, password: string) {
    const pair = await call('POST /api/v1/auth/login', { body: { username, password } });
    keep({ access: pair.access_token!, refresh: pair.refresh_token! });
}

export async function sign_out(everywhere = false) {
    try {
        await call('POST /api/v1/auth/logout', { query: { all: everywhere || undefined } });
    } finally {
        keep(null);
    }
}
