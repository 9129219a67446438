// SPDX-License-Identifier: GPL-3.0-or-later
// packaging/store.mjs: an object store in memory, for script/test-package. Prints the settings that point Kinora at it, then serves until it
// is ended.
import { store_env } from '../tests/storage/lib/store.mjs';
import { S3Fake } from '../tests/storage/lib/s3-fake.mjs';

const store = await S3Fake.start();
for (const [name, value] of Object.entries(store_env(store, { KINORA_S3_TIMEOUT: '60' })))
    console.log(`${name}=${value}`);
