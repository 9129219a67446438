// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/voices.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "domain/cache.h"
#include "domain/pronunciation.h"
#include "work/voice_cache.h"
#include "work/voice_names.h"
#include "work/voice_speak.h"
#include "work/voice_stream.h"
#include "work/voice_wav.h"

enum { LANES = 2, WAV_BYTES_MAX = 128 << 20, CATALOGUE_BYTES = 8 << 20 };
static const int64_t LIMIT_US = 60 * SECOND_US, LIST_LIMIT_US = 20 * SECOND_US;

struct voices {
    struct warm *warm;
    struct zygote *zygote;
    struct db_pool *pool;
    pthread_mutex_t mutex;
    struct arena *arena; // of the catalogue
    struct voice *all;   // NULL: the engines have not been asked yet
    size_t count;
};

error voices_open(struct warm *warm, struct zygote *zygote, struct db_pool *pool, struct voices **ret_voices)
{
    struct voices *voices = calloc(1, sizeof *voices);
    if (!voices)
        return error_system("allocate", "the voices", 12);
    *voices = (struct voices) { .warm = warm, .zygote = zygote, .pool = pool };
    pthread_mutex_init(&voices->mutex, NULL);
    voices->arena = arena_new(CATALOGUE_BYTES);
    *ret_voices = voices;
    return OK;
}

void voices_close(struct voices *voices)
{
    if (!voices)
        return;
    arena_free(voices->arena);
    pthread_mutex_destroy(&voices->mutex);
    free(voices);
}

// Catalogue

static void add(void *context, const struct voice *voice)
{
    struct voices *voices = context;
    voices->all = arena_grow(
        voices->arena, voices->all, voices->count * sizeof *voices->all, (voices->count + 1) * sizeof *voices->all);
    voices->all[voices->count] = *voice;
    voices->all[voices->count].speaks = voice->id;
    voices->count++;
}

static error load(struct voices *voices, struct scope *scope)
{
    json_t *told, *one;
    size_t i;
    struct child_call call = { .op = "tts.voices",
        .params = json_keep(scope->arena, json_object()),
        .deadline_us = clock_mono_us() + LIST_LIMIT_US };
    TRY(warm_ask(voices->warm, scope->arena, scope->actor.user_id, &call, &told));
    add(voices, &(struct voice) { STR("en-US-Neural2-A"), STR("Rose"), STR("English"), STR("en-US"),
                    STR("United States"), STR("female"), STR("conversational"), STR("standard"), .is_premium = false });
    voices->all[0].speaks = voice_speaks(voices->all[0].id);
    for (i = 0; voice_engines[i]; i++)
        if (voice_engines[i]->list && !error_is(voice_engines[i]->available(voices->arena)))
            TRY(voice_engines[i]->list(voices->arena, add, voices));
    json_array_foreach (json_object_get(told, "voices"), i, one) {
        struct voice voice = voice_entry(voices->arena, one);
        add(voices, &voice);
    }
    return OK;
}

error voices_list(void *context, struct scope *scope, struct list *ret_voices)
{
    struct voices *voices = context;
    error result = OK;
    pthread_mutex_lock(&voices->mutex);
    if (!voices->all)
        result = load(voices, scope);
    if (error_is(result)) { // what came of it is no catalogue
        voices->all = NULL;
        voices->count = 0;
    }
    *ret_voices = (struct list) { voices->all, voices->count };
    pthread_mutex_unlock(&voices->mutex);
    return result;
}

error voices_check(void *context, struct scope *scope, str id, str text)
{
    struct list all;
    bool known = str_starts(id, STR("openai:"));
    TRY(voices_list(context, scope, &all));
    for (size_t i = 0; i < all.count && !known; i++)
        known = str_equal(((struct voice *)all.items)[i].id, id);
    if (!known)
        return error_make(
            ERROR_VOICE_NOT_FOUND, "voice_id", "Voice with ID '%.*s' not found", STR_ARGS(str_cut_utf8(id, 80)));
    return voice_speak_check(scope->arena, id, text);
}

str voices_sample_text(struct arena *arena, const struct voice *voice)
{
    return voice_sample_text(arena, voice);
}

// Speaking

struct speaking {
    struct voices *voices;
    struct scope *scope;
};

static error ask(void *context, struct arena *arena, struct child_call *call, json_t **ret_result)
{
    const struct speaking *speaking = context;
    return warm_ask(speaking->voices->warm, arena, speaking->scope->actor.user_id, call, ret_result);
}

struct keeping {
    struct scope scope;
    str key;
    struct blob_info blob;
    const json_t *facts;
};

static error put(struct db *db, void *context)
{
    struct keeping *keeping = context;
    keeping->scope.db = db;
    return cache_put(&keeping->scope, keeping->key, &keeping->blob, keeping->facts);
}

static error find(void *context, str key, struct voice_sound *ret_sound, bool *ret_found)
{
    const struct speaking *speaking = context;
    return voice_cache_find(speaking->scope, key, ret_sound, ret_found);
}

static error keep(void *context, str key, const struct voice_sound *sound)
{
    const struct speaking *speaking = context;
    struct keeping keeping = { .scope = *speaking->scope, .key = key, .facts = sound->facts };
    TRY(voice_cache_store(speaking->scope, sound, &keeping.blob));
    return db_write(speaking->voices->pool, put, &keeping);
}

static error write_bytes(void *context, uint64_t offset, const void *bytes, size_t size)
{
    return buffer_write_at(context, offset, bytes, size)
               ? OK
               : error_make(ERROR_LIMIT_EXCEEDED, "text", "The text would be spoken for too long; cut it into parts");
}

static error read_bytes(void *context, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got)
{
    *ret_got = buffer_read_at(context, offset, ret_bytes, size);
    return OK;
}

static error encode(struct speaking *speaking, int64_t deadline_us, struct buffer *wav, struct buffer *ret_file)
{
    json_t *facts;
    struct child_input input = { .context = wav, .size = wav->size, .read = read_bytes };
    ret_file->limit = WAV_BYTES_MAX;
    struct child_output output = { .context = ret_file, .write = write_bytes, .read = read_bytes };
    struct child_call call = { .op = "audio.encode",
        .params = json_keep(speaking->scope->arena, json_pack("{s:s}", "format", "mp3")),
        .inputs = &input,
        .input_count = 1,
        .outputs = &output,
        .output_count = 1,
        .deadline_us = deadline_us };
    return ask(speaking, speaking->scope->arena, &call, &facts);
}

static error speak(
    struct speaking *speaking, const struct voice_wish *wish, int64_t deadline_us, struct voice_sink sink, json_t **ret)
{
    const json_t *pronunciations;
    struct voice_asker asker = { .context = speaking,
        .ask = ask,
        .lanes = LANES,
        .find = find,
        .keep = keep,
        .deadline_us = deadline_us,
        .engine_path = zygote_path(speaking->voices->zygote) };
    TRY(pronunciation_words(speaking->scope, &pronunciations));
    return voice_speak(speaking->scope->arena, &asker, wish, pronunciations, &sink, ret);
}

static int64_t deadline_of(const struct scope *scope)
{
    return scope->deadline_us ? scope->deadline_us : clock_mono_us() + LIMIT_US;
}

error voices_speak(
    void *context, struct scope *scope, const struct voice_wish *wish, struct buffer *ret_file, json_t **ret_result)
{
    BUFFER_AUTO struct buffer bytes = { .limit = WAV_BYTES_MAX };
    struct speaking speaking = { context, scope };
    int64_t deadline_us = deadline_of(scope);
    struct child_output output = { .context = &bytes, .write = write_bytes, .read = read_bytes };
    struct voice_wav wav = { .output = &output };
    TRY(speak(&speaking, wish, deadline_us, voice_wav_sink(&wav), ret_result));
    TRY(voice_wav_end(&wav));
    return encode(&speaking, deadline_us, &bytes, ret_file);
}

error voices_stream(
    void *context, struct scope *scope, const struct voice_wish *wish, str format, const struct voice_out *to)
{
    struct speaking speaking = { context, scope };
    struct voice_stream *stream;
    json_t *result;
    int64_t deadline_us = deadline_of(scope);
    TRY(voice_stream_open(speaking.voices->zygote, format, deadline_us, to, &stream));
    error spoken = speak(&speaking, wish, deadline_us, voice_stream_sink(stream), &result);
    error sent = voice_stream_end(stream, !error_is(spoken));
    return error_is(spoken) ? spoken : sent;
}
