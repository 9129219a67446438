// SPDX-License-Identifier: GPL-3.0-or-later
// The programs and what they bring: engine, sandbox, voices, speech recognition, fonts, downloaders.
#include <linux/landlock.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/settings.h"
#include "cmd/commands.h"
#include "cmd/doctor.h"
#include "net/program.h"
#include "work/asr_local.h"
#include "work/download.h"
#include "work/local_file.h"

static const int64_t TRIAL_US = 60 * SECOND_US; // of an engine: a large model takes long to load

static error ask(struct doctor *doctor, enum zygote_kind kind, struct local_task *task)
{
    const char *engine;
    TRY(engine_path(doctor->arena, &engine));
    LOCAL_POOL_AUTO struct local_pool *pool = NULL;
    TRY(local_pool_open(engine, kind, 1, interrupt_flag(), &pool));
    return local_pool_run(pool, doctor->arena, task, 1, NULL, NULL);
}

// Both programs are of one build, or neither knows what the other means.
static void check_versions(struct doctor *doctor, const char *engine)
{
    str told;
    error problem = program_ask_engine(doctor->arena, engine, "--version", &told);
    bool same = !error_is(problem) && str_equal(str_trim(told), STR("kinora-engine " KINORA_VERSION));
    str found = str_format(doctor->arena, "kinora %s, %.*s", KINORA_VERSION,
        STR_ARGS(error_is(problem) ? str_of(problem.message) : str_trim(told)));
    doctor_say(doctor, same ? FINE : BROKEN, "versions", found.data,
        "install both programs of one version (script/build, or apt-get install --reinstall kinora)");
}

// A child that answered has passed its walls: it ends itself where one of them cannot be put up. Landlock alone is left
// out where the kernel has none.
static void check_sandbox(struct doctor *doctor)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    str found = version > 0
                    ? str_format(doctor->arena, "system calls, limits and files (landlock %ld) are kept in", version)
                    : STR("system calls and limits are kept in; this kernel keeps no files away (no landlock)");
    doctor_say(doctor, version > 0 ? FINE : OPTIONAL, "sandbox", found.data,
        "start Linux 5.13 or newer with landlock among lsm= of its command line");
}

static void check_engine(struct doctor *doctor)
{
    const char *engine;
    error problem = engine_path(doctor->arena, &engine);
    struct local_task task = { .op = "tts.voices", .params = json_keep(doctor->arena, json_object()) };
    if (!error_is(problem))
        problem = ask(doctor, ZYGOTE_PLAIN, &task);
    if (error_is(problem)) {
        doctor_say(doctor, BROKEN, "engine", problem.message,
            "script/bootstrap && script/build; of the package: apt-get install --reinstall kinora");
        return;
    }
    check_versions(doctor, engine);
    check_sandbox(doctor);
    size_t voices = json_array_size(json_object_get(task.result, "voices"));
    doctor_say(doctor, FINE, "engine", str_format(doctor->arena, "%s answers", engine).data, NULL);
    doctor_say(doctor, voices ? FINE : BROKEN, "voices", str_format(doctor->arena, "%zu voices", voices).data,
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
        doctor_say(doctor,
            !error_is(problem) ? FINE
            : is_set_up        ? BROKEN
                               : OPTIONAL,
            "transcription", found.data, engine->mend);
    }
    if (!working)
        doctor_say(doctor, BROKEN, "transcription", "no engine works", "apt-get install pocketsphinx-en-us");
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
        doctor_say(doctor, here ? FINE : OPTIONAL, "font",
            str_format(doctor->arena, "%s %s", fonts[i].name, here ? "is there" : "is missing").data,
            str_format(doctor->arena, "apt-get install %s", fonts[i].package).data);
    }
}

// Without them links of other kinds than single files and feeds fail; all else works.
static void check_downloads(struct doctor *doctor)
{
    const char *engine;
    bool is_namespace = false;
    if (error_is(engine_path(doctor->arena, &engine))) // told above
        return;
    error wall = download_wall(doctor->arena, engine, &is_namespace);
    doctor_say(doctor, error_is(wall) ? OPTIONAL : FINE, "downloads",
        error_is(wall) ? wall.message
        : is_namespace ? "yt-dlp and gallery-dl run in a network namespace of their own"
                       : "yt-dlp and gallery-dl are kept off the network by landlock",
        "allow user namespaces (sysctl kernel.unprivileged_userns_clone=1), or use Linux 6.7 or newer");
    bool joins = !access("/usr/bin/ffmpeg", X_OK) || !access("/usr/local/bin/ffmpeg", X_OK);
    doctor_say(doctor, joins ? FINE : OPTIONAL, "downloads",
        joins ? "ffmpeg joins films whose sound comes apart"
              : "ffmpeg is missing, which joins films whose sound comes apart",
        "apt-get install ffmpeg");
    for (int tool = 0; tool < TOOL_COUNT && !error_is(wall); tool++) {
        struct download_tool_found found;
        error result = download_tool_look(doctor->arena, engine, (enum download_tool)tool, &found);
        str text = error_is(result) ? str_of(result.message)
                                    : str_format(doctor->arena, "%s %.*s (%s)", download_tool_names[tool],
                                        STR_ARGS(found.version), found.path);
        doctor_say(doctor, error_is(result) ? OPTIONAL : FINE, "downloads", text.data,
            str_format(
                doctor->arena, "apt-get install %s, or put a newer one into DATA/tools", download_tool_names[tool])
                .data);
    }
}

void doctor_check_engines(struct doctor *doctor)
{
    check_engine(doctor);
    check_speech(doctor);
    check_fonts(doctor);
    check_downloads(doctor);
}
