// SPDX-License-Identifier: GPL-3.0-or-later
// whisper.cpp: its server where one is set, else its program with a model, in a sandbox of its own. What both take and
// give is described in whisper.cpp's examples/cli and examples/server.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/settings.h"
#include "net/program.h"
#include "work/asr_http.h"
#include "work/asr_reply.h"

enum {
    WAV_BYTES_MAX = 32 << 20,   // some minutes with their pauses
    REPLY_BYTES_MAX = 64 << 20, // every token of them takes half a kilobyte
};

// Its languages that have a code of two letters.
static const char languages[] =
    "en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt la mi ml "
    "cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af oc ka be tg sd gu am "
    "yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt ln ha ba jv su";

// A model such as ggml-base.en.bin has been taught nothing else.
static bool is_english_only(void)
{
    return !settings_has(SETTING_NOW(whisper_url)) && settings_has(settings.whisper_model)
           && strstr(settings.whisper_model, ".en.");
}

static bool knows(str language)
{
    str rest = is_english_only() ? STR("en") : str_of(languages), code;
    while (str_split(&rest, ' ', &code))
        if (str_equal(code, language))
            return true;
    return false;
}

// The program that is set, or one of its names on the PATH; NULL when there is none.
static const char *find_program(struct arena *arena)
{
    static const char *const names[] = { "whisper-cli", "whisper-cpp" };
    if (settings_has(settings.whisper_cli))
        return access(settings.whisper_cli, X_OK) ? NULL : settings.whisper_cli;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        str folders = str_of(getenv("PATH")), folder;
        while (str_split(&folders, ':', &folder)) {
            const char *path = str_format(arena, "%.*s/%s", STR_ARGS(folder), names[i]).data;
            if (*path == '/' && !access(path, X_OK))
                return path;
        }
    }
    return NULL;
}

static error available(struct arena *arena)
{
    if (settings_has(SETTING_NOW(whisper_url)))
        return OK;
    if (!find_program(arena))
        return error_make(ERROR_ENGINE_MISSING, "engine",
            settings_has(settings.whisper_cli) ? "The program that KINORA_WHISPER_CLI names cannot be run"
                                               : "whisper.cpp's program whisper-cli is not on the PATH");
    if (!settings_has(settings.whisper_model))
        return error_make(ERROR_ENGINE_MISSING, "engine", "whisper.cpp has no model; KINORA_WHISPER_MODEL names one");
    if (access(settings.whisper_model, R_OK))
        return error_make(ERROR_ENGINE_MISSING, "engine", "The model that KINORA_WHISPER_MODEL names cannot be read");
    return OK;
}

static str language_of(const struct asr_task *task)
{
    return task->language.data ? task->language : is_english_only() ? STR("en") : STR("auto");
}

// The server

static const char *url_of(struct arena *arena)
{
    str base = str_of(SETTING_NOW(whisper_url));
    while (str_ends(base, STR("/")))
        base.size--;
    return str_format(arena, "%.*s%s", STR_ARGS(base), str_ends(base, STR("/inference")) ? "" : "/inference").data;
}

static error ask_server(const struct asr_task *task, const struct asr_pack *pack, str *ret_reply)
{
    struct http_form form;
    http_form_begin(&form);
    http_form_file(&form, "file", "audio.wav", "audio/wav", buffer_str(&pack->wav));
    http_form_field(&form, "response_format", STR("verbose_json"));
    http_form_field(&form, "temperature", STR("0.0"));
    http_form_field(&form, "language", language_of(task));
    http_form_end(&form);
    struct asr_request request = { .who = "whisper.cpp's server", .url = url_of(task->arena), .form = &form };
    error result = form.body.failed ? error_of(ERROR_LIMIT_EXCEEDED) : asr_http_post(task, &request, ret_reply);
    buffer_done(&form.body);
    return result;
}

// The program

// "whisper_print_progress_callback: progress =  45%"; it goes beyond 100.
static void take_line(void *context, str line)
{
    const struct asr_task *task = context;
    ptrdiff_t at = str_find(line, STR("progress ="));
    int64_t percent;
    if (at < 0)
        return;
    str number = str_trim(str_sub(line, (size_t)at + strlen("progress ="), line.size));
    if (str_ends(number, STR("%")))
        number.size--;
    if (str_to_int(number, &percent) && percent >= 0)
        task->asker->progress(task->asker->context, fmin((double)percent / 100, 1));
}

// A program that was built by hand has its libraries near.
static const char *const *readable_paths(struct arena *arena, const char *program)
{
    static const char *const near[] = { "", "/../lib", "/../src", "/../ggml/src" };
    const char **paths = ARENA_ARRAY(arena, const char *, sizeof near / sizeof *near + 2);
    char *real = realpath(program, NULL);
    const char *slash = real ? strrchr(real, '/') : NULL;
    size_t count = 0;
    paths[count++] = settings.whisper_model;
    for (size_t i = 0; slash && i < sizeof near / sizeof *near; i++)
        paths[count++] = str_format(arena, "%.*s%s", (int)(slash - real), real, near[i]).data;
    free(real);
    return paths;
}

static error run_program(const struct asr_task *task, const char *folder, const int *files)
{
    struct arena *arena = task->arena;
    const char *program = find_program(arena);
    if (!program)
        return available(arena);
    const char *arguments[] = { program, "-m", settings.whisper_model, "-f",
        str_format(arena, "%s/in.wav", folder).data, "-ojf", "-of", str_format(arena, "%s/out", folder).data, "-l",
        str_to_c(arena, language_of(task)), "-pp", "-t", str_format(arena, "%d", task->asker->threads).data, NULL };
    int64_t until_us = clock_mono_us() + SETTING_NOW(asr_timeout) * SECOND_US, deadline_us = task->asker->deadline_us;
    struct program_call call = { .engine_path = task->asker->engine_path,
        .arguments = arguments,
        .readable = readable_paths(arena, program),
        .files = files,
        .file_count = 2,
        .line = take_line,
        .context = (void *)task,
        .cancelled = task->asker->cancelled,
        .deadline_us = deadline_us && deadline_us < until_us ? deadline_us : until_us };
    error result = program_run("whisper.cpp", &call);
    if (result.code == ERROR_TIMED_OUT)
        return error_make(
            ERROR_TIMED_OUT, NULL, "whisper.cpp did not end within %lld seconds", (long long)SETTING_NOW(asr_timeout));
    return result;
}

static error ask_program(const struct asr_task *task, const struct asr_pack *pack, str *ret_reply)
{
    static const char *const names[] = { "in.wav", "out.json" };
    int files[2];
    const char *folder;
    TRY(program_file(pack->wav.data, pack->wav.size, &files[0]));
    error result = program_file(NULL, 0, &files[1]);
    if (!error_is(result)) {
        result = program_folder(task->arena, names, 2, &folder);
        if (!error_is(result)) {
            result = run_program(task, folder, files);
            program_folder_remove(folder, names, 2);
        }
        if (!error_is(result))
            result = program_file_read(task->arena, files[1], REPLY_BYTES_MAX, ret_reply);
        close(files[1]);
    }
    close(files[0]);
    return result;
}

static error transcribe(const struct asr_task *task, json_t **ret_result)
{
    ASR_PACK_AUTO struct asr_pack pack = { 0 };
    str reply;
    TRY(available(task->arena));
    TRY(asr_pack_open(task, WAV_BYTES_MAX, &pack));
    TRY(settings_has(SETTING_NOW(whisper_url)) ? ask_server(task, &pack, &reply) : ask_program(task, &pack, &reply));
    return asr_reply_read(task, &pack, "whisper.cpp", reply, ret_result);
}

const struct asr_engine asr_whisper = {
    .name = "whisper",
    .title = "whisper.cpp",
    .mend =
        "set KINORA_WHISPER_MODEL to a model file and install whisper-cli (or name it in KINORA_WHISPER_CLI); or set "
        "KINORA_WHISPER_URL to its server",
    .languages = languages,
    .knows = knows,
    .quality = 30,
    .part_least = 60,
    .part_most = 300, // what is lost when a job is killed
    .zygote = ZYGOTE_PLAIN,
    .available = available,
    .transcribe = transcribe,
};
