// SPDX-License-Identifier: GPL-3.0-or-later
// Files as a C table of `struct web_file`: plain, and compressed where that is smaller.
'use strict';
const crypto = require('node:crypto');
const path = require('node:path');
const zlib = require('node:zlib');

const types = { '.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.svg': 'image/svg+xml' };

exports.digest = (data) => crypto.createHash('sha256').update(data).digest('hex').slice(0, 16);

const rows = (data) => {
    const lines = [];
    for (let at = 0; at < data.length; at += 40)
        lines.push([...data.subarray(at, at + 40)].join(','));
    return lines.join(',\n');
};

// The text of a C file with `const struct web_file TABLE[]`. `files`: [{name, data}]; a name carries a hash of its content,
// but that of a page.
exports.table = function (table, files) {
    const out = ['#include "api/web.h"', ''];
    const entries = files.map(({ name, data: plain }, number) => {
        const forms = [['plain', plain, ''], ['gzip', zlib.gzipSync(plain, { level: 9 }), '-gz'],
            ['brotli', zlib.brotliCompressSync(plain, { params: { [zlib.constants.BROTLI_PARAM_SIZE_HINT]: plain.length } }), '-br']]
            .filter(([form, data]) => form === 'plain' || data.length < plain.length);
        for (const [form, data] of forms)
            out.push(`static const unsigned char ${form}_${number}[] = {\n${rows(data)} };`);
        const fields = forms.map(([form, , mark]) => `.${form} = { ${form}_${number}, sizeof ${form}_${number}, "\\"${exports.digest(plain)}${mark}\\"" }`);
        return `    { "${name}", "${types[path.extname(name)] ?? 'application/octet-stream'}", ${!name.endsWith('.html')}, ${fields.join(', ')} },`;
    });
    out.push(`const struct web_file ${table}[] = {`, ...entries, '    { 0 },', '};', '');
    return out.join('\n');
};

const escape = (name) => name.replace(/ /g, '\\ ');
exports.dependencies = (output, inputs) => `${escape(output)}: ${inputs.map(escape).join(' ')}\n`;
