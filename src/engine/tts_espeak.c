// SPDX-License-Identifier: GPL-3.0-or-later
// espeak-ng: about 130 languages and accents, each with variants of the voice ("de+f3").
#include <espeak-ng/speak_lib.h>
#include <math.h>
#include <string.h>

#include "engine/tts.h"
#include "engine/tts_words.h"

enum { CHILD_PITCH = 88 }; // of 0 to 99; a grown voice speaks at 50
enum { OPTIONS = espeakINITIALIZE_PHONEME_EVENTS | espeakINITIALIZE_DONT_EXIT };

struct utterance {
    str text;
    struct tts_speech *speech;
    int64_t start_frame;
    size_t offset, characters; // the same place in the text, in bytes and characters
    error failure;
};

// The library's state is the process's, and so is this. Its second espeak_Terminate never returns, so there is none.
static int process_sample_rate;

static error initialize(int *ret_sample_rate)
{
    if (process_sample_rate <= 0)
        process_sample_rate = espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, NULL, OPTIONS);
    if (process_sample_rate <= 0)
        return error_make(ERROR_ENGINE_FAILED, "espeak", "espeak-ng's data is missing");
    *ret_sample_rate = process_sample_rate;
    return OK;
}

// Its positions are characters, counted from 1.
static size_t offset_of(struct utterance *utterance, int position)
{
    size_t wanted = position > 0 ? (size_t)position - 1 : 0, size = 1;
    if (wanted < utterance->characters)
        utterance->offset = utterance->characters = 0;
    while (utterance->characters < wanted && size) {
        tts_character(str_sub(utterance->text, utterance->offset, 4), &size);
        utterance->offset += size;
        utterance->characters++;
    }
    return utterance->offset;
}

static void take_event(struct utterance *utterance, const espeak_EVENT *event)
{
    int64_t frame = utterance->start_frame + event->sample;
    char name[sizeof event->id.string + 1] = "";
    switch (event->type) {
    case espeakEVENT_WORD:
        tts_add_mark(utterance->speech, offset_of(utterance, event->text_position), frame);
        break;
    case espeakEVENT_PHONEME:
        memcpy(name, event->id.string, sizeof event->id.string);
        tts_add_phoneme(utterance->speech, !*name || *name == '_' ? TTS_SILENCE : name, frame);
        break;
    default:
        break;
    }
}

static int take(short *samples, int count, espeak_EVENT *events)
{
    struct utterance *utterance = events->user_data;
    if (!utterance || error_is(utterance->failure))
        return 1;
    for (; events->type != espeakEVENT_LIST_TERMINATED; events++)
        take_event(utterance, events);
    if (samples && count > 0)
        utterance->failure = tts_add_samples(utterance->speech, samples, (size_t)count);
    if (!error_is(utterance->failure))
        utterance->failure = tts_progress(utterance->speech, utterance->offset);
    return error_is(utterance->failure);
}

static error speak(void *state, str text, struct tts_speech *speech)
{
    (void)state;
    struct utterance utterance = { .text = text, .speech = speech, .start_frame = tts_frames(speech) };
    const char *terminated = str_to_c(tts_arena(speech), text);
    espeak_ERROR result = espeak_Synth(
        terminated, text.size + 1, 0, POS_CHARACTER, 0, espeakCHARS_UTF8, NULL, &utterance);
    TRY(utterance.failure);
    return result == EE_OK ? OK : error_make(ERROR_ENGINE_FAILED, "espeak", "espeak-ng could not speak the text");
}

static bool name_is_safe(str voice)
{
    for (size_t i = 0; i < voice.size; i++) {
        char c = voice.data[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '-' && c != '+')
            return false;
    }
    return voice.size <= 40;
}

static error open_voice(
    const struct tts_settings *settings, struct arena *arena, int *ret_sample_rate, void **ret_state)
{
    if (!name_is_safe(settings->voice))
        return error_of(ERROR_VOICE_NOT_FOUND);
    TRY(initialize(ret_sample_rate));
    bool is_child = str_ends(settings->voice, STR("+child"));
    str voice = settings->voice;
    if (is_child)
        voice = str_format(arena, "%.*s+f2", STR_ARGS(str_sub(voice, 0, voice.size - strlen("+child"))));
    if (espeak_SetVoiceByName(str_to_c(arena, voice)) != EE_OK)
        return error_of(ERROR_VOICE_NOT_FOUND);
    espeak_SetSynthCallback(take);
    espeak_SetParameter(espeakRATE, (int)lround(espeakRATE_NORMAL * settings->speed), 0);
    double pitch = (is_child ? CHILD_PITCH : 50) + 50 * log2(settings->pitch);
    espeak_SetParameter(espeakPITCH, (int)lround(fmax(0, fmin(99, pitch))), 0);
    *ret_state = NULL;
    return OK;
}

static void close_voice(void *state)
{
    (void)state;
}

// "English (Great Britain)" is a language and a dialect.
static void name_parts(struct arena *arena, const char *name, struct tts_voice *voice)
{
    str rest = str_of(name), language;
    str_split(&rest, '(', &language);
    voice->name = str_to_c(arena, str_trim(str_of(name)));
    voice->language = str_to_c(arena, str_trim(language));
    if (rest.data && str_ends(rest, STR(")")))
        rest.size--;
    voice->dialect = str_to_c(arena, rest.data ? rest : STR(""));
}

// Voices are known by their file's name, which is the language's code or more exact than that.
static const char *id_of(struct arena *arena, const espeak_VOICE *voice)
{
    const char *slash = strrchr(voice->identifier, '/');
    return str_lower(arena, str_of(slash ? slash + 1 : voice->identifier)).data;
}

// Where it sounds like a child more than like a cartoon.
static bool has_child(const char *id)
{
    static const char *const ids[] = { "en", "en-us", "de", "fr", "es", "es-419", "it", "pt", "pt-br", "nl", "pl", "ru",
        "uk", "tr", "hi", "sv" };
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        if (!strcmp(id, ids[i]))
            return true;
    return false;
}

static error list(struct arena *arena, void (*each)(void *context, const struct tts_voice *voice), void *context)
{
    int sample_rate;
    TRY(initialize(&sample_rate));
    const espeak_VOICE **found = espeak_ListVoices(NULL);
    for (; found && *found; found++) {
        if (str_starts(str_of((*found)->identifier), STR("mb/")))
            continue; // those need another program
        const char *id = id_of(arena, *found);
        struct tts_voice voice = { .id = id,
            .language_code = str_to_c(arena, str_of((*found)->languages + 1)),
            .gender = "male",
            .style = "neutral",
            .category = "standard" };
        name_parts(arena, (*found)->name, &voice);
        each(context, &voice);
        voice.id = str_format(arena, "%s+f3", id).data;
        voice.name = str_format(arena, "%s, female", voice.name).data;
        voice.gender = "female";
        each(context, &voice);
        if (!has_child(id))
            continue;
        voice.id = str_format(arena, "%s+child", id).data;
        voice.gender = "child";
        voice.style = "cheerful";
        each(context, &voice);
    }
    return OK;
}

const struct tts_engine tts_espeak = {
    .name = "espeak", .list = list, .open = open_voice, .speak = speak, .close = close_voice
};
