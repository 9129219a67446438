// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/voice_speak.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/language.h"
#include "crypt/crypt.h"
#include "work/voice_text.h"

// Sentences that are in memory at a time; a sentence is at most a minute, two megabytes.
enum { BATCH = 24, LANES_MAX = 4, SENTENCE_VERSION = 1, FADE = 256 };
enum { LANE_ARENA_BYTES = 64 << 20 };
static const double LOUDER = 1.5; // of emphasized words

struct speaking {
    struct arena *arena;
    const struct voice_asker *asker;
    const struct voice_wish *wish;
    const struct voice_engine *engine;
    str name, language;
    struct voice_text text;
    const struct voice_sink *sink;
    int rate;
    int64_t frames;
    json_t *words, *phonemes;
};

struct sentence {
    const struct voice_sentence *said;
    str key;
    struct voice_sound sound;
    bool found;
    error failure;
    char message[400];
};

struct batch {
    struct speaking *speaking;
    struct sentence *sentences;
    size_t count, next;
    bool failed;
    pthread_mutex_t lock;
};

static str key_of(struct speaking *speaking, str said)
{
    unsigned char hash[32];
    str decides = str_format(speaking->arena, "sentence %d\n%s:%.*s\n%.4f %.4f\n%.*s", SENTENCE_VERSION,
        speaking->engine->name, STR_ARGS(speaking->name), speaking->wish->speed, speaking->wish->pitch, STR_ARGS(said));
    crypt_sha256(decides.data, decides.size, hash);
    return str_format(speaking->arena, "sentence %.*s", STR_ARGS(str_hex(speaking->arena, hash, sizeof hash)));
}

static error check_time(const struct voice_asker *asker)
{
    if (asker->cancelled && atomic_load(asker->cancelled))
        return error_of(ERROR_CANCELLED);
    if (asker->deadline_us && clock_mono_us() >= asker->deadline_us)
        return error_make(ERROR_TIMED_OUT, NULL, "The voice took longer than allowed");
    return OK;
}

static error speak_one(struct speaking *speaking, struct arena *arena, struct sentence *sentence)
{
    struct voice_task task = { .arena = arena,
        .asker = speaking->asker,
        .voice = speaking->name,
        .text = sentence->said->said,
        .speed = speaking->wish->speed,
        .pitch = speaking->wish->pitch,
        .language = speaking->language };
    TRY(check_time(speaking->asker));
    return speaking->engine->speak(&task, &sentence->sound);
}

static struct sentence *take(struct batch *batch)
{
    struct sentence *sentence = NULL;
    pthread_mutex_lock(&batch->lock);
    while (batch->next < batch->count && !batch->failed && !sentence) {
        sentence = &batch->sentences[batch->next++];
        if (sentence->found)
            sentence = NULL;
    }
    pthread_mutex_unlock(&batch->lock);
    return sentence;
}

// Errors and facts are made on other threads: both are handed over as copies.
struct lane {
    struct batch *batch;
    struct arena *arena;
};

static void *work(void *context)
{
    struct lane *lane = context;
    struct sentence *sentence;
    while ((sentence = take(lane->batch))) {
        sentence->failure = speak_one(lane->batch->speaking, lane->arena, sentence);
        if (!error_is(sentence->failure))
            continue;
        snprintf(sentence->message, sizeof sentence->message, "%s", sentence->failure.message);
        pthread_mutex_lock(&lane->batch->lock);
        lane->batch->failed = true;
        pthread_mutex_unlock(&lane->batch->lock);
    }
    return NULL;
}

static error speak_batch(struct batch *batch)
{
    struct speaking *speaking = batch->speaking;
    struct lane lanes[LANES_MAX];
    pthread_t threads[LANES_MAX];
    int count = speaking->asker->lanes < LANES_MAX ? speaking->asker->lanes : LANES_MAX, started = 0;
    for (; started + 1 < count; started++) {
        lanes[started] = (struct lane) { batch, arena_new(LANE_ARENA_BYTES) };
        if (pthread_create(&threads[started], NULL, work, &lanes[started])) {
            arena_free(lanes[started].arena); // fewer do it too
            break;
        }
    }
    work(&(struct lane) { batch, speaking->arena });
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < batch->count; i++)
        if (batch->sentences[i].sound.facts) // of another thread's arena
            batch->sentences[i].sound.facts = json_keep(
                speaking->arena, json_deep_copy(batch->sentences[i].sound.facts));
    for (int i = 0; i < started; i++)
        arena_free(lanes[i].arena);
    for (size_t i = 0; i < batch->count; i++) {
        const struct sentence *one = &batch->sentences[i];
        if (error_is(one->failure))
            return error_make(one->failure.code, "voice_id", "%s", one->message);
    }
    return OK;
}

// The sound

static bool is_loud(const struct speaking *speaking, const struct sentence *sentence, const json_t *word)
{
    int64_t at = json_get_int(word, "offset", 0);
    return at >= 0 && (size_t)at < sentence->said->said.size && speaking->text.is_loud[sentence->said->origin[at]];
}

static void louder(int16_t *samples, size_t count, size_t from, size_t to, double gain)
{
    to = to < count ? to : count;
    for (size_t i = from; i < to; i++) {
        double edge = fmin(1, fmin((double)(i - from), (double)(to - i)) / FADE);
        double value = samples[i] * (1 + (gain - 1) * edge);
        samples[i] = (int16_t)fmax(INT16_MIN, fmin(INT16_MAX, value));
    }
}

static void apply_volume(struct speaking *speaking, struct sentence *sentence)
{
    int16_t *samples = (int16_t *)(void *)sentence->sound.samples.data;
    size_t count = sentence->sound.samples.size / 2, i;
    json_t *word;
    json_array_foreach (json_object_get(sentence->sound.facts, "words"), i, word)
        if (is_loud(speaking, sentence, word))
            louder(samples, count, (size_t)(json_get_number(word, "start", 0) * speaking->rate),
                (size_t)(json_get_number(word, "end", 0) * speaking->rate), LOUDER);
    for (size_t k = 0; speaking->wish->volume != 1 && k < count; k++)
        samples[k] = (int16_t)fmax(INT16_MIN, fmin(INT16_MAX, samples[k] * speaking->wish->volume));
}

static error add_frames(struct speaking *speaking, const int16_t *samples, size_t count)
{
    speaking->frames += (int64_t)count;
    return speaking->sink->add(speaking->sink->context, speaking->rate, samples, count);
}

static error add_pause(struct speaking *speaking, double seconds)
{
    static const int16_t silence[4096];
    for (size_t left = (size_t)lround(seconds * speaking->rate), some; left; left -= some) {
        some = left < 4096 ? left : 4096;
        TRY(add_frames(speaking, silence, some));
    }
    return OK;
}

// Times

// The word as the text has it, without marks around.
static json_t *written(const struct speaking *speaking, size_t offset)
{
    str text = speaking->wish->text;
    size_t end = offset;
    while (end < text.size && !strchr(" \t\r\n[", text.data[end]))
        end++;
    while (end > offset && strchr(".,;:!?*\"')]}", text.data[end - 1]))
        end--;
    return json_str(str_sub(text, offset, end - offset));
}

// One written word that is spoken as several stays one.
static void add_words(struct speaking *speaking, const struct sentence *sentence, double from)
{
    int64_t last = -1;
    size_t i;
    json_t *word;
    json_array_foreach (json_object_get(sentence->sound.facts, "words"), i, word) {
        int64_t at = json_get_int(word, "offset", 0);
        if (at < 0 || (size_t)at >= sentence->said->said.size)
            continue;
        size_t offset = sentence->said->origin[at];
        double start = from + json_get_number(word, "start", 0), end = from + json_get_number(word, "end", 0);
        if ((int64_t)offset == last) {
            json_t *open = json_array_get(speaking->words, json_array_size(speaking->words) - 1);
            json_object_set_new(open, "end", json_real(end));
            continue;
        }
        last = (int64_t)offset;
        json_array_append_new(speaking->words, json_pack("{s:o, s:f, s:f, s:I}", "text", written(speaking, offset),
                                                   "start", start, "end", end, "offset", (json_int_t)offset));
    }
}

static void add_phonemes(struct speaking *speaking, const struct sentence *sentence, double from)
{
    size_t i;
    json_t *one;
    json_array_foreach (json_object_get(sentence->sound.facts, "phonemes"), i, one)
        json_array_append_new(speaking->phonemes,
            json_pack("{s:O, s:f, s:f}", "phoneme", json_object_get(one, "phoneme"), "start",
                from + json_get_number(one, "start", 0), "end", from + json_get_number(one, "end", 0)));
}

static error add_sentence(struct speaking *speaking, struct sentence *sentence)
{
    int rate = (int)json_get_int(sentence->sound.facts, "sample_rate", 0);
    if (!speaking->rate)
        speaking->rate = rate;
    if (rate < 1000 || rate != speaking->rate)
        return error_make(ERROR_ENGINE_FAILED, "voice_id", "The voice gave sounds that do not fit together");
    TRY(add_pause(speaking, sentence->said->pause_s));
    double from = (double)speaking->frames / rate;
    apply_volume(speaking, sentence);
    const int16_t *samples = (const int16_t *)(const void *)sentence->sound.samples.data;
    TRY(add_frames(speaking, samples, sentence->sound.samples.size / 2));
    add_words(speaking, sentence, from);
    add_phonemes(speaking, sentence, from);
    return OK;
}

static error do_batch(struct speaking *speaking, size_t first, size_t count)
{
    const struct voice_asker *asker = speaking->asker;
    struct sentence *sentences = ARENA_ARRAY(speaking->arena, struct sentence, count);
    struct batch batch = { .speaking = speaking, .sentences = sentences, .count = count };
    error result = OK;
    for (size_t i = 0; i < count && !error_is(result); i++) {
        sentences[i].said = &speaking->text.sentences[first + i];
        sentences[i].key = key_of(speaking, sentences[i].said->said);
        if (asker->find)
            result = asker->find(asker->context, sentences[i].key, &sentences[i].sound, &sentences[i].found);
    }
    pthread_mutex_init(&batch.lock, NULL);
    if (!error_is(result))
        result = speak_batch(&batch);
    pthread_mutex_destroy(&batch.lock);
    for (size_t i = 0; i < count; i++) {
        if (!error_is(result) && asker->keep && !sentences[i].found)
            result = asker->keep(asker->context, sentences[i].key, &sentences[i].sound);
        if (!error_is(result))
            result = add_sentence(speaking, &sentences[i]);
        buffer_done(&sentences[i].sound.samples);
    }
    return result;
}

// Somebody may listen already: the first sentence of each lane goes out before more of them are spoken at a time.
static error speak_all(struct speaking *speaking, json_t **ret_result)
{
    size_t count = speaking->text.count, some = speaking->asker->lanes > 1 ? (size_t)speaking->asker->lanes : 1;
    for (size_t done = 0; done < count;) {
        size_t now = count - done < some ? count - done : some;
        TRY(do_batch(speaking, done, now));
        done += now;
        some = some * 2 < BATCH ? some * 2 : BATCH;
        if (speaking->asker->progress)
            speaking->asker->progress(speaking->asker->context, (double)done / (double)count);
    }
    TRY(add_pause(speaking, speaking->text.pause_s));
    json_t *result = json_pack("{s:f, s:i, s:O, s:O}", "duration", (double)speaking->frames / speaking->rate,
        "sample_rate", speaking->rate, "words", speaking->words, "phonemes", speaking->phonemes);
    *ret_result = json_keep(speaking->arena, result);
    return OK;
}

// Voices of espeak-ng that write like this, as examples.
static error foreign(const char *script, str voice_id)
{
    static const struct {
        const char *script, *voices;
    } speakers[] = { { "Greek", "espeak:el" }, { "Cyrillic", "espeak:ru, espeak:uk, espeak:bg" },
        { "Armenian", "espeak:hy" }, { "Hebrew", "espeak:he" }, { "Arabic", "espeak:ar, espeak:fa, espeak:ur" },
        { "Devanagari", "espeak:hi, espeak:mr, espeak:ne" }, { "Bengali", "espeak:bn, espeak:as" },
        { "Gurmukhi", "espeak:pa" }, { "Gujarati", "espeak:gu" }, { "Odia", "espeak:or" }, { "Tamil", "espeak:ta" },
        { "Telugu", "espeak:te" }, { "Kannada", "espeak:kn" }, { "Malayalam", "espeak:ml" }, { "Sinhala", "espeak:si" },
        { "Thai", "espeak:th" }, { "Myanmar", "espeak:my" }, { "Georgian", "espeak:ka" }, { "Hangul", "espeak:ko" },
        { "Ethiopic", "espeak:am" }, { "Cherokee", "espeak:chr" }, { "Kana", "espeak:ja" },
        { "Chinese", "espeak:cmn, espeak:yue" } };
    for (size_t i = 0; i < sizeof speakers / sizeof *speakers; i++)
        if (!strcmp(script, speakers[i].script))
            return error_make(ERROR_VALIDATION_ERROR, "text",
                "The voice %.*s cannot speak text in %s letters; these can: %s", STR_ARGS(voice_id), script,
                speakers[i].voices);
    return error_make(ERROR_VALIDATION_ERROR, "text", "No voice here can speak text in %s letters", script);
}

error voice_speak_check(struct arena *arena, str voice_id, str text)
{
    const struct voice_engine *engine;
    str name;
    TRY(voice_choose(arena, voice_id, &engine, &name));
    const char *script = voice_foreign_script(voice_language(arena, voice_id), text);
    return script ? foreign(script, voice_id) : OK;
}

error voice_speak(struct arena *arena, const struct voice_asker *asker, const struct voice_wish *wish,
    const json_t *pronunciations, const struct voice_sink *sink, json_t **ret_result)
{
    struct speaking speaking = { .arena = arena, .asker = asker, .wish = wish, .sink = sink };
    TRY(voice_speak_check(arena, wish->voice_id, wish->text));
    TRY(voice_choose(arena, wish->voice_id, &speaking.engine, &speaking.name));
    speaking.language = voice_language(arena, wish->voice_id);
    voice_text_read(
        arena, wish->text, speaking.language.data ? speaking.language : STR(""), pronunciations, &speaking.text);
    if (!speaking.text.count)
        return error_make(ERROR_VALIDATION_ERROR, "text", "There is nothing to speak in the text");
    speaking.words = json_keep(arena, json_array());
    speaking.phonemes = json_keep(arena, json_array());
    return speak_all(&speaking, ret_result);
}

struct voice_wish voice_wish_of(const json_t *params)
{
    return (struct voice_wish) { .voice_id = json_get_str(params, "voice"),
        .text = json_get_str(params, "text"),
        .speed = json_get_number(params, "speed", 1),
        .pitch = json_get_number(params, "pitch", 1),
        .volume = json_get_number(params, "volume", 1) };
}
