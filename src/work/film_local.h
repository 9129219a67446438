// SPDX-License-Identifier: GPL-3.0-or-later
// Films made on this machine from local files, without server or store.
#pragma once

#include "domain/package.h"
#include "work/film.h"
#include "work/local_pool.h"

struct film_local {
    struct arena *arena;
    struct local_pool *pool; // a plain one
    const char *folder;      // that relative names of assets start from
    struct package *package; // holds all assets in place of the folder; NULL: none
    const char *scratch;     // folder for what is under way
    struct warnings *warnings;
    // May be NULL: told 0..1 over the whole, never less than before.
    void (*progress)(void *context, double done);
    void *context;
    const char *engine_path; // of kinora-engine; not for previews
};

// Makes the film and gives it the name `target` at the end; nothing is left behind on failure. *ret_film
// tells what was made.
MUST_USE error film_local_make(const struct film_local *local, const json_t *project,
    const struct film_options *options, const char *target, const struct film **ret_film);
// One frame as "png" or "jpeg". Nothing is spoken: scenes have their nominal durations.
MUST_USE error film_local_preview(const struct film_local *local, const json_t *project,
    const struct film_options *options, double seconds, int width, const char *target, const char *format);
