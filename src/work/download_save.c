// SPDX-License-Identifier: GPL-3.0-or-later
// A downloaded file into the library, as an upload would be.
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/settings.h"
#include "work/download.h"

static const int64_t PROBE_US = 60 * SECOND_US;
enum { PIECE_BYTES = 1 << 20 };

struct saving {
    struct download *download;
    str id, key, title, name;
    struct blob_info blob;
    json_t *probe;
    struct media media;
    bool known; // the link has this content already
};

static error copy(struct run *run, int file, struct blob_writer *writer)
{
    char *piece = arena_alloc_raw(run->scope.arena, PIECE_BYTES);
    ssize_t got = 1;
    while (got) {
        TRY(run_check(run));
        got = read(file, piece, PIECE_BYTES);
        if (got < 0 && errno != EINTR)
            return error_system("read", "a download", errno);
        if (got > 0)
            TRY(blob_write(writer, piece, (size_t)got));
    }
    return OK;
}

static error store(struct saving *saving, int file)
{
    struct blob_writer *writer;
    struct run *run = saving->download->run;
    TRY(blob_writer_open(run->scope.blobs, NULL, &writer));
    error result = copy(run, file, writer);
    if (error_is(result)) {
        blob_writer_abort(writer);
        return result;
    }
    return blob_writer_commit(writer, &saving->blob);
}

static error probe(struct saving *saving)
{
    struct run *run = saving->download->run;
    struct blob_reader *reader;
    TRY(blob_reader_open(run->scope.blobs, saving->blob.id, saving->blob.sealed_key, &reader));
    struct child_input input = child_input_of_blob(reader);
    struct child_call call = {
        .op = "probe", .params = json_keep(run->scope.arena, json_object()), .inputs = &input, .input_count = 1
    };
    int64_t deadline_us = run->scope.deadline_us, limit_us = clock_mono_us() + PROBE_US;
    run->scope.deadline_us = limit_us < deadline_us ? limit_us : deadline_us;
    error result = run_ask(run, ZYGOTE_PLAIN, &call, &saving->probe);
    run->scope.deadline_us = deadline_us;
    blob_reader_close(reader);
    return result;
}

static error transcribe(struct scope *scope, const struct media *media)
{
    struct job job;
    str key = str_format(scope->arena, "transcribe:%.*s", STR_ARGS(media->id));
    return job_add(scope,
        &(struct job_new) { .kind = "transcribe",
            .media_id = media->id,
            .params = json_keep(scope->arena, json_object()),
            .unique_key = key },
        &job);
}

static error record(struct scope *scope, const struct run *run, void *context)
{
    (void)run;
    struct saving *saving = context;
    const struct link *link = &saving->download->link;
    TRY(link_item_has_content(scope, link->id, saving->blob.sha256, &saving->known));
    if (saving->known)
        return link_item_add(scope, link->id, saving->key, saving->blob.sha256, STR_NONE);
    bool wanted = link->transcribe && json_get_bool(saving->probe, "has_audio", false);
    TRY(media_add(scope, saving->id, saving->name, &saving->blob, saving->probe, wanted, &saving->media));
    TRY(link_item_add(scope, link->id, saving->key, saving->blob.sha256, saving->media.id));
    return wanted ? transcribe(scope, &saving->media) : OK;
}

static void drop_blob(const struct saving *saving)
{
    struct scope *scope = &saving->download->run->scope;
    if (error_is(blob_remove(scope->blobs, saving->blob.id)))
        log_event(LOG_WARN, &scope->trace, "download", "A file that is not needed could not be removed");
}

static error store_and_record(struct saving *saving, int file)
{
    struct download *download = saving->download;
    TRY(store(saving, file));
    error result = probe(saving);
    if (!error_is(result))
        result = run_write(download->run, record, saving);
    bool shared = !error_is(result) && !saving->known && !str_equal_c(saving->media.blob_id, saving->blob.id);
    if (error_is(result) || saving->known || shared)
        drop_blob(saving);
    TRY(result);
    if (saving->known)
        return OK;
    download->saved++;
    json_array_append_new(download->files, json_str(saving->media.file_name));
    json_array_append_new(download->media_numbers, json_integer(saving->media.number));
    json_array_append_new(download->media_uuids, json_str(saving->media.id));
    if (download_is_full(download))
        atomic_store(&download->enough, true);
    return OK;
}

static error check(const struct download *download, int file, const char *name)
{
    struct stat status;
    if (fstat(file, &status) < 0)
        return error_system("look at", "a download", errno);
    if (!S_ISREG(status.st_mode) || status.st_nlink != 1 || !status.st_size)
        return error_make(ERROR_NOT_MEDIA, "file", "%s is empty or no file", name);
    if (status.st_size > SETTING_NOW(max_upload_bytes))
        return error_make(ERROR_BODY_TOO_LARGE, "file", "%s is larger than the %lld bytes allowed", name,
            (long long)SETTING_NOW(max_upload_bytes));
    (void)download;
    return OK;
}

// What is wrong with this file leaves the others alone.
static bool is_of_file(error result)
{
    switch (result.code) {
    case ERROR_NOT_MEDIA:
    case ERROR_ENGINE_FAILED:
    case ERROR_ENGINE_CRASHED:
    case ERROR_ENGINE_REFUSED:
    case ERROR_BODY_TOO_LARGE:
    case ERROR_UNSUPPORTED_MEDIA:
        return true;
    default:
        return false;
    }
}

error download_save(struct download *download, const char *file, str key, str title)
{
    struct arena *arena = download->run->scope.arena;
    struct saving saving = { .download = download,
        .id = id_new(arena),
        .key = str_copy(arena, key),
        .title = title,
        .name = media_clean_name(arena, title.size ? title : str_of(file)) };
    TRY(run_check(download->run));
    int fd = openat(download->folder_fd, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return error_system("open", "a download", errno);
    error result = check(download, fd, saving.name.data);
    if (!error_is(result))
        result = store_and_record(&saving, fd);
    close(fd);
    if (!error_is(result) || is_of_file(result))
        unlinkat(download->folder_fd, file, 0);
    if (is_of_file(result)) {
        bool policy = result.code == ERROR_BODY_TOO_LARGE;
        download_note(download, policy ? FAILURE_REFUSED_BY_POLICY : FAILURE_OTHER,
            str_format(arena, "%.*s: %s", STR_ARGS(saving.name), result.message));
        return OK;
    }
    return result;
}
