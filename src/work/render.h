// SPDX-License-Identifier: GPL-3.0-or-later
// The job "render" {quality, aspect_ratio, format, fps, preset, allow_missing,
// include_watermark, scenes, full_regeneration} of a video: the film
// is planned once, in `start`, from the video as it is then; voices are spoken; each piece (a segment of pictures, the
// sound) that the cache does not have becomes a part that knows all it needs; `join` puts the pieces together.
#pragma once

#include "work/film.h"
#include "work/job_kind.h"

// Of keys. The number goes up whenever the same document becomes other bytes.
#define RENDERER "kinora " KINORA_VERSION " renderer 2"

// A piece as the params of its part: {"op", "key", "params", "inputs": [{"blob"} | {"cache"}], "scene", "scenes"}.
struct render_piece {
    str key;
    json_t *part; // in the arena
    double weight;
    bool is_cached;
};
struct render_plan {
    struct film *film;
    struct warnings warnings;
    struct render_piece *pieces; // segments in the order of the film, then the sound
    size_t piece_count;
};
// Plans the film of the run's job, down to its pieces.
MUST_USE error render_plan(struct run *run, struct render_plan *ret_plan);
// Speaks the voices of a film that is planned (plan->film, plan->warnings) and lists its pieces.
MUST_USE error render_pieces(struct run *run, struct render_plan *plan);
// Splits the job: the pieces that the cache does not have become its parts, the heaviest first. `more` (its reference
// is taken) is added to what `join` is told: {"scenes", "film_name", "warnings", "keys", "join"}.
MUST_USE error render_split(struct run *run, const struct render_plan *plan, json_t *more);
// The step `part` of all that is split so: makes its piece, which goes to the cache.
MUST_USE error render_part(struct run *run);
// Puts the pieces together, by what render_split told: the film is left in a new blob, which no row knows yet.
MUST_USE error render_join_pieces(struct run *run, const struct film_format *format, const json_t *plan,
    struct blob_info *ret_blob, json_t **ret_facts);
// Lets what was used least recently go, down to the setting render_cache_bytes.
MUST_USE error render_keep_cache_small(struct run *run);
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
