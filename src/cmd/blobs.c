// SPDX-License-Identifier: GPL-3.0-or-later
// kinora blobs: the stored files of a data folder, beside the server or without it.
#include "cmd/blobs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/settings.h"
#include "cmd/data_folder.h"
#include "cmd/stores.h"
#include "cmd/upgrade.h"
#include "work/sweep.h"

enum { PAGE_ROWS = 500, PAGE_MEMORY_MAX = 4 << 20 };

struct values {
    const char *to;
    bool deep;
    double older; // hours; below 0: the usual ages
};

error blobs_each_row(
    struct blobs *blobs, str place, error (*visit)(void *context, const struct blob_row *row), void *context)
{
    char last[64] = "";
    for (bool more = true; more;) {
        struct list rows;
        arena_reset(blobs->page);
        struct scope scope = { .arena = blobs->page, .db = blobs->db, .blobs = blobs->store };
        TRY(blob_row_page(&scope, place, *last ? str_of(last) : STR_NONE, PAGE_ROWS, &rows));
        for (size_t i = 0; i < rows.count; i++) {
            const struct blob_row *row = &((struct blob_row *)rows.items)[i];
            if (atomic_load(interrupt_flag()))
                return error_of(ERROR_CANCELLED);
            TRY(visit(context, row));
            snprintf(last, sizeof last, "%.*s", STR_ARGS(row->id));
        }
        more = rows.count == PAGE_ROWS;
    }
    return OK;
}

// The lock of a server that runs, and the object store it has written there.
static void look_for_server(struct blobs *blobs)
{
    struct arena *arena = blobs->call->arena;
    char told[2048];
    int fd = open(str_format(arena, "%s/lock", settings.data).data, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    blobs->is_server_running = flock(fd, LOCK_SH | LOCK_NB) != 0;
    ssize_t size = read(fd, told, sizeof told);
    blobs->server_store = str_copy(arena, (str) { told, size > 0 ? (size_t)size : 0 });
    close(fd);
}

static error open_all(struct blobs *blobs)
{
    struct arena *arena = blobs->call->arena;
    const char *keys, *key_file;
    if (access(settings.data, R_OK | W_OK | X_OK) != 0)
        return error_make(ERROR_UNAVAILABLE, "data",
            "There is no data folder %s that this user may change. Name one with --data", settings.data);
    TRY(crypt_init());
    look_for_server(blobs);
    data_folder_keys(arena, &keys, &key_file);
    TRY(keyring_open(keys, key_file, &blobs->keyring));
    TRY(db_open(&(struct db_options) { data_folder_database(arena) }, &blobs->pool));
    TRY(upgrade_database(arena, blobs->pool));
    TRY(db_connect(blobs->pool, &blobs->db));
    TRY(stores_open_blobs(arena, blobs->keyring, &blobs->store));
    return blob_store_check(blobs->store);
}

static void close_all(struct blobs *blobs)
{
    blob_store_close(blobs->store);
    db_disconnect(blobs->db);
    if (blobs->pool)
        db_close(blobs->pool);
    keyring_close(blobs->keyring);
    arena_free(blobs->page);
}

static bool is_interrupted(void *context)
{
    (void)context;
    return atomic_load(interrupt_flag());
}

static error sweep_now(struct blobs *blobs, double older_hours)
{
    struct sweep_result result;
    struct sweep_ages ages = sweep_ages_usual;
    if (older_hours >= 0)
        ages.local_us = ages.s3_us = (int64_t)(older_hours * 3600 * (double)SECOND_US);
    TRY(sweep(blobs->pool, blobs->db, blobs->store, &ages, is_interrupted, NULL, &result));
    fprintf(stderr, "Removed %lld stored files that nothing uses and %lld unfinished uploads.\n",
        (long long)result.removed, (long long)result.unfinished);
    return OK;
}

static error run_on(struct blobs *blobs)
{
    const struct values *values = blobs->call->values;
    const char *what = blobs->call->operands[0];
    enum blob_place target;
    if (!strcmp(what, "verify"))
        return blobs_verify(blobs, values->deep);
    if (!strcmp(what, "sweep"))
        return sweep_now(blobs, values->older);
    if (!values->to || !blob_place_parse(str_of(values->to), &target))
        return error_make(ERROR_USAGE, NULL, "kinora blobs move needs --to s3 or --to local");
    return blobs_move(blobs, target);
}

static error run(const struct call *call)
{
    const char *what = call->operands[0];
    if (strcmp(what, "move") != 0 && strcmp(what, "verify") != 0 && strcmp(what, "sweep") != 0)
        return error_make(ERROR_USAGE, NULL, "kinora blobs move, kinora blobs verify or kinora blobs sweep");
    struct blobs blobs = { .call = call, .page = arena_new(PAGE_MEMORY_MAX) };
    error result = open_all(&blobs);
    if (!error_is(result))
        result = run_on(&blobs);
    if (error_is(result)) // the message must survive what closing says
        result.message = str_copy(call->arena, str_of(result.message)).data;
    close_all(&blobs);
    return result;
}

static const struct values defaults = { .older = -1 };
static const struct option options[] = {
    { "to", 0, "PLACE", OPTION_TEXT, offsetof(struct values, to), "s3|local", 0, 0, "move: where everything goes" },
    { "deep", 0, NULL, OPTION_FLAG, offsetof(struct values, deep), NULL, 0, 0,
        "verify: read, open and hash every byte, not just look" },
    { "older", 0, "HOURS", OPTION_NUMBER, offsetof(struct values, older), NULL, 0, 24 * 365,
        "sweep: what is older [1 on the disk, 24 in the object store]" },
    { 0 },
};

const struct command blobs_command = {
    .name = "blobs",
    .operands = "move|verify|sweep",
    .operand_least = 1,
    .operand_most = 1,
    .summary = "Move stored files between disk and object store, verify them, sweep",
    .help =
        "Works on the data folder --data (./data) with the settings of the server, whether it runs or not.\n"
        "move    copies each file, reads the copy back, then removes the first. It can be interrupted and run again;\n"
        "        a server that runs must know the object store too.\n"
        "verify  finds files that are missing, damaged, or used by nothing. Exit code 1 when there are any.\n"
        "sweep   removes now what the server removes once a day: files that nothing uses, unfinished uploads.\n"
        "        With --older 0 no other server may be uploading to the same bucket.\n\n"
        "Example: KINORA_S3_ENDPOINT=https://s3.example.org … kinora blobs move --to s3",
    .options = options,
    .settings = true,
    .defaults = &defaults,
    .values_size = sizeof(struct values),
    .run = run,
};
