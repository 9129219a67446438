// SPDX-License-Identifier: GPL-3.0-or-later
// Files of subtitles, good and bad ones.
#include "base/buffer.h"
#include "domain/caption_file.h"
#include "test.h"

// Each caption as "start-end speaker|text", one a line; of an error its sentence.
static void check(const char *file, const char *wanted)
{
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct list captions;
    BUFFER_AUTO struct buffer out = { 0 };
    error result = caption_file_read(arena, str_of(file), &captions);
    if (error_is(result)) {
        assert_int_equal(result.code, ERROR_VALIDATION_ERROR);
        buffer_append_c(&out, result.message);
    }
    for (size_t i = 0; !error_is(result) && i < captions.count; i++) {
        const struct caption *one = &((struct caption *)captions.items)[i];
        buffer_format(&out, "%g-%g %.*s|%.*s\n", one->start, one->end, STR_ARGS(one->speaker), STR_ARGS(one->text));
    }
    buffer_append_byte(&out, 0);
    assert_string_equal(out.data, wanted);
}

static void subrip_is_read(void **state)
{
    (void)state;
    check("1\n00:00:01,000 --> 00:00:02,500\nHello\nworld\n\n2\n01:00:00,250 --> 01:00:01,000\nBye\n",
        "1-2.5 |Hello world\n3600.25-3601 |Bye\n");
}

static void webvtt_is_read(void **state)
{
    (void)state;
    check("WEBVTT - A title\nKind: captions\n\nSTYLE\n::cue { color: red }\n\nNOTE a remark\nof two lines\n\nintro\n"
          "00:01.000 --> 00:02.000 align:start line:0\n<v Ann>Hi <i>there</i> &amp; <00:00:01.500>you &lt;3\n\n"
          "00:03.000 --> 00:04.000\n<v.loud Bob Smith>Hey!</v>\n",
        "1-2 Ann|Hi there & you <3\n3-4 Bob Smith|Hey!\n");
}

static void what_people_have_on_their_disks_is_read(void **state)
{
    (void)state;
    check("\xEF\xBB\xBF"
          "1\r\n00:00:01,000 --> 00:00:02,000\r\nA\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\nB",
        "1-2 |A\n3-4 |B\n");
    check("1\r00:01 --> 0:02\rold\r\r", "1-2 |old\n");
    check("00:00:05.5 --> 00:00:06 X1:0 X2:1\n{\\an8}late\n\n\n\n00:00:01,5-->00:00:02,5\nearly\n",
        "1.5-2.5 |early\n5.5-6 |late\n");
    check("1\n00:00:01,000 --> 00:00:02,000\nno blank\n2\n00:00:03,000 --> 00:00:04,000\n42\n\n3\n00:00:05,000 --> "
          "00:00:06,000\n\n4\n",
        "1-2 |no blank\n3-4 |42\n");
    check("1\n00:00:01,000 --> 00:00:01,000\n a <b>b  c\n\td </font color=\"x\"> 1 < 2 {brace}\n",
        "1-1 |a b c d 1 < 2 {brace}\n");
    check("NOTE\n00:00:01.000 --> 00:00:02.000\nNOTE is its name\n", "1-2 |NOTE is its name\n");
    check("00:01.000 --> 00:02.000\n<v A\tB  C >x\n\n00:03.000 --> 00:04.000\n<v \xB2>y\n", "1-2 A B C|x\n3-4 |y\n");
}

static void bad_files_are_told_with_the_line(void **state)
{
    (void)state;
    check("", "There is no subtitle in the file: it should be SRT or WebVTT");
    check("WEBVTT\n\n", "There is no subtitle in the file: it should be SRT or WebVTT");
    check("1\n00:00:01,000 --> 00:00:02,000\nA\n\n2\n00:00:0x,000 --> 00:00:04,000\nB\n",
        "Line 6: this is no time such as 00:01:02.500 --> 00:01:04.000");
    check("1\n00:00:01,000 -> 00:00:02,000\nA\n",
        "Line 2: here should be the times of a subtitle, such as 00:01:02.500 --> 00:01:04.000");
    check("\n00:00:03,000 --> 00:00:02,000\nA\n", "Line 2: the subtitle ends before it begins");
    check("00:61:01,000 --> 00:62:02,000\nA\n", "Line 1: this is no time such as 00:01:02.500 --> 00:01:04.000");
    check("00:00:01,000 --> 00:00:02,000\n\xE4\n", "Line 3: the text before it is not UTF-8; save the file as UTF-8");
    check("\xFF\xFE"
          "1",
        "The file is UTF-16; save it as UTF-8");
    check("just some text\nof a letter\n",
        "Line 2: here should be the times of a subtitle, such as 00:01:02.500 --> 00:01:04.000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subrip_is_read),
        cmocka_unit_test(webvtt_is_read),
        cmocka_unit_test(what_people_have_on_their_disks_is_read),
        cmocka_unit_test(bad_files_are_told_with_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
