#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# stock/sources.sh OUTPUT NAME FILE...: a header that defines NAME as a hash of the files. What was made by other sources
# is made again, and nobody has to remember to count a version up.
set -eu
output=$1 name=$2
shift 2
printf '#define %s "%s"\n' "$name" "$(cat "$@" | sha256sum | cut -c1-16)" >"$output"
