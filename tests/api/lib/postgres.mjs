// SPDX-License-Identifier: GPL-3.0-or-later
// A private PostgreSQL on loopback or a socket, in a folder of its own, that a test may stop, kill and start again. It
// ends with the test process, however that ends. PostgreSQL refuses root, so root runs it as the user postgres; and where
// we are root of a user namespace that knows nobody else, it runs in another one as somebody.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { until } from './server.mjs';

const folders = fs.existsSync('/usr/lib/postgresql')
    ? fs.readdirSync('/usr/lib/postgresql').sort().reverse().map((version) => `/usr/lib/postgresql/${version}/bin`) : [];
const bin = folders.find((folder) => fs.existsSync(path.join(folder, 'initdb')));
// Whether we are the only user that this namespace knows.
export const is_alone = fs.readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/)[2] === '1';
const as_owner = (words) => process.getuid() !== 0 ? words : is_alone ? ['unshare', '--user', '--map-user=1', '--map-group=1', ...words]
    : ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', ...words];

function run(words, options = {}) {
    const [command, ...rest] = as_owner(words);
    const told = spawnSync(command, rest, { encoding: 'utf8', maxBuffer: 64 << 20, ...options });
    if (told.status !== 0)
        throw new Error(`${words.join(' ')}: ${told.error ?? told.stderr}`);
    return told.stdout;
}

export class Postgres {
    // `address`: also listen there (host and port), to all of its network; `fsync`: as in production; `around`: words
    // before the server's own; `under`: the folder that its own is in.
    static async start({ address = '', port = 5432, fsync = false, settings = [], around = [], under = os.tmpdir() } = {}) {
        if (!bin)
            throw new Error('PostgreSQL is not installed: script/bootstrap test');
        const server = new Postgres();
        server.folder = fs.mkdtempSync(path.join(under, 'kinora-postgres-'));
        fs.chmodSync(server.folder, 0o755);
        if (process.getuid() === 0 && !is_alone)
            spawnSync('chown', ['postgres', server.folder]);
        run([path.join(bin, 'initdb'), '-D', path.join(server.folder, 'data'), '-A', 'trust', '-U', 'kinora', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'],
            { cwd: server.folder });
        if (address)
            fs.appendFileSync(path.join(server.folder, 'data/pg_hba.conf'), 'host all all samenet trust\n');
        Object.assign(server, { address, port, fsync, settings, around, count: 0 });
        await server.begin();
        return server;
    }

    async begin() {
        const set = [`listen_addresses=${this.address}`, `port=${this.port}`, `fsync=${this.fsync ? 'on' : 'off'}`,
            'max_connections=200', 'log_min_messages=fatal', ...this.settings];
        const [command, ...words] = [...this.around, ...as_owner([path.join(bin, 'postgres'), '-D', path.join(this.folder, 'data'), '-k', this.folder,
            ...set.flatMap((one) => ['-c', one])])];
        // The pipe ends with this process, whatever ends it, and the shell behind it then stops the server.
        this.child = spawn('sh', ['-c', '"$@" & server=$!; read line; kill -QUIT $server; wait $server', 'sh', command, ...words],
            { cwd: this.folder, stdio: ['pipe', 'ignore', 'ignore'] });
        this.ended = new Promise((resolve) => this.child.on('exit', resolve));
        await until('PostgreSQL answers', () => {
            try {
                return this.psql('postgres', 'SELECT 1');
            } catch {
                return false;
            }
        });
    }

    // Rows of one statement, as lines of columns.
    psql(database, sql) {
        const out = run(['psql', '-X', '-q', '-A', '-t', '-F', '\t', '-v', 'ON_ERROR_STOP=1', '-h', this.folder, '-p', String(this.port), '-U', 'kinora',
            '-d', database], { cwd: this.folder, input: sql });
        return out.split('\n').filter((line) => line).map((line) => line.split('\t'));
    }

    // A new database: its URL over the socket (or the address).
    database(name = `kinora_${process.pid}_${++this.count}`) {
        this.psql('postgres', `CREATE DATABASE ${name}`);
        return this.url(name);
    }

    url(name) {
        return this.address ? `postgresql://kinora@${this.address}:${this.port}/${name}`
            : `postgresql://kinora@/${name}?host=${this.folder}&port=${this.port}`;
    }

    // What holds its connections open is ended with it.
    async stop() {
        this.child.stdin.end();
        await this.ended;
    }

    // Lets this process end when nothing else is to be done, and ends the server then.
    leave_to_exit() {
        if (this.is_left)
            return;
        this.is_left = true;
        this.child.unref();
        this.child.stdin.unref();
        process.on('exit', () => {
            const pid = Number(fs.readFileSync(path.join(this.folder, 'data/postmaster.pid'), 'utf8').split('\n')[0]);
            process.kill(pid, 'SIGQUIT');
            fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
        });
    }

    async remove() {
        await this.stop();
        fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
    }
}
