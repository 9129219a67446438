// SPDX-License-Identifier: GPL-3.0-or-later
// What goes with old backups: the manifest first, so that what is left of one is half made; then the stored files that
// no other names.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "work/backup_folder.h"

struct named {
    char (*ids)[37];
    size_t count, room;
    struct backup_folder *folder;
};

static int by_id(const void *a, const void *b)
{
    return memcmp(a, b, 36);
}

static error name(struct named *named, const char *id)
{
    if (named->count == named->room) {
        size_t room = named->room ? named->room * 2 : 1024;
        char(*ids)[37] = realloc(named->ids, room * sizeof *ids);
        if (!ids)
            return error_system("list", "stored files", ENOMEM);
        named->ids = ids;
        named->room = room;
    }
    memcpy(named->ids[named->count++], id, 37);
    return OK;
}

// Once each: most backups name the same.
static void settle(struct named *named)
{
    size_t kept = 0;
    if (!named->count)
        return;
    qsort(named->ids, named->count, sizeof *named->ids, by_id);
    for (size_t i = 1; i < named->count; i++)
        if (by_id(named->ids[kept], named->ids[i]) != 0)
            memmove(named->ids[++kept], named->ids[i], sizeof *named->ids);
    named->count = kept + 1;
}

static error name_files(struct named *named, str backup)
{
    BACKUP_FILES_AUTO struct backup_files files = { 0 };
    struct backup_file file;
    bool more = true;
    TRY(backup_files_open(backup_path(named->folder->arena, named->folder->path, backup, "files"), &files));
    while (more) {
        TRY(backup_files_next(&files, &file, &more));
        if (more)
            TRY(name(named, file.id));
    }
    settle(named);
    return OK;
}

static error remove_unnamed(void *context, const char *id, int64_t stored_size, int64_t changed_us)
{
    const struct named *named = context;
    (void)stored_size, (void)changed_us;
    bool found = named->count && bsearch(id, named->ids, named->count, sizeof *named->ids, by_id);
    return found ? OK : blob_remove_at(named->folder->blobs, BLOB_LOCAL, id);
}

static error remove_backup(struct backup_folder *folder, str backup)
{
    static const char *const files[] = { "manifest.json", "manifest.json.part", "verified.json", "verified.json.part",
        "files" };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *path = backup_path(folder->arena, folder->path, backup, files[i]);
        if (unlink(path) != 0 && errno != ENOENT)
            return error_system("remove", path, errno);
    }
    const char *path = backup_path(folder->arena, folder->path, backup, NULL);
    return rmdir(path) == 0 ? OK : error_system("remove", path, errno);
}

static error remove_half_made(struct backup_folder *folder)
{
    struct list names;
    TRY(backup_names(folder->arena, folder->path, &names));
    for (size_t i = 0; i < names.count; i++) {
        str backup = ((str *)names.items)[i];
        if (access(backup_path(folder->arena, folder->path, backup, "manifest.json"), F_OK) != 0 && errno == ENOENT)
            TRY(remove_backup(folder, backup));
    }
    return OK;
}

static error remove_old(struct backup_folder *folder, int64_t keep, int64_t *ret_removed)
{
    struct list all;
    int64_t half_made, removed = 0;
    TRY(backup_list(folder->arena, folder->path, &all, &half_made));
    const struct backup_manifest *manifests = all.items;
    size_t spared = all.count; // the newest verified one
    for (size_t i = 0; i < all.count; i++)
        spared = manifests[i].verified_us ? i : spared;
    for (size_t i = 0; i + (size_t)keep < all.count; i++) {
        if (i == spared)
            continue;
        TRY(remove_backup(folder, manifests[i].name));
        removed++;
    }
    *ret_removed = removed;
    return OK;
}

static error remove_files(struct backup_folder *folder)
{
    struct list all;
    int64_t half_made, unfinished;
    struct named named = { .folder = folder };
    TRY(backup_list(folder->arena, folder->path, &all, &half_made));
    error result = OK;
    for (size_t i = 0; i < all.count && !error_is(result); i++) {
        const struct backup_manifest *manifest = &((struct backup_manifest *)all.items)[i];
        result = name(&named, str_to_c(folder->arena, manifest->database_id));
        if (!error_is(result))
            result = name_files(&named, manifest->name);
    }
    if (!error_is(result))
        result = blob_each(folder->blobs, BLOB_LOCAL, &(struct blob_visitor) { remove_unnamed, &named });
    free(named.ids);
    TRY(result);
    return blob_sweep_unfinished(folder->blobs, BLOB_LOCAL, 0, &unfinished);
}

error backup_prune(const char *path, int64_t keep, int64_t *ret_removed)
{
    BACKUP_FOLDER_AUTO struct backup_folder folder = { 0 };
    ASSERT(keep >= 1);
    TRY(backup_folder_open(path, NULL, true, &folder));
    TRY(remove_half_made(&folder));
    TRY(remove_old(&folder, keep, ret_removed));
    return remove_files(&folder);
}
