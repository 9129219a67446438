// SPDX-License-Identifier: GPL-3.0-or-later
// A backup is good when its database, restored, has in every table the rows it had, and when every stored file that
// this database names is there, with the hash of the list, and opens to the content that the database knows.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "domain/backup_row.h"
#include "domain/blob_row.h"
#include "domain/database_export.h"
#include "domain/schema.h"
#include "work/backup_read.h"

#define SCRATCH "backup-"
static const int64_t STALE_US = 24 * 3600 * SECOND_US;
enum { PIECE = 1 << 20, PAGE_ROWS = 500, PAGE_MEMORY_MAX = 4 << 20 };

struct verifying {
    struct backup_folder folder;
    struct backup_check *check;
    struct backup_progress progress;
    struct db_pool *db; // the scratch one
    struct backup_files files;
    struct backup_file file; // of the list, whose turn it is
    bool has_file, whole;
};

static error wrong(const struct verifying *verifying, const char *what, str thing)
{
    return error_make(ERROR_DATA_CORRUPT, NULL, "The backup %.*s is damaged: %s %.*s",
        STR_ARGS(verifying->check->manifest->name), what, STR_ARGS(thing));
}

// The database ----------------------------------------------------------------------------------------

static error compare_sums(const struct verifying *verifying, struct database_export *export)
{
    size_t count;
    const struct database_sum *sums = database_export_sums(export, &count);
    const json_t *wanted = verifying->check->manifest->sums;
    if (count != json_object_size(wanted))
        return wrong(verifying, "it has other tables than", STR("it had"));
    for (size_t i = 0; i < count; i++) {
        const json_t *sum = json_object_get(wanted, str_to_c(verifying->folder.arena, sums[i].table));
        str digest = str_hex(verifying->folder.arena, sums[i].digest, sizeof sums[i].digest);
        if (json_get_int(sum, "rows", -1) != sums[i].rows)
            return wrong(verifying, "another number of rows is in the table", sums[i].table);
        if (!str_equal(json_get_str(sum, "digest"), digest))
            return wrong(verifying, "other rows are in the table", sums[i].table);
    }
    return OK;
}

static error sum_up(const struct verifying *verifying, struct database_export *export)
{
    BUFFER_AUTO struct buffer piece = { 0 };
    do {
        buffer_clear(&piece);
        TRY(database_export_fill(export, &piece, PIECE));
    } while (piece.size);
    return compare_sums(verifying, export);
}

static error restore_database(struct verifying *verifying)
{
    const struct backup_manifest *manifest = verifying->check->manifest;
    struct backup_export source = { 0 };
    TRY(backup_export_open(&verifying->folder, manifest, &source));
    struct database_restore restore = { backup_export_read, backup_export_rewind, &source, .exactly = true };
    error result = db_write(verifying->db, database_restore, &restore);
    backup_export_close(&source);
    TRY(result);
    struct database_export *export;
    TRY(database_export_open_whole(verifying->db, verifying->check->keyring, &export));
    result = sum_up(verifying, export);
    database_export_close(export);
    TRY(result);
    int from, to;
    return db_migrate(verifying->db, schema_migrations, schema_migration_count, &from, &to);
}

// The files -------------------------------------------------------------------------------------------

// Each with the same probability, so that about as many as were asked for are opened.
static bool is_chosen(const struct backup_check *check)
{
    uint32_t random;
    if (check->sample < 0)
        return true;
    id_random(&random, sizeof random);
    return (double)random / 4294967296.0 * (double)check->manifest->files < (double)check->sample;
}

static error open_file(struct verifying *verifying, const struct blob_row *row)
{
    unsigned char sha256[32];
    verifying->check->opened++;
    TRY(blob_stored_sha256(verifying->folder.blobs, verifying->file.id, NULL, NULL, sha256));
    if (memcmp(sha256, verifying->file.sha256, sizeof sha256) != 0 || row->sealed_key.size != BLOB_SEALED_KEY_SIZE
        || row->sha256.size != sizeof sha256)
        return error_of(ERROR_DATA_CORRUPT);
    return blob_check(verifying->folder.blobs, verifying->file.id, (const unsigned char *)row->sealed_key.data,
        row->size_bytes, (const unsigned char *)row->sha256.data);
}

static error check_file(struct verifying *verifying, const struct blob_row *row)
{
    struct backup_check *check = verifying->check;
    int64_t size;
    error e = blob_stored_size(verifying->folder.blobs, BLOB_LOCAL, verifying->file.id, &size);
    if (!error_is(e) && size != verifying->file.stored_bytes)
        e = error_of(ERROR_DATA_CORRUPT);
    if (!error_is(e) && is_chosen(check))
        e = open_file(verifying, row);
    bool missing = e.code == ERROR_NOT_FOUND, damaged = e.code == ERROR_DATA_CORRUPT;
    if (error_is(e) && !missing && !damaged)
        return e;
    check->missing += missing;
    check->damaged += damaged;
    if ((missing || damaged) && check->finding)
        check->finding(check->finding_context, missing ? "missing" : "damaged", verifying->file.id);
    return OK;
}

// List and table name the same files, in the same order.
static error check_row(struct verifying *verifying, const struct blob_row *row)
{
    if (!verifying->has_file || !str_equal_c(row->id, verifying->file.id)
        || row->stored_bytes != verifying->file.stored_bytes)
        return wrong(verifying, "its list of files lacks", row->id);
    if (!verifying->file.missing)
        TRY(check_file(verifying, row));
    TRY(backup_tell(&verifying->progress, row->stored_bytes));
    return backup_files_next(&verifying->files, &verifying->file, &verifying->has_file);
}

static error check_rows(struct verifying *verifying, struct db *db)
{
    ARENA_AUTO struct arena *arena = arena_new(PAGE_MEMORY_MAX);
    struct scope scope = { .arena = arena, .db = db };
    char last[37] = "";
    struct list rows;
    do {
        arena_reset(arena);
        TRY(blob_row_page(&scope, STR_NONE, *last ? str_of(last) : STR_NONE, PAGE_ROWS, &rows));
        for (size_t i = 0; i < rows.count; i++) {
            const struct blob_row *row = &((struct blob_row *)rows.items)[i];
            TRY(check_row(verifying, row));
            snprintf(last, sizeof last, "%.*s", STR_ARGS(row->id));
        }
    } while (rows.count == PAGE_ROWS);
    return verifying->has_file ? wrong(verifying, "its database lacks the file", str_of(verifying->file.id)) : OK;
}

static error check_files(struct verifying *verifying)
{
    const struct backup_manifest *manifest = verifying->check->manifest;
    const char *path = backup_path(verifying->folder.arena, verifying->folder.path, manifest->name, "files");
    struct db *db;
    TRY(backup_files_check(path, manifest->files_sha256));
    TRY(backup_files_open(path, &verifying->files));
    TRY(backup_files_next(&verifying->files, &verifying->file, &verifying->has_file));
    TRY(db_connect(verifying->db, &db));
    error result = check_rows(verifying, db);
    db_disconnect(db);
    TRY(result);
    if (verifying->files.count != manifest->files)
        return wrong(verifying, "its list of files has", STR("another length"));
    int64_t bad = verifying->check->missing + verifying->check->damaged;
    return !bad ? OK
                : error_make(ERROR_DATA_CORRUPT, NULL,
                    "The backup %.*s is damaged: %lld of its %lld stored files are missing and %lld damaged",
                    STR_ARGS(manifest->name), (long long)verifying->check->missing, (long long)manifest->files,
                    (long long)verifying->check->damaged);
}

// All of it -------------------------------------------------------------------------------------------

static error verify(struct verifying *verifying)
{
    TRY(backup_check_key(verifying->folder.arena, verifying->check->manifest, verifying->check->keyring));
    TRY(backup_check_seal(
        verifying->folder.arena, verifying->folder.path, verifying->check->manifest, verifying->check->keyring));
    TRY(restore_database(verifying));
    return check_files(verifying);
}

// The scratch database goes with everything that SQLite has put beside it.
static void remove_scratch(struct arena *arena, const char *folder)
{
    static const char *const names[] = { "kinora.db", "kinora.db-wal", "kinora.db-shm", "kinora.db-journal" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(str_format(arena, "%s/%s", folder, names[i]).data);
    rmdir(folder);
}

// What a verification that was killed has left, a day ago or longer: one that runs may be younger.
static void remove_stale(struct arena *arena, const char *scratch)
{
    DIR *folder = opendir(scratch);
    struct stat status;
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        const char *path = str_format(arena, "%s/%s", scratch, entry->d_name).data;
        if (!strncmp(entry->d_name, SCRATCH, strlen(SCRATCH)) && stat(path, &status) == 0 && S_ISDIR(status.st_mode)
            && (int64_t)status.st_mtim.tv_sec * SECOND_US < clock_now_us() - STALE_US)
            remove_scratch(arena, path);
    }
    if (folder)
        closedir(folder);
}

static error in_scratch(struct verifying *verifying)
{
    struct arena *arena = verifying->folder.arena;
    remove_stale(arena, verifying->check->scratch);
    char *scratch = (char *)str_format(arena, "%s/" SCRATCH "XXXXXX", verifying->check->scratch).data;
    if (!mkdtemp(scratch))
        return error_system("make a folder in", verifying->check->scratch, errno);
    const char *url = str_format(arena, "sqlite://%s/kinora.db", scratch).data;
    error result = db_open(&(struct db_options) { url }, &verifying->db);
    if (!error_is(result)) {
        result = verify(verifying);
        if (error_is(result))
            result.message = str_copy(arena, str_of(result.message)).data;
        db_close(verifying->db);
    }
    remove_scratch(arena, scratch);
    return error_is(result) ? error_make(result.code, NULL, "%s", result.message) : OK;
}

static error note_change(struct db *db, void *context)
{
    struct verifying *verifying = context;
    ARENA_AUTO struct arena *arena = arena_new(PAGE_MEMORY_MAX);
    struct scope scope = { .arena = arena, .db = db };
    return backup_row_verified(
        &scope, str_of(verifying->folder.path), verifying->check->manifest->name, verifying->whole);
}

static error note_in_folder(struct verifying *verifying)
{
    struct arena *arena = verifying->folder.arena;
    str text = str_format(arena, "{\"opened\":%lld,\"verified_at\":\"%.*s\"}\n", (long long)verifying->check->opened,
        STR_ARGS(clock_text(arena, clock_now_us())));
    return backup_write_file(arena, verifying->folder.path, verifying->check->manifest->name, "verified.json", text);
}

error backup_verify(const char *path, struct backup_check *check, const struct backup_watch *watch, struct db_pool *db)
{
    struct verifying verifying = { .check = check };
    verifying.progress = (struct backup_progress) { .watch = watch, .total = check->manifest->file_bytes };
    check->opened = check->missing = check->damaged = 0;
    TRY(backup_folder_open(path, check->keyring, false, &verifying.folder));
    error result = in_scratch(&verifying);
    backup_files_close(&verifying.files);
    verifying.whole = !error_is(result);
    if (verifying.whole)
        result = note_in_folder(&verifying);
    error noted = db && (verifying.whole || result.code == ERROR_DATA_CORRUPT) ? db_write(db, note_change, &verifying)
                                                                               : OK;
    backup_folder_close(&verifying.folder);
    return error_is(result) ? result : noted;
}
