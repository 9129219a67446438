// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/language.h"
#include "base/settings.h"
#include "cmd/commands.h"
#include "cmd/progress.h"
#include "domain/transcript_speakers.h"
#include "work/asr_local.h"
#include "work/local_file.h"
#include "work/transcript_split.h"

struct values {
    const char *output, *format, *language, *engine;
    double speakers;
};

#define AT(member) offsetof(struct values, member)
static const struct option options[] = {
    { "format", 'f', "FORMAT", OPTION_TEXT, AT(format), .choices = "txt|json|srt|vtt|tsv",
        .doc = "txt, json, srt, vtt or tsv (default: the output's ending, else txt)" },
    { "output", 'o', "FILE", OPTION_TEXT, AT(output), .doc = "File to write (default: standard output)" },
    { "language", 'l', "CODE", OPTION_TEXT, AT(language),
        .doc = "Spoken language, ISO 639-1 (default: found out where the engine can)" },
    { "engine", 'e', "NAME", OPTION_TEXT, AT(engine),
        .doc = "Speech engine (default: the best that is set up; see kinora doctor)" },
    { "speakers", 's', "COUNT", OPTION_NUMBER, AT(speakers), .least = 1, .most = 20,
        .doc = "How many people speak (default: found out)" },
    { 0 },
};

// Transcription under way.
struct listening {
    struct arena *arena;
    struct local_pool *pool;
    struct asr_local local;
    struct progress *progress;
    int64_t speakers; // 0: to be found out
};

static struct local_task speakers_task(const struct listening *listening)
{
    return (struct local_task) {
        .op = "asr.speakers",
        .params = json_keep(listening->arena, json_pack("{s:I}", "speakers", (json_int_t)listening->speakers)),
        .inputs = &listening->local.audio,
        .input_count = 1,
        .weight = 1,
    };
}

static error listen_to(const struct listening *listening, struct transcript *ret_transcript)
{
    struct arena *arena = listening->arena;
    struct local_task split = {
        .op = "asr.split",
        .params = json_keep(arena, json_pack("{s:i}", "chunk_max", 15)),
        .inputs = &listening->local.audio,
        .input_count = 1,
    };
    TRY(local_pool_run(listening->pool, arena, &split, 1, NULL, NULL));
    const json_t *chunks = json_object_get(split.result, "chunks");
    double duration = json_get_number(split.result, "duration", 0);
    json_t **parts;
    const struct asr_engine *engine = listening->local.engine;
    size_t count = transcript_split(arena, chunks, engine->part_least, engine->part_most, &parts);
    struct local_task *tasks = ARENA_ARRAY(arena, struct local_task, count + 1);
    for (size_t i = 0; i < count; i++)
        tasks[i] = asr_local_task(&listening->local, parts[i]);
    tasks[count] = speakers_task(listening); // beside the others, when there is anything to hear
    TRY(local_pool_run(listening->pool, arena, tasks, count ? count + 1 : 0, progress_tell, listening->progress));
    const json_t **results = ARENA_ARRAY(arena, const json_t *, count);
    for (size_t i = 0; i < count; i++)
        results[i] = tasks[i].result;
    TRY(transcript_merge(arena, results, count, duration, ret_transcript));
    TRY(transcript_set_speakers(arena, ret_transcript, tasks[count].result));
    if (!ret_transcript->language.data) // nothing was heard
        ret_transcript->language = listening->local.language.data ? listening->local.language
                                                                  : asr_only_language(engine);
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
    const struct asr_engine *engine;
    const char *path;
    str language = str_of(values->language);
    if (language.data && !language_is_known(language))
        return error_make(
            ERROR_USAGE, "language", "\"%s\" is not an ISO 639-1 language code such as en or de", values->language);
    TRY(asr_choose(call->arena, str_of(values->engine), language, &engine));
    TRY(engine_path(call->arena, &path));
    LOCAL_POOL_AUTO struct local_pool *pool = NULL;
    TRY(local_pool_open(path, engine->zygote, (int)settings.workers, interrupt_flag(), &pool));
    struct progress progress;
    long threads = sysconf(_SC_NPROCESSORS_ONLN) / local_pool_workers(pool);
    struct listening listening = { .arena = call->arena,
        .pool = pool,
        .local = { .engine = engine,
            .engine_path = path,
            .audio = local_file_input(file),
            .language = language,
            .threads = threads > 1 ? (int)threads : 1 },
        .progress = &progress,
        .speakers = (int64_t)values->speakers };
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
    .values_size = sizeof(struct values),
    .run = run,
};
