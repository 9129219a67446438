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
#include <unistd.h>

#include "base/clock.h"

enum {
    LOOK_MS = 100,        // how often cancellation and deadline are looked at
    LINE_MAX_BYTES = 400, // of standard error; what is longer is cut
    ARGUMENTS_MAX = 64,
    HIGH = 64, // descriptors on their way to the program stand above all that it is to have
};

struct running {
    const struct program_call *call;
    pid_t pid;
    int complaints; // its standard error
    char line[LINE_MAX_BYTES + 1], last[LINE_MAX_BYTES + 1];
    size_t size;
};

static size_t fill_arguments(const struct program_call *call, const char **ret_arguments, char number[16])
{
    size_t count = 0;
    snprintf(number, 16, "%zu", call->file_count);
    ret_arguments[count++] = "kinora-engine";
    ret_arguments[count++] = "--program";
    ret_arguments[count++] = number;
    for (const char *const *path = call->readable; *path; path++) {
        ret_arguments[count++] = "--read";
        ret_arguments[count++] = *path;
        ASSERT(count < ARGUMENTS_MAX / 2);
    }
    ret_arguments[count++] = "--";
    for (const char *const *argument = call->arguments; *argument; argument++) {
        ASSERT(count < ARGUMENTS_MAX - 1);
        ret_arguments[count++] = *argument;
    }
    ret_arguments[count] = NULL;
    return count;
}

static error spawn(const struct program_call *call, int complaints, pid_t *ret_pid)
{
    const char *arguments[ARGUMENTS_MAX];
    char number[16];
    fill_arguments(call, arguments, number);
    char *environment[] = { "PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "HOME=/nonexistent", NULL };
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
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, complaints, STDERR_FILENO);
    for (size_t i = 0; i < call->file_count; i++)
        posix_spawn_file_actions_adddup2(&actions, call->files[i], STDERR_FILENO + 1 + (int)i);
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

// Copies of the descriptors where no place of the program's lies.
static error spawn_high(struct program_call call, int complaints, pid_t *ret_pid)
{
    int files[PROGRAM_FILES_MAX], high = fcntl(complaints, F_DUPFD_CLOEXEC, HIGH);
    bool failed = high < 0;
    ASSERT(call.file_count <= PROGRAM_FILES_MAX);
    for (size_t i = 0; i < call.file_count; i++) {
        files[i] = fcntl(call.files[i], F_DUPFD_CLOEXEC, HIGH);
        failed |= files[i] < 0;
    }
    call.files = files;
    error result = failed ? error_system("copy", "a descriptor", errno) : spawn(&call, high, ret_pid);
    for (size_t i = 0; i < call.file_count; i++)
        if (files[i] >= 0)
            close(files[i]);
    if (high >= 0)
        close(high);
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

static error check_time(const struct program_call *call)
{
    if (call->cancelled && atomic_load(call->cancelled))
        return error_of(ERROR_CANCELLED);
    if (call->deadline_us && clock_mono_us() >= call->deadline_us)
        return error_of(ERROR_TIMED_OUT);
    return OK;
}

// Until it has ended: its status. A program may close its standard error and go on.
static error watch(struct running *running, int *ret_status)
{
    bool open = true;
    for (;;) {
        TRY(check_time(running->call));
        struct pollfd wait = { .fd = open ? running->complaints : -1, .events = POLLIN };
        if (poll(&wait, 1, LOOK_MS) > 0)
            open = read_lines(running);
        pid_t ended = waitpid(running->pid, ret_status, WNOHANG);
        if (ended == 0 || (ended < 0 && errno == EINTR))
            continue;
        while (open && poll(&wait, 1, 0) > 0)
            open = read_lines(running);
        end_line(running);
        return ended < 0 ? error_system("wait for", "a program", errno) : OK;
    }
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

error program_run(const char *name, const struct program_call *call)
{
    int complaints[2], status = 0;
    if (pipe2(complaints, O_CLOEXEC) < 0)
        return error_system("make", "a pipe", errno);
    fcntl(complaints[0], F_SETFL, O_NONBLOCK);
    struct running running = { .call = call, .complaints = complaints[0] };
    error result = spawn_high(*call, complaints[1], &running.pid);
    close(complaints[1]);
    if (!error_is(result)) {
        result = watch(&running, &status);
        kill(-running.pid, SIGKILL); // what it may have left behind, or itself
        while (error_is(result) && waitpid(running.pid, &status, 0) < 0 && errno == EINTR)
            ;
        if (!error_is(result))
            result = outcome(name, &running, status);
    }
    close(complaints[0]);
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
