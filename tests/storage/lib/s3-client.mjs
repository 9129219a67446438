// SPDX-License-Identifier: GPL-3.0-or-later
// Signature Version 4, written from Amazon's public description and from nothing of Kinora's, and the few requests that
// tests make of a store themselves.
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { send } from '../../api/lib/client.mjs';

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();
export const encode = (text, slashes = false) => encodeURIComponent(text)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`).replace(/%2F/g, slashes ? '/' : '%2F');

// The signature of a request whose headers (lower-case names) `signed` names. `target` is path and query as sent.
export function signature({ method, target, headers, signed, secret_key, region, date, payload }) {
    const [path, query = ''] = target.split('?');
    // What was sent is decoded and encoded anew: a path or query that is not in its canonical form fails.
    const parameters = query.split('&').filter(Boolean).map((one) => one.split('=').map(decodeURIComponent))
        .map(([name, value = '']) => [encode(name), encode(value)]).sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : 1));
    const canonical = [method, encode(decodeURIComponent(path), true), parameters.map((pair) => pair.join('=')).join('&'),
        ...signed.map((name) => `${name}:${String(headers[name]).trim().replace(/ +/g, ' ')}`), '', signed.join(';'), payload].join('\n');
    const scope = `${date.slice(0, 8)}/${region}/s3/aws4_request`;
    const key = [date.slice(0, 8), region, 's3', 'aws4_request'].reduce(hmac, `AWS4${secret_key}`);
    return { scope, signature: hmac(key, ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')).toString('hex') };
}

export class S3Client {
    constructor(endpoint, { access_key, secret_key }, { region = 'us-east-1' } = {}) {
        Object.assign(this, { endpoint, access_key, secret_key, region });
    }

    async call(method, target, { body = '', headers: more = {} } = {}) {
        const payload = sha256(body);
        const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
        const headers = { host: new URL(this.endpoint).host, 'x-amz-content-sha256': payload, 'x-amz-date': date };
        const signed = Object.keys(headers).sort();
        const { scope, signature: told } = signature({ method, target, headers, signed, secret_key: this.secret_key, region: this.region, date, payload });
        return send(this.endpoint, method, target, { body, headers: { ...more, ...headers,
            authorization: `AWS4-HMAC-SHA256 Credential=${this.access_key}/${scope},SignedHeaders=${signed.join(';')},Signature=${told}` } });
    }

    async must(method, target, options) {
        const answer = await this.call(method, target, options);
        assert.ok(answer.status < 300, `${method} ${target}: ${answer.status} ${answer.bytes}`);
        return answer;
    }

    bucket(name) {
        return this.must('PUT', `/${name}`);
    }

    // Keys of a bucket, as XML writes them.
    async all_keys(name) {
        const keys = [];
        for (let token = ''; token !== undefined;) {
            const { bytes } = await this.must('GET', `/${name}?${token && `continuation-token=${encode(token)}&`}list-type=2&max-keys=1000`);
            keys.push(...[...String(bytes).matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key));
            token = /<NextContinuationToken>([^<]*)</.exec(bytes)?.[1].replaceAll('&amp;', '&');
        }
        return keys;
    }

    // Uploads in parts that are under way.
    async uploads(name) {
        const { bytes } = await this.must('GET', `/${name}?uploads=`);
        return [...String(bytes).matchAll(/<UploadId>([^<]*)<\/UploadId>/g)].map(([, id]) => id);
    }
}
