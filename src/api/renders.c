// SPDX-License-Identifier: GPL-3.0-or-later
// Rendering a video (document 001): full renders, regeneration of what changed, their state.
#include "api/content_url.h"
#include "api/scene_shapes.h"
#include "base/clock.h"
#include "domain/job.h"
#include "domain/voice_file.h"

struct path {
    str videoId, jobId;
};
static const struct field video_fields[] = {
    FIELD(struct path, videoId, .required = true, .format = FORMAT_UUID, .doc = "Video"),
};
static const struct shape video_path_shape = SHAPE("RenderVideoPath", struct path, video_fields);
static const struct field job_fields[] = {
    FIELD(struct path, jobId, .required = true, .format = FORMAT_UUID, .doc = "Render job"),
};
static const struct shape job_path_shape = SHAPE("RenderPath", struct path, job_fields);

static const char *const qualities[] = { "480p", "720p", "1080p", "1440p", "2160p", NULL };
static const char *const ratios[] = { "16:9", "9:16", "1:1", "4:5", NULL };
static const char *const formats[] = { "mp4", "mov", "webm", "gif", "mp3", "wav", NULL };
static const char *const presets[] = { "draft", "standard", "high", NULL };
struct render_in {
    str quality, aspect_ratio, format, preset;
    int64_t fps;
    struct opt_bool include_watermark;
    bool allow_missing;
};
static const struct field render_fields[] = {
    FIELD(struct render_in, quality, .allowed = qualities, .doc = "Short side of the picture [1080p]"),
    FIELD(struct render_in, aspect_ratio, .allowed = ratios, .doc = "Left out: the video's own"),
    FIELD(struct render_in, format, .allowed = formats, .doc = "File format [mp4]"),
    FIELD(struct render_in, preset, .allowed = presets, .doc = "Work put into the picture [standard]"),
    FIELD(struct render_in, fps, .doc = "Frames a second: 24, 25, 30, 50 or 60; left out: the video's own"),
    FIELD(struct render_in, allow_missing, .doc = "Draw a marked box for a missing asset instead of stopping [false]"),
    FIELD(struct render_in, include_watermark, .doc = "Plan free always has one [by plan]"),
};
static const struct shape render_shape = SHAPE("RenderInput", struct render_in, render_fields);

struct regenerate_in {
    struct list scenes;
    bool full_regeneration;
};
static const struct field regenerate_fields[] = {
    FIELD(struct regenerate_in, scenes, .doc = "Scenes to make anew; left out: those that changed"),
    FIELD(struct regenerate_in, full_regeneration, .doc = "Make every scene anew [false]"),
};
static const struct shape regenerate_shape = SHAPE("RegenerateInput", struct regenerate_in, regenerate_fields);

struct started {
    str job_id, status;
    double estimated_time;
    int64_t queue_position;
};
static const struct field rendering_fields[] = {
    FIELD(struct started, job_id, .format = FORMAT_UUID),
    FIELD(struct started, estimated_time, .doc = "Seconds"),
    FIELD(struct started, queue_position, .doc = "1 is next"),
};
static const struct shape rendering_shape = SHAPE("RenderStarted", struct started, rendering_fields);
static const struct field regenerating_fields[] = {
    FIELD(struct started, job_id, .format = FORMAT_UUID),
    FIELD(struct started, estimated_time, .doc = "Seconds"),
    FIELD(struct started, status),
};
static const struct shape regenerating_shape = SHAPE("RegenerationStarted", struct started, regenerating_fields);

struct render {
    str job_id, kind, video_id, status;
    int64_t progress;
    struct opt_int current_scene, total_scenes;
    struct opt_number estimated_time_remaining;
    int64_t queue_position;
    str video_url, poster_url, subtitles_url, subtitles_srt_url;
    struct opt_number duration;
    struct opt_int size_bytes;
    struct raw_json warnings;
    str error;
    time_us created_at, completed_at;
};
static const struct field render_row_fields[] = {
    FIELD(struct render, job_id, .format = FORMAT_UUID),
    FIELD(struct render, kind, .doc = "render or regenerate"),
    FIELD(struct render, video_id, .format = FORMAT_UUID),
    FIELD(struct render, status),
    FIELD(struct render, progress, .doc = "0 to 100"),
    FIELD(struct render, current_scene),
    FIELD(struct render, total_scenes),
    FIELD(struct render, estimated_time_remaining, .doc = "Seconds"),
    FIELD(struct render, queue_position, .doc = "1 is next, 0 when it is not waiting"),
    FIELD(struct render, video_url, .doc = "The film, by signed link"),
    FIELD(struct render, poster_url, .doc = "A picture of it, by signed link; null for sound alone"),
    FIELD(struct render, subtitles_url, .doc = "WebVTT, by signed link; null when nothing is spoken"),
    FIELD(struct render, subtitles_srt_url, .doc = "The same as SubRip"),
    FIELD(struct render, duration, .doc = "Seconds"),
    FIELD(struct render, size_bytes),
    FIELD(struct render, warnings, .json_type = "array", .doc = "What was left out, cut or replaced: {field, message}"),
    FIELD(struct render, error, .doc = "Why it failed"),
    FIELD(struct render, created_at),
    FIELD(struct render, completed_at),
};
static const struct shape render_row_shape = SHAPE("Render", struct render, render_row_fields);
static const struct field state_fields[] = {
    FIELD(struct render, status, .doc = "idle before any render"),
    FIELD(struct render, progress, .doc = "0 to 100"),
    FIELD(struct render, current_scene),
    FIELD(struct render, total_scenes),
    FIELD(struct render, estimated_time_remaining, .doc = "Seconds"),
};
static const struct shape state_shape = SHAPE("RegenerationStatus", struct render, state_fields);

struct one {
    struct render *render;
};
static const struct field one_fields[] = { FIELD(struct one, render, .required = true, .shape = &render_row_shape) };
static const struct shape one_shape = SHAPE("RenderData", struct one, one_fields);
struct many {
    struct list renders;
    struct pagination *pagination;
};
static const struct field many_fields[] = {
    FIELD(struct many, renders, .shape = &render_row_shape),
    FIELD(struct many, pagination, .required = true, .shape = &pagination_shape),
};
static const struct shape many_shape = SHAPE("RenderPage", struct many, many_fields);

// Half a second of work for a second of film, until past renders say better.
static const double WORK_PER_SECOND = 0.5;

static error enqueue(struct api_call *call, const struct video *video, json_t *params)
{
    struct job job;
    struct started *out = call->output;
    struct arena *arena = call->scope.arena;
    if (video->scene_count == 0)
        return error_of(ERROR_VIDEO_HAS_NO_SCENES);
    str key = str_format(arena, "render:%.*s", STR_ARGS(video->id));
    int64_t needed[VOICE_FILE_WANTED_MAX];
    size_t needed_count;
    TRY(voice_file_wanted(&call->scope, video->id, needed, &needed_count));
    struct job_new wanted = { .kind = "render",
        .video_id = video->id,
        .params = params,
        .unique_key = key,
        .needed = needed,
        .needed_count = needed_count };
    error result = job_add(&call->scope, &wanted, &job);
    if (result.code == ERROR_CONFLICT)
        return error_of(ERROR_RENDER_IN_PROGRESS);
    TRY(result);
    out->job_id = job.id;
    out->status = job_status(&job);
    TRY(job_usual_seconds(&call->scope, "render", video->duration * WORK_PER_SECOND + 2, &out->estimated_time));
    return job_queue_position(&call->scope, &job, &out->queue_position);
}

static error render(struct api_call *call)
{
    const struct render_in *in = call->body;
    struct video video;
    TRY(video_get(&call->scope, ((struct path *)call->path)->videoId, VIDEO_WRITE, &video));
    if (in->fps && in->fps != 24 && in->fps != 25 && in->fps != 30 && in->fps != 50 && in->fps != 60)
        return error_make(ERROR_VALIDATION_ERROR, "fps", "must be 24, 25, 30, 50 or 60");
    json_t *params = json_keep(call->scope.arena, json_object());
    json_object_set_new(params, "quality", json_str(in->quality.data ? in->quality : STR("1080p")));
    json_object_set_new(params, "format", json_str(in->format.data ? in->format : STR("mp4")));
    if (in->aspect_ratio.data)
        json_object_set_new(params, "aspect_ratio", json_str(in->aspect_ratio));
    if (in->preset.data)
        json_object_set_new(params, "preset", json_str(in->preset));
    if (in->fps)
        json_object_set_new(params, "fps", json_integer(in->fps));
    if (in->allow_missing)
        json_object_set_new(params, "allow_missing", json_true());
    if (in->include_watermark.set)
        json_object_set_new(params, "include_watermark", json_boolean(in->include_watermark.value));
    return enqueue(call, &video, params);
}

static error newest(struct api_call *call, const struct video *video, struct job *ret_job, bool *ret_found)
{
    return job_newest_of_video(&call->scope, video->id, ret_job, ret_found);
}

// With the settings of the newest render.
static error regenerate(struct api_call *call)
{
    const struct regenerate_in *in = call->body;
    struct arena *arena = call->scope.arena;
    struct video video;
    struct job last;
    bool found;
    json_t *params = json_keep(arena, json_object()), *scenes = json_keep(arena, json_array());
    TRY(video_get(&call->scope, ((struct path *)call->path)->videoId, VIDEO_WRITE, &video));
    TRY(newest(call, &video, &last, &found));
    if (found) {
        json_t *old;
        TRY(json_read(arena, last.params.text, &old));
        params = json_keep(arena, json_deep_copy(old));
    }
    for (size_t i = 0; i < in->scenes.count; i++) {
        struct scene scene;
        str id = ((str *)in->scenes.items)[i];
        error known = scene_get(&call->scope, id, VIDEO_READ, &scene);
        if (error_is(known) || !str_equal(scene.video_id, video.id))
            return error_make(ERROR_SCENE_NOT_FOUND, "scenes", "Scene with ID '%.*s' not found", STR_ARGS(id));
        json_array_append_new(scenes, json_str(scene.id));
    }
    json_object_set(params, "scenes", scenes);
    json_object_set_new(params, "full_regeneration", json_boolean(in->full_regeneration));
    json_object_set_new(params, "regenerate", json_true());
    return enqueue(call, &video, params);
}

static error as_render(struct api_call *call, const struct job *job, struct render *ret_render)
{
    json_t *params, *result = NULL;
    TRY(json_read(call->scope.arena, job->params.text, &params));
    if (job->result.text.data)
        TRY(json_read(call->scope.arena, job->result.text, &result));
    bool again = json_get_bool(params, "regenerate", false), done = str_equal(job->state, STR("completed"));
    *ret_render = (struct render) { .job_id = job->id,
        .kind = again ? STR("regenerate") : STR("render"),
        .video_id = job->video_id,
        .status = job_status(job),
        .progress = (int64_t)(job->progress * 100),
        .error = str_equal(job->state, STR("failed")) ? job->error_message : STR_NONE,
        .created_at = job->created_at,
        .completed_at = job->finished_at };
    int64_t scenes = json_get_int(result, "scenes", 0);
    if (scenes > 0) { // scenes are rendered side by side; how many could be done by now says enough
        ret_render->total_scenes = (struct opt_int) { true, scenes };
        ret_render->current_scene = (struct opt_int) { true, 1 + (int64_t)(job->progress * (double)(scenes - 1)) };
    }
    if (str_equal(ret_render->status, STR("processing")) && job->started_at.us && job->progress > 0.02) {
        double spent = (double)(clock_now_us() - job->started_at.us) / SECOND_US;
        ret_render->estimated_time_remaining = (struct opt_number) { true,
            spent * (1 - job->progress) / job->progress };
    }
    if (done) {
        str format = json_get_str(params, "format");
        str name = str_format(call->scope.arena, "%.*s.%.*s", STR_ARGS(job->title), STR_ARGS(format));
        ret_render->video_url = content_url(call, CONTENT_RENDER, job->id, name);
        if (json_get_bool(result, "poster", false))
            ret_render->poster_url = content_url(call, CONTENT_RENDER, job->id, STR("poster.jpg"));
        if (json_get_bool(result, "subtitles", false)) {
            ret_render->subtitles_url = content_url(call, CONTENT_RENDER, job->id, STR("subtitles.vtt"));
            ret_render->subtitles_srt_url = content_url(call, CONTENT_RENDER, job->id, STR("subtitles.srt"));
        }
        ret_render->warnings = (struct raw_json) { json_text(call->scope.arena, json_object_get(result, "warnings")) };
        ret_render->duration = (struct opt_number) { true, json_get_number(result, "duration", 0) };
        ret_render->size_bytes = (struct opt_int) { true, json_get_int(result, "size_bytes", 0) };
    }
    return job_queue_position(&call->scope, job, &ret_render->queue_position);
}

static error get_render(struct api_call *call)
{
    struct job job;
    struct one *out = call->output;
    TRY(job_get_of_video(&call->scope, ((struct path *)call->path)->jobId, &job));
    if (!str_equal(job.kind, STR("render")))
        return error_of(ERROR_JOB_NOT_FOUND);
    out->render = ARENA_NEW(call->scope.arena, struct render);
    return as_render(call, &job, out->render);
}

static error list_renders(struct api_call *call)
{
    struct many *out = call->output;
    struct video video;
    struct list rows;
    int64_t offset, limit, total;
    TRY(video_get(&call->scope, ((struct path *)call->path)->videoId, VIDEO_READ, &video));
    page_settle(call->query, &offset, &limit);
    TRY(job_list(&call->scope,
        &(struct job_filter) { .kind = STR("render"), .video_id = video.id, .limit = limit, .offset = offset }, &rows,
        &total));
    struct render *items = ARENA_ARRAY(call->scope.arena, struct render, rows.count);
    for (size_t i = 0; i < rows.count; i++)
        TRY(as_render(call, &((struct job *)rows.items)[i], &items[i]));
    out->renders = (struct list) { items, rows.count };
    out->pagination = page_answer(call->scope.arena, call->query, total);
    return OK;
}

static error get_state(struct api_call *call)
{
    struct video video;
    struct job job;
    bool found;
    TRY(video_get(&call->scope, ((struct path *)call->path)->videoId, VIDEO_READ, &video));
    TRY(newest(call, &video, &job, &found));
    if (found)
        return as_render(call, &job, call->output);
    *(struct render *)call->output = (struct render) { .status = STR("idle") };
    return OK;
}

#define START_ERRORS                                                                                                   \
    ERRORS(ERROR_VIDEO_NOT_FOUND, ERROR_READ_ONLY, ERROR_SCENE_NOT_FOUND, ERROR_VIDEO_HAS_NO_SCENES,                   \
        ERROR_RENDER_IN_PROGRESS)

static const struct route routes[] = {
    { "POST", "/api/v1/videos/{videoId}/render", "Renders", "Render a video", FACE_ENVELOPE, ACCESS_USER, LANE_WRITE,
        BODY_JSON, .path_in = &video_path_shape, .body_in = &render_shape, .output = &rendering_shape, .status = 202,
        .errors = START_ERRORS, .handle = render },
    { "POST", "/api/v1/videos/{videoId}/regenerate", "Renders", "Render what changed", FACE_ENVELOPE, ACCESS_USER,
        LANE_WRITE, BODY_JSON, .path_in = &video_path_shape, .body_in = &regenerate_shape,
        .output = &regenerating_shape, .status = 202, .message = "Video regeneration started", .errors = START_ERRORS,
        .handle = regenerate },
    { "GET", "/api/v1/videos/{videoId}/regeneration-status", "Renders", "State of the newest render", FACE_ENVELOPE,
        ACCESS_USER, LANE_READ, .path_in = &video_path_shape, .output = &state_shape,
        .errors = ERRORS(ERROR_VIDEO_NOT_FOUND), .handle = get_state },
    { "GET", "/api/v1/videos/{videoId}/renders", "Renders", "List a video's renders", FACE_ENVELOPE, ACCESS_USER,
        LANE_READ, .path_in = &video_path_shape, .query_in = &page_query_shape, .output = &many_shape,
        .errors = ERRORS(ERROR_VIDEO_NOT_FOUND), .handle = list_renders },
    { "GET", "/api/v1/renders/{jobId}", "Renders", "Show a render", FACE_ENVELOPE, ACCESS_USER, LANE_READ,
        .path_in = &job_path_shape, .output = &one_shape, .errors = ERRORS(ERROR_JOB_NOT_FOUND), .handle = get_render },
};
const struct route_group route_group_renders = ROUTE_GROUP(routes);
