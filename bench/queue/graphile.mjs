// SPDX-License-Identifier: GPL-3.0-or-later
// graphile-worker with what queue.mjs measures. Each prints one line of JSON.
//
//   graphile.mjs URL drain COUNT CONCURRENCY [QUEUE]   COUNT jobs that do nothing; QUEUE: taken so many at a time into
//                                                      its local queue, completions together
//   graphile.mjs URL latency COUNT                     one job now and then: from before it is added to its start
import { createRequire } from 'node:module';

const require = createRequire(new URL('../package.json', import.meta.url));
const { Logger, run, runMigrations, makeWorkerUtils } = require('graphile-worker');
const { Pool } = require('pg');
const [url, what, count_text, concurrency = '1', queue] = process.argv.slice(2);
const count = Number(count_text);
const quiet = new Logger(() => () => {});
const pool = new Pool({ connectionString: url, max: Number(concurrency) + 4 });
pool.on('error', () => {});
pool.on('connect', (client) => client.on('error', () => {}));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const preset = queue ? { worker: { localQueue: { size: Number(queue) }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } } : {};
const start = (task) => run({ pgPool: pool, concurrency: Number(concurrency), noHandleSignals: true, logger: quiet, preset, taskList: { none: task } });

await runMigrations({ pgPool: pool, logger: quiet });
if (what === 'drain') {
    await pool.query("SELECT graphile_worker.add_jobs(array_agg(('none', '{}'::json, NULL, now(), 1::smallint, NULL, 0::smallint, NULL)::graphile_worker.job_spec)) FROM generate_series(1, $1)", [count]);
    await pool.query('ANALYZE graphile_worker._private_jobs');
    let done = 0;
    const from = performance.now();
    const runner = await start(async () => void done++);
    const left = async () => Number((await pool.query('SELECT count(*) FROM graphile_worker._private_jobs')).rows[0].count);
    while (done < count)
        await sleep(1);
    while (await left() > 0) // what was done is written
        await sleep(1);
    const seconds = (performance.now() - from) / 1000;
    console.log(JSON.stringify({ jobs: done, seconds }));
    await runner.stop();
} else {
    let begun;
    const runner = await start(async () => begun(performance.now()));
    const utils = await makeWorkerUtils({ pgPool: pool, logger: quiet });
    const waits = [];
    for (let i = 0; i < count; i++) {
        await sleep(10 + Math.random() * 20);
        const started = new Promise((resolve) => (begun = resolve)), from = performance.now();
        await utils.addJob('none', {});
        waits.push(await started - from);
    }
    waits.sort((a, b) => a - b);
    console.log(JSON.stringify({ p50_ms: waits[count >> 1], p99_ms: waits[Math.floor(count * 0.99)] }));
    await utils.release();
    await runner.stop();
}
await pool.end();
process.exit(0);
