# SPDX-License-Identifier: GPL-3.0-or-later
# . script/lib/npm.sh: installs the npm packages of the tests, as tests/package-lock.json names them, unless they are
# there. Without a network only the tests that use them fail.
if ! [ tests/node_modules/.package-lock.json -nt tests/package-lock.json ]; then
    command -v npm >/dev/null || script/bootstrap npm
    (cd tests && npm ci --ignore-scripts --no-audit --no-fund --silent) ||
        echo "The npm packages of the tests could not be installed; run 'npm ci' in tests/" >&2
fi
