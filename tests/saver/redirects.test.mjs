// SPDX-License-Identifier: GPL-3.0-or-later
// A public site that leads into private networks, as one of the internet would: in a network namespace in which every
// address is this machine's without being on an interface, so that a connection which is not refused succeeds.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';

const { uid, gid } = { uid: process.getuid(), gid: process.getgid() };
// A user needs a namespace of users to be root in, and is oneself again in another one within.
const enter = uid === 0 ? ['unshare', '--net'] : ['unshare', '--map-root-user', '--net'];
const become = uid === 0 ? [] : ['unshare', `--map-user=${uid}`, `--map-group=${gid}`];
const routes = ['ip link set lo up', 'ip route add local 0.0.0.0/0 dev lo', 'ip -6 route add local ::/0 dev lo'].join(' && ');

function inside(wall) {
    const words = [...enter.slice(1), 'sh', '-c', `PATH="$PATH:/usr/sbin:/sbin"; ${routes} && exec "$@"`, 'sh', ...become,
        process.execPath, 'tests/saver/lib/private_inside.mjs', wall];
    return new Promise((resolve) => {
        const child = spawn(enter[0], words, { stdio: ['ignore', 'pipe', 'pipe'] });
        let told = '';
        for (const stream of ['stdout', 'stderr'])
            child[stream].setEncoding('utf8').on('data', (text) => (told += text));
        child.on('close', (code) => resolve({ code, told }));
    });
}

for (const wall of ['namespace', 'landlock']) {
    test(`with the wall "${wall}" a public address that leads to a private one is refused, whatever the type of the link`, async () => {
        const { code, told } = await inside(wall);
        assert.equal(code, 0, told);
    });
}
