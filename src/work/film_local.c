// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/film_local.h"

#include <string.h>

#include "work/local_file.h"
#include "work/voice_pool.h"

// Where the stages of a film end, as parts of its progress.
#define FOUND 0.02
#define SPOKEN 0.10
#define ENCODED 0.98

// A film under way.
struct making {
    const struct film_local *local;
    struct film *film;
    double from, to; // of the stage's progress
};

static void close_file(void *file)
{
    local_file_close(file);
}

// A file for this film, closed with the arena.
static error scratch_file(const struct film_local *local, struct local_file **ret_file)
{
    TRY(local_file_new(local->scratch, ret_file));
    arena_defer(local->arena, close_file, *ret_file);
    return OK;
}

static void stage_progress(void *context, double done)
{
    const struct making *making = context;
    if (making->local->progress)
        making->local->progress(making->local->context, making->from + (making->to - making->from) * done);
}

static error probe(const struct film_local *local, struct local_file *file, json_t **ret_result)
{
    struct child_input input = local_file_input(file);
    struct local_task task = { .op = "probe",
        .params = json_keep(local->arena, json_pack("{s:b}", "look", 1)),
        .inputs = &input,
        .input_count = 1 };
    TRY(local_pool_run(local->pool, local->arena, &task, 1, NULL, NULL));
    *ret_result = task.result;
    return OK;
}

static error append(void *file, const void *bytes, size_t size)
{
    return local_file_write(file, bytes, size);
}

// Of a package only what is inside of it is read, whatever it refers to.
static error open_asset(const struct film_local *local, str reference, struct local_file **ret_file)
{
    if (local->package) {
        TRY(scratch_file(local, ret_file));
        return package_extract(local->package, reference, append, *ret_file);
    }
    if (str_find(reference, STR("://")) >= 0)
        return error_make(ERROR_NOT_FOUND, NULL, "Only local files are read; save it and name the file");
    bool rooted = str_starts(reference, STR("/"));
    str path = rooted ? reference : str_format(local->arena, "%s/%.*s", local->folder, STR_ARGS(reference));
    TRY(local_file_open(str_to_c(local->arena, path), ret_file));
    arena_defer(local->arena, close_file, *ret_file);
    return OK;
}

// An avatar that comes with the package: drawn by its look, or another of the package's files.
static bool packed_avatar(const struct film_local *local, struct film_asset *asset, str *ret_reference)
{
    const json_t *packed = local->package ? package_asset(local->package, asset->reference) : NULL;
    str picture = json_get_str(packed, "media");
    *ret_reference = picture.size ? picture : asset->reference;
    asset->look = json_object_get(packed, "look");
    asset->is_engine_own = asset->look != NULL;
    return asset->is_engine_own;
}

static error resolve(void *context, struct film_asset *asset)
{
    const struct film_local *local = context;
    str reference = asset->reference;
    if (asset->kind == FILM_AVATAR) {
        if (film_stock_avatar(local->arena, asset) || packed_avatar(local, asset, &reference))
            return OK;
        if (str_index(reference, '.') < 0 && !local->package)
            return error_make(ERROR_NOT_FOUND, NULL,
                "There is no avatar of this name; take amy, ben, mia, walter, zara, leila, kenji, bolt, finn or a "
                "picture file");
    }
    struct local_file *file;
    TRY(open_asset(local, reference, &file));
    TRY(local_file_hash(local->arena, file, &asset->hash));
    json_t *facts;
    TRY(probe(local, file, &facts));
    asset->has_audio = json_get_bool(facts, "has_audio", false);
    bool has_video = json_get_bool(facts, "has_video", false);
    str kind = json_get_str(facts, "kind");
    asset->is_moving = str_equal_c(kind, "video") || str_equal_c(kind, "gif");
    asset->duration = json_get_number(facts, "duration", 0);
    if (asset->kind == FILM_AUDIO && !asset->has_audio)
        return error_make(ERROR_NO_AUDIO, NULL, "It has no sound");
    if (asset->kind != FILM_AUDIO && !has_video && !str_equal_c(kind, "image") && !asset->is_moving)
        return error_make(ERROR_NO_VIDEO, NULL, "It has no picture");
    asset->handle = file;
    return OK;
}

static struct child_input *inputs_of(const struct film_local *local, const struct film_input *inputs, size_t count)
{
    struct child_input *result = ARENA_ARRAY(local->arena, struct child_input, count);
    for (size_t i = 0; i < count; i++)
        result[i] = local_file_input(film_input_handle(&inputs[i]));
    return result;
}

static struct child_output *output_of(const struct film_local *local, struct local_file *file)
{
    struct child_output *output = ARENA_NEW(local->arena, struct child_output);
    *output = local_file_output(file);
    return output;
}

static error name_voice(const struct film *film, const struct local_task *tasks, const size_t *task_of, error problem)
{
    for (size_t i = 0; problem.code == ERROR_VOICE_NOT_FOUND && i < film->voice_count; i++)
        if (tasks[task_of[i]].failed)
            return error_make(ERROR_VOICE_NOT_FOUND, "voice",
                "Layer \"%.*s\" of scene %zu wants the voice \"%.*s\", which does not exist",
                STR_ARGS(film->voices[i].layer_name), film->voices[i].scene + 1, STR_ARGS(film->voices[i].voice_id));
    return problem;
}

// Voices with the same key are spoken once.
static error speak_all(struct making *making)
{
    const struct film_local *local = making->local;
    struct film *film = making->film;
    struct local_task *tasks = ARENA_ARRAY(local->arena, struct local_task, film->voice_count);
    size_t *task_of = ARENA_ARRAY(local->arena, size_t, film->voice_count), count = 0;
    for (size_t i = 0; i < film->voice_count; i++) {
        struct film_voice *voice = &film->voices[i];
        size_t same = 0;
        while (strcmp(film->voices[same].key, voice->key))
            same++;
        if (same < i) {
            task_of[i] = task_of[same];
            voice->handle = film->voices[same].handle;
            continue;
        }
        struct local_file *file;
        TRY(scratch_file(local, &file));
        voice->handle = file;
        task_of[i] = count;
        struct voice_pool *speaking = ARENA_NEW(local->arena, struct voice_pool);
        *speaking = (struct voice_pool) { local->engine_path, voice->params, output_of(local, file) };
        tasks[count++] = voice_pool_task(speaking);
    }
    making->from = FOUND, making->to = SPOKEN;
    error problem = local_pool_run(local->pool, local->arena, tasks, count, stage_progress, making);
    TRY(name_voice(film, tasks, task_of, problem));
    for (size_t i = 0; i < film->voice_count; i++)
        film->voices[i].result = tasks[task_of[i]].result;
    return OK;
}

// Pictures and sound side by side; files[segment_count] is the sound.
static error encode_all(struct making *making, struct local_file **files)
{
    const struct film_local *local = making->local;
    struct film *film = making->film;
    size_t count = film->segment_count + (film->mix != NULL);
    struct local_task *tasks = ARENA_ARRAY(local->arena, struct local_task, count);
    for (size_t i = 0; i < count; i++) {
        TRY(scratch_file(local, &files[i]));
        tasks[i].outputs = output_of(local, files[i]);
        tasks[i].output_count = 1;
    }
    for (size_t i = 0; i < film->segment_count; i++) {
        const struct film_segment *segment = &film->segments[i];
        tasks[i].op = "render.segment";
        tasks[i].params = segment->question.params;
        tasks[i].inputs = inputs_of(local, segment->question.inputs, segment->question.input_count);
        tasks[i].input_count = segment->question.input_count;
        tasks[i].weight = segment->weight;
    }
    if (film->mix)
        tasks[film->segment_count] = (struct local_task) {
            .op = "render.mix",
            .params = film->mix,
            .inputs = inputs_of(local, film->mix_inputs, film->mix_input_count),
            .input_count = film->mix_input_count,
            .outputs = tasks[film->segment_count].outputs,
            .output_count = 1,
            .weight = film_mix_weight(film),
        };
    making->from = SPOKEN, making->to = ENCODED;
    return local_pool_run(local->pool, local->arena, tasks, count, stage_progress, making);
}

static error join(struct making *making, struct local_file **files, struct local_file *target)
{
    const struct film_local *local = making->local;
    size_t count = making->film->segment_count + (making->film->mix != NULL);
    struct child_input *inputs = ARENA_ARRAY(local->arena, struct child_input, count);
    for (size_t i = 0; i < count; i++)
        inputs[i] = local_file_input(files[i]);
    struct local_task task = {
        .op = film_format_of(making->film)->join_op,
        .params = film_join_params(making->film),
        .inputs = inputs,
        .input_count = count,
        .outputs = output_of(local, target),
        .output_count = 1,
        .weight = 1,
    };
    making->from = ENCODED, making->to = 1;
    return local_pool_run(local->pool, local->arena, &task, 1, stage_progress, making);
}

static error take_fonts(const struct film_local *local, struct film *film)
{
    struct local_task task = { .op = "text.fonts", .params = film_fonts_params(film) };
    TRY(local_pool_run(local->pool, local->arena, &task, 1, NULL, NULL));
    film_take_fonts(film, task.result, local->warnings);
    return OK;
}

static error make(const struct film_local *local, const json_t *project, const struct film_options *options,
    struct local_file *target, const struct film **ret_film)
{
    struct making making = { .local = local };
    struct film_source source = { (void *)local, resolve };
    TRY(film_plan(local->arena, project, options, &source, local->warnings, &making.film));
    TRY(take_fonts(local, making.film));
    making.to = FOUND;
    stage_progress(&making, 1);
    TRY(speak_all(&making));
    TRY(film_resolve(making.film, local->warnings));
    struct local_file **files = ARENA_ARRAY(local->arena, struct local_file *, making.film->segment_count + 1);
    TRY(encode_all(&making, files));
    TRY(join(&making, files, target));
    *ret_film = making.film;
    return OK;
}

error film_local_make(const struct film_local *local, const json_t *project, const struct film_options *options,
    const char *target, const struct film **ret_film)
{
    LOCAL_FILE_AUTO struct local_file *file = NULL;
    TRY(local_file_new_for(target, &file));
    const struct film *film;
    TRY(make(local, project, options, file, &film));
    TRY(local_file_keep(TAKE(file), target));
    *ret_film = film;
    return OK;
}

error film_local_preview(const struct film_local *local, const json_t *project, const struct film_options *options,
    double seconds, int width, const char *target, const char *format)
{
    LOCAL_FILE_AUTO struct local_file *file = NULL;
    TRY(local_file_new_for(target, &file));
    struct film_options silent = *options;
    silent.without_speech = true;
    struct film_source source = { (void *)local, resolve };
    struct film *film;
    TRY(film_plan(local->arena, project, &silent, &source, local->warnings, &film));
    TRY(take_fonts(local, film));
    TRY(film_resolve(film, local->warnings));
    if (seconds > film->duration)
        return error_make(
            ERROR_VALIDATION_ERROR, "at", "%g s lies after the end of the film (%.2f s)", seconds, film->duration);
    struct film_question question;
    film_frame(film, seconds, width, format, &question);
    struct local_task task = {
        .op = "render.frame",
        .params = question.params,
        .inputs = inputs_of(local, question.inputs, question.input_count),
        .input_count = question.input_count,
        .outputs = output_of(local, file),
        .output_count = 1,
        .weight = 1,
    };
    TRY(local_pool_run(local->pool, local->arena, &task, 1, local->progress, local->context));
    return local_file_keep(TAKE(file), target);
}
