// SPDX-License-Identifier: GPL-3.0-or-later
// Jobs of every kind as document 004 has them.
#include "api/content_url.h"
#include "domain/job.h"

struct path {
    str job_id;
};
static const struct field path_fields[] = {
    FIELD(struct path, job_id, .required = true, .format = FORMAT_UUID, .doc = "Job"),
};
static const struct shape path_shape = SHAPE("JobPath", struct path, path_fields);

static const char *const states[] = { "pending", "processing", "completed", "failed", "cancelled", NULL };
struct query {
    str status, kind;
    struct opt_int limit, offset;
};
static const struct field query_fields[] = {
    FIELD(struct query, status, .allowed = states, .doc = "Only jobs in this state"),
    FIELD(struct query, kind, .min = 1, .max = 32, .doc = "Only jobs of this kind"),
    FIELD(struct query, limit, .min = 1, .max = 1000, .doc = "How many at the most [100]"),
    FIELD(struct query, offset, .max = 1e9, .doc = "How many to pass over [0]"),
};
static const struct shape query_shape = SHAPE("JobQuery", struct query, query_fields);

struct job_answer {
    str id, kind, file_name, status;
    double progress;
    time_us created_at, completed_at, cancelled_at;
    str error;
    int64_t retry_count;
    struct raw_json result;
};
static const struct field job_fields[] = {
    FIELD(struct job_answer, id, .format = FORMAT_UUID),
    FIELD(struct job_answer, kind),
    FIELD(struct job_answer, file_name, .doc = "The file's name, or the video's title"),
    FIELD(struct job_answer, status),
    FIELD(struct job_answer, progress, .doc = "0 to 1"),
    FIELD(struct job_answer, created_at),
    FIELD(struct job_answer, completed_at, .omit_null = true),
    FIELD(struct job_answer, error, .omit_null = true, .doc = "Why it failed"),
    FIELD(struct job_answer, retry_count),
    FIELD(struct job_answer, result, .omit_null = true,
        .doc = "Of a voiceover: audio_url, duration, words; of a generated picture: media_id; not in lists"),
};
static const struct shape job_shape = SHAPE("Job", struct job_answer, job_fields);
static const struct field cancelled_fields[] = {
    FIELD(struct job_answer, id, .format = FORMAT_UUID),
    FIELD(struct job_answer, status),
    FIELD(struct job_answer, cancelled_at),
};
static const struct shape cancelled_shape = SHAPE("JobCancelled", struct job_answer, cancelled_fields);
static const struct field retried_fields[] = {
    FIELD(struct job_answer, id, .format = FORMAT_UUID),
    FIELD(struct job_answer, status),
    FIELD(struct job_answer, retry_count),
};
static const struct shape retried_shape = SHAPE("JobRetried", struct job_answer, retried_fields);

struct job_page {
    struct list jobs;
    int64_t total;
};
static const struct field page_fields[] = {
    FIELD(struct job_page, jobs, .shape = &job_shape),
    FIELD(struct job_page, total, .doc = "Of all pages"),
};
static const struct shape page_shape = SHAPE("JobList", struct job_page, page_fields);

static struct job_answer as_answer(const struct job *job)
{
    bool failed = str_equal(job->state, STR("failed"));
    return (struct job_answer) { .id = job->id,
        .kind = job->kind,
        .file_name = job->title,
        .status = job_status(job),
        .progress = job->progress,
        .created_at = job->created_at,
        .completed_at = job->finished_at,
        .cancelled_at = job->finished_at,
        .error = failed ? job->error_message : STR_NONE,
        .retry_count = job->retry_count };
}

static error result_of(struct api_call *call, const struct job *job, struct raw_json *ret_result)
{
    struct arena *arena = call->scope.arena;
    bool is_voice = str_equal_c(job->kind, "voice");
    json_t *result;
    if (!str_equal_c(job->state, "completed") || !(is_voice || str_equal_c(job->kind, "image")))
        return OK;
    TRY(json_read(arena, job->result.text, &result));
    if (is_voice)
        json_object_set_new(
            result, "audio_url", json_str(content_url(call, CONTENT_VOICE, job->id, STR("voiceover.mp3"))));
    ret_result->text = json_text(arena, result);
    return OK;
}

static error get_job(struct api_call *call)
{
    struct job job;
    struct job_answer *out = call->output;
    TRY(job_get_readable(&call->scope, ((struct path *)call->path)->job_id, &job));
    *out = as_answer(&job);
    return result_of(call, &job, &out->result);
}

static error list_jobs(struct api_call *call)
{
    const struct query *query = call->query;
    struct job_page *out = call->output;
    struct list rows;
    TRY(job_list(&call->scope,
        &(struct job_filter) { .status = query->status,
            .kind = query->kind,
            .limit = query->limit.set ? query->limit.value : 100,
            .offset = query->offset.value },
        &rows, &out->total));
    struct job_answer *items = ARENA_ARRAY(call->scope.arena, struct job_answer, rows.count);
    for (size_t i = 0; i < rows.count; i++)
        items[i] = as_answer(&((struct job *)rows.items)[i]);
    out->jobs = (struct list) { items, rows.count };
    return OK;
}

// In this face a wrong state is a conflict that names the state.
static error state_conflict(const struct job *job, error result)
{
    switch (result.code) {
    case ERROR_JOB_ALREADY_COMPLETED:
    case ERROR_JOB_ALREADY_CANCELLED:
    case ERROR_JOB_ALREADY_FAILED:
    case ERROR_JOB_NOT_FAILED:
    case ERROR_CONFLICT:
        return error_make(ERROR_JOB_STATE_CONFLICT, "status", "%.*s", STR_ARGS(job_status(job)));
    default:
        return result;
    }
}

static error cancel(struct api_call *call)
{
    struct job job, ended;
    TRY(job_get(&call->scope, ((struct path *)call->path)->job_id, &job));
    TRY(state_conflict(&job, job_cancel(&call->scope, &job, &ended)));
    *(struct job_answer *)call->output = as_answer(&ended);
    return OK;
}

static error retry(struct api_call *call)
{
    struct job job, again;
    TRY(job_get(&call->scope, ((struct path *)call->path)->job_id, &job));
    TRY(state_conflict(&job, job_retry(&call->scope, &job, &again)));
    *(struct job_answer *)call->output = as_answer(&again);
    return OK;
}

#define STATE_ERRORS ERRORS(ERROR_JOB_NOT_FOUND, ERROR_JOB_STATE_CONFLICT)

static const struct route routes[] = {
    { "GET", "/api/v1/jobs", "Jobs", "List your jobs", FACE_PLAIN, ACCESS_USER, LANE_READ, .query_in = &query_shape,
        .output = &page_shape, .handle = list_jobs },
    { "GET", "/api/v1/jobs/{job_id}", "Jobs", "Show a job", FACE_PLAIN, ACCESS_USER, LANE_READ, .path_in = &path_shape,
        .output = &job_shape, .errors = ERRORS(ERROR_JOB_NOT_FOUND), .handle = get_job },
    { "POST", "/api/v1/jobs/{job_id}/cancel", "Jobs", "Cancel a job", FACE_PLAIN, ACCESS_USER, LANE_WRITE,
        .path_in = &path_shape, .output = &cancelled_shape, .errors = STATE_ERRORS, .handle = cancel },
    { "POST", "/api/v1/jobs/{job_id}/retry", "Jobs", "Retry a failed job", FACE_PLAIN, ACCESS_USER, LANE_WRITE,
        .path_in = &path_shape, .output = &retried_shape, .errors = STATE_ERRORS, .handle = retry },
};
const struct route_group route_group_jobs = ROUTE_GROUP(routes);
