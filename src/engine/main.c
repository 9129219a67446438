// SPDX-License-Identifier: GPL-3.0-or-later
// kinora-engine --zygote plain|speech --fd N   serves a zygote's control socket
// kinora-engine --one N                        answers questions on one socket, sandboxed, without a zygote
// kinora-engine --program N ...                becomes another program, sandboxed (program.h)
// kinora-engine --walls                        says how downloaders can be kept off the network (wall.h)
// kinora-engine --version
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "av/source.h"
#include "engine/asr_sphinx.h"
#include "engine/conversation.h"
#include "engine/program.h"
#include "engine/sandbox.h"
#include "engine/wall.h"
#include "engine/zygote.h"

static int descriptor(const char *text)
{
    int64_t value;
    return str_to_int(str_of(text), &value) && value > STDERR_FILENO && value < 1024 ? (int)value : -1;
}

// Whatever else the asker had open is not for us.
static void keep_only(int fd)
{
    if (fd > STDERR_FILENO + 1)
        close_range(STDERR_FILENO + 1, (unsigned)fd - 1, 0);
    close_range((unsigned)fd + 1, ~0U, 0);
}

static int complain(error failure)
{
    if (!error_is(failure))
        return 0;
    fprintf(stderr, "kinora-engine: %s\n", failure.message);
    return 1;
}

static int be_zygote(int fd, bool speech)
{
    setsid(); // an interrupt at the terminal is for kinora, which then ends us in order
    // Without the model the children can still split and speak, and say what is missing when asked for more.
    if (speech)
        complain(sphinx_load());
    zygote_run(fd);
    return 0;
}

static int answer_one(int fd)
{
    struct sandbox_limits limits = { 0 };
    error failure = sandbox_enter(&limits);
    return complain(error_is(failure) ? failure : conversation_run(fd));
}

int main(int count, char **arguments)
{
    if (count == 2 && strcmp(arguments[1], "--version") == 0) {
        puts("kinora-engine " KINORA_VERSION);
        return 0;
    }
    if (count == 2 && strcmp(arguments[1], "--walls") == 0)
        return wall_print();
    if (count > 2 && strcmp(arguments[1], "--program") == 0)
        return program_become(count - 2, arguments + 2);
    bool zygote = count == 5 && strcmp(arguments[1], "--zygote") == 0 && strcmp(arguments[3], "--fd") == 0;
    bool one = count == 3 && strcmp(arguments[1], "--one") == 0;
    bool speech = zygote && strcmp(arguments[2], "speech") == 0;
    int fd = zygote ? descriptor(arguments[4]) : one ? descriptor(arguments[2]) : -1;
    if (fd < 0 || (zygote && !speech && strcmp(arguments[2], "plain") != 0)) {
        fputs("usage: kinora-engine --zygote plain|speech --fd N | --one N | --program N ... | --walls | --version\n",
            stderr);
        return 2;
    }
    keep_only(fd);
    source_quiet();
    return zygote ? be_zygote(fd, speech) : answer_one(fd);
}
