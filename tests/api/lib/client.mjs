// SPDX-License-Identifier: GPL-3.0-or-later
// Calls a server and holds every answer against the API document that the server itself gives.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { mismatches } from './schema.mjs';
import { sleep, until } from './server.mjs';

const LIMIT_MS = 60_000;

// Sends one request. `body` is a buffer, a string, or an async iterable of them (sent chunked).
// Resolves to {status, headers, bytes}.
export function send(origin, method, path, { headers = {}, body, agent, ca, local_address } = {}) {
    return new Promise((resolve, reject) => {
        const url = new URL(origin);
        const streamed = body !== undefined && typeof body !== 'string' && !Buffer.isBuffer(body);
        const length = body === undefined || streamed ? {} : { 'Content-Length': Buffer.byteLength(body) };
        const request = (url.protocol === 'https:' ? https : http).request({ host: url.hostname, port: url.port, method,
            path, headers: { ...length, ...headers }, agent, ca, localAddress: local_address, timeout: LIMIT_MS });
        request.on('timeout', () => request.destroy(new Error(`${method} ${path}: no answer in ${LIMIT_MS} ms`)));
        request.on('error', reject);
        request.on('response', (response) => {
            const parts = [];
            response.on('data', (part) => parts.push(part));
            response.on('error', reject);
            response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, bytes: Buffer.concat(parts) }));
        });
        if (!streamed)
            return void request.end(body);
        (async () => {
            for await (const part of body)
                if (!request.write(part))
                    await new Promise((drained) => request.once('drain', drained).once('close', drained));
            request.end();
        })().catch((error) => request.destroy(error));
    });
}

// Which route of the document a path is: fixed segments win over {parameters}.
export function route_of(document, path) {
    const segments = path.split('?')[0].replace(/(.)\/$/, '$1').split('/');
    const fits = Object.keys(document.paths).filter((pattern) => {
        const wanted = pattern.split('/');
        return wanted.length === segments.length && wanted.every((part, i) => part.startsWith('{') || part === segments[i]);
    });
    return fits.sort((a, b) => a.split('{').length - b.split('{').length)[0];
}

// The body of a form with files: parts are {name, value} or {name, file_name, type, bytes}.
export function multipart(parts, boundary = `kinora-${randomBytes(8).toString('hex')}`) {
    const head = ({ name, file_name, type }) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"`
        + (file_name === undefined ? '' : `; filename="${file_name}"\r\nContent-Type: ${type ?? 'application/octet-stream'}`) + '\r\n\r\n';
    const body = Buffer.concat([...parts.flatMap((part) => [head(part), part.value ?? part.bytes, '\r\n']), `--${boundary}--\r\n`]
        .map((piece) => Buffer.from(piece)));
    return { body, headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}` } };
}

export const file_form = (file_name, bytes, type) => multipart([{ name: 'file', file_name, type, bytes }]);

export class Client {
    // `seen` gathers "METHOD /pattern status" of all clients of a test.
    constructor(server, { token, seen = new Set(), documents = {} } = {}) {
        Object.assign(this, { server, token, seen, documents });
        this.agent = new (server.tls ? https : http).Agent({ keepAlive: true, maxSockets: 32 });
    }

    as(token) {
        return Object.assign(Object.create(Client.prototype), this, { token });
    }

    async document() {
        this.documents.openapi ??= send(this.server.origin, 'GET', '/api/v1/openapi.json', { ca: this.server.ca })
            .then(({ bytes }) => JSON.parse(bytes));
        return this.documents.openapi;
    }

    // {status, headers, bytes, json}; `json` (an object) or `body` is what is sent. The answer has been checked.
    async call(method, path, { json, body, headers = {}, ...more } = {}) {
        const typed = json === undefined ? {} : { 'Content-Type': 'application/json' };
        const authorized = this.token ? { Authorization: `Bearer ${this.token}` } : {};
        const answer = await send(this.server.origin, method, path, { agent: this.agent, ca: this.server.ca, ...more,
            body: json === undefined ? body : JSON.stringify(json), headers: { ...typed, ...authorized, ...headers } });
        if (/json/.test(answer.headers['content-type']) && answer.bytes.length && answer.status !== 206)
            answer.json = JSON.parse(answer.bytes);
        await this.check(method, path, answer);
        return answer;
    }

    async check(method, path, { status, headers, bytes, json }) {
        const document = await this.document();
        const pattern = route_of(document, path);
        const methods = document.paths[pattern];
        const operation = methods?.[method.toLowerCase()] ?? (method === 'HEAD' ? methods?.get : undefined);
        const what = `${method} ${pattern ?? path} ${status}`;
        const told = `${what}: ${bytes.subarray(0, 500)}`;
        if (!operation) {
            const face = path.startsWith('/v1/') ? 'OpenAIError' : 'PlainError';
            if (status >= 400 && method !== 'HEAD')
                assert.deepEqual(mismatches(document, { $ref: `#/components/schemas/${face}` }, json), [], told);
            return;
        }
        const declared = operation.responses[status];
        assert.ok(declared, `${what} is not declared: ${bytes.subarray(0, 500)}`);
        this.seen.add(what);
        const [type, content] = Object.entries(declared.content ?? {})[0] ?? [];
        if (content?.schema && method !== 'HEAD') {
            assert.match(headers['content-type'] ?? '', /^application\/json/, told);
            assert.deepEqual(mismatches(document, content.schema, json), [], told);
        } else if (type === 'application/json' && method !== 'HEAD') {
            assert.ok(json, told);
        }
        if (status === 401)
            assert.equal(headers['www-authenticate'], 'Bearer', told);
    }

    get(path, options) {
        return this.call('GET', path, options);
    }

    post(path, json, options) {
        return this.call('POST', path, { json, ...options });
    }

    put(path, json, options) {
        return this.call('PUT', path, { json, ...options });
    }

    delete(path, options) {
        return this.call('DELETE', path, options);
    }

    // What must succeed: fails with the whole answer when the status is another one. Gives the JSON.
    async must(status, method, path, json, options) {
        const answer = await this.call(method, path, { json, ...options });
        assert.equal(answer.status, status, `${method} ${path}: ${answer.bytes.subarray(0, 1000)}`);
        return answer.json;
    }

    async login(username, password = `${username}-password`) {
        const { access_token } = await this.must(200, 'POST', '/api/v1/auth/login', { username, password });
        return this.as(access_token);
    }

    // Makes a user and logs in; the first of a server becomes its superuser.
    async user(username, more = {}) {
        const made = await this.must(200, 'POST', '/api/v1/users',
            { username, email: `${username}@example.org`, password: `${username}-password`, ...more });
        return Object.assign(await this.as(undefined).login(username), { me: made });
    }

    async upload(file_name, bytes, query = '?transcribe=false') {
        return this.must(201, 'POST', `/api/v1/files/upload${query}`, undefined, file_form(file_name, bytes));
    }

    async job(id) {
        return this.must(200, 'GET', `/api/v1/jobs/${id}`);
    }

    // Waits for the end of a job, whatever it is; `state` makes it an error to end otherwise.
    async job_end(id, { state = 'completed', limit_ms = 120_000 } = {}) {
        const job = await until(`job ${id} has ended`, async () => {
            const told = await this.job(id);
            return ['completed', 'failed', 'cancelled'].includes(told.status) && told;
        }, { limit_ms, every_ms: 100 });
        assert.equal(job.status, state, JSON.stringify(job));
        return job;
    }

    // Opens a stream of Server-Sent Events; {events, ended, close}, events growing as they come.
    events(path, { last_event_id } = {}) {
        const url = new URL(this.server.origin);
        const events = [];
        let request;
        const opened = new Promise((resolve, reject) => {
            request = (this.server.tls ? https : http).get({ host: url.hostname, port: url.port, path, ca: this.server.ca,
                agent: false, headers: { Authorization: `Bearer ${this.token}`, Accept: 'text/event-stream',
                    ...(last_event_id === undefined ? {} : { 'Last-Event-ID': last_event_id }) } }, resolve);
            request.on('error', reject);
        });
        const stream = { events, close: () => request.destroy() };
        stream.opened = opened.then((response) => {
            assert.equal(response.statusCode, 200);
            assert.match(response.headers['content-type'], /^text\/event-stream/);
            this.seen.add(`GET ${path.replace(/files\/[^/]+/, 'files/{file_id}')} 200`);
            let rest = '';
            stream.ended = new Promise((resolve) => response.on('end', resolve).on('error', resolve).on('close', resolve));
            response.setEncoding('utf8').on('data', (text) => {
                const blocks = (rest + text).split('\n\n');
                rest = blocks.pop();
                for (const block of blocks) {
                    const told = Object.fromEntries(block.split('\n').filter((line) => !line.startsWith(':'))
                        .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
                    if (told.event)
                        events.push({ id: told.id, event: told.event, data: JSON.parse(told.data) });
                }
            });
        });
        return stream;
    }
}

// 1.2 s: what ends a session must have reached every thread by then.
export const revocation = () => sleep(1200);
