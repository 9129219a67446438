// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/draft.h"

#include "domain/video.h"
#include "work/film_library.h"
#include "work/film_parts.h"

enum { DRAFT_LINES = 360 };

// Leaves the scene alone in the document. How the one before leads into it is seen in the draft of the whole.
static error cut_document(str scene_id, json_t *document)
{
    json_t *scenes = json_object_get(document, "scenes");
    for (size_t i = json_array_size(scenes); i-- > 0;)
        if (!str_equal(json_get_str(json_array_get(scenes, i), "id"), scene_id))
            json_array_remove(scenes, i);
    json_object_del(json_array_get(scenes, 0), "transition");
    return json_array_size(scenes) ? OK : error_of(ERROR_SCENE_NOT_FOUND);
}

static error take_document(struct scope *scope, str video_id, str scene_id, json_t **ret_document)
{
    struct video video;
    TRY(video_get(scope, video_id, VIDEO_READ, &video));
    TRY(video_document(scope, &video, ret_document));
    return scene_id.data ? cut_document(str_lower(scope->arena, scene_id), *ret_document) : OK;
}

static str key_of(const struct film *film, const json_t *document, const struct film_options *options)
{
    struct arena *arena = film->plan->arena;
    BUFFER_AUTO struct buffer decides = { 0 };
    char hash[65];
    buffer_format(&decides, "draft\n" RENDERER "\n%.*s\n%d\n", STR_ARGS(options->watermark), options->is_unbranded);
    buffer_append_str(&decides, json_text(arena, document));
    for (size_t i = 0; i < film->asset_count; i++) {
        buffer_append_byte(&decides, '\n');
        buffer_append_str(&decides, film_input_hash(&(struct film_input) { .asset = film->assets[i] }));
    }
    film_hash(arena, buffer_str(&decides), hash);
    return str_copy(arena, (str) { hash, sizeof hash - 1 });
}

static error plan(
    struct scope *scope, str video_id, str scene_id, struct warnings *warnings, struct film **ret_film, str *ret_key)
{
    json_t *document;
    TRY(take_document(scope, video_id, scene_id, &document));
    struct film_options options = { .quality = DRAFT_LINES,
        .effort = film_effort_find(STR("draft")),
        .allow_missing = true,
        .is_draft = true,
        .renderer = STR(RENDERER) };
    film_library_mark(scope, document, NULL, &options);
    struct film_library *library = ARENA_NEW(scope->arena, struct film_library);
    *library = (struct film_library) { .scope = scope, .video_id = video_id, .draft = true };
    struct film_source source = { library, film_library_find };
    TRY(film_plan(scope->arena, document, &options, &source, warnings, ret_film));
    *ret_key = key_of(*ret_film, document, &options);
    return OK;
}

error draft_key(void *unused, struct scope *scope, struct draft *draft)
{
    (void)unused;
    struct warnings warnings = { 0 };
    struct film *film;
    return plan(scope, draft->video_id, draft->scene_id, &warnings, &film, &draft->key);
}

// The video may have changed since the draft was asked for: it is kept under the key of what it shows.
static error start(struct run *run)
{
    struct render_plan made = { 0 };
    str scene_id = json_get_str(run->params, "scene_id"), key;
    TRY(plan(&run->scope, run->job.video_id, scene_id, &made.warnings, &made.film, &key));
    TRY(render_pieces(run, &made));
    return render_split(run, &made, json_pack("{s:o}", "key", json_str(key)));
}

static error join(struct run *run)
{
    json_t *plan_json, *facts, *result = json_keep(run->scope.arena, json_object());
    struct render_made made;
    TRY(json_read(run->scope.arena, run->job.result.text, &plan_json));
    TRY(render_join_pieces(run, film_format_find(STR_NONE), plan_json, &made.blob, &facts));
    static const char *const told[] = { "duration", "width", "height" };
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        json_object_set(result, told[i], json_object_get(facts, told[i]));
    json_object_set_new(result, "size_bytes", json_integer((json_int_t)made.blob.size));
    json_object_set(result, "warnings", json_object_get(plan_json, "warnings"));
    made.key = json_get_str(plan_json, "key");
    made.facts = result;
    TRY(run_complete(run, result, render_put, &made));
    return render_keep_cache_small(run);
}

const struct job_kind draft_kind = { "draft", start, render_part, join };
