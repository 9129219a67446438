// SPDX-License-Identifier: GPL-3.0-or-later
// How the app becomes files; script/web-build calls this and says where they go.
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const work = path.resolve(process.env.KINORA_WEB_WORK);

export default {
    root: here,
    base: '/web/',
    publicDir: false,
    cacheDir: path.join(work, 'cache'),
    resolve: { alias: { 'kinora:properties': path.join(work, 'made/properties.ts') } },
    esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
    build: {
        outDir: path.join(work, 'dist'),
        emptyOutDir: true,
        assetsDir: '',
        assetsInlineLimit: 0,
        target: 'es2022',
        modulePreload: { polyfill: false },
        reportCompressedSize: false,
    },
    logLevel: 'warn',
    clearScreen: false,
};
