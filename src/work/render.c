// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/render.h"

#include <stdlib.h>

#include "base/settings.h"
#include "domain/cache.h"
#include "domain/film_file.h"
#include "domain/media.h"

error render_put(struct scope *scope, const struct run *run, void *context)
{
    const struct render_made *made = context;
    (void)run;
    return cache_put(scope, made->key, &made->blob, made->facts);
}

static error cached_input(struct run *run, str key, struct child_input *ret_input)
{
    struct cache_entry entry;
    bool found;
    TRY(cache_get(&run->scope, key, &entry, &found));
    if (!found)
        return error_make(ERROR_UNAVAILABLE, NULL, "A piece of the film is no longer in the cache; render it again");
    return run_input(run, entry.blob_id, ret_input);
}

static error open_input(struct run *run, const json_t *input, struct child_input *ret_input)
{
    str blob_id = json_get_str(input, "blob");
    return blob_id.data ? run_input(run, blob_id, ret_input)
                        : cached_input(run, json_get_str(input, "cache"), ret_input);
}

// Asks with these inputs and leaves what the engine writes in a new blob.
static error make(struct run *run, const char *op, const json_t *params, const struct child_input *inputs, size_t count,
    struct blob_info *ret_blob, json_t **ret_facts)
{
    struct scratch *scratch;
    TRY(run_scratch(run, &scratch));
    struct child_output output = child_output_of_scratch(scratch);
    struct child_call call = {
        .op = op, .params = params, .inputs = inputs, .input_count = count, .outputs = &output, .output_count = 1
    };
    TRY(run_ask(run, ZYGOTE_PLAIN, &call, ret_facts));
    return run_keep(run, scratch, ret_blob);
}

error render_make(struct run *run, const json_t *piece, struct blob_info *ret_blob, json_t **ret_facts)
{
    const json_t *list = json_object_get(piece, "inputs");
    size_t count = json_array_size(list);
    struct child_input *inputs = ARENA_ARRAY(run->scope.arena, struct child_input, count);
    for (size_t i = 0; i < count; i++)
        TRY(open_input(run, json_array_get(list, i), &inputs[i]));
    return make(
        run, json_get_str(piece, "op").data, json_object_get(piece, "params"), inputs, count, ret_blob, ret_facts);
}

// What shows in the middle of the first scene, when entrances are over; NULL for sound alone.
static json_t *poster_piece(struct run *run, const struct film *film)
{
    struct film_question question;
    if (!film->segment_count)
        return NULL;
    film_frame(film, film->scenes[0].start + film->scenes[0].duration / 2, 0, "jpeg", &question);
    return render_piece_json(run, "render.frame", question.params, question.inputs, question.input_count);
}

static json_t *subtitles_text(struct run *run, const struct film *film, bool vtt)
{
    BUFFER_AUTO struct buffer text = { 0 };
    film_subtitles(run->scope.arena, film, vtt, &text);
    return text.size ? json_str(buffer_str(&text)) : json_null();
}

// The heaviest first, so that no core waits for it at the end; else in the order of the film.
static int heavier_first(const void *left, const void *right)
{
    const struct render_piece *a = *(struct render_piece *const *)left, *b = *(struct render_piece *const *)right;
    if (a->weight != b->weight)
        return a->weight > b->weight ? -1 : 1;
    return a < b ? -1 : a > b;
}

error render_split(struct run *run, const struct render_plan *plan, json_t *more)
{
    json_t *facts = json_keep(run->scope.arena, more), *keys = json_array();
    json_object_set_new(facts, "scenes", json_integer((json_int_t)plan->film->scene_count));
    json_object_set_new(facts, "film_name", json_str(plan->film->title));
    json_object_set_new(facts, "warnings", warnings_json(&plan->warnings));
    json_object_set_new(facts, "keys", keys);
    json_object_set(facts, "join", film_join_params(plan->film));
    struct render_piece **wanted = ARENA_ARRAY(run->scope.arena, struct render_piece *, plan->piece_count);
    json_t **parts = ARENA_ARRAY(run->scope.arena, json_t *, plan->piece_count);
    size_t count = 0;
    for (size_t i = 0; i < plan->piece_count; i++) {
        json_array_append_new(keys, json_str(plan->pieces[i].key));
        if (!plan->pieces[i].is_cached)
            wanted[count++] = &plan->pieces[i];
    }
    qsort(wanted, count, sizeof *wanted, heavier_first);
    for (size_t i = 0; i < count; i++)
        parts[i] = wanted[i]->part;
    return run_fan_out(run, parts, count, facts);
}

static error start(struct run *run)
{
    struct render_plan plan;
    json_t *more = json_keep(run->scope.arena, json_object());
    TRY(render_plan(run, &plan));
    json_object_set(more, "poster", poster_piece(run, plan.film));
    json_object_set_new(more, "srt", subtitles_text(run, plan.film, false));
    json_object_set_new(more, "vtt", subtitles_text(run, plan.film, true));
    return render_split(run, &plan, json_incref(more));
}

error render_part(struct run *run)
{
    struct render_made made = { .key = json_get_str(run->params, "key") };
    json_t *facts;
    run->scene = json_get_int(run->params, "scene", 0);
    run->scene_count = json_get_int(run->params, "scenes", 0);
    TRY(render_make(run, run->params, &made.blob, &facts));
    made.facts = facts;
    return run_complete(run, facts, render_put, &made);
}

// The end

enum { EXTRAS_MAX = 3 }; // a poster, and subtitles in two formats

struct finished {
    struct blob_info blob;
    struct film_file film;
    struct blob_info extra_blobs[EXTRAS_MAX];
    struct film_extra extras[EXTRAS_MAX];
    size_t extra_count;
};

static error add_film(struct scope *scope, const struct run *run, void *context)
{
    struct finished *finished = context;
    (void)run;
    TRY(media_blob_add(scope, &finished->blob));
    TRY(film_file_add(scope, &finished->film));
    for (size_t i = 0; i < finished->extra_count; i++) {
        TRY(media_blob_add(scope, &finished->extra_blobs[i]));
        TRY(film_extra_add(scope, &finished->extras[i]));
    }
    return OK;
}

static error evict(struct scope *scope, const struct run *run, void *ret_blobs)
{
    (void)run;
    return cache_evict(scope, settings.render_cache_bytes, ret_blobs);
}

error render_keep_cache_small(struct run *run)
{
    struct list blobs;
    TRY(run_write_after(run, evict, &blobs));
    for (size_t i = 0; i < blobs.count; i++)
        TRY(blob_remove(run->scope.blobs, str_to_c(run->scope.arena, ((str *)blobs.items)[i])));
    return OK;
}

error render_join_pieces(struct run *run, const struct film_format *format, const json_t *plan,
    struct blob_info *ret_blob, json_t **ret_facts)
{
    const json_t *keys = json_object_get(plan, "keys");
    size_t count = json_array_size(keys);
    struct child_input *inputs = ARENA_ARRAY(run->scope.arena, struct child_input, count);
    for (size_t i = 0; i < count; i++)
        TRY(cached_input(run, str_of(json_string_value(json_array_get(keys, i))), &inputs[i]));
    return make(run, format->join_op, json_object_get(plan, "join"), inputs, count, ret_blob, ret_facts);
}

// Names the blob that lies behind the last extra.
static void add_extra(struct finished *finished, str job_id, const char *name, const char *mime_type)
{
    struct film_extra *extra = &finished->extras[finished->extra_count];
    *extra = (struct film_extra) { .job_id = job_id,
        .name = str_of(name),
        .blob_id = str_of(finished->extra_blobs[finished->extra_count].id),
        .mime_type = str_of(mime_type) };
    finished->extra_count++;
}

static error make_subtitles(
    struct run *run, str text, const char *name, const char *mime_type, struct finished *finished)
{
    struct blob_writer *writer;
    if (!text.size)
        return OK;
    TRY(blob_writer_open(run->scope.blobs, NULL, &writer));
    error written = blob_write(writer, text.data, text.size);
    if (error_is(written)) {
        blob_writer_abort(writer);
        return written;
    }
    TRY(blob_writer_commit(writer, &finished->extra_blobs[finished->extra_count]));
    add_extra(finished, run->job.id, name, mime_type);
    return OK;
}

static error make_extras(struct run *run, const json_t *plan, struct finished *finished)
{
    const json_t *poster = json_object_get(plan, "poster");
    json_t *facts;
    if (json_is_object(poster)) {
        TRY(render_make(run, poster, &finished->extra_blobs[0], &facts));
        add_extra(finished, run->job.id, "poster.jpg", "image/jpeg");
    }
    TRY(make_subtitles(run, json_get_str(plan, "srt"), "subtitles.srt", "application/x-subrip", finished));
    return make_subtitles(run, json_get_str(plan, "vtt"), "subtitles.vtt", "text/vtt", finished);
}

static error join(struct run *run)
{
    struct finished finished = { 0 };
    json_t *plan, *facts, *result = json_keep(run->scope.arena, json_object());
    TRY(json_read(run->scope.arena, run->job.result.text, &plan));
    run->scene = run->scene_count = json_get_int(plan, "scenes", 0);
    const struct film_format *format = film_format_find(json_get_str(run->params, "format"));
    if (!format)
        return error_make(ERROR_VALIDATION_ERROR, "format", "There is no such kind of film");
    TRY(render_join_pieces(run, format, plan, &finished.blob, &facts));
    TRY(make_extras(run, plan, &finished));
    finished.film = (struct film_file) { .job_id = run->job.id,
        .video_id = run->job.video_id,
        .blob_id = str_of(finished.blob.id),
        .mime_type = str_of(format->mime_type),
        .duration = json_get_number(facts, "duration", 0),
        .width = json_get_int(facts, "width", 0),
        .height = json_get_int(facts, "height", 0),
        .size_bytes = finished.blob.size };
    json_object_set(result, "film_name", json_object_get(plan, "film_name"));
    json_object_set(result, "scenes", json_object_get(plan, "scenes"));
    json_object_set(result, "warnings", json_object_get(plan, "warnings"));
    json_object_set_new(result, "poster", json_boolean(json_is_object(json_object_get(plan, "poster"))));
    json_object_set_new(result, "subtitles", json_boolean(json_get_str(plan, "vtt").size > 0));
    json_object_set_new(result, "blob_id", json_str(finished.film.blob_id));
    json_object_set_new(result, "duration", json_real(finished.film.duration));
    json_object_set_new(result, "width", json_integer(finished.film.width));
    json_object_set_new(result, "height", json_integer(finished.film.height));
    json_object_set_new(result, "size_bytes", json_integer(finished.film.size_bytes));
    TRY(run_complete(run, result, add_film, &finished));
    return render_keep_cache_small(run);
}

const struct job_kind render_kind = { "render", start, render_part, join };
