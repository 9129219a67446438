// SPDX-License-Identifier: GPL-3.0-or-later
// What an administrator wants to see at a glance: storage, queue, engines.
#include "domain/overview.h"

#include <errno.h>
#include <sys/statvfs.h>

#include "api/route.h"

struct engine_state {
    str name;
    bool ready;
};
static const struct field engine_fields[] = {
    FIELD(struct engine_state, name, .doc = "Speech engine"),
    FIELD(struct engine_state, ready, .doc = "It is set up; kinora doctor says what is missing"),
};
static const struct shape engine_shape = SHAPE("EngineState", struct engine_state, engine_fields);

struct answer {
    str version, blob_store;
    int64_t users, files, videos, file_bytes, stored_bytes, disk_free_bytes, disk_bytes;
    bool workers_ready;
    struct list jobs, engines;
};
static const struct field answer_fields[] = {
    FIELD(struct answer, version),
    FIELD(struct answer, users),
    FIELD(struct answer, files),
    FIELD(struct answer, videos),
    FIELD(struct answer, file_bytes, .doc = "Of all users' files, as they see them"),
    FIELD(struct answer, stored_bytes, .doc = "Of all that is stored, compressed and encrypted"),
    FIELD(struct answer, disk_free_bytes, .doc = "Of the data folder's disk"),
    FIELD(struct answer, disk_bytes, .doc = "The same"),
    FIELD(struct answer, blob_store, .doc = "local or s3: where new files go"),
    FIELD(struct answer, workers_ready, .doc = "Jobs are being done by this server"),
    FIELD(struct answer, jobs, .shape = &overview_jobs_shape),
    FIELD(struct answer, engines, .shape = &engine_shape),
};
static const struct shape answer_shape = SHAPE("Overview", struct answer, answer_fields);

static bool is_ready(const struct app *app, const char *name)
{
    for (const char *const *ready = app->asr_ready; *ready; ready++)
        if (str_equal_c(str_of(*ready), name))
            return true;
    return false;
}

static struct list engines(struct api_call *call)
{
    size_t count = 0;
    const struct app *app = call->app;
    while (app->asr_engines[count])
        count++;
    struct engine_state *items = ARENA_ARRAY(call->scope.arena, struct engine_state, count);
    for (size_t i = 0; i < count; i++)
        items[i] = (struct engine_state) { str_of(app->asr_engines[i]), is_ready(app, app->asr_engines[i]) };
    return (struct list) { items, count };
}

static error get_overview(struct api_call *call)
{
    const struct app *app = call->app;
    struct overview found;
    struct statvfs disk;
    TRY(overview_read(&call->scope, &found));
    if (statvfs(app->data_directory, &disk) != 0)
        return error_system("look at", app->data_directory, errno);
    *(struct answer *)call->output = (struct answer) { .version = STR(KINORA_VERSION),
        .blob_store = str_of(blob_place_name(blob_store_place_of_new(app->blobs))),
        .users = found.users,
        .files = found.files,
        .videos = found.videos,
        .file_bytes = found.file_bytes,
        .stored_bytes = found.stored_bytes,
        .disk_free_bytes = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize,
        .disk_bytes = (int64_t)disk.f_blocks * (int64_t)disk.f_frsize,
        .workers_ready = app->workers_ready && app->workers_ready(app->workers_context),
        .jobs = found.jobs,
        .engines = engines(call) };
    return OK;
}

static const struct route routes[] = {
    { "GET", "/api/v1/overview", "System", "Storage, queue and engines at a glance", FACE_PLAIN, ACCESS_SUPERUSER,
        LANE_READ, .output = &answer_shape, .handle = get_overview },
};
const struct route_group route_group_overview = ROUTE_GROUP(routes);
