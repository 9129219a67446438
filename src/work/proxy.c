// SPDX-License-Identifier: GPL-3.0-or-later
// The job "proxy" of a film or recording: a film that browsers can play where they cannot play the original, and of
// every film one that the editor seeks in quickly. Films are encoded in pieces of a minute or more, as parts, so that
// all cores work and more urgent jobs come in between; pieces wait in the cache until they are joined.
#include <math.h>

#include "domain/cache.h"
#include "work/derive.h"
#include "work/job_kind.h"
#include "work/render.h"

// A join takes at most 1024 inputs, whatever the length of the film.
enum { PIECE_SECONDS = 60, PIECES_MAX = 500 };

struct recipe {
    enum derivative_kind kind;
    int side, fps_most, crf; // of the short side, pixels
    double key_seconds;      // 0: 12 frames
    bool has_sound;
};
static const struct recipe recipes[] = {
    { DERIVATIVE_EDIT, 480, 30, 26, 0, false },
    { DERIVATIVE_PROXY, 720, 60, 23, 2, true },
};
enum { RECIPES = sizeof recipes / sizeof *recipes };

struct plan {
    struct run *run;
    const struct derive *derive;
    json_t *parts, *films; // [params of a part], [{"kind", "fps", "keys", "sound"}]
};

// Adds a piece; it becomes a part unless an earlier attempt left it in the cache.
static error add_piece(struct plan *plan, str key, const char *op, json_t *params)
{
    struct cache_entry entry;
    bool found;
    json_t *part = json_pack("{s:s, s:o, s:o, s:[{s:o}]}", "op", op, "params", params, "key", json_str(key), "inputs",
        "blob", json_str(plan->derive->media.blob_id));
    json_keep(plan->run->scope.arena, part);
    TRY(cache_get(&plan->run->scope, key, &entry, &found));
    if (!found)
        json_array_append(plan->parts, part);
    return OK;
}

static str key_of(const struct plan *plan, const char *kind, int64_t number)
{
    return str_format(
        plan->run->scope.arena, "proxy:%.*s:%s:%lld", STR_ARGS(plan->derive->media.id), kind, (long long)number);
}

static error add_pictures(struct plan *plan, const struct recipe *recipe, int fps, json_t *keys)
{
    const struct opt_number *duration = &plan->derive->media.duration;
    int64_t total = duration->set ? llround(fmax(1, duration->value * fps)) : 0;
    double seconds = fmax(PIECE_SECONDS, (duration->set ? duration->value : 0) / PIECES_MAX);
    int64_t longest = llround(ceil(seconds)) * fps, count = total ? (total + longest - 1) / longest : 1;
    int key_frames = recipe->key_seconds > 0 ? (int)(recipe->key_seconds * fps) : 12;
    for (int64_t i = 0; i < count; i++) {
        str key = key_of(plan, derivative_names[recipe->kind], i);
        int64_t first = i * longest, frames = total - first < longest ? total - first : longest;
        json_t *params = json_pack("{s:i, s:i, s:i, s:i, s:I}", "side", recipe->side, "fps", fps, "crf", recipe->crf,
            "key_frames", key_frames, "first_frame", (json_int_t)first);
        if (total) // else the engine goes on to the end
            json_object_set_new(params, "frame_count", json_integer((json_int_t)frames));
        json_array_append_new(keys, json_str(key));
        TRY(add_piece(plan, key, "proxy.pictures", params));
    }
    return OK;
}

static error add_film(struct plan *plan, const struct recipe *recipe)
{
    double rate = round(json_get_number(plan->derive->probe, "fps", 30));
    int fps = (int)fmin(fmax(rate, 1), recipe->fps_most);
    bool sound = recipe->has_sound && plan->derive->media.has_audio;
    json_t *keys = json_array();
    json_array_append_new(plan->films, json_pack("{s:s, s:i, s:o, s:b}", "kind", derivative_names[recipe->kind], "fps",
                                           fps, "keys", keys, "sound", sound));
    TRY(add_pictures(plan, recipe, fps, keys));
    if (!sound)
        return OK;
    str key = key_of(plan, "sound", 0);
    json_array_append_new(keys, json_str(key));
    return add_piece(plan, key, "proxy.sound", json_pack("{s:s}", "format", "matroska"));
}

static error make_sound(struct run *run, const struct derive *derive)
{
    bool lacks;
    struct derivative_made made;
    TRY(derive_lacks(run, derive, DERIVATIVE_PROXY, &lacks));
    if (!lacks)
        return run_complete(run, NULL, NULL, NULL);
    TRY(derive_make(
        run, derive, "proxy.sound", json_pack("{s:s}", "format", "m4a"), DERIVATIVE_PROXY, "audio/mp4", &made));
    return run_complete(run, NULL, derive_put, &made);
}

static error start(struct run *run)
{
    struct derive derive;
    struct arena *arena = run->scope.arena;
    TRY(derive_open(run, &derive));
    if (str_equal(derive.media.media_type, STR("audio")))
        return make_sound(run, &derive);
    struct plan plan = {
        .run = run, .derive = &derive, .parts = json_keep(arena, json_array()), .films = json_array()
    };
    json_t *facts = json_keep(arena, json_pack("{s:o}", "films", plan.films));
    for (size_t i = 0; i < RECIPES; i++) {
        bool lacks;
        TRY(derive_lacks(run, &derive, recipes[i].kind, &lacks));
        if (lacks)
            TRY(add_film(&plan, &recipes[i]));
    }
    size_t count = json_array_size(plan.parts);
    json_t **parts = ARENA_ARRAY(arena, json_t *, count);
    for (size_t i = 0; i < count; i++)
        parts[i] = json_array_get(plan.parts, i);
    return run_fan_out(run, parts, count, facts);
}

static error part(struct run *run)
{
    struct render_made made = { .key = json_get_str(run->params, "key") };
    json_t *facts;
    TRY(render_make(run, run->params, &made.blob, &facts));
    made.facts = facts;
    return run_complete(run, facts, render_put, &made);
}

static error join_film(struct run *run, const json_t *film, struct derivative_made *ret_made)
{
    struct derivative_made made = { .mime_type = STR("video/mp4") };
    const json_t *keys = json_object_get(film, "keys"), *key;
    json_t *inputs = json_array(), *facts;
    size_t i, count = json_array_size(keys);
    bool sound = json_get_bool(film, "sound", false);
    json_array_foreach (keys, i, key)
        json_array_append_new(inputs, json_pack("{s:O}", "cache", key));
    json_t *params = json_pack("{s:i, s:o, s:s, s:I}", "segments", (int)count - sound, "audio",
        sound ? json_integer((json_int_t)count - 1) : json_null(), "format", "mp4", "fps",
        (json_int_t)json_get_int(film, "fps", 30));
    json_t *piece = json_keep(
        run->scope.arena, json_pack("{s:s, s:o, s:o}", "op", "render.join", "params", params, "inputs", inputs));
    bool known = derivative_by_name(json_get_str(film, "kind"), &made.kind);
    ASSERT(known);
    TRY(render_make(run, piece, &made.blob, &facts));
    made.width = json_get_int(facts, "width", 0);
    made.height = json_get_int(facts, "height", 0);
    *ret_made = made;
    return OK;
}

struct finished {
    const json_t *films;
    struct derivative_made made[RECIPES];
};

static error put_all(struct scope *scope, const struct run *run, void *context)
{
    const struct finished *finished = context;
    const json_t *film, *key;
    size_t i, k;
    json_array_foreach (finished->films, i, film) {
        TRY(derivative_put(scope, run->job.media_id, &finished->made[i]));
        json_array_foreach (json_object_get(film, "keys"), k, key)
            TRY(cache_drop(scope, str_of(json_string_value(key))));
    }
    return OK;
}

static error join(struct run *run)
{
    struct finished finished = { 0 };
    json_t *facts;
    TRY(json_read(run->scope.arena, run->job.result.text, &facts));
    finished.films = json_object_get(facts, "films");
    size_t count = json_array_size(finished.films);
    ASSERT(count <= RECIPES);
    for (size_t i = 0; i < count; i++) {
        run_share(run, (double)i / (double)count, (double)(i + 1) / (double)count);
        TRY(join_film(run, json_array_get(finished.films, i), &finished.made[i]));
    }
    return run_complete(run, NULL, put_all, &finished);
}

const struct job_kind proxy_kind = { "proxy", start, part, join };
