// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/progress.h"
#include "work/local_file.h"
#include "work/voice_pool.h"

struct values {
    const char *output, *voice;
    double speed, pitch;
    bool voices;
};
static const struct values defaults = { .voice = STORY_VOICE, .speed = 1, .pitch = 1 };

enum { TEXT_BYTES_MAX = 1 << 20 };

#define AT(member) offsetof(struct values, member)
static const struct option options[] = {
    { "output", 'o', "FILE", OPTION_TEXT, AT(output), .doc = "Sound to write, .wav" },
    { "voice", 'v', "VOICE", OPTION_TEXT, AT(voice), .doc = "Speaker (default " STORY_VOICE ")" },
    { "speed", 0, "FACTOR", OPTION_NUMBER, AT(speed), .least = 0.5, .most = 2, .doc = "0.5 to 2 (default 1)" },
    { "pitch", 0, "FACTOR", OPTION_NUMBER, AT(pitch), .least = 0.5, .most = 2, .doc = "0.5 to 2 (default 1)" },
    { "voices", 0, NULL, OPTION_FLAG, AT(voices), .doc = "List the voices instead of speaking" },
    { 0 },
};

static error ask(const struct call *call, const char *engine, struct local_task *task)
{
    LOCAL_POOL_AUTO struct local_pool *pool = NULL;
    TRY(local_pool_open(engine, ZYGOTE_PLAIN, 1, interrupt_flag(), &pool));
    struct progress progress;
    progress_begin(&progress, "Speaking");
    error result = local_pool_run(pool, call->arena, task, 1, progress_tell, &progress);
    progress_end(&progress);
    return result;
}

static error list_voices(const struct call *call)
{
    struct local_task task = { .op = "tts.voices", .params = json_keep(call->arena, json_object()) };
    const char *engine;
    TRY(engine_path(call->arena, &engine));
    TRY(ask(call, engine, &task));
    size_t i;
    json_t *voice;
    json_array_foreach (json_object_get(task.result, "voices"), i, voice)
        printf("%-24.*s %-8.*s %.*s\n", STR_ARGS(json_get_str(voice, "id")),
            STR_ARGS(json_get_str(voice, "language_code")), STR_ARGS(json_get_str(voice, "name")));
    return OK;
}

static error take_text(const struct call *call, str *ret_text)
{
    *ret_text = str_of(call->operands[0]);
    if (str_equal_c(*ret_text, "-")) {
        BUFFER_AUTO struct buffer input = { .limit = TEXT_BYTES_MAX };
        char block[4096];
        size_t got;
        while ((got = fread(block, 1, sizeof block, stdin)) > 0)
            buffer_append(&input, block, got);
        *ret_text = str_copy(call->arena, input.size ? buffer_str(&input) : STR(""));
    }
    if (!str_trim(*ret_text).size)
        return error_make(ERROR_VALIDATION_ERROR, "text", "There is no text to say");
    if (!str_is_utf8(*ret_text))
        return error_make(ERROR_VALIDATION_ERROR, "text", "The text is not UTF-8");
    return OK;
}

static error run(const struct call *call)
{
    const struct values *values = call->values;
    if (values->voices)
        return list_voices(call);
    if (!call->operand_count || !values->output)
        return error_make(ERROR_USAGE, NULL, "kinora say needs %s (see: kinora say --help)",
            call->operand_count ? "an output: -o FILE.wav" : "a text");
    str text;
    TRY(take_text(call, &text));
    LOCAL_FILE_AUTO struct local_file *file = NULL;
    TRY(local_file_new_for(values->output, &file));
    struct child_output output = local_file_output(file);
    json_t *params = json_pack("{s:s,s:o,s:f,s:f,s:f}", "voice", values->voice, "text", json_str(text), "speed",
        values->speed, "pitch", values->pitch, "volume", 1.0);
    struct voice_pool speaking = { .params = json_keep(call->arena, params), .output = &output };
    TRY(engine_path(call->arena, &speaking.engine_path));
    struct local_task task = voice_pool_task(&speaking);
    error problem = ask(call, speaking.engine_path, &task);
    if (problem.code == ERROR_VOICE_NOT_FOUND)
        return error_make(problem.code, "voice", "There is no voice \"%s\"", values->voice);
    TRY(problem);
    TRY(local_file_keep(TAKE(file), values->output));
    fprintf(stderr, "Wrote %s (%.2f s)\n", values->output, json_get_number(task.result, "duration", 0));
    return OK;
}

const struct command say_command = {
    .name = "say",
    .operands = "TEXT",
    .operand_most = 1,
    .summary = "Speak a text into a sound file",
    .help = "TEXT may be - for standard input; [pause 0.5s] in it makes a pause, *word* is said louder.\n\n"
            "Example: kinora say \"Hello there.\" -o hello.wav --voice flite:rms",
    .options = options,
    .defaults = &defaults,
    .values_size = sizeof(struct values),
    .run = run,
};
