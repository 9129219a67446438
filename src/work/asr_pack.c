// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/asr_pack.h"

#include <math.h>
#include <string.h>

static const double PAUSE_SECONDS_MOST = 0.5; // that stay between two chunks

// Writing into a buffer, at the end but for the header, which comes last.
static error write_bytes(void *context, uint64_t offset, const void *bytes, size_t size)
{
    struct buffer *wav = context;
    if (offset > wav->limit || size > wav->limit - offset)
        return error_make(ERROR_LIMIT_EXCEEDED, NULL, "The part is longer than the engine takes at once");
    if (wav->size < offset + size) {
        size_t more = (size_t)offset + size - wav->size;
        char *place = buffer_reserve(wav, more);
        if (!place)
            return error_of(ERROR_LIMIT_EXCEEDED);
        memset(place, 0, more);
        wav->size += more;
    }
    memcpy(wav->data + offset, bytes, size);
    return OK;
}

static void lay_out(const struct asr_task *task, struct asr_pack *pack)
{
    size_t count = json_array_size(task->chunks);
    pack->pieces = ARENA_ARRAY(task->arena, struct asr_piece, count);
    for (size_t i = 0; i < count; i++) {
        const json_t *chunk = json_array_get(task->chunks, i);
        struct asr_piece *piece = &pack->pieces[pack->count++];
        piece->start = json_get_number(chunk, "start", 0);
        piece->end = json_get_number(chunk, "end", 0);
        if (i)
            piece->at = pack->duration + fmax(0, fmin(PAUSE_SECONDS_MOST, piece->start - piece[-1].end));
        pack->duration = piece->at + piece->end - piece->start;
    }
}

error asr_pack_open(const struct asr_task *task, size_t size_max, struct asr_pack *ret_pack)
{
    struct asr_pack pack = { .wav = { .limit = size_max } };
    lay_out(task, &pack);
    json_t *pieces = json_array();
    for (size_t i = 0; i < pack.count; i++)
        json_array_append_new(pieces, json_pack("{s:f, s:f, s:f}", "start", pack.pieces[i].start, "end",
                                          pack.pieces[i].end, "at", pack.pieces[i].at));
    struct child_output output = { .context = &pack.wav, .write = write_bytes };
    struct child_call call = { .op = "asr.audio",
        .params = json_keep(task->arena, json_pack("{s:o}", "pieces", pieces)),
        .inputs = task->audio,
        .input_count = 1,
        .outputs = &output,
        .output_count = 1 };
    json_t *result;
    error failure = task->asker->ask(task->asker->context, task->arena, &call, &result);
    if (error_is(failure)) {
        buffer_done(&pack.wav);
        return failure;
    }
    *ret_pack = pack;
    return OK;
}

void asr_pack_done(struct asr_pack *pack)
{
    buffer_done(&pack->wav);
}

double asr_pack_time(const struct asr_pack *pack, double at)
{
    if (!pack->count)
        return at;
    size_t i = 0;
    while (i + 1 < pack->count && pack->pieces[i + 1].at <= at)
        i++;
    const struct asr_piece *piece = &pack->pieces[i];
    return fmin(piece->end, piece->start + fmax(0, at - piece->at));
}
