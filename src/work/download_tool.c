// SPDX-License-Identifier: GPL-3.0-or-later
// yt-dlp and gallery-dl: found, tried, and run where they reach nothing but our proxy.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/settings.h"
#include "net/web_proxy.h"
#include "work/download.h"

const char *const download_tool_names[TOOL_COUNT] = { "yt-dlp", "gallery-dl" };

#define COOKIES_FILE ".cookies.txt"
#define OWN_TOOL ".tool"
enum { ARGUMENTS_MAX = 48, NOBODY = 65534 };
static const int64_t TRIAL_US = 30 * SECOND_US, ROOM_LEAST = INT64_C(64) << 20;

// What a run of a tool needs, whoever asks.
struct place {
    struct arena *arena;
    const char *engine_path, *folder;
    int folder_fd;
    const atomic_bool *cancelled, *enough;
    int64_t deadline_us;
};

error download_wall(struct arena *arena, const char *engine_path, bool *ret_namespace)
{
    struct program_walls walls;
    str wish = str_of(settings.download_wall);
    bool any = !wish.size || str_equal_c(wish, "auto");
    TRY(program_walls(arena, engine_path, &walls));
    if (walls.has_namespace && (any || str_equal_c(wish, "namespace"))) {
        *ret_namespace = true;
        return OK;
    }
    if (walls.has_landlock && (any || str_equal_c(wish, "landlock"))) {
        *ret_namespace = false;
        return OK;
    }
    return error_make(ERROR_FORBIDDEN, "download_wall",
        "Downloaders cannot be kept off the network here (namespace: %.*s; landlock: %.*s)",
        STR_ARGS(walls.namespace_reason), STR_ARGS(walls.landlock_reason));
}

// Running

struct running {
    const struct place *place;
    const struct download_tool_call *call;
    struct buffer complaints; // the last ones that matter
    int64_t looked_us;
};

static void complain(void *context, str line)
{
    struct running *running = context;
    bool matters = str_find(line, STR("ERROR")) >= 0 || str_find(line, STR("[error]")) >= 0
                   || str_find(line, STR("kinora-engine:")) >= 0 || str_find(line, STR("Refused by Kinora")) >= 0
                   || str_find(line, STR("larger than max-filesize")) >= 0;
    if (matters && running->complaints.size + line.size < running->complaints.limit) {
        buffer_append_str(&running->complaints, line);
        buffer_append_byte(&running->complaints, '\n');
    }
}

static void output(void *context, str line)
{
    struct running *running = context;
    running->call->output(running->call->context, line);
}

static error run_behind(
    struct running *running, const char *path, bool is_namespace, int handout, const struct web_proxy *proxy)
{
    const struct place *place = running->place;
    const char *arguments[ARGUMENTS_MAX] = { path };
    static const char *const readable[] = { NULL };
    size_t count = 1;
    for (const char *const *argument = running->call->arguments; *argument; argument++) {
        ASSERT(count < ARGUMENTS_MAX - 1);
        arguments[count++] = *argument;
    }
    struct program_downloader downloader = { .folder = place->folder,
        .proxy_url = web_proxy_url(place->arena, proxy).data,
        .file_bytes = SETTING_NOW(max_upload_bytes),
        .handout = is_namespace ? handout : -1,
        .port = web_proxy_port(proxy) };
    struct program_call call = { .engine_path = place->engine_path,
        .arguments = arguments,
        .readable = readable,
        .downloader = &downloader,
        .line = complain,
        .output = output,
        .context = running,
        .cancelled = place->cancelled,
        .enough = place->enough,
        .deadline_us = place->deadline_us };
    return program_run(download_tool_names[running->call->tool], &call);
}

// *ret_refusals: connections that the rules refused.
static error run_tool(struct running *running, const char *path, int *ret_refusals)
{
    int pair[2] = { -1, -1 };
    bool is_namespace;
    struct web_proxy *proxy;
    *ret_refusals = 0;
    TRY(download_wall(running->place->arena, running->place->engine_path, &is_namespace));
    if (is_namespace && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return error_system("make", "a pair of sockets", errno);
    error result = web_proxy_start(
        &(struct web_proxy_options) { .handed = pair[0], .allow_private = settings.allow_private_links }, &proxy);
    if (!error_is(result)) {
        result = run_behind(running, path, is_namespace, pair[1], proxy);
        *ret_refusals = web_proxy_refusals(proxy);
        if (pair[1] >= 0)
            close(pair[1]);
        web_proxy_stop(proxy);
    } else if (pair[1] >= 0) {
        close(pair[1]);
    }
    return result;
}

// Finding

static const char *on_path(struct arena *arena, const char *name)
{
    static const char *const folders[] = { "/usr/local/bin", "/usr/bin", "/bin" };
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        const char *path = str_format(arena, "%s/%s", folders[i], name).data;
        if (!access(path, X_OK))
            return path;
    }
    return NULL;
}

// A copy in the folder, since whom the tool runs as may have no way to the original.
static error bring(const struct place *place, const char *from)
{
    struct stat status;
    unlinkat(place->folder_fd, OWN_TOOL, 0);
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = in < 0 ? -1 : openat(place->folder_fd, OWN_TOOL, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    off_t at = 0;
    bool good = out >= 0 && fstat(in, &status) == 0 && fchmod(out, 0755) == 0;
    while (good && at < status.st_size)
        good = sendfile(out, in, &at, (size_t)(status.st_size - at)) > 0;
    error result = good ? OK : error_system("copy", from, errno);
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    return result;
}

struct version {
    struct arena *arena;
    str text;
};

static void take_version(void *context, str line)
{
    struct version *version = context;
    if (!version->text.data)
        version->text = str_copy(version->arena, str_cut_utf8(str_trim(line), 40));
}

// The self-test: the tool starts behind the wall and says which version it is.
static error try_tool(const struct place *place, enum download_tool tool, const char *path, str *ret_version)
{
    static const char *const arguments[] = { "--version", NULL };
    struct version version = { .arena = place->arena };
    struct place trial = *place;
    int refusals;
    trial.deadline_us = clock_mono_us() + TRIAL_US;
    struct download_tool_call call = {
        .tool = tool, .arguments = arguments, .output = take_version, .context = &version
    };
    struct running running = { .place = &trial, .call = &call, .complaints = { .limit = 1000 } };
    error result = run_tool(&running, path, &refusals);
    buffer_done(&running.complaints);
    TRY(result);
    if (!version.text.size || version.text.data[0] < '0' || version.text.data[0] > '9')
        return error_make(ERROR_ENGINE_FAILED, NULL, "%s does not say its version", path);
    *ret_version = version.text;
    return OK;
}

// The setting, else the newer one that somebody put into DATA/tools if it works, else that of the system.
static error find_tool(
    const struct place *place, enum download_tool tool, const char **ret_path, str *ret_version, const char **ret_shown)
{
    const char *name = download_tool_names[tool], *wish = tool == TOOL_YT_DLP ? settings.yt_dlp : settings.gallery_dl;
    const char *own = str_format(place->arena, "%s/tools/%s", settings.data, name).data;
    const char *system = settings_has(wish) ? wish : on_path(place->arena, name);
    *ret_version = STR_NONE;
    if (!settings_has(wish) && !access(own, R_OK)) {
        error result = bring(place, own);
        if (!error_is(result))
            result = try_tool(place, tool, PROGRAM_FOLDER "/" OWN_TOOL, ret_version);
        *ret_path = PROGRAM_FOLDER "/" OWN_TOOL;
        *ret_shown = own;
        if (!error_is(result) || result.code == ERROR_FORBIDDEN || result.code == ERROR_CANCELLED)
            return result;
        log_event(LOG_WARN, NULL, "download", "A tool in the data folder does not work; the system's is used",
            LOG_TEXT("tool", str_of(name)), LOG_TEXT("reason", str_of(result.message)));
    }
    if (!system || access(system, X_OK))
        return error_make(ERROR_ENGINE_MISSING, NULL, "%s is not installed (apt-get install %s)", name, name);
    *ret_path = *ret_shown = system;
    return OK;
}

error download_tool_look(
    struct arena *arena, const char *engine_path, enum download_tool tool, struct download_tool_found *ret_found)
{
    const char *folder = str_format(arena, "%s/kinora-tool-XXXXXX", "/tmp").data, *path = NULL;
    if (!mkdtemp((char *)folder))
        return error_system("make", "a temporary folder", errno);
    struct place place = { .arena = arena,
        .engine_path = engine_path,
        .folder = folder,
        .folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
    struct download_tool_found found = { 0 };
    error result = place.folder_fd < 0 || (geteuid() == 0 && fchown(place.folder_fd, NOBODY, NOBODY) < 0)
                       ? error_system("open", folder, errno)
                       : find_tool(&place, tool, &path, &found.version, &found.path);
    if (!error_is(result) && !found.version.data)
        result = try_tool(&place, tool, path, &found.version);
    if (place.folder_fd >= 0) {
        unlinkat(place.folder_fd, OWN_TOOL, 0);
        close(place.folder_fd);
    }
    rmdir(folder);
    if (!error_is(result))
        *ret_found = found;
    return result;
}

// For a link

static struct place place_of(const struct download *download)
{
    return (struct place) { .arena = download->run->scope.arena,
        .engine_path = run_engine_path(download->run),
        .folder = download->folder,
        .folder_fd = download->folder_fd,
        .cancelled = &download->run->cancelled,
        .enough = &download->enough,
        .deadline_us = download->deadline_us };
}

static bool disk_is_full(const struct download *download)
{
    struct statvfs disk;
    return fstatvfs(download->folder_fd, &disk) == 0 && (int64_t)(disk.f_bavail * disk.f_frsize) < ROOM_LEAST;
}

// Why it failed: the disk, our rules, or what it said itself.
static void note_failure(struct download *download, const struct running *running, error result, int refusals)
{
    struct arena *arena = download->run->scope.arena;
    str said = running->complaints.size ? buffer_str(&running->complaints) : str_of(result.message), line = said;
    str rest = said;
    (void)str_split(&rest, '\n', &line);
    enum link_failure failure = link_failure_of_words(said, download->jar.data);
    if (result.code == ERROR_FORBIDDEN || refusals)
        failure = FAILURE_REFUSED_BY_POLICY;
    else if (disk_is_full(download))
        failure = FAILURE_DISK_FULL;
    else if (result.code == ERROR_TIMED_OUT)
        failure = FAILURE_REFUSED_BY_POLICY;
    if (refusals)
        line = STR("The address leads into a private network or to this machine, which the server does not allow");
    download_note(download, failure, str_copy(arena, line));
}

error download_tool_run(struct download *download, const struct download_tool_call *call)
{
    struct place place = place_of(download);
    struct running running = { .place = &place, .call = call, .complaints = { .limit = 16 << 10 } };
    const char *path = NULL, *shown = NULL;
    str version;
    int refusals = 0;
    if (disk_is_full(download))
        return error_make(ERROR_STORAGE_FULL, NULL, "The disk is full");
    error result = find_tool(&place, call->tool, &path, &version, &shown);
    if (!error_is(result))
        result = run_tool(&running, path, &refusals);
    bool ours = atomic_load(&download->enough), cancelled = atomic_load(&download->run->cancelled);
    bool failed = error_is(result) || running.complaints.size || refusals;
    if (failed && !ours && !cancelled)
        note_failure(download, &running, result, refusals);
    buffer_done(&running.complaints);
    if (cancelled)
        return error_of(ERROR_CANCELLED);
    return download->problem;
}

error download_tool_cookies(struct download *download, const char **ret_path)
{
    *ret_path = NULL;
    if (!download->jar.data)
        return OK;
    unlinkat(download->folder_fd, COOKIES_FILE, 0);
    int fd = openat(download->folder_fd, COOKIES_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good = fd >= 0 && write(fd, download->jar.data, download->jar.size) == (ssize_t)download->jar.size
                && (geteuid() != 0 || fchown(fd, NOBODY, NOBODY) == 0);
    error result = good ? OK : error_system("write", "cookies", errno);
    if (fd >= 0)
        close(fd);
    *ret_path = PROGRAM_FOLDER "/" COOKIES_FILE;
    return result;
}

void download_tool_forget(struct download *download)
{
    unlinkat(download->folder_fd, COOKIES_FILE, 0);
    unlinkat(download->folder_fd, OWN_TOOL, 0);
}
