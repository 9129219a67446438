// SPDX-License-Identifier: GPL-3.0-or-later
// Nothing that a link says leads into a private network: every spelling of an address, ports, tools without a wall. (What
// the tools reach behind each wall: redirects.test.mjs.)
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { Server, program, until } from '../api/lib/server.mjs';
import { add, look } from './lib/saver.mjs';
import { Site, html } from './lib/site.mjs';

let site, port;
const connections = [];
before(async () => {
    site = await Site.start({ '/x.wav': { type: 'audio/wav', bytes: 'x' } });
    port = site.port;
    site.server.on('connection', () => connections.push('site'));
});
after(() => site.stop());

// Spellings of addresses that no link may reach. %P is the port of a server that listens.
const forms = `127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0x7f.0.0.1 0177.0.0.1 017700000001 127.0.0.1. 127.000.000.001 0x7f.1 0177.1
127.255.255.254 0.0.0.0 0 0x0 00 localhost LOCALHOST localhost. 127.0.0.2 10.0.0.1 10.255.255.255 0xa000001 167772161 012.0.0.1 172.16.0.1 172.31.255.255
192.168.0.1 192.168.1.1 0xc0a80001 3232235521 169.254.169.254 0xa9fea9fe 2852039166 0251.0376.0251.0376 169.254.0.1 100.64.0.1 100.127.255.255 192.0.0.1
192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.1 192.88.99.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 [::1] [::] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1]
[::ffff:7f00:1] [0:0:0:0:0:ffff:7f00:1] [::127.0.0.1] [64:ff9b::7f00:1] [64:ff9b::a9fe:a9fe] [2002:7f00:1::] [2001:0:0:0:0:0:80ff:fffe] [fe80::1] [fc00::1] [fd00::1]
[fec0::1] [ff02::1] [2001:db8::1] [100::1] [::ffff:169.254.169.254] [::ffff:a00:1]`.split(/\s+/);
// ①②⑦.⓪.⓪.① and full stops of other scripts, which some readers turn into ASCII.
const unicode = ['①②⑦.⓪.⓪.①', '127。0。0。1', 'ⓛocalhost'];

test('no spelling of a private address connects, by our own client', async () => {
    const server = await Server.start({ env: { KINORA_MAX_CONCURRENT_DOWNLOADS: '16' } });
    try {
        const root = await new Client(server).user('root');
        assert.ok(forms.length >= 60, `${forms.length} forms`);
        const links = [];
        for (const host of [...forms, ...unicode])
            links.push(await add(root, 'direct', `http://${host}:${port}/x.wav`));
        for (const link of links)
            await root.must(200, 'POST', `/api/v1/links/${link.id}/trigger-download`);
        await until('all were looked at', async () => (await root.must(200, 'GET', '/api/v1/history?limit=1000')).length === links.length, { limit_ms: 100_000 });
        for (const record of await root.must(200, 'GET', '/api/v1/history?limit=1000'))
            assert.ok(record.status === 'failure' && ['refused_by_policy', 'network', 'other'].includes(record.failure), JSON.stringify(record));
        const plain = await root.must(200, 'GET', `/api/v1/history?link_id=${links[0].id}`);
        assert.equal(plain[0].failure, 'refused_by_policy');
        assert.deepEqual(connections, []);
    } finally {
        await server.remove();
    }
});

// The site is allowed here, and leads to a second address of loopback on a port that is none of the web's.
test('with private links allowed, ports of other services stay closed, also behind a redirect', async () => {
    const server = await Server.start({ env: { KINORA_ALLOW_PRIVATE_LINKS: '1' } });
    const wanted = [];
    try {
        const root = await new Client(server).user('root');
        for (const where of ['http://127.0.0.1:22/', 'http://127.0.0.1:25/', 'file:///etc/passwd', 'gopher://127.0.0.1:70/', 'http://224.0.0.1:8080/', 'dict://127.0.0.1:2628/x']) {
            site.pages['/redirect.wav'] = (request, response) => response.writeHead(302, { Location: where }).end();
            const record = await look(root, await add(root, 'direct', `${site.origin}/redirect.wav`), { status: 'failure' });
            assert.equal(record.failure, 'refused_by_policy', `${where}: ${JSON.stringify(record)}`);
            wanted.push(where);
        }
        assert.equal(wanted.length, 6);
    } finally {
        await server.remove();
    }
});

test('where no wall can be had, the tools do not start, and the doctor says why', async () => {
    const around = ['setpriv', '--bounding-set=-sys_admin', '--inh-caps=-sys_admin']; // as in a container: no namespace can be made
    const server = await Server.start({ around, env: { KINORA_DOWNLOAD_WALL: 'namespace' } });
    try {
        const root = await new Client(server).user('root');
        site.pages['/page.html'] = html('<video src="/x.mp4"></video>');
        const record = await look(root, await add(root, 'generic_video', `${site.origin}/page.html`), { status: 'failure' });
        assert.equal(record.failure, 'refused_by_policy');
        assert.match(record.message, /kept off the network/);
        const doctor = spawnSync(around[0], [...around.slice(1), program, 'doctor', '--data', server.data], { encoding: 'utf8', env: { ...process.env, KINORA_DOWNLOAD_WALL: 'namespace' } });
        assert.match(doctor.stdout, /downloads .*kept off the network/);
    } finally {
        await server.remove();
    }
});
