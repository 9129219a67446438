// SPDX-License-Identifier: GPL-3.0-or-later
// A PostgreSQL server of the test's own, over a Unix socket; nothing of it is kept.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { until } from '../../api/lib/server.mjs';

const programs = ['15', '16', '17'].map((version) => `/usr/lib/postgresql/${version}/bin`).find((folder) => fs.existsSync(folder));
// PostgreSQL refuses root.
const as_user = process.getuid() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', '--'] : [];

export class Postgres {
    static async start() {
        const postgres = new Postgres();
        postgres.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kinora-pg-'));
        fs.chmodSync(postgres.folder, 0o755);
        if (as_user.length)
            spawnSync('chown', ['postgres', postgres.folder]);
        postgres.run('initdb', '-D', `${postgres.folder}/data`, '-U', 'kinora', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync');
        const [command, ...words] = [...as_user, `${programs}/postgres`, '-D', `${postgres.folder}/data`, '-k', postgres.folder,
            '-c', 'listen_addresses=', '-F', '-c', 'shared_buffers=32MB'];
        postgres.child = spawn(command, words, { stdio: 'ignore' });
        await until('PostgreSQL answers', () => spawnSync(`${programs}/pg_isready`, ['-h', postgres.folder]).status === 0);
        postgres.url = `postgresql:///postgres?host=${postgres.folder}&user=kinora`;
        return postgres;
    }

    run(program, ...words) {
        const [command, ...rest] = [...as_user, `${programs}/${program}`, ...words];
        const { status, stderr, stdout } = spawnSync(command, rest, { encoding: 'utf8' });
        if (status !== 0)
            throw new Error(`${program}: ${stderr}`);
        return stdout;
    }

    // Rows as lists of texts.
    sql(statement) {
        return this.run('psql', '-h', this.folder, '-U', 'kinora', '-d', 'postgres', '-At', '-F', '\t', '-c', statement)
            .split('\n').filter(Boolean).map((line) => line.split('\t'));
    }

    async stop() {
        const ended = new Promise((resolve) => this.child.on('exit', resolve));
        this.child.kill('SIGQUIT');
        await ended;
        fs.rmSync(this.folder, { recursive: true, force: true });
    }
}
