// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"

enum {
    LOOK_MS = 100,        // how often cancellation and deadline are looked at
    LINE_MAX_BYTES = 400, // of standard error; what is longer is cut
    ARGUMENTS_MAX = 64,
    HIGH = 64, // descriptors on their way to the program stand above all that it is to have
};

static const int64_t GRACE_US = SECOND_US; // between SIGTERM and SIGKILL

struct running {
    const struct program_call *call;
    pid_t pid;
    int complaints, output; // its standard error and standard output; output -1: nobody listens
    struct buffer told;     // the line of output that has begun
    char line[LINE_MAX_BYTES + 1], last[LINE_MAX_BYTES + 1];
    size_t size;
};

struct numbers {
    char files[24], bytes[24], wall[24];
};

// The handout follows the files.
static size_t add_downloader(const struct program_call *call, const char **ret_arguments, struct numbers *numbers)
{
    const struct program_downloader *downloader = call->downloader;
    bool is_namespace = downloader->handout >= 0;
    snprintf(numbers->bytes, sizeof numbers->bytes, "%lld", (long long)downloader->file_bytes);
    snprintf(numbers->wall, sizeof numbers->wall, "%d",
        is_namespace ? STDERR_FILENO + 1 + (int)call->file_count : downloader->port);
    const char *const more[] = { "--write", downloader->folder, "--file-bytes", numbers->bytes,
        is_namespace ? "--namespace" : "--port", numbers->wall };
    memcpy(ret_arguments, more, sizeof more);
    return sizeof more / sizeof *more;
}

static size_t fill_arguments(const struct program_call *call, const char **ret_arguments, struct numbers *numbers)
{
    size_t count = 0;
    bool handout = call->downloader && call->downloader->handout >= 0;
    snprintf(numbers->files, sizeof numbers->files, "%zu", call->file_count + handout);
    ret_arguments[count++] = "kinora-engine";
    ret_arguments[count++] = "--program";
    ret_arguments[count++] = numbers->files;
    for (const char *const *path = call->readable; *path; path++) {
        ret_arguments[count++] = "--read";
        ret_arguments[count++] = *path;
        ASSERT(count < ARGUMENTS_MAX / 2);
    }
    if (call->downloader)
        count += add_downloader(call, ret_arguments + count, numbers);
    ret_arguments[count++] = "--";
    for (const char *const *argument = call->arguments; *argument; argument++) {
        ASSERT(count < ARGUMENTS_MAX - 1);
        ret_arguments[count++] = *argument;
    }
    ret_arguments[count] = NULL;
    return count;
}

enum { ENVIRONMENT_MAX = 12, VARIABLE_BYTES = 512 };

// Every spelling of the proxy that somebody reads, since the program may start others.
static void fill_environment(const struct program_call *call, char room[][VARIABLE_BYTES], char **ret_environment)
{
    static const char *const proxies[] = { "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY" };
    const struct program_downloader *downloader = call->downloader;
    size_t count = 0;
    snprintf(room[count++], VARIABLE_BYTES, "PATH=/usr/local/bin:/usr/bin:/bin");
    snprintf(room[count++], VARIABLE_BYTES, "LANG=C.UTF-8");
    snprintf(room[count++], VARIABLE_BYTES, "HOME=%s", downloader ? PROGRAM_FOLDER : "/nonexistent");
    if (downloader) {
        snprintf(room[count++], VARIABLE_BYTES, "TMPDIR=" PROGRAM_FOLDER);
        snprintf(room[count++], VARIABLE_BYTES, "PYTHONDONTWRITEBYTECODE=1");
        for (size_t i = 0; i < sizeof proxies / sizeof *proxies; i++)
            snprintf(room[count++], VARIABLE_BYTES, "%s=%s", proxies[i], downloader->proxy_url);
    }
    for (size_t i = 0; i < count; i++)
        ret_environment[i] = room[i];
    ret_environment[count] = NULL;
}

static error spawn(const struct program_call *call, int complaints, int output, pid_t *ret_pid)
{
    const char *arguments[ARGUMENTS_MAX];
    struct numbers numbers;
    char room[ENVIRONMENT_MAX][VARIABLE_BYTES], *environment[ENVIRONMENT_MAX + 1];
    fill_arguments(call, arguments, &numbers);
    fill_environment(call, room, environment);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    if (call->input > 0) // first: the others may come to lie over it
        posix_spawn_file_actions_adddup2(&actions, call->input, STDIN_FILENO);
    else
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (output >= 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    else
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, complaints, STDERR_FILENO);
    for (size_t i = 0; i < call->file_count; i++)
        posix_spawn_file_actions_adddup2(&actions, call->files[i], STDERR_FILENO + 1 + (int)i);
    if (call->downloader && call->downloader->handout >= 0)
        posix_spawn_file_actions_adddup2(
            &actions, call->downloader->handout, STDERR_FILENO + 1 + (int)call->file_count);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    int result = posix_spawn(ret_pid, call->engine_path, &actions, &attributes, (char **)arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return result ? error_system("start", call->engine_path, result) : OK;
}

static int raise_descriptor(int fd, bool *failed)
{
    int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, HIGH);
    *failed |= fd >= 0 && high < 0;
    return high;
}

static void close_one(int fd)
{
    if (fd >= 0)
        close(fd);
}

// Copies of the descriptors where no place of the program's lies.
static error spawn_high(struct program_call call, int complaints, int output, pid_t *ret_pid)
{
    bool failed = false;
    int files[PROGRAM_FILES_MAX], high = raise_descriptor(complaints, &failed),
                                  high_output = raise_descriptor(output, &failed);
    struct program_downloader downloader = { .handout = -1 };
    ASSERT(call.file_count <= PROGRAM_FILES_MAX);
    for (size_t i = 0; i < call.file_count; i++)
        files[i] = raise_descriptor(call.files[i], &failed);
    call.files = files;
    if (call.downloader) {
        downloader = *call.downloader;
        downloader.handout = raise_descriptor(downloader.handout, &failed);
        call.downloader = &downloader;
    }
    error result = failed ? error_system("copy", "a descriptor", errno) : spawn(&call, high, high_output, ret_pid);
    for (size_t i = 0; i < call.file_count; i++)
        close_one(files[i]);
    close_one(downloader.handout);
    close_one(high_output);
    close_one(high);
    return result;
}

static void end_line(struct running *running)
{
    if (!running->size)
        return;
    running->line[running->size] = 0;
    memcpy(running->last, running->line, running->size + 1);
    if (running->call->line)
        running->call->line(running->call->context, (str) { running->line, running->size });
    running->size = 0;
}

// False at the end of the stream.
static bool read_lines(struct running *running)
{
    char block[4096];
    ssize_t got = read(running->complaints, block, sizeof block);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    for (ssize_t i = 0; i < got; i++) {
        unsigned char c = (unsigned char)block[i];
        if (c == '\n' || c == '\r')
            end_line(running);
        else if (running->size < LINE_MAX_BYTES)
            running->line[running->size++] = c >= 0x20 && c < 0x7f ? (char)c : '?';
    }
    return got > 0;
}

// The same of its standard output, whose lines are whole texts.
static bool read_output(struct running *running)
{
    char block[16 << 10];
    ssize_t got = read(running->output, block, sizeof block);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    for (str rest = { block, (size_t)got }; rest.size;) {
        ptrdiff_t end = str_index(rest, '\n');
        buffer_append_str(&running->told, str_sub(rest, 0, end < 0 ? rest.size : (size_t)end));
        if (end < 0)
            break;
        if (!running->told.failed)
            running->call->output(running->call->context, running->told.size ? buffer_str(&running->told) : STR(""));
        buffer_done(&running->told);
        running->told.limit = PROGRAM_OUTPUT_LINE_MAX;
        rest = str_sub(rest, (size_t)end + 1, rest.size);
    }
    return got > 0;
}

static error check_time(const struct program_call *call)
{
    if ((call->cancelled && atomic_load(call->cancelled)) || (call->enough && atomic_load(call->enough)))
        return error_of(ERROR_CANCELLED);
    if (call->deadline_us && clock_mono_us() >= call->deadline_us)
        return error_of(ERROR_TIMED_OUT);
    return OK;
}

// What has come by now, or comes within `wait_ms`; false when there was nothing.
static bool listen_to(struct running *running, bool *open, bool *telling, int wait_ms)
{
    struct pollfd wait[2] = { { .fd = *open ? running->complaints : -1, .events = POLLIN },
        { .fd = *telling ? running->output : -1, .events = POLLIN } };
    if (poll(wait, 2, wait_ms) <= 0)
        return false;
    if (wait[0].revents)
        *open = read_lines(running);
    if (wait[1].revents)
        *telling = read_output(running);
    return true;
}

// Until it has ended: its status. A program may close its standard error and go on.
static error watch(struct running *running, int *ret_status)
{
    bool open = true, telling = running->output >= 0;
    for (;;) {
        TRY(check_time(running->call));
        (void)listen_to(running, &open, &telling, LOOK_MS);
        pid_t ended = waitpid(running->pid, ret_status, WNOHANG);
        if (ended == 0 || (ended < 0 && errno == EINTR))
            continue;
        while ((open || telling) && listen_to(running, &open, &telling, 0))
            ;
        end_line(running);
        return ended < 0 ? error_system("wait for", "a program", errno) : OK;
    }
}

// A program that is to end gets a second to tidy up, before it and what it has begun are killed.
static void end_early(const struct running *running)
{
    int64_t until = clock_mono_us() + GRACE_US;
    siginfo_t info = { 0 };
    kill(-running->pid, SIGTERM);
    // It stays to be waited for, so that nobody else can have its number.
    while (clock_mono_us() < until && !waitid(P_PID, (id_t)running->pid, &info, WEXITED | WNOHANG | WNOWAIT)
           && !info.si_pid)
        nanosleep(&(struct timespec) { .tv_nsec = 10 * 1000000 }, NULL);
}

static error outcome(const char *name, const struct running *running, int status)
{
    // Names of files are nobody's business.
    const char *words = strchr(running->last, '/') ? "" : running->last;
    if (WIFSIGNALED(status))
        return error_make(ERROR_ENGINE_CRASHED, NULL, "%s crashed (signal %d)", name, WTERMSIG(status));
    if (WEXITSTATUS(status))
        return error_make(ERROR_ENGINE_FAILED, NULL, "%s ended with status %d%s%s", name, WEXITSTATUS(status),
            *words ? ": " : "", words);
    return OK;
}

static error run(const char *name, struct running *running, int complaints, int output)
{
    int status = 0;
    error result = spawn_high(*running->call, complaints, output, &running->pid);
    close(complaints);
    close_one(output);
    TRY(result);
    result = watch(running, &status);
    if (error_is(result))
        end_early(running);
    kill(-running->pid, SIGKILL); // what it may have left behind, or itself
    while (error_is(result) && waitpid(running->pid, &status, 0) < 0 && errno == EINTR)
        ;
    return error_is(result) ? result : outcome(name, running, status);
}

error program_run(const char *name, const struct program_call *call)
{
    int complaints[2], output[2] = { -1, -1 };
    if (pipe2(complaints, O_CLOEXEC) < 0)
        return error_system("make", "a pipe", errno);
    if (call->output && pipe2(output, O_CLOEXEC) < 0) {
        error failure = error_system("make", "a pipe", errno);
        close(complaints[0]);
        close(complaints[1]);
        return failure;
    }
    fcntl(complaints[0], F_SETFL, O_NONBLOCK);
    if (call->output)
        fcntl(output[0], F_SETFL, O_NONBLOCK);
    struct running running = {
        .call = call, .complaints = complaints[0], .output = output[0], .told = { .limit = PROGRAM_OUTPUT_LINE_MAX }
    };
    error result = run(name, &running, complaints[1], output[1]);
    buffer_done(&running.told);
    close(complaints[0]);
    close_one(output[0]);
    return result;
}

// Files

error program_file(const void *bytes, size_t size, int *ret_fd)
{
    int fd = memfd_create("kinora", MFD_CLOEXEC);
    if (fd < 0)
        return error_system("make", "a file in memory", errno);
    for (size_t done = 0; done < size;) {
        ssize_t put = write(fd, (const char *)bytes + done, size - done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0) {
            error failure = error_system("write", "a file in memory", errno);
            close(fd);
            return failure;
        }
        done += (size_t)put;
    }
    *ret_fd = fd;
    return OK;
}

error program_file_read(struct arena *arena, int fd, size_t size_max, str *ret_bytes)
{
    struct stat info;
    if (fstat(fd, &info) < 0)
        return error_system("look at", "a file in memory", errno);
    if (info.st_size > (off_t)size_max)
        return error_of(ERROR_LIMIT_EXCEEDED);
    char *bytes = arena_alloc(arena, (size_t)info.st_size + 1);
    size_t done = 0;
    ssize_t got = 1;
    while (done < (size_t)info.st_size && got) {
        got = pread(fd, bytes + done, (size_t)info.st_size - done, (off_t)done);
        if (got < 0 && errno != EINTR)
            return error_system("read", "a file in memory", errno);
        done += got > 0 ? (size_t)got : 0;
    }
    *ret_bytes = (str) { bytes, done };
    return OK;
}

error program_folder(struct arena *arena, const char *const *names, size_t count, const char **ret_path)
{
    const char *place = getenv("TMPDIR");
    char *path = (char *)str_format(arena, "%s/kinora-program-XXXXXX", place && *place ? place : "/tmp").data;
    if (!mkdtemp(path))
        return error_system("make", "a temporary folder", errno);
    bool failed = chmod(path, 0711) < 0; // a program of root's runs as nobody
    for (size_t i = 0; i < count && !failed; i++) {
        const char *target = str_format(arena, "/proc/self/fd/%zu", i + STDERR_FILENO + 1).data;
        failed = symlink(target, str_format(arena, "%s/%s", path, names[i]).data) < 0;
    }
    if (failed) {
        error failure = error_system("fill", "a temporary folder", errno);
        program_folder_remove(path, names, count);
        return failure;
    }
    *ret_path = path;
    return OK;
}

void program_folder_remove(const char *path, const char *const *names, size_t count)
{
    int folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return;
    for (size_t i = 0; i < count; i++)
        unlinkat(folder, names[i], 0);
    close(folder);
    rmdir(path);
}

// Walls

enum { TOLD_BYTES = 4096 };

static str reason_of(struct arena *arena, str text, const char *name)
{
    str line, wanted = str_of(name);
    while (str_split(&text, '\n', &line))
        if (str_starts(line, wanted) && line.size > wanted.size)
            return str_copy(arena, str_sub(line, wanted.size + 1, line.size));
    return STR("kinora-engine does not say");
}

error program_ask_engine(struct arena *arena, const char *engine_path, const char *flag, str *ret_text)
{
    int told[2], status;
    pid_t pid;
    char *arguments[] = { "kinora-engine", (char *)(uintptr_t)flag, NULL }, *environment[] = { "LANG=C.UTF-8", NULL };
    char text[TOLD_BYTES];
    size_t size = 0;
    ssize_t got = 1;
    if (pipe2(told, O_CLOEXEC) < 0)
        return error_system("make", "a pipe", errno);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, told[1], STDOUT_FILENO);
    int failed = posix_spawn(&pid, engine_path, &actions, NULL, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    close(told[1]);
    while (!failed && size < sizeof text && got > 0) {
        got = read(told[0], text + size, sizeof text - size);
        size += got > 0 ? (size_t)got : 0;
    }
    close(told[0]);
    if (failed)
        return error_system("start", engine_path, failed);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    *ret_text = str_copy(arena, (str) { text, size });
    return OK;
}

error program_walls(struct arena *arena, const char *engine_path, struct program_walls *ret_walls)
{
    str all;
    TRY(program_ask_engine(arena, engine_path, "--walls", &all));
    struct program_walls walls = { .namespace_reason = reason_of(arena, all, "namespace"),
        .landlock_reason = reason_of(arena, all, "landlock") };
    walls.has_namespace = str_equal(walls.namespace_reason, STR("ok"));
    walls.has_landlock = str_equal(walls.landlock_reason, STR("ok"));
    *ret_walls = walls;
    return OK;
}
