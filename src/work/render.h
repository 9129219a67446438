// SPDX-License-Identifier: GPL-3.0-or-later
// The job "render" {quality, aspect_ratio, format, fps, preset, allow_missing,
// include_watermark, scenes, full_regeneration} of a video: the film
// is planned once, in `start`, from the video as it is then; voices are spoken; each piece (a segment of pictures, the
// sound) that the cache does not have becomes a part that knows all it needs; `join` puts the pieces together.
#pragma once

#include "work/film.h"
#include "work/job_kind.h"

// Room for spoken sentences and pieces of films: some hours of film, so that a change renders little anew.
#define RENDER_CACHE_SIZE_MAX (INT64_C(20) << 30)

// A piece as the params of its part: {"op", "key", "params", "inputs": [{"blob"} | {"cache"}], "scene", "scenes"}.
struct render_piece {
    str key;
    json_t *part; // in the arena
    bool is_cached;
};
struct render_plan {
    struct film *film;
    struct warnings warnings;
    struct render_piece *pieces; // segments in the order of the film, then the sound
    size_t piece_count;
};
// Plans the film of the run's job and speaks its voices.
MUST_USE error render_plan(struct run *run, struct render_plan *ret_plan);
// {"op", "params", "inputs"}, in the run's arena.
json_t *render_piece_json(
    struct run *run, const char *op, json_t *params, const struct film_input *inputs, size_t count);
// Asks for a piece and leaves the bytes in a new blob, which no row knows yet.
MUST_USE error render_make(struct run *run, const json_t *piece, struct blob_info *ret_blob, json_t **ret_facts);
// What cache_put needs, as a run_commit.
struct render_made {
    str key;
    struct blob_info blob;
    const json_t *facts;
};
MUST_USE error render_put(struct scope *scope, const struct run *run, void *made);
