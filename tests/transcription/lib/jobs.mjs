// SPDX-License-Identifier: GPL-3.0-or-later
// What the tests of the engines share.
import { Client } from '../../api/lib/client.mjs';
import { Server, until } from '../../api/lib/server.mjs';

// Starts a transcription of a file; its job.
export async function start(who, media, more = {}) {
    return (await who.must(202, 'POST', '/api/transcription/start', { mediaId: media.id, ...more })).data.jobId;
}

export const result = async (who, job) => (await who.must(200, 'GET', `/api/transcription/${job}/status`)).data;
export const words = ({ result: { segments } }) => segments.map((segment) => segment.words.map((word) => word.text));

// A server of its own with this environment, for as long as `use` takes.
export async function with_server(env, use) {
    const other = await Server.start({ env });
    try {
        return await use(await new Client(other).user('eve'), other);
    } finally {
        await other.remove();
    }
}

// Why the first attempt at a part of a job failed; the job itself comes back to it some seconds later.
export async function first_failure(server, job) {
    const [{ error_message }] = await until('an attempt has failed', () => {
        const rows = server.sql(`SELECT part.error_message FROM job part JOIN job ON job.number = part.parent WHERE job.id = '${job}' AND part.error_message IS NOT NULL`);
        return rows.length && rows;
    });
    return error_message;
}
