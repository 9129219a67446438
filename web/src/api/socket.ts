// SPDX-License-Identifier: GPL-3.0-or-later
// The one Socket.IO connection: events from the server, and changes that are sent in order, survive being offline and end
// with an acknowledgement.
import { effect, signal } from '@preact/signals';
import { io, type Socket } from 'socket.io-client';
import { renew } from './client.ts';
import { session } from './session.ts';

export type State = 'connecting' | 'online' | 'offline';
export const state = signal<State>('connecting');
// Counts connections after which missed events did not come: what is shown must be read anew.
export const gaps = signal(0);
// The server's name for this connection, to tell oneself from one's other windows.
export const own_socket = signal('');

type Listener = (data: any) => void;
const listeners = new Map<string, Set<Listener>>();
let socket: Socket | null = null;
let token = '';

export function on(event: string, listener: Listener): () => void {
    const set = listeners.get(event) ?? new Set();
    listeners.set(event, set.add(listener));
    return () => void set.delete(listener);
}

function connect() {
    let first = true;
    socket = io({ transports: ['websocket'], reconnectionDelay: 300, reconnectionDelayMax: 5000, auth: (give) => give({ token: session.value?.access }) });
    socket.on('connect', () => {
        state.value = 'online';
        if (!first && !socket!.recovered)
            gaps.value++;
        first = false;
    });
    socket.on('disconnect', (reason) => {
        state.value = 'offline';
        // The token has ended, or this session has.
        if (reason === 'io server disconnect')
            void renew().then((good) => good && socket?.connect()).catch(() => setTimeout(() => socket?.connect(), 2000));
    });
    socket.on('connect_error', (error: Error & { data?: { code?: string } }) => {
        state.value = 'offline';
        if (error.data?.code === 'NOT_AUTHENTICATED')
            void renew().then((good) => good && socket?.connect()).catch(() => setTimeout(() => socket?.connect(), 2000));
    });
    socket.onAny((event: string, data: unknown) => listeners.get(event)?.forEach((listener) => listener(data)));
}

effect(() => {
    const present = session.value;
    if (present && !socket) {
        connect();
    } else if (!present && socket) {
        socket.close();
        socket = null;
        state.value = 'connecting';
    }
    token = present?.access ?? '';
});

on('session', (data) => (own_socket.value = data.socket_id));

export interface Told { success: boolean; data?: any; error?: string; message?: string }

// Rejects when there is no answer: offline, or none within the limit.
export function ask(event: string, data: object, limit_ms = 10000): Promise<Told> {
    if (!socket?.connected || !token)
        return Promise.reject(new Error('offline'));
    return socket.timeout(limit_ms).emitWithAck(event, data);
}
