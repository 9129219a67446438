// SPDX-License-Identifier: GPL-3.0-or-later
#include "cmd/import.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/settings.h"
#include "cmd/data_folder.h"
#include "domain/database_export.h"
#include "domain/database_import.h"
#include "domain/search.h"
#include "domain/setting.h"

enum { PATH_BYTES = 4096, MESSAGE_BYTES = 400, MISSING_MAX = 1000, BACKUPS_KEPT = 5, ARENA_BYTES = 64 << 20 };
#define BACKUP_BEGIN "before-import-"

struct import {
    struct import_host host;
    pthread_mutex_t lock; // of all below
    pthread_t thread;
    bool running, joinable, allow_foreign_keys;
    char path[PATH_BYTES], backup[PATH_BYTES], message[MESSAGE_BYTES];
    const char *state;
    int64_t started_us, finished_us, tables, rows, missing_count;
    char (*missing)[37];
    size_t missing_kept;
};

// Backups: the newest are kept.

static int is_backup(const struct dirent *entry)
{
    return !strncmp(entry->d_name, BACKUP_BEGIN, sizeof BACKUP_BEGIN - 1);
}

static void forget_backups(const char *folder)
{
    struct dirent **names;
    int count = scandir(folder, &names, is_backup, alphasort);
    for (int i = 0; i < count; i++) {
        char path[PATH_BYTES + 300];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        if (i < count - BACKUPS_KEPT)
            unlink(path);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
}

static error back_up(struct import *import)
{
    const struct app *app = import->host.app;
    char folder[PATH_BYTES / 2], stamp[40];
    struct tm utc;
    time_t now = (time_t)(clock_now_us() / SECOND_US);
    snprintf(folder, sizeof folder, "%s/backups", settings.data);
    TRY(data_folder_make(folder));
    gmtime_r(&now, &utc);
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &utc);
    snprintf(import->backup, sizeof import->backup, "%s/" BACKUP_BEGIN "%s-%03d.sql", folder, stamp,
        (int)(clock_now_us() / 1000 % 1000));
    TRY(database_export_file(app->db, app->keyring, false, import->backup));
    forget_backups(folder);
    return OK;
}

// What comes after the data are there: a failure leaves them as they are.
static error settle(struct import *import, struct arena *arena)
{
    const struct app *app = import->host.app;
    struct scope scope = { .arena = arena, .blobs = app->blobs };
    struct list missing = { 0 };
    int64_t found, count = 0;
    TRY(search_catch_up(app->db, &found));
    TRY(db_connect(app->db, &scope.db));
    error result = setting_load(&scope);
    if (!error_is(result))
        result = database_missing_blobs(&scope, MISSING_MAX, &missing, &count);
    db_disconnect(scope.db);
    TRY(result);
    pthread_mutex_lock(&import->lock);
    import->missing_count = count;
    import->missing = calloc(missing.count + 1, sizeof *import->missing);
    ASSERT_MEMORY(import->missing);
    for (size_t i = 0; i < missing.count; i++)
        snprintf(import->missing[i], sizeof *import->missing, "%.*s",
            STR_ARGS(((struct missing_blob *)missing.items)[i].id));
    import->missing_kept = missing.count;
    pthread_mutex_unlock(&import->lock);
    return OK;
}

static error replace(struct import *import, struct arena *arena)
{
    struct app *app = import->host.app;
    struct database_import work = { .file = open(import->path, O_RDONLY | O_CLOEXEC),
        .fingerprint = keyring_fingerprint(arena, app->keyring).data,
        .allow_foreign_keys = import->allow_foreign_keys };
    if (work.file < 0)
        return error_system("open", "the uploaded file", errno);
    error result = back_up(import);
    if (!error_is(result))
        result = db_write(app->db, database_import, &work);
    close(work.file);
    pthread_mutex_lock(&import->lock);
    import->tables = work.tables;
    import->rows = work.rows;
    pthread_mutex_unlock(&import->lock);
    return result;
}

static void tell_end(struct import *import, error result)
{
    pthread_mutex_lock(&import->lock);
    import->state = error_is(result) ? "failed" : "completed";
    snprintf(import->message, sizeof import->message, "%s", error_is(result) ? result.message : "");
    import->finished_us = clock_now_us();
    pthread_mutex_unlock(&import->lock);
    if (error_is(result))
        log_event(LOG_ERROR, NULL, "database", "An import was refused; nothing was changed",
            LOG_TEXT("reason", str_of(import->message)));
    else
        log_event(LOG_INFO, NULL, "database", "A database was imported", LOG_NUMBER("tables", import->tables),
            LOG_NUMBER("rows", import->rows), LOG_NUMBER("missing_files", import->missing_count),
            LOG_TEXT("backup", str_of(import->backup)));
}

static void *run(void *context)
{
    struct import *import = context;
    struct app *app = import->host.app;
    ARENA_AUTO struct arena *arena = arena_new(ARENA_BYTES);
    struct db *gate = NULL;
    import->host.pause(import->host.context);
    error result = db_shut_others(app->db, &gate);
    if (!error_is(result))
        result = replace(import, arena);
    atomic_fetch_add(&app->epoch, 1); // what waited for the writer meanwhile was about other data
    unlink(import->path);
    error settled = error_is(result) ? OK : settle(import, arena);
    db_let_others(app->db, gate);
    if (error_is(settled))
        log_event(LOG_ERROR, NULL, "database",
            "The search or the list of files could not be brought in line; the next "
            "start does it",
            LOG_TEXT("reason", str_of(settled.message)));
    import->host.resume(import->host.context);
    atomic_store(&app->importing, false); // who reads of the end may go on at once
    tell_end(import, result);
    pthread_mutex_lock(&import->lock);
    import->running = false;
    pthread_mutex_unlock(&import->lock);
    return NULL;
}

static error start(void *context, const char *path, bool allow_foreign_keys)
{
    struct import *import = context;
    pthread_mutex_lock(&import->lock);
    bool busy = import->running;
    if (!busy) {
        if (import->joinable)
            pthread_join(import->thread, NULL);
        free(TAKE(import->missing));
        import->missing_kept = 0;
        import->tables = import->rows = import->missing_count = import->finished_us = 0;
        import->running = import->joinable = true;
        import->allow_foreign_keys = allow_foreign_keys;
        import->state = "running";
        import->message[0] = import->backup[0] = 0;
        import->started_us = clock_now_us();
        snprintf(import->path, sizeof import->path, "%s", path);
        atomic_store(&import->host.app->importing, true);
        ASSERT_MEMORY(!pthread_create(&import->thread, NULL, run, import));
    }
    pthread_mutex_unlock(&import->lock);
    return busy ? error_make(ERROR_DATABASE_BUSY, NULL, "A database is being imported already") : OK;
}

static void tell_state(void *context, struct arena *arena, struct import_state *ret_state)
{
    struct import *import = context;
    pthread_mutex_lock(&import->lock);
    *ret_state = (struct import_state) { .state = str_of(import->state),
        .message = *import->message ? str_copy(arena, str_of(import->message)) : STR_NONE,
        .backup = *import->backup ? str_copy(arena, str_of(import->backup + strlen(settings.data) + 1)) : STR_NONE,
        .started_at = { import->started_us },
        .finished_at = { import->finished_us },
        .tables = import->tables,
        .rows = import->rows,
        .missing_count = import->missing_count };
    str *ids = ARENA_ARRAY(arena, str, import->missing_kept);
    for (size_t i = 0; i < import->missing_kept; i++)
        ids[i] = str_copy(arena, str_of(import->missing[i]));
    ret_state->missing = (struct list) { ids, import->missing_kept };
    pthread_mutex_unlock(&import->lock);
}

// Uploads that a killed server left.
static void sweep_uploads(void)
{
    char folder[PATH_BYTES / 2], path[PATH_BYTES + 300];
    snprintf(folder, sizeof folder, "%s/import", settings.data);
    DIR *list = opendir(folder);
    for (struct dirent *entry; list && (entry = readdir(list));) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.')
            unlink(path);
    }
    if (list)
        closedir(list);
}

void import_open(const struct import_host *host, struct import **ret_import)
{
    struct import *import = calloc(1, sizeof *import);
    ASSERT_MEMORY(import);
    import->host = *host;
    import->state = "none";
    pthread_mutex_init(&import->lock, NULL);
    sweep_uploads();
    host->app->import_start = start;
    host->app->import_state = tell_state;
    host->app->import_context = import;
    *ret_import = import;
}

void import_close(struct import *import)
{
    if (!import)
        return;
    if (import->joinable)
        pthread_join(import->thread, NULL);
    free(import->missing);
    pthread_mutex_destroy(&import->lock);
    free(import);
}
