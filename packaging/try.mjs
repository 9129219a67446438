// SPDX-License-Identifier: GPL-3.0-or-later
// packaging/try.mjs ORIGIN SOUND.wav [SETUP_CODE]: uses a fresh Kinora as a person would: the first account, an upload, its
// transcript, the file back, a film. Prints what was heard.
import assert from 'node:assert/strict';
import fs from 'node:fs';

const [origin, file, setup_code] = process.argv.slice(2);
const LIMIT_MS = 120_000;
const sound = fs.readFileSync(file);
let token;

async function call(method, path, { json, body, headers = {} } = {}, status = 200) {
    const answer = await fetch(new URL(path, origin), { method, body: json ? JSON.stringify(json) : body,
        headers: { ...(json && { 'Content-Type': 'application/json' }), ...(token && { Authorization: `Bearer ${token}` }), ...headers } });
    const bytes = Buffer.from(await answer.arrayBuffer());
    assert.equal(answer.status, status, `${method} ${path}: ${bytes}`);
    return /json/.test(answer.headers.get('content-type')) ? JSON.parse(bytes) : bytes;
}

// The job when it is done.
async function completed(ask) {
    for (const end = Date.now() + LIMIT_MS; ;) {
        const job = await ask();
        if (job.status === 'completed')
            return job;
        assert.ok(!['failed', 'cancelled'].includes(job.status) && Date.now() < end, JSON.stringify(job));
        await new Promise((later) => setTimeout(later, 250));
    }
}

assert.match(String(await call('GET', '/')), /<title>/, 'there is a page for the browser');
const who = { username: 'ada', password: 'a-long-enough-password' };
await call('POST', '/api/v1/users', { json: { ...who, email: 'ada@example.org' }, headers: setup_code ? { 'X-Setup-Code': setup_code } : {} });
({ access_token: token } = await call('POST', '/api/v1/auth/login', { json: who }));
const form = new FormData();
form.append('file', new Blob([sound]), 'speech.wav');
const { id, job_id } = await call('POST', '/api/v1/files/upload', { body: form }, 201);
await completed(async () => call('GET', `/api/v1/jobs/${job_id}`));
const heard = String(await call('GET', `/api/v1/transcriptions/${job_id}.txt`)).trim();
assert.ok(heard.split(/\s+/).length >= 3, `too little was heard: "${heard}"`);
assert.ok(sound.equals(await call('GET', `/api/v1/files/${id}/content`)), 'the file comes back as it was');
const { data: { video } } = await call('POST', '/api/v1/videos/from-script', { json: { script: '# Hello\n\nThis is a film.' } }, 201);
const { data: render } = await call('POST', `/api/v1/videos/${video.id}/render`, { json: { quality: '480p' } }, 202);
const film = await completed(async () => (await call('GET', `/api/v1/renders/${render.job_id}`)).data.render);
assert.equal((await call('GET', film.video_url)).subarray(4, 8).toString(), 'ftyp', 'the film is a film');
console.log(heard);
