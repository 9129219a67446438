// SPDX-License-Identifier: GPL-3.0-or-later
// What was survived: every fault has a name, a sentence on how it is made, and what the last run saw of it. A test that
// passed leaves its row in build/faults (not when all servers of the tests are on PostgreSQL instead of SQLite); `script/faults --page` puts
// them all into docs/reliability.md.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { on_postgres, program, repository } from '../../api/lib/server.mjs';

export const long = process.env.KINORA_FAULTS === 'long';
const folder = path.join(path.dirname(program), 'faults'), page = path.join(repository, 'docs/reliability.md');
const BEGIN = '<!-- faults -->', END = '<!-- faults end -->';

// In the order of the page: name -> [fault, how it is made].
const faults = {
    'server killed': ['The server dies (kill -9)', 'SIGKILL at a random moment after each start, while clients upload, edit by HTTP and by socket, and jobs run'],
    'engine killed': ['An engine child dies (kill -9)', 'SIGKILL to a random child of the server in the same run'],
    'import killed': ['The server dies in the middle of a database import', 'SIGKILL at a random moment between the start of an import and its end'],
    'machines killed': ['A server or a worker of several machines dies (kill -9)', 'SIGKILL to a random one of a server and two workers that share PostgreSQL and an object store'],
    'disk full': ['The disk is full', 'a file system of 64 MB that a file fills up, under uploads, edits and jobs'],
    'disk read-only': ['The disk becomes read-only', 'every write, creation and removal below the data folder fails with EROFS, under the same load'],
    'disk flaky': ['The disk fails now and then', 'one in so many writes and flushes below the data folder fails with EIO'],
    'start read-only': ['A start on a disk that may not be written', 'a data folder that is mounted read-only'],
    'postgres restarted': ['PostgreSQL is restarted', 'an immediate shutdown and a start, under uploads, edits and jobs'],
    'listen cut': ["PostgreSQL's LISTEN connection is cut", 'pg_terminate_backend while two servers edit one video'],
    'store failing': ['The object store is gone, slow, answers 500, is cut in mid-part', 'one after the other under uploads and downloads'],
    'clock jumps': ['The wall clock jumps', 'hours forward and back while jobs run and people are logged in'],
    slowloris: ['Slowloris and slow bodies', 'heads and bodies that come byte by byte, and answers that nobody reads'],
    logins: ['Two hundred logins at once', 'each costs 14 ms of a processor (argon2id), two at a time'],
    'idle connections': ['10,000 idle connections', 'each has asked once and stays open'],
    'every call': ['Every allocation, read, write and query fails in turn', 'a preloaded library lets the first call from each place in the program fail, one place a run, over the unit tests'],
};

export function survived(name, { times, checked, outcome }) {
    if (!faults[name])
        throw new Error(`'${name}' is not in the list of faults`);
    console.log(`${name}: ${times}; ${outcome}`);
    if (on_postgres)
        return;
    fs.mkdirSync(folder, { recursive: true });
    const row = { times: String(times), checked, outcome, run: long ? 'long' : 'short', date: new Date().toISOString().slice(0, 10) };
    fs.writeFileSync(path.join(folder, `${name.replaceAll(' ', '-')}.json`), `${JSON.stringify(row)}\n`);
}

function table() {
    const lines = ['| fault | how it is made | how often | what was checked | outcome | run |', '|---|---|---|---|---|---|'];
    for (const [name, [fault, made]] of Object.entries(faults)) {
        const file = path.join(folder, `${name.replaceAll(' ', '-')}.json`);
        if (!fs.existsSync(file))
            throw new Error(`nothing is known of '${name}' yet: run script/faults`);
        const row = JSON.parse(fs.readFileSync(file, 'utf8'));
        lines.push(`| ${[fault, made, row.times, row.checked, row.outcome, `${row.run}, ${row.date}`].map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`);
    }
    return lines.join('\n');
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
    const text = fs.readFileSync(page, 'utf8'), begin = text.indexOf(BEGIN), end = text.indexOf(END);
    if (begin < 0 || end < begin)
        throw new Error(`${page} has lost its marks ${BEGIN} and ${END}`);
    fs.writeFileSync(page, `${text.slice(0, begin + BEGIN.length)}\n${table()}\n${text.slice(end)}`);
}
