// SPDX-License-Identifier: GPL-3.0-or-later
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/settings.h"
#include "cmd/commands.h"
#include "domain/package.h"
#include "domain/project.h"
#include "work/local_file.h"

enum { PROJECT_BYTES_MAX = 16 << 20 };

// A signal handler can reach nothing else.
static atomic_bool interrupted;

static void on_signal(int number)
{
    if (atomic_exchange(&interrupted, true))
        _exit(128 + number);
}

const atomic_bool *interrupt_flag(void)
{
    return &interrupted;
}

void interrupt_listen(void)
{
    struct sigaction action = { .sa_handler = on_signal };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN); // a closed pipe is an error of the write
}

error engine_path(struct arena *arena, const char **ret_path)
{
    if (*settings.engine_path) {
        if (access(settings.engine_path, X_OK))
            return error_make(ERROR_UNAVAILABLE, "engine",
                "The engine \"%s\" cannot be run; mend the setting engine_path (--engine-path, KINORA_ENGINE)",
                settings.engine_path);
        *ret_path = settings.engine_path;
        return OK;
    }
    char own[4096];
    ssize_t size = readlink("/proc/self/exe", own, sizeof own - 1);
    str folder = size > 0 ? (str) { own, (size_t)size } : STR(".");
    while (folder.size && folder.data[folder.size - 1] != '/')
        folder.size--;
    static const char *const places[] = { "kinora-engine", "../libexec/kinora/kinora-engine" };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        str path = str_format(arena, "%.*s%s", STR_ARGS(folder), places[i]);
        if (!access(path.data, X_OK)) {
            *ret_path = path.data;
            return OK;
        }
    }
    return error_make(ERROR_UNAVAILABLE, "engine",
        "kinora-engine is not beside kinora (%.*s); build it with script/build, or name it with --engine-path",
        STR_ARGS(folder));
}

str file_ending(struct arena *arena, const char *path)
{
    const char *dot = strrchr(path, '.');
    return !dot || strchr(dot, '/') ? STR("") : str_lower(arena, str_of(dot + 1));
}

static const char *folder_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return ".";
    return slash == path ? "/" : str_to_c(arena, (str) { path, (size_t)(slash - path) });
}

static void close_file(void *file)
{
    local_file_close(file);
}

static error load_package(struct arena *arena, struct local_file *file, struct loaded_project *ret_project)
{
    struct child_input input = local_file_input(file);
    struct package_source source = { input.context, input.size, input.read };
    TRY(package_open(arena, &source, &ret_project->package));
    return package_document(ret_project->package, &ret_project->document);
}

static error load(struct arena *arena, const char *path, struct local_file *file, const struct story_options *story,
    struct warnings *warnings, struct loaded_project *ret_project)
{
    char head[4];
    size_t got = 0;
    str text, ending = file_ending(arena, path);
    struct child_input input = local_file_input(file);
    TRY(input.read(input.context, 0, head, sizeof head, &got));
    if (package_is((str) { head, got }))
        return load_package(arena, file, ret_project);
    TRY(local_file_read_all(arena, file, PROJECT_BYTES_MAX, &text));
    if (str_equal_c(ending, "json") || str_equal_c(ending, "otio"))
        return project_read(arena, text, warnings, &ret_project->document);
    return story_read(arena, text, story, warnings, &ret_project->document);
}

error project_load(struct arena *arena, const char *path, const struct story_options *story, struct warnings *warnings,
    struct loaded_project *ret_project)
{
    struct local_file *file;
    struct loaded_project project = { .folder = folder_of(arena, path) };
    TRY(local_file_open(path, &file));
    arena_defer(arena, close_file, file); // a package is read while its film is made
    error problem = load(arena, path, file, story, warnings, &project);
    if (error_is(problem)) {
        str reason = str_copy(arena, str_of(problem.message));
        return error_make(problem.code, problem.field, "%s: %s", path, reason.data);
    }
    *ret_project = project;
    return OK;
}

void print_warnings(const struct warnings *warnings)
{
    for (size_t i = 0; i < warnings->count; i++)
        fprintf(
            stderr, "warning: %.*s: %.*s\n", STR_ARGS(warnings->items[i].field), STR_ARGS(warnings->items[i].message));
}

const char *scratch_folder(void)
{
    const char *folder = getenv("TMPDIR");
    return folder && !access(folder, W_OK) ? folder : "/var/tmp";
}

str console_user(struct arena *arena)
{
    struct passwd entry, *found = NULL;
    char room[4096];
    uid_t user = getuid();
    bool named = getpwuid_r(user, &entry, room, sizeof room, &found) == 0 && found && *entry.pw_name
                 && str_is_utf8(str_of(entry.pw_name));
    return named ? str_copy(arena, str_of(entry.pw_name)) : str_format(arena, "user %u", (unsigned)user);
}

static str read_line(struct arena *arena)
{
    char line[1200];
    if (!fgets(line, sizeof line, stdin))
        return STR("");
    line[strcspn(line, "\r\n")] = 0;
    return str_copy(arena, str_of(line));
}

error password_read(struct arena *arena, str *ret_password)
{
    struct termios old, quiet;
    bool terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &old) == 0;
    if (terminal) {
        fputs("Password: ", stderr);
        quiet = old;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    str password = read_line(arena);
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
        fputc('\n', stderr);
    }
    if (!password.size)
        return error_make(ERROR_VALIDATION_ERROR, "password", "A password is needed");
    *ret_password = password;
    return OK;
}
