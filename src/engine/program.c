// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/program.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "engine/sandbox.h"
#include "engine/wall.h"

enum { READABLE_MAX = 16, KEPT_MAX = 16, FAILED = 125 };

struct wishes {
    int64_t kept; // descriptors
    const char *readable[READABLE_MAX + 2];
    size_t readable_count;
    const char *writable;
    int64_t file_bytes, handout, wall_port; // of a downloader
};

static bool take(struct wishes *wishes, const char *name, const char *value)
{
    if (!strcmp(name, "--read") && wishes->readable_count < READABLE_MAX)
        wishes->readable[wishes->readable_count++] = value;
    else if (!strcmp(name, "--write"))
        wishes->writable = value;
    else if (!strcmp(name, "--file-bytes"))
        return str_to_int(str_of(value), &wishes->file_bytes);
    else if (!strcmp(name, "--namespace"))
        return str_to_int(str_of(value), &wishes->handout) && wishes->handout > STDERR_FILENO;
    else if (!strcmp(name, "--port"))
        return str_to_int(str_of(value), &wishes->wall_port) && wishes->wall_port > 0 && wishes->wall_port < 65536;
    else
        return false;
    return true;
}

static error enter(const struct wishes *wishes)
{
    if (!wishes->writable)
        return sandbox_enter_program(wishes->readable);
    // Nobody may have no way to the folder; who is in it needs none.
    if (chdir(wishes->writable) < 0)
        return error_system("enter", "the folder for downloads", errno);
    if (!wishes->wall_port)
        TRY(wall_enter_namespace((int)wishes->handout));
    struct sandbox_downloader downloader = { wishes->readable, ".", wishes->file_bytes, (int)wishes->wall_port };
    return sandbox_enter_downloader(&downloader);
}

int program_become(int count, char **arguments)
{
    struct wishes wishes = { 0 };
    int at = 1;
    if (count < 3 || !str_to_int(str_of(arguments[0]), &wishes.kept) || wishes.kept < 0 || wishes.kept > KEPT_MAX)
        return FAILED;
    for (; at + 1 < count && strcmp(arguments[at], "--"); at += 2)
        if (!take(&wishes, arguments[at], arguments[at + 1]))
            return FAILED;
    bool walled = !wishes.writable || ((wishes.handout > 0) != (wishes.wall_port > 0));
    if (at + 1 >= count || strcmp(arguments[at], "--") || !walled)
        return FAILED;
    char **program = arguments + at + 1;
    wishes.readable[wishes.readable_count] = program[0];
    close_range(STDERR_FILENO + 1 + (unsigned)wishes.kept, ~0U, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    error failure = enter(&wishes);
    if (!error_is(failure)) {
        execv(program[0], program);
        failure = error_system("start", "the program", errno);
    }
    fprintf(stderr, "kinora-engine: %s\n", failure.message);
    return FAILED;
}
