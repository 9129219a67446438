// SPDX-License-Identifier: GPL-3.0-or-later
// Single files and feeds of episodes, by our own HTTP client.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/settings.h"
#include "crypt/crypt.h"
#include "net/fetch.h"
#include "work/download.h"

static const int64_t FEED_BYTES_MAX = INT64_C(32) << 20, ROOM_LEAST = INT64_C(64) << 20;
enum { VALIDATOR_BYTES_MAX = 512 };

struct getting {
    struct download *download;
    str url, key; // key: of the archive; STR_NONE: what the server says of the file decides
    char part[80], tag[80];
    str validator;   // that the server gave now
    double from, to; // of the run's progress
};

static void tell(void *context, int64_t bytes, int64_t total)
{
    const struct getting *getting = context;
    if (total > 0)
        run_progress(
            getting->download->run, getting->from + (getting->to - getting->from) * (double)bytes / (double)total);
}

static str content_key(struct arena *arena, const struct getting *getting, str validator)
{
    return str_format(arena, "direct %.*s %.*s", STR_ARGS(getting->url), STR_ARGS(validator));
}

// The same file as at an earlier look need not be loaded again. Kept for resuming as well.
static bool wants(void *context, str validator)
{
    struct getting *getting = context;
    struct download *download = getting->download;
    bool has = false;
    getting->validator = validator;
    if (!getting->key.data && validator.data)
        (void)error_is(link_item_has(&download->run->scope, download->link.id,
            content_key(download->run->scope.arena, getting, validator), &has));
    if (has)
        return false;
    int fd = openat(download->folder_fd, getting->tag, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return true;
    bool written = validator.size < VALIDATOR_BYTES_MAX
                   && write(fd, validator.data, validator.size) == (ssize_t)validator.size;
    close(fd);
    if (!written)
        unlinkat(download->folder_fd, getting->tag, 0);
    return true;
}

static str read_tag(const struct getting *getting, char room[static VALIDATOR_BYTES_MAX])
{
    int fd = openat(getting->download->folder_fd, getting->tag, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, room, VALIDATOR_BYTES_MAX) : -1;
    if (fd >= 0)
        close(fd);
    return got > 0 ? (str) { room, (size_t)got } : STR_NONE;
}

static void name_parts(struct getting *getting)
{
    unsigned char hash[32];
    crypt_sha256(getting->url.data, getting->url.size, hash);
    str name = str_hex(getting->download->run->scope.arena, hash, 16);
    snprintf(getting->part, sizeof getting->part, "%s.part", name.data);
    snprintf(getting->tag, sizeof getting->tag, "%s.tag", name.data);
}

// What the file could not be loaded for is the link's business; an error is the server's own.
static error judge(struct download *download, error result, const struct fetched *fetched)
{
    struct arena *arena = download->run->scope.arena;
    if (atomic_load(&download->run->cancelled))
        return error_of(ERROR_CANCELLED);
    if (result.code == ERROR_STORAGE_FULL)
        return result;
    if (error_is(result))
        download_note(download, link_failure_of_error(result), str_of(result.message));
    else if (fetched->status >= 400)
        download_note(download, link_failure_of_status(fetched->status, download->jar.data),
            str_format(arena, "The server answered %d", fetched->status));
    return OK;
}

// *ret_there: the whole file lies in `part`.
static error get(struct getting *getting, int64_t bytes_max, struct fetched *ret_fetched, bool *ret_there)
{
    struct download *download = getting->download;
    struct arena *arena = download->run->scope.arena;
    char room[VALIDATOR_BYTES_MAX];
    int file = openat(download->folder_fd, getting->part, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0)
        return error_system("make", "a file for a download", errno);
    struct fetch fetch = { .url = str_to_c(arena, getting->url),
        .jar = download->jar,
        .allow_private = settings.allow_private_links,
        .file = file,
        .resume = read_tag(getting, room),
        .bytes_max = bytes_max,
        .room_least = ROOM_LEAST,
        .progress = tell,
        .wants = wants,
        .context = getting,
        .cancelled = &download->run->cancelled,
        .deadline_us = download->deadline_us };
    error result = fetch_file(arena, &fetch, ret_fetched);
    close(file);
    *ret_there = !error_is(result) && ret_fetched->status < 400 && !ret_fetched->declined;
    return judge(download, result, ret_fetched);
}

static error get_and_save(struct getting *getting, str title)
{
    struct download *download = getting->download;
    struct arena *arena = download->run->scope.arena;
    struct fetched fetched = { 0 };
    bool there;
    name_parts(getting);
    TRY(get(getting, SETTING_NOW(max_upload_bytes), &fetched, &there));
    if (!there)
        return OK;
    str key = getting->key;
    if (!key.data)
        key = content_key(arena, getting, getting->validator.data ? getting->validator : STR("-"));
    TRY(download_save(download, getting->part, key, title.size ? title : fetched.file_name));
    unlinkat(download->folder_fd, getting->tag, 0);
    return OK;
}

error download_direct(struct download *download)
{
    struct getting getting = { .download = download, .url = download->link.url, .to = 1 };
    return get_and_save(&getting, STR_NONE);
}

// Feeds

static error read_feed(struct download *download, const char *part, json_t **ret_feed)
{
    struct arena *arena = download->run->scope.arena;
    struct scratch *scratch;
    struct stat status;
    int file = openat(download->folder_fd, part, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &status) < 0)
        return error_system("open", "a feed", errno);
    char *bytes = arena_alloc_raw(arena, (size_t)status.st_size + 1);
    ssize_t got = pread(file, bytes, (size_t)status.st_size, 0);
    close(file);
    unlinkat(download->folder_fd, part, 0);
    TRY(run_scratch(download->run, &scratch));
    TRY(scratch_write(scratch, 0, bytes, got > 0 ? (size_t)got : 0));
    struct child_input input = child_input_of_scratch(scratch);
    struct child_call call = {
        .op = "feed.read", .params = json_keep(arena, json_object()), .inputs = &input, .input_count = 1
    };
    return run_ask(download->run, ZYGOTE_PLAIN, &call, ret_feed);
}

// The episode's title, with the ending of its file.
static str episode_name(struct arena *arena, const json_t *item)
{
    str title = json_get_str(item, "title"), path = json_get_str(item, "url");
    for (size_t i = 0; i < path.size; i++)
        if (path.data[i] == '?' || path.data[i] == '#')
            path = str_sub(path, 0, i);
    size_t dot = path.size;
    while (dot > 0 && path.data[dot - 1] != '.' && path.data[dot - 1] != '/')
        dot--;
    bool ends = dot > 0 && path.data[dot - 1] == '.' && path.size - dot <= 5;
    if (!title.size)
        return STR_NONE;
    // A slash in a title is no folder.
    char *name = (char *)str_format(arena, "%.*s%s%.*s", STR_ARGS(str_cut_utf8(title, 200)), ends ? "." : "",
        ends ? (int)(path.size - dot) : 0, path.data + dot)
                     .data;
    for (char *at = name; *at; at++)
        if (*at == '/' || *at == '\\')
            *at = '-';
    return str_of(name);
}

static error take_episode(struct download *download, const json_t *item, double from, double to)
{
    struct arena *arena = download->run->scope.arena;
    str url = json_get_str(item, "url"), title = json_get_str(item, "title");
    str key = str_format(arena, "feed %.*s", STR_ARGS(json_get_str(item, "id")));
    bool has;
    TRY(link_item_has(&download->run->scope, download->link.id, key, &has));
    if (has || !download_wants_title(download, title))
        return OK;
    if (error_is(link_check_url(url))) {
        download_note(download, FAILURE_REFUSED_BY_POLICY, STR("An episode is neither at http:// nor at https://"));
        return OK;
    }
    struct getting getting = { .download = download, .url = url, .key = key, .from = from, .to = to };
    return get_and_save(&getting, episode_name(arena, item));
}

error download_feed(struct download *download)
{
    struct getting getting = { .download = download, .url = download->link.url, .key = STR("feed") };
    struct fetched fetched = { 0 };
    json_t *feed;
    const json_t *item;
    size_t i;
    bool there;
    name_parts(&getting);
    unlinkat(download->folder_fd, getting.part, 0);
    unlinkat(download->folder_fd, getting.tag, 0);
    TRY(get(&getting, FEED_BYTES_MAX, &fetched, &there));
    if (!there)
        return OK;
    error result = read_feed(download, getting.part, &feed);
    if (result.code == ERROR_ENGINE_REFUSED || result.code == ERROR_ENGINE_CRASHED) {
        download_note(download, FAILURE_OTHER, str_of(result.message));
        return OK;
    }
    TRY(result);
    const json_t *items = json_object_get(feed, "items");
    double count = (double)json_array_size(items);
    json_array_foreach ((json_t *)items, i, item) {
        TRY(run_check(download->run));
        if (download_is_full(download))
            break;
        TRY(take_episode(download, item, (double)i / count, (double)(i + 1) / count));
    }
    return OK;
}
