// SPDX-License-Identifier: GPL-3.0-or-later
// Machines as network namespaces: a switch between them and this process, links that can be taken down. All of it is in
// a user namespace of its own, so that any user can run it and nothing of it is left behind.
import { spawnSync } from 'node:child_process';
import { is_alone } from '../../api/lib/postgres.mjs';

const INSIDE = 'KINORA_TEST_NAMESPACE';

function run(...words) {
    const { status, error, stderr } = spawnSync(words[0], words.slice(1), { encoding: 'utf8' });
    if (status !== 0)
        throw new Error(`${words.join(' ')}: ${error ?? stderr}`);
}

const possible = (words) => spawnSync('unshare', [...words, 'ip', 'link'], { stdio: 'ignore' }).status === 0;

// Runs this test file again in namespaces, and ends with it; inside of them it comes back at once.
export function enter(file) {
    if (process.env[INSIDE]) {
        run('mount', '-t', 'tmpfs', 'none', '/run'); // ip keeps the names of namespaces there
        run('ip', 'link', 'set', 'lo', 'up');
        return;
    }
    const ways = [['--map-root-user', '-n', '-m'], ...(process.getuid() === 0 ? [['-n', '-m']] : [])];
    const way = ways.find(possible);
    if (!way)
        throw new Error('This test needs network namespaces: allow them to users (sysctl kernel.unprivileged_userns_clone=1 and the like) or run it as root');
    const { status, signal } = spawnSync('unshare', [...way, process.execPath, ...process.execArgv, file],
        { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } });
    process.exit(status ?? (signal ? 1 : 0));
}

// A switch; this process has the first address at it.
export class Network {
    constructor(name, prefix) {
        Object.assign(this, { name, prefix, address: `${prefix}.1` });
        run('ip', 'link', 'add', name, 'type', 'bridge');
        run('ip', 'address', 'add', `${this.address}/24`, 'dev', name);
        run('ip', 'link', 'set', name, 'up');
    }
}

export class Machine {
    // At each of these networks it has the same number.
    constructor(name, number, networks) {
        Object.assign(this, { name, number });
        const here = ['nsenter', `--net=/run/netns/${name}`];
        // Words before a program's own that make it run here; as root it would look for the user nobody, whom the
        // namespace does not know.
        this.around = [...here, ...(is_alone ? ['unshare', '--user', '--map-user=1', '--map-group=1'] : [])];
        run('ip', 'netns', 'add', name);
        run(...here, 'ip', 'link', 'set', 'lo', 'up');
        for (const network of networks) {
            const link = this.link(network);
            run('ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', network.name, 'netns', name);
            run('ip', 'link', 'set', link, 'master', network.name, 'up');
            run(...here, 'ip', 'address', 'add', `${this.address(network)}/24`, 'dev', network.name);
            run(...here, 'ip', 'link', 'set', network.name, 'up');
        }
    }

    link(network) {
        return `${network.name}${this.number}`;
    }

    address(network) {
        return `${network.prefix}.${this.number}`;
    }

    // Pulls the cable at the switch: what is sent goes nowhere, and nobody is told.
    cut(network) {
        run('ip', 'link', 'set', this.link(network), 'down');
    }

    mend(network) {
        run('ip', 'link', 'set', this.link(network), 'up');
    }
}
