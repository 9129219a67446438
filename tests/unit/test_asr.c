// SPDX-License-Identifier: GPL-3.0-or-later
// What engines beside the embedded one are given and what is made of their answers; the sandbox of programs.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/language.h"
#include "base/settings.h"
#include "net/http_form.h"
#include "net/program.h"
#include "test.h"
#include "work/asr_reply.h"
#include "work/transcript_split.h"

// Two chunks, [10, 12] and [20, 23], as the engine hears them: [0, 2] and [2.5, 5.5].
static struct asr_piece pieces[] = { { 10, 12, 0 }, { 20, 23, 2.5 } };
static const struct asr_pack pack = { .pieces = pieces, .count = 2, .duration = 5.5 };

static error read_reply(struct arena *arena, const char *text, const char *language, json_t **ret_result)
{
    struct asr_task task = { .arena = arena, .language = str_of(language) };
    return asr_reply_read(&task, &pack, "The server", str_of(text), ret_result);
}

static const json_t *segment_of(const json_t *result, size_t segment)
{
    return json_array_get(json_object_get(result, "segments"), segment);
}

static const char *text_of(const json_t *result, size_t segment)
{
    return json_get_str(segment_of(result, segment), "text").data;
}

static double word_time(const json_t *result, size_t segment, size_t word, const char *key)
{
    return json_get_number(json_array_get(json_object_get(segment_of(result, segment), "words"), word), key, -1);
}

static void check_empty(const json_t *result)
{
    assert_int_equal(json_array_size(json_object_get(result, "segments")), 0);
}

static void times_are_led_back_to_the_recording(void **state)
{
    (void)state;
    static const double times[][2] = { { -1, 10 }, { 0, 10 }, { 1.5, 11.5 }, { 2, 12 }, { 2.3, 12 }, { 2.5, 20 },
        { 5, 22.5 }, { 99, 23 } };
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        assert_float_equal(asr_pack_time(&pack, times[i][0]), times[i][1], 1e-9);
}

static void tokens_become_words_at_leading_spaces(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    json_t *result;
    assert_ok(read_reply(arena,
        "{\"result\":{\"language\":\"de\"},\"transcription\":[{\"offsets\":{\"from\":0,\"to\":4000},\"text\":\" Guten "
        "Tag.\","
        "\"tokens\":[{\"text\":\"[_BEG_]\",\"offsets\":{\"from\":0,\"to\":0},\"p\":0.9},"
        "{\"text\":\" "
        "Gu\",\"offsets\":{\"from\":0,\"to\":300},\"p\":0.5},{\"text\":\"ten\",\"offsets\":{\"from\":300,\"to\":600},"
        "\"p\":0.7},"
        "{\"text\":\" "
        "Tag\",\"offsets\":{\"from\":3000,\"to\":3400},\"p\":2},{\"text\":\".\",\"offsets\":{\"from\":3400,\"to\":3500}"
        ",\"p\":-1}]}]}",
        NULL, &result));
    assert_string_equal(json_get_str(result, "language").data, "de");
    assert_string_equal(text_of(result, 0), "Guten Tag.");
    assert_float_equal(word_time(result, 0, 0, "start"), 10, 1e-9);
    assert_float_equal(word_time(result, 0, 0, "end"), 10.6, 1e-9);
    assert_float_equal(word_time(result, 0, 0, "confidence"), 0.6, 1e-9);
    assert_float_equal(word_time(result, 0, 1, "start"), 20.5, 1e-9);
    assert_float_equal(word_time(result, 0, 1, "confidence"), 0.5, 1e-9); // what is no probability counts as its bound
}

static void words_beside_the_segments_give_their_times(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    json_t *result;
    assert_ok(read_reply(arena,
        "{\"language\":\"Haitian Creole\",\"text\":\"x\",\"segments\":[{\"start\":0,\"end\":1,\"text\":\" Well, it's "
        "3.50!\","
        "\"avg_logprob\":-0.1},{\"start\":1,\"end\":2,\"text\":\"Right here.\",\"avg_logprob\":-0.1}],"
        "\"words\":[{\"word\":\"Well\",\"start\":0.1,\"end\":0.2},{\"word\":\"it's\",\"start\":0.3,\"end\":0.4},"
        "{\"word\":\"350\",\"start\":0.5,\"end\":0.9},{\"word\":\"unsaid\",\"start\":1.0,\"end\":1.1},"
        "{\"word\":\"here\",\"start\":1.7,\"end\":1.9}]}",
        NULL, &result));
    assert_string_equal(json_get_str(result, "language").data, "ht");
    assert_string_equal(text_of(result, 0), "Well, it's 3.50!");
    assert_float_equal(word_time(result, 0, 0, "start"), 10.1, 1e-9);
    assert_float_equal(word_time(result, 0, 2, "end"), 10.9, 1e-9);
    assert_string_equal(text_of(result, 1), "Right here.");
    assert_float_equal(word_time(result, 1, 1, "start"), 11.7, 1e-9);
    assert_true(word_time(result, 1, 0, "start") >= 11 && word_time(result, 1, 0, "end") <= 11.7);
}

static void what_is_no_speech_is_left_out(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    static const char *const marks[] = { "[BLANK_AUDIO]", " (soft music)", "*sighs*", "...", " ",
        "\\u266a la la \\u266a", "" };
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        json_t *result;
        str text = str_format(arena, "{\"segments\":[{\"start\":0,\"end\":1,\"text\":\"%s\"}]}", marks[i]);
        assert_ok(read_reply(arena, text.data, NULL, &result));
        check_empty(result);
    }
    json_t *result;
    assert_ok(read_reply(arena, "{\"text\":\"\"}", "en", &result));
    check_empty(result);
    assert_string_equal(json_get_str(result, "language").data, "en");
}

static void answers_without_sense_are_refused(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    static const char *const answers[] = { "", "x", "[]", "7", "{}", "{\"segments\":7}",
        "{\"transcription\":", "{\"text\":5}", "\xff\xfe", "{\"error\":7}", "{\"error\":{\"message\":\"\"}}" };
    json_t *result = NULL;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        error told = read_reply(arena, answers[i], NULL, &result);
        assert_error(told, ERROR_ENGINE_FAILED);
        assert_string_equal(told.message, "The server gave an answer that makes no sense");
    }
    assert_null(result);
    assert_string_equal(
        read_reply(arena, "{\"error\":\"no file\"}", NULL, &result).message, "The server says: no file");
    // Strange, but of the right shape: nothing is made up, nothing falls over.
    static const char *const strange[] = { "{\"segments\":[7,null,[],{}]}",
        "{\"segments\":[{\"text\":\"a b\",\"start\":9,\"end\":-9,\"words\":[7,{\"word\":5},{}]}]}",
        "{\"transcription\":[{\"tokens\":[7]},{\"tokens\":[{\"text\":\" a\",\"offsets\":7}]}]}",
        "{\"words\":[{\"word\":\"a\",\"start\":\"b\"}],\"segments\":[{\"text\":\"a\"}]}" };
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++)
        assert_ok(read_reply(arena, strange[i], NULL, &result));
}

static void bytes_that_tokens_cut_come_together(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    json_t *result;
    assert_ok(read_reply(arena,
        "{\"transcription\":[{\"tokens\":[{\"text\":\" \xe6\x96\",\"offsets\":{\"from\":0,\"to\":100},\"p\":1},"
        "{\"text\":\"\x87\xe5\",\"offsets\":{\"from\":100,\"to\":200},\"p\":1},{\"text\":\"\xad\x97\",\"offsets\":{"
        "\"from\":200,\"to\":300},\"p\":1}]}]}",
        "ja", &result));
    assert_string_equal(text_of(result, 0), "\xe6\x96\x87\xe5\xad\x97");
}

static void languages_have_codes_and_names(void **state)
{
    (void)state;
    int count = 0;
    for (char a = 'a'; a <= 'z'; a++)
        for (char b = 'a'; b <= 'z'; b++)
            count += language_is_known((str) { (char[]) { a, b }, 2 });
    assert_int_equal(count, 183);
    assert_string_equal(language_name(STR("de")), "German");
    assert_null(language_name(STR("DE")));
    assert_false(language_is_known(STR_NONE));
    static const char *const names[][2] = { { "english", "en" }, { "Castilian", "es" }, { "DE", "de" },
        { "jw", "jv" } };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_string_equal(language_of_name(str_of(names[i][0])).data, names[i][1]);
    assert_null(language_of_name(STR("klingon")).data);
}

static void the_best_engine_that_knows_the_language_is_chosen(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct settings before = settings;
    const struct asr_engine *engine;
    settings.asr_url = settings.whisper_url = settings.whisper_cli = settings.whisper_model = "";
    assert_ok(asr_choose(arena, STR_NONE, STR_NONE, &engine));
    assert_string_equal(engine->name, "pocketsphinx");
    assert_string_equal(asr_only_language(engine).data, "en");
    error told = asr_choose(arena, STR_NONE, STR("de"), &engine);
    assert_error(told, ERROR_UNSUPPORTED_LANGUAGE);
    assert_non_null(
        strstr(told.message, "No engine here speaks German; whisper.cpp or an OpenAI-compatible server would"));
    assert_error(asr_choose(arena, STR("pocketsphinx"), STR("de"), &engine), ERROR_UNSUPPORTED_LANGUAGE);
    assert_error(asr_choose(arena, STR("openai"), STR_NONE, &engine), ERROR_ENGINE_MISSING);
    told = asr_choose(arena, STR("ear"), STR_NONE, &engine);
    assert_error(told, ERROR_VALIDATION_ERROR);
    assert_string_equal(told.field, "engine");
    settings.asr_url = "http://127.0.0.1:9";
    assert_ok(asr_choose(arena, STR_NONE, STR("ab"), &engine));
    assert_string_equal(engine->name, "openai");
    settings.whisper_url = "http://127.0.0.1:9";
    assert_ok(asr_choose(arena, STR_NONE, STR("de"), &engine));
    assert_string_equal(engine->name, "whisper");
    assert_ok(asr_choose(arena, STR_NONE, STR("ab"), &engine)); // which whisper does not know
    assert_string_equal(engine->name, "openai");
    settings.whisper_url = "";
    settings.whisper_cli = "/bin/true";
    settings.whisper_model = "/etc/hostname";
    assert_ok(asr_choose(arena, STR("whisper"), STR("de"), &engine));
    settings.whisper_model = "/nowhere/ggml-base.en.bin";
    assert_error(asr_choose(arena, STR("whisper"), STR("de"), &engine), ERROR_UNSUPPORTED_LANGUAGE);
    assert_error(asr_choose(arena, STR("whisper"), STR("en"), &engine), ERROR_ENGINE_MISSING);
    settings = before;
}

static void parts_are_as_long_as_an_engine_wants(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    json_t *chunks = json_keep(arena, json_array()), **parts;
    for (int i = 0; i < 200; i++)
        json_array_append_new(chunks, json_pack("{s:f, s:f}", "start", i * 12.0, "end", i * 12.0 + 10));
    static const double limits[][2] = { { 15, 60 }, { 60, 300 }, { 120, 480 } };
    for (size_t i = 0; i < 3; i++) {
        size_t count = transcript_split(arena, chunks, limits[i][0], limits[i][1], &parts), total = 0;
        for (size_t k = 0; k < count; k++) {
            total += json_array_size(parts[k]);
            assert_true(json_array_size(parts[k]) * 10 <= limits[i][1]);
            assert_true(k + 1 == count || json_array_size(parts[k]) * 10 > limits[i][0] - 10);
        }
        assert_int_equal(total, 200);
    }
}

static void a_form_is_written_as_the_standard_has_it(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 16);
    struct http_form form;
    http_form_begin(&form);
    http_form_field(&form, "model", STR("x"));
    http_form_file(&form, "file", "a.wav", "audio/wav", STR("RIFF"));
    http_form_end(&form);
    str expected = str_format(arena,
        "--%s\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nx\r\n--%s\r\nContent-Disposition: form-data; "
        "name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\nRIFF\r\n--%s--\r\n",
        form.boundary, form.boundary, form.boundary);
    assert_true(str_equal(buffer_str(&form.body), expected));
    assert_true(str_ends(http_form_type(arena, &form), str_of(form.boundary)));
    buffer_done(&form.body);
}

// Programs

static error run(
    const char *const *arguments, const int *files, size_t count, const atomic_bool *cancelled, int64_t limit_us)
{
    const char *readable[] = { "/etc/hostname", NULL };
    struct program_call call = { .engine_path = getenv("KINORA_ENGINE"),
        .arguments = arguments,
        .readable = readable,
        .files = files,
        .file_count = count,
        .cancelled = cancelled,
        .deadline_us = limit_us ? clock_mono_us() + limit_us : 0 };
    return program_run("The program", &call);
}

#define SHELL(script) ((const char *const[]) { "/bin/sh", "-c", script, NULL })

static void a_program_reads_and_writes_what_it_was_given_by_name(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 16);
    static const char *const names[] = { "in.txt", "out.txt" };
    const char *folder;
    str written;
    int files[2];
    assert_ok(program_file("a text", 6, &files[0]));
    assert_ok(program_file(NULL, 0, &files[1]));
    assert_ok(program_folder(arena, names, 2, &folder));
    const char *script = str_format(arena, "cat %s/in.txt /etc/hostname >%s/out.txt", folder, folder).data;
    assert_ok(run(SHELL(script), files, 2, NULL, 0));
    program_folder_remove(folder, names, 2);
    assert_int_equal(access(folder, F_OK), -1);
    assert_ok(program_file_read(arena, files[1], 4096, &written));
    assert_true(str_starts(written, STR("a text")) && written.size > 6);
    assert_error(program_file_read(arena, files[1], 6, &written), ERROR_LIMIT_EXCEEDED);
    close(files[0]);
    close(files[1]);
}

static void a_program_can_do_nothing_else(void **state)
{
    (void)state;
    static const char *const forbidden[] = { "cat /etc/passwd", "echo x >/tmp/kinora-test-written", "ls /root",
        "ls /home", "kill -0 1", "mkdir /tmp/kinora-test-made", "cat /proc/1/environ",
        "exec 5<>/dev/tcp/127.0.0.1/80" };
    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
        assert_error(run((const char *const[]) { "/bin/bash", "-c", forbidden[i], NULL }, NULL, 0, NULL, 0),
            ERROR_ENGINE_FAILED);
    assert_ok(run(SHELL("test \"$(env | grep -c KINORA)\" = 0"), NULL, 0, NULL, 0));
    assert_ok(run(SHELL("test ! -e /proc/self/fd/3"), NULL, 0, NULL, 0));
}

static void a_program_that_fails_says_why(void **state)
{
    (void)state;
    assert_string_equal(run(SHELL("echo broken pipe organ >&2; exit 3"), NULL, 0, NULL, 0).message,
        "The program ended with status 3: broken pipe organ");
    assert_string_equal(run(SHELL("echo cannot open /secret/place >&2; exit 4"), NULL, 0, NULL, 0).message,
        "The program ended with status 4");
    // A shell may not send signals here, but a program that falls over still dies of one.
    assert_error(run((const char *const[]) { "/usr/bin/perl", "-MPOSIX", "-e", "abort()", NULL }, NULL, 0, NULL, 0),
        ERROR_ENGINE_CRASHED);
    assert_error(run((const char *const[]) { "/nowhere/program", NULL }, NULL, 0, NULL, 0), ERROR_ENGINE_FAILED);
}

static void a_program_that_is_cancelled_or_late_is_killed_with_its_children(void **state)
{
    (void)state;
    atomic_bool cancelled = true;
    int64_t before = clock_mono_us();
    assert_error(run(SHELL("sleep 300 & sleep 300"), NULL, 0, &cancelled, 0), ERROR_CANCELLED);
    assert_error(run(SHELL("sleep 300 & sleep 300"), NULL, 0, NULL, SECOND_US / 2), ERROR_TIMED_OUT);
    assert_true(clock_mono_us() - before < 2 * SECOND_US);
}

static void a_program_that_is_cancelled_may_tidy_up_for_a_second(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 16);
    int file;
    str written;
    int64_t before = clock_mono_us();
    assert_ok(program_file(NULL, 0, &file));
    assert_error(
        run(SHELL("trap 'echo tidy >&3; exit 0' TERM; while :; do sleep 0.05; done"), &file, 1, NULL, SECOND_US),
        ERROR_TIMED_OUT);
    assert_ok(program_file_read(arena, file, 4096, &written));
    assert_string_equal(written.data, "tidy\n");
    close(file);
    // Who does not want to end has to.
    assert_error(run(SHELL("trap '' TERM; while :; do sleep 0.05; done"), NULL, 0, NULL, SECOND_US), ERROR_TIMED_OUT);
    assert_true(clock_mono_us() - before < 20 * SECOND_US);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_led_back_to_the_recording),
        cmocka_unit_test(tokens_become_words_at_leading_spaces),
        cmocka_unit_test(words_beside_the_segments_give_their_times),
        cmocka_unit_test(what_is_no_speech_is_left_out),
        cmocka_unit_test(answers_without_sense_are_refused),
        cmocka_unit_test(bytes_that_tokens_cut_come_together),
        cmocka_unit_test(languages_have_codes_and_names),
        cmocka_unit_test(the_best_engine_that_knows_the_language_is_chosen),
        cmocka_unit_test(parts_are_as_long_as_an_engine_wants),
        cmocka_unit_test(a_form_is_written_as_the_standard_has_it),
        cmocka_unit_test(a_program_reads_and_writes_what_it_was_given_by_name),
        cmocka_unit_test(a_program_can_do_nothing_else),
        cmocka_unit_test(a_program_that_fails_says_why),
        cmocka_unit_test(a_program_that_is_cancelled_or_late_is_killed_with_its_children),
        cmocka_unit_test(a_program_that_is_cancelled_may_tidy_up_for_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
