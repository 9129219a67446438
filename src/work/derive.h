// SPDX-License-Identifier: GPL-3.0-or-later
// What the jobs "derive" and "proxy" of a media file share.
#pragma once

#include "domain/derivative.h"
#include "domain/media.h"
#include "work/run.h"

struct derive {
    struct media media;
    json_t *probe;
};
// The media file of the run's job.
MUST_USE error derive_open(struct run *run, struct derive *ret_derive);
// Whether this kind is of use for the file: what a browser can play needs no proxy, a picture has no waveform.
bool derive_wants(const struct derive *derive, enum derivative_kind kind);
// The same, and it is not there yet.
MUST_USE error derive_lacks(struct run *run, const struct derive *derive, enum derivative_kind kind, bool *ret_lacks);
// Asks the engine for what it makes of the file alone, in a new blob.
MUST_USE error derive_make(struct run *run, const struct derive *derive, const char *op, json_t *params,
    enum derivative_kind kind, const char *mime_type, struct derivative_made *ret_made);
// derivative_put as a run_commit; `made` is a struct derivative_made.
MUST_USE error derive_put(struct scope *scope, const struct run *run, void *made);
