// SPDX-License-Identifier: GPL-3.0-or-later
// The tests' S3 at the port and with the keys of the image in whose place it stands.
import { S3Fake } from '../../tests/storage/lib/s3-fake.mjs';

const { MINIO_ROOT_USER: access_key, MINIO_ROOT_PASSWORD: secret_key } = process.env;
const store = new S3Fake({ access_key, secret_key, region: 'us-east-1', address: '0.0.0.0' });
store.port = 9000;
await store.begin();
process.on('SIGTERM', () => process.exit(0));
