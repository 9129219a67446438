// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>
#include <string.h>

#include "base/settings.h"
#include "cmd/commands.h"
#include "cmd/progress.h"
#include "domain/transcript.h"
#include "work/local_file.h"
#include "work/transcript_split.h"

struct values {
    const char *output, *format, *language;
};
static const struct values defaults = { .language = "en" };

#define AT(member) offsetof(struct values, member)
static const struct option options[] = {
    { "format", 'f', "FORMAT", OPTION_TEXT, AT(format), .choices = "txt|json|srt|vtt|tsv",
        .doc = "txt, json, srt, vtt or tsv (default: the output's ending, else txt)" },
    { "output", 'o', "FILE", OPTION_TEXT, AT(output), .doc = "File to write (default: standard output)" },
    { "language", 'l', "CODE", OPTION_TEXT, AT(language), .doc = "Spoken language (default en)" },
    { 0 },
};

// Transcription under way.
struct listening {
    struct arena *arena;
    struct local_pool *pool;
    struct child_input input;
    const char *language;
    struct progress *progress;
};

static json_t *part_params(const struct listening *listening, json_t *chunks)
{
    return json_keep(listening->arena, json_pack("{s:s,s:s,s:o}", "engine", "pocketsphinx", "language",
                                           listening->language, "chunks", json_incref(chunks)));
}

static struct local_task *decode_tasks(const struct listening *listening, json_t *const *parts, size_t count)
{
    struct local_task *tasks = ARENA_ARRAY(listening->arena, struct local_task, count);
    for (size_t i = 0; i < count; i++)
        tasks[i] = (struct local_task) {
            .op = "asr.decode",
            .params = part_params(listening, parts[i]),
            .inputs = &listening->input,
            .input_count = 1,
            .weight = (double)json_array_size(parts[i]),
        };
    return tasks;
}

static error listen_to(const struct listening *listening, struct transcript *ret_transcript)
{
    struct arena *arena = listening->arena;
    struct local_task split = {
        .op = "asr.split",
        .params = json_keep(arena, json_pack("{s:i}", "chunk_max", 15)),
        .inputs = &listening->input,
        .input_count = 1,
    };
    TRY(local_pool_run(listening->pool, arena, &split, 1, NULL, NULL));
    const json_t *chunks = json_object_get(split.result, "chunks");
    double duration = json_get_number(split.result, "duration", 0);
    json_t **parts;
    size_t count = transcript_split(arena, chunks, &parts);
    struct local_task *tasks = decode_tasks(listening, parts, count);
    TRY(local_pool_run(listening->pool, arena, tasks, count, progress_tell, listening->progress));
    const json_t **results = ARENA_ARRAY(arena, const json_t *, count);
    for (size_t i = 0; i < count; i++)
        results[i] = tasks[i].result;
    TRY(transcript_merge(arena, results, count, duration, ret_transcript));
    if (!ret_transcript->language.data)
        ret_transcript->language = str_of(listening->language);
    return OK;
}

static error choose_format(const struct call *call, const struct values *values, enum transcript_format *ret_format)
{
    str name = str_of(values->format);
    if (!name.data)
        name = values->output ? file_ending(call->arena, values->output) : STR("txt");
    if (transcript_format_of(name, ret_format))
        return OK;
    return error_make(
        ERROR_USAGE, "output", "\"%s\" does not end in .txt, .json, .srt, .vtt or .tsv; add --format", values->output);
}

static error transcribe(const struct call *call, struct local_file *file, struct transcript *ret_transcript)
{
    const struct values *values = call->values;
    const char *engine;
    TRY(engine_path(call->arena, &engine));
    LOCAL_POOL_AUTO struct local_pool *pool = NULL;
    TRY(local_pool_open(engine, ZYGOTE_SPEECH, (int)settings.workers, interrupt_flag(), &pool));
    struct progress progress;
    struct listening listening = { call->arena, pool, local_file_input(file), values->language, &progress };
    progress_begin(&progress, "Transcribing");
    error result = listen_to(&listening, ret_transcript);
    progress_end(&progress);
    if (result.code == ERROR_NOT_MEDIA || result.code == ERROR_NO_AUDIO) {
        str reason = str_copy(call->arena, str_of(result.message));
        return error_make(result.code, NULL, "%s: %s", call->operands[0], reason.data);
    }
    return result;
}

static error run(const struct call *call)
{
    const struct values *values = call->values;
    enum transcript_format format;
    TRY(choose_format(call, values, &format));
    LOCAL_FILE_AUTO struct local_file *file = NULL, *target = NULL;
    TRY(local_file_open(call->operands[0], &file));
    if (values->output)
        TRY(local_file_new_for(values->output, &target));
    struct transcript transcript;
    TRY(transcribe(call, file, &transcript));
    BUFFER_AUTO struct buffer text = { 0 };
    transcript_write(call->arena, &transcript, format, &text);
    if (target) {
        TRY(local_file_write(target, text.data, text.size));
        TRY(local_file_keep(TAKE(target), values->output));
    } else if (fwrite(text.data ? text.data : "", 1, text.size, stdout) < text.size) {
        return error_make(ERROR_STORAGE_FULL, NULL, "Standard output cannot be written to");
    }
    if (!transcript.segment_count)
        fprintf(stderr, "warning: no speech was found in %s\n", call->operands[0]);
    fprintf(stderr, "Wrote %s (%.2f s)\n", values->output ? values->output : "the transcript to standard output",
        transcript.duration);
    return OK;
}

const struct command transcribe_command = {
    .name = "transcribe",
    .operands = "FILE",
    .operand_least = 1,
    .operand_most = 1,
    .summary = "Write down what is spoken in a sound or film",
    .help = "The text goes to standard output, and nothing else does.\n\n"
            "Example: kinora transcribe talk.mp4 -o talk.srt",
    .options = options,
    .defaults = &defaults,
    .values_size = sizeof(struct values),
    .run = run,
};
