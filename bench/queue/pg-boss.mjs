// SPDX-License-Identifier: GPL-3.0-or-later
// pg-boss with what queue.mjs measures. Its own loop waits half a second at least between two fetches, so its fetch and
// complete are called in loops here. Each prints one line of JSON.
//
//   pg-boss.mjs URL drain COUNT LOOPS BATCH   COUNT jobs that do nothing, BATCH at a time
//   pg-boss.mjs URL latency COUNT             one job now and then, by its own loop
import { createRequire } from 'node:module';

const PgBoss = createRequire(new URL('../package.json', import.meta.url))('pg-boss');
const [url, what, count_text, loops = '1', batch = '1'] = process.argv.slice(2);
const count = Number(count_text);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const boss = new PgBoss({ connectionString: url, max: Number(loops) + 2, schedule: false, supervise: false });
boss.on('error', (error) => {
    console.error(error);
    process.exit(1);
});
await boss.start();
await boss.createQueue('none');

if (what === 'drain') {
    for (let left = count; left > 0; left -= 5000)
        await boss.insert(Array.from({ length: Math.min(left, 5000) }, () => ({ name: 'none', data: {} })));
    await boss.getDb().executeSql('ANALYZE');
    let done = 0;
    const from = performance.now();
    const loop = async () => {
        for (let jobs; (jobs = await boss.fetch('none', { batchSize: Number(batch) }))?.length; done += jobs.length)
            await boss.complete('none', jobs.map(({ id }) => id));
    };
    await Promise.all(Array.from({ length: Number(loops) }, loop));
    console.log(JSON.stringify({ jobs: done, seconds: (performance.now() - from) / 1000 }));
} else {
    let begun;
    await boss.work('none', { pollingIntervalSeconds: 0.5 }, async () => begun(performance.now()));
    const waits = [];
    for (let i = 0; i < count; i++) {
        await sleep(10 + Math.random() * 20);
        const started = new Promise((resolve) => (begun = resolve)), from = performance.now();
        await boss.send('none', {});
        waits.push(await started - from);
    }
    waits.sort((a, b) => a - b);
    console.log(JSON.stringify({ p50_ms: waits[count >> 1], p99_ms: waits[Math.floor(count * 0.99)] }));
}
process.exit(0);
