// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures from a prompt as document 001 has them.
#include "api/library_shapes.h"
#include "base/id.h"
#include "base/settings.h"
#include "domain/image_wish.h"
#include "domain/job.h"

// Seconds, where none has been made yet.
static const double PAINTED_S = 2, SERVED_S = 30;

struct generate_in {
    str prompt, style, aspect_ratio, quality, engine;
    struct opt_int seed;
};
static const struct field generate_fields[] = {
    FIELD(struct generate_in, prompt, .required = true, .min = 1, .max = IMAGE_PROMPT_MAX, .doc = "What is to be seen"),
    FIELD(struct generate_in, style, .max = IMAGE_STYLE_MAX, .doc = "cinematic, watercolor, minimal, …"),
    FIELD(struct generate_in, aspect_ratio, .allowed = image_aspect_ratios, .doc = "[16:9]"),
    FIELD(struct generate_in, quality, .allowed = image_qualities, .doc = "[standard]"),
    FIELD(struct generate_in, engine, .allowed = image_engine_names,
        .doc = "[openai where a server is set, else procedural, which paints from the words it knows]"),
    FIELD(
        struct generate_in, seed, .min = 0, .max = 1e15, .doc = "The same words and seed give the same painting [any]"),
};
static const struct shape generate_shape = SHAPE("ImageGenerate", struct generate_in, generate_fields);

struct started {
    str job_id, status, engine, note;
    double estimated_time;
};
static const struct field started_fields[] = {
    FIELD(struct started, job_id, .format = FORMAT_UUID),
    FIELD(struct started, status),
    FIELD(struct started, estimated_time, .doc = "Seconds"),
    FIELD(struct started, engine, .doc = "openai or procedural"),
    FIELD(struct started, note, .doc = "What to know of pictures of this engine"),
};
static const struct shape started_shape = SHAPE("ImageStarted", struct started, started_fields);

struct status {
    str job_id, status, engine, note, error;
    int64_t progress;
    struct media_item_answer *media;
};
static const struct field status_fields[] = {
    FIELD(struct status, job_id, .format = FORMAT_UUID),
    FIELD(struct status, status, .doc = "pending, processing, completed, failed or cancelled"),
    FIELD(struct status, progress, .doc = "0 to 100"),
    FIELD(struct status, media, .shape = &media_item_answer_shape, .doc = "When completed"),
    FIELD(struct status, engine, .doc = "openai or procedural"),
    FIELD(struct status, note, .doc = "What to know of pictures of this engine"),
    FIELD(struct status, error, .doc = "Why it failed"),
};
static const struct shape status_shape = SHAPE("ImageStatus", struct status, status_fields);

struct path {
    str jobId;
};
static const struct field path_fields[] = {
    FIELD(struct path, jobId, .required = true, .format = FORMAT_UUID, .doc = "Job"),
};
static const struct shape path_shape = SHAPE("ImageJobPath", struct path, path_fields);

static error check_text(const char *field, str text)
{
    for (size_t i = 0; i < text.size; i++)
        if (((unsigned char)text.data[i] < 0x20 && text.data[i] != '\n' && text.data[i] != '\t')
            || text.data[i] == 0x7F)
            return error_make(ERROR_VALIDATION_ERROR, field, "The %s has a control character", field);
    return OK;
}

static error generate(struct api_call *call)
{
    const struct generate_in *in = call->body;
    struct started *out = call->output;
    struct arena *arena = call->scope.arena;
    struct job job;
    bool has_server = settings_has(settings.image_url);
    uint64_t chance;
    str engine = in->engine.size ? in->engine : has_server ? STR("openai") : STR("procedural");
    str ratio = in->aspect_ratio.size ? in->aspect_ratio : STR("16:9");
    TRY(check_text("prompt", in->prompt));
    TRY(check_text("style", in->style));
    if (!str_trim(in->prompt).size)
        return error_make(ERROR_VALIDATION_ERROR, "prompt", "The prompt is empty");
    if (str_equal_c(engine, "openai") && !has_server)
        return error_make(ERROR_ENGINE_MISSING, "engine", "No picture server is set; KINORA_IMAGE_URL names one");
    id_random(&chance, sizeof chance);
    int64_t seed = in->seed.set ? in->seed.value : (int64_t)(chance >> 16);
    json_t *params = json_pack("{s:o, s:o, s:o, s:o, s:o, s:I}", "prompt", json_str(str_trim(in->prompt)), "style",
        json_str(in->style.size ? in->style : STR("")), "aspect_ratio", json_str(ratio), "quality",
        json_str(in->quality.size ? in->quality : STR("standard")), "engine", json_str(engine), "seed",
        (json_int_t)seed);
    TRY(job_add(&call->scope, &(struct job_new) { .kind = "image", .params = json_keep(arena, params) }, &job));
    double usual = str_equal_c(engine, "openai") ? SERVED_S : PAINTED_S;
    *out = (struct started) { job.id, STR("processing"), engine, image_engine_note(engine), usual };
    return OK;
}

static error status(struct api_call *call)
{
    struct status *out = call->output;
    struct arena *arena = call->scope.arena;
    struct job job;
    struct library_item item;
    json_t *params, *result;
    TRY(job_get(&call->scope, ((struct path *)call->path)->jobId, &job));
    if (!str_equal_c(job.kind, "image"))
        return error_make(ERROR_JOB_NOT_FOUND, "job_id", "No picture is made by the job '%.*s'", STR_ARGS(job.id));
    TRY(json_read(arena, job.params.text, &params));
    str engine = json_get_str(params, "engine");
    bool failed = str_equal_c(job.state, "failed");
    *out = (struct status) { .job_id = job.id,
        .status = job_status(&job),
        .progress = (int64_t)(job.progress * 100),
        .engine = engine,
        .note = image_engine_note(engine),
        .error = failed ? job.error_message : STR_NONE };
    if (!str_equal_c(job.state, "completed"))
        return OK;
    out->progress = 100;
    TRY(json_read(arena, job.result.text, &result));
    error gone = library_get(&call->scope, LIBRARY_MEDIA, json_get_str(result, "media_id"), &item);
    if (gone.code == ERROR_MEDIA_NOT_FOUND) // deleted since
        return OK;
    TRY(gone);
    out->media = ARENA_NEW(arena, struct media_item_answer);
    media_item_answer(call, &item, out->media);
    return OK;
}

static const struct route routes[] = {
    { "POST", "/api/v1/media/generate-ai", "Libraries", "Have a picture made from a prompt", FACE_ENVELOPE, ACCESS_USER,
        LANE_WRITE, BODY_JSON, .body_in = &generate_shape, .output = &started_shape, .status = 202,
        .errors = ERRORS(ERROR_ENGINE_MISSING), .handle = generate },
    { "GET", "/api/v1/media/ai-status/{jobId}", "Libraries", "How a picture comes along", FACE_ENVELOPE, ACCESS_USER,
        LANE_READ, .path_in = &path_shape, .output = &status_shape, .errors = ERRORS(ERROR_JOB_NOT_FOUND),
        .handle = status },
};
const struct route_group route_group_images = ROUTE_GROUP(routes);
