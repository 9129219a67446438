// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/program.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "engine/sandbox.h"

enum { READABLE_MAX = 16, KEPT_MAX = 16, FAILED = 125 };

int program_become(int count, char **arguments)
{
    const char *readable[READABLE_MAX + 2] = { NULL };
    size_t readable_count = 0;
    int64_t kept;
    if (count < 3 || !str_to_int(str_of(arguments[0]), &kept) || kept < 0 || kept > KEPT_MAX)
        return FAILED;
    int at = 1;
    for (; at + 1 < count && !strcmp(arguments[at], "--read") && readable_count < READABLE_MAX; at += 2)
        readable[readable_count++] = arguments[at + 1];
    if (at + 1 >= count || strcmp(arguments[at], "--"))
        return FAILED;
    char **program = arguments + at + 1;
    readable[readable_count] = program[0];
    close_range(STDERR_FILENO + 1 + (unsigned)kept, ~0U, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    error failure = sandbox_enter_program(readable);
    if (!error_is(failure)) {
        execv(program[0], program);
        failure = error_system("start", "the program", errno);
    }
    fprintf(stderr, "kinora-engine: %s\n", failure.message);
    return FAILED;
}
