// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/word_align.h"
#include "test.h"

// Two segments: "the quick brown" (0-3 s, a second each) and "fox jumps" (4-6 s).
static struct list two_segments(struct arena *arena)
{
    struct segment *segments = ARENA_ARRAY(arena, struct segment, 2);
    segments[0] = (struct segment) { .text = STR("the quick brown"),
        .words = { STR("[{\"text\":\"the\",\"start\":0,\"end\":1,\"confidence\":0.5},"
                       "{\"text\":\"quick\",\"start\":1,\"end\":2,\"confidence\":0.5},"
                       "{\"text\":\"brown\",\"start\":2,\"end\":3,\"confidence\":0.5}]") } };
    segments[1] = (struct segment) { .text = STR("fox jumps"),
        .words = { STR("[{\"text\":\"fox\",\"start\":4,\"end\":5,\"confidence\":0.5},"
                       "{\"text\":\"jumps\",\"start\":5,\"end\":6,\"confidence\":0.5}]") } };
    return (struct list) { segments, 2 };
}

static const json_t *word(struct arena *arena, const struct list *segments, size_t segment, size_t index)
{
    json_t *words;
    assert_ok(json_read(arena, ((struct segment *)segments->items)[segment].words.text, &words));
    return json_array_get(words, index);
}

static void assert_word(const json_t *word, const char *text, double start, double end, double confidence)
{
    assert_true(str_equal_c(json_get_str(word, "text"), text));
    assert_true(json_get_number(word, "start", -1) > start - 0.01 && json_get_number(word, "start", -1) < start + 0.01);
    assert_true(json_get_number(word, "end", -1) > end - 0.01 && json_get_number(word, "end", -1) < end + 0.01);
    assert_true(json_get_number(word, "confidence", -1) > confidence - 0.01
                && json_get_number(word, "confidence", -1) < confidence + 0.01);
}

static void unchanged_words_keep_their_times(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct list segments = two_segments(arena);
    assert_ok(word_align(arena, STR("the  slow brown fox leaps"), &segments));
    assert_string_equal(((struct segment *)segments.items)[0].text.data, "the slow brown");
    assert_string_equal(((struct segment *)segments.items)[1].text.data, "fox leaps");
    assert_word(word(arena, &segments, 0, 0), "the", 0, 1, 0.5);
    assert_word(word(arena, &segments, 0, 1), "slow", 1, 2, 1);
    assert_word(word(arena, &segments, 0, 2), "brown", 2, 3, 0.5);
    assert_word(word(arena, &segments, 1, 1), "leaps", 5, 6, 1);
}

static void one_word_that_becomes_several_shares_its_time(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct list segments = two_segments(arena);
    assert_ok(word_align(arena, STR("the very fast brown fox jumps"), &segments));
    assert_word(word(arena, &segments, 0, 1), "very", 1, 1.5, 1);
    assert_word(word(arena, &segments, 0, 2), "fast", 1.5, 2, 1);
    assert_word(word(arena, &segments, 0, 3), "brown", 2, 3, 0.5);
}

static void inserted_words_lie_between_their_neighbours(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct list segments = two_segments(arena);
    assert_ok(word_align(arena, STR("the quick brown old fox jumps"), &segments));
    assert_word(word(arena, &segments, 0, 3), "old", 3, 4, 1);
}

static void a_segment_may_lose_all_its_words(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct list segments = two_segments(arena);
    assert_ok(word_align(arena, STR("fox jumps"), &segments));
    assert_int_equal(((struct segment *)segments.items)[0].text.size, 0);
    assert_string_equal(((struct segment *)segments.items)[1].text.data, "fox jumps");
    segments = two_segments(arena);
    assert_ok(word_align(arena, STR(""), &segments));
    assert_int_equal(((struct segment *)segments.items)[1].text.size, 0);
}

static void a_segment_without_words_has_those_of_its_text(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct segment *segment = ARENA_NEW(arena, struct segment);
    *segment = (struct segment) { .end_time = 4, .text = STR("one two"), .words.text = STR("[]") };
    struct list segments = { segment, 1 };
    assert_ok(word_align(arena, STR("one three"), &segments));
    assert_string_equal(segment->text.data, "one three");
    assert_word(word(arena, &segments, 0, 0), "one", 0, 2, 1);
    assert_word(word(arena, &segments, 0, 1), "three", 2, 4, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unchanged_words_keep_their_times),
        cmocka_unit_test(one_word_that_becomes_several_shares_its_time),
        cmocka_unit_test(inserted_words_lie_between_their_neighbours),
        cmocka_unit_test(a_segment_may_lose_all_its_words),
        cmocka_unit_test(a_segment_without_words_has_those_of_its_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
