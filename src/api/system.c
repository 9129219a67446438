// SPDX-License-Identifier: GPL-3.0-or-later
// Whether the server lives and is ready to work.
#include <errno.h>
#include <sys/statvfs.h>

#include "api/route.h"
#include "domain/user.h"
#include "domain/worker.h"

struct health {
    str status, version;
};
static const struct field health_fields[] = {
    FIELD(struct health, status, .doc = "ok"),
    FIELD(struct health, version),
};
static const struct shape health_shape = SHAPE("Health", struct health, health_fields);

struct ready {
    str status, database, storage, blob_store, workers;
    struct opt_bool setup_needed;
};
static const struct field ready_fields[] = {
    FIELD(struct ready, status, .doc = "ready"),
    FIELD(struct ready, database, .doc = "ok"),
    FIELD(struct ready, storage, .doc = "ok"),
    FIELD(struct ready, blob_store, .doc = "local or s3: where new files go"),
    FIELD(struct ready, workers, .doc = "ok, starting, remote (only on other machines) or off"),
    FIELD(struct ready, setup_needed, .omit_null = true, .doc = "Only until the first account is made"),
};
static const struct shape ready_shape = SHAPE("Ready", struct ready, ready_fields);

static const int64_t DISK_LEAST_BYTES = 64 << 20;

static error get_health(struct api_call *call)
{
    *(struct health *)call->output = (struct health) { STR("ok"), STR(KINORA_VERSION) };
    return OK;
}

DB_STATEMENT(ask, "SELECT 1");

static error worker_state(struct api_call *call, str *ret_state)
{
    int64_t alive;
    if (call->app->workers_ready) {
        *ret_state = call->app->workers_ready(call->app->workers_context) ? STR("ok") : STR("starting");
        return OK;
    }
    TRY(worker_count_alive(&call->scope, &alive));
    *ret_state = alive ? STR("remote") : STR("off");
    return OK;
}

static error get_ready(struct api_call *call)
{
    int64_t one, users;
    str workers;
    TRY(worker_state(call, &workers));
    struct statvfs disk;
    TRY(db_integer(call->scope.db, &ask, DB_NO_ARGS, &one, NULL));
    TRY(user_count(&call->scope, &users));
    if (statvfs(call->app->data_directory, &disk) != 0)
        return error_make(ERROR_UNAVAILABLE, "storage", "The data folder cannot be read");
    if ((int64_t)disk.f_bavail * (int64_t)disk.f_frsize < DISK_LEAST_BYTES)
        return error_make(ERROR_UNAVAILABLE, "storage", "The disk of the data folder is nearly full");
    error stored = blob_store_check(call->app->blobs);
    if (error_is(stored))
        return error_make(ERROR_UNAVAILABLE, "storage", "%s", stored.message);
    *(struct ready *)call->output = (struct ready) { STR("ready"), STR("ok"), STR("ok"),
        str_of(blob_place_name(blob_store_place_of_new(call->app->blobs))), workers, { users == 0, true } };
    return OK;
}

static const struct route routes[] = {
    { "GET", "/health", "System", "Whether the server lives", FACE_PLAIN, ACCESS_PUBLIC, LANE_READ,
        .output = &health_shape, .without_database = true, .handle = get_health },
    { "GET", "/ready", "System", "Whether the server can work", FACE_PLAIN, ACCESS_PUBLIC, LANE_READ,
        .output = &ready_shape, .errors = ERRORS(ERROR_UNAVAILABLE), .handle = get_ready },
};
const struct route_group route_group_system = ROUTE_GROUP(routes);
