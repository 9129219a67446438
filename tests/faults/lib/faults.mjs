// SPDX-License-Identifier: GPL-3.0-or-later
// The library of tests/faults/*.c in a server under test: its clock and its disk, set while it runs.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { temporary } from '../../api/lib/server.mjs';
import { make_library } from './every-call.mjs';

// As struct faults in preload.h.
const CLOCK = 0, ERRNO = 8, ONE_IN = 12, FAILED = 16, FOLDER = 24, SIZE = 256;

export class Faults {
    constructor() {
        this.place = temporary('faults');
        this.file = path.join(this.place, 'faults');
        fs.writeFileSync(this.file, Buffer.alloc(SIZE));
        this.env = { LD_PRELOAD: make_library(), KINORA_FAULTS: this.file };
    }

    put(at, bytes) {
        const file = fs.openSync(this.file, 'r+');
        fs.writeSync(file, bytes, 0, bytes.length, at);
        fs.closeSync(file);
    }

    set folder(folder) {
        this.put(FOLDER, Buffer.from(`${folder}\0`));
    }

    // Seconds that the wall clock is wrong by.
    clock(seconds) {
        const bytes = Buffer.alloc(8);
        bytes.writeBigInt64LE(BigInt(seconds) * 1_000_000n);
        this.put(CLOCK, bytes);
    }

    // Writing fails with this (null: it does not), one call in so many.
    disk(errno, one_in = 0) {
        const bytes = Buffer.alloc(8);
        bytes.writeInt32LE(errno ? os.constants.errno[errno] ?? 30 : 0, 0); // Node does not know EROFS everywhere
        bytes.writeInt32LE(one_in, ONE_IN - ERRNO);
        this.put(ERRNO, bytes);
    }

    get failed() {
        return Number(fs.readFileSync(this.file).readBigInt64LE(FAILED));
    }

    remove() {
        fs.rmSync(this.place, { recursive: true });
    }
}
