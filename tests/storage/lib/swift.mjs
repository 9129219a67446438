// SPDX-License-Identifier: GPL-3.0-or-later
// A private OpenStack Swift with its S3 face: one replica on one folder, servers and a cache on loopback ports of their own, as
// the user that runs the tests. It checks signatures, which lighter fakes do not.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { temporary, until } from '../../api/lib/server.mjs';

const START_MS = 120_000; // Python's imports take long on a busy machine

// Ends with the test, however that ends; runs one server in the foreground. The machine may have no /etc/swift.
const RUN = `
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9)
from swift.common.utils import set_swift_dir
set_swift_dir(os.path.dirname(sys.argv[1]))
from swift.common.wsgi import run_wsgi
callbacks = {}
if sys.argv[2] == 'object-server':
    from swift.obj import server
    callbacks['global_conf_callback'] = server.global_conf_callback
sys.exit(run_wsgi(sys.argv[1], sys.argv[2], **callbacks))`;

const RINGS = `
import sys
from swift.common.ring import RingBuilder
folder = sys.argv[1]
for name, port in zip(('account', 'container', 'object'), map(int, sys.argv[2:])):
    builder = RingBuilder(2, 1, 0)
    builder.add_dev({'region': 1, 'zone': 1, 'ip': '127.0.0.1', 'port': port, 'device': 'd', 'weight': 1})
    builder.rebalance()
    builder.get_ring().save('%s/%s.ring.gz' % (folder, name))`;

// On a busy machine Swift would answer a change before its lists know of it, or give up on the list altogether.
const PATIENCE = `conn_timeout = 10
node_timeout = 30
container_update_timeout = 30`;

const backend = (folder, user, name, port) => `
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
workers = 0
user = ${user}
swift_dir = ${folder}
devices = ${folder}/devices
mount_check = false
disable_fallocate = true
log_address = ${folder}/no-syslog
${PATIENCE}
[pipeline:main]
pipeline = ${name}-server
[app:${name}-server]
use = egg:swift#${name}
`;

const proxy = (folder, user, port, cache_port) => `
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
workers = 0
user = ${user}
swift_dir = ${folder}
log_address = ${folder}/no-syslog
${PATIENCE}
[pipeline:main]
pipeline = catch_errors cache s3api tempauth copy bulk slo dlo versioned_writes proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:${cache_port}
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:copy]
use = egg:swift#copy
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_versioned_writes = true
`;

const free_port = () => new Promise((resolve, reject) => {
    const server = net.createServer().on('error', reject).listen(0, '127.0.0.1', () => {
        const { port } = server.address();
        server.close(() => resolve(port));
    });
});

const answers = (port) => new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => resolve(true) || socket.destroy());
    socket.on('error', () => resolve(false));
});

export class Swift {
    static async start() {
        const swift = new Swift();
        await swift.prepare();
        await swift.begin().catch(async (error) => {
            await swift.remove();
            throw error;
        });
        return swift;
    }

    async prepare() {
        this.folder = temporary('swift');
        const user = os.userInfo().username;
        const names = ['account', 'container', 'object', 'proxy', 'cache'];
        this.ports = {};
        for (const name of names)
            this.ports[name] = await free_port();
        fs.mkdirSync(path.join(this.folder, 'devices/d'), { recursive: true });
        const write = (name, text) => fs.writeFileSync(path.join(this.folder, name), text);
        write('swift.conf', '[swift-hash]\nswift_hash_path_suffix = kinora\n');
        for (const name of names.slice(0, 3))
            write(`${name}.conf`, backend(this.folder, user, name, this.ports[name]));
        write('proxy.conf', proxy(this.folder, user, this.ports.proxy, this.ports.cache));
        const { account, container, object } = this.ports;
        const made = spawnSync('/usr/bin/python3', ['-c', RINGS, this.folder, account, container, object].map(String), { encoding: 'utf8' });
        if (made.status !== 0)
            throw new Error(`the rings of Swift cannot be made: ${made.stderr}`);
    }

    // Starts the servers; again after end().
    async begin() {
        this.children = Object.entries(this.ports).map(([name, port]) => {
            const log = fs.openSync(path.join(this.folder, `${name}.log`), 'a');
            const command = name === 'cache' ? ['/usr/bin/memcached', '-l', '127.0.0.1', '-p', port, '-U', 0, '-m', 16, '-u', os.userInfo().username]
                : ['/usr/bin/python3', '-c', RUN, path.join(this.folder, `${name}.conf`), `${name}-server`];
            const child = spawn(command[0], command.slice(1).map(String), { stdio: ['ignore', log, log] });
            fs.closeSync(log);
            child.ended = new Promise((resolve) => child.on('exit', resolve));
            return child;
        });
        for (const [name, port] of Object.entries(this.ports))
            await until(`Swift's ${name} server answers`, () => answers(port), { limit_ms: START_MS }).catch((error) => {
                throw new Error(`${error.message}\n${fs.readFileSync(path.join(this.folder, `${name}.log`), 'utf8').slice(-2000)}`);
            });
    }

    async end() {
        for (const child of this.children)
            child.kill('SIGKILL');
        await Promise.all(this.children.map((child) => child.ended));
    }

    async remove() {
        await this.end();
        fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
    }

    get endpoint() {
        return `http://127.0.0.1:${this.ports.proxy}`;
    }

    get keys() {
        return { access_key: 'test:tester', secret_key: 'testing' };
    }
}
