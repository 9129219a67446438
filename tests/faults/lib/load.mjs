// SPDX-License-Identifier: GPL-3.0-or-later
// People at work while something goes wrong: they upload and edit without rest, and note what was acknowledged. What
// was not may have taken place or not; what comes back must be one or the other, whole.
import assert from 'node:assert/strict';
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { Client, file_form } from '../../api/lib/client.mjs';
import { wav } from '../../api/lib/media.mjs';
import { run_beside, sleep } from '../../api/lib/server.mjs';
import { Live } from '../../realtime/lib/live.mjs';

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
// Refusals that say: not now, or no room.
const REFUSED = new Set([503, 507]);
const UPLOAD_BYTES = 300_000;

// A sound of so many bytes that nobody else has.
export function noise(size) {
    const bytes = Buffer.concat([wav(0), randomBytes(size - 44)]);
    bytes.writeUInt32LE(size - 8, 4);
    bytes.writeUInt32LE(size - 44, 40);
    return bytes;
}

export class Load {
    // `client` is a person's at a server that keeps its port. How many upload, edit by HTTP and edit by socket.
    static async start(client, { uploaders = 2, editors = 2, sockets = 1, upload_bytes = UPLOAD_BYTES } = {}) {
        const load = Object.assign(new Load(), { client, upload_bytes, uploads: new Map(), layers: new Map(), written: new Set(),
            acknowledged: 0, refused: 0, unanswered: 0, wrong: [], going: true, scenes: [] });
        load.video = (await client.must(201, 'POST', '/api/v1/videos', { title: 'Under load' })).data.video.id;
        for (let i = 0; i < editors + sockets; i++)
            load.scenes.push((await client.must(201, 'POST', `/api/v1/videos/${load.video}/scenes`, { text: 'x', duration: 5 })).data.scene.id);
        load.live = await Promise.all(Array.from({ length: sockets }, () => Live.open(client, { reconnectionDelay: 5, reconnectionDelayMax: 30, timeout: 2000 })));
        load.working = [
            ...Array.from({ length: uploaders }, () => load.each(() => load.upload())),
            ...load.scenes.slice(0, editors).map((scene) => load.edits(scene, (layer, text) => load.put(layer, text))),
            ...load.live.map((live, i) => load.edits(load.scenes[editors + i], (layer, text) => load.emit(live, layer, text))),
        ];
        return load;
    }

    async stop() {
        this.going = false;
        await Promise.all(this.working);
        this.end();
        assert.deepEqual(this.wrong, []);
    }

    // Also when a test has failed: what goes on would hold its process.
    end() {
        this.going = false;
        this.live.forEach((live) => live.close());
    }

    async each(step) {
        while (this.going)
            if (!await step())
                await sleep(3 + randomInt(10));
    }

    // The answer when it was a success; null when it was refused, or when none came.
    async ask(...request) {
        let answer;
        try {
            answer = await this.client.call(...request);
        } catch (error) {
            if (error.code === 'ERR_ASSERTION')
                this.wrong.push(error.message.slice(0, 500));
            this.unanswered++;
            return null;
        }
        if (answer.status < 300) {
            this.acknowledged++;
            return answer.json;
        }
        if (!REFUSED.has(answer.status))
            this.wrong.push(`${request[0]} ${request[1]}: ${answer.status} ${answer.bytes.subarray(0, 300)}`);
        this.refused++;
        return null;
    }

    async upload() {
        const bytes = noise(2000 + randomInt(this.upload_bytes));
        const told = await this.ask('POST', '/api/v1/files/upload?transcribe=false', file_form('noise.wav', bytes));
        if (told)
            this.uploads.set(told.id, sha256(bytes));
        return told;
    }

    put(layer, text) {
        return this.ask('PUT', `/api/v1/layers/${layer}`, { json: { properties: { text } } });
    }

    async emit(live, layer, text) {
        const told = live.socket.connected && await live.ask('layer:update', { layer_id: layer, changes: { properties: { text } } }, 3000).catch(() => null);
        if (told?.success)
            return ++this.acknowledged;
        if (told && !/INTERNAL|UNAVAILABLE|BUSY|FULL/.test(JSON.stringify(told)))
            this.wrong.push(`layer:update: ${JSON.stringify(told)}`);
        return this.unanswered++ && null;
    }

    // Makes a layer and edits it until an edit is not acknowledged: nobody knows then which of two texts it has, and it is left.
    async edits(scene, write) {
        for (let number = 0, layer = null; this.going; number++) {
            const text = `text ${number} ${randomBytes(6).toString('hex')}`;
            this.written.add(text);
            if (!layer || number % 40 === 0) {
                const told = await this.ask('POST', `/api/v1/scenes/${scene}/layers`, { json: { type: 'text', name: 'T', duration: 1, properties: { text } } });
                layer = told ? told.data.layer.id : null;
                if (layer)
                    this.layers.set(layer, [text]);
            } else {
                this.layers.get(layer).push(text);
                if (await write(layer, text))
                    this.layers.set(layer, [text]);
                else
                    layer = null;
            }
            if (!layer)
                await sleep(3 + randomInt(10));
        }
    }

    // Everything that was acknowledged is there and whole; nothing is there by halves.
    async check(client = this.client) {
        for (const [id, hash] of this.uploads) {
            const { status, bytes } = await client.get(`/api/v1/files/${id}/content`);
            assert.equal(status, 200, `the upload ${id} was acknowledged and is gone: ${bytes.subarray(0, 200)}`);
            assert.equal(sha256(bytes), hash, `the upload ${id} reads back differently`);
        }
        const texts = new Map();
        for (const scene of this.scenes) {
            const { layers } = (await client.must(200, 'GET', `/api/v1/scenes/${scene}/layers`)).data;
            layers.forEach((layer) => texts.set(layer.id, layer.properties.text));
            assert.equal(new Set(layers.map((layer) => layer.order_index)).size, layers.length, 'two layers with the same order_index');
        }
        for (const [id, possible] of this.layers)
            assert.ok(possible.includes(texts.get(id)), `layer ${id} says "${texts.get(id)}", not ${JSON.stringify(possible)}`);
        for (const [id, text] of texts)
            assert.ok(this.written.has(text), `layer ${id} says "${text}", which nobody wrote`);
    }

    told() {
        return `${this.uploads.size} uploads, ${this.layers.size} layers, ${this.acknowledged} answers with success, ${this.refused} refused, ${this.unanswered} without an answer`;
    }
}

// Every job ends well, if need be when it is asked for again: one whose program was killed five times says that and waits
// for somebody to decide. `query` gives rows of {id, kind, error_code, error_message}; gives the number of those.
export async function jobs_end(client, server_idle, query) {
    const FAILED = "SELECT id, kind, error_code, error_message FROM job WHERE state = 'failed' AND parent IS NULL";
    await server_idle();
    const failed = query(FAILED);
    for (const { id, kind, error_code, error_message } of failed) {
        assert.ok(['ENGINE_CRASHED', 'STORAGE_FULL', 'UNAVAILABLE'].includes(error_code), `${kind} ${id}: ${error_code} ${error_message}`);
        await client.must(200, 'POST', `/api/v1/jobs/${id}/retry`);
    }
    if (failed.length)
        await server_idle();
    assert.deepEqual(query(FAILED), []);
    return failed.length;
}

// What nothing uses is swept, and then the list and the store agree: nothing is missing, damaged or left over. The server
// has been stopped. Gives how many files the sweep took away.
export async function stored_files_agree(data, env = {}) {
    const before = await run_beside(['blobs', 'verify', '--deep', '--data', data], env);
    assert.ok(before.code === 0 || /used by nothing/.test(before.stderr), `${before.stderr}\n${before.stdout.slice(-2000)}`);
    await sleep(5); // older than now
    const swept = await run_beside(['blobs', 'sweep', '--older', '0', '--data', data], env);
    assert.equal(swept.code, 0, swept.stderr);
    const after = await run_beside(['blobs', 'verify', '--deep', '--data', data], env);
    assert.equal(after.code, 0, `${after.stderr}\n${after.stdout.slice(-2000)}`);
    const [, files, unfinished] = /Removed (\d+) stored files that nothing uses and (\d+) unfinished/.exec(swept.stderr);
    return Number(files) + Number(unfinished);
}

// A client of a server that keeps its port.
export async function at_fixed_port(server) {
    server.flags = [...server.flags, '--listen', `127.0.0.1:${server.port}`];
    const client = await new Client(server).user('ada');
    await client.document();
    return client;
}
