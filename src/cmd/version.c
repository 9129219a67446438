// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>

#include "cmd/commands.h"

static error run(const struct call *call)
{
    (void)call;
    puts("kinora " KINORA_VERSION);
    return OK;
}

const struct command version_command = {
    .name = "version",
    .summary = "Print the version",
    .run = run,
};
