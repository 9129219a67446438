// SPDX-License-Identifier: GPL-3.0-or-later
// kinora config check: every setting, its value and where that comes from; and whether a server would start with them.
#include <stdio.h>
#include <string.h>

#include "base/settings.h"
#include "cmd/commands.h"
#include "cmd/tracing.h"

static void print_setting(const struct setting_info *info)
{
    static const char *const sources[] = { [SOURCE_DEFAULT] = "default",
        [SOURCE_FILE] = "file",
        [SOURCE_ENVIRONMENT] = "environment",
        [SOURCE_FLAG] = "flag" };
    printf("%-30s %-36.*s %s\n", info->flag, STR_ARGS(info->value.size ? info->value : STR("-")),
        info->source == SOURCE_ENVIRONMENT ? info->environment : sources[info->source]);
}

static error check(struct arena *arena)
{
    bool beyond_loopback;
    struct otlp *otlp;
    TRY(serve_check_listen(&beyond_loopback));
    TRY(tracing_start(arena, &otlp)); // sends nothing as long as nothing happens
    otlp_stop(otlp);
    return OK;
}

static error run(const struct call *call)
{
    const struct setting_info *infos;
    if (strcmp(call->operands[0], "check") != 0)
        return error_make(ERROR_USAGE, NULL, "kinora config check is all there is (see: kinora config --help)");
    size_t count = settings_list(call->arena, &infos);
    for (size_t i = 0; i < count; i++)
        print_setting(&infos[i]);
    TRY(check(call->arena));
    fprintf(stderr, "These settings are good; what was changed in the web page since, comes on top of them\n");
    return OK;
}

const struct command config_command = {
    .name = "config",
    .operands = "check",
    .operand_least = 1,
    .operand_most = 1,
    .summary = "Show every setting and where it comes from",
    .help =
        "check: prints each setting, its value (secrets only as \"(set)\") and its source: a flag, the environment, "
        "the\n"
        "file DATA/kinora.conf (or --config, or /etc/kinora/kinora.conf), or the default. Fails with the reason when\n"
        "a server would not start with them.\n\nExample: kinora config check --data /var/lib/kinora",
    .settings = true,
    .run = run,
};
