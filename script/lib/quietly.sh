# SPDX-License-Identifier: GPL-3.0-or-later
# quietly COMMAND...: runs it without a word; when it fails, says what it said (less the progress of meson and ninja)
# and ends the script. $log keeps what it said until the next.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT TERM
quietly() {
    "$@" >"$log" 2>&1 </dev/null || {
        grep -vE '^\[[0-9]+/[0-9]+\] |^(Compiler for|Run-time dependency|Dependency|Library|Program|Found|Host machine|Build (dir|type)|Source dir|Project|C (compiler|linker)|Version:|The Meson|Checking)' "$log" >&2 || true
        echo "${0##*/}: '$*' failed; what it said is above" >&2
        exit 1
    }
}
