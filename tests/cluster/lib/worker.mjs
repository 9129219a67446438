// SPDX-License-Identifier: GPL-3.0-or-later
// A real `kinora worker` with a data folder of its own.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { program, temporary } from '../../api/lib/server.mjs';

export class Worker {
    // `around`: words before the program's own.
    constructor({ env = {}, slots = 'transcribe=1,render=1', around = [] } = {}) {
        this.data = temporary('worker');
        this.log = '';
        const [command, ...words] = [...around, program, 'worker', '--data', this.data, '--slots', slots];
        this.child = spawn(command, words, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
        this.child.stderr.setEncoding('utf8').on('data', (text) => (this.log += text));
        this.ended = new Promise((resolve) => this.child.on('exit', (code, signal) => resolve(code ?? signal)));
    }

    end(signal) {
        this.child.kill(signal);
        return this.ended;
    }

    async remove() {
        await this.end('SIGKILL');
        fs.rmSync(this.data, { recursive: true, force: true, maxRetries: 5 });
    }
}
