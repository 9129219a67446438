// SPDX-License-Identifier: GPL-3.0-or-later
// A transcribed recording becomes scenes.
#include "domain/recording.h"
#include "test.h"

// Segments of ten words each, a word every half second; a sentence ends every fifth.
static struct transcript spoken(struct arena *arena, size_t segments)
{
    struct transcript transcript = { .segments = ARENA_ARRAY(arena, struct transcript_segment, segments),
        .segment_count = segments,
        .duration = (double)segments * 5 + 1 };
    for (size_t s = 0; s < segments; s++) {
        struct transcript_segment *segment = &transcript.segments[s];
        *segment = (struct transcript_segment) { (double)s * 5, (double)s * 5 + 4.9, STR("ten words") };
        segment->words = ARENA_ARRAY(arena, struct transcript_word, 10);
        segment->word_count = 10;
        for (size_t i = 0; i < 10; i++)
            segment->words[i] = (struct transcript_word) { i % 5 == 4 ? STR("end.") : STR("word"),
                segment->start + (double)i / 2, segment->start + (double)i / 2 + 0.4, 1 };
    }
    return transcript;
}

static json_t *scenes_of(struct arena *arena, const struct transcript *transcript, const json_t *chosen, bool is_film)
{
    json_t *document;
    struct recording recording = { STR("00000000-0000-4000-8000-000000000000"), STR("Talk"), is_film, 1080, 1920,
        transcript };
    assert_ok(recording_document(arena, &recording, chosen, &document));
    assert_string_equal(json_string_value(json_object_get(json_object_get(document, "video"), "aspect_ratio")),
        is_film ? "9:16" : "16:9");
    return json_object_get(document, "scenes");
}

static const json_t *recorded(const json_t *scene)
{
    return json_object_get(json_array_get(json_object_get(scene, "layers"), 0), "properties");
}

static void scenes_end_with_sentences_and_hold_every_word_once(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct transcript transcript = spoken(arena, 12);
    json_t *scenes = scenes_of(arena, &transcript, NULL, true), *scene;
    size_t i, words = 0;
    double end = 0;
    json_array_foreach (scenes, i, scene) {
        str text = json_get_str(scene, "text");
        double from = json_get_number(recorded(scene), "start_from", -1);
        double duration = json_get_number(scene, "duration", -1);
        assert_true(str_ends(text, STR("end.")));
        assert_true(duration > 2 && duration <= 10.5);
        assert_true(from >= end - 0.0015); // no part of it is shown twice
        end = from + duration;
        words += json_array_size(json_object_get(recorded(scene), "words"));
    }
    assert_int_equal(words, 120);
    assert_in_range(json_array_size(scenes), 6, 12);
}

static void a_pause_and_a_leap_each_begin_a_scene(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct transcript transcript = spoken(arena, 3);
    transcript.segments[0].words[3].end = 1.6;
    for (size_t i = 4; i < 10; i++) { // 3 s of silence before the fifth word
        transcript.segments[0].words[i].start = 4.6 + (double)i / 100;
        transcript.segments[0].words[i].end = 4.61 + (double)i / 100;
    }
    json_t *first = json_keep(arena, json_pack("[i]", 0)), *leap = json_keep(arena, json_pack("[i,i]", 2, 1));
    assert_int_equal(json_array_size(scenes_of(arena, &transcript, first, false)), 2);
    json_t *scenes = scenes_of(arena, &transcript, leap, false);
    assert_int_equal(json_array_size(scenes), 2);
    assert_true(json_get_number(recorded(json_array_get(scenes, 0)), "start_from", 0) > 9);
    assert_true(json_get_number(recorded(json_array_get(scenes, 1)), "start_from", 0) < 6);
}

static void a_segment_without_word_times_is_one_scene(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct transcript_segment segment = {
        .start = 1, .end = 31, .text = STR("Half a minute of speech"), .confidence = 1
    };
    struct transcript transcript = { STR("en"), 40, &segment, 1 };
    json_t *scenes = scenes_of(arena, &transcript, NULL, false);
    assert_int_equal(json_array_size(scenes), 1);
    assert_true(str_equal_c(json_get_str(json_array_get(scenes, 0), "text"), "Half a minute of speech"));
    assert_float_equal(json_get_number(json_array_get(scenes, 0), "duration", 0), 30.5, 0.001);
}

// Words left out are neither in the text nor within reach of a clip.
static void words_left_out_are_cut_out_of_the_clips(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct transcript transcript = spoken(arena, 2);
    json_t *chosen = json_keep(arena,
        json_loads("[{\"segment\": 0, \"without\": [0, 4, 5, 9]}, {\"segment\": 1, \"without\": [0]}]", 0, NULL));
    json_t *scenes = scenes_of(arena, &transcript, chosen, true), *scene;
    static const double clips[][2] = { { 0.4, 2.0 }, { 2.9, 4.5 }, { 5.4, 10.15 } };
    size_t i, words = 0;
    assert_int_equal(json_array_size(scenes), 3);
    json_array_foreach (scenes, i, scene) {
        double from = json_get_number(recorded(scene), "start_from", -1);
        assert_float_equal(from, clips[i][0], 0.001);
        assert_float_equal(from + json_get_number(scene, "duration", -1), clips[i][1], 0.001);
        words += json_array_size(json_object_get(recorded(scene), "words"));
    }
    assert_int_equal(words, 15);
}

static void segments_that_are_not_there_are_refused(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct transcript transcript = spoken(arena, 2), silent = { .duration = 3 };
    struct recording recording = { STR("x"), STR("Talk"), false, 0, 0, &transcript };
    json_t *document;
    const char *const wrong[] = { "[]", "[2]", "[-1]", "[0.5]", "[\"0\"]", "[0, null]", "[{}]",
        "[{\"segment\": 0, \"without\": 1}]", "[{\"segment\": 0, \"without\": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}]" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        json_t *chosen = json_keep(arena, json_loads(wrong[i], 0, NULL));
        assert_error(recording_document(arena, &recording, chosen, &document), ERROR_VALIDATION_ERROR);
    }
    recording.transcript = &silent;
    assert_error(recording_document(arena, &recording, NULL, &document), ERROR_VALIDATION_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scenes_end_with_sentences_and_hold_every_word_once),
        cmocka_unit_test(a_pause_and_a_leap_each_begin_a_scene),
        cmocka_unit_test(a_segment_without_word_times_is_one_scene),
        cmocka_unit_test(words_left_out_are_cut_out_of_the_clips),
        cmocka_unit_test(segments_that_are_not_there_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
