// SPDX-License-Identifier: GPL-3.0-or-later
// kinora database move: an installation from SQLite into PostgreSQL, or back.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/settings.h"
#include "cmd/commands.h"
#include "cmd/data_folder.h"
#include "cmd/progress.h"
#include "domain/database_move.h"

enum { ARENA_BYTES = 64 << 20 };

struct values {
    const char *to;
};

struct moving {
    struct database_move move;
    struct db_pool *source, *target;
    struct progress progress;
    int lock;
    bool makes_file; // the target
};

static error tell(void *context, double done)
{
    struct moving *moving = context;
    progress_tell(&moving->progress, done);
    return atomic_load(interrupt_flag()) ? error_of(ERROR_CANCELLED) : OK;
}

static bool is_sqlite(const char *url)
{
    return str_starts(str_of(url), STR("sqlite:"));
}

// "sqlite:PATH" is "sqlite://PATH" as well.
static const char *whole_url(struct arena *arena, const char *url)
{
    bool brief = is_sqlite(url) && !str_starts(str_of(url), STR("sqlite://"));
    return brief ? str_format(arena, "sqlite://%s", url + strlen("sqlite:")).data : url;
}

static const char *path_of(const char *url)
{
    return url + strlen("sqlite://");
}

// Servers, workers and other commands. Our own connections have a name of their own.
static const char OWN_NAME[] = "application_name=kinora-move";
DB_STATEMENT2(others, "SELECT 0",
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'kinora'");

static const char *named(struct arena *arena, const char *url)
{
    return is_sqlite(url) ? url : str_format(arena, "%s%c%s", url, strchr(url, '?') ? '&' : '?', OWN_NAME).data;
}

static error check_alone(struct db *source)
{
    int64_t count;
    TRY(db_integer(source, &others, DB_NO_ARGS, &count, NULL));
    return count ? error_make(ERROR_UNAVAILABLE, NULL,
               "Servers or workers use the database (%lld connections): stop all of them first", (long long)count)
                 : OK;
}

static error open_source(struct arena *arena, struct moving *moving)
{
    const char *url = whole_url(arena, data_folder_database(arena));
    if (is_sqlite(url) && access(path_of(url), R_OK) != 0)
        return error_make(ERROR_UNAVAILABLE, NULL,
            "There is no database %s: name the installation with --data or --database-url", path_of(url));
    TRY(db_open(&(struct db_options) { named(arena, url) }, &moving->source));
    TRY(db_connect(moving->source, &moving->move.source));
    TRY(check_alone(moving->move.source));
    return db_read_begin(moving->move.source);
}

// A file that this made, and that has nothing in it.
static void remove_target(struct arena *arena, const char *to)
{
    static const char *const endings[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        unlink(str_format(arena, "%s%s", path_of(to), endings[i]).data);
}

static error move(struct arena *arena, struct moving *moving, const char *to)
{
    if (access(settings.data, F_OK) == 0)
        TRY(data_folder_lock(arena, &moving->lock)); // also against a server that starts meanwhile
    TRY(open_source(arena, moving));
    moving->makes_file = is_sqlite(to) && access(path_of(to), F_OK) != 0;
    TRY(db_open(&(struct db_options) { named(arena, to) }, &moving->target));
    progress_begin(&moving->progress, "Moving");
    error result = db_write_loose(moving->target, database_move, &moving->move);
    progress_end(&moving->progress);
    return result;
}

static void close_all(struct moving *moving)
{
    if (moving->move.source) {
        db_read_end(moving->move.source);
        db_disconnect(moving->move.source);
    }
    if (moving->source)
        db_close(moving->source);
    if (moving->target)
        db_close(moving->target);
    if (moving->lock >= 0)
        close(moving->lock);
    arena_free(moving->move.arena);
}

static error run(const struct call *call)
{
    const struct values *values = call->values;
    if (strcmp(call->operands[0], "move") != 0 || !values->to)
        return error_make(ERROR_USAGE, NULL, "kinora database move --to postgresql://… or --to sqlite:PATH");
    struct moving moving = { .lock = -1, .move = { .arena = arena_new(ARENA_BYTES), .tell = tell } };
    moving.move.context = &moving;
    const char *to = whole_url(call->arena, values->to);
    error result = move(call->arena, &moving, to);
    if (error_is(result)) // the message must survive what closing says
        result.message = str_copy(call->arena, str_of(result.message)).data;
    size_t tables = moving.move.tables;
    int64_t rows = moving.move.rows;
    bool made = moving.makes_file;
    close_all(&moving);
    if (error_is(result) && made)
        remove_target(call->arena, to);
    TRY(result);
    fprintf(stderr,
        "Moved %lld rows of %zu tables, and compared each of them; the old database is as it was.\n"
        "Start all servers and workers with %s%s from now on, and never again with the old one.\n",
        (long long)rows, tables, is_sqlite(to) ? "KINORA_DATABASE_URL=" : "the same --database-url",
        is_sqlite(to) ? to : "");
    return OK;
}

static const struct option options[] = {
    { "to", 0, "URL", OPTION_TEXT, offsetof(struct values, to), NULL, 0, 0,
        "Where everything goes: an empty database, postgresql://… or sqlite:PATH" },
    { 0 },
};

const struct command database_command = {
    .name = "database",
    .operands = "move",
    .operand_least = 1,
    .operand_most = 1,
    .summary = "Move an installation from SQLite into PostgreSQL, or back",
    .help =
        "Copies every row of the database of the data folder --data (or of --database-url) into another one, which\n"
        "must be empty, and compares both table by table, by count and hash, before it counts: the target has all\n"
        "of it or nothing, wherever the move is interrupted, and can then be run again. The source is not changed.\n"
        "Stop all servers and workers first. Stored files and the master key stay where they are: machines that\n"
        "are to share the database need an object store (kinora blobs move) and the key (--master-key-file).\n\n"
        "Example: kinora database move --data ~/kinora --to postgresql://kinora@db/kinora\n"
        "         kinora database move --database-url postgresql://kinora@db/kinora --to sqlite:/new/kinora.db",
    .options = options,
    .settings = true,
    .values_size = sizeof(struct values),
    .run = run,
};
