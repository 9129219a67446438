// SPDX-License-Identifier: GPL-3.0-or-later
// tts.voices and tts.speak: what is the same for all synthesizers.
#include "engine/tts.h"

#include <string.h>

#include "engine/ops.h"
#include "engine/tts_words.h"

enum { TEXT_SIZE_MAX = 200000, WAV_HEADER_SIZE = 44, PAUSE_SECONDS_MAX = 60 };

static const struct tts_engine *const engines[] = { &tts_flite, &tts_espeak };
enum { ENGINE_COUNT = sizeof engines / sizeof *engines };

struct tts_speech {
    struct engine_call *call;
    double volume;
    int sample_rate;
    int64_t frames;
    size_t text_size, piece_offset; // bytes
    struct tts_mark *marks;         // of the piece
    size_t mark_count, mark_room;
    struct tts_phoneme *phonemes; // of all
    size_t phoneme_count, phoneme_room;
    json_t *words; // borrowed from the result
};

struct arena *tts_arena(struct tts_speech *speech)
{
    return engine_arena(speech->call);
}

int64_t tts_frames(const struct tts_speech *speech)
{
    return speech->frames;
}

error tts_progress(struct tts_speech *speech, size_t offset)
{
    return engine_progress(speech->call, (double)(speech->piece_offset + offset) / (double)speech->text_size);
}

static int16_t louder(int16_t sample, double volume)
{
    double value = sample * volume;
    return (int16_t)(value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : value);
}

error tts_add_samples(struct tts_speech *speech, const int16_t *samples, size_t count)
{
    int16_t block[2048];
    for (size_t done = 0, some; done < count; done += some) {
        some = count - done < sizeof block / sizeof *block ? count - done : sizeof block / sizeof *block;
        for (size_t i = 0; i < some; i++)
            block[i] = samples ? louder(samples[done + i], speech->volume) : 0;
        uint64_t offset = WAV_HEADER_SIZE + (uint64_t)speech->frames * sizeof *block;
        TRY(engine_write(speech->call, 0, offset, block, some * sizeof *block));
        speech->frames += (int64_t)some;
    }
    return OK;
}

static void *grow(struct arena *arena, void *items, size_t count, size_t *room, size_t item_size)
{
    if (count < *room)
        return items;
    size_t wider = *room ? *room * 2 : 64;
    void *grown = arena_grow(arena, items, *room * item_size, wider * item_size);
    *room = wider;
    return grown;
}

void tts_add_mark(struct tts_speech *speech, size_t offset, int64_t frame)
{
    speech->marks = grow(
        tts_arena(speech), speech->marks, speech->mark_count, &speech->mark_room, sizeof *speech->marks);
    speech->marks[speech->mark_count++] = (struct tts_mark) { offset, frame };
}

void tts_add_phoneme(struct tts_speech *speech, const char *name, int64_t frame)
{
    size_t count = speech->phoneme_count;
    bool silence = strcmp(name, TTS_SILENCE) == 0;
    if (silence && count && strcmp(speech->phonemes[count - 1].name, TTS_SILENCE) == 0)
        return;
    speech->phonemes = grow(
        tts_arena(speech), speech->phonemes, count, &speech->phoneme_room, sizeof *speech->phonemes);
    struct tts_phoneme *phoneme = &speech->phonemes[speech->phoneme_count++];
    *phoneme = (struct tts_phoneme) { .frame = frame };
    str fitting = str_cut_utf8(str_of(name), sizeof phoneme->name - 1);
    memcpy(phoneme->name, fitting.data, fitting.size);
}

static json_t *seconds(const struct tts_speech *speech, int64_t frame)
{
    return json_real((double)frame / speech->sample_rate);
}

static error speak_piece(const struct tts_engine *engine, void *state, struct tts_speech *speech, str piece)
{
    int64_t start_frame = speech->frames;
    size_t first_phoneme = speech->phoneme_count;
    speech->mark_count = 0;
    TRY(engine->speak(state, piece, speech));
    struct tts_word *words;
    size_t count = tts_words(tts_arena(speech), piece, speech->marks, speech->mark_count,
        speech->phonemes + first_phoneme, speech->phoneme_count - first_phoneme, start_frame, speech->frames, &words);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(
            speech->words, json_pack("{s:o, s:o, s:o, s:I}", "text", json_str(words[i].text), "start",
                               seconds(speech, words[i].start_frame), "end", seconds(speech, words[i].end_frame),
                               "offset", (json_int_t)(speech->piece_offset + words[i].offset)));
    return OK;
}

// "[pause 0.5s]" or "[pause 500ms]" at the front of the text; its size in bytes, or 0.
static size_t pause_mark(str text, double *ret_seconds)
{
    str start = STR("[pause ");
    ptrdiff_t end = str_index(text, ']');
    if (end < 0 || !str_equal_fold(str_sub(text, 0, start.size), start))
        return 0;
    str length = str_trim(str_sub(text, start.size, (size_t)end - start.size));
    double scale = 1;
    if (str_ends(length, STR("ms"))) {
        length.size -= 2;
        scale = 0.001;
    } else if (str_ends(length, STR("s"))) {
        length.size--;
    }
    double value;
    if (!str_to_number(str_trim(length), &value) || value < 0 || value * scale > PAUSE_SECONDS_MAX)
        return 0;
    *ret_seconds = value * scale;
    return (size_t)end + 1;
}

static error speak_all(const struct tts_engine *engine, void *state, struct tts_speech *speech, str text)
{
    size_t begin = 0;
    for (size_t at = 0; at <= text.size; at++) {
        double pause = 0;
        size_t mark = at < text.size && text.data[at] == '[' ? pause_mark(str_sub(text, at, text.size), &pause) : 0;
        if (!mark && at < text.size)
            continue;
        str piece = str_sub(text, begin, at - begin);
        speech->piece_offset = begin;
        if (str_trim(piece).size)
            TRY(speak_piece(engine, state, speech, piece));
        begin = at + mark;
        at = begin - (mark ? 1 : 0);
        if (pause > 0)
            tts_add_phoneme(speech, TTS_SILENCE, speech->frames);
        TRY(tts_add_samples(speech, NULL, (size_t)(pause * speech->sample_rate)));
    }
    return OK;
}

static error write_header(struct tts_speech *speech)
{
    uint32_t rate = (uint32_t)speech->sample_rate, data_size = (uint32_t)speech->frames * 2;
    uint32_t words[11] = { 0, 36 + data_size, 0, 0, 16, 1 | 1 << 16, rate, rate * 2, 2 | 16 << 16, 0, data_size };
    memcpy(&words[0], "RIFF", 4);
    memcpy(&words[2], "WAVE", 4);
    memcpy(&words[3], "fmt ", 4);
    memcpy(&words[9], "data", 4);
    _Static_assert(sizeof words == WAV_HEADER_SIZE, "little-endian words make the header");
    return engine_write(speech->call, 0, 0, words, sizeof words);
}

static error result_of(struct tts_speech *speech, json_t **ret_result)
{
    if (!json_array_size(speech->words))
        return error_make(ERROR_VALIDATION_ERROR, "text", "There is nothing to speak in the text");
    json_t *phonemes = json_array();
    for (size_t i = 0; i < speech->phoneme_count; i++) {
        int64_t end = i + 1 < speech->phoneme_count ? speech->phonemes[i + 1].frame : speech->frames;
        json_array_append_new(phonemes, json_pack("{s:s, s:o, s:o}", "phoneme", speech->phonemes[i].name, "start",
                                            seconds(speech, speech->phonemes[i].frame), "end", seconds(speech, end)));
    }
    *ret_result = json_pack("{s:o, s:i, s:O, s:o}", "duration", seconds(speech, speech->frames), "sample_rate",
        speech->sample_rate, "words", speech->words, "phonemes", phonemes);
    return OK;
}

static error number_in(const json_t *params, const char *name, double least, double most, double *ret_value)
{
    const json_t *value = json_object_get(params, name);
    double number = json_get_number(params, name, 1);
    if ((value && !json_is_null(value) && !json_is_number(value)) || !(number >= least && number <= most))
        return error_make(ERROR_VALIDATION_ERROR, name, "%s must be between %g and %g", name, least, most);
    *ret_value = number;
    return OK;
}

// Names that scenes made for other services use, and the voice that comes nearest.
static const struct {
    const char *name, *voice;
} aliases[] = { { "en-US-Neural2-A", "flite:slt" } };

static const struct tts_engine *find_engine(str voice, str *ret_voice)
{
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (str_equal_c(voice, aliases[i].name))
            voice = str_of(aliases[i].voice);
    str rest = voice, name;
    if (!voice.data || !str_split(&rest, ':', &name))
        return NULL;
    for (size_t i = 0; i < ENGINE_COUNT; i++)
        if (str_equal_c(name, engines[i]->name)) {
            *ret_voice = rest;
            return engines[i];
        }
    return NULL;
}

static error speak(struct engine_call *call, json_t **ret_result)
{
    const json_t *params = engine_params(call);
    struct arena *arena = engine_arena(call);
    struct tts_settings settings;
    struct tts_speech speech = { .call = call, .words = json_keep(arena, json_array()) };
    str text = json_get_str(params, "text");
    if (!text.data || text.size > TEXT_SIZE_MAX || memchr(text.data, 0, text.size))
        return error_make(ERROR_VALIDATION_ERROR, "text", "The text must be of at most %d bytes", TEXT_SIZE_MAX);
    speech.text_size = text.size + 1;
    TRY(number_in(params, "speed", 0.5, 2, &settings.speed));
    TRY(number_in(params, "pitch", 0.5, 2, &settings.pitch));
    TRY(number_in(params, "volume", 0, 2, &speech.volume));
    const struct tts_engine *engine = find_engine(json_get_str(params, "voice"), &settings.voice);
    if (!engine || !settings.voice.size)
        return error_of(ERROR_VOICE_NOT_FOUND);
    void *state;
    TRY(engine->open(&settings, arena, &speech.sample_rate, &state));
    error failure = speak_all(engine, state, &speech, text);
    engine->close(state);
    TRY(failure);
    TRY(write_header(&speech));
    return result_of(&speech, ret_result);
}

struct listing {
    json_t *voices;
    const char *engine;
    struct arena *arena;
};

static void list_voice(void *context, const struct tts_voice *voice)
{
    const struct listing *listing = context;
    json_array_append_new(listing->voices,
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "id",
            str_format(listing->arena, "%s:%s", listing->engine, voice->id).data, "engine", listing->engine, "name",
            voice->name, "language", voice->language, "language_code", voice->language_code, "dialect", voice->dialect,
            "gender", voice->gender, "style", voice->style, "category", voice->category));
}

static error list(struct engine_call *call, json_t **ret_result)
{
    struct listing listing = { .voices = json_keep(engine_arena(call), json_array()), .arena = engine_arena(call) };
    for (size_t i = 0; i < ENGINE_COUNT; i++) {
        listing.engine = engines[i]->name;
        TRY(engines[i]->list(listing.arena, list_voice, &listing));
    }
    *ret_result = json_pack("{s:O}", "voices", listing.voices);
    return OK;
}

const struct engine_op tts_voices_op = { "tts.voices", list };
const struct engine_op tts_speak_op = { "tts.speak", speak };
