// SPDX-License-Identifier: GPL-3.0-or-later
// Segments and the mix become the film.
#include <math.h>

#include "av/join.h"
#include "engine/composition.h"
#include "engine/engine_source.h"
#include "engine/ops.h"

enum { CHAPTERS_MAX = 2000 };
static const double duration_max = 24 * 3600;

static error tell(void *context, double done)
{
    return engine_progress(context, done);
}

static error read_chapters(struct arena *arena, const json_t *list, struct join_settings *settings)
{
    settings->chapter_count = json_array_size(list);
    if (settings->chapter_count > CHAPTERS_MAX)
        return error_make(ERROR_LIMIT_EXCEEDED, "chapters", "A film has at most %d chapters", CHAPTERS_MAX);
    struct join_chapter *chapters = ARENA_ARRAY(arena, struct join_chapter, settings->chapter_count);
    for (size_t i = 0; i < settings->chapter_count; i++) {
        const json_t *item = json_array_get(list, i);
        TRY(composition_number(item, "start", 0, 0, duration_max, &chapters[i].start));
        TRY(composition_number(item, "end", chapters[i].start, 0, duration_max, &chapters[i].end));
        chapters[i].title = json_get_str(item, "title");
    }
    settings->chapters = chapters;
    return OK;
}

static error read_muxer(str format, const char **ret_muxer)
{
    static const char *const muxers[] = { "mp4", "mov", "webm", "mp3", "wav" };
    for (size_t i = 0; i < sizeof muxers / sizeof *muxers; i++)
        if (!format.data || str_equal_c(format, muxers[i])) {
            *ret_muxer = muxers[i];
            return OK;
        }
    return error_make(ERROR_VALIDATION_ERROR, "format", "Films are joined as mp4, mov, webm, mp3 or wav");
}

static error run(struct engine_call *call, json_t **ret_result)
{
    struct arena *arena = engine_arena(call);
    const json_t *params = engine_params(call), *sound = json_object_get(params, "audio");
    double segments, audio, fps, duration;
    size_t inputs = engine_input_count(call);
    TRY(composition_number(params, "segments", 0, 0, (double)inputs, &segments));
    TRY(composition_number(params, "audio", -1, 0, (double)inputs - 1, &audio));
    TRY(composition_number(params, "fps", 30, 1, 120, &fps));
    TRY(composition_number(params, "duration", 0, 0, duration_max, &duration));
    bool has_sound = json_is_number(sound);
    if (segments < 1 && !has_sound)
        return error_make(ERROR_VALIDATION_ERROR, "segments", "A film needs at least one segment, or sound");
    struct join_settings settings = {
        .fps = (int)lround(fps),
        .duration = duration,
        .title = json_get_str(params, "title"),
        .progress = tell,
        .progress_context = call,
    };
    TRY(read_muxer(json_get_str(params, "format"), &settings.muxer));
    TRY(read_chapters(arena, json_object_get(params, "chapters"), &settings));
    const struct source_io *sources = engine_inputs_io(call, arena);
    struct sink_io sink = engine_sink_io(call, 0);
    struct join_result result;
    TRY(join_run(sources, (size_t)segments, has_sound ? &sources[(size_t)audio] : NULL, &sink, &settings, &result));
    *ret_result = json_pack("{s:f, s:I, s:i, s:i, s:I}", "duration", result.duration, "frames",
        (json_int_t)result.frames, "width", result.width, "height", result.height, "bytes",
        (json_int_t)result.size_bytes);
    return OK;
}

const struct engine_op render_join_op = { "render.join", run };
