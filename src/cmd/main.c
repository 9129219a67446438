// SPDX-License-Identifier: GPL-3.0-or-later
// kinora: every command in one table. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/settings.h"
#include "cmd/commands.h"

static const struct command *const commands[] = {
    &serve_command,
    &worker_command,
    &stock_command,
    &make_command,
    &transcribe_command,
    &say_command,
    &render_command,
    &preview_command,
    &user_command,
    &blobs_command,
    &database_command,
    &backup_command,
    &upgrade_command,
    &keys_command,
    &open_command,
    &api_command,
    &api_document_command,
    &config_command,
    &doctor_command,
    &version_command,
};
enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

enum exit_code { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130 };

static void print_help(FILE *out)
{
    fputs("kinora COMMAND [OPTIONS]\n\nRecordings become transcripts, scripts become narrated videos, on your own "
          "machine."
          "\n\nCommands:\n",
        out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\nkinora COMMAND --help tells more. Messages and progress go to standard error.\n"
          "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.\n",
        out);
}

static bool is_help(const char *argument)
{
    return !strcmp(argument, "--help") || !strcmp(argument, "-h");
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (!strcmp(commands[i]->name, name))
            return commands[i];
    return NULL;
}

static enum exit_code report(error problem)
{
    if (!error_is(problem))
        return EXIT_DONE;
    if (problem.code == ERROR_CANCELLED) {
        bool plain = !strcmp(problem.message, error_info(ERROR_CANCELLED)->sentence);
        fprintf(stderr, "kinora: %s\n", plain ? "interrupted; nothing was written" : problem.message);
        return EXIT_INTERRUPTED;
    }
    bool named = problem.field && problem.code == ERROR_VALIDATION_ERROR && !strstr(problem.message, problem.field);
    fprintf(stderr, "kinora: %s%s%s%s\n", named ? problem.field : "", named ? ": " : "", problem.message,
        problem.code == ERROR_VOICE_NOT_FOUND ? " (list: kinora say --voices)" : "");
    return problem.code == ERROR_USAGE ? EXIT_USAGE : EXIT_FAILED;
}

static bool wants_help(char **arguments, int count)
{
    for (int i = 0; i < count && strcmp(arguments[i], "--"); i++)
        if (is_help(arguments[i]))
            return true;
    return false;
}

static error run(struct arena *arena, char **arguments, int count)
{
    TRY(settings_load(arena, arguments, &count));
    if (!count) {
        print_help(stderr);
        return error_make(ERROR_USAGE, NULL, "Name a command");
    }
    if (!strcmp(arguments[0], "--version"))
        arguments[0] = "version";
    if (is_help(arguments[0]) || !strcmp(arguments[0], "help")) {
        print_help(stdout);
        return OK;
    }
    const struct command *command = find_command(arguments[0]);
    if (!command)
        return error_make(ERROR_USAGE, NULL, "There is no command \"%s\" (see: kinora --help)", arguments[0]);
    if (wants_help(arguments + 1, count - 1)) {
        BUFFER_AUTO struct buffer help = { 0 };
        options_help(arena, command, &help);
        fwrite(help.data, 1, help.size, stdout);
        return OK;
    }
    struct call call;
    TRY(options_read(arena, command, arguments + 1, count - 1, &call));
    return command->run(&call);
}

int main(int argc, char **argv)
{
    json_object_seed(0);
    interrupt_listen();
    struct arena *arena = arena_new(256 << 20);
    enum exit_code code = report(run(arena, argv + 1, argc > 0 ? argc - 1 : 0));
    if (fflush(stdout) && code == EXIT_DONE) {
        fputs("kinora: standard output cannot be written to\n", stderr);
        code = EXIT_FAILED;
    }
    arena_free(arena);
    return (int)code;
}
