// SPDX-License-Identifier: GPL-3.0-or-later
// Texts to speak: sentences, marks, and what English numbers, dates and abbreviations become.
#include "domain/voice.h"
#include "test.h"
#include "work/voice_text.h"

// The sentences, separated by bars.
static str said(struct arena *arena, const char *text, const char *language, const json_t *pronunciations)
{
    struct voice_text read;
    str joined = STR("");
    voice_text_read(arena, str_of(text), str_of(language), pronunciations, &read);
    for (size_t i = 0; i < read.count; i++)
        joined = str_format(arena, "%.*s%s%.*s", STR_ARGS(joined), i ? "|" : "", STR_ARGS(read.sentences[i].said));
    return joined;
}

static void english_numbers_dates_and_abbreviations_become_words(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        { "Dr. Smith lives in St. Paul.", "doctor Smith lives in saint Paul." },
        { "It costs $5.50, or 1,234 euros.",
            "It costs five dollars and fifty cents, or one thousand two hundred thirty four euros." },
        { "On 2026-11-21 at 10:05am.", "On November twenty first, twenty twenty six at ten oh five a m." },
        { "On 3/4/2025!", "On March fourth, twenty twenty five!" },
        { "The 22nd of 1999, the 1990s.", "The twenty second of nineteen ninety nine, the nineteen nineties." },
        { "5 km, 20\xC2\xB0"
          "C and 50%.",
            "five kilometers, twenty degrees Celsius and fifty percent." },
        { "Pi is 3.14, room 007.", "Pi is three point one four, room zero zero seven." },
        { "Salt & pepper, e.g. 2 cups.", "Salt and pepper, for example two cups." },
        { "$3 million", "three million dollars" },
        { "No. I said no.", "No.|I said no." },
        { "See No. 5, fig. 2.", "See number five, figure two." },
        { "Pages 10-20", "Pages ten to twenty" },
        { "a5b, 1.2.3 and -4", "a5b, 1.2.3 and minus four" },
        { "$1.01 and \xC2\xA3"
          "1",
            "one dollar and one cent and one pound" },
    };
    struct arena *arena = arena_new(16 << 20);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        assert_string_equal(said(arena, pairs[i][0], "en-us", NULL).data, pairs[i][1]);
    assert_string_equal(said(arena, "On 3/4/2025.", "en-gb", NULL).data, "On the third of April twenty twenty five.");
    assert_string_equal(said(arena, "Am 3.4. um 10:05 Dr. Wer", "de", NULL).data, "Am 3.4. um 10:05 Dr.|Wer");
    arena_free(arena);
}

static void texts_are_cut_into_sentences(void **state)
{
    (void)state;
    struct arena *arena = arena_new(16 << 20);
    assert_string_equal(
        said(arena, "One. Two? \"Three!\" Four\nFive", "en-us", NULL).data, "One.|Two?|\"Three!\"|Four|Five");
    assert_string_equal(said(arena, "Mr. J. Doe went. He came.", "en-us", NULL).data, "mister J. Doe went.|He came.");
    assert_string_equal(said(arena, "...  [pause 1s]  !", "en-us", NULL).data, "");
    char longer[3000];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    struct voice_text read;
    voice_text_read(arena, str_of(longer), STR("en"), NULL, &read);
    assert_true(read.count >= 5);
    for (size_t i = 0; i < read.count; i++)
        assert_true(read.sentences[i].said.size <= VOICE_SENTENCE_BYTES + 1);
    arena_free(arena);
}

static void marks_make_pauses_and_emphasis_and_are_not_said(void **state)
{
    (void)state;
    struct arena *arena = arena_new(16 << 20);
    struct voice_text read;
    const char *text = "[pause 500ms] It is *very* nice.[pause 2s]End 2 * 3 [pause 0.25]";
    voice_text_read(arena, str_of(text), STR("de"), NULL, &read);
    assert_int_equal(read.count, 2);
    assert_string_equal(read.sentences[0].said.data, "It is very nice.");
    assert_float_equal(read.sentences[0].pause_s, 0.5, 1e-9);
    assert_string_equal(read.sentences[1].said.data, "End 2 * 3");
    assert_float_equal(read.sentences[1].pause_s, 2, 1e-9);
    assert_float_equal(read.pause_s, 0.25, 1e-9);
    size_t very = (size_t)str_find(str_of(text), STR("very"));
    assert_true(read.is_loud[very] && read.is_loud[very + 3] && !read.is_loud[very + 6]);
    assert_string_equal(voice_text_plain(arena, str_of("a *b* [pause 1s]c 2*3")).data, "a b c 2*3");
    arena_free(arena);
}

static void every_spoken_byte_knows_where_it_comes_from(void **state)
{
    (void)state;
    struct arena *arena = arena_new(16 << 20);
    struct voice_text read;
    const char *text = "I paid $5 twice.";
    voice_text_read(arena, str_of(text), STR("en-us"), NULL, &read);
    const struct voice_sentence *one = &read.sentences[0];
    ptrdiff_t five = str_find(one->said, STR("five")), twice = str_find(one->said, STR("twice"));
    assert_int_equal(one->origin[five], 7);
    assert_int_equal(one->origin[five + 6], 7);
    assert_int_equal(one->origin[twice], 10);
    arena_free(arena);
}

static void pronunciations_replace_whole_words_whatever_their_case(void **state)
{
    (void)state;
    struct arena *arena = arena_new(16 << 20);
    json_t *list = json_keep(arena, json_pack("[{s:s, s:s}]", "word", "gif", "spoken", "jif"));
    assert_string_equal(said(arena, "A GIF, a (gif) but no gift.", "de", list).data, "A jif, a (jif) but no gift.");
    arena_free(arena);
}

static void a_voice_knows_the_letters_of_its_language(void **state)
{
    (void)state;
    assert_null(voice_foreign_script(STR("en-us"), STR("Caf\xC3\xA9, na\xC3\xAFve; the angle \xCE\xB1")));
    assert_string_equal(voice_foreign_script(STR("en-us"), STR("\xD0\x9C\xD0\xB8\xD1\x80")), "Cyrillic");
    assert_null(voice_foreign_script(STR("ru"), STR("\xD0\x9C\xD0\xB8\xD1\x80 and peace")));
    assert_null(voice_foreign_script(STR_NONE, STR("\xD0\x9C\xD0\xB8\xD1\x80")));
    assert_string_equal(voice_foreign_script(STR("de"), STR("\xE6\xB0\xB4")), "Chinese");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(english_numbers_dates_and_abbreviations_become_words),
        cmocka_unit_test(texts_are_cut_into_sentences),
        cmocka_unit_test(marks_make_pauses_and_emphasis_and_are_not_said),
        cmocka_unit_test(every_spoken_byte_knows_where_it_comes_from),
        cmocka_unit_test(pronunciations_replace_whole_words_whatever_their_case),
        cmocka_unit_test(a_voice_knows_the_letters_of_its_language),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
