// SPDX-License-Identifier: GPL-3.0-or-later
// Servers whose files are in an object store.
import { randomBytes } from 'node:crypto';
import { wav } from '../../api/lib/media.mjs';
import { Server } from '../../api/lib/server.mjs';
import { S3Fake } from './s3-fake.mjs';

// The settings that point a server or a command at a store (an S3Fake or a Swift).
export function store_env(store, more = {}) {
    return { KINORA_S3_ENDPOINT: store.endpoint, KINORA_S3_ACCESS_KEY: store.keys.access_key, KINORA_S3_SECRET_KEY: store.keys.secret_key,
        KINORA_S3_REGION: store.region ?? 'us-east-1', KINORA_S3_BUCKET: 'kinora', KINORA_S3_TIMEOUT: '2', ...more };
}

// A server on the disk, or on a fake of its own with KINORA_TEST_STORE=s3; blobs() then tells what is there as well.
export async function start_server({ env = {}, ...options } = {}) {
    if (process.env.KINORA_TEST_STORE !== 's3')
        return Server.start({ env, ...options });
    const fake = await S3Fake.start();
    const server = new Server({ env: { ...store_env(fake), ...env }, ...options });
    Object.assign(server, {
        blobs: () => [...Server.prototype.blobs.call(server), ...fake.objects.keys(), ...fake.uploads.keys()],
        remove: async () => {
            await Server.prototype.remove.call(server);
            await fake.remove();
        },
    });
    return server.start();
}

// A sound of random samples: media that does not shrink.
export function noise(megabytes) {
    const head = wav(0);
    const bytes = Buffer.concat([head, randomBytes(megabytes * 1_000_000)]);
    bytes.writeUInt32LE(bytes.length - 8, 4);
    bytes.writeUInt32LE(bytes.length - 44, 40);
    return bytes;
}
