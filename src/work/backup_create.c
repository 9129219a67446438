// SPDX-License-Identifier: GPL-3.0-or-later
// Making a backup while everything goes on. First the hold (domain/backup_row.h): from then on no stored file that a
// later snapshot names loses its bytes. Then the snapshot of the database, into the backup, and the list of its files;
// then the files that no earlier backup has. The manifest comes last.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "crypt/recovery.h"
#include "domain/backup_row.h"
#include "domain/blob_row.h"
#include "domain/database_export.h"
#include "work/backup_folder.h"

// The hold is renewed with every few megabytes, so it only runs out when this process stands still or is gone.
static const int64_t HOLD_US = 600 * SECOND_US, RENEW_US = 30 * SECOND_US;
// Changes that began before the hold last no longer than the database lets them (60 s).
static const int64_t OTHERS_US = 70 * SECOND_US, LOOK_US = 20000;
enum { PIECE = 1 << 20, PAGE_ROWS = 1000, ROW_MEMORY_MAX = 1 << 20 };

// A file that the snapshot names.
struct wanted {
    char id[37];
    int64_t stored_bytes;
};

struct creating {
    struct arena *arena;
    const struct backup_source *source;
    struct backup_folder folder;
    struct backup_manifest manifest;
    struct backup_progress progress;
    char row[37]; // id of the hold
    int64_t change, held_us;
    bool held;
    enum backup_outcome outcome;
    struct wanted *wanted;
    size_t wanted_count, wanted_room;
};

// The hold --------------------------------------------------------------------------------------------

static error begin_change(struct db *db, void *context)
{
    struct creating *creating = context;
    ARENA_AUTO struct arena *arena = arena_new(ROW_MEMORY_MAX);
    struct scope scope = { .arena = arena, .db = db };
    return backup_row_begin(&scope, str_of(creating->row), str_of(creating->folder.path), creating->manifest.name,
        HOLD_US, &creating->change);
}

static error renew_change(struct db *db, void *context)
{
    struct creating *creating = context;
    struct scope scope = { .db = db };
    return backup_row_hold(&scope, str_of(creating->row), HOLD_US, &creating->held);
}

static error end_change(struct db *db, void *context)
{
    const struct creating *creating = context;
    struct scope scope = { .db = db };
    return backup_row_end(&scope, str_of(creating->row), creating->outcome);
}

static error renew(void *context)
{
    struct creating *creating = context;
    if (clock_mono_us() - creating->held_us < RENEW_US)
        return OK;
    TRY(db_write(creating->source->db, renew_change, creating));
    creating->held_us = clock_mono_us();
    return creating->held ? OK
                          : error_make(ERROR_UNAVAILABLE, NULL,
                              "The backup stood still for so long that files may have gone meanwhile: run it again");
}

static error wait_for_others(struct creating *creating, struct scope *scope)
{
    bool alone = false;
    for (int64_t end = clock_mono_us() + OTHERS_US; !alone && clock_mono_us() < end;) {
        TRY(backup_row_is_alone(scope, creating->change, &alone));
        TRY(backup_tell(&creating->progress, 0));
        if (!alone)
            usleep(LOOK_US);
    }
    return OK;
}

static error begin_hold(struct creating *creating)
{
    struct scope scope = { 0 };
    id_write(creating->row);
    TRY(db_write(creating->source->db, begin_change, creating));
    creating->held = true;
    creating->held_us = clock_mono_us();
    TRY(db_connect(creating->source->db, &scope.db));
    error result = wait_for_others(creating, &scope);
    db_disconnect(scope.db);
    return result;
}

// The database ----------------------------------------------------------------------------------------

static error want(struct creating *creating, const struct blob_row *row)
{
    if (creating->wanted_count == creating->wanted_room) {
        size_t room = creating->wanted_room ? creating->wanted_room * 2 : 1024;
        struct wanted *wanted = realloc(creating->wanted, room * sizeof *wanted);
        if (!wanted)
            return error_system("list", "stored files", ENOMEM);
        creating->wanted = wanted;
        creating->wanted_room = room;
    }
    struct wanted *wanted = &creating->wanted[creating->wanted_count++];
    snprintf(wanted->id, sizeof wanted->id, "%.*s", STR_ARGS(row->id));
    wanted->stored_bytes = row->stored_bytes;
    creating->progress.total += row->stored_bytes;
    return OK;
}

static error list_wanted(struct creating *creating, struct db *snapshot)
{
    ARENA_AUTO struct arena *arena = arena_new(ROW_MEMORY_MAX * 4);
    struct scope scope = { .arena = arena, .db = snapshot };
    struct list rows;
    do {
        arena_reset(arena);
        str after = creating->wanted_count ? str_of(creating->wanted[creating->wanted_count - 1].id) : STR_NONE;
        TRY(blob_row_page(&scope, STR_NONE, after, PAGE_ROWS, &rows));
        for (size_t i = 0; i < rows.count; i++)
            TRY(want(creating, &((struct blob_row *)rows.items)[i]));
    } while (rows.count == PAGE_ROWS);
    return OK;
}

static error write_export(struct creating *creating, struct database_export *export, struct blob_writer *writer)
{
    BUFFER_AUTO struct buffer piece = { 0 };
    do {
        buffer_clear(&piece);
        TRY(database_export_fill(export, &piece, PIECE));
        TRY(blob_write(writer, piece.data ? piece.data : "", piece.size));
        creating->manifest.database_bytes += (int64_t)piece.size;
        TRY(backup_tell(&creating->progress, 0));
    } while (piece.size);
    return OK;
}

static void note_sums(struct creating *creating, const struct database_export *export)
{
    size_t count;
    const struct database_sum *sums = database_export_sums(export, &count);
    json_t *all = json_keep(creating->arena, json_object());
    for (size_t i = 0; i < count; i++) {
        json_t *sum = json_pack("{s:I}", "rows", (json_int_t)sums[i].rows);
        json_object_set_new(sum, "digest", json_str(str_hex(creating->arena, sums[i].digest, sizeof sums[i].digest)));
        json_object_set_new(all, str_to_c(creating->arena, sums[i].table), sum);
        creating->manifest.rows += sums[i].rows;
    }
    creating->manifest.tables = (int64_t)count;
    creating->manifest.sums = all;
}

static error keep_export(struct creating *creating, struct database_export *export)
{
    struct blob_writer *writer;
    struct blob_info info;
    TRY(list_wanted(creating, database_export_snapshot(export)));
    TRY(blob_writer_open(creating->folder.blobs, NULL, &writer));
    error result = write_export(creating, export, writer);
    if (error_is(result)) {
        blob_writer_abort(writer);
        return result;
    }
    TRY(blob_writer_commit(writer, &info));
    creating->manifest.schema = database_export_schema(export);
    creating->manifest.database_id = str_copy(creating->arena, str_of(info.id));
    creating->manifest.database_stored_bytes = info.stored_size;
    creating->manifest.database_key = (str) { arena_copy(creating->arena, info.sealed_key, sizeof info.sealed_key),
        sizeof info.sealed_key };
    creating->manifest.database_sha256 = (str) { arena_copy(creating->arena, info.sha256, sizeof info.sha256),
        sizeof info.sha256 };
    note_sums(creating, export);
    return OK;
}

static error keep_database(struct creating *creating)
{
    struct database_export *export;
    TRY(database_export_open_whole(creating->source->db, creating->source->keyring, &export));
    creating->manifest.taken_us = clock_now_us();
    error result = keep_export(creating, export);
    database_export_close(export);
    return result;
}

// The files -------------------------------------------------------------------------------------------

// What the newest backup before this one has: its list, and the line that was read last. Both lists are sorted.
struct earlier {
    struct backup_files files;
    struct backup_file file;
    bool has_file;
};

static error open_earlier(struct creating *creating, struct earlier *earlier)
{
    struct backup_manifest newest;
    // Without a good one every file is read anew; verify tells what is wrong with it.
    if (error_is(backup_find(creating->arena, creating->folder.path, STR_NONE, &newest)))
        return OK;
    const char *path = backup_path(creating->arena, creating->folder.path, newest.name, "files");
    if (error_is(backup_files_check(path, newest.files_sha256)))
        return OK;
    TRY(backup_files_open(path, &earlier->files));
    return backup_files_next(&earlier->files, &earlier->file, &earlier->has_file);
}

static error find_earlier(struct earlier *earlier, const struct wanted *wanted, bool *ret_same)
{
    while (earlier->has_file && strcmp(earlier->file.id, wanted->id) < 0)
        TRY(backup_files_next(&earlier->files, &earlier->file, &earlier->has_file));
    *ret_same = earlier->has_file && !strcmp(earlier->file.id, wanted->id) && !earlier->file.missing
                && earlier->file.stored_bytes == wanted->stored_bytes;
    return OK;
}

static error copy_file(struct creating *creating, const struct wanted *wanted, struct backup_file *file)
{
    struct blob_store *pool = creating->folder.blobs;
    int64_t size, before = creating->progress.done;
    error copied = blob_copy_to(
        creating->source->blobs, wanted->id, pool, backup_tell, &creating->progress, file->sha256);
    creating->progress.done = before; // a copy is read twice
    file->missing = copied.code == ERROR_NOT_FOUND || copied.code == ERROR_DATA_CORRUPT;
    if (error_is(copied))
        return file->missing ? OK : copied;
    TRY(blob_stored_size(pool, BLOB_LOCAL, wanted->id, &size));
    creating->manifest.new_files++;
    creating->manifest.new_bytes += size;
    if (size == wanted->stored_bytes)
        return OK;
    file->missing = true; // damaged where it comes from
    return blob_remove_at(pool, BLOB_LOCAL, wanted->id);
}

static error keep_file(
    struct creating *creating, struct earlier *earlier, const struct wanted *wanted, struct backup_file *file)
{
    struct blob_store *pool = creating->folder.blobs;
    int64_t size = -1;
    bool same;
    *file = (struct backup_file) { .stored_bytes = wanted->stored_bytes };
    memcpy(file->id, wanted->id, sizeof file->id);
    TRY(find_earlier(earlier, wanted, &same));
    error there = blob_stored_size(pool, BLOB_LOCAL, wanted->id, &size);
    if (error_is(there) && there.code != ERROR_NOT_FOUND)
        return there;
    bool has = !error_is(there) && size == wanted->stored_bytes;
    if (same && has)
        memcpy(file->sha256, earlier->file.sha256, sizeof file->sha256);
    else if (has) // copied by one that did not come to its end
        TRY(blob_stored_sha256(pool, wanted->id, NULL, NULL, file->sha256));
    else {
        if (size >= 0) // cut short, by whatever it was
            TRY(blob_remove_at(pool, BLOB_LOCAL, wanted->id));
        TRY(copy_file(creating, wanted, file));
    }
    return OK;
}

static error keep_all(struct creating *creating, struct earlier *earlier, struct backup_files *files)
{
    struct backup_manifest *manifest = &creating->manifest;
    for (size_t i = 0; i < creating->wanted_count; i++) {
        struct backup_file file;
        TRY(keep_file(creating, earlier, &creating->wanted[i], &file));
        TRY(backup_files_add(files, &file));
        manifest->missing += file.missing;
        manifest->files++;
        manifest->file_bytes += file.missing ? 0 : file.stored_bytes;
        TRY(backup_tell(&creating->progress, file.stored_bytes));
    }
    return OK;
}

static error keep_files(struct creating *creating)
{
    BACKUP_FILES_AUTO struct backup_files files = { 0 };
    struct earlier earlier = { 0 };
    unsigned char *sha256 = arena_alloc(creating->arena, 32);
    TRY(backup_files_make(
        backup_path(creating->arena, creating->folder.path, creating->manifest.name, "files"), &files));
    error result = open_earlier(creating, &earlier);
    if (!error_is(result))
        result = keep_all(creating, &earlier, &files);
    backup_files_close(&earlier.files);
    TRY(result);
    creating->manifest.files_sha256 = (str) { (const char *)sha256, 32 };
    return backup_files_keep(&files, sha256);
}

// All of it -------------------------------------------------------------------------------------------

// Named by the second; a second one in it waits.
static error make_name(struct creating *creating)
{
    for (int attempt = 0;; attempt++) {
        str time = clock_text(creating->arena, clock_now_us());
        char *name = arena_copy(creating->arena, time.data, time.size + 1);
        for (size_t i = 0; i < time.size; i++)
            name[i] = name[i] == ':' ? '-' : name[i];
        creating->manifest.name = (str) { name, time.size };
        const char *path = backup_path(creating->arena, creating->folder.path, creating->manifest.name, NULL);
        if (mkdir(path, 0700) == 0)
            return OK;
        if (errno != EEXIST || attempt == 100)
            return error_system("make", path, errno);
        usleep(LOOK_US);
    }
}

static error seal_key(struct creating *creating, str passphrase)
{
    unsigned char key[CRYPT_KEY_SIZE];
    keyring_key(creating->source->keyring, key);
    error result = recovery_seal(creating->arena, key, passphrase, &creating->manifest.sealed_master_key);
    explicit_bzero(key, sizeof key);
    return result;
}

static error create(struct creating *creating, str passphrase)
{
    struct backup_manifest *manifest = &creating->manifest;
    int64_t unfinished;
    if (keyring_is_changing(creating->source->keyring))
        return error_make(
            ERROR_CONFLICT, NULL, "The master key is being changed: end that first, with kinora keys rotate");
    TRY(blob_sweep_unfinished(creating->folder.blobs, BLOB_LOCAL, 0, &unfinished));
    manifest->program = STR(KINORA_VERSION);
    manifest->fingerprint = keyring_fingerprint(creating->arena, creating->source->keyring);
    if (passphrase.data)
        TRY(seal_key(creating, passphrase));
    TRY(make_name(creating));
    TRY(begin_hold(creating));
    TRY(keep_database(creating));
    TRY(keep_files(creating));
    return backup_write_manifest(creating->arena, creating->folder.path, manifest, creating->source->keyring);
}

error backup_create(struct arena *arena, const struct backup_source *source, const char *folder, str passphrase,
    const struct backup_watch *watch, struct backup_manifest *ret_manifest)
{
    struct creating creating = { .arena = arena, .source = source };
    creating.progress = (struct backup_progress) { .watch = watch, .also = renew, .context = &creating };
    TRY(backup_folder_open(folder, source->keyring, true, &creating.folder));
    error result = create(&creating, passphrase);
    if (error_is(result)) // its texts must outlive what comes
        result.message = str_copy(arena, str_of(result.message)).data;
    creating.outcome = !error_is(result)                ? BACKUP_MADE
                       : result.code == ERROR_CANCELLED ? BACKUP_BROKEN_OFF
                                                        : BACKUP_FAILED;
    // One that is killed before this lets the hold run out.
    error ended = creating.held_us ? db_write(source->db, end_change, &creating) : OK;
    free(creating.wanted);
    backup_folder_close(&creating.folder);
    TRY(result);
    TRY(ended);
    *ret_manifest = creating.manifest;
    return OK;
}
