// SPDX-License-Identifier: GPL-3.0-or-later
#include <math.h>

#include "domain/transcript.h"
#include "test.h"

static const json_t *parse(struct arena *arena, const char *text)
{
    json_t *value;
    assert_ok(json_read(arena, str_of(text), &value));
    return value;
}

// Words of 0.3 s with 0.1 s between, from `start` on.
static struct transcript spoken(struct arena *arena, const char *text, double start)
{
    struct transcript_segment *segment = ARENA_NEW(arena, struct transcript_segment);
    segment->words = ARENA_ARRAY(arena, struct transcript_word, 1000);
    str rest = str_of(text), word;
    while (str_split(&rest, ' ', &word)) {
        segment->words[segment->word_count++] = (struct transcript_word) { word, start, start + 0.3, 1 };
        start += 0.4;
    }
    segment->text = str_of(text);
    segment->start = segment->words[0].start;
    segment->end = start - 0.1;
    return (struct transcript) { .segments = segment, .segment_count = 1, .duration = start + 5 };
}

static void parts_are_merged_in_time_order(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    const json_t *parts[] = {
        parse(arena, "{\"segments\":[{\"start\":5,\"end\":6,\"text\":\"later\",\"confidence\":0.5,\"words\":[{\"text\":"
                     "\"later\",\"start\":5,\"end\":6,\"confidence\":0.5}]}],\"language\":\"en\"}"),
        parse(arena,
            "{\"segments\":[{\"start\":1,\"end\":2,\"text\":\"first\",\"confidence\":0.5,\"words\":[{\"text\":"
            "\"first\",\"start\":1,\"end\":2,\"confidence\":0.5}]},{\"start\":3,\"end\":3,\"text\":\"\",\"words\":[]}],"
            "\"language\":\"en\"}"),
    };
    struct transcript transcript;
    assert_ok(transcript_merge(arena, parts, 2, 7, &transcript));
    BUFFER_AUTO struct buffer text = { 0 };
    transcript_write(arena, &transcript, TRANSCRIPT_TXT, &text);
    transcript_write(arena, &transcript, TRANSCRIPT_TSV, &text);
    buffer_append_byte(&text, '\0');
    assert_string_equal(text.data, "first\nlater\nstart\tend\ttext\n1000\t2000\tfirst\n5000\t6000\tlater\n");
    BUFFER_AUTO struct buffer json = { 0 };
    transcript_write(arena, &transcript, TRANSCRIPT_JSON, &json);
    json_t *value;
    assert_ok(json_read(arena, buffer_str(&json), &value));
    assert_string_equal(json_get_str(value, "text").data, "first later");
    assert_string_equal(json_get_str(value, "language").data, "en");
    assert_int_equal(json_array_size(json_object_get(value, "segments")), 2);
}

static void the_language_is_that_of_the_most_segments(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    const json_t *parts[] = {
        parse(arena, "{\"segments\":[],\"language\":\"la\"}"),
        parse(arena, "{\"segments\":[{\"start\":1,\"end\":2,\"text\":\"a\"}],\"language\":\"en\"}"),
        parse(arena, "{\"segments\":[{\"start\":3,\"end\":4,\"text\":\"b\"}],\"language\":\"de\"}"),
        parse(arena, "{\"segments\":[{\"start\":5,\"end\":6,\"text\":\"c\"}],\"language\":\"de\"}"),
    };
    struct transcript transcript;
    assert_ok(transcript_merge(arena, parts, 4, 7, &transcript));
    assert_string_equal(transcript.language.data, "de");
    assert_ok(transcript_merge(arena, parts, 1, 7, &transcript));
    assert_string_equal(transcript.language.data, "la");
    assert_ok(transcript_merge(arena, NULL, 0, 7, &transcript));
    assert_null(transcript.language.data);
}

static void a_part_without_sense_is_refused(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    static const char *const bad[] = { "{}", "{\"segments\":[{\"text\":\"x\",\"words\":[]}]}",
        "{\"segments\":[{\"start\":2,\"end\":1,\"text\":\"x\",\"words\":[]}]}",
        "{\"segments\":[{\"start\":0,\"end\":1,\"text\":\"x\",\"words\":[{\"text\":\"x\"}]}]}" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const json_t *part = parse(arena, bad[i]);
        struct transcript transcript;
        assert_error(transcript_merge(arena, &part, 1, 1, &transcript), ERROR_ENGINE_FAILED);
    }
}

static void check_rules(const struct transcript_cue *cues, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t lines = 0;
        str rest = cues[i].text, line;
        while (str_split(&rest, '\n', &line)) {
            lines++;
            assert_in_range(str_length_utf8(line), 1, 42);
        }
        assert_in_range(lines, 1, 2);
        assert_true(cues[i].end > cues[i].start);
        assert_true(cues[i].end - cues[i].start <= 7.01);
        if (i)
            assert_true(cues[i].start >= cues[i - 1].end);
    }
}

static void cues_keep_lines_short_and_lose_no_word(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    static const char text[] =
        "It was a bright cold day in April, and the clocks were striking thirteen. The hallway smelt of boiled "
        "cabbage and old rag mats, at one end of it a coloured poster, too large for indoor display, had been tacked "
        "to the wall. It depicted simply an enormous face";
    struct transcript transcript = spoken(arena, text, 0.5);
    struct transcript_cue *cues;
    size_t count = transcript_cues(arena, &transcript, &cues);
    check_rules(cues, count);
    assert_true(cues[0].start == 0.5);
    BUFFER_AUTO struct buffer all = { 0 };
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < cues[i].text.size; k++)
            buffer_append_byte(&all, cues[i].text.data[k] == '\n' ? ' ' : cues[i].text.data[k]);
        buffer_append_byte(&all, ' ');
    }
    all.data[all.size - 1] = '\0';
    assert_string_equal(all.data, text);
    // A sentence's end ends its cue.
    bool found = false;
    for (size_t i = 0; i < count; i++)
        found |= str_ends(cues[i].text, STR("thirteen."));
    assert_true(found);
}

static void a_pause_ends_a_cue_and_a_short_one_stays_a_second(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct transcript transcript = spoken(arena, "yes no", 1);
    transcript.segments[0].words[1].start = 4;
    transcript.segments[0].words[1].end = 4.2;
    struct transcript_cue *cues;
    assert_int_equal(transcript_cues(arena, &transcript, &cues), 2);
    assert_true(fabs(cues[0].end - 2) < 1e-9);
    assert_true(fabs(cues[1].end - 5) < 1e-9);
}

static void subtitles_are_written_in_both_forms(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct transcript transcript = spoken(arena, "a <b> & c", 3725.5);
    BUFFER_AUTO struct buffer out = { 0 };
    transcript_write(arena, &transcript, TRANSCRIPT_VTT, &out);
    transcript_write(arena, &transcript, TRANSCRIPT_SRT, &out);
    buffer_append_byte(&out, '\0');
    assert_string_equal(out.data, "WEBVTT\n\n01:02:05.500 --> 01:02:07.000\na &lt;b&gt; &amp; c\n\n"
                                  "1\n01:02:05,500 --> 01:02:07,000\na <b> & c\n\n");
}

static void nothing_spoken_is_an_empty_transcript(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    const json_t *part = parse(arena, "{\"segments\":[],\"language\":\"en\"}");
    struct transcript transcript;
    assert_ok(transcript_merge(arena, &part, 1, 3, &transcript));
    BUFFER_AUTO struct buffer out = { 0 };
    transcript_write(arena, &transcript, TRANSCRIPT_TXT, &out);
    transcript_write(arena, &transcript, TRANSCRIPT_SRT, &out);
    assert_int_equal(out.size, 0);
    transcript_write(arena, &transcript, TRANSCRIPT_VTT, &out);
    assert_true(str_equal_c(buffer_str(&out), "WEBVTT\n\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_merged_in_time_order),
        cmocka_unit_test(the_language_is_that_of_the_most_segments),
        cmocka_unit_test(a_part_without_sense_is_refused),
        cmocka_unit_test(cues_keep_lines_short_and_lose_no_word),
        cmocka_unit_test(a_pause_ends_a_cue_and_a_short_one_stays_a_second),
        cmocka_unit_test(subtitles_are_written_in_both_forms),
        cmocka_unit_test(nothing_spoken_is_an_empty_transcript),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
