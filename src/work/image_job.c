// SPDX-License-Identifier: GPL-3.0-or-later
// The job "image" {prompt, style, aspect_ratio, quality, engine, seed}: a picture from words, which then stands in its
// owner's library. {media_id, engine, understood, note} is its result.
#include "base/id.h"
#include "domain/image_wish.h"
#include "domain/library.h"
#include "work/image_openai.h"
#include "work/job_kind.h"

enum { TITLE_MAX = 120 }; // bytes of the prompt

struct making {
    str prompt, engine, media_id;
    struct blob_info blob;
    const json_t *probe;
    struct media media;
};

static error paint(struct run *run, int width, int height, struct scratch *scratch, json_t **ret_facts)
{
    json_t *params = json_pack("{s:o, s:o, s:i, s:i, s:I}", "prompt", json_str(json_get_str(run->params, "prompt")),
        "style", json_str(json_get_str(run->params, "style")), "width", width, "height", height, "seed",
        (json_int_t)json_get_int(run->params, "seed", 1));
    struct child_output output = child_output_of_scratch(scratch);
    struct child_call call = {
        .op = "picture.paint", .params = json_keep(run->scope.arena, params), .outputs = &output, .output_count = 1
    };
    return run_ask(run, ZYGOTE_PLAIN, &call, ret_facts);
}

static error ask_server(struct run *run, int width, int height, struct scratch *scratch, json_t **ret_facts)
{
    str file;
    struct image_question question = { .prompt = json_get_str(run->params, "prompt"),
        .style = json_get_str(run->params, "style"),
        .quality = json_get_str(run->params, "quality"),
        .width = width,
        .height = height,
        .cancelled = &run->cancelled,
        .deadline_us = run->scope.deadline_us };
    TRY(image_openai_make(run->scope.arena, &question, &file));
    *ret_facts = json_keep(run->scope.arena, json_object());
    return scratch_write(scratch, 0, file.data, file.size);
}

// What came back is looked at like any upload.
static error look(struct run *run, struct scratch *scratch, int width, int height, json_t **ret_probe)
{
    struct child_input input = child_input_of_scratch(scratch);
    struct child_call call = {
        .op = "probe", .params = json_keep(run->scope.arena, json_object()), .inputs = &input, .input_count = 1
    };
    error unreadable = run_ask(run, ZYGOTE_PLAIN, &call, ret_probe);
    if (unreadable.code == ERROR_CANCELLED)
        return unreadable;
    if (error_is(unreadable) || !str_equal_c(json_get_str(*ret_probe, "kind"), "image"))
        return error_make(ERROR_ENGINE_REFUSED, NULL, "The picture server answered with something that is no picture");
    int64_t got_width = json_get_int(*ret_probe, "width", 0), got_height = json_get_int(*ret_probe, "height", 0);
    if (got_width != width || got_height != height)
        return error_make(ERROR_ENGINE_REFUSED, NULL,
            "The picture server answered with a picture of %lld by %lld pixels; %d by %d were asked for",
            (long long)got_width, (long long)got_height, width, height);
    return OK;
}

static error add(struct scope *scope, const struct run *run, void *context)
{
    struct making *making = context;
    (void)run;
    str title = str_cut_utf8(making->prompt, TITLE_MAX);
    const char *ending = str_equal_c(json_get_str(making->probe, "mime"), "image/jpeg") ? "jpg" : "png";
    str name = str_format(scope->arena, "%.*s.%s", STR_ARGS(str_cut_utf8(title, 60)), ending);
    char *clean = (char *)name.data;
    for (size_t i = 0; i < name.size; i++)
        clean[i] = clean[i] == '/' || clean[i] == '\\' ? '-' : clean[i];
    TRY(media_add(scope, making->media_id, name, &making->blob, making->probe, false, &making->media));
    struct library_details details = {
        .kind = LIBRARY_MEDIA, .title = title, .category = STR("ai"), .source = STR("ai"), .ai_prompt = making->prompt
    };
    return library_describe(scope, making->media.id, &details);
}

static error finish(struct run *run, struct making *making, const json_t *facts)
{
    str note = image_engine_note(making->engine);
    json_t *result = json_pack("{s:o, s:o, s:o}", "media_id", json_str(making->media_id), "engine",
        json_str(making->engine), "note", note.data ? json_str(note) : json_null());
    const json_t *understood = json_object_get(facts, "understood");
    if (understood)
        json_object_set(result, "understood", (json_t *)understood);
    TRY(run_complete(run, json_keep(run->scope.arena, result), add, making));
    if (!str_equal_c(making->media.blob_id, making->blob.id)) // the owner has the same picture already
        TRY(blob_remove(run->scope.blobs, making->blob.id));
    return OK;
}

static error start(struct run *run)
{
    str engine = json_get_str(run->params, "engine");
    bool painted = str_equal_c(engine, "procedural");
    struct making making = {
        .prompt = json_get_str(run->params, "prompt"), .engine = engine, .media_id = id_new(run->scope.arena)
    };
    struct scratch *scratch;
    json_t *facts, *probe;
    int width, height;
    if (!image_size(
            json_get_str(run->params, "aspect_ratio"), json_get_str(run->params, "quality"), painted, &width, &height))
        return error_make(ERROR_VALIDATION_ERROR, "aspect_ratio", "There is no such aspect ratio");
    if (!painted && !image_openai_available())
        return error_make(ERROR_ENGINE_MISSING, "engine", "No picture server is set; KINORA_IMAGE_URL names one");
    TRY(run_scratch(run, &scratch));
    run_share(run, 0, 0.9);
    TRY(painted ? paint(run, width, height, scratch, &facts) : ask_server(run, width, height, scratch, &facts));
    run_share(run, 0.9, 1);
    TRY(look(run, scratch, width, height, &probe));
    making.probe = probe;
    TRY(run_keep(run, scratch, &making.blob));
    return finish(run, &making, facts);
}

const struct job_kind image_kind = { "image", start, NULL, NULL };
