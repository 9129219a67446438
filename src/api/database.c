// SPDX-License-Identifier: GPL-3.0-or-later
// The database in and out, as document 002 has it: the superuser's alone.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "api/input.h"
#include "api/multipart.h"
#include "api/trail.h"
#include "base/clock.h"
#include "base/id.h"
#include "domain/database_export.h"
#include "domain/database_tables.h"

// Export

static error fill(void *state, struct buffer *out, size_t room, void *worker)
{
    (void)worker;
    error result = database_export_fill(state, out, room);
    if (error_is(result))
        log_event(LOG_ERROR, NULL, "database", "An export was broken off", LOG_TEXT("reason", str_of(result.message)));
    return result;
}

static void closed(void *state, void *worker)
{
    (void)worker;
    database_export_close(state);
}

static error export(struct api_call *call)
{
    static const struct send_ops ops = { fill, closed };
    struct database_export *state;
    struct tm utc;
    char name[80];
    time_t now = (time_t)(clock_now_us() / SECOND_US);
    TRY(trail_keep_now(call));
    TRY(database_export_open(call->app->db, call->app->keyring, &state));
    gmtime_r(&now, &utc);
    strftime(name, sizeof name, "attachment; filename=\"media_auto_saver_backup_%Y%m%d_%H%M%S.sql\"", &utc);
    exchange_header(call->exchange, "Content-Type", STR("application/sql"));
    exchange_header(call->exchange, "Content-Disposition", str_copy(call->scope.arena, str_of(name)));
    exchange_header(call->exchange, "Cache-Control", STR("no-store"));
    exchange_send(call->exchange, 200, -1, &ops, state);
    return OK;
}

// Import

struct import_query {
    bool allow_foreign_keys;
};
static const struct field query_fields[] = {
    FIELD(struct import_query, allow_foreign_keys,
        .doc = "Also an export of a server with another master key; its files open only with that key [false]"),
};
static const struct shape query_shape = SHAPE("DatabaseImportQuery", struct import_query, query_fields);
struct started {
    str message;
};
static const struct field started_fields[] = { FIELD(struct started, message) };
static const struct shape started_shape = SHAPE("DatabaseImportStarted", struct started, started_fields);

static const struct field state_fields[] = {
    FIELD(struct import_state, state, .doc = "none, running, completed or failed"),
    FIELD(struct import_state, message, .doc = "Why it failed, with the line of the file; nothing was changed then"),
    FIELD(struct import_state, backup, .doc = "File in the data folder with an export of the data of before"),
    FIELD(struct import_state, started_at),
    FIELD(struct import_state, finished_at),
    FIELD(struct import_state, tables),
    FIELD(struct import_state, rows),
    FIELD(struct import_state, missing_count, .doc = "Files that the database lists and the store does not have"),
    FIELD(struct import_state, missing, .doc = "Ids of the first of them"),
};
static const struct shape state_shape = SHAPE("DatabaseImportState", struct import_state, state_fields);

struct receiving {
    struct api_call *call;
    struct multipart *multipart;
    const char *path;
    int file; // open while the upload goes on
    bool named, in_file;
};

static error part(void *context, const struct multipart_part *part)
{
    struct receiving *receiving = context;
    receiving->in_file = part->file_name.data && !receiving->named;
    if (!receiving->in_file)
        return OK;
    receiving->named = true;
    str name = str_lower(receiving->call->scope.arena, part->file_name);
    return str_ends(name, STR(".sql")) ? OK
                                       : error_make(ERROR_VALIDATION_ERROR, "file",
                                           "Only .sql files, as the export gives them, can be imported");
}

static error data(void *context, const char *bytes, size_t size)
{
    const struct receiving *receiving = context;
    while (receiving->in_file && size) {
        ssize_t done = write(receiving->file, bytes, size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return error_system("write", "the upload", errno);
        bytes += done;
        size -= (size_t)done;
    }
    return OK;
}

static error part_end(void *context)
{
    ((struct receiving *)context)->in_file = false;
    return OK;
}

// `keep`: the import has taken the file over.
static void clean(struct receiving *receiving, bool keep)
{
    multipart_free(TAKE(receiving->multipart));
    close(receiving->file);
    if (!keep)
        unlink(receiving->path);
}

static bool on_data(void *state, struct exchange *exchange, const char *bytes, size_t size, void *worker)
{
    (void)exchange, (void)worker;
    struct receiving *receiving = state;
    error result = multipart_feed(receiving->multipart, bytes, size);
    if (!error_is(result))
        return true;
    clean(receiving, false);
    route_finish(receiving->call, result);
    return false;
}

static void on_lost(void *state, struct exchange *exchange, void *worker)
{
    (void)exchange, (void)worker;
    clean(state, false);
}

// What is no export is told at once; the rest is found by the import.
static error check(const struct receiving *receiving)
{
    static const char first[] = "-- " DATABASE_FORMAT "\n";
    char begin[sizeof first - 1];
    TRY(multipart_end(receiving->multipart));
    if (!receiving->named)
        return error_make(ERROR_VALIDATION_ERROR, "file", "The body has no file");
    bool good = pread(receiving->file, begin, sizeof begin, 0) == (ssize_t)sizeof begin
                && !memcmp(begin, first, sizeof begin);
    return good ? OK : error_make(ERROR_VALIDATION_ERROR, "file", "The file is not an export of this program");
}

static void on_end(void *state, struct exchange *exchange, void *worker)
{
    (void)exchange, (void)worker;
    struct receiving *receiving = state;
    struct api_call *call = receiving->call;
    const struct import_query *query = call->query;
    error result = check(receiving);
    if (!error_is(result))
        result = trail_keep_now(call);
    if (!error_is(result))
        result = call->app->import_start(call->app->import_context, receiving->path, query->allow_foreign_keys);
    clean(receiving, !error_is(result));
    ((struct started *)call->output)->message = STR(
        "Database import process started in the background. The application might restart or become temporarily "
        "unavailable. Please check server logs for status.");
    route_finish(call, result);
}

static error open_file(struct receiving *receiving)
{
    struct arena *arena = receiving->call->scope.arena;
    const char *folder = str_format(arena, "%s/import", receiving->call->app->data_directory).data;
    if (mkdir(folder, 0700) < 0 && errno != EEXIST)
        return error_system("make the folder", "import", errno);
    receiving->path = str_format(arena, "%s/%.*s.sql", folder, STR_ARGS(id_new(arena))).data;
    receiving->file = open(receiving->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return receiving->file < 0 ? error_system("make", "a file for the upload", errno) : OK;
}

static error import(struct api_call *call)
{
    static const struct multipart_ops ops = { part, data, part_end };
    static const struct receive_ops receive = { on_data, on_end, on_lost };
    const struct http_request *request = exchange_request(call->exchange);
    struct arena *arena = call->scope.arena;
    struct receiving *receiving = ARENA_NEW(arena, struct receiving);
    *receiving = (struct receiving) { .call = call, .file = -1 };
    if (!str_equal_fold(input_media_type(request), STR("multipart/form-data")))
        return error_make(ERROR_VALIDATION_ERROR, "Content-Type", "The body must be multipart/form-data with a file");
    str boundary = input_header_parameter(arena, http_header(request, "Content-Type"), "boundary");
    TRY(multipart_new(boundary, &ops, receiving, &receiving->multipart));
    error result = open_file(receiving);
    if (error_is(result)) {
        multipart_free(receiving->multipart);
        return result;
    }
    exchange_receive(call->exchange, &receive, receiving);
    return OK;
}

static error state(struct api_call *call)
{
    call->app->import_state(call->app->import_context, call->scope.arena, call->output);
    return OK;
}

static const struct route routes[] = {
    { "GET", "/api/v1/database/export", "Database", "All of the database as SQL", FACE_DETAIL, ACCESS_SUPERUSER,
        LANE_STREAM, .answer_type = "application/sql", .audit = "database.export", .handle = export },
    { "POST", "/api/v1/database/import", "Database",
        "Replace all data by those of an export; the sessions of all users end", FACE_DETAIL, ACCESS_SUPERUSER,
        LANE_STREAM, BODY_UPLOAD, .query_in = &query_shape, .output = &started_shape,
        .errors = ERRORS(ERROR_UPLOAD_INCOMPLETE), .audit = "database.import", .handle = import },
    { "GET", "/api/v1/database/import", "Database", "How the last import went", FACE_DETAIL, ACCESS_SUPERUSER,
        LANE_READ, .output = &state_shape, .handle = state },
};
const struct route_group route_group_database = ROUTE_GROUP(routes);
