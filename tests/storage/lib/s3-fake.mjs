// SPDX-License-Identifier: GPL-3.0-or-later
// An S3 that keeps everything in memory, checks every signature and payload hash, and fails when it is told to.
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { signature } from './s3-client.mjs';

const hash = (kind, bytes) => createHash(kind).update(bytes).digest('hex');
const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
const LEAST_PART = 5 << 20;

export class S3Fake {
    constructor({ bucket = 'kinora', access_key = 'fake-key', secret_key = 'fake/secret+key', region = 'eu-test-1', session_token, page = 1000, tls, host_style = false, address = '127.0.0.1', any_clock = false } = {}) {
        Object.assign(this, { bucket, access_key, secret_key, region, session_token, page, tls, host_style, address, any_clock });
        this.objects = new Map(); // key -> {bytes, changed}
        this.uploads = new Map(); // id -> {key, begun, parts}
        this.seen = []; // "PUT part", … in the order they came
        this.refused = []; // why a signature was refused
        this.fault = () => undefined; // what goes wrong with a request: see answer()
        this.busy = 0;
        this.busiest = 0; // most uploads of bodies at once
    }

    static async start(options) {
        const fake = new S3Fake(options);
        await fake.begin();
        return fake;
    }

    async begin() {
        const handle = (request, response) => this.take(request, response).catch((error) => {
            this.refused.push(String(error));
            response.destroy();
        });
        this.sockets = new Set();
        this.server = this.tls ? https.createServer(this.tls, handle) : http.createServer(handle);
        this.server.on('connection', (socket) => {
            this.sockets.add(socket);
            socket.on('close', () => this.sockets.delete(socket));
        });
        await new Promise((resolve) => this.server.listen(this.port ?? 0, this.address, resolve));
        this.port = this.server.address().port;
    }

    // As if its machine were switched off; begin() switches it on again at the same port.
    async end() {
        for (const socket of this.sockets)
            socket.destroy();
        await new Promise((resolve) => this.server.close(resolve));
    }

    get endpoint() {
        return `${this.tls ? 'https' : 'http'}://${this.host_style || this.tls ? 'localhost' : this.address}:${this.port}`;
    }

    get keys() {
        return { access_key: this.access_key, secret_key: this.secret_key };
    }

    error(status, code) {
        return { status, body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>so it is</Message></Error>` };
    }

    // The code of the refusal, or nothing.
    check({ method, url, headers }, body) {
        const told = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8}\/[^/]+\/s3\/aws4_request),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})$/.exec(headers.authorization ?? '');
        if (!told)
            return 'AccessDenied';
        const [, access_key, scope, names, signed_as] = told;
        const date = headers['x-amz-date'];
        if (access_key !== this.access_key)
            return 'InvalidAccessKeyId';
        const signed = names.split(';');
        for (const name of ['host', 'x-amz-date', 'x-amz-content-sha256', ...(this.session_token ? ['x-amz-security-token'] : [])])
            if (!signed.includes(name))
                return 'AccessDenied';
        if (String(signed) !== String([...signed].sort()))
            return 'SignatureDoesNotMatch';
        if (this.session_token && headers['x-amz-security-token'] !== this.session_token)
            return 'InvalidToken';
        const moment = Date.parse(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
        if (!this.any_clock && !(Math.abs(Date.now() - moment) < 15 * 60_000))
            return 'RequestTimeTooSkewed';
        if (scope.split('/')[1] !== this.region)
            return 'AuthorizationHeaderMalformed';
        const mine = signature({ method, target: url, headers, signed, secret_key: this.secret_key, region: this.region, date, payload: headers['x-amz-content-sha256'] });
        if (mine.scope !== scope || mine.signature !== signed_as)
            return 'SignatureDoesNotMatch';
        return hash('sha256', body) === headers['x-amz-content-sha256'] ? undefined : 'XAmzContentSHA256Mismatch';
    }

    async take(request, response) {
        const url = new URL(request.url, 'http://x');
        const query = url.searchParams;
        let path = decodeURIComponent(url.pathname).slice(1);
        if (this.host_style)
            path = `${request.headers.host.split('.')[0]}/${path}`;
        const [bucket, ...rest] = path.split('/');
        const key = rest.join('/');
        const what = { PUT: query.has('partNumber') ? 'part' : 'object', POST: query.has('uploads') ? 'begin' : 'complete',
            GET: key ? 'object' : query.has('uploads') ? 'uploads' : 'list', DELETE: query.has('uploadId') ? 'upload' : 'object', HEAD: 'object' }[request.method];
        const name = `${request.method} ${what}`;
        this.seen.push(name);
        const fault = this.fault(name, { key, query, count: this.seen.filter((one) => one === name).length });
        if (fault?.wait_ms)
            await new Promise((resolve) => setTimeout(resolve, fault.wait_ms));
        const body = await this.receive(request, fault);
        if (!body)
            return;
        const refusal = bucket === this.bucket ? this.check(request, body) : undefined;
        if (refusal)
            this.refused.push(`${name}: ${refusal}`);
        const answer = refusal ? this.error(refusal === 'AuthorizationHeaderMalformed' ? 400 : 403, refusal)
            : bucket !== this.bucket ? this.error(404, 'NoSuchBucket')
                : fault?.status && !fault.after ? this.error(fault.status, fault.code) : this.act(name, key, query, request, body);
        this.answer(request, response, answer, fault);
    }

    // The body; nothing when the fault is to go away in the middle of it or never to answer.
    async receive(request, fault) {
        const parts = [];
        const is_large = Number(request.headers['content-length'] ?? 0) > 65536;
        this.busy += is_large;
        this.busiest = Math.max(this.busiest, this.busy);
        try {
            for await (const part of request) {
                parts.push(part);
                if (fault?.cut && parts.length > 3)
                    return void request.socket.destroy();
            }
        } catch {
            return undefined; // the other side went away
        } finally {
            this.busy -= is_large;
        }
        if (fault?.cut)
            request.socket.destroy();
        return fault?.cut || fault?.stall ? undefined : Buffer.concat(parts);
    }

    // A fault may be {status, code} instead of an answer, {after: true, …} in place of the answer to what was done, {lose: true}
    // for no answer to what was done, {cut_answer: true} for half of it, {etag: "…"} for a wrong one, {wait_ms} for a late one, {cut}, {stall}.
    answer(request, response, { status, headers = {}, body = '' }, fault) {
        if (fault?.lose)
            return void request.socket.destroy();
        if (fault?.after)
            ({ status, body, headers = {} } = this.error(fault.status, fault.code));
        const bytes = Buffer.from(body);
        const shown = { 'Content-Length': bytes.length, ...headers, ...(fault?.etag && headers.ETag ? { ETag: fault.etag } : {}) };
        response.writeHead(status, shown);
        if (fault?.cut_answer)
            return void response.write(bytes.subarray(0, bytes.length / 2), () => request.socket.destroy());
        response.end(request.method === 'HEAD' ? undefined : bytes);
    }

    act(name, key, query, request, body) {
        switch (name) {
        case 'PUT object':
            return this.put(key, body);
        case 'PUT part': {
            const upload = this.uploads.get(query.get('uploadId'));
            if (!upload)
                return this.error(404, 'NoSuchUpload');
            const etag = `"${hash('md5', body)}"`;
            upload.parts.set(Number(query.get('partNumber')), { body, etag });
            return { status: 200, headers: { ETag: etag } };
        }
        case 'POST begin': {
            const id = `id+/=&<${randomUUID()}`;
            this.uploads.set(id, { key, begun: new Date(), parts: new Map() });
            return { status: 200, body: `<InitiateMultipartUploadResult><Bucket>${this.bucket}</Bucket><Key>${escape(key)}</Key><UploadId>${escape(id)}</UploadId></InitiateMultipartUploadResult>` };
        }
        case 'POST complete':
            return this.complete(query.get('uploadId'), String(body));
        case 'DELETE upload':
            return this.uploads.delete(query.get('uploadId')) ? { status: 204 } : this.error(404, 'NoSuchUpload');
        case 'DELETE object':
            this.objects.delete(key);
            return { status: 204 };
        case 'GET list':
            return this.list(query);
        case 'GET uploads':
            return this.list_uploads(query);
        default:
            return this.get(key, request.headers.range);
        }
    }

    put(key, bytes) {
        this.objects.set(key, { bytes, changed: new Date() });
        return { status: 200, headers: { ETag: `"${hash('md5', bytes)}"` } };
    }

    complete(id, xml) {
        const upload = this.uploads.get(id);
        if (!upload)
            return this.error(404, 'NoSuchUpload');
        const told = [...xml.matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>([^<]*)<\/ETag>/g)];
        const parts = told.map(([, number, etag]) => ({ ...upload.parts.get(Number(number)), told: etag.replaceAll('&quot;', '"') }));
        // As S3 does, it says 200 first and finds out afterwards.
        if (!parts.length || parts.some((part, i) => part.etag !== part.told || Number(told[i][1]) !== i + 1))
            return this.error(400, 'InvalidPart');
        if (parts.slice(0, -1).some((part) => part.body.length < LEAST_PART))
            return this.error(400, 'EntityTooSmall');
        this.uploads.delete(id);
        this.put(upload.key, Buffer.concat(parts.map((part) => part.body)));
        return { status: 200, body: `<CompleteMultipartUploadResult><Key>${escape(upload.key)}</Key></CompleteMultipartUploadResult>` };
    }

    get(key, range) {
        const object = this.objects.get(key);
        if (!object)
            return this.error(404, 'NoSuchKey');
        const size = object.bytes.length;
        const asked = /^bytes=(\d*)-(\d*)$/.exec(range ?? '');
        if (!asked)
            return { status: 200, body: object.bytes };
        const first = asked[1] ? Number(asked[1]) : Math.max(0, size - Number(asked[2]));
        const last = asked[1] && asked[2] ? Math.min(Number(asked[2]), size - 1) : size - 1;
        if (first >= size)
            return this.error(416, 'InvalidRange');
        return { status: 206, headers: { 'Content-Range': `bytes ${first}-${last}/${size}` }, body: object.bytes.subarray(first, last + 1) };
    }

    list(query) {
        const prefix = query.get('prefix') ?? '';
        const after = query.get('continuation-token') ?? '';
        const found = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
        const shown = found.slice(0, Math.min(this.page, Number(query.get('max-keys') ?? 1000)));
        const more = found.length > shown.length;
        return { status: 200, body: `<ListBucketResult><IsTruncated>${more}</IsTruncated>${more ? `<NextContinuationToken>${escape(shown.at(-1))}</NextContinuationToken>` : ''}${shown.map((key) =>
            `<Contents><Key>${escape(key)}</Key><LastModified>${this.objects.get(key).changed.toISOString()}</LastModified><Size>${this.objects.get(key).bytes.length}</Size></Contents>`).join('')}</ListBucketResult>` };
    }

    list_uploads(query) {
        const prefix = query.get('prefix') ?? '';
        const after = `${query.get('key-marker') ?? ''}\0${query.get('upload-id-marker') ?? ''}`;
        const found = [...this.uploads].map(([id, upload]) => ({ id, ...upload, mark: `${upload.key}\0${id}` }))
            .filter((one) => one.key.startsWith(prefix) && one.mark > after).sort((a, b) => (a.mark < b.mark ? -1 : 1));
        const shown = found.slice(0, this.page);
        const more = found.length > shown.length;
        return { status: 200, body: `<ListMultipartUploadsResult><IsTruncated>${more}</IsTruncated>${more ? `<NextKeyMarker>${escape(shown.at(-1).key)}</NextKeyMarker><NextUploadIdMarker>${escape(shown.at(-1).id)}</NextUploadIdMarker>` : ''}${shown.map((one) =>
            `<Upload><Key>${escape(one.key)}</Key><UploadId>${escape(one.id)}</UploadId><Initiated>${one.begun.toISOString()}</Initiated></Upload>`).join('')}</ListMultipartUploadsResult>` };
    }

    async remove() {
        await this.end();
        assert.deepEqual(this.refused, [], 'every request was signed right');
    }
}
