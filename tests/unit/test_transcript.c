// SPDX-License-Identifier: GPL-3.0-or-later
#include <math.h>
#include <utf8proc.h>

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
    size_t count = transcript_cues(arena, &transcript, &transcript_rules_default, &cues);
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
    assert_int_equal(transcript_cues(arena, &transcript, &transcript_rules_default, &cues), 2);
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

// Marks above and below a letter take no room.
static size_t seen_letters(str text)
{
    size_t count = 0;
    utf8proc_int32_t code;
    for (size_t at = 0; at < text.size;) {
        at += (size_t)utf8proc_iterate(
            (const utf8proc_uint8_t *)text.data + at, (utf8proc_ssize_t)(text.size - at), &code);
        count += utf8proc_charwidth(code) > 0;
    }
    return count;
}

// Lines and times of any transcript under any rules.
static void check_all(const struct transcript *transcript, const struct transcript_rules *rules)
{
    ARENA_AUTO struct arena *arena = arena_new(8 << 20);
    struct transcript_cue *cues;
    size_t count = transcript_cues(arena, transcript, rules, &cues);
    for (size_t i = 0; i < count; i++) {
        int64_t lines = 0;
        str rest = cues[i].text, line;
        while (str_split(&rest, '\n', &line)) {
            lines++;
            assert_in_range(seen_letters(line), 1, rules->line_letters);
        }
        assert_in_range(lines, 1, rules->lines);
        assert_true(cues[i].end > cues[i].start && cues[i].end <= cues[i].start + rules->most_s + 1e-9);
        if (i)
            assert_true(cues[i].start >= cues[i - 1].end);
    }
}

static void lines_keep_their_length_in_every_script_and_under_every_rule(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    static const char *const texts[] = { "a",
        "https://example.org/a/very/long/address/that/has/no/blank/at/all?and=goes&on=for-more-than-one-line-of-text "
        "ok",
        "東京都庁は、東京都新宿区西新宿にある東京都の行政機関の庁舎です。地上48階の第一本庁舎があります。「展望室」は無"
        "料です。",
        "แมวนั่งอยู่บนเสื่อที่สวยงามมากในบ้านหลังใหญ่ของคุณยายที่อยู่ต่างจังหวัด",
        "서울특별시는 대한민국의 수도이자 최대 도시입니다 그리고 많은 사람들이 살고 있습니다",
        "one two three. four, five; six: seven eight nine ten eleven twelve thirteen. yes. no. oh! so? very well then, "
        "go" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct transcript transcript = spoken(arena, texts[i], 1);
        for (int64_t length = 10; length < 60; length += 7)
            for (int64_t lines = 1; lines <= 3; lines++)
                check_all(&transcript, &(struct transcript_rules) { length, lines, 17, 1, 4, 0.1 });
        check_all(&transcript, &transcript_rules_default);
    }
}

static void lines_of_japanese_begin_and_end_with_marks_that_may(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct transcript transcript = spoken(
        arena, "東京都庁は、新宿にあります。「展望室」は無料です、ぜひ「一度」どうぞ！", 0);
    transcript.segments[0].words[0].end = 12; // three letters a second
    for (int64_t length = 10; length < 60; length += 3) {
        struct transcript_cue *cues;
        struct transcript_rules rules = transcript_rules_default;
        rules.line_letters = length;
        size_t count = transcript_cues(arena, &transcript, &rules, &cues);
        BUFFER_AUTO struct buffer all = { 0 };
        for (size_t i = 0; i < count; i++) {
            str rest = cues[i].text, line;
            while (str_split(&rest, '\n', &line)) {
                buffer_append_str(&all, line);
                if (length > 15) { // nothing fits into less
                    assert_false(
                        str_starts(line, STR("、")) || str_starts(line, STR("。")) || str_starts(line, STR("」")));
                    assert_false(str_ends(line, STR("「")));
                }
            }
        }
        assert_true(
            str_equal(buffer_str(&all), transcript.segments[0].words[0].text)); // no letter lost, no blank added
    }
}

static void what_is_said_too_fast_to_read_is_joined_with_the_next(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct transcript transcript = spoken(arena, "Certainly not. Let me explain this to you.", 1);
    struct transcript_cue *cues;
    transcript.segments[0].words[0].end = 1.1;
    for (size_t i = 1; i < transcript.segments[0].word_count; i++) {
        transcript.segments[0].words[i].start = 1 + (double)i * 0.2;
        transcript.segments[0].words[i].end = 1.1 + (double)i * 0.2;
    }
    assert_int_equal(transcript_cues(arena, &transcript, &transcript_rules_default, &cues), 1);
    struct transcript_rules slow = transcript_rules_default;
    slow.letters_per_second = 100;
    slow.least_s = 0.3;
    assert_int_equal(transcript_cues(arena, &transcript, &slow, &cues), 2);
    assert_true(str_equal_c(cues[0].text, "Certainly not."));
}

static void speakers_do_not_share_a_cue_and_have_voices(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct transcript first = spoken(arena, "well then", 1), second = spoken(arena, "go on", 1.8);
    struct transcript_segment both[] = { first.segments[0], second.segments[0] };
    both[0].speaker = STR("speaker_1");
    both[1].speaker = STR("speaker_2");
    both[1].speaker_name = STR("A & B");
    struct transcript transcript = { .segments = both, .segment_count = 2, .duration = 9 };
    BUFFER_AUTO struct buffer out = { 0 };
    transcript_write(arena, &transcript, TRANSCRIPT_VTT, &out);
    buffer_append_byte(&out, '\0');
    assert_string_equal(out.data, "WEBVTT\n\n00:00:01.000 --> 00:00:01.760\n<v speaker_1>well then\n\n"
                                  "00:00:01.800 --> 00:00:02.800\n<v A &amp; B>go on\n\n");
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
        cmocka_unit_test(lines_keep_their_length_in_every_script_and_under_every_rule),
        cmocka_unit_test(lines_of_japanese_begin_and_end_with_marks_that_may),
        cmocka_unit_test(what_is_said_too_fast_to_read_is_joined_with_the_next),
        cmocka_unit_test(speakers_do_not_share_a_cue_and_have_voices),
        cmocka_unit_test(nothing_spoken_is_an_empty_transcript),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
