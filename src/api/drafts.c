// SPDX-License-Identifier: GPL-3.0-or-later
// Drafts of scenes and videos, for editors: asking for one is what has it made. Asked again it tells how far it is, and
// when it is there, where.
#include "api/content_url.h"
#include "base/clock.h"
#include "domain/video.h"

struct path {
    str videoId, sceneId;
};
static const struct field video_fields[] = {
    FIELD(struct path, videoId, .required = true, .format = FORMAT_UUID, .doc = "Video"),
};
static const struct shape video_path_shape = SHAPE("DraftVideoPath", struct path, video_fields);
static const struct field scene_fields[] = {
    FIELD(struct path, videoId, .required = true, .format = FORMAT_UUID, .doc = "Video"),
    FIELD(struct path, sceneId, .required = true, .format = FORMAT_UUID, .doc = "Scene"),
};
static const struct shape scene_path_shape = SHAPE("DraftScenePath", struct path, scene_fields);

struct answer {
    str status;
    int64_t progress;
    struct opt_number estimated_time_remaining;
    int64_t queue_position;
    str job_id, video_url;
    struct opt_number duration;
    struct opt_int width, height, size_bytes;
    struct raw_json warnings;
    str error;
};
static const struct field answer_fields[] = {
    FIELD(struct answer, status, .doc = "pending, processing, completed or failed"),
    FIELD(struct answer, progress, .doc = "0 to 100"),
    FIELD(struct answer, estimated_time_remaining, .doc = "Seconds"),
    FIELD(struct answer, queue_position, .doc = "1 is next, 0 when it is not waiting"),
    FIELD(struct answer, job_id,
        .doc = "The job that makes it, for GET /api/v1/jobs and its events; null when it is there"),
    FIELD(struct answer, video_url, .doc = "The draft (MP4), by signed link, when it is there"),
    FIELD(struct answer, duration, .doc = "Seconds"),
    FIELD(struct answer, width),
    FIELD(struct answer, height),
    FIELD(struct answer, size_bytes),
    FIELD(struct answer, warnings, .json_type = "array", .doc = "What was left out, cut or replaced: {field, message}"),
    FIELD(struct answer, error, .doc = "Why it failed; it is tried again when something changed, or after a minute"),
};
static const struct shape answer_shape = SHAPE("Draft", struct answer, answer_fields);
struct one {
    struct answer *draft;
};
static const struct field one_fields[] = { FIELD(struct one, draft, .required = true, .shape = &answer_shape) };
static const struct shape one_shape = SHAPE("DraftData", struct one, one_fields);

static error as_made(struct api_call *call, const struct draft *draft, struct answer *answer)
{
    json_t *facts;
    TRY(json_read(call->scope.arena, draft->facts.text, &facts));
    str name = str_format(call->scope.arena, "%.*s.mp4", STR_ARGS(draft->key));
    *answer = (struct answer) { .status = STR("completed"),
        .progress = 100,
        .video_url = content_url(call, CONTENT_DRAFT, draft->video_id, name),
        .duration = { true, json_get_number(facts, "duration", 0) },
        .width = { true, json_get_int(facts, "width", 0) },
        .height = { true, json_get_int(facts, "height", 0) },
        .size_bytes = { true, json_get_int(facts, "size_bytes", 0) },
        .warnings = { json_text(call->scope.arena, json_object_get(facts, "warnings")) } };
    return OK;
}

static error as_job(struct api_call *call, const struct job *job, struct answer *answer)
{
    *answer = (struct answer) { .status = job_status(job),
        .progress = (int64_t)(job->progress * 100),
        .job_id = job->id,
        .error = str_equal_c(job->state, "failed") ? job->error_message : STR_NONE };
    if (job->started_at.us && !job->finished_at.us && job->progress > 0.02) {
        double spent = (double)(clock_now_us() - job->started_at.us) / SECOND_US;
        answer->estimated_time_remaining = (struct opt_number) { true, spent * (1 - job->progress) / job->progress };
    }
    return job_queue_position(&call->scope, job, &answer->queue_position);
}

static error tell(struct api_call *call, const struct draft *draft)
{
    struct one *out = call->output;
    out->draft = ARENA_NEW(call->scope.arena, struct answer);
    return draft->is_made ? as_made(call, draft, out->draft) : as_job(call, &draft->job, out->draft);
}

static error touch(struct api_call *call)
{
    const struct draft *draft = call->prepared;
    TRY(draft_touch(&call->scope, draft));
    return tell(call, draft);
}

static error begin(struct api_call *call)
{
    struct draft *draft = call->prepared;
    TRY(draft_start(&call->scope, draft));
    return tell(call, draft);
}

// Planning reads all of the video: not in the lane of changes.
static error draft(struct api_call *call)
{
    const struct path *path = call->path;
    struct draft *draft = ARENA_NEW(call->scope.arena, struct draft);
    struct video video;
    TRY(video_get(&call->scope, path->videoId, VIDEO_READ, &video));
    draft->video_id = video.id;
    draft->scene_id = path->sceneId.data ? str_lower(call->scope.arena, path->sceneId) : STR_NONE;
    TRY(call->app->draft_key(NULL, &call->scope, draft));
    TRY(draft_look(&call->scope, draft));
    call->prepared = draft;
    if (draft->is_made || !draft->job.id.data) {
        route_change(call, draft->is_made ? touch : begin);
        return OK;
    }
    route_finish(call, tell(call, draft));
    return OK;
}

static const struct route routes[] = {
    { "GET", "/api/v1/videos/{videoId}/scenes/{sceneId}/draft", "Renders",
        "A scene as a small film with its sound, made when it is asked for; ask until it is there", FACE_ENVELOPE,
        ACCESS_USER, LANE_STREAM, .path_in = &scene_path_shape, .output = &one_shape,
        .errors = ERRORS(ERROR_VIDEO_NOT_FOUND, ERROR_SCENE_NOT_FOUND), .handle = draft },
    { "GET", "/api/v1/videos/{videoId}/draft", "Renders",
        "The whole video as a small film; only scenes that changed are made anew", FACE_ENVELOPE, ACCESS_USER,
        LANE_STREAM, .path_in = &video_path_shape, .output = &one_shape,
        .errors = ERRORS(ERROR_VIDEO_NOT_FOUND, ERROR_VIDEO_HAS_NO_SCENES), .handle = draft },
};
const struct route_group route_group_drafts = ROUTE_GROUP(routes);
