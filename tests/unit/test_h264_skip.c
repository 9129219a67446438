// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures that repeat the one before: the bits they are made of, and that a decoder sees what was meant.
#include <stdlib.h>

#include "av/bits.h"
#include "av/h264_skip.h"
#include "av/video_encoder.h"
#include "av/video_reader.h"
#include "base/arena.h"
#include "engine_help.h"

enum { WIDTH = 176, HEIGHT = 144, FPS = 30 };

// ITU-T H.264, Table 9-2 and 9.1.1.
static const struct {
    uint32_t value;
    int32_t mapped;
    const char *code;
} vectors[] = { { 0, 0, "1" }, { 1, 1, "010" }, { 2, -1, "011" }, { 3, 2, "00100" }, { 4, -2, "00101" },
    { 5, 3, "00110" }, { 6, -3, "00111" }, { 7, 4, "0001000" }, { 8, -4, "0001001" }, { 9, 5, "0001010" },
    { 8160, -4080, "0000000000001111111100001" },
    { UINT32_MAX - 1, -INT32_MAX, "000000000000000000000000000000011111111111111111111111111111111" } };

static void pack(const char *code, struct buffer *bytes)
{
    struct bit_writer writer = { .bytes = bytes };
    for (; *code; code++)
        bits_write(&writer, *code == '1', 1);
    bits_align(&writer, false);
}

static void codes_are_those_of_the_standard(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        BUFFER_AUTO struct buffer wanted = { 0 }, is = { 0 }, mapped = { 0 };
        pack(vectors[i].code, &wanted);
        struct bit_writer writer = { .bytes = &is }, other = { .bytes = &mapped };
        bits_write_ue(&writer, vectors[i].value);
        bits_write_se(&other, vectors[i].mapped);
        assert_int_equal(writer.count, strlen(vectors[i].code) % 8);
        bits_align(&writer, false);
        bits_align(&other, false);
        assert_int_equal(is.size, wanted.size);
        assert_memory_equal(is.data, wanted.data, wanted.size);
        assert_int_equal(mapped.size, wanted.size);
        assert_memory_equal(mapped.data, wanted.data, wanted.size);
        struct bit_reader reader = { .bytes = (uint8_t *)wanted.data, .size = wanted.size }, again = reader;
        assert_int_equal(bits_read_ue(&reader), vectors[i].value);
        assert_int_equal(bits_read_se(&again), vectors[i].mapped);
        assert_false(reader.failed || again.failed);
        assert_int_equal(reader.at, strlen(vectors[i].code));
    }
}

static void codes_that_are_cut_or_too_long_are_noticed(void **state)
{
    (void)state;
    static const uint8_t zeros[8] = { 0 }, cut[] = { 0x08 };
    struct bit_reader reader = { .bytes = zeros, .size = sizeof zeros };
    assert_int_equal(bits_read_ue(&reader), 0);
    assert_true(reader.failed);
    reader = (struct bit_reader) { .bytes = cut, .size = sizeof cut };
    assert_int_equal(bits_read_ue(&reader), 0);
    assert_true(reader.failed);
    reader = (struct bit_reader) { .bytes = cut, .size = sizeof cut };
    assert_int_equal(bits_read(&reader, 9), 0);
    assert_true(reader.failed);
}

// The whole picture in the few bytes that a reader of the standard comes to by hand.
static void a_picture_without_arithmetic_coding_is_a_header_and_one_run(void **state)
{
    (void)state;
    struct h264_sets sets = { .frame_num_bits = 4, .macroblocks = 99, .refs_l0 = 1, .refs_l1 = 1, .init_qp = 26 };
    struct h264_picture picture = { .is_reference = true, .is_idr = true, .frame_num = 15 };
    BUFFER_AUTO struct buffer bytes = { 0 }, wanted = { 0 };
    h264_skip_append(&sets, &picture, &bytes);
    // first_mb 1, slice_type 5 00110, pps 1, frame_num 0000, override 0, reordering 0, marking 0, qp +25 00000110010,
    // mb_skip_run 99 0000001100100, stop bit
    pack("1001101000000000000110010"
         "0000001100100"
         "1",
        &wanted);
    assert_int_equal(bytes.size, 5 + wanted.size);
    assert_memory_equal(bytes.data, "\0\0\0\1\x41", 5);
    assert_memory_equal(bytes.data + 5, wanted.data, wanted.size);
    assert_int_equal(picture.frame_num, 0);
    assert_false(picture.is_idr);
}

static struct frame *draw(struct arena *arena, int number)
{
    struct frame *frame = frame_new(arena, WIDTH, HEIGHT);
    for (int plane = 0; plane < 3; plane++)
        for (int y = 0; y < (plane ? HEIGHT / 2 : HEIGHT); y++)
            for (int x = 0; x < (plane ? WIDTH / 2 : WIDTH); x++) {
                int shade = plane ? 128 + (x - number) / 3 % 40 : 40 + (x * 2 + y + 5 * number) % 160;
                if (x > number % WIDTH && x < number % WIDTH + 30 && y > 40 && y < 70)
                    shade = plane ? 90 : 220;
                frame->planes[plane][y * frame->strides[plane] + x] = (uint8_t)shade;
            }
    return frame;
}

// Frames that move, rest for short and for long, at the start, in the middle and at the end.
static const int runs[] = { 14, 1, 1, 1, 1, 2, 1, 3, 1, 1, 1, 1, 1, 1, 1, 40, 1, 1, 1, 1, 1, 333, 2, 2, 2, 200, 170, 1,
    1, 7, 7, 60, 1, 1, 1, 1, 1, 1, 1, 12 };
enum { RUNS = sizeof runs / sizeof *runs };

static error encode(struct arena *arena, const char *preset, struct buffer *film)
{
    struct sink_io io = { .context = film, .write = buffer_write, .read_back = buffer_read };
    struct video_settings settings = {
        .codec = VIDEO_H264, .width = WIDTH, .height = HEIGHT, .fps = FPS, .crf = 20, .preset = preset
    };
    struct video_encoder *encoder;
    uint64_t size;
    TRY(video_encoder_open(&io, &settings, &encoder));
    error failed = OK;
    for (int i = 0; i < RUNS && !error_is(failed); i++)
        for (int j = 0; j < runs[i] && !error_is(failed); j++)
            if (j == 0)
                failed = video_encoder_add(encoder, draw(arena, i * 3));
            else
                video_encoder_hold(encoder);
    if (!error_is(failed))
        failed = video_encoder_finish(encoder, &size);
    video_encoder_close(encoder);
    return failed;
}

static double difference(const struct frame *a, const struct frame *b)
{
    double sum = 0;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            double one = a->planes[0][y * a->strides[0] + x] - b->planes[0][y * b->strides[0] + x];
            sum += one * one;
        }
    return sum / (WIDTH * HEIGHT);
}

static bool is_same(const struct frame *a, const struct frame *b)
{
    for (int plane = 0; plane < 3; plane++)
        for (int y = 0; y < (plane ? HEIGHT / 2 : HEIGHT); y++)
            if (memcmp(a->planes[plane] + y * a->strides[plane], b->planes[plane] + y * b->strides[plane],
                    plane ? WIDTH / 2 : WIDTH))
                return false;
    return true;
}

static void check(struct arena *arena, const char *preset, const struct buffer *film)
{
    struct memory_file file = { .data = film->data, .size = film->size };
    struct source_io io = { .context = &file, .size = film->size, .read = memory_read };
    struct video_reader *reader;
    struct frame *before = frame_new(arena, WIDTH, HEIGHT), *now = frame_new(arena, WIDTH, HEIGHT);
    int64_t number = 0, at = 0;
    assert_ok(video_reader_open(&io, &reader));
    for (int i = 0; i < RUNS; i++)
        for (int j = 0; j < runs[i]; j++, at++) {
            assert_ok(video_reader_at(reader, at * SECOND_US / FPS + 2000, false, &number));
            assert_ok(video_reader_frame(reader, (struct frame_box) { 0 }, now));
            double apart = difference(draw(arena, i * 3), now);
            if (apart > 12)
                fail_msg("%s: run %d frame %d differs by %.1f", preset, i, j, apart);
            if (j > 0 && !is_same(before, now))
                fail_msg("%s: run %d frame %d is not the one before", preset, i, j);
            frame_copy(before, now);
        }
    video_reader_close(reader);
}

// ultrafast has no arithmetic coding and one kind of weights, medium another.
static void held_frames_are_decoded_as_the_frame_that_is_held(void **state)
{
    (void)state;
    static const char *const presets[] = { "ultrafast", "superfast", "veryfast", "medium", "veryslow" };
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++) {
        ARENA_AUTO struct arena *arena = arena_new(1 << 28);
        BUFFER_AUTO struct buffer film = { 0 }, again = { 0 };
        assert_ok(encode(arena, presets[i], &film));
        check(arena, presets[i], &film);
        assert_ok(encode(arena, presets[i], &again));
        if (film.size != again.size || memcmp(film.data, again.data, film.size))
            fail_msg("%s: encoded twice, the bytes differ", presets[i]);
    }
}

// Parameter sets of the simplest kind.
static const uint8_t sets_bytes[] = { 0, 0, 0, 1, 0x67, 0x42, 0xC0, 0x0A, 0xDA, 0x10, 0xD8, 0, 0, 0, 1, 0x68, 0xCE,
    0x0F, 0xC8 };

static void damaged_streams_are_refused(void **state)
{
    (void)state;
    struct h264_sets sets;
    assert_error(h264_skip_sets(NULL, 0, &sets), ERROR_ENGINE_FAILED);
    assert_error(h264_skip_sets(sets_bytes, 4, &sets), ERROR_ENGINE_FAILED);
    for (size_t size = 0; size <= sizeof sets_bytes; size++)
        for (unsigned change = 0; change < 256; change++) {
            uint8_t *copy = malloc(size + 1); // of its own size, so that reading past the end is noticed
            memcpy(copy, sets_bytes, size);
            if (size)
                copy[change * 7 % size] ^= (uint8_t)change;
            BUFFER_AUTO struct buffer out = { 0 };
            struct h264_picture picture;
            struct h264_shift shift = { .pictures = change };
            if (!error_is(h264_skip_sets(copy, size, &sets)))
                assert_true(
                    error_is(h264_skip_shift(&sets, copy, size, &shift, &out, &picture)) || picture.frame_num < 65536);
            free(copy);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_those_of_the_standard),
        cmocka_unit_test(codes_that_are_cut_or_too_long_are_noticed),
        cmocka_unit_test(a_picture_without_arithmetic_coding_is_a_header_and_one_run),
        cmocka_unit_test(held_frames_are_decoded_as_the_frame_that_is_held),
        cmocka_unit_test(damaged_streams_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
