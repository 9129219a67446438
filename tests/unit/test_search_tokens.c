// SPDX-License-Identifier: GPL-3.0-or-later
// How texts and queries are cut into tokens, what matches, and what is shown of it.
#include <stdio.h>
#include <stdlib.h>

#include "domain/search_query.h"
#include "test.h"

static void check_cut(const char *text, const char *words, const char *joined)
{
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct search_tokens tokens;
    search_tokens(arena, str_of(text), &tokens);
    assert_string_equal(search_words_text(arena, &tokens).data, words);
    assert_string_equal(search_joined_text(arena, &tokens).data, joined);
    for (size_t i = 0; i < tokens.word_count; i++) {
        assert_true(tokens.words[i].start < tokens.words[i].end);
        assert_true(tokens.words[i].end <= strlen(text));
        assert_in_range(tokens.words[i].text.size, 1, SEARCH_TOKEN_BYTES);
    }
}

static void case_accents_and_forms_are_folded(void **state)
{
    (void)state;
    check_cut("Crème BRÛLÉE", "creme brulee", "");
    check_cut("Cre\xCC\x80me", "creme", "");
    check_cut("Straße ÆØÅ Łódź Ðorđe", "strasse aeoa lodz dorde", "");
    check_cut("ﬁne ＡＢＣ１２ Ⅳ", "fine abc12 iv", "");
    check_cut("ΜΆΪΟΣ Ёлка", "μαιοσ елка", "");
    check_cut("İstanbul ılık", "istanbul ilik", "");
    check_cut("soft\xC2\xADhyphen", "softhyphen", "");
}

static void what_holds_together_is_there_in_parts_and_joined(void **state)
{
    (void)state;
    check_cut("Wi-Fi isn't O’Brien", "wi fi isn t o brien", "wifi isnt obrien");
    check_cut("10,000 steps, 3.5 km", "10 000 steps 3 5 km", "10000");
    check_cut("https://example.org/a-b?c=d", "https example org a b c d", "exampleorg ab");
    check_cut("my_talk-2024.mp4", "my talk 2024 mp4", "mytalk2024");
    check_cut("U.S.A. v2.1 -x- 'y'", "u s a v2 1 x y", "usa");
}

static void scripts_without_spaces_become_pairs(void **state)
{
    (void)state;
    check_cut("東京都", "東京 京都 都", "");
    check_cut("東京 tower 2024年", "東京 京 tower 2024 年", "");
    check_cut("がｶﾞ", "がガ ガ", "");
    check_cut("서울은", "서울 울은 은", "");
}

static void bytes_that_are_no_text_separate_words(void **state)
{
    (void)state;
    check_cut("a\xFF"
              "b\xE4\xB8",
        "a b", "");
    check_cut("", "", "");
    check_cut(" \t!?", "", "");
    check_cut("½ x²", "12 x2", "");
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct search_tokens tokens;
    char noise[512];
    for (unsigned round = 0; round < 2000; round++) {
        for (size_t i = 0; i < sizeof noise; i++)
            noise[i] = (char)(rand() >> 7);
        arena_reset(arena);
        search_tokens(arena, (str) { noise, sizeof noise }, &tokens);
        for (size_t i = 0; i < tokens.word_count; i++)
            for (size_t k = 0; k < tokens.words[i].text.size; k++) {
                unsigned char c = (unsigned char)tokens.words[i].text.data[k];
                assert_true((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c > 127);
            }
    }
}

static void check_query(const char *text, const char *fts5, const char *tsquery)
{
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct search_query query;
    search_query_parse(arena, str_of(text), &query);
    assert_string_equal(search_query_fts5(arena, &query).data, fts5);
    assert_string_equal(search_query_tsquery(arena, &query).data, tsquery);
}

static void a_query_is_written_for_each_database(void **state)
{
    (void)state;
    check_query("one Two", "((\"one\") AND (\"two\"))", "(('one') & ('two'))");
    check_query("\"one two\" -three fo*", "((words : \"one two\") AND (\"fo\" *)) NOT (\"three\")",
        "(('one' <-> 'two') & ('fo':*)) & !('three')");
    check_query("wi-fi", "((words : \"wi fi\" OR \"wifi\"))", "(('wi' <-> 'fi' | 'wifi'))");
    check_query("東京都", "((words : \"東京 京都\"))", "(('東京' <-> '京都'))");
    check_query("京", "((\"京\" *))", "(('京':*))");
}

static void hostile_text_is_only_a_query(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    static const char *const nothing[] = { "", "-", "\"", "\"\"", "* ** -*", "-only -nots", "--", "()&|!<->:" };
    struct search_query query;
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        search_query_parse(arena, str_of(nothing[i]), &query);
        assert_int_equal(query.positive_count, 0);
    }
    check_query("') & 'x\\", "((\"x\"))", "(('x'))");
    check_query(
        "words:NEAR(a, b)", "((words : \"words near a\") AND (\"b\"))", "(('words' <-> 'near' <-> 'a') & ('b'))");
    char many[4000] = "";
    for (int i = 0; i < 400; i++)
        strcat(many, "a-b c ");
    search_query_parse(arena, str_of(many), &query);
    assert_int_equal(query.count, SEARCH_TERMS_MAX);
    for (size_t i = 1; many[i]; i++)
        if (many[i] == ' ')
            many[i] = '/';
    search_query_parse(arena, str_of(many), &query);
    assert_int_equal(query.terms[0].count, SEARCH_PHRASE_MAX);
}

// What a query finds in a text.
struct found {
    struct search_query query;
    struct search_tokens tokens;
    struct search_match *matches;
    size_t count;
};

static struct found look_for(struct arena *arena, const char *text, const char *wanted)
{
    struct found found;
    search_query_parse(arena, str_of(wanted), &found.query);
    search_tokens(arena, str_of(text), &found.tokens);
    found.count = search_matches(arena, &found.query, &found.tokens, &found.matches);
    return found;
}

static const char *snippet(struct arena *arena, const char *text, const char *wanted)
{
    struct found found = look_for(arena, text, wanted);
    return search_snippet(arena, str_of(text), &found.tokens, found.matches, found.count).data;
}

static void what_was_found_is_marked_and_the_rest_is_safe(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    assert_string_equal(snippet(arena, "A Crème <b>&\n", "creme"), "A <mark>Crème</mark> &lt;b&gt;&amp; ");
    assert_string_equal(snippet(arena, "new Wi-Fi router", "wifi"), "new <mark>Wi-Fi</mark> router");
    assert_string_equal(snippet(arena, "wifi", "Wi-Fi"), "<mark>wifi</mark>");
    assert_string_equal(snippet(arena, "新東京都庁", "東京都"), "新<mark>東京都</mark>庁");
    assert_string_equal(snippet(arena, "one two one", "\"one two\" -x"), "<mark>one two</mark> one");
    assert_string_equal(snippet(arena, "begin beginning", "beginn*"), "begin <mark>beginning</mark>");
    char text[3000] = "";
    for (int i = 0; i < 200; i++)
        strcat(text, i == 150 ? "needle " : "straw ");
    const char *found = snippet(arena, text, "needle");
    assert_non_null(strstr(found, "straw <mark>needle</mark> straw"));
    assert_in_range(strlen(found), 100, SEARCH_SNIPPET_BYTES + 30);
    assert_memory_equal(found, "…", 3);
}

static double score(struct arena *arena, const char *text, const char *wanted)
{
    struct found found = look_for(arena, text, wanted);
    return search_score(&found.query, &found.tokens, found.matches, found.count);
}

static void what_is_closer_more_often_and_shorter_scores_higher(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    assert_true(score(arena, "red car and more to say of it", "red car")
                > score(arena, "red and more to say of it car", "red car"));
    assert_true(score(arena, "car car of it", "car") > score(arena, "car and of it", "car"));
    assert_true(score(arena, "a car", "car") > score(arena, "a car and its wheels", "car"));
    assert_true(score(arena, "car", "car") <= 1);
    assert_true(score(arena, "none", "car") == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_accents_and_forms_are_folded),
        cmocka_unit_test(what_holds_together_is_there_in_parts_and_joined),
        cmocka_unit_test(scripts_without_spaces_become_pairs),
        cmocka_unit_test(bytes_that_are_no_text_separate_words),
        cmocka_unit_test(a_query_is_written_for_each_database),
        cmocka_unit_test(hostile_text_is_only_a_query),
        cmocka_unit_test(what_was_found_is_marked_and_the_rest_is_safe),
        cmocka_unit_test(what_is_closer_more_often_and_shorter_scores_higher),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
