// SPDX-License-Identifier: GPL-3.0-or-later
// The list of stored files of a backup, and what is told of bytes done.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/id.h"
#include "work/backup_folder.h"

enum { LINE_BYTES = 160 };

static error open_stream(const char *path, const char *mode, struct backup_files *ret_files)
{
    FILE *stream = fopen(path, mode);
    if (!stream)
        return error_system("open", path, errno);
    *ret_files = (struct backup_files) { stream, hasher_new(), 0 };
    return OK;
}

error backup_files_make(const char *path, struct backup_files *ret_files)
{
    return open_stream(path, "we", ret_files);
}

error backup_files_open(const char *path, struct backup_files *ret_files)
{
    return open_stream(path, "re", ret_files);
}

error backup_files_add(struct backup_files *files, const struct backup_file *file)
{
    ARENA_AUTO struct arena *arena = arena_new(4096);
    str hash = file->missing ? STR("missing") : str_hex(arena, file->sha256, sizeof file->sha256);
    str line = str_format(arena, "%s %.*s %lld\n", file->id, STR_ARGS(hash), (long long)file->stored_bytes);
    hasher_add(files->hasher, line.data, line.size);
    files->count++;
    return fwrite(line.data, 1, line.size, files->stream) == line.size
               ? OK
               : error_system("write", "the list of files", errno);
}

error backup_files_keep(struct backup_files *files, unsigned char ret_sha256[static 32])
{
    bool good = fflush(files->stream) == 0 && fsync(fileno(files->stream)) == 0;
    error e = good ? OK : error_system("write", "the list of files", errno);
    hasher_finish(TAKE(files->hasher), ret_sha256);
    backup_files_close(files);
    return e;
}

error backup_files_next(struct backup_files *files, struct backup_file *ret_file, bool *ret_found)
{
    char line[LINE_BYTES];
    *ret_found = fgets(line, sizeof line, files->stream) != NULL;
    if (!*ret_found)
        return ferror(files->stream) ? error_system("read", "the list of files", errno) : OK;
    str text = str_of(line), rest = text, id, hash;
    hasher_add(files->hasher, text.data, text.size);
    struct backup_file file = { 0 };
    bool good = str_ends(text, STR("\n"));
    rest = str_trim(rest);
    good = good && str_split(&rest, ' ', &id) && id_is_valid(id) && str_split(&rest, ' ', &hash)
           && str_to_int(rest, &file.stored_bytes);
    file.missing = good && str_equal_c(hash, "missing");
    good = good && (file.missing || (hash.size == 64 && str_from_hex(hash, file.sha256, sizeof file.sha256)));
    if (!good)
        return error_make(ERROR_DATA_CORRUPT, NULL, "The list of files of the backup is damaged");
    memcpy(file.id, id.data, 36);
    files->count++;
    *ret_file = file;
    return OK;
}

void backup_files_close(struct backup_files *files)
{
    if (files->stream)
        fclose(files->stream);
    hasher_free(files->hasher);
    *files = (struct backup_files) { 0 };
}

error backup_files_check(const char *path, str sha256)
{
    BACKUP_FILES_AUTO struct backup_files files = { 0 };
    struct backup_file file;
    unsigned char found[32];
    bool more = true;
    TRY(backup_files_open(path, &files));
    while (more)
        TRY(backup_files_next(&files, &file, &more));
    hasher_finish(TAKE(files.hasher), found);
    return sha256.size == sizeof found && memcmp(found, sha256.data, sizeof found) == 0
               ? OK
               : error_make(ERROR_DATA_CORRUPT, NULL, "The list of files of the backup is damaged");
}

error backup_tell(void *context, int64_t bytes)
{
    struct backup_progress *progress = context;
    progress->done += bytes;
    double done = progress->total > 0 ? (double)progress->done / (double)progress->total : 0;
    if (progress->also)
        TRY(progress->also(progress->context));
    if (progress->watch && !progress->watch->go_on(progress->watch->context, done < 1 ? done : 1))
        return error_of(ERROR_CANCELLED);
    return OK;
}
