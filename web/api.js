// SPDX-License-Identifier: GPL-3.0-or-later
// The server: who is signed in, requests with a renewed token, uploads with progress, event streams.
const KEY = 'kinora.session';
let session = JSON.parse(sessionStorage.getItem(KEY) ?? 'null');
let renewal;
export const user_name = () => session?.name;

function keep(tokens, name) {
    session = tokens && { access: tokens.access_token, refresh: tokens.refresh_token, name };
    if (session)
        sessionStorage.setItem(KEY, JSON.stringify(session));
    else
        sessionStorage.removeItem(KEY);
}

class ApiError extends Error {
    constructor(status, body) {
        const reason = body?.message ?? body?.detail ?? `The server answered ${status}; please try again.`;
        super(reason.replace(/([^.!?])$/, '$1.'));
        this.status = status;
        this.code = body?.code ?? body?.error;
    }
}
const unreachable = () => new Error('The server cannot be reached. Check that it runs and that you are connected, then try again.');

const authorization = () => (session ? { Authorization: `Bearer ${session.access}` } : {});

async function send(method, path, { body, headers, signal } = {}) {
    try {
        return await fetch(path, {
            method, signal,
            headers: { ...authorization(), ...(body && { 'Content-Type': 'application/json' }), ...headers },
            body: body && JSON.stringify(body),
        });
    } catch (error) {
        throw error.name === 'AbortError' ? error : unreachable();
    }
}

// One renewal at a time: a refresh token is good for one use.
function renew() {
    renewal ??= (async () => {
        const answer = await send('POST', '/api/v1/auth/refresh', { body: { refresh_token: session.refresh } });
        if (answer.ok)
            keep(await answer.json(), session.name);
        else
            end();
        return answer.ok;
    })().finally(() => { renewal = null; });
    return renewal;
}

function end() {
    keep(null);
    dispatchEvent(new Event('signed-out'));
}

async function answer_to(method, path, options) {
    let answer = await send(method, path, options);
    if (answer.status === 401 && session && await renew())
        answer = await send(method, path, options);
    if (!answer.ok)
        throw new ApiError(answer.status, await answer.json().catch(() => null));
    return answer;
}

export async function call(method, path, body, signal) {
    const answer = await (await answer_to(method, path, { body, signal })).json();
    return answer.success ? answer.data : answer;
}
export const get = (path, signal) => call('GET', path, undefined, signal);

export async function sign_in(username, password) {
    keep(await call('POST', '/api/v1/auth/login', { username, password }), username);
}

export async function make_first_account(account, setup_code) {
    await answer_to('POST', '/users', { body: account, headers: setup_code && { 'X-Setup-Code': setup_code } });
    await sign_in(account.username, account.password);
}

export async function sign_out() {
    await send('POST', '/api/v1/auth/logout').catch(() => {});
    end();
}

// Resolves to the new file. fetch cannot tell how far an upload is, XMLHttpRequest can.
export async function upload(file, id, on_progress, signal) {
    await call('POST', '/api/v1/login/test-token').catch(() => {}); // a large file is not sent with a token about to end
    return new Promise((resolve, reject) => {
        const request = new XMLHttpRequest(), form = new FormData();
        form.append('file', file, file.name);
        request.open('POST', `/api/v1/files/upload?file_id=${id}`);
        request.setRequestHeader('Authorization', authorization().Authorization);
        request.responseType = 'json';
        request.upload.onprogress = (event) => event.lengthComputable && on_progress(event.loaded / event.total);
        request.onload = () => (request.status === 201 ? resolve(request.response) : reject(new ApiError(request.status, request.response)));
        request.onerror = () => reject(unreachable());
        request.onabort = () => reject(new DOMException('Upload stopped', 'AbortError'));
        signal.addEventListener('abort', () => request.abort());
        request.send(form);
    });
}

// Calls on_event(name, data) until the stream ends. EventSource cannot send the token, so the stream is read by hand.
async function stream(path, on_event, signal) {
    const answer = await answer_to('GET', path, { signal, headers: { Accept: 'text/event-stream' } });
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
        const blocks = (rest + part.value).split('\n\n');
        rest = blocks.pop();
        for (const block of blocks) {
            const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/:\s?(.*)/s, 2)));
            if (fields.event && fields.data)
                on_event(fields.event, JSON.parse(fields.data));
        }
    }
}

// A browser opens six connections to a server; streams leave most of them to everything else.
const STREAMS = 2;
let streams = 0;
const waiting = [];

// Follows the work on a file: on_progress(0..1) as it goes on; resolves when it is over.
export async function follow_file(id, on_progress, signal) {
    if (streams >= STREAMS)
        await new Promise((resolve) => waiting.push(resolve));
    streams++;
    try {
        for (let done = false; !done && !signal.aborted;) {
            await stream(`/api/v1/files/${id}/events`, (name, data) => {
                done ||= name === 'done';
                if (name === 'job_progress')
                    on_progress(data.progress);
            }, signal);
            if (!done)
                await pause(1500, signal); // the server went away, or the wait was too long: again
        }
    } finally {
        streams--;
        waiting.shift()?.();
    }
}

export function pause(milliseconds, signal) {
    return new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, milliseconds);
        signal?.addEventListener('abort', () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
    });
}
