// SPDX-License-Identifier: GPL-3.0-or-later
// Every program that opens the database brings it up to date first; `kinora upgrade` does only that, or tries it.
#include "cmd/upgrade.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/settings.h"
#include "cmd/commands.h"
#include "cmd/data_folder.h"
#include "domain/database_export.h"
#include "domain/schema.h"

#define SNAPSHOT_BEGIN "schema-"

static int newest(void)
{
    return schema_migrations[schema_migration_count - 1].version;
}

static error version_of(struct db_pool *pool, int *ret_version)
{
    struct db *db;
    TRY(db_connect(pool, &db));
    error result = db_schema_version(db, ret_version);
    db_disconnect(db);
    return result;
}

// Snapshots -------------------------------------------------------------------------------------------

static int is_snapshot(const struct dirent *entry)
{
    return !strncmp(entry->d_name, SNAPSHOT_BEGIN, sizeof SNAPSHOT_BEGIN - 1);
}

// Names begin with the version, then the time: the last ones are the newest.
static void forget_snapshots(struct arena *arena, const char *folder)
{
    struct dirent **names;
    int count = scandir(folder, &names, is_snapshot, alphasort);
    for (int i = 0; i < count; i++) {
        if (i < count - (int)settings.upgrade_snapshots)
            unlink(str_format(arena, "%s/%s", folder, names[i]->d_name).data);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
}

static error export_snapshot(struct arena *arena, struct db_pool *pool, const char *path)
{
    const char *directory, *file;
    struct keyring *keyring = NULL;
    data_folder_keys(arena, &directory, &file);
    if (access(file ? file : str_format(arena, "%s/master.key", directory).data, F_OK) == 0) {
        TRY(crypt_init());
        TRY(keyring_open(directory, file, &keyring));
    }
    error result = database_export_file(pool, keyring, true, path);
    keyring_close(keyring);
    return result;
}

static error take_snapshot(struct arena *arena, struct db_pool *pool, int version, const char **ret_path)
{
    bool is_file = db_pool_kind(pool) == DB_SQLITE;
    const char *folder = str_format(arena, "%s/snapshots", settings.data).data;
    str time = clock_text_ms(arena, clock_now_us());
    char *name = (char *)str_format(
        arena, "%s/" SNAPSHOT_BEGIN "%04d-%.*s.%s", folder, version, STR_ARGS(time), is_file ? "db" : "sql")
                     .data;
    for (char *at = name + strlen(folder); *at; at++)
        *at = *at == ':' ? '-' : *at;
    TRY(data_folder_make(settings.data));
    TRY(data_folder_make(folder));
    TRY(is_file ? db_copy_file(pool, name) : export_snapshot(arena, pool, name));
    forget_snapshots(arena, folder);
    *ret_path = name;
    return OK;
}

error upgrade_database(struct arena *arena, struct db_pool *pool)
{
    int version, from, to;
    const char *snapshot = "";
    TRY(data_folder_check(arena));
    TRY(version_of(pool, &version));
    bool upgrades = version > 0 && version < newest();
    if (upgrades && settings.upgrade_snapshots) {
        error taken = take_snapshot(arena, pool, version, &snapshot);
        if (error_is(taken))
            return error_make(taken.code, taken.field,
                "The database was not upgraded, since no copy of it could be made before: %s. Mend that, or do without "
                "(--upgrade-snapshots 0)",
                str_copy(arena, str_of(taken.message)).data);
    }
    TRY(db_migrate(pool, schema_migrations, schema_migration_count, &from, &to));
    if (upgrades)
        log_event(LOG_INFO, NULL, "upgrade", "The database was upgraded", LOG_NUMBER("from", from),
            LOG_NUMBER("to", to), LOG_TEXT("snapshot", str_of(snapshot)));
    return OK;
}

// The command -----------------------------------------------------------------------------------------

struct values {
    bool check;
};

static error tell_trial(struct arena *arena, struct db_pool *pool, int version)
{
    struct upgrade_trial trial;
    TRY(upgrade_try(arena, pool, version, &trial));
    fprintf(stderr,
        "The database goes from schema version %d to %d: tried on a copy, in %.1f s, %lld rows before and %lld after. "
        "Nothing was changed\n",
        trial.from, trial.to, trial.seconds, (long long)trial.rows_before, (long long)trial.rows_after);
    return OK;
}

static error run_on(const struct call *call, struct db_pool *pool)
{
    const struct values *values = call->values;
    int version;
    TRY(version_of(pool, &version));
    if (version > newest())
        return error_make(ERROR_CONFLICT, "schema_version",
            "The database has schema version %d, this program knows versions up to %d: use a newer program", version,
            newest());
    if (version == newest() || !version) {
        fprintf(stderr, "The database has schema version %d of %d: there is nothing to upgrade\n", version, newest());
        return OK;
    }
    if (values->check)
        return tell_trial(call->arena, pool, version);
    TRY(upgrade_database(call->arena, pool));
    fprintf(stderr, "The database went from schema version %d to %d\n", version, newest());
    return OK;
}

static error run(const struct call *call)
{
    struct db_pool *pool;
    if (data_folder_has_own_database()
        && access(str_format(call->arena, "%s/kinora.db", settings.data).data, F_OK) != 0)
        return error_make(
            ERROR_NOT_FOUND, "data", "There is no database in %s. Name the data folder with --data", settings.data);
    TRY(data_folder_check(call->arena));
    TRY(db_open(&(struct db_options) { data_folder_database(call->arena) }, &pool));
    error result = run_on(call, pool);
    if (error_is(result)) // the message must survive what closing says
        result.message = str_copy(call->arena, str_of(result.message)).data;
    db_close(pool);
    return result;
}

static const struct option options[] = {
    { "check", 0, NULL, OPTION_FLAG, offsetof(struct values, check),
        .doc = "Only try it on a copy, whether the server runs or not, and tell" },
    { 0 },
};

const struct command upgrade_command = {
    .name = "upgrade",
    .summary = "Bring the database to this version, or try it on a copy",
    .help =
        "Brings the database of the data folder --data (./data) to the schema of this program, in one change, after\n"
        "a copy in DATA/snapshots. A server does the same when it starts. A database that is newer than the program\n"
        "is left as it is. With --check all of it is tried on a copy: exit code 1 when it would fail.\n\n"
        "Example: kinora upgrade --check --data /var/lib/kinora",
    .options = options,
    .settings = true,
    .values_size = sizeof(struct values),
    .run = run,
};
