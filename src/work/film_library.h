// SPDX-License-Identifier: GPL-3.0-or-later
// Where the films of the server take their assets from: the library of those who may open the video.
#pragma once

#include "domain/scope.h"
#include "work/film.h"

struct film_library {
    struct scope *scope;
    str video_id;
    bool draft; // films are seen by their editing proxies where there are any: small and quick to seek in
    // Looks into a file that was found, before anything is made of it; NULL: what it said at its upload is believed.
    error (*look)(void *context, const struct film_asset *asset);
    void *look_context;
};
// struct film_source's resolve; `library` is a struct film_library. An asset's handle is its blob's id (const char *).
MUST_USE error film_library_find(void *library, struct film_asset *asset);
// What is laid over the actor's films, by plan: ours over those of free whatever is wanted, the video's own over those
// of business. `wanted` is a JSON boolean, or NULL for what the plan has.
void film_library_mark(
    const struct scope *scope, const json_t *document, const json_t *wanted, struct film_options *options);
