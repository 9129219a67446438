// SPDX-License-Identifier: GPL-3.0-or-later
// A reporter for Node's test runner (18 and later): one JSON line a test, for script/test to count.
// A test that is skipped or left for later has not passed.
import { inspect } from 'node:util';

const line = (told) => JSON.stringify({ kinora: 'test', ...told }) + '\n';

// Node wraps what was thrown; the cause is what helps.
function log_of(error) {
    const cause = error?.cause ?? error;
    return cause?.stack ?? inspect(cause);
}

export default async function* report(source) {
    for await (const { type, data } of source) {
        if (type !== 'test:pass' && type !== 'test:fail')
            continue;
        const suite = data.details?.type === 'suite';
        const left = data.skip !== undefined && data.skip !== false ? 'was skipped'
            : data.todo !== undefined && data.todo !== false ? 'is left for later' : '';
        // A file in which nothing was tested is reported as a test of that name.
        const empty = type === 'test:pass' && /\.mjs$/.test(data.name);
        if (type === 'test:fail')
            // A suite fails through its tests, which are told themselves, or through its hooks.
            yield suite && data.details?.error?.failureType === 'subtestsFailed' ? ''
                : line({ name: data.name, ok: false, log: log_of(data.details?.error) });
        else if (left || empty)
            yield line({ name: `${data.name} ${left || 'tests nothing'}`, ok: false, log: '' });
        else if (!suite)
            yield line({ name: data.name, ok: true });
    }
}
