// SPDX-License-Identifier: GPL-3.0-or-later
// The whole way through real, sandboxed engine children: scenes to segments, sounds to a mix, both to a film.
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <unistd.h>

#include "av/video_reader.h"
#include "engine/compositor.h"
#include "zygote_help.h"

enum { WIDTH = 320, HEIGHT = 180, FPS = 30, RATE = 48000, INPUTS = 5 };

static int stop_everything(void **state)
{
    pango_cairo_font_map_set_default(NULL);
    return stop_zygote(state);
}

// Asks a fresh child about files in memory; drops its own reference to the parameters.
static error ask_about(struct arena *arena, const char *op, json_t *params, struct memory_file *files, size_t count,
    struct buffer *output, json_t **ret_result)
{
    struct child_input inputs[INPUTS];
    for (size_t i = 0; i < count; i++)
        inputs[i] = (struct child_input) { .context = &files[i], .size = files[i].size, .read = memory_read };
    struct child_output out = { .context = output, .write = buffer_write, .read = buffer_read };
    struct child_call call = { .op = op,
        .params = params,
        .inputs = inputs,
        .input_count = count,
        .outputs = &out,
        .output_count = 1,
        .deadline_us = clock_mono_us() + 100 * SECOND_US };
    struct child *child;
    assert_non_null(params);
    assert_ok(child_fork(zygote, NULL, &child));
    error failure = child_ask(child, arena, &call, ret_result);
    child_end(child);
    json_decref(params);
    return failure;
}

static const char film_json[] =
    "{\"width\": 320, \"height\": 180, \"fps\": 30, \"background\": \"#101014\", \"scenes\": ["
    "{\"duration\": 1.01, \"background\": {\"color\": \"#FF0000\"}, \"layers\": [{\"type\": \"text\", \"name\": \"t\","
    "\"end\": 9, \"properties\": {\"text\": \"One\", \"font_size\": 300, \"animation\": \"fadeIn\"}}]},"
    "{\"duration\": 1.01, \"transition\": {\"type\": \"crossfade\", \"duration\": 0.4}, \"layers\": [{\"type\":"
    "\"shape\", \"name\": \"s\", \"end\": 9, \"properties\": {\"shape\": \"star\", \"animation\": \"slideLeft\"}}]},"
    "{\"duration\": 1.01, \"background\": {\"gradient\": [\"#000000\", \"#FFFFFF\", 90]}, \"layers\": []}]}";

static json_t *composition(void)
{
    json_t *json = json_loads(film_json, 0, NULL);
    assert_non_null(json);
    return json;
}

static error render_part(
    struct arena *arena, int scene, int first, int count, struct buffer *output, json_t **ret_result)
{
    return ask_about(arena, "render.segment",
        json_pack("{s:o, s:i, s:i, s:i, s:{s:s, s:i, s:s}}", "composition", composition(), "scene", scene,
            "first_frame", first, "frame_count", count, "video", "codec", "h264", "crf", 16, "preset", "veryfast"),
        NULL, 0, output, ret_result);
}

static void the_same_question_gives_the_same_segment(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    BUFFER_AUTO struct buffer first = { 0 }, second = { 0 };
    json_t *result;
    assert_ok(render_part(arena, 0, 0, 30, &first, &result));
    assert_int_equal(json_get_int(result, "frames", 0), 30);
    assert_int_equal(json_get_int(result, "bytes", 0), first.size);
    assert_ok(render_part(arena, 0, 0, 30, &second, &result));
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
}

static json_t *tone_track(int input, double start, double duration, const char *role, bool ducking)
{
    return json_pack("{s:i, s:f, s:f, s:f, s:s, s:b, s:b}", "input", input, "start", start, "duration", duration,
        "volume", 0.5, "role", role, "ducking", ducking, "loop", 1);
}

static error mix(struct arena *arena, double duration, json_t *tracks, const char *codec, bool loud,
    struct memory_file *files, size_t count, struct buffer *output, json_t **ret_result)
{
    return ask_about(arena, "render.mix",
        json_pack("{s:f, s:o, s:o, s:{s:s}}", "duration", duration, "loudness", loud ? json_real(-16) : json_null(),
            "tracks", tracks, "audio", "codec", codec),
        files, count, output, ret_result);
}

struct film {
    AVFormatContext *format;
    char path[64];
};

static void film_open(struct film *film, const struct buffer *bytes)
{
    strcpy(film->path, "/tmp/kinora-film-XXXXXX");
    int fd = mkstemp(film->path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes->data, bytes->size), bytes->size);
    close(fd);
    film->format = NULL;
    assert_int_equal(avformat_open_input(&film->format, film->path, NULL, NULL), 0);
    assert_true(avformat_find_stream_info(film->format, NULL) >= 0);
}

static void film_close(struct film *film)
{
    avformat_close_input(&film->format);
    unlink(film->path);
}

// Each frame number once, decoding times rising, pictures and sound beginning at 0.
static void check_packets(struct film *film, int frames)
{
    AVPacket *packet = av_packet_alloc();
    AVStream *video = film->format->streams[0], *audio = film->format->streams[1];
    bool *seen = calloc((size_t)frames, sizeof *seen);
    int64_t last[2] = { INT64_MIN, INT64_MIN };
    int64_t sound_end = 0;
    while (av_read_frame(film->format, packet) >= 0) {
        if (packet->stream_index < 2) {
            assert_true(packet->dts > last[packet->stream_index]);
            last[packet->stream_index] = packet->dts;
        }
        if (packet->stream_index == 0) {
            double number = (double)packet->pts * av_q2d(video->time_base) * FPS;
            assert_true(fabs(number - round(number)) < 1e-6 && number > -0.5 && number < frames - 0.5);
            assert_false(seen[(int)lround(number)]);
            seen[(int)lround(number)] = true;
        } else if (packet->stream_index == 1) {
            sound_end = packet->pts + packet->duration;
        }
        av_packet_unref(packet);
    }
    for (int i = 0; i < frames; i++)
        assert_true(seen[i]);
    assert_int_equal(av_rescale_q(sound_end, audio->time_base, (AVRational) { 1, RATE }), frames * RATE / FPS);
    assert_int_equal(video->start_time, 0);
    free(seen);
    av_packet_free(&packet);
}

static double psnr(const struct frame *a, const struct frame *b)
{
    double sum = 0;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            double difference = a->planes[0][y * a->strides[0] + x] - b->planes[0][y * b->strides[0] + x];
            sum += difference * difference;
        }
    return sum > 0 ? 10 * log10(255.0 * 255.0 * WIDTH * HEIGHT / sum) : 99;
}

// Frame by frame, what is decoded is what the compositor made.
static void check_pictures(struct arena *arena, struct memory_file *file)
{
    struct source_io io = { .context = file, .size = file->size, .read = memory_read };
    struct video_reader *reader;
    struct composition parsed;
    assert_ok(composition_read(arena, json_keep(arena, composition()), 0, 0, &parsed));
    struct compositor *compositor = compositor_new(arena, &parsed, NULL);
    struct frame *decoded = frame_new(arena, WIDTH, HEIGHT);
    assert_ok(video_reader_open(&io, &reader));
    int64_t first = 0;
    for (size_t scene = 0; scene < parsed.scene_count; scene++) {
        for (int64_t i = 0; i < parsed.scenes[scene].frames; i++) {
            const struct frame *made;
            bool changed;
            int64_t number;
            assert_ok(compositor_at(compositor, scene, (double)i / FPS, &made, &changed));
            assert_ok(video_reader_at(reader, (first + i) * SECOND_US / FPS + 1000, false, &number));
            assert_ok(video_reader_frame(reader, (struct frame_box) { 0 }, decoded));
            double quality = psnr(made, decoded);
            if (quality < 36)
                fail_msg("scene %zu frame %d: %.1f dB", scene, (int)i, quality);
        }
        first += parsed.scenes[scene].frames;
    }
    video_reader_close(reader);
}

static void segments_and_a_mix_become_one_film(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 26);
    struct buffer parts[INPUTS] = { 0 };
    BUFFER_AUTO struct buffer output = { 0 };
    struct memory_file files[INPUTS], tone = tone_wav(1, RATE);
    json_t *result;
    // the second scene in two parts
    static const struct {
        int scene, first, count;
    } shares[] = { { 0, 0, 30 }, { 1, 0, 7 }, { 1, 7, 24 }, { 2, 0, 30 } };
    for (int i = 0; i < 4; i++)
        assert_ok(render_part(arena, shares[i].scene, shares[i].first, shares[i].count, &parts[i], &result));
    assert_ok(mix(arena, 3.03, json_pack("[o]", tone_track(0, 0, 3.03, "music", false)), "aac", true, &tone, 1,
        &parts[4], &result));
    for (int i = 0; i < INPUTS; i++)
        files[i] = file_of_buffer(&parts[i]);
    assert_ok(ask_about(arena, "render.join",
        json_pack("{s:i, s:i, s:s, s:s, s:i, s:[{s:i, s:f, s:s}]}", "segments", 4, "audio", 4, "format", "mp4", "title",
            "A film", "fps", FPS, "chapters", "start", 0, "end", 1.01, "title", "One"),
        files, INPUTS, &output, &result));
    assert_int_equal(json_get_int(result, "frames", 0), 91);
    assert_int_equal(json_get_int(result, "bytes", 0), output.size);
    assert_int_equal(json_get_int(result, "width", 0), WIDTH);
    struct film film;
    film_open(&film, &output);
    assert_int_equal(film.format->streams[0]->codecpar->codec_id, AV_CODEC_ID_H264);
    assert_int_equal(film.format->streams[0]->codecpar->color_space, AVCOL_SPC_BT709);
    assert_int_equal(film.format->streams[0]->codecpar->color_range, AVCOL_RANGE_MPEG);
    assert_int_equal(film.format->streams[1]->codecpar->codec_id, AV_CODEC_ID_AAC);
    assert_int_equal(film.format->nb_chapters, 1);
    assert_true(fabs((double)film.format->duration / AV_TIME_BASE - 91.0 / FPS) < 0.002);
    check_packets(&film, 91);
    film_close(&film);
    const char *index = memmem(output.data, output.size, "moov", 4),
               *data = memmem(output.data, output.size, "mdat", 4);
    assert_true(index && data && index < data);
    struct memory_file whole = file_of_buffer(&output);
    check_pictures(arena, &whole);
    for (int i = 0; i < INPUTS; i++)
        buffer_done(&parts[i]);
    free((void *)tone.data);
}

// Root mean square of a stretch of a 16-bit stereo WAV.
static double level(const struct buffer *wav, double from, double to)
{
    const char *data = memmem(wav->data, wav->size, "data", 4);
    assert_non_null(data);
    double sum = 0;
    size_t count = 0;
    for (size_t i = (size_t)(from * RATE) * 2; i < (size_t)(to * RATE) * 2; i++, count++) {
        int16_t sample;
        assert_true(data + 8 + i * 2 + 2 <= wav->data + wav->size);
        memcpy(&sample, data + 8 + i * 2, 2);
        sum += (double)sample * sample;
    }
    return sqrt(sum / (double)count);
}

static void a_mix_has_the_levels_and_the_length_that_were_asked_for(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    BUFFER_AUTO struct buffer wav = { 0 };
    struct memory_file tone = tone_wav(1, RATE);
    json_t *result;
    // a square wave of 6000 at half volume, from second 1 to 3, looped
    assert_ok(
        mix(arena, 4, json_pack("[o]", tone_track(0, 1, 2, "sound", false)), "pcm", false, &tone, 1, &wav, &result));
    assert_true(fabs(level(&wav, 1.1, 2.9) - 3000) < 60);
    assert_true(level(&wav, 0, 0.99) < 1 && level(&wav, 3.01, 4) < 1);
    assert_int_equal(wav.size - 44, 4 * RATE * 4);
    assert_true(fabs(json_get_number(result, "duration", 0) - 4) < 1e-9);
    free((void *)tone.data);
}

static void music_gives_way_to_speech_and_comes_back(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    BUFFER_AUTO struct buffer ducked = { 0 }, plain = { 0 };
    struct memory_file tone = tone_wav(1, RATE);
    json_t *result;
    for (int ducking = 0; ducking < 2; ducking++)
        assert_ok(mix(arena, 8,
            json_pack("[o, o]", tone_track(0, 0, 8, "music", ducking), tone_track(0, 2, 2, "speech", false)), "pcm",
            false, &tone, 1, ducking ? &ducked : &plain, &result));
    assert_true(fabs(level(&plain, 2.5, 3.5) - 6000) < 120);
    assert_true(fabs(level(&ducked, 2.5, 3.5) - 3000 * 1.3) < 120);
    assert_true(fabs(level(&ducked, 0.5, 1.5) - 3000) < 60);
    assert_true(fabs(level(&ducked, 7, 8) - 3000) < 60);
    free((void *)tone.data);
}

static void a_loud_mix_is_brought_to_its_loudness_without_clipping(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    BUFFER_AUTO struct buffer wav = { 0 };
    struct memory_file tone = tone_wav(1, RATE);
    json_t *result, *tracks = json_array();
    for (int i = 0; i < 12; i++) // three times full scale
        json_array_append_new(
            tracks, json_pack("{s:i, s:f, s:b, s:f}", "input", 0, "duration", 3.0, "loop", 1, "volume", 1.4));
    assert_ok(mix(arena, 3, tracks, "pcm", true, &tone, 1, &wav, &result));
    assert_true(fabs(json_get_number(result, "loudness", 0) + 16) < 0.3);
    BUFFER_AUTO struct buffer loud = { 0 };
    tracks = json_array();
    for (int i = 0; i < 12; i++)
        json_array_append_new(
            tracks, json_pack("{s:i, s:f, s:b, s:f}", "input", 0, "duration", 3.0, "loop", 1, "volume", 1.4));
    assert_ok(mix(arena, 3, tracks, "pcm", false, &tone, 1, &loud, &result));
    int most = 0;
    for (size_t i = 44; i + 1 < loud.size; i += 2) {
        int16_t sample;
        memcpy(&sample, loud.data + i, 2);
        most = abs(sample) > most ? abs(sample) : most;
    }
    assert_in_range(most, 15000, 29300); // -1 dB of full scale is 29204
    free((void *)tone.data);
}

static void no_tracks_make_silence(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    BUFFER_AUTO struct buffer wav = { 0 };
    json_t *result;
    assert_ok(mix(arena, 1.5, json_array(), "pcm", true, NULL, 0, &wav, &result));
    assert_true(level(&wav, 0, 1.5) == 0);
    assert_true(json_is_null(json_object_get(result, "loudness")));
}

static void a_frame_comes_as_a_picture_of_the_width_asked_for(void **state)
{
    (void)state;
    static const char *const formats[] = { "jpeg", "png" };
    for (int i = 0; i < 2; i++) {
        ARENA_AUTO struct arena *arena = arena_new(1 << 22);
        BUFFER_AUTO struct buffer picture = { 0 }, small = { 0 };
        json_t *result;
        assert_ok(ask_about(arena, "render.frame",
            json_pack("{s:o, s:i, s:f, s:i, s:s}", "composition", composition(), "scene", 0, "time", 0.9, "width", 200,
                "format", formats[i]),
            NULL, 0, &picture, &result));
        assert_int_equal(json_get_int(result, "width", 0), 200);
        assert_int_equal(json_get_int(result, "height", 0), 112);
        assert_memory_equal(picture.data, i ? "\x89PNG" : "\xff\xd8\xff", i ? 4 : 3);
        struct memory_file file = file_of_buffer(&picture);
        assert_ok(ask_about(arena, "picture.thumbnail", json_pack("{s:i}", "side", 100), &file, 1, &small, &result));
        assert_int_equal(json_get_int(result, "width", 0), 100);
        assert_int_equal(json_get_int(result, "height", 0), 56);
        assert_memory_equal(small.data, "\xff\xd8\xff", 3);
    }
}

static void what_cannot_be_rendered_is_refused_before_encoding(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    BUFFER_AUTO struct buffer output = { 0 };
    struct memory_file rubbish = { .data = "this is no picture", .size = 18 };
    json_t *result;
    const char *media =
        "{\"width\": 320, \"height\": 180, \"scenes\": [{\"duration\": 1, \"layers\": [{\"type\": \"media\","
        "\"name\": \"Photo\", \"input\": 0, \"properties\": {}}]}]}";
    error failed = ask_about(arena, "render.segment", json_pack("{s:o}", "composition", json_loads(media, 0, NULL)),
        &rubbish, 1, &output, &result);
    assert_int_equal(failed.code, ERROR_NOT_MEDIA);
    assert_non_null(strstr(failed.message, "Photo"));
    assert_int_equal(output.size, 0);
    assert_error(ask_about(arena, "render.segment", json_pack("{s:o, s:i}", "composition", composition(), "scene", 9),
                     NULL, 0, &output, &result),
        ERROR_VALIDATION_ERROR);
    assert_error(ask_about(arena, "render.segment",
                     json_pack("{s:o, s:{s:s}}", "composition", composition(), "video", "preset", "no such"), NULL, 0,
                     &output, &result),
        ERROR_VALIDATION_ERROR);
    assert_error(ask_about(arena, "render.join", json_pack("{s:i}", "segments", 1), &rubbish, 1, &output, &result),
        ERROR_NOT_MEDIA);
}

// What fontconfig keeps until the end of the process is no leak.
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\n";
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_question_gives_the_same_segment),
        cmocka_unit_test(segments_and_a_mix_become_one_film),
        cmocka_unit_test(a_mix_has_the_levels_and_the_length_that_were_asked_for),
        cmocka_unit_test(music_gives_way_to_speech_and_comes_back),
        cmocka_unit_test(a_loud_mix_is_brought_to_its_loudness_without_clipping),
        cmocka_unit_test(no_tracks_make_silence),
        cmocka_unit_test(a_frame_comes_as_a_picture_of_the_width_asked_for),
        cmocka_unit_test(what_cannot_be_rendered_is_refused_before_encoding),
    };
    return cmocka_run_group_tests(tests, start_zygote, stop_everything);
}
