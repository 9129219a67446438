// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of galleries by gallery-dl. It keeps its own archive of ids in the link's folder in the data folder; what it
// tells of each file stands beside it as FILE.json.
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/settings.h"
#include "domain/link_cookies.h"
#include "work/download.h"

enum { FACTS_BYTES_MAX = 1 << 20 };

static str read_facts(struct download *download, const char *file)
{
    struct arena *arena = download->run->scope.arena;
    const char *name = str_format(arena, "%s.json", file).data;
    int fd = openat(download->folder_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    char *bytes = arena_alloc_raw(arena, FACTS_BYTES_MAX);
    ssize_t got = fd >= 0 ? read(fd, bytes, FACTS_BYTES_MAX) : -1;
    if (fd >= 0)
        close(fd);
    unlinkat(download->folder_fd, name, 0);
    return got > 0 ? (str) { bytes, (size_t)got } : STR_NONE;
}

static str text_of(struct arena *arena, const json_t *facts, const char *name)
{
    const json_t *value = json_object_get(facts, name);
    return json_is_string(value)    ? str_of(json_string_value(value))
           : json_is_integer(value) ? str_format(arena, "%lld", (long long)json_integer_value(value))
                                    : STR("");
}

// The site and its id of the picture; where it has none, what the address says.
static str key_of(struct arena *arena, const json_t *facts, str file)
{
    str category = text_of(arena, facts, "category"), id = text_of(arena, facts, "id");
    if (!id.size)
        return str_format(arena, "gallery-dl %.*s %.*s %.*s?%.*s", STR_ARGS(category),
            STR_ARGS(text_of(arena, facts, "domain")), STR_ARGS(file), STR_ARGS(text_of(arena, facts, "query")));
    return str_format(
        arena, "gallery-dl %.*s %.*s %.*s", STR_ARGS(category), STR_ARGS(id), STR_ARGS(text_of(arena, facts, "num")));
}

// What comes when there is enough waits in the folder for the next look, since the tool will not load it again.
static error take_file(struct download *download, const char *file)
{
    struct arena *arena = download->run->scope.arena;
    json_t *facts = NULL;
    bool has;
    if (download_is_full(download))
        return OK;
    str text = read_facts(download, file);
    if (!text.data || error_is(json_read(arena, text, &facts)))
        facts = json_keep(arena, json_object());
    str title = text_of(arena, facts, "title"), key = key_of(arena, facts, str_of(file));
    TRY(link_item_has(&download->run->scope, download->link.id, key, &has));
    if (has || !download_wants_title(download, title.size ? title : str_of(file))) {
        unlinkat(download->folder_fd, file, 0);
        return OK;
    }
    str name = text_of(arena, facts, "filename"), ending = text_of(arena, facts, "extension");
    return download_save(
        download, file, key, name.size ? str_format(arena, "%.*s.%.*s", STR_ARGS(name), STR_ARGS(ending)) : STR_NONE);
}

static void take_or_stop(struct download *download, const char *file)
{
    struct arena *arena = download->run->scope.arena;
    error result = take_file(download, file);
    if (!error_is(result)) { // how many there are nobody knows before the end
        run_progress(download->run, (double)download->saved / ((double)download->saved + 1));
        return;
    }
    download->fatal = true;
    download->problem = result;
    download->problem.message = str_copy(arena, str_of(result.message)).data;
    atomic_store(&download->enough, true);
}

static void output(void *context, str line)
{
    struct download *download = context;
    str prefix = STR(PROGRAM_FOLDER "/");
    if (!str_starts(line, prefix) || download->fatal)
        return;
    str name = str_sub(line, prefix.size, line.size);
    if (name.size && str_index(name, '/') < 0 && name.data[0] != '.')
        take_or_stop(download, str_to_c(download->run->scope.arena, name));
}

// What an earlier look loaded and did not save.
static void take_rest(struct download *download)
{
    struct arena *arena = download->run->scope.arena;
    int fd = openat(download->folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (!folder && fd >= 0)
        close(fd);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        str name = str_of(entry->d_name);
        const char *facts = str_format(arena, "%s.json", entry->d_name).data;
        bool whole = name.data[0] != '.' && !str_ends(name, STR(".part")) && !str_ends(name, STR(".json"))
                     && !faccessat(download->folder_fd, facts, F_OK, AT_SYMLINK_NOFOLLOW);
        if (whole && !download->fatal)
            take_or_stop(download, str_copy(arena, name).data);
    }
    if (folder)
        closedir(folder);
}

// Its generic extractor loses the port of an address; the one that follows all links of a page does not.
static const char *address_of(struct arena *arena, const struct link *link)
{
    str rest = link->url;
    ptrdiff_t at = str_find(rest, STR("://"));
    rest = str_sub(rest, (size_t)at + 3, rest.size);
    size_t end = 0;
    while (end < rest.size && !strchr("/?#", rest.data[end]))
        end++;
    bool generic = str_equal(link->type, STR("generic_gallery"));
    bool has_port = str_index(str_sub(rest, 0, end), ':') >= 0;
    return str_format(arena, "%s%.*s", generic && has_port ? "recursive:" : "", STR_ARGS(link->url)).data;
}

error download_gallery(struct download *download)
{
    struct arena *arena = download->run->scope.arena;
    const char *cookies;
    take_rest(download);
    TRY(download->problem);
    TRY(download_tool_cookies(download, &cookies));
    const char *list[32] = { "--config-ignore", "--write-metadata", "--directory", PROGRAM_FOLDER, "--no-mtime",
        "--http-timeout", "20", "--retries", "2", "--filesize-max",
        str_format(arena, "%lld", (long long)SETTING_NOW(max_upload_bytes)).data, "-o",
        "cache.file=:memory:", "--download-archive", PROGRAM_FOLDER "/.archive.sqlite3", "-o",
        "extractor.generic.enabled=true" };
    size_t count = 0;
    while (list[count])
        count++;
    if (cookies) {
        list[count++] = "--cookies";
        list[count++] = cookies;
    }
    list[count++] = "--";
    list[count++] = address_of(arena, &download->link);
    struct download_tool_call call = {
        .tool = TOOL_GALLERY_DL, .arguments = list, .output = output, .context = download
    };
    error result = download_tool_run(download, &call);
    download_tool_forget(download);
    return result;
}
