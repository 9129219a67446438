// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/download.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/settings.h"
#include "domain/library.h"
#include "domain/link_cookies.h"
#include "work/job_kind.h"

enum { NOBODY = 65534, COOKIES_BYTES_MAX = 1 << 20, MESSAGE_BYTES_MAX = 500 };

void download_note(struct download *download, enum link_failure failure, str message)
{
    download->failed++;
    if (download->failure != FAILURE_NONE)
        return;
    download->failure = failure;
    download->message = str_copy(download->run->scope.arena, str_cut_utf8(str_trim(message), MESSAGE_BYTES_MAX));
}

// Whatever the case of the letters.
static bool has_text(struct arena *arena, str text, str part)
{
    return str_find(library_fold(arena, text), library_fold(arena, part)) >= 0;
}

bool download_wants_title(const struct download *download, str title)
{
    struct arena *arena = download->run->scope.arena;
    const struct link *link = &download->link;
    return (!link->title_include.size || has_text(arena, title, link->title_include))
           && (!link->title_exclude.size || !has_text(arena, title, link->title_exclude));
}

bool download_is_full(const struct download *download)
{
    return download->saved >= download->items_max;
}

// The folder

static error make_folder(struct download *download)
{
    struct arena *arena = download->run->scope.arena;
    const char *all = str_format(arena, "%s/downloads", settings.data).data;
    download->folder = str_format(arena, "%s/%.*s", all, STR_ARGS(download->link.id)).data;
    if ((mkdir(all, 0700) < 0 && errno != EEXIST) || (mkdir(download->folder, 0700) < 0 && errno != EEXIST))
        return error_system("make the folder", "downloads", errno);
    download->folder_fd = open(download->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (download->folder_fd < 0)
        return error_system("open the folder", "downloads", errno);
    // The tools of root run as nobody.
    if (geteuid() == 0 && fchown(download->folder_fd, NOBODY, NOBODY) < 0)
        return error_system("give away the folder", "downloads", errno);
    return OK;
}

static void empty_folder(int folder)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
    if (!list) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(list));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        int inner = openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (inner >= 0) {
            empty_folder(inner);
            close(inner);
            unlinkat(folder, entry->d_name, AT_REMOVEDIR);
        } else {
            unlinkat(folder, entry->d_name, 0);
        }
    }
    closedir(list);
}

// What is half there is kept for another attempt, unless the disk needs the room or all went well.
static void leave_folder(struct download *download)
{
    if (download->folder_fd < 0)
        return;
    bool gallery = str_equal(download->link.type, STR("pixiv_user"))
                   || str_equal(download->link.type, STR("generic_gallery")); // its archive lies there
    bool keep = download->failure != FAILURE_DISK_FULL
                && (gallery || download->failure == FAILURE_NETWORK || atomic_load(&download->run->cancelled));
    if (!keep)
        empty_folder(download->folder_fd);
    close(download->folder_fd);
    if (!keep)
        rmdir(download->folder);
}

// Folders of links that are gone.
static void sweep_folders(struct download *download)
{
    struct scope *scope = &download->run->scope;
    const char *all = str_format(scope->arena, "%s/downloads", settings.data).data;
    DIR *list = opendir(all);
    for (struct dirent *entry; list && (entry = readdir(list));) {
        struct link link;
        struct scope any = *scope;
        any.actor.is_superuser = true;
        if (!id_is_valid(str_of(entry->d_name))
            || link_get(&any, str_of(entry->d_name), &link).code != ERROR_LINK_NOT_FOUND)
            continue;
        int folder = openat(dirfd(list), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (folder < 0)
            continue;
        empty_folder(folder);
        close(folder);
        unlinkat(dirfd(list), entry->d_name, AT_REMOVEDIR);
    }
    if (list)
        closedir(list);
}

// Cookies

// A file below DATA/cookies, whatever links may lie on the way.
static error read_site_cookies(struct arena *arena, str name, str *ret_text)
{
    str folder = str_format(arena, "%s/cookies/", settings.data);
    str inside = str_starts(name, folder) ? str_sub(name, folder.size, name.size) : name;
    const char *path = str_format(arena, "%.*s%.*s", STR_ARGS(folder), STR_ARGS(inside)).data;
    bool good = inside.size && inside.data[0] != '/' && str_find(inside, STR("..")) < 0;
    char *bytes = arena_alloc_raw(arena, COOKIES_BYTES_MAX);
    int fd = good ? open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;
    ssize_t got = fd >= 0 ? read(fd, bytes, COOKIES_BYTES_MAX) : -1;
    if (fd >= 0)
        close(fd);
    if (got < 0)
        return error_make(ERROR_UNAVAILABLE, "site_cookies_json", "The cookies file of the site cannot be read");
    *ret_text = (str) { bytes, (size_t)got };
    return OK;
}

static error find_cookies(struct download *download)
{
    struct scope *scope = &download->run->scope;
    json_t *map, *path;
    const char *site;
    TRY(link_cookies_jar(scope, download->link.id, download->link.url, &download->jar));
    str text = str_of(SETTING_NOW(site_cookies_json)), host = link_host(scope->arena, download->link.url);
    if (download->jar.data || !text.size || error_is(json_read(scope->arena, text, &map)))
        return OK;
    json_object_foreach (map, site, path) {
        if (!json_is_string(path) || !link_site_matches(str_of(site), host))
            continue;
        TRY(read_site_cookies(scope->arena, str_of(json_string_value(path)), &text));
        return link_cookies_read(scope->arena, text, download->link.url, &download->jar);
    }
    return OK;
}

// The end

struct ending {
    const struct download *download;
    struct download_end end;
    str *free_blobs;
    size_t free_count;
};

static error forget_surplus(struct scope *scope, struct ending *ending)
{
    const struct download *download = ending->download;
    struct list items;
    TRY(link_item_surplus(scope, download->link.id, download->link.keep_last, &items));
    ending->free_blobs = ARENA_ARRAY(scope->arena, str, items.count);
    ending->free_count = 0;
    for (size_t i = 0; i < items.count; i++) {
        struct media media;
        str free_blob;
        TRY(media_delete(scope, ((struct link_item *)items.items)[i].media_id, &media, &free_blob));
        if (free_blob.data)
            ending->free_blobs[ending->free_count++] = free_blob;
    }
    return OK;
}

static error write_end(struct scope *scope, const struct run *run, void *context)
{
    (void)run;
    struct ending *ending = context;
    struct link link;
    error there = link_get(scope, ending->download->link.id, &link);
    if (there.code == ERROR_LINK_NOT_FOUND) // deleted meanwhile
        return OK;
    TRY(there);
    if (link.keep_last)
        TRY(forget_surplus(scope, ending));
    return link_run_end(scope, &link, &ending->end);
}

static struct download_end end_of(struct download *download, bool cancelled)
{
    struct arena *arena = download->run->scope.arena;
    bool failed = download->failure != FAILURE_NONE;
    const char *plural = download->saved == 1 ? "" : "s";
    str message = str_format(arena, "Downloaded %lld new item%s.", (long long)download->saved, plural);
    if (failed && download->saved)
        message = str_format(arena, "%.*s %lld failed: %.*s", STR_ARGS(message), (long long)download->failed,
            STR_ARGS(download->message));
    else if (failed)
        message = download->message;
    if (cancelled)
        message = str_format(arena, "Cancelled. %.*s", STR_ARGS(message));
    return (struct download_end) { .status = cancelled                   ? "cancelled"
                                             : failed && download->saved ? "partial"
                                             : failed                    ? "failure"
                                                                         : "success",
        .failure = cancelled ? FAILURE_NONE : download->failure,
        .message = message,
        .files = download->files,
        .media_numbers = download->media_numbers,
        .media_uuids = download->media_uuids };
}

static void remove_blobs(struct download *download, const struct ending *ending)
{
    struct scope *scope = &download->run->scope;
    for (size_t i = 0; i < ending->free_count; i++)
        if (error_is(blob_remove(scope->blobs, str_to_c(scope->arena, ending->free_blobs[i]))))
            log_event(LOG_WARN, &scope->trace, "download", "A file that is not needed could not be removed");
}

static error finish(struct download *download)
{
    struct ending ending = { .download = download, .end = end_of(download, false) };
    json_t *result = json_keep(download->run->scope.arena, json_object());
    json_object_set_new(result, "saved", json_integer(download->saved));
    json_object_set(result, "media_ids", download->media_uuids);
    bool failed = download->failure != FAILURE_NONE && !download->saved;
    if (!failed)
        TRY(run_complete(download->run, result, write_end, &ending));
    else
        TRY(run_write(download->run, write_end, &ending));
    remove_blobs(download, &ending);
    return failed ? error_make(ERROR_DOWNLOAD_FAILED, NULL, "%.*s", STR_ARGS(download->message)) : OK;
}

// A person has ended it; a server that stops leaves it to the next one.
static void note_cancel(struct download *download)
{
    struct ending ending = { .download = download, .end = end_of(download, true) };
    struct job job;
    struct scope *scope = &download->run->scope;
    bool ended = !error_is(job_get(scope, download->run->job.id, &job)) && str_equal(job.state, STR("cancelled"));
    if (ended && error_is(run_write_after(download->run, write_end, &ending)))
        log_event(LOG_WARN, &scope->trace, "download", "The record of a cancelled download could not be written");
}

static error look(struct download *download)
{
    const str type = download->link.type;
    TRY(make_folder(download));
    TRY(find_cookies(download));
    if (str_equal(type, STR("direct")))
        return download_direct(download);
    if (str_equal(type, STR("podcast_feed")))
        return download_feed(download);
    if (str_equal(type, STR("pixiv_user")) || str_equal(type, STR("generic_gallery")))
        return download_gallery(download);
    return download_ytdlp(download);
}

static int64_t least(int64_t a, int64_t b)
{
    return b && b < a ? b : a;
}

static error start(struct run *run)
{
    struct arena *arena = run->scope.arena;
    struct download download = { .run = run,
        .folder_fd = -1,
        .deadline_us = clock_mono_us() + SETTING_NOW(download_timeout_minutes) * 60 * SECOND_US,
        .files = json_keep(arena, json_array()),
        .media_numbers = json_keep(arena, json_array()),
        .media_uuids = json_keep(arena, json_array()) };
    TRY(link_get(&run->scope, json_get_str(run->params, "link_id"), &download.link));
    download.items_max = least(
        least(SETTING_NOW(download_max_items), download.link.max_items), download.link.keep_last);
    sweep_folders(&download);
    error result = look(&download);
    bool cancelled = atomic_load(&run->cancelled);
    // What the server itself could not do fails the look too: a person reads the history, not the log.
    if (error_is(result) && !cancelled)
        download_note(&download, link_failure_of_error(result), str_of(result.message));
    leave_folder(&download);
    if (!cancelled)
        return finish(&download);
    note_cancel(&download);
    return error_of(ERROR_CANCELLED);
}

static int64_t most(void)
{
    return SETTING_NOW(max_concurrent_downloads);
}

// They wait for other machines more than they keep this one busy.
enum { DOWNLOAD_SLOTS = 64 }; // the most that the setting allows
const struct job_kind download_kind = { .name = LINK_JOB_KIND, .start = start, .most = most, .slots = DOWNLOAD_SLOTS };
