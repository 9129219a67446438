// SPDX-License-Identifier: GPL-3.0-or-later
// Sockets of the official client, and what a test asks of them.
import { createRequire } from 'node:module';
import { until } from '../../api/lib/server.mjs';

const { io } = createRequire(new URL('../../package.json', import.meta.url))('socket.io-client');

export const EVENTS = ['session', 'error', 'presence:update', 'scene:updated', 'scene:added', 'scene:deleted', 'scenes:reordered', 'layer:updated',
    'layer:added', 'layer:deleted', 'layers:reordered', 'video:updated', 'video:restored', 'video:regenerated', 'video:regeneration:progress', 'job:progress'];

// A socket that gathers what it hears in `heard`: {name, data}.
export class Live {
    constructor(client, options = {}) {
        this.heard = [];
        this.socket = io(client.server.origin, { auth: { token: client.token }, transports: ['websocket'], reconnectionDelay: 50,
            reconnectionDelayMax: 200, forceNew: true, ...options });
        this.socket.onAny((name, data) => this.heard.push({ name, data }));
    }

    static async open(client, options) {
        const live = new Live(client, options);
        await live.connected();
        return live;
    }

    connected() {
        return new Promise((resolve, reject) => {
            if (this.socket.connected)
                return resolve(this);
            this.socket.once('connect', () => resolve(this));
            this.socket.once('connect_error', reject);
        });
    }

    ask(name, data, limit_ms = 5000) {
        return this.socket.timeout(limit_ms).emitWithAck(name, data);
    }

    all(name) {
        return this.heard.filter((one) => one.name === name).map((one) => one.data);
    }

    hears(name, test = () => true, limit_ms = 5000) {
        return until(`${name} is heard`, () => this.all(name).find(test), { every_ms: 5, limit_ms });
    }

    close() {
        this.socket.close();
    }
}
