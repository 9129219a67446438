// SPDX-License-Identifier: GPL-3.0-or-later
// A real `kinora serve` on a data folder of its own, which a test may stop, kill and start again.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const program = path.join(path.resolve(process.env.KINORA_BUILD ?? path.join(repository, 'build')), 'kinora');
const START_MS = 30_000;

export const temporary = (name) => fs.mkdtempSync(path.join(os.tmpdir(), `kinora-api-${name}-`));
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Asks until the answer is true (or anything truthy, which is given back).
export async function until(what, ask, { limit_ms = 30_000, every_ms = 50 } = {}) {
    for (const end = Date.now() + limit_ms; ;) {
        const answer = await ask();
        if (answer)
            return answer;
        if (Date.now() > end)
            throw new Error(`after ${limit_ms} ms still not so: ${what}`);
        await sleep(every_ms);
    }
}

// With KINORA_TEST_DATABASE=postgresql every data folder has a database of its own on a PostgreSQL that the folders of this
// process share; it ends with the process. Servers and commands on a folder find the same one.
export const on_postgres = process.env.KINORA_TEST_DATABASE === 'postgresql';
const databases = new Map(); // of each folder: {postgres, url, name}
let starting, shared;
async function start_postgres() {
    starting ??= import('./postgres.mjs').then(({ Postgres }) => Postgres.start());
    shared = await starting;
    shared.leave_to_exit();
}
function database_of(data) {
    const folder = path.resolve(data);
    if (!databases.has(folder)) {
        const url = shared.database();
        databases.set(folder, { postgres: shared, url, name: new URL(url.replace('@/', '@x/')).pathname.slice(1) });
    }
    return databases.get(folder);
}

// A copy of a folder is on the database of the first.
export const share_database = (copy, data) => shared && databases.set(path.resolve(copy), database_of(data));

// What a command on a data folder needs in its environment to work on the folder's database.
export function with_database(words, env = {}) {
    const data = words[words.indexOf('--data') + 1];
    return shared && words.includes('--data') && !('KINORA_DATABASE_URL' in env) && !words.includes('--database-url')
        ? { ...env, KINORA_DATABASE_URL: database_of(data).url } : env;
}

// Runs a command to its end; a server that should not start is one of them.
export function run(arguments_, { env = {}, input = '', limit_ms = 20_000 } = {}) {
    const { status, signal, stdout, stderr } = spawnSync(program, arguments_,
        { env: { ...process.env, ...with_database(arguments_, env) }, input, encoding: 'utf8', timeout: limit_ms });
    return { code: status ?? signal, stdout, stderr };
}

// The same without stopping this process, which may be what the command talks to.
export function run_beside(arguments_, env = {}) {
    return new Promise((resolve) => {
        const child = spawn(program, arguments_, { env: { ...process.env, ...with_database(arguments_, env) }, stdio: ['ignore', 'pipe', 'pipe'] });
        const told = { stdout: '', stderr: '' };
        for (const stream of Object.keys(told))
            child[stream].setEncoding('utf8').on('data', (text) => (told[stream] += text));
        child.on('close', (code, signal) => resolve({ code: code ?? signal, ...told }));
    });
}

export class Server {
    // `around`: words before the program's own, a command that ends by running what follows it.
    constructor({ data = temporary('data'), flags = [], env = {}, tls = false, around = [], address = '127.0.0.1' } = {}) {
        Object.assign(this, { data, flags, env, tls, around, address, child: null, log: '', database: databases.get(path.resolve(data)) });
    }

    static async start(options) {
        const server = new Server(options);
        await server.start();
        return server;
    }

    async start() {
        if (on_postgres && !('KINORA_DATABASE_URL' in this.env)) {
            await start_postgres();
            this.database = database_of(this.data);
            this.env = { ...this.env, KINORA_DATABASE_URL: this.database.url };
        }
        const [command, ...words] = [...this.around, program, 'serve', '--data', this.data, '--listen', `${this.address}:0`, ...this.flags];
        const child = spawn(command, words,
            { env: { ...process.env, KINORA_RATE_LIMIT: 'off', ...this.env }, stdio: ['ignore', 'ignore', 'pipe'] });
        this.child = child;
        this.log = '';
        this.ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve(code ?? signal)));
        await new Promise((resolve, reject) => {
            const timer = setTimeout(() => reject(new Error(`the server does not start:\n${this.log}`)), START_MS);
            child.stderr.setEncoding('utf8').on('data', (text) => {
                this.log += text;
                const ready = /is ready: https?:\/\/[^\s]*:(\d+)/.exec(this.log);
                if (ready) {
                    this.port = Number(ready[1]);
                    clearTimeout(timer);
                    resolve();
                }
            });
            child.on('exit', (code) => reject(new Error(`the server ended with ${code}:\n${this.log}`)));
        });
        return this;
    }

    get pid() {
        return this.child.pid;
    }

    get origin() {
        return `${this.tls ? 'https' : 'http'}://${this.address}:${this.port}`;
    }

    // Resolves to the exit code; a clean stop is 0.
    async stop() {
        this.child.kill('SIGTERM');
        return this.ended;
    }

    async kill() {
        this.child.kill('SIGKILL');
        return this.ended;
    }

    // Ends the server and removes what it kept.
    async remove() {
        if (this.child && this.child.exitCode === null && this.child.signalCode === null)
            await this.kill();
        fs.rmSync(this.data, { recursive: true, force: true, maxRetries: 5 });
    }

    // Every file of the blob store, relative to it.
    blobs() {
        const top = path.join(this.around.length ? `/proc/${this.pid}/root` : '/', this.data, 'blobs'); // as the server sees it
        const walk = (folder) => fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
            entry.isDirectory() ? walk(path.join(folder, entry.name)) : [path.relative(top, path.join(folder, entry.name))]);
        return fs.existsSync(top) ? walk(top) : [];
    }

    // Waits until no job is waiting or running, those that others leave behind (thumbnails, proxies) included.
    async idle({ limit_ms = 120_000 } = {}) {
        await until('no job is left', () => this.sql("SELECT count(*) AS n FROM job WHERE state IN ('pending', 'processing', 'waiting')")[0].n === 0,
            { limit_ms });
    }

    // Rows of the database, read beside the server; bytes as hex() has them, and written as x'00ff'.
    sql(statement) {
        if (this.database) {
            const { postgres, name } = this.database;
            const rows = /^SELECT /i.test(statement) ? `SELECT coalesce(json_agg(told), '[]') FROM (${statement}) AS told` : statement;
            const told = postgres.psql(name, rows.replace(/\bhex\(([\w.]+)\)/g, "upper(encode($1, 'hex'))").replace(/\bx'([0-9a-f]*)'/g, "'\\x$1'"));
            return told.length ? JSON.parse(told.map((line) => line.join('\t')).join('\n')) : [];
        }
        const told = spawnSync('sqlite3', ['-json', '-bail', path.join(this.data, 'kinora.db')],
            { input: statement, encoding: 'utf8', maxBuffer: 64 << 20 });
        if (told.status !== 0)
            throw new Error(`sqlite3: ${told.stderr}`);
        return told.stdout ? JSON.parse(told.stdout) : [];
    }

    // SQLite finds nothing wrong in its file. PostgreSQL's files are not ours to check.
    is_whole() {
        return on_postgres || JSON.stringify(this.sql('PRAGMA integrity_check')) === '[{"integrity_check":"ok"}]';
    }

    // The names of all tables, and of those that refer to this one.
    tables() {
        return this.sql(this.database ? "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"
            : "SELECT name FROM sqlite_master WHERE type = 'table'").map(({ name }) => name);
    }

    // Every row there is: {name, row}.
    everything() {
        const tables = this.tables();
        return this.database ? this.sql(tables.map((name) => `SELECT '${name}' AS name, to_json(t) AS row FROM "${name}" t`).join(' UNION ALL '))
            : tables.flatMap((name) => this.sql(`SELECT * FROM "${name}"`).map((row) => ({ name, row })));
    }

    tables_to(table) {
        return this.sql(this.database ? `SELECT DISTINCT CAST(conrelid::regclass AS text) AS name FROM pg_constraint WHERE contype = 'f' AND confrelid = '${table}'::regclass`
            : `SELECT DISTINCT m.name FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table' AND f."table" = '${table}'`)
            .map(({ name }) => name);
    }
}
