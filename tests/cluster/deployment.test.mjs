// SPDX-License-Identifier: GPL-3.0-or-later
// The files for compose and Kubernetes, done by hand: their commands and settings, at their addresses and ports, beside a PostgreSQL and an object
// store as they describe them; asked what they ask. All of it on a loopback of its own; what a container's engine does is not here.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { Client, send } from '../api/lib/client.mjs';
import { speech } from '../api/lib/media.mjs';
import { is_alone, Postgres } from '../api/lib/postgres.mjs';
import { program, temporary, until } from '../api/lib/server.mjs';
import { manifests, yaml } from '../operations/lib/contrib.mjs';
import { S3Fake } from '../storage/lib/s3-fake.mjs';
import { enter } from './lib/machines.mjs';

enter(import.meta.filename ?? new URL(import.meta.url).pathname);

const folder = temporary('deployment');
after(() => fs.rmSync(folder, { recursive: true }));
const KEYS = '/run/keys'; // a folder at the top of a container may be made, here not
const secrets = { POSTGRES_PASSWORD: randomBytes(8).toString('hex'), STORE_PASSWORD: randomBytes(8).toString('hex') };

function mount(...words) {
    const { status, stderr } = spawnSync('mount', words, { encoding: 'utf8' });
    assert.equal(status, 0, `mount ${words.join(' ')}: ${stderr}`);
}

// A container as far as Kinora is concerned: its words and settings, and a data folder that is its own.
class Container {
    constructor({ words, env }) {
        const around = ['unshare', '-m', 'sh', '-c', 'mount -t tmpfs none /var/lib && mkdir -m 0700 /var/lib/kinora && exec "$@"', 'sh',
            ...(is_alone ? ['unshare', '--user', '--map-user=1', '--map-group=1'] : [])];
        const [command, ...rest] = [...around, program, ...words];
        this.log = '';
        this.child = spawn(command, rest, { env: { PATH: process.env.PATH, ASAN_OPTIONS: process.env.ASAN_OPTIONS ?? '', ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
        this.child.stderr.setEncoding('utf8').on('data', (text) => (this.log += text));
        this.ended = new Promise((resolve) => this.child.on('exit', (code, signal) => resolve(code ?? signal)));
    }

    end(signal) {
        this.child.kill(signal);
        return this.ended;
    }
}

async function try_deployment({ names, server, worker, database, store, probes, metrics, origin }) {
    fs.writeFileSync(path.join(folder, 'hosts'), `127.0.0.1 localhost ${names.join(' ')}\n`);
    mount('--bind', path.join(folder, 'hosts'), '/etc/hosts');
    const s3 = new S3Fake({ region: 'us-east-1', ...store });
    s3.port = 9000; // MinIO's
    await s3.begin();
    const both = [server, worker].map((one) => new Container(one));
    let postgres;
    try {
        // The database comes last: they wait for it.
        postgres = await Postgres.start({ address: '127.0.0.1' });
        postgres.database(database);
        const told = () => both.map(({ log }) => log).join('\n---\n');
        for (const probe of probes)
            await until(`${probe} answers`, async () => {
                assert.ok(both.every(({ child }) => child.exitCode === null), told());
                return (await send(probe, 'GET', new URL(probe).pathname).catch(() => ({}))).status === 200;
            }, { limit_ms: 120_000 }).catch((error) => assert.fail(`${error.message}\n${told()}`));
        const client = new Client({ origin });
        const code = server.env.KINORA_SETUP_CODE ?? /setup code: (\S+)/.exec(both[0].log)[1];
        const who = { username: 'ada', email: 'ada@example.org', password: 'ada-password' };
        assert.equal((await client.post('/api/v1/users', who)).status, 403, 'others can reach it');
        await client.must(200, 'POST', '/api/v1/users', who, { headers: { 'X-Setup-Code': code } });
        const ada = await client.login('ada');
        const { id, job_id } = await ada.upload('cards.wav', speech(1), '');
        await ada.job_end(job_id);
        assert.ok((await ada.get(`/api/v1/files/${id}/content`)).bytes.equals(speech(1)));
        assert.ok(s3.objects.size > 0 && s3.refused.length === 0, `${s3.refused}`);
        const figures = String((await send(metrics, 'GET', '/metrics')).bytes);
        assert.match(figures, /^job_processing_duration_seconds_count\{[^}]*transcribe[^}]*\} [1-9]/m, 'it was the worker that did the job');
        assert.deepEqual(await Promise.all(both.map((one) => one.end('SIGTERM'))), [0, 0], told());
    } finally {
        await Promise.all(both.map((one) => one.end('SIGKILL')));
        await s3.end();
        await postgres?.remove();
        spawnSync('umount', ['/etc/hosts']);
    }
}

function master_key(file) {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, randomBytes(32), { mode: 0o400 });
}

test('server and worker of the compose file find database and store, answer at its ports, do a job and stop', async () => {
    const [{ services, secrets: files }] = yaml('contrib/compose/compose.yml');
    const say = (text) => String(text).replace(/\$\{(\w+)(?::\?[^}]*)?\}/g, (all, name) => secrets[name] ?? assert.fail(`nobody sets ${name}`)).replaceAll('$$', '$');
    const given = (of) => Object.fromEntries(Object.entries(of.environment).map(([name, value]) => [name, say(value)]));
    const { server, worker, database, store, bucket } = services;
    for (const name of server.secrets) {
        assert.ok(files[name].file);
        master_key(`/run/secrets/${name}`); // where compose puts it
    }
    const { username, password, pathname } = new URL(given(server).KINORA_DATABASE_URL);
    assert.deepEqual([username, password, pathname.slice(1)],
        [given(database).POSTGRES_USER, given(database).POSTGRES_PASSWORD, given(database).POSTGRES_DB]);
    const [, published, port] = server.ports[0].split(':');
    const asked = / (http:\S+)$/.exec(worker.healthcheck.test)[1];
    await try_deployment({ names: Object.keys(services), database: given(database).POSTGRES_DB,
        store: { bucket: / store\/(\S+)$/.exec(bucket.entrypoint.at(-1))[1], access_key: given(store).MINIO_ROOT_USER, secret_key: given(store).MINIO_ROOT_PASSWORD },
        server: { words: server.command, env: given(server) }, worker: { words: worker.command, env: given(worker) },
        probes: [`http://127.0.0.1:${port}/ready`, asked], metrics: new URL(asked).origin,
        origin: `http://127.0.0.1:${port}` });
    assert.equal(published, port);
});

test('server and worker of the manifests of Kubernetes find database and store, answer their probes, do a job and stop', async () => {
    const all = manifests();
    const of_kind = (file, kind) => all.get(file).find((one) => one.kind === kind);
    // The secret as the head of kustomization.yaml makes it.
    const made = fs.readFileSync(new URL('../../contrib/kubernetes/kustomization.yaml', import.meta.url), 'utf8');
    const secret = Object.fromEntries([...made.matchAll(/--from-literal=([a-z-]+)=(\S+)/g)].map(([, name, value]) =>
        [name, value.replace('$POSTGRES', secrets.POSTGRES_PASSWORD).replace('$STORE', secrets.STORE_PASSWORD).replace(/^\$\(openssl.*$/, 'a-code')]));
    const value_of = ({ name, value, valueFrom }) => value ?? secret[valueFrom.secretKeyRef.key] ?? assert.fail(`nobody makes the secret of ${name}`);
    const given = (container) => ({ ...(container.envFrom ? of_kind('settings.yaml', 'ConfigMap').data : {}),
        ...Object.fromEntries(container.env.map((one) => [one.name, value_of(one)])) });
    const container = (file, kind) => of_kind(file, kind).spec.template.spec.containers[0];
    const [server, worker] = ['server.yaml', 'worker.yaml'].map((file) => container(file, 'Deployment'));
    const [database, store] = [given(container('database.yaml', 'StatefulSet')), given(container('store.yaml', 'StatefulSet'))];
    const here = (env) => ({ ...env, KINORA_MASTER_KEY_FILE: path.join(KEYS, path.basename(env.KINORA_MASTER_KEY_FILE)) });
    master_key(here(given(server)).KINORA_MASTER_KEY_FILE);
    const { username, password, pathname } = new URL(given(server).KINORA_DATABASE_URL);
    assert.deepEqual([username, password, pathname.slice(1)], [database.POSTGRES_USER, database.POSTGRES_PASSWORD, database.POSTGRES_DB]);
    const probes = [server, worker].flatMap(({ livenessProbe, readinessProbe }) => [livenessProbe, readinessProbe])
        .map(({ httpGet }) => `http://127.0.0.1:${httpGet.port}${httpGet.path}`);
    const { annotations } = of_kind('worker.yaml', 'Deployment').spec.template.metadata;
    await try_deployment({ names: [...all.values()].flat().filter(({ kind }) => kind === 'Service').map(({ metadata }) => metadata.name),
        database: database.POSTGRES_DB,
        store: { bucket: / store\/(\S+)$/.exec(container('store.yaml', 'Job').command.at(-1))[1], access_key: store.MINIO_ROOT_USER, secret_key: store.MINIO_ROOT_PASSWORD },
        server: { words: server.args, env: here(given(server)) }, worker: { words: worker.args, env: here(given(worker)) },
        probes, metrics: `http://127.0.0.1:${annotations['prometheus.io/port']}`,
        origin: `http://127.0.0.1:${of_kind('server.yaml', 'Service').spec.ports[0].targetPort}` });
});
