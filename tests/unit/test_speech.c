// SPDX-License-Identifier: GPL-3.0-or-later
#include <ctype.h>
#include <math.h>
#include <sys/resource.h>

#include "base/str.h"
#include "engine_help.h"

static struct zygote *zygote;

static int start_zygote(void **state)
{
    (void)state;
    assert_ok(zygote_start(engine_path(), ZYGOTE_SPEECH, &zygote));
    return 0;
}

static int stop_zygote(void **state)
{
    (void)state;
    zygote_stop(zygote);
    return 0;
}

static struct child *fresh(void)
{
    struct child *child;
    assert_ok(child_fork(zygote, NULL, &child));
    return child;
}

static json_t *speaking(const char *voice, const char *text, double speed)
{
    return json_pack("{s:s, s:s, s:f}", "voice", voice, "text", text, "speed", speed);
}

// Asks in a fresh child; drops its own reference to the parameters.
static error ask_fresh(struct arena *arena, const char *op, json_t *params, struct memory_file *file,
    struct buffer *output, json_t **ret_result)
{
    struct child *child = fresh();
    error failure = ask(child, arena, op, params, file, output, ret_result);
    child_end(child);
    json_decref(params);
    return failure;
}

// Words in order, inside of the sound, each with its own text at its offset.
static void assert_words(const json_t *result, const char *text)
{
    double duration = json_get_number(result, "duration", -1), before = 0;
    size_t i;
    json_t *word;
    json_array_foreach (json_object_get(result, "words"), i, word) {
        double start = json_get_number(word, "start", -1), end = json_get_number(word, "end", -1);
        str spelled = json_get_str(word, "text");
        assert_true(start >= before && end > start && end <= duration);
        assert_memory_equal(text + json_get_int(word, "offset", 0), spelled.data, spelled.size);
        before = start;
    }
    before = 0;
    json_array_foreach (json_object_get(result, "phonemes"), i, word) {
        double start = json_get_number(word, "start", -1), end = json_get_number(word, "end", -1);
        assert_true(start >= before && end >= start && end <= duration);
        before = end;
    }
    assert_true(i > 3);
}

static void check_voice(const char *voice, const char *text, size_t words)
{
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    BUFFER_AUTO struct buffer wav = { 0 };
    json_t *result;
    assert_ok(ask_fresh(arena, "tts.speak", speaking(voice, text, 1), NULL, &wav, &result));
    uint32_t data_size, rate;
    memcpy(&rate, wav.data + 24, 4);
    memcpy(&data_size, wav.data + 40, 4);
    assert_int_equal(data_size + 44, wav.size);
    assert_int_equal(rate, json_get_int(result, "sample_rate", 0));
    assert_true(fabs(json_get_number(result, "duration", 0) - data_size / 2.0 / rate) < 1e-9);
    assert_int_equal(json_array_size(json_object_get(result, "words")), words);
    assert_words(result, text);
}

static void every_synthesizer_times_its_words(void **state)
{
    (void)state;
    static const char text[] = "Hello, (big) world! It’s 1999; Mr. Smith paid 20 dollars — café.";
    static const char *const voices[] = { "flite:slt", "flite:rms", "flite:awb", "flite:kal", "flite:kal16",
        "espeak:en-us", "espeak:de+f3" };
    for (size_t i = 0; i < sizeof voices / sizeof *voices; i++)
        check_voice(voices[i], text, 11);
    check_voice("espeak:ru", "Привет, большой мир. Как дела?", 5);
    check_voice("espeak:de", "Der Raum (hinter dem Portal) wurde als Leichenhalle genutzt; z. B. 3,5 m.", 13);
}

static double duration_of(const char *voice, const char *text, double speed)
{
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    BUFFER_AUTO struct buffer wav = { 0 };
    json_t *result;
    assert_ok(ask_fresh(arena, "tts.speak", speaking(voice, text, speed), NULL, &wav, &result));
    return json_get_number(result, "duration", 0);
}

static void pauses_and_speed_change_the_length(void **state)
{
    (void)state;
    static const char *const voices[] = { "flite:slt", "espeak:en-us" };
    for (size_t i = 0; i < 2; i++) {
        double plain = duration_of(voices[i], "One two three four five.", 1);
        double fast = duration_of(voices[i], "One two three four five.", 2);
        double slow = duration_of(voices[i], "One two three four five.", 0.5);
        assert_true(fast < 0.65 * plain && slow > 1.5 * plain);
        double first = duration_of(voices[i], "One two.", 1), second = duration_of(voices[i], "Three.", 1);
        double both = duration_of(voices[i], "One two.[pause 1.5s]Three.", 1);
        assert_true(fabs(both - first - second - 1.5) < 0.05);
    }
}

static void what_cannot_be_spoken_is_refused(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    BUFFER_AUTO struct buffer wav = { 0 };
    json_t *result;
    assert_error(ask_fresh(arena, "tts.speak", speaking("flite:nobody", "Hello", 1), NULL, &wav, &result),
        ERROR_VOICE_NOT_FOUND);
    assert_error(ask_fresh(arena, "tts.speak", speaking("espeak:../../x", "Hello", 1), NULL, &wav, &result),
        ERROR_VOICE_NOT_FOUND);
    assert_error(ask_fresh(arena, "tts.speak", speaking("espeak:xx-none", "Hello", 1), NULL, &wav, &result),
        ERROR_VOICE_NOT_FOUND);
    assert_error(
        ask_fresh(arena, "tts.speak", speaking("flite:slt", "Hello", 3), NULL, &wav, &result), ERROR_VALIDATION_ERROR);
    static const char *const empty[] = { "", "  \n", "...", "[pause 1s]", "—" };
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        assert_error(ask_fresh(arena, "tts.speak", speaking("flite:slt", empty[i], 1), NULL, &wav, &result),
            ERROR_VALIDATION_ERROR);
        assert_error(ask_fresh(arena, "tts.speak", speaking("espeak:en-us", empty[i], 1), NULL, &wav, &result),
            ERROR_VALIDATION_ERROR);
    }
}

static void odd_texts_end_in_speech_or_an_error(void **state)
{
    (void)state;
    static const char *const odd[] = { "🎬🎬🎬", "\x01\x02 a \x7f", "<speak>hi</speak> [[p@p]] &amp;",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "1234567890123456789012345678901234567890", "[pause", "[pause x] y", "$%&",
        "\"quoted\" 'words'", "日本語 text" };
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        for (int engine = 0; engine < 2; engine++) {
            ARENA_AUTO struct arena *arena = arena_new(1 << 20);
            BUFFER_AUTO struct buffer wav = { 0 };
            json_t *result;
            error failure = ask_fresh(
                arena, "tts.speak", speaking(engine ? "flite:kal16" : "espeak:en-us", odd[i], 1), NULL, &wav, &result);
            if (error_is(failure) && failure.code != ERROR_VALIDATION_ERROR)
                fail_msg("%s: %s", odd[i], failure.message);
        }
}

static void the_same_question_gets_the_same_bytes(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    BUFFER_AUTO struct buffer first = { 0 };
    BUFFER_AUTO struct buffer second = { 0 };
    json_t *result;
    assert_ok(ask_fresh(arena, "tts.speak", speaking("flite:slt", "Same again.", 1), NULL, &first, &result));
    assert_ok(ask_fresh(arena, "tts.speak", speaking("flite:slt", "Same again.", 1), NULL, &second, &result));
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
}

// In one child, where the synthesizers' own state passes from one voice to the next.
static void every_listed_voice_speaks(struct arena *arena, const json_t *voices)
{
    struct child *child = fresh();
    size_t i;
    json_t *voice, *result;
    json_array_foreach (voices, i, voice) {
        BUFFER_AUTO struct buffer wav = { 0 };
        json_t *params = json_keep(arena, speaking(json_get_str(voice, "id").data, "1, 2", 1));
        assert_ok(ask(child, arena, "tts.speak", params, NULL, &wav, &result));
        assert_true(json_get_number(result, "duration", 0) > 0.1);
    }
    child_end(child);
}

static void the_voices_are_listed(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    json_t *result, *voice;
    assert_ok(ask_fresh(arena, "tts.voices", NULL, NULL, NULL, &result));
    const json_t *voices = json_object_get(result, "voices");
    json_t *ids = json_keep(arena, json_object());
    size_t i;
    json_array_foreach (voices, i, voice)
        json_object_set(ids, json_get_str(voice, "id").data, voice);
    assert_int_equal(json_object_size(ids), json_array_size(voices));
    assert_true(json_array_size(voices) > 200);
    static const char *const some[] = { "espeak:en-us", "espeak:de", "espeak:de+f3", "flite:slt", "flite:kal16" };
    for (i = 0; i < sizeof some / sizeof *some; i++)
        assert_non_null(json_object_get(ids, some[i]));
    assert_string_equal(json_get_str(json_object_get(ids, "espeak:en-us"), "dialect").data, "America");
    every_listed_voice_speaks(arena, voices);
}

// Recognition

static json_t *transcribe(struct arena *arena, struct memory_file *file, json_t **ret_split)
{
    json_t *split, *result;
    assert_ok(ask_fresh(arena, "asr.split", json_pack("{s:i}", "chunk_max", 15), file, NULL, &split));
    json_t *params = json_pack(
        "{s:s, s:s, s:O}", "engine", "pocketsphinx", "language", "en", "chunks", json_object_get(split, "chunks"));
    assert_ok(ask_fresh(arena, "asr.decode", params, file, NULL, &result));
    if (ret_split)
        *ret_split = split;
    return result;
}

static str words_of(struct arena *arena, const json_t *transcript)
{
    BUFFER_AUTO struct buffer text = { 0 };
    double before = 0;
    size_t i, j;
    json_t *segment, *word;
    json_array_foreach (json_object_get(transcript, "segments"), i, segment) {
        json_array_foreach (json_object_get(segment, "words"), j, word) {
            double start = json_get_number(word, "start", -1), end = json_get_number(word, "end", -1);
            double confidence = json_get_number(word, "confidence", -1);
            assert_true(start >= before && end > start && confidence >= 0 && confidence <= 1);
            before = start;
            buffer_append_str(&text, json_get_str(word, "text"));
            buffer_append_byte(&text, ' ');
        }
    }
    return str_copy(arena, buffer_str(&text));
}

enum { WORDS_MAX = 400 };

// Lower case, letters, digits and apostrophes only.
static size_t split_words(struct arena *arena, str text, str *words)
{
    char *plain = arena_alloc(arena, text.size + 1);
    size_t size = 0, count = 0;
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (str_starts(str_sub(text, i, 3), STR("’"))) {
            plain[size++] = '\'';
            i += 2;
        } else {
            plain[size++] = isalnum(c) || c == '\'' ? (char)tolower(c) : ' ';
        }
    }
    str rest = { plain, size }, word;
    while (str_split(&rest, ' ', &word))
        if (word.size && count < WORDS_MAX)
            words[count++] = word;
    return count;
}

// Words to insert, drop or change to get from one text to the other.
static size_t word_errors(struct arena *arena, str expected, str heard, size_t *ret_expected)
{
    str *a = ARENA_ARRAY(arena, str, WORDS_MAX), *b = ARENA_ARRAY(arena, str, WORDS_MAX);
    size_t rows = split_words(arena, expected, a), columns = split_words(arena, heard, b);
    size_t *costs = ARENA_ARRAY(arena, size_t, columns + 1);
    for (size_t j = 0; j <= columns; j++)
        costs[j] = j;
    for (size_t i = 1; i <= rows; i++) {
        size_t diagonal = costs[0];
        costs[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            size_t change = diagonal + !str_equal(a[i - 1], b[j - 1]);
            size_t least = costs[j] < costs[j - 1] ? costs[j] + 1 : costs[j - 1] + 1;
            diagonal = costs[j];
            costs[j] = change < least ? change : least;
        }
    }
    *ret_expected = rows;
    return costs[columns];
}

static void spoken_words_are_recognized(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    BUFFER_AUTO struct buffer wav = { 0 };
    static const char text[] = "The weather is nice today and the children are playing in the garden. "
                               "My brother wants to buy a new house near the river.";
    json_t *spoken;
    assert_ok(ask_fresh(arena, "tts.speak", speaking("flite:rms", text, 1), NULL, &wav, &spoken));
    struct memory_file file = { .data = wav.data, .size = wav.size };
    json_t *transcript = transcribe(arena, &file, NULL);
    str heard = words_of(arena, transcript);
    size_t expected, errors = word_errors(arena, str_of(text), heard, &expected);
    print_message("%zu of %zu words wrong: %s\n", errors, expected, heard.data);
    assert_true(errors * 100 <= expected * 30);
}

struct score {
    size_t errors, words;
    double seconds, took;
};

static void score_file(const char *path, str expected, struct score *score)
{
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    struct memory_file file = file_load(path);
    assert_non_null(file.data);
    int64_t begin_us = clock_mono_us();
    json_t *split;
    json_t *transcript = transcribe(arena, &file, &split);
    double took = (double)(clock_mono_us() - begin_us) / 1e6, seconds = json_get_number(split, "duration", 0);
    str heard = words_of(arena, transcript);
    size_t words, errors = word_errors(arena, expected, heard, &words);
    const char *name = strrchr(path, '/') + 1;
    print_message("%-28s %3zu/%3zu wrong, %5.1f s in %4.1f s, %zu chunks: %.90s\n", name, errors, words, seconds, took,
        json_array_size(json_object_get(split, "chunks")), heard.data);
    score->errors += errors;
    score->words += words;
    score->seconds += seconds;
    score->took += took;
    free((char *)file.data);
}

static void print_score(const struct score *score)
{
    print_message("word error rate %.1f %% of %zu words; %.2f s a second\n",
        100.0 * (double)score->errors / (double)score->words, score->words, score->took / score->seconds);
}

static void recordings_from_debian_are_recognized(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
    } files[] = {
        { "sense_and_sensibility_01_austen_64kb-0870.wav", "and mister john dashwood had then leisure to consider how "
                                                           "much there might be prudently in his power to do "
                                                           "for them" },
        { "sense_and_sensibility_01_austen_64kb-0880.wav", "he was not an ill disposed young man" },
        { "sense_and_sensibility_01_austen_64kb-0930.wav", "he might even have been made amiable himself" },
    };
    struct score score = { 0 };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[200];
        snprintf(path, sizeof path, "/usr/share/pocketsphinx/test/data/librivox/%s", files[i].name);
        score_file(path, str_of(files[i].text), &score);
    }
    print_score(&score);
    assert_true(score.errors * 100 <= score.words * 35);
}

// Verse of 1609, and a speaker with a cold who thinks aloud: beyond this recognizer.
static bool is_hard(str name)
{
    return str_find(name, STR("sonnet")) >= 0 || str_find(name, STR("cold")) >= 0;
}

static void clean_english_is_recognized(void **state)
{
    (void)state;
    struct memory_file list = file_load(KINORA_SHARED "/inputs/refs.tsv");
    if (!list.data)
        return; // they are an extra: Debian's recordings are recognized above
    struct score score = { 0 };
    str rest = { list.data, list.size }, line;
    while (str_split(&rest, '\n', &line)) {
        str text = line, name;
        str_split(&text, '\t', &name);
        if (!str_starts(name, STR("speech/en_")) || is_hard(name))
            continue;
        char path[500];
        snprintf(path, sizeof path, "%s/inputs/%.*s", KINORA_SHARED, STR_ARGS(name));
        score_file(path, text, &score);
    }
    free((char *)list.data);
    print_score(&score);
    assert_true(score.words > 150 && score.errors * 100 <= score.words * 35);
}

static void silence_and_tones_hold_no_speech(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct memory_file tone = tone_wav(20, 16000);
    json_t *split;
    assert_ok(ask_fresh(arena, "asr.split", NULL, &tone, NULL, &split));
    assert_int_equal(json_array_size(json_object_get(split, "chunks")), 0);
    assert_true(json_get_number(split, "duration", 0) == 20);
    memset((char *)tone.data + 44, 0, tone.size - 44);
    assert_ok(ask_fresh(arena, "asr.split", NULL, &tone, NULL, &split));
    assert_int_equal(json_array_size(json_object_get(split, "chunks")), 0);
    free((char *)tone.data);
}

static void long_speech_is_cut_into_short_chunks(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    BUFFER_AUTO struct buffer wav = { 0 };
    BUFFER_AUTO struct buffer text = { 0 };
    for (int i = 0; i < 12; i++)
        buffer_append_c(
            &text, "and then we went on to the next place where nobody had been before us and it was good ");
    json_t *spoken, *split, *chunk;
    assert_ok(ask_fresh(arena, "tts.speak",
        json_pack("{s:s, s:s%}", "voice", "flite:kal16", "text", text.data, text.size), NULL, &wav, &spoken));
    struct memory_file file = { .data = wav.data, .size = wav.size };
    assert_ok(ask_fresh(arena, "asr.split", json_pack("{s:i}", "chunk_max", 5), &file, NULL, &split));
    double before = 0, covered = 0;
    size_t i;
    json_array_foreach (json_object_get(split, "chunks"), i, chunk) {
        double start = json_get_number(chunk, "start", -1), end = json_get_number(chunk, "end", -1);
        assert_true(start >= before && end > start && end - start <= 5.001);
        covered += end - start;
        before = end;
    }
    assert_true(i >= 8 && covered > 0.85 * json_get_number(spoken, "duration", 0));
}

static void other_languages_and_silent_films_are_refused(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct memory_file tone = tone_wav(1, 16000);
    json_t *result;
    error failure = ask_fresh(
        arena, "asr.decode", json_pack("{s:s, s:[]}", "language", "de", "chunks"), &tone, NULL, &result);
    assert_error(failure, ERROR_UNSUPPORTED_LANGUAGE);
    assert_non_null(strstr(failure.message, "en"));
    assert_error(
        ask_fresh(arena, "asr.decode",
            json_pack("{s:n, s:[{s:f, s:f}]}", "language", "chunks", "start", 2.0, "end", 1.0), &tone, NULL, &result),
        ERROR_VALIDATION_ERROR);
    free((char *)tone.data);
    static const char gif[] = "GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\4\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;";
    struct memory_file picture = { .data = gif, .size = sizeof gif - 1 };
    assert_error(ask_fresh(arena, "asr.split", NULL, &picture, NULL, &result), ERROR_NO_AUDIO);
}

static void synthesis_is_much_faster_than_speech(void **state)
{
    (void)state;
    static const char *const voices[] = { "flite:slt", "flite:kal16", "espeak:en-us" };
    for (size_t i = 0; i < 3; i++) {
        int64_t begin_us = clock_mono_us();
        double seconds = duration_of(voices[i],
            "The invention of movable metal letters in the middle of the fifteenth century may justly be considered as "
            "the "
            "invention of the art of printing.",
            1);
        double took = (double)(clock_mono_us() - begin_us) / 1e6;
        print_message("%s: %.1f s of speech in %.3f s\n", voices[i], seconds, took);
        assert_true(took < seconds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_synthesizer_times_its_words),
        cmocka_unit_test(pauses_and_speed_change_the_length),
        cmocka_unit_test(what_cannot_be_spoken_is_refused),
        cmocka_unit_test(odd_texts_end_in_speech_or_an_error),
        cmocka_unit_test(the_same_question_gets_the_same_bytes),
        cmocka_unit_test(the_voices_are_listed),
        cmocka_unit_test(spoken_words_are_recognized),
        cmocka_unit_test(recordings_from_debian_are_recognized),
        cmocka_unit_test(clean_english_is_recognized),
        cmocka_unit_test(silence_and_tones_hold_no_speech),
        cmocka_unit_test(long_speech_is_cut_into_short_chunks),
        cmocka_unit_test(other_languages_and_silent_films_are_refused),
        cmocka_unit_test(synthesis_is_much_faster_than_speech),
    };
    return cmocka_run_group_tests(tests, start_zygote, stop_zygote);
}
