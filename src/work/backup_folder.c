// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/backup_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/folder.h"
#include "base/id.h"

enum { ARENA_BYTES = 16 << 20, MANIFEST_BYTES_MAX = 1 << 20 };
#define FORMAT "Kinora backup 1"
#define MARK "kinora-backups"
#define BACKUP_SEAL "backup manifest" // purpose of the master key; a backup stays with the key of its time

// The folder ------------------------------------------------------------------------------------------

// A folder with anything else in it is not taken for one of ours.
static error make_folder(struct arena *arena, const char *path)
{
    const char *mark = str_format(arena, "%s/" MARK, path).data;
    if (access(mark, F_OK) == 0)
        return OK;
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return error_make(ERROR_UNAVAILABLE, path, "Cannot make the backup folder %s: %s", path, strerror(errno));
    DIR *folder = opendir(path);
    if (!folder)
        return error_system("open", path, errno);
    bool empty = true;
    for (struct dirent *entry; (entry = readdir(folder));)
        empty = empty
                && (entry->d_name[0] == '.' || !strcmp(entry->d_name, "lost+found") || !strcmp(entry->d_name, MARK));
    closedir(folder);
    if (!empty)
        return error_make(ERROR_CONFLICT, path,
            "The folder %s is no backup folder and not empty: backups want a folder of their own", path);
    int fd = open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, FORMAT "\n", sizeof FORMAT) != sizeof FORMAT || fsync(fd) != 0) {
        error e = error_system("make", mark, errno);
        if (fd >= 0)
            close(fd);
        return e;
    }
    close(fd);
    return folder_sync(path);
}

static error take_lock(struct backup_folder *folder, bool changes)
{
    const char *mark = str_format(folder->arena, "%s/" MARK, folder->path).data;
    folder->lock = open(mark, O_RDONLY | O_CLOEXEC);
    if (folder->lock < 0 && errno == ENOENT)
        return error_make(ERROR_NOT_FOUND, folder->path, "There are no backups in %s", folder->path);
    if (folder->lock < 0)
        return error_system("open", mark, errno);
    if (flock(folder->lock, (changes ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0)
        return error_make(ERROR_UNAVAILABLE, folder->path,
            "Another backup, verification or restore is under way in %s: wait for its end", folder->path);
    return OK;
}

static error open_folder(struct backup_folder *folder, const struct keyring *keyring, bool changes)
{
    if (changes)
        TRY(make_folder(folder->arena, folder->path));
    TRY(take_lock(folder, changes));
    return blob_store_open(str_format(folder->arena, "%s/blobs", folder->path).data, keyring, &folder->blobs);
}

error backup_folder_open(
    const char *path, const struct keyring *keyring, bool changes, struct backup_folder *ret_folder)
{
    struct backup_folder folder = { .arena = arena_new(ARENA_BYTES), .lock = -1 };
    folder.path = str_copy(folder.arena, str_of(path)).data;
    error result = open_folder(&folder, keyring, changes);
    if (error_is(result))
        backup_folder_close(&folder);
    else
        *ret_folder = folder;
    return result;
}

void backup_folder_close(struct backup_folder *folder)
{
    if (!folder->arena)
        return;
    blob_store_close(TAKE(folder->blobs));
    if (folder->lock >= 0)
        close(folder->lock);
    arena_free(TAKE(folder->arena));
}

const char *backup_path(struct arena *arena, const char *folder, str name, const char *file)
{
    return str_format(arena, "%s/%.*s%s%s", folder, STR_ARGS(name), file ? "/" : "", file ? file : "").data;
}

error backup_write_file(struct arena *arena, const char *folder, str name, const char *file, str text)
{
    const char *path = backup_path(arena, folder, name, file);
    const char *part = str_format(arena, "%s.part", path).data;
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_system("make", part, errno);
    bool good = write(fd, text.data, text.size) == (ssize_t)text.size && fsync(fd) == 0;
    error e = good ? OK : error_system("write", part, errno);
    close(fd);
    if (!error_is(e) && rename(part, path) != 0)
        e = error_system("rename", part, errno);
    return error_is(e) ? e : folder_sync(backup_path(arena, folder, name, NULL));
}

// The manifest ----------------------------------------------------------------------------------------

static void set_hex(struct arena *arena, json_t *object, const char *key, str bytes)
{
    json_object_set_new(object, key, json_str(str_hex(arena, bytes.data, bytes.size)));
}

static json_t *to_json(struct arena *arena, const struct backup_manifest *manifest)
{
    json_t *all = json_keep(
        arena, json_pack("{s:s, s:I, s:{s:I}, s:{s:I, s:I, s:I, s:I, s:I}}", "format", FORMAT, "schema",
                   (json_int_t)manifest->schema, "database", "bytes", (json_int_t)manifest->database_bytes, "files",
                   "count", (json_int_t)manifest->files, "bytes", (json_int_t)manifest->file_bytes, "new_count",
                   (json_int_t)manifest->new_files, "new_bytes", (json_int_t)manifest->new_bytes, "missing",
                   (json_int_t)manifest->missing));
    json_t *database = json_object_get(all, "database"), *files = json_object_get(all, "files");
    json_object_set_new(all, "program", json_str(manifest->program));
    json_object_set_new(all, "master_key", json_str(manifest->fingerprint));
    json_object_set_new(all, "taken_at", json_str(clock_text_ms(arena, manifest->taken_us)));
    json_object_set_new(database, "tables", json_deep_copy(manifest->sums));
    json_object_set_new(database, "id", json_str(manifest->database_id));
    json_object_set_new(database, "stored_bytes", json_integer(manifest->database_stored_bytes));
    json_object_set_new(
        database, "sealed_key", json_str(str_base64(arena, manifest->database_key.data, manifest->database_key.size)));
    set_hex(arena, database, "sha256", manifest->database_sha256);
    set_hex(arena, files, "sha256", manifest->files_sha256);
    if (manifest->sealed_master_key.data)
        json_object_set_new(all, "sealed_master_key",
            json_str(str_base64(arena, manifest->sealed_master_key.data, manifest->sealed_master_key.size)));
    return all;
}

error backup_write_manifest(
    struct arena *arena, const char *folder, const struct backup_manifest *manifest, const struct keyring *keyring)
{
    json_t *all = to_json(arena, manifest);
    str seal = keyring_seal(arena, keyring, BACKUP_SEAL, json_text(arena, all), STR(""));
    json_object_set_new(all, "seal", json_str(str_base64(arena, seal.data, seal.size)));
    str text = str_format(arena, "%.*s\n", STR_ARGS(json_text(arena, all)));
    return backup_write_file(arena, folder, manifest->name, "manifest.json", text);
}

static error damaged(str name)
{
    return error_make(ERROR_DATA_CORRUPT, NULL,
        "The manifest of the backup %.*s is damaged: remove that folder, it is of no use", STR_ARGS(name));
}

static error read_json(struct arena *arena, const char *folder, str name, const char *file, json_t **ret_json)
{
    const char *path = backup_path(arena, folder, name, file);
    FILE *stream = fopen(path, "re");
    if (!stream)
        return errno == ENOENT || errno == ENOTDIR
                   ? error_make(ERROR_NOT_FOUND, NULL, "There is no whole backup %.*s in %s", STR_ARGS(name), folder)
                   : error_system("open", path, errno);
    char *text = arena_alloc_raw(arena, MANIFEST_BYTES_MAX);
    size_t size = fread(text, 1, MANIFEST_BYTES_MAX, stream);
    fclose(stream);
    error e = json_read(arena, (str) { text, size }, ret_json);
    return error_is(e) || !json_is_object(*ret_json) ? damaged(name) : OK;
}

static str get_bytes(struct arena *arena, const json_t *object, const char *key)
{
    str text = json_get_str(object, key), bytes;
    return text.data && str_from_base64(arena, text, &bytes) ? bytes : STR_NONE;
}

static str get_hash(struct arena *arena, const json_t *object, const char *key)
{
    char *bytes = arena_alloc(arena, 32);
    str text = json_get_str(object, key);
    return text.size == 64 && str_from_hex(text, bytes, 32) ? (str) { bytes, 32 } : STR_NONE;
}

static void sum_tables(struct backup_manifest *manifest)
{
    const char *name;
    json_t *sum;
    json_object_foreach ((json_t *)manifest->sums, name, sum) {
        manifest->tables++;
        manifest->rows += json_get_int(sum, "rows", 0);
    }
}

error backup_read_manifest(struct arena *arena, const char *folder, str name, struct backup_manifest *ret_manifest)
{
    json_t *all, *verified;
    TRY(read_json(arena, folder, name, "manifest.json", &all));
    if (!str_equal_c(json_get_str(all, "format"), FORMAT))
        return error_make(
            ERROR_CONFLICT, NULL, "The backup %.*s is of a newer Kinora: use that, or a newer one", STR_ARGS(name));
    const json_t *database = json_object_get(all, "database"), *files = json_object_get(all, "files");
    struct backup_manifest manifest = { .name = str_copy(arena, name),
        .program = json_get_str(all, "program"),
        .fingerprint = json_get_str(all, "master_key"),
        .schema = json_get_int(all, "schema", 0),
        .sums = json_object_get(database, "tables"),
        .database_id = json_get_str(database, "id"),
        .database_key = get_bytes(arena, database, "sealed_key"),
        .database_sha256 = get_hash(arena, database, "sha256"),
        .database_bytes = json_get_int(database, "bytes", -1),
        .database_stored_bytes = json_get_int(database, "stored_bytes", -1),
        .files = json_get_int(files, "count", -1),
        .file_bytes = json_get_int(files, "bytes", -1),
        .new_files = json_get_int(files, "new_count", 0),
        .new_bytes = json_get_int(files, "new_bytes", 0),
        .missing = json_get_int(files, "missing", 0),
        .files_sha256 = get_hash(arena, files, "sha256"),
        .sealed_master_key = get_bytes(arena, all, "sealed_master_key") };
    if (!clock_parse(json_get_str(all, "taken_at"), &manifest.taken_us) || !json_is_object(manifest.sums)
        || !id_is_valid(manifest.database_id) || manifest.database_key.size != BLOB_SEALED_KEY_SIZE
        || !manifest.database_sha256.data || !manifest.files_sha256.data || !manifest.fingerprint.data)
        return damaged(name);
    sum_tables(&manifest);
    if (!error_is(read_json(arena, folder, name, "verified.json", &verified)))
        (void)clock_parse(json_get_str(verified, "verified_at"), &manifest.verified_us);
    *ret_manifest = manifest;
    return OK;
}

error backup_check_seal(
    struct arena *arena, const char *folder, const struct backup_manifest *manifest, const struct keyring *keyring)
{
    json_t *all;
    str plain;
    TRY(read_json(arena, folder, manifest->name, "manifest.json", &all));
    str seal = get_bytes(arena, all, "seal");
    json_object_del(all, "seal");
    error opened = keyring_open_sealed(arena, keyring, BACKUP_SEAL, json_text(arena, all), seal, &plain);
    return error_is(opened) ? error_make(ERROR_DATA_CORRUPT, NULL,
               "The manifest of the backup %.*s is not as Kinora wrote it: it was damaged or changed",
               STR_ARGS(manifest->name))
                            : OK;
}

error backup_check_key(struct arena *arena, const struct backup_manifest *manifest, const struct keyring *keyring)
{
    str own = keyring_fingerprint(arena, keyring);
    return str_equal(own, manifest->fingerprint)
               ? OK
               : error_make(ERROR_CONFLICT, NULL,
                   "The backup %.*s belongs to the master key %.*s, and the key at hand is %.*s: nothing in it would "
                   "open. Give the recovery kit of that key with --recovery-kit FILE",
                   STR_ARGS(manifest->name), STR_ARGS(manifest->fingerprint), STR_ARGS(own));
}

// Names -----------------------------------------------------------------------------------------------

static int is_name(const struct dirent *entry)
{
    const char *name = entry->d_name; // 2026-11-21T12-00-00Z
    return strlen(name) >= 20 && name[4] == '-' && name[10] == 'T' && name[19] == 'Z';
}

error backup_names(struct arena *arena, const char *folder, struct list *ret_names)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_name, alphasort);
    if (count < 0)
        return errno == ENOENT ? error_make(ERROR_NOT_FOUND, folder, "There are no backups in %s", folder)
                               : error_system("list", folder, errno);
    str *names = ARENA_ARRAY(arena, str, (size_t)count + 1);
    for (int i = 0; i < count; i++) {
        names[i] = str_copy(arena, str_of(entries[i]->d_name));
        free(entries[i]);
    }
    free(entries);
    *ret_names = (struct list) { names, (size_t)count };
    return OK;
}

error backup_list(struct arena *arena, const char *folder, struct list *ret_manifests, int64_t *ret_half_made)
{
    struct list names;
    TRY(backup_names(arena, folder, &names));
    struct backup_manifest *manifests = ARENA_ARRAY(arena, struct backup_manifest, names.count + 1);
    size_t count = 0;
    for (size_t i = 0; i < names.count; i++) {
        error read = backup_read_manifest(arena, folder, ((str *)names.items)[i], &manifests[count]);
        count += !error_is(read);
        if (error_is(read) && read.code != ERROR_NOT_FOUND)
            return read;
    }
    *ret_manifests = (struct list) { manifests, count };
    *ret_half_made = (int64_t)(names.count - count);
    return OK;
}

error backup_find(struct arena *arena, const char *folder, str name, struct backup_manifest *ret_manifest)
{
    struct list names;
    if (name.data)
        return str_index(name, '/') >= 0 || str_starts(name, STR("."))
                   ? error_make(ERROR_NOT_FOUND, NULL, "There is no backup %.*s in %s", STR_ARGS(name), folder)
                   : backup_read_manifest(arena, folder, name, ret_manifest);
    TRY(backup_names(arena, folder, &names));
    for (size_t i = names.count; i > 0; i--) {
        error read = backup_read_manifest(arena, folder, ((str *)names.items)[i - 1], ret_manifest);
        if (read.code != ERROR_NOT_FOUND)
            return read;
    }
    return error_make(ERROR_NOT_FOUND, NULL, "There is no whole backup in %s", folder);
}
