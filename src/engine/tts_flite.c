// SPDX-License-Identifier: GPL-3.0-or-later
// flite: a few clear English voices. Each sentence is an utterance of its own.
#include <flite/flite.h>
#include <math.h>
#include <string.h>

#include "engine/tts.h"
#include "engine/tts_words.h"

cst_voice *register_cmu_us_slt(const char *folder);
cst_voice *register_cmu_us_rms(const char *folder);
cst_voice *register_cmu_us_awb(const char *folder);
cst_voice *register_cmu_us_kal(const char *folder);
cst_voice *register_cmu_us_kal16(const char *folder);

static const struct {
    struct tts_voice voice;
    int sample_rate;
    float f0_mean; // Hz, of the voices whose pitch is a target
    cst_voice *(*load)(const char *folder);
    float pitch; // of a voice that is another one's, higher
} voices[] = {
    { { "slt", "Slt", "English", "en-us", "United States", "female", "conversational", "ultra" }, 16000, 0,
        register_cmu_us_slt, 1 },
    { { "child", "Child", "English", "en-us", "United States", "child", "cheerful", "ultra" }, 16000, 0,
        register_cmu_us_slt, 1.42F },
    { { "rms", "Rms", "English", "en-us", "United States", "male", "conversational", "ultra" }, 16000, 0,
        register_cmu_us_rms, 1 },
    { { "awb", "Awb", "English", "en-gb-scotland", "Scotland", "male", "narration", "studio" }, 16000, 0,
        register_cmu_us_awb, 1 },
    { { "kal16", "Kal", "English", "en-us", "United States", "male", "robotic", "standard" }, 16000, 95,
        register_cmu_us_kal16, 1 },
    { { "kal", "Kal, telephone", "English", "en-us", "United States", "male", "robotic", "standard" }, 8000, 95,
        register_cmu_us_kal, 1 },
};
enum { VOICE_COUNT = sizeof voices / sizeof *voices, SENTENCE_SIZE_MAX = 600 };

// The ASCII text that flite gets, and where each of its bytes stands in ours.
struct plain {
    char *text;
    size_t *offsets;
    size_t size;
};

static void put(struct plain *plain, char c, size_t offset)
{
    plain->text[plain->size] = c;
    plain->offsets[plain->size++] = offset;
}

static const char *nearest(unsigned point)
{
    static const char latin[] = "AAAAAAACEEEEIIIIDNOOOOO OUUUUYTsaaaaaaaceeeeiiiidnooooo ouuuuyty"; // from U+00C0
    static const char letters[][2] = { "A", "C", "D", "E", "I", "N", "O", "T", "U", "Y", "a", "c", "d", "e", "i", "n",
        "o", "s", "t", "u", "y" };
    if (point >= 0xc0 && point <= 0xff) {
        for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
            if (letters[i][0] == latin[point - 0xc0])
                return letters[i];
        return " ";
    }
    switch (point) {
    case 0x2018:
    case 0x2019:
        return "'";
    case 0x2013:
    case 0x2014:
        return ", ";
    case 0x2026:
        return "...";
    case 0x20ac:
        return " euros ";
    case 0xa3:
        return " pounds ";
    case 0xb0:
        return " degrees ";
    default:
        return " ";
    }
}

static struct plain make_plain(struct arena *arena, str text)
{
    // A character of two or more bytes becomes at most nine.
    struct plain plain = { .text = arena_alloc(arena, text.size * 5 + 1),
        .offsets = ARENA_ARRAY(arena, size_t, text.size * 5 + 1) };
    for (size_t at = 0, size; at < text.size; at += size) {
        unsigned point = tts_character(str_sub(text, at, 4), &size);
        if (point < 0x80)
            put(&plain, point < ' ' ? ' ' : (char)point, at);
        else
            for (const char *c = nearest(point); *c; c++)
                put(&plain, *c, at);
    }
    return plain;
}

// "Mr." and "J." end no sentence.
static bool ends_sentence(const char *text, size_t stop)
{
    static const char *const titles[] = { "Mr", "Mrs", "Ms", "Dr", "St", "Prof", "No", "vs" };
    if (text[stop] != '.')
        return text[stop] == '!' || text[stop] == '?';
    size_t begin = stop;
    while (begin > 0 && text[begin - 1] != ' ')
        begin--;
    str word = { text + begin, stop - begin };
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        if (str_equal_c(word, titles[i]))
            return false;
    return word.size != 1;
}

// Bytes of the first sentence. Very long ones are cut between words, or flite's memory would know no bounds.
static size_t sentence_size(const char *text, size_t size)
{
    size_t space = 0;
    for (size_t i = 0; i < size && i < SENTENCE_SIZE_MAX; i++) {
        if (text[i] != ' ')
            continue;
        if (i && ends_sentence(text, i - 1))
            return i + 1;
        space = i + 1;
    }
    return size <= SENTENCE_SIZE_MAX ? size : space ? space : SENTENCE_SIZE_MAX;
}

static bool has_word(const char *text)
{
    for (; *text; text++)
        if ((*text >= '0' && *text <= '9') || (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z'))
            return true;
    return strpbrk(text, "$%&+=@#") != NULL;
}

static const cst_item *token_of(const cst_item *segment)
{
    const cst_item *in_syllable = item_as(segment, "SylStructure");
    const cst_item *syllable = in_syllable ? item_parent(in_syllable) : NULL;
    const cst_item *word = syllable ? item_parent(syllable) : NULL;
    const cst_item *in_token = word ? item_as(word, "Token") : NULL;
    return in_token ? item_parent(in_token) : NULL;
}

static void take_times(cst_utterance *utterance, const char *sentence, const size_t *offsets, int rate, int64_t frames,
    struct tts_speech *speech)
{
    int64_t base = tts_frames(speech), start = 0;
    const cst_item *last_token = NULL;
    const char *at = sentence;
    for (cst_item *segment = relation_head(utt_relation(utterance, "Segment")); segment; segment = item_next(segment)) {
        tts_add_phoneme(speech, item_feat_string(segment, "name"), base + start);
        const cst_item *token = token_of(segment);
        if (token && token != last_token) {
            last_token = token;
            const char *found = strstr(at, item_feat_string(token, "name"));
            if (found) {
                tts_add_mark(speech, offsets[found - sentence], base + start);
                at = found + 1;
            }
        }
        int64_t end = lround((double)item_feat_float(segment, "end") * rate);
        start = end < start ? start : end > frames ? frames : end;
    }
}

static error speak_sentence(cst_voice *voice, const char *sentence, const size_t *offsets, struct tts_speech *speech)
{
    cst_utterance *utterance = flite_synth_text(sentence, voice);
    if (!utterance)
        return error_make(ERROR_ENGINE_FAILED, "flite", "flite could not speak the text");
    const cst_wave *wave = utt_wave(utterance);
    error failure = OK;
    if (wave) {
        take_times(utterance, sentence, offsets, wave->sample_rate, wave->num_samples, speech);
        failure = tts_add_samples(speech, wave->samples, (size_t)wave->num_samples);
    }
    delete_utterance(utterance);
    return failure;
}

static error speak(void *state, str text, struct tts_speech *speech)
{
    struct arena *arena = tts_arena(speech);
    struct plain plain = make_plain(arena, text);
    for (size_t at = 0, size; at < plain.size; at += size) {
        size = sentence_size(plain.text + at, plain.size - at);
        const char *sentence = str_to_c(arena, (str) { plain.text + at, size });
        if (has_word(sentence))
            TRY(speak_sentence(state, sentence, plain.offsets + at, speech));
        TRY(tts_progress(speech, plain.offsets[at]));
    }
    return OK;
}

static error open_voice(
    const struct tts_settings *settings, struct arena *arena, int *ret_sample_rate, void **ret_state)
{
    (void)arena;
    for (size_t i = 0; i < VOICE_COUNT; i++) {
        if (!str_equal_c(settings->voice, voices[i].voice.id))
            continue;
        flite_init();
        cst_voice *voice = voices[i].load(NULL);
        if (!voice)
            return error_make(ERROR_ENGINE_FAILED, "flite", "flite's voice does not load");
        flite_feat_set_float(voice->features, "duration_stretch", (float)(1 / settings->speed));
        flite_feat_set_float(voice->features, "f0_shift", voices[i].pitch * (float)settings->pitch);
        if (voices[i].f0_mean > 0)
            flite_feat_set_float(voice->features, "int_f0_target_mean", voices[i].f0_mean * (float)settings->pitch);
        *ret_sample_rate = voices[i].sample_rate;
        *ret_state = voice;
        return OK;
    }
    return error_of(ERROR_VOICE_NOT_FOUND);
}

// The voice stays registered in the library for the life of the process.
static void close_voice(void *state)
{
    (void)state;
}

static error list(struct arena *arena, void (*each)(void *context, const struct tts_voice *voice), void *context)
{
    (void)arena;
    for (size_t i = 0; i < VOICE_COUNT; i++)
        each(context, &voices[i].voice);
    return OK;
}

const struct tts_engine tts_flite = {
    .name = "flite", .list = list, .open = open_voice, .speak = speak, .close = close_voice
};
