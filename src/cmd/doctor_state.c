// SPDX-License-Identifier: GPL-3.0-or-later
// What a server keeps and what it keeps it in: data folder, disk, master key, database, object store, mail.
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/settings.h"
#include "cmd/commands.h"
#include "cmd/data_folder.h"
#include "cmd/doctor.h"
#include "cmd/stores.h"
#include "domain/backup_row.h"
#include "domain/schema.h"
#include "domain/session.h"
#include "domain/setting.h"
#include "net/mail.h"

#define ROOM_GIB_LEAST 1.0
enum { PROBE_BYTES = 64 << 10, REMOVE_DEPTH = 8 /* folders open at once */ };

// What the checks hand on to each other; NULL: not there, or it does not work.
struct state {
    struct doctor *doctor;
    struct keyring *keyring;
    struct db_pool *pool;
    struct db *db;
};

static void say(const struct state *state, enum finding finding, const char *what, str found, const char *mend)
{
    doctor_say(state->doctor, finding, what, found.data, mend);
}

// Data folder and disk ----------------------------------------------------------------------------

static error try_file(const char *path, int64_t *ret_took_us)
{
    static const char block[4096] = "Kinora's doctor tries whether this disk keeps what is written.";
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_system("make", path, errno);
    char back[sizeof block];
    int64_t begun_us = clock_mono_us();
    error result = OK;
    if (write(fd, block, sizeof block) != sizeof block)
        result = error_system("write", path, errno);
    else if (fsync(fd) != 0)
        result = error_system("sync", path, errno);
    else if (pread(fd, back, sizeof back, 0) != sizeof back || memcmp(back, block, sizeof block) != 0)
        result = error_make(ERROR_DATA_CORRUPT, path, "%s does not hold what was written to it", path);
    *ret_took_us = clock_mono_us() - begun_us;
    close(fd);
    unlink(path);
    return result;
}

static void check_writing(const struct state *state)
{
    struct arena *arena = state->doctor->arena;
    int64_t took_us = 0;
    const char *path = str_format(arena, "%s/.doctor-%d", settings.data, (int)getpid()).data;
    error problem = try_file(path, &took_us);
    say(state, error_is(problem) ? BROKEN : FINE, "disk",
        error_is(problem) ? str_copy(arena, str_of(problem.message))
                          : str_format(arena, "keeps what is written (fsync in %.1f ms)", (double)took_us / 1000),
        "look at dmesg and smartctl; put the data on another disk (--data)");
}

static void check_room(const struct state *state, const char *folder)
{
    struct statvfs disk;
    if (statvfs(folder, &disk))
        return;
    double room = (double)disk.f_bavail * (double)disk.f_frsize / (1 << 30);
    bool files = !disk.f_files || disk.f_favail > 1000;
    str text = str_format(
        state->doctor->arena, "%.1f GiB free%s", room, files ? "" : ", but no more files can be made");
    say(state, room >= ROOM_GIB_LEAST && files ? FINE : BROKEN, "disk", text,
        "make room: films and uploads need it (df -h, df -i)");
}

static void check_folder(const struct state *state)
{
    struct stat info;
    struct arena *arena = state->doctor->arena;
    const char *folder = settings.data;
    if (stat(folder, &info) != 0) {
        say(state, OPTIONAL, "data folder", str_format(arena, "%s is not there yet; kinora serve makes it", folder),
            NULL);
        check_room(state, ".");
        return;
    }
    if (!S_ISDIR(info.st_mode)) {
        say(state, BROKEN, "data folder", str_format(arena, "%s is not a folder", folder),
            "name another with --data or KINORA_DATA");
        return;
    }
    if (access(folder, R_OK | W_OK | X_OK) != 0) {
        say(state, BROKEN, "data folder", str_format(arena, "%s: %s", folder, strerror(errno)),
            str_format(arena, "run this as the folder's owner, or: chown -R %u %s", (unsigned)geteuid(), folder).data);
        return;
    }
    if (info.st_mode & 077)
        say(state, OPTIONAL, "data folder", str_format(arena, "%s can be looked into by other users", folder),
            str_format(arena, "chmod 700 %s", folder).data);
    else
        say(state, FINE, "data folder", str_format(arena, "%s can be written to", folder), NULL);
    check_writing(state);
    check_room(state, folder);
}

// Master key --------------------------------------------------------------------------------------

static bool has_database(struct arena *arena)
{
    str url = str_of(data_folder_database(arena));
    return !str_starts(url, STR("sqlite://")) || access(str_sub(url, 9, url.size).data, F_OK) == 0;
}

DB_STATEMENT2(
    tables, "SELECT count(*) FROM sqlite_schema", "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()");

// Whether nothing was written yet that a key could have sealed; a database that does not answer may hold anything.
static bool is_new(struct arena *arena)
{
    const struct db_options options = { data_folder_database(arena) };
    struct db_pool *pool = NULL;
    struct db *db = NULL;
    int64_t count = 1;
    if (!has_database(arena))
        return true;
    bool answers = !error_is(db_open(&options, &pool)) && !error_is(db_connect(pool, &db))
                   && !error_is(db_integer(db, &tables, DB_NO_ARGS, &count, NULL));
    db_disconnect(db);
    db_close(pool);
    return answers && count == 0;
}

static void check_key(struct state *state)
{
    struct arena *arena = state->doctor->arena;
    const char *folder, *file;
    data_folder_keys(arena, &folder, &file);
    const char *path = file ? file : str_format(arena, "%s/master.key", folder).data;
    if (access(path, F_OK) != 0) {
        bool is_first = !file && is_new(arena);
        say(state, is_first ? OPTIONAL : BROKEN, "master key",
            str_format(arena, is_first ? "%s will be made at the first start" : "%s is not there", path),
            is_first ? NULL : "put the original back from your backup or recovery kit: nothing can be read without it");
        return;
    }
    error problem = keyring_open(folder, file, &state->keyring);
    if (error_is(problem)) {
        say(state, BROKEN, "master key", str_copy(arena, str_of(problem.message)),
            "make it readable for this user and nobody else, or put the original back");
        return;
    }
    say(state, keyring_is_changing(state->keyring) ? OPTIONAL : FINE, "master key",
        str_format(arena, "%s, fingerprint %.*s%s", path, STR_ARGS(keyring_fingerprint(arena, state->keyring)),
            keyring_is_changing(state->keyring) ? "; a change of it was interrupted" : ""),
        "stop the server and run: kinora keys rotate");
}

// Database ----------------------------------------------------------------------------------------

DB_STATEMENT2(
    product, "SELECT 'SQLite ' || sqlite_version()", "SELECT 'PostgreSQL ' || current_setting('server_version')");
// A walk over the pages of a file; PostgreSQL counts pages that fail their checksums when it meets them.
DB_STATEMENT2(damage, "SELECT quick_check FROM pragma_quick_check(1)",
    "SELECT CASE WHEN coalesce(sum(checksum_failures), 0) = 0 THEN 'ok' ELSE CAST(sum(checksum_failures) AS TEXT)"
    " || ' pages failed their checksums' END FROM pg_stat_database WHERE datname = current_database()");
DB_STATEMENT(schema, "SELECT max(version) FROM schema_version");

static void check_schema(const struct state *state)
{
    struct arena *arena = state->doctor->arena;
    int64_t version = 0, newest = schema_migrations[schema_migration_count - 1].version;
    bool found;
    error problem = db_integer(state->db, &schema, DB_NO_ARGS, &version, &found);
    if (error_is(problem)) {
        say(state, OPTIONAL, "database", STR("it has no tables yet; kinora serve makes them"), NULL);
        return;
    }
    str text = str_format(
        arena, "schema version %lld; this program knows versions up to %lld", (long long)version, (long long)newest);
    if (version > newest)
        say(state, BROKEN, "database", text, "use the newer program that has written it");
    else
        say(state, version < newest ? OPTIONAL : FINE, "database", text,
            "kinora serve brings it up to date at its next start");
}

static void check_damage(const struct state *state)
{
    str told = STR_NONE;
    error problem = db_string(state->db, state->doctor->arena, &damage, DB_NO_ARGS, &told);
    if (error_is(problem))
        told = str_copy(state->doctor->arena, str_of(problem.message));
    bool good = str_equal(told, STR("ok"));
    say(state, good ? FINE : BROKEN, "database", good ? STR("no damage found") : told,
        "stop the server and restore the newest verified backup: kinora backup restore");
}

// Without the tables there is nothing that a key could fit.
static void check_fit(const struct state *state)
{
    struct scope scope = { .arena = state->doctor->arena, .db = state->db };
    if (!state->keyring)
        return;
    error problem = session_keys_check(&scope, state->keyring);
    if (error_is(problem) && problem.code != ERROR_DATA_CORRUPT)
        return;
    say(state, error_is(problem) ? BROKEN : FINE, "master key",
        error_is(problem) ? STR("it is not the one that sealed this database") : STR("it fits the database"),
        "put the original back from your backup or recovery kit, or name it with --master-key-file");
}

// What was set in the web page comes on top: the mail server, for one.
static void take_settings(const struct state *state)
{
    struct blob_store *blobs;
    struct arena *arena = state->doctor->arena;
    struct scope scope = { .arena = arena, .db = state->db };
    if (!state->keyring || error_is(stores_open_blobs(arena, state->keyring, &blobs)))
        return;
    scope.blobs = blobs;
    (void)error_is(setting_load(&scope)); // a database without that table has none
    blob_store_close(blobs);
}

static const int64_t VERIFIED_LATELY_US = 7 * 24 * 3600 * SECOND_US;

// A database of an older schema knows of none.
static void check_backups(const struct state *state)
{
    struct arena *arena = state->doctor->arena;
    struct scope scope = { .arena = arena, .db = state->db };
    struct backup_times times;
    if (error_is(backup_row_times(&scope, &times)))
        return;
    bool lately = times.verified_at.us > clock_now_us() - VERIFIED_LATELY_US;
    str text = times.verified_at.us ? str_format(arena, "the last one that was found to be whole is of %.*s",
                   STR_ARGS(clock_text(arena, times.verified_at.us)))
                                    : STR("none was found to be whole yet");
    say(state, lately ? FINE : OPTIONAL, "backup", text,
        "let the server make them (--backup-folder FOLDER), or: kinora backup create FOLDER && kinora backup verify "
        "FOLDER");
}

static void check_database(struct state *state)
{
    struct arena *arena = state->doctor->arena;
    const struct db_options options = { data_folder_database(arena) };
    str name = STR_NONE;
    if (!has_database(arena)) {
        say(state, OPTIONAL, "database", STR("it is not there yet; kinora serve makes it"), NULL);
        return;
    }
    error problem = db_open(&options, &state->pool);
    if (!error_is(problem))
        problem = db_connect(state->pool, &state->db);
    if (!error_is(problem))
        problem = db_string(state->db, arena, &product, DB_NO_ARGS, &name);
    if (error_is(problem)) {
        say(state, BROKEN, "database", str_copy(arena, str_of(problem.message)),
            "start PostgreSQL, mend --database-url, or restore a backup: kinora backup restore");
        return;
    }
    say(state, FINE, "database", str_format(arena, "%.*s answers", STR_ARGS(name)), NULL);
    check_schema(state);
    check_damage(state);
    check_fit(state);
    check_backups(state);
    take_settings(state);
}

// Object store ------------------------------------------------------------------------------------

static error read_back(struct blob_store *store, const struct blob_info *info, const char *bytes)
{
    struct blob_reader *reader;
    char back[4096];
    size_t got = 0;
    TRY(blob_reader_open(store, info->id, info->sealed_key, &reader));
    error result = OK;
    for (int64_t at = 0; at < PROBE_BYTES && !error_is(result); at += (int64_t)got) {
        result = blob_read(reader, at, back, sizeof back, &got);
        if (!error_is(result) && (!got || memcmp(back, bytes, got) != 0))
            result = error_make(ERROR_DATA_CORRUPT, NULL, "The object store gives back other bytes than it was given");
    }
    blob_reader_close(reader);
    return result;
}

// An object is put, read back and deleted.
static error try_object(struct arena *arena, struct blob_store *store)
{
    struct blob_writer *writer;
    struct blob_info info;
    char *bytes = arena_alloc(arena, 4096);
    TRY(blob_store_check(store));
    TRY(blob_writer_open(store, NULL, &writer));
    for (int64_t at = 0; at < PROBE_BYTES; at += 4096) {
        error result = blob_write(writer, bytes, 4096);
        if (error_is(result)) {
            blob_writer_abort(writer);
            return result;
        }
    }
    TRY(blob_writer_commit(writer, &info));
    error back = read_back(store, &info, bytes);
    error removed = blob_remove_at(store, info.place, info.id);
    return error_is(back) ? back : removed;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

// In a folder of its own with a key of its own: neither the data nor its key are needed for the question.
static error try_store(struct arena *arena)
{
    char folder[] = "/var/tmp/kinora-doctor-XXXXXX";
    struct keyring *keyring;
    struct blob_store *store;
    if (!mkdtemp(folder))
        return error_system("make", "a folder in /var/tmp", errno);
    error result = keyring_open(str_format(arena, "%s/keys", folder).data, NULL, &keyring);
    if (!error_is(result)) {
        result = stores_open_trial(arena, folder, keyring, &store);
        if (!error_is(result)) {
            result = try_object(arena, store);
            blob_store_close(store);
        }
        keyring_close(keyring);
    }
    if (error_is(result))
        result.message = str_copy(arena, str_of(result.message)).data;
    nftw(folder, remove_one, REMOVE_DEPTH, FTW_DEPTH | FTW_PHYS);
    return result;
}

static void check_store(const struct state *state)
{
    struct arena *arena = state->doctor->arena;
    str where = stores_object_store(arena);
    if (!where.size)
        return;
    error problem = try_store(arena);
    say(state, error_is(problem) ? BROKEN : FINE, "object store",
        error_is(problem) ? str_of(problem.message)
                          : str_format(arena, "%.*s takes, gives and deletes objects", STR_ARGS(where)),
        "mend the settings s3_* (kinora config check shows them), or the rights of the access key");
}

// Mail --------------------------------------------------------------------------------------------

static void check_mail(const struct state *state)
{
    struct arena *arena = state->doctor->arena;
    const char *url = SETTING_NOW(smtp_url);
    if (!settings_has(url)) {
        say(state, FINE, "mail", STR("no mail server is set; forgotten passwords are for an administrator to mend"),
            NULL);
        return;
    }
    error problem = mail_check(url);
    say(state, error_is(problem) ? BROKEN : FINE, "mail",
        error_is(problem) ? str_copy(arena, str_of(problem.message)) : STR("the mail server takes our name"),
        "mend smtp_url: smtp://USER:PASSWORD@HOST:PORT, or smtps:// for TLS from the start");
}

void doctor_check_state(struct doctor *doctor)
{
    struct state state = { .doctor = doctor };
    error ready = crypt_init();
    check_folder(&state);
    if (error_is(ready))
        say(&state, BROKEN, "master key", str_of(ready.message), NULL);
    else
        check_key(&state);
    check_database(&state);
    check_store(&state);
    check_mail(&state);
    db_disconnect(state.db);
    db_close(state.pool);
    keyring_close(state.keyring);
}
