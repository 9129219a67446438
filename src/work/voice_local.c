// SPDX-License-Identifier: GPL-3.0-or-later
// The engines inside kinora-engine: flite and espeak-ng. And what others borrow of them: decoding, times.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "work/voice_engine.h"

enum { SOUND_BYTES_MAX = 64 << 20 }; // a sentence is below; an engine that runs wild is stopped

static error write_bytes(void *context, uint64_t offset, const void *bytes, size_t size)
{
    return buffer_write_at(context, offset, bytes, size)
               ? OK
               : error_make(ERROR_ENGINE_FAILED, NULL, "The engine made a sound without end");
}

static error read_bytes(void *context, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got)
{
    *ret_got = buffer_read_at(context, offset, ret_bytes, size);
    return OK;
}

static error ask(const struct voice_task *task, const char *op, json_t *params, const struct child_input *input,
    struct buffer *ret_wav, json_t **ret_facts)
{
    struct child_output output = { .context = ret_wav, .write = write_bytes, .read = read_bytes };
    struct child_call call = { .op = op,
        .params = json_keep(task->arena, params),
        .inputs = input,
        .input_count = input != NULL,
        .outputs = &output,
        .output_count = 1,
        .cancelled = task->asker->cancelled,
        .deadline_us = task->asker->deadline_us };
    return task->asker->ask(task->asker->context, task->arena, &call, ret_facts);
}

error voice_ask_child(
    const struct voice_task *task, str voice, double speed, double pitch, struct voice_sound *ret_sound)
{
    BUFFER_AUTO struct buffer wav = { .limit = SOUND_BYTES_MAX };
    struct buffer samples = { .limit = SOUND_BYTES_MAX };
    json_t *facts;
    int rate;
    json_t *params = json_pack("{s:o, s:o, s:f, s:f, s:f}", "voice", json_str(voice), "text", json_str(task->text),
        "speed", speed, "pitch", pitch, "volume", 1.0);
    TRY(ask(task, "tts.speak", params, NULL, &wav, &facts));
    error result = voice_read_wav("The voice", buffer_str(&wav), &samples, &rate);
    if (error_is(result))
        buffer_done(&samples);
    else
        *ret_sound = (struct voice_sound) { samples, facts };
    return result;
}

static error decode(const struct voice_task *task, const char *who, str file, struct buffer *ret_samples, int *ret_rate)
{
    if (!error_is(voice_read_wav(who, file, ret_samples, ret_rate)))
        return OK;
    buffer_clear(ret_samples);
    BUFFER_AUTO struct buffer wav = { .limit = SOUND_BYTES_MAX };
    struct buffer from = { .data = (char *)file.data, .size = file.size };
    struct child_input input = { .context = &from, .size = file.size, .read = read_bytes };
    json_t *facts;
    error result = ask(task, "audio.encode", json_pack("{s:s}", "format", "wav"), &input, &wav, &facts);
    if (result.code == ERROR_CANCELLED || result.code == ERROR_TIMED_OUT)
        return result;
    if (error_is(result))
        return error_make(ERROR_ENGINE_FAILED, "voice_id", "%s gave no sound that can be read", who);
    return voice_read_wav(who, buffer_str(&wav), ret_samples, ret_rate);
}

// Times from another voice

struct span {
    double from, to; // seconds
};

// What is louder than a fiftieth of full scale, or all of it.
static struct span heard(const struct buffer *samples, int rate)
{
    const int16_t *values = (const int16_t *)(const void *)samples->data;
    size_t count = samples->size / 2, first = 0, last = count;
    while (first < count && abs(values[first]) < 650)
        first++;
    while (last > first && abs(values[last - 1]) < 650)
        last--;
    if (first == last)
        return (struct span) { 0, (double)count / rate };
    return (struct span) { (double)first / rate, (double)last / rate };
}

static json_t *stretched(const json_t *list, struct span from, struct span to)
{
    json_t *result = json_deep_copy(list), *one;
    size_t i;
    double scale = from.to > from.from ? (to.to - to.from) / (from.to - from.from) : 1;
    json_array_foreach (result, i, one) {
        static const char *const ends[] = { "start", "end" };
        for (size_t k = 0; k < 2; k++) {
            double at = to.from + (json_get_number(one, ends[k], 0) - from.from) * scale;
            json_object_set_new(one, ends[k], json_real(fmax(0, at)));
        }
    }
    return result;
}

static str timing_voice(const struct voice_task *task)
{
    return task->language.size ? str_format(task->arena, "espeak:%.*s", STR_ARGS(task->language)) : STR("espeak:en-us");
}

static error add_times(const struct voice_task *task, int sample_rate, struct voice_sound *sound)
{
    struct voice_sound guide = { 0 };
    int rate = (int)lround(sample_rate * task->pitch);
    double duration = (double)(sound->samples.size / 2) / rate;
    error result = voice_ask_child(task, timing_voice(task), 1, 1, &guide);
    if (result.code == ERROR_VOICE_NOT_FOUND)
        result = voice_ask_child(task, STR("espeak:en-us"), 1, 1, &guide);
    TRY(result);
    struct span from = heard(&guide.samples, (int)json_get_int(guide.facts, "sample_rate", 22050));
    struct span to = heard(&sound->samples, rate);
    buffer_done(&guide.samples);
    json_t *facts = json_pack("{s:f, s:i, s:o, s:o}", "duration", duration, "sample_rate", rate, "words",
        stretched(json_object_get(guide.facts, "words"), from, to), "phonemes",
        stretched(json_object_get(guide.facts, "phonemes"), from, to));
    sound->facts = json_keep(task->arena, facts);
    return OK;
}

// The engines

static error available(struct arena *arena)
{
    (void)arena;
    return OK;
}

static error speak_flite(const struct voice_task *task, struct voice_sound *ret_sound)
{
    str voice = str_format(task->arena, "flite:%.*s", STR_ARGS(task->voice));
    return voice_ask_child(task, voice, task->speed, task->pitch, ret_sound);
}

static error speak_espeak(const struct voice_task *task, struct voice_sound *ret_sound)
{
    str voice = str_format(task->arena, "espeak:%.*s", STR_ARGS(task->voice));
    return voice_ask_child(task, voice, task->speed, task->pitch, ret_sound);
}

const struct voice_engine voice_flite = {
    .name = "flite", .title = "flite", .mend = "it is part of Kinora", .available = available, .speak = speak_flite
};
const struct voice_engine voice_espeak = { .name = "espeak",
    .title = "espeak-ng",
    .mend = "it is part of Kinora",
    .available = available,
    .speak = speak_espeak };

error voice_of_file(const struct voice_task *task, const char *who, str file, struct voice_sound *ret_sound)
{
    struct voice_sound sound = { 0 };
    int rate;
    error result = decode(task, who, file, &sound.samples, &rate);
    if (!error_is(result))
        result = add_times(task, rate, &sound);
    if (error_is(result))
        buffer_done(&sound.samples);
    else
        *ret_sound = sound;
    return result;
}
