// SPDX-License-Identifier: GPL-3.0-or-later
// The program piper with one voice model, as https://github.com/rhasspy/piper describes it: text on its standard input,
// a WAV file where it is told.
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/language.h"
#include "base/settings.h"
#include "net/program.h"
#include "work/voice_engine.h"

enum { ANSWER_BYTES_MAX = 64 << 20 };

static const char *find_program(struct arena *arena)
{
    if (settings_has(settings.piper))
        return access(settings.piper, X_OK) ? NULL : settings.piper;
    str folders = str_of(getenv("PATH")), folder;
    while (str_split(&folders, ':', &folder)) {
        const char *path = str_format(arena, "%.*s/piper", STR_ARGS(folder)).data;
        if (*path == '/' && !access(path, X_OK))
            return path;
    }
    return NULL;
}

static error available(struct arena *arena)
{
    if (!settings_has(settings.piper_model))
        return error_make(ERROR_ENGINE_MISSING, "voice_id", "Piper has no voice; KINORA_PIPER_MODEL names one");
    if (!find_program(arena))
        return error_make(ERROR_ENGINE_MISSING, "voice_id", "The program piper is not there; KINORA_PIPER names it");
    if (access(settings.piper_model, R_OK))
        return error_make(ERROR_ENGINE_MISSING, "voice_id", "The voice that KINORA_PIPER_MODEL names cannot be read");
    return OK;
}

// "en_US-lessac-medium" of ".../en_US-lessac-medium.onnx"
static str model_name(void)
{
    const char *slash = strrchr(settings.piper_model, '/');
    str name = str_of(slash ? slash + 1 : settings.piper_model);
    return str_ends(name, STR(".onnx")) ? str_sub(name, 0, name.size - 5) : name;
}

static error list(struct arena *arena, void (*each)(void *context, const struct voice *voice), void *context)
{
    str rest = model_name(), id = str_format(arena, "piper:%.*s", STR_ARGS(rest)), code, speaker = STR_NONE;
    (void)str_split(&rest, '-', &code);
    if (rest.data)
        (void)str_split(&rest, '-', &speaker);
    str name = str_copy(arena, speaker.size ? speaker : STR("piper"));
    if (name.data[0] >= 'a' && name.data[0] <= 'z')
        ((char *)name.data)[0] = (char)(name.data[0] - 32);
    str language = voice_language(arena, id);
    const char *known = language_name(str_sub(language, 0, 2));
    each(context, &(struct voice) { .id = id,
                      .name = name,
                      .language = str_of(known ? known : "Any language"),
                      .language_code = language,
                      .dialect = STR(""),
                      .gender = STR("female"),
                      .style = STR("natural"),
                      .category = STR("studio") });
    return OK;
}

// A program that was built by hand has its libraries and data near.
static const char *const *readable_paths(struct arena *arena, const char *program)
{
    static const char *const near[] = { "", "/espeak-ng-data", "/../lib", "/../share" };
    const char **paths = ARENA_ARRAY(arena, const char *, sizeof near / sizeof *near + 3);
    char *real = realpath(program, NULL);
    const char *slash = real ? strrchr(real, '/') : NULL;
    size_t count = 0;
    paths[count++] = settings.piper_model;
    paths[count++] = str_format(arena, "%s.json", settings.piper_model).data;
    for (size_t i = 0; slash && i < sizeof near / sizeof *near; i++)
        paths[count++] = str_format(arena, "%.*s%s", (int)(slash - real), real, near[i]).data;
    free(real);
    return paths;
}

static error run(const struct voice_task *task, const char *folder, int text, const int *file)
{
    struct arena *arena = task->arena;
    const char *program = find_program(arena);
    if (!program)
        return available(arena);
    (void)lseek(text, 0, SEEK_SET);
    double scale = task->pitch / task->speed;
    const char *arguments[] = { program, "--model", settings.piper_model, "--output_file",
        str_format(arena, "%s/out.wav", folder).data, "--length_scale", str_format(arena, "%.4f", scale).data, NULL };
    int64_t until_us = clock_mono_us() + settings.tts_timeout * SECOND_US, deadline_us = task->asker->deadline_us;
    struct program_call call = { .engine_path = task->asker->engine_path,
        .arguments = arguments,
        .readable = readable_paths(arena, program),
        .input = text,
        .files = file,
        .file_count = 1,
        .cancelled = task->asker->cancelled,
        .deadline_us = deadline_us && deadline_us < until_us ? deadline_us : until_us };
    return program_run("piper", &call);
}

static error ask_program(const struct voice_task *task, str *ret_wav)
{
    static const char *const names[] = { "out.wav" };
    const char *folder;
    int text, file;
    str line = str_format(task->arena, "%.*s\n", STR_ARGS(task->text));
    TRY(program_file(line.data, line.size, &text));
    error result = program_file(NULL, 0, &file);
    if (!error_is(result)) {
        result = program_folder(task->arena, names, 1, &folder);
        if (!error_is(result)) {
            result = run(task, folder, text, &file);
            program_folder_remove(folder, names, 1);
        }
        if (!error_is(result))
            result = program_file_read(task->arena, file, ANSWER_BYTES_MAX, ret_wav);
        close(file);
    }
    close(text);
    return result;
}

static error speak(const struct voice_task *task, struct voice_sound *ret_sound)
{
    str wav;
    TRY(available(task->arena));
    if (!str_equal(task->voice, model_name()))
        return error_of(ERROR_VOICE_NOT_FOUND);
    TRY(ask_program(task, &wav));
    return voice_of_file(task, "piper", wav, ret_sound);
}

const struct voice_engine voice_piper = { .name = "piper",
    .title = "Piper",
    .mend = "set KINORA_PIPER_MODEL to a voice (….onnx) and install piper (or name it in KINORA_PIPER)",
    .available = available,
    .list = list,
    .speak = speak };
