// SPDX-License-Identifier: GPL-3.0-or-later
// The signed-in user.
import { effect, signal } from '@preact/signals';
import type { Shapes } from 'kinora:api';
import { call } from '../api/client.ts';
import { session } from '../api/session.ts';

export type Me = Shapes['UserDetail'];
export const me = signal<Me | null>(null);

export async function read_me() {
    me.value = await call('GET /api/v1/users/me');
}

let known = '';
effect(() => {
    const present = session.value;
    if (!present) {
        me.value = null;
        known = '';
    } else if (!known) {
        known = present.access;
        void read_me().catch(() => (known = ''));
    }
});
