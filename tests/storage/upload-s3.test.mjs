// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that upload.test.mjs says, said of a server whose files are in an object store.
process.env.KINORA_TEST_STORE = 's3';
await import('./upload.test.mjs');
