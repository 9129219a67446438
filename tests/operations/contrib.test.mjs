// SPDX-License-Identifier: GPL-3.0-or-later
// What contrib/ and packaging/ name of Kinora exists: settings, commands, options. A renamed setting would else be noticed by
// whoever starts from these files.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { repository, run } from '../api/lib/server.mjs';
import { manifests, read, yaml } from './lib/contrib.mjs';

const help = (...words) => run([...words, '--help'], { env: { KINORA_CONFIG: '/dev/null' } }).stdout;
const settings = [...help('serve').matchAll(/^ {2}--(\S+) +(\S+)/mg)].map(([, flag, variable]) => ({ flag, variable, name: flag.replaceAll('-', '_') }));
const variables = new Set(settings.map(({ variable }) => variable));
const commands = new Map([...help().matchAll(/^ {2}([a-z-]+) /mg)].map(([, name]) => [name, help(name)]));

// The words behind `kinora`: a command, and options and settings that it takes.
function check_words(where, [command, ...words]) {
    assert.ok(commands.has(command), `${where}: kinora ${command}`);
    for (const word of words.filter((one) => one.startsWith('--')))
        assert.ok(commands.get(command).includes(` ${word} `) || settings.some(({ flag }) => `--${flag}` === word), `${where}: kinora ${command} ${word}`);
}

function check_variables(where, names) {
    assert.ok(names.length > 3, `${where} sets something`);
    for (const name of names)
        assert.ok(variables.has(name), `${where}: there is no setting ${name}`);
}

test('the compose file can be read, and what it gives Kinora exists', () => {
    const [{ services, secrets, volumes }] = yaml('contrib/compose/compose.yml');
    assert.deepEqual(Object.keys(services).sort(), ['bucket', 'database', 'server', 'store', 'worker']);
    for (const name of ['server', 'worker']) {
        check_words(name, services[name].command);
        check_variables(name, Object.keys(services[name].environment));
        assert.deepEqual([services[name].user, services[name].cap_drop, services[name].read_only], ['900:900', ['ALL'], true]);
        assert.ok(services[name].secrets.every((one) => secrets[one]));
    }
    assert.ok(fs.existsSync(path.join(repository, 'contrib/compose', services.server.build.context, services.server.build.dockerfile)));
    for (const { image, volumes: mounts = [], depends_on = [] } of Object.values(services)) {
        assert.match(image, /^kinora$|^docker\.io\/.*:.*\d/, 'the images of others are named with a version');
        assert.ok(mounts.every((mount) => mount.split(':')[0] in volumes), String(mounts));
        assert.ok(depends_on.every((one) => services[one]));
    }
});

test('the manifests of Kubernetes can be read, and what they give Kinora exists', () => {
    const all = manifests();
    const [{ resources }] = all.get('kustomization.yaml');
    assert.deepEqual([...resources, 'kustomization.yaml'].sort(), [...all.keys()].sort());
    const [{ data }] = all.get('settings.yaml');
    check_variables('settings.yaml', Object.keys(data));
    for (const name of ['server', 'worker']) {
        const { spec } = all.get(`${name}.yaml`).find(({ kind }) => kind === 'Deployment').spec.template;
        const [container] = spec.containers;
        check_words(name, container.args);
        check_variables(name, [...Object.keys(data), ...container.env.map((one) => one.name)]);
        assert.ok(spec.terminationGracePeriodSeconds > Number(data.KINORA_DRAIN_TIMEOUT));
        assert.equal(spec.securityContext.runAsUser, 900);
        assert.ok(container.volumeMounts.every((mount) => spec.volumes.some((volume) => volume.name === mount.name)));
        assert.equal(path.dirname(data.KINORA_MASTER_KEY_FILE), container.volumeMounts.find((mount) => mount.name === 'keys').mountPath);
        for (const probe of [container.livenessProbe, container.readinessProbe])
            assert.equal(probe.httpGet.port, container.ports[0].containerPort);
        const [key] = spec.initContainers;
        assert.equal(key.command.at(-1), data.KINORA_MASTER_KEY_FILE);
        assert.equal(path.dirname(key.command.at(-2)), key.volumeMounts.find((mount) => mount.name === 'secret').mountPath);
    }
});

// What kubectl would refuse, or take and never bring to life.
test('the manifests of Kubernetes are of known kinds, select what is there, and mention only secrets that their head makes', () => {
    const versions = { Service: 'v1', ConfigMap: 'v1', Ingress: 'networking.k8s.io/v1', Deployment: 'apps/v1', StatefulSet: 'apps/v1', Job: 'batch/v1',
        Kustomization: 'kustomize.config.k8s.io/v1beta1' };
    const all = [...manifests().values()].flat();
    for (const { kind, apiVersion } of all)
        assert.equal(apiVersion, versions[kind], kind);
    const workloads = all.filter(({ spec }) => spec?.template).map(({ spec, metadata }) => ({ ...spec, name: metadata.name }));
    const services = all.filter(({ kind }) => kind === 'Service');
    for (const { selector, template, name, serviceName } of workloads) {
        if (selector)
            assert.deepEqual(selector.matchLabels, template.metadata.labels, name);
        if (serviceName)
            assert.ok(services.some(({ metadata }) => metadata.name === serviceName), name);
    }
    for (const { metadata, spec } of services) {
        const behind = workloads.find(({ template }) => JSON.stringify(template.metadata?.labels) === JSON.stringify(spec.selector));
        const ports = behind?.template.spec.containers[0].ports.map(({ containerPort }) => containerPort);
        assert.ok(spec.ports.every(({ port, targetPort }) => ports?.includes(targetPort ?? port)), metadata.name);
    }
    for (const { spec } of all.filter(({ kind }) => kind === 'Ingress'))
        for (const { backend: { service } } of spec.rules.flatMap(({ http }) => http.paths))
            assert.ok(services.some(({ metadata, spec: { ports } }) => metadata.name === service.name && ports.some(({ port }) => port === service.port.number)), service.name);
    const head = read('contrib/kubernetes/kustomization.yaml');
    const text = JSON.stringify(workloads);
    const secrets = [...text.matchAll(/"secretName":"([^"]+)"/g)].map(([, name]) => name);
    const keys = [...text.matchAll(/"secretKeyRef":\{"name":"([^"]+)","key":"([^"]+)"\}/g)];
    assert.ok(secrets.length >= 2 && keys.length >= 6, text);
    for (const name of [...secrets, ...keys.map(([, name]) => name)])
        assert.match(head, new RegExp(`create secret generic ${name} `), name);
    for (const [, , key] of keys)
        assert.match(head, new RegExp(`--from-literal=${key}=`), key);
    for (const image of text.matchAll(/"image":"([^"]+)"/g))
        assert.match(image[1], /^kinora$|^docker\.io\/.*:.*\d/, 'the images of others are named with a version');
});

test('the container\'s file makes the package, ends as a user without rights, and names what exists', () => {
    const lines = read('contrib/container/Containerfile').split('\n');
    const of = (word) => lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
    assert.ok(of('FROM').every((image) => image.startsWith('docker.io/library/debian:12')));
    assert.ok(of('RUN').some((line) => /\bscript\/package --output \/out$/.test(line)));
    assert.deepEqual(of('USER'), ['900:900']);
    const installed = read('script/package');
    assert.match(installed, new RegExp(`^put 755 \\S+ ${JSON.parse(of('ENTRYPOINT')[0])[0]}$`, 'm'), 'the package has the program there');
    check_words('CMD', JSON.parse(of('CMD')[0]));
    const listen = /\bKINORA_LISTEN=0\.0\.0\.0:(\d+)/.exec(of('ENV').join(' '))[1];
    assert.deepEqual(of('EXPOSE'), [listen]);
    assert.equal(of('HEALTHCHECK').length, 1);
    const ask = JSON.parse(/CMD (\[.*\])$/.exec(of('HEALTHCHECK')[0])[1]);
    assert.equal(ask.at(-1), `http://127.0.0.1:${listen}/health`);
    assert.match(of('RUN').at(-1), new RegExp(` ${ask[0]} `), 'what asks for the health is installed');
    assert.deepEqual(of('VOLUME'), [/^data = (\S+)$/m.exec(read('packaging/debian/kinora.conf'))[1]]);
    assert.match(of('RUN').join('\n'), /adduser .*--uid 900 .*\bkinora$/m);
    for (const [name] of read('contrib/container/Containerfile').matchAll(/\bKINORA_\w+/g))
        assert.ok(variables.has(name), name);
});

test('every setting in the package\'s configuration exists, and its units run what is there', () => {
    const named = [...read('packaging/debian/kinora.conf').matchAll(/^#?([a-z_0-9]+) =/mg)].map(([, name]) => name);
    assert.ok(named.length > 10);
    for (const name of named)
        assert.ok(settings.some((setting) => setting.name === name), name);
    assert.match(read('packaging/debian/service.common'), /^NoNewPrivileges=yes$/m);
    for (const name of ['kinora', 'kinora-worker']) {
        const unit = read(`packaging/debian/${name}.service`);
        const [, words] = /^ExecStart=\/usr\/bin\/kinora (.*)$/m.exec(unit);
        check_words(name, words.split(' '));
        assert.match(unit, /^@common@$/m);
        for (const [, variable] of unit.matchAll(/^Environment=(\w+)=/mg))
            assert.ok(variables.has(variable), variable);
    }
    check_variables('worker.env', [...read('packaging/debian/worker.env').matchAll(/^#?([A-Z_0-9]+)=/mg)].map(([, name]) => name));
});

test('man pages and completion can be made of the help', () => {
    const folder = fs.mkdtempSync(path.join(process.env.TMPDIR ?? '/tmp', 'kinora-manual-'));
    const { status, stderr } = spawnSync('node', [path.join(repository, 'packaging/manual.mjs'),
        path.join(process.env.KINORA_BUILD ?? path.join(repository, 'build'), 'kinora'), folder, '2026-01-01'], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const pages = fs.readdirSync(path.join(folder, 'man'));
    for (const name of commands.keys())
        assert.ok(pages.includes(`kinora-${name}.1`), name);
    const page = fs.readFileSync(path.join(folder, 'man/kinora.conf.5'), 'utf8');
    for (const { name } of settings)
        assert.ok(page.includes(`\n.B ${name}\n`), name);
    const answer = spawnSync('bash', ['-c', '. "$0"; COMP_WORDS=(kinora serve --metr); COMP_CWORD=2; _kinora; echo "${COMPREPLY[@]}"',
        path.join(folder, 'completion/kinora')], { encoding: 'utf8' });
    assert.equal(answer.stdout.trim(), '--metrics-listen', answer.stderr);
    fs.rmSync(folder, { recursive: true });
});
