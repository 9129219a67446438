// SPDX-License-Identifier: GPL-3.0-or-later
// The job "derive" of a media file makes what takes a second or two: thumbnail, poster, waveform, and a JPEG of a
// picture that browsers cannot show. What takes longer it leaves to a job "proxy" of a lower priority. What could not
// be made does not hinder the rest; the job then fails, and another attempt makes only what is missing.
#include "work/derive.h"

#include "work/job_kind.h"
#include "work/playable.h"
#include "work/render.h"

enum { THUMBNAIL_SIDE = 480, POSTER_SIDE = 1280, PICTURE_SIDE = 2560 };

static bool is_kind(const struct derive *derive, const char *kind)
{
    return str_equal_c(derive->media.media_type, kind);
}

error derive_open(struct run *run, struct derive *ret_derive)
{
    TRY(media_get(&run->scope, run->job.media_id, &ret_derive->media));
    return json_read(run->scope.arena, ret_derive->media.probe.text, &ret_derive->probe);
}

bool derive_wants(const struct derive *derive, enum derivative_kind kind)
{
    switch (kind) {
    case DERIVATIVE_THUMBNAIL:
        return !is_kind(derive, "audio");
    case DERIVATIVE_POSTER:
        return is_kind(derive, "video");
    case DERIVATIVE_WAVEFORM:
        return derive->media.has_audio;
    case DERIVATIVE_PROXY:
        return !playable_in_browsers(derive->probe);
    case DERIVATIVE_EDIT: // H.264 has no transparency, and what is seen through must look the same in a preview
        return is_kind(derive, "video") && !json_get_bool(derive->probe, "has_alpha", false);
    default:
        return false;
    }
}

error derive_lacks(struct run *run, const struct derive *derive, enum derivative_kind kind, bool *ret_lacks)
{
    struct derivative there;
    bool found = false;
    if (derive_wants(derive, kind))
        TRY(derivative_get(&run->scope, derive->media.id, kind, &there, &found));
    *ret_lacks = derive_wants(derive, kind) && !found;
    return OK;
}

error derive_put(struct scope *scope, const struct run *run, void *made)
{
    return derivative_put(scope, run->job.media_id, made);
}

error derive_make(struct run *run, const struct derive *derive, const char *op, json_t *params,
    enum derivative_kind kind, const char *mime_type, struct derivative_made *ret_made)
{
    struct derivative_made made = { .kind = kind };
    json_t *facts, *piece = json_keep(run->scope.arena, json_pack("{s:s, s:o, s:[{s:o}]}", "op", op, "params", params,
                                                            "inputs", "blob", json_str(derive->media.blob_id)));
    TRY(render_make(run, piece, &made.blob, &facts));
    str mime = json_get_str(facts, "mime");
    made.mime_type = mime.data ? mime : str_of(mime_type);
    made.width = json_get_int(facts, "width", 0);
    made.height = json_get_int(facts, "height", 0);
    *ret_made = made;
    return OK;
}

// What is made here, in the order of how soon it is looked for.
struct recipe {
    enum derivative_kind kind;
    const char *op, *name, *mime_type;
    int side;
    bool only_jpeg;
};
static const struct recipe recipes[] = {
    { DERIVATIVE_THUMBNAIL, "picture.thumbnail", "thumbnail", NULL, THUMBNAIL_SIDE, false },
    { DERIVATIVE_POSTER, "picture.thumbnail", "poster", NULL, POSTER_SIDE, true },
    { DERIVATIVE_PROXY, "picture.thumbnail", "picture for browsers", NULL, PICTURE_SIDE, true },
    { DERIVATIVE_WAVEFORM, "sound.waveform", "waveform", "application/json", 0, false },
};
enum { RECIPES = sizeof recipes / sizeof *recipes };

static error make(struct run *run, const struct derive *derive, const struct recipe *recipe)
{
    bool lacks, is_film = is_kind(derive, "video") || is_kind(derive, "audio");
    struct derivative_made made;
    if (recipe->kind == DERIVATIVE_PROXY && is_film) // the job "proxy" makes it
        return OK;
    TRY(derive_lacks(run, derive, recipe->kind, &lacks));
    if (!lacks)
        return OK;
    json_t *params = recipe->side ? json_pack("{s:i}", "side", recipe->side) : json_object();
    if (recipe->only_jpeg)
        json_object_set_new(params, "format", json_string("jpeg"));
    TRY(derive_make(run, derive, recipe->op, params, recipe->kind, recipe->mime_type, &made));
    return run_write(run, derive_put, &made);
}

static error queue_proxy(struct scope *scope, const struct run *run, void *context)
{
    (void)context;
    return derivative_queue_proxy(scope, run->job.media_id);
}

static error start(struct run *run)
{
    struct derive derive;
    error failed = OK;
    bool proxy, edit;
    TRY(derive_open(run, &derive));
    for (size_t i = 0; i < RECIPES; i++) {
        run_share(run, (double)i / RECIPES, (double)(i + 1) / RECIPES);
        error problem = make(run, &derive, &recipes[i]);
        TRY(run_check(run));
        if (error_is(problem) && !error_is(failed))
            failed = error_make(problem.code, NULL, "No %s could be made: %s", recipes[i].name,
                str_copy(run->scope.arena, str_of(problem.message)).data);
    }
    TRY(derive_lacks(run, &derive, DERIVATIVE_PROXY, &proxy));
    TRY(derive_lacks(run, &derive, DERIVATIVE_EDIT, &edit));
    bool is_film = is_kind(&derive, "video") || is_kind(&derive, "audio");
    run_commit next = is_film && (proxy || edit) ? queue_proxy : NULL;
    if (!error_is(failed))
        return run_complete(run, NULL, next, NULL);
    if (next)
        TRY(run_write(run, next, NULL));
    return failed;
}

const struct job_kind derive_kind = { "derive", start, NULL, NULL };
