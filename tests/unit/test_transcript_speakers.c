// SPDX-License-Identifier: GPL-3.0-or-later
// Words and turns become segments that each belong to one speaker.
#include "domain/transcript_speakers.h"
#include "test.h"

// One segment of words of 0.4 s every half second from `start`.
static struct transcript_segment segment_of(struct arena *arena, double start, const char *text)
{
    struct transcript_segment segment = { .start = start, .text = str_of(text) };
    segment.words = ARENA_ARRAY(arena, struct transcript_word, 20);
    str rest = segment.text, word;
    while (str_split(&rest, ' ', &word)) {
        double at = start + (double)segment.word_count / 2;
        segment.words[segment.word_count++] = (struct transcript_word) { word, at, at + 0.4, 0.5 };
        segment.end = at + 0.4;
    }
    return segment;
}

static json_t *turns_of(struct arena *arena, const char *turns)
{
    json_t *list = json_loads(turns, 0, NULL);
    assert_non_null(list);
    return json_keep(arena, json_pack("{s:o}", "turns", list));
}

static void assert_segment(const struct transcript *transcript, size_t index, const char *speaker, const char *text)
{
    assert_true(index < transcript->segment_count);
    assert_true(str_equal_c(transcript->segments[index].speaker, speaker));
    assert_true(str_equal_c(transcript->segments[index].text, text));
}

static void a_segment_is_cut_where_the_speaker_changes(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct transcript_segment segment = segment_of(arena, 10, "how are you fine thanks good");
    struct transcript transcript = { .segments = &segment, .segment_count = 1 };
    assert_ok(transcript_set_speakers(arena, &transcript,
        turns_of(arena,
            "[{\"start\": 9.9, \"end\": 11.45, \"speaker\": 2}, {\"start\": 11.45, \"end\": 12.45, \"speaker\": 1},"
            " {\"start\": 12.45, \"end\": 13, \"speaker\": 2}]")));
    assert_int_equal(transcript.segment_count, 3);
    assert_segment(&transcript, 0, "speaker_1", "how are you"); // the first who speaks
    assert_segment(&transcript, 1, "speaker_2", "fine thanks");
    assert_segment(&transcript, 2, "speaker_1", "good");
    assert_true(transcript.segments[0].start == 10 && transcript.segments[0].end == 11.4);
    assert_true(transcript.segments[1].start == 11.5 && transcript.segments[1].end == 12.4);
    assert_true(transcript.segments[2].end == segment.end);
    assert_int_equal(transcript.segments[1].word_count, 2);
}

static void words_outside_of_all_turns_go_to_the_nearest(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct transcript_segment segments[] = { segment_of(arena, 1, "early"), segment_of(arena, 8, "late"),
        segment_of(arena, 30, "after") };
    struct transcript transcript = { .segments = segments, .segment_count = 3 };
    json_t *turns = turns_of(arena,
        "[{\"start\": 9, \"end\": 10, \"speaker\": 2}, {\"start\": 2, \"end\": 7, \"speaker\": 1}]"); // in any order
    assert_ok(transcript_set_speakers(arena, &transcript, turns));
    assert_segment(&transcript, 0, "speaker_1", "early");
    assert_segment(&transcript, 1, "speaker_2", "late");
    assert_segment(&transcript, 2, "speaker_2", "after");
}

static void of_two_who_speak_at_a_time_the_longer_one_has_the_word(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct transcript_segment segment = segment_of(arena, 5, "one two three");
    struct transcript transcript = { .segments = &segment, .segment_count = 1 };
    assert_ok(transcript_set_speakers(arena, &transcript,
        turns_of(
            arena, "[{\"start\": 0, \"end\": 60, \"speaker\": 1}, {\"start\": 5.6, \"end\": 5.8, \"speaker\": 2}]")));
    assert_int_equal(transcript.segment_count, 1);
    assert_segment(&transcript, 0, "speaker_1", "one two three");
}

static void without_turns_one_speaker_says_everything(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct transcript_segment segment = segment_of(arena, 5, "one two");
    struct transcript transcript = { .segments = &segment, .segment_count = 1 };
    assert_ok(transcript_set_speakers(arena, &transcript, NULL));
    assert_segment(&transcript, 0, "speaker_1", "one two");
    assert_ok(transcript_set_speakers(arena, &transcript, turns_of(arena, "[]")));
    assert_int_equal(transcript.segment_count, 1);
}

static void a_segment_without_words_stays_whole(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct transcript_segment segment = { .start = 0, .end = 10, .text = STR("as the engine gave it") };
    struct transcript transcript = { .segments = &segment, .segment_count = 1 };
    assert_ok(transcript_set_speakers(arena, &transcript,
        turns_of(arena, "[{\"start\": 0, \"end\": 3, \"speaker\": 7}, {\"start\": 3, \"end\": 10, \"speaker\": 8}]")));
    assert_int_equal(transcript.segment_count, 1);
    assert_segment(&transcript, 0, "speaker_1", "as the engine gave it");
}

static void turns_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    const char *const wrong[] = { "[{}]", "[{\"start\": 2, \"end\": 1, \"speaker\": 1}]",
        "[{\"start\": 1, \"end\": 2, \"speaker\": 0}]", "[{\"start\": 1, \"end\": 2, \"speaker\": 100}]", "[3]" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct transcript_segment segment = segment_of(arena, 5, "one");
        struct transcript transcript = { .segments = &segment, .segment_count = 1 };
        assert_error(transcript_set_speakers(arena, &transcript, turns_of(arena, wrong[i])), ERROR_ENGINE_FAILED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_segment_is_cut_where_the_speaker_changes),
        cmocka_unit_test(words_outside_of_all_turns_go_to_the_nearest),
        cmocka_unit_test(of_two_who_speak_at_a_time_the_longer_one_has_the_word),
        cmocka_unit_test(without_turns_one_speaker_says_everything),
        cmocka_unit_test(a_segment_without_words_stays_whole),
        cmocka_unit_test(turns_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
