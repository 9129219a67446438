// SPDX-License-Identifier: GPL-3.0-or-later
// Who works on the queue, what waits there, and holding a kind of jobs back.
#include <string.h>

#include "api/route.h"
#include "domain/job.h"
#include "domain/worker.h"

struct workers {
    struct list workers, queues;
};
static const struct field workers_fields[] = {
    FIELD(struct workers, workers, .shape = &worker_row_shape, .doc = "Those of this database, on all machines"),
    FIELD(struct workers, queues, .shape = &job_queue_shape, .doc = "Kinds of jobs with work, failures or a pause"),
};
static const struct shape workers_shape = SHAPE("Workers", struct workers, workers_fields);

struct path {
    str kind;
};
static const struct field path_fields[] = {
    FIELD(struct path, kind, .required = true, .min = 1, .max = 64, .doc = "Kind of jobs"),
};
static const struct shape path_shape = SHAPE("QueuePath", struct path, path_fields);

static error list_workers(struct api_call *call)
{
    struct workers *out = call->output;
    TRY(worker_list(&call->scope, &out->workers));
    return job_queues(&call->scope, &out->queues);
}

static error find_queue(struct api_call *call, str kind)
{
    struct list queues;
    *(struct job_queue *)call->output = (struct job_queue) { .kind = kind };
    TRY(job_queues(&call->scope, &queues));
    for (size_t i = 0; i < queues.count; i++)
        if (str_equal(((const struct job_queue *)queues.items)[i].kind, kind))
            *(struct job_queue *)call->output = ((const struct job_queue *)queues.items)[i];
    return OK;
}

static error check_kind(const struct api_call *call, str *ret_kind)
{
    str kind = ((const struct path *)call->path)->kind;
    for (size_t i = 0; i < kind.size; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_-", kind.data[i]))
            return error_make(ERROR_VALIDATION_ERROR, "kind", "A kind of jobs is a word such as render");
    for (const char *const *known = call->app->job_kinds; *known; known++)
        if (str_equal_c(kind, *known)) {
            *ret_kind = kind;
            return OK;
        }
    return error_make(ERROR_QUEUE_NOT_FOUND, "kind", "There are no jobs of the kind \"%.*s\"", STR_ARGS(kind));
}

static error pause(struct api_call *call)
{
    str kind;
    TRY(check_kind(call, &kind));
    TRY(job_queue_pause(&call->scope, kind));
    return find_queue(call, kind);
}

static error resume(struct api_call *call)
{
    str kind;
    TRY(check_kind(call, &kind));
    TRY(job_queue_resume(&call->scope, kind));
    return find_queue(call, kind);
}

static const struct route routes[] = {
    { "GET", "/api/v1/workers", "Jobs", "Who works on jobs, and what waits", FACE_PLAIN, ACCESS_SUPERUSER, LANE_READ,
        .output = &workers_shape, .handle = list_workers },
    { "POST", "/api/v1/queues/{kind}/pause", "Jobs", "Let no job of a kind begin", FACE_PLAIN, ACCESS_SUPERUSER,
        LANE_WRITE, .path_in = &path_shape, .output = &job_queue_shape, .errors = ERRORS(ERROR_QUEUE_NOT_FOUND),
        .audit = "queue.pause", .audit_object = "queue", .handle = pause },
    { "POST", "/api/v1/queues/{kind}/resume", "Jobs", "Let jobs of a kind begin again", FACE_PLAIN, ACCESS_SUPERUSER,
        LANE_WRITE, .path_in = &path_shape, .output = &job_queue_shape, .errors = ERRORS(ERROR_QUEUE_NOT_FOUND),
        .audit = "queue.resume", .audit_object = "queue", .handle = resume },
};
const struct route_group route_group_workers = ROUTE_GROUP(routes);
