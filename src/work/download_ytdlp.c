// SPDX-License-Identifier: GPL-3.0-or-later
// Films of other sites by yt-dlp. It gets the list of what was saved before, and tells of each file when it is whole.
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/settings.h"
#include "work/download.h"

#define ARCHIVE_FILE ".archive.txt"
#define TOLD_FILE "KINORA-FILE "
#define TOLD_PROGRESS "KINORA-PROGRESS "

// As yt-dlp's archive has it: the extractor in small letters, a blank, the id.
static error write_archive(struct download *download)
{
    struct list items;
    BUFFER_AUTO struct buffer text = { 0 };
    TRY(link_item_list(&download->run->scope, download->link.id, &items));
    for (size_t i = 0; i < items.count; i++) {
        buffer_append_str(&text, ((struct link_item *)items.items)[i].key);
        buffer_append_byte(&text, '\n');
    }
    unlinkat(download->folder_fd, ARCHIVE_FILE, 0);
    // It writes what it has finished, which is ours to decide: so it gets a copy each time.
    int fd = openat(download->folder_fd, ARCHIVE_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    bool good = fd >= 0 && fchmod(fd, 0666) == 0
                && (!text.size || write(fd, text.data, text.size) == (ssize_t)text.size);
    error result = good ? OK : error_system("write", "the list of what was saved", errno);
    if (fd >= 0)
        close(fd);
    return result;
}

static void tell_progress(struct download *download, str told)
{
    str done, total;
    double now = 0, all = 0;
    if (!str_split(&told, ' ', &done) || !str_split(&told, ' ', &total))
        return;
    if (str_to_number(done, &now) && str_to_number(total, &all) && all > 0)
        run_progress(download->run,
            ((double)download->saved + now / all) / ((double)download->saved + 1 + (double)(download->saved > 0)));
}

// A name of the folder itself, whatever the tool says.
static const char *own_name(struct arena *arena, str path)
{
    str prefix = STR(PROGRAM_FOLDER "/"), name = path;
    if (str_starts(path, prefix))
        name = str_sub(path, prefix.size, path.size);
    if (str_starts(name, STR("./")))
        name = str_sub(name, 2, name.size);
    return name.size && str_index(name, '/') < 0 ? str_to_c(arena, name) : NULL;
}

static void take_file(struct download *download, str text)
{
    struct arena *arena = download->run->scope.arena;
    json_t *told;
    if (error_is(json_read(arena, text, &told)))
        return;
    str id = json_get_str(told, "id"), extractor = json_get_str(told, "extractor_key");
    const char *file = own_name(arena, json_get_str(told, "filepath"));
    if (!id.size || !extractor.size || !file || download->fatal)
        return;
    str key = str_format(arena, "%.*s %.*s", STR_ARGS(str_lower(arena, extractor)), STR_ARGS(id));
    error result = download_save(download, file, key, str_of(file));
    if (!error_is(result))
        return;
    download->fatal = true;
    download->problem = error_make(result.code, result.field, "%s", result.message);
    download->problem.message = str_copy(arena, str_of(download->problem.message)).data;
    atomic_store(&download->enough, true);
}

static void output(void *context, str line)
{
    struct download *download = context;
    str file = STR(TOLD_FILE), progress = STR(TOLD_PROGRESS);
    if (str_starts(line, file))
        take_file(download, str_sub(line, file.size, line.size));
    else if (str_starts(line, progress))
        tell_progress(download, str_sub(line, progress.size, line.size));
}

// A pattern that matches the text alone, in any case.
static const char *pattern(struct arena *arena, str text)
{
    BUFFER_AUTO struct buffer out = { 0 };
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c < 0x80 && !isalnum(c))
            buffer_append_byte(&out, '\\');
        buffer_append_byte(&out, (char)c);
    }
    return str_copy(arena, buffer_str(&out)).data;
}

static const char *format_of(struct arena *arena, const struct link *link)
{
    int64_t side;
    str digits = str_sub(link->quality, 0, link->quality.size ? link->quality.size - 1 : 0);
    if (link->audio_only)
        return "bestaudio/best";
    if (!str_to_int(digits, &side))
        return "bestvideo*+bestaudio/best";
    // Without anything that small, the smallest there is.
    return str_format(arena, "bestvideo*[height<=%d]+bestaudio/best[height<=%d]/worst", (int)side, (int)side).data;
}

error download_ytdlp(struct download *download)
{
    struct arena *arena = download->run->scope.arena;
    const struct link *link = &download->link;
    const char *cookies;
    TRY(write_archive(download));
    TRY(download_tool_cookies(download, &cookies));
    const char *list[48] = { "--ignore-config", "--no-simulate", "--no-warnings", "--newline", "--progress",
        "--progress-template", "download:" TOLD_PROGRESS "%(progress.downloaded_bytes)s %(progress.total_bytes)s",
        "--print", "after_move:" TOLD_FILE "%(.{id,extractor_key,title,filepath})j", "--paths", PROGRAM_FOLDER,
        "--output", "%(title).150B [%(id).60B].%(ext)s", "--download-archive", PROGRAM_FOLDER "/" ARCHIVE_FILE,
        "--lazy-playlist", "--no-mtime", "--no-cache-dir", "--socket-timeout", "20", "--retries", "3",
        "--ignore-errors", "--continue", "--no-overwrites", "--max-filesize",
        str_format(arena, "%lld", (long long)SETTING_NOW(max_upload_bytes)).data, "--max-downloads",
        str_format(arena, "%lld", (long long)download->items_max).data, "--format", format_of(arena, link) };
    size_t count = 0;
    while (list[count])
        count++;
    if (cookies) {
        list[count++] = "--cookies";
        list[count++] = cookies;
    }
    if (link->audio_only)
        list[count++] = "--extract-audio";
    if (link->title_include.size) {
        list[count++] = "--match-title";
        list[count++] = pattern(arena, link->title_include);
    }
    if (link->title_exclude.size) {
        list[count++] = "--reject-title";
        list[count++] = pattern(arena, link->title_exclude);
    }
    list[count++] = "--";
    list[count++] = str_to_c(arena, link->url);
    struct download_tool_call call = { .tool = TOOL_YT_DLP, .arguments = list, .output = output, .context = download };
    error result = download_tool_run(download, &call);
    download_tool_forget(download);
    unlinkat(download->folder_fd, ARCHIVE_FILE, 0);
    return result;
}
