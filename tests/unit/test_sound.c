// SPDX-License-Identifier: GPL-3.0-or-later
// The ops that make sound of sound: pieces of a recording for engines that live elsewhere, and small files of one
// format.
#include <math.h>

#include "engine_help.h"

static struct zygote *zygote;

static int set_up(void **state)
{
    (void)state;
    assert_ok(zygote_start(engine_path(), ZYGOTE_PLAIN, &zygote));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    zygote_stop(zygote);
    return 0;
}

static error ask_child(struct arena *arena, const char *op, json_t *params, struct memory_file *file,
    struct buffer *output, json_t **ret_result)
{
    struct child *child;
    assert_ok(child_fork(zygote, NULL, &child));
    error result = ask(child, arena, op, json_keep(arena, params), file, output, ret_result);
    child_end(child);
    return result;
}

static int16_t sample_at(const struct buffer *wav, double seconds)
{
    int16_t sample;
    memcpy(&sample, wav->data + 44 + 2 * (size_t)lround(seconds * 16000), sizeof sample);
    return sample;
}

static void pieces_are_packed_with_silence_between_them(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    BUFFER_AUTO struct buffer wav = { 0 };
    struct memory_file file = tone_wav(10, 16000);
    json_t *result;
    uint32_t data_size;
    assert_ok(ask_child(arena, "asr.audio",
        json_pack("{s:[{s:f,s:f,s:f},{s:f,s:f,s:f}]}", "pieces", "start", 1.0, "end", 2.0, "at", 0.0, "start", 7.0,
            "end", 9.0, "at", 1.5),
        &file, &wav, &result));
    assert_float_equal(json_get_number(result, "duration", 0), 3.5, 1e-9);
    assert_int_equal(wav.size, 44 + 2 * 56000);
    memcpy(&data_size, wav.data + 40, sizeof data_size);
    assert_int_equal(data_size, wav.size - 44);
    for (double at = 0.01; at < 3.49; at += 0.1)
        assert_true((abs(sample_at(&wav, at)) > 4000) == !(at >= 1 && at < 1.5));
    free((char *)file.data);
}

static void pieces_past_the_end_are_cut_and_wrong_ones_refused(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    BUFFER_AUTO struct buffer wav = { 0 };
    struct memory_file file = tone_wav(2, 8000);
    json_t *result;
    assert_ok(ask_child(arena, "asr.audio",
        json_pack("{s:[{s:f,s:f,s:f}]}", "pieces", "start", 1.0, "end", 5.0, "at", 0.0), &file, &wav, &result));
    assert_true(fabs(json_get_number(result, "duration", 0) - 1) < 0.05);
    static const double wrong[][3] = { { -1, 1, 0 }, { 2, 1, 0 }, { 0, 1, -1 }, { 0, 9000, 0 }, { 0, 1, 4000 },
        { 0, 1e300, 0 } };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_error(
            ask_child(arena, "asr.audio",
                json_pack("{s:[{s:f,s:f,s:f}]}", "pieces", "start", wrong[i][0], "end", wrong[i][1], "at", wrong[i][2]),
                &file, &wav, &result),
            ERROR_VALIDATION_ERROR);
    assert_error(
        ask_child(arena, "asr.audio", json_pack("{s:i}", "pieces", 7), &file, &wav, &result), ERROR_VALIDATION_ERROR);
    struct memory_file text = { .data = "no sound", .size = 8 };
    assert_error(ask_child(arena, "asr.audio", json_pack("{s:[]}", "pieces"), &text, &wav, &result), ERROR_NOT_MEDIA);
    free((char *)file.data);
}

static void every_format_keeps_length_and_loudness(void **state)
{
    (void)state;
    static const char *const formats[] = { "mp3", "opus", "aac", "flac", "wav" };
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct memory_file file = tone_wav(3, 16000);
    json_t *result;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        BUFFER_AUTO struct buffer coded = { 0 }, again = { 0 }, plain = { 0 };
        assert_ok(ask_child(arena, "audio.encode", json_pack("{s:s}", "format", formats[i]), &file, &coded, &result));
        assert_float_equal(json_get_number(result, "duration", 0), 3, 0.01);
        assert_ok(ask_child(arena, "audio.encode", json_pack("{s:s}", "format", formats[i]), &file, &again, &result));
        assert_true(str_equal(buffer_str(&coded), buffer_str(&again))); // the same bytes each time
        struct memory_file back = { .data = coded.data, .size = coded.size };
        assert_ok(ask_child(arena, "audio.encode", json_pack("{s:s}", "format", "pcm"), &back, &plain, &result));
        assert_true(fabs((double)plain.size / 48000 - 3) < 0.15);
        double power = 0;
        for (size_t k = 24000; k < 96000; k += 2) {
            int16_t sample;
            memcpy(&sample, plain.data + k, sizeof sample);
            power += (double)sample * sample / 36000;
        }
        assert_true(sqrt(power) > 4000 && sqrt(power) < 8000);
    }
    BUFFER_AUTO struct buffer none = { 0 };
    assert_error(ask_child(arena, "audio.encode", json_pack("{s:s}", "format", "doc"), &file, &none, &result),
        ERROR_VALIDATION_ERROR);
    assert_error(ask_child(arena, "audio.encode", json_pack("{}"), &file, &none, &result), ERROR_VALIDATION_ERROR);
    free((char *)file.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_packed_with_silence_between_them),
        cmocka_unit_test(pieces_past_the_end_are_cut_and_wrong_ones_refused),
        cmocka_unit_test(every_format_keeps_length_and_loudness),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
