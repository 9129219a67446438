// SPDX-License-Identifier: GPL-3.0-or-later
// Looks at everything that Kinora needs and says how to mend what is missing.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/settings.h"
#include "cmd/commands.h"
#include "work/asr_local.h"
#include "work/download.h"
#include "work/local_file.h"

#define ROOM_GIB_LEAST 1.0

static const int64_t TRIAL_US = 60 * SECOND_US; // of an engine: a large model takes long to load

enum finding { FINE, OPTIONAL, BROKEN };

struct doctor {
    struct arena *arena;
    int broken;
};

static void say(struct doctor *doctor, enum finding finding, const char *what, const char *found, const char *mend)
{
    static const char *const marks[] = { "ok  ", "note", "FAIL" };
    printf("%s  %-14s %s\n", marks[finding], what, found);
    if (finding != FINE && mend)
        printf("      %-14s %s\n", "", mend);
    doctor->broken += finding == BROKEN;
}

static error ask(struct doctor *doctor, enum zygote_kind kind, struct local_task *task)
{
    const char *engine;
    TRY(engine_path(doctor->arena, &engine));
    LOCAL_POOL_AUTO struct local_pool *pool = NULL;
    TRY(local_pool_open(engine, kind, 1, interrupt_flag(), &pool));
    return local_pool_run(pool, doctor->arena, task, 1, NULL, NULL);
}

static void check_engine(struct doctor *doctor)
{
    const char *engine;
    error problem = engine_path(doctor->arena, &engine);
    struct local_task task = { .op = "tts.voices", .params = json_keep(doctor->arena, json_object()) };
    if (!error_is(problem))
        problem = ask(doctor, ZYGOTE_PLAIN, &task);
    if (error_is(problem)) {
        say(doctor, BROKEN, "engine", problem.message, "script/bootstrap && script/build");
        return;
    }
    size_t voices = json_array_size(json_object_get(task.result, "voices"));
    say(doctor, FINE, "engine", str_format(doctor->arena, "%s answers", engine).data, NULL);
    say(doctor, voices ? FINE : BROKEN, "voices", str_format(doctor->arena, "%zu voices", voices).data,
        "apt-get install libflite1 espeak-ng-data");
}

// A second of silence: the engine must load its model, or answer, and find nothing.
static error hear_silence(struct doctor *doctor, const struct asr_engine *engine)
{
    LOCAL_FILE_AUTO struct local_file *file = NULL;
    LOCAL_POOL_AUTO struct local_pool *pool = NULL;
    const char *path;
    TRY(engine_path(doctor->arena, &path));
    TRY(local_file_new(scratch_folder(), &file));
    static const unsigned char header[44] =
        "RIFF\x24\x7d\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x80\x3e\0\0\0\x7d\0\0\2\0\x10\0data"
        "\0\x7d\0";
    unsigned char *silence = arena_alloc(doctor->arena, 32000);
    TRY(local_file_write(file, header, sizeof header));
    TRY(local_file_write(file, silence, 32000));
    struct asr_local local = { .engine = engine,
        .engine_path = path,
        .audio = local_file_input(file),
        .language = STR("en"),
        .threads = 1,
        .deadline_us = clock_mono_us() + TRIAL_US };
    json_t *chunks = json_keep(doctor->arena, json_pack("[{s:f, s:f}]", "start", 0.0, "end", 1.0));
    struct local_task task = asr_local_task(&local, chunks);
    TRY(local_pool_open(path, engine->zygote, 1, interrupt_flag(), &pool));
    return local_pool_run(pool, doctor->arena, &task, 1, NULL, NULL);
}

// Each engine is tried. Those that are not set up are a note as long as one works.
static void check_speech(struct doctor *doctor)
{
    size_t working = 0;
    for (const struct asr_engine *const *at = asr_engines; *at; at++) {
        const struct asr_engine *engine = *at;
        error problem = engine->available(doctor->arena);
        bool is_set_up = !error_is(problem);
        if (is_set_up)
            problem = hear_silence(doctor, engine);
        working += !error_is(problem);
        str found = str_format(doctor->arena, "%s: %s", engine->name,
            error_is(problem)   ? problem.message
            : engine->languages ? strchr(engine->languages, ' ') ? "hears many languages" : "hears English"
                                : "answers");
        say(doctor,
            !error_is(problem) ? FINE
            : is_set_up        ? BROKEN
                               : OPTIONAL,
            "transcription", found.data, engine->mend);
    }
    if (!working)
        say(doctor, BROKEN, "transcription", "no engine works", "apt-get install pocketsphinx-en-us");
}

static void check_fonts(struct doctor *doctor)
{
    static const struct {
        const char *name, *path, *package;
    } fonts[] = {
        { "Inter", "/usr/share/fonts/opentype/inter", "fonts-inter" },
        { "Noto", "/usr/share/fonts/truetype/noto", "fonts-noto-core" },
        { "emoji", "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf", "fonts-noto-color-emoji" },
    };
    for (size_t i = 0; i < sizeof fonts / sizeof *fonts; i++) {
        bool here = !access(fonts[i].path, R_OK);
        say(doctor, here ? FINE : OPTIONAL, "font",
            str_format(doctor->arena, "%s %s", fonts[i].name, here ? "is there" : "is missing").data,
            str_format(doctor->arena, "apt-get install %s", fonts[i].package).data);
    }
}

static void check_data(struct doctor *doctor)
{
    struct stat info;
    const char *folder = settings.data;
    str text;
    if (stat(folder, &info)) {
        text = str_format(doctor->arena, "%s is not there yet; kinora serve makes it", folder);
        say(doctor, OPTIONAL, "data folder", text.data, NULL);
        folder = ".";
    } else if (!S_ISDIR(info.st_mode)) {
        text = str_format(doctor->arena, "%s is not a folder", folder);
        say(doctor, BROKEN, "data folder", text.data, "name another with --data or KINORA_DATA");
    } else if (access(folder, R_OK | W_OK | X_OK)) {
        text = str_format(doctor->arena, "%s: %s", folder, strerror(errno));
        say(doctor, BROKEN, "data folder", text.data,
            str_format(doctor->arena, "chown %u %s", (unsigned)geteuid(), folder).data);
    } else {
        say(doctor, FINE, "data folder", str_format(doctor->arena, "%s can be written to", folder).data, NULL);
    }
    struct statvfs disk;
    if (statvfs(folder, &disk))
        return;
    double room = (double)disk.f_bavail * (double)disk.f_frsize / (1 << 30);
    text = str_format(doctor->arena, "%.1f GiB free", room);
    say(doctor, room >= ROOM_GIB_LEAST ? FINE : BROKEN, "disk", text.data, "make room: films and uploads need it");
}

// Without them links of other kinds than single files and feeds fail; all else works.
static void check_downloads(struct doctor *doctor)
{
    const char *engine;
    bool is_namespace = false;
    if (error_is(engine_path(doctor->arena, &engine))) // told above
        return;
    error wall = download_wall(doctor->arena, engine, &is_namespace);
    say(doctor, error_is(wall) ? OPTIONAL : FINE, "downloads",
        error_is(wall) ? wall.message
        : is_namespace ? "yt-dlp and gallery-dl run in a network namespace of their own"
                       : "yt-dlp and gallery-dl are kept off the network by landlock",
        "allow user namespaces (sysctl kernel.unprivileged_userns_clone=1), or use Linux 6.7 or newer");
    for (int tool = 0; tool < TOOL_COUNT && !error_is(wall); tool++) {
        struct download_tool_found found;
        error result = download_tool_look(doctor->arena, engine, (enum download_tool)tool, &found);
        str text = error_is(result) ? str_of(result.message)
                                    : str_format(doctor->arena, "%s %.*s (%s)", download_tool_names[tool],
                                        STR_ARGS(found.version), found.path);
        say(doctor, error_is(result) ? OPTIONAL : FINE, "downloads", text.data,
            str_format(
                doctor->arena, "apt-get install %s, or put a newer one into DATA/tools", download_tool_names[tool])
                .data);
    }
}

static error run(const struct call *call)
{
    struct doctor doctor = { .arena = call->arena };
    check_engine(&doctor);
    check_speech(&doctor);
    check_fonts(&doctor);
    check_data(&doctor);
    check_downloads(&doctor);
    fflush(stdout);
    if (doctor.broken)
        return error_make(
            ERROR_UNAVAILABLE, NULL, "%d thing%s must be mended", doctor.broken, doctor.broken == 1 ? "" : "s");
    fputs("All that Kinora needs is there.\n", stderr);
    return OK;
}

const struct command doctor_command = {
    .name = "doctor",
    .summary = "Check that all that Kinora needs is there",
    .help = "Looks at the engine, its voices and models, fonts, the data folder, the disk and the downloaders, and "
            "says how to\n"
            "mend what is missing. Exit code 1 when something that is needed is not there.",
    .run = run,
};
