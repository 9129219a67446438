// SPDX-License-Identifier: GPL-3.0-or-later
// What the engine makes of files for lists, players and editors, and which files need it.
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <unistd.h>

#include "work/playable.h"
#include "zygote_help.h"

enum { FPS = 25 };

// 640 x 360: a second of black, then one of a star on blue.
static void make_film(struct arena *arena, struct buffer *film)
{
    static const char composition[] =
        "{\"width\": 640, \"height\": 360, \"fps\": 25, \"scenes\": [{\"duration\": 2, \"background\": {\"color\": "
        "\"#000000\"}, \"layers\": [{\"type\": \"shape\", \"name\": \"s\", \"start\": 1, \"end\": 9, \"properties\": "
        "{\"shape\": \"star\", \"color\": \"#FFFF00\"}}]}]}";
    json_t *result;
    assert_ok(question("render.segment",
        json_pack("{s:o, s:i, s:i, s:i}", "composition", json_loads(composition, 0, NULL), "scene", 0, "first_frame", 0,
            "frame_count", 50),
        NULL, arena, film, &result));
}

struct packets {
    int count, keys, longest; // frames from one key frame to the next
    int width, height;
};

static struct packets packets_of(const struct buffer *bytes)
{
    char path[] = "/tmp/kinora-proxy-XXXXXX";
    int fd = mkstemp(path), since = 0;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes->data, bytes->size), bytes->size);
    close(fd);
    AVFormatContext *format = NULL;
    AVPacket *packet = av_packet_alloc();
    assert_int_equal(avformat_open_input(&format, path, NULL, NULL), 0);
    assert_true(avformat_find_stream_info(format, NULL) >= 0);
    struct packets packets = { .width = format->streams[0]->codecpar->width,
        .height = format->streams[0]->codecpar->height };
    while (av_read_frame(format, packet) >= 0) {
        bool key = packet->flags & AV_PKT_FLAG_KEY;
        packets.count++;
        packets.keys += key;
        since = key ? 0 : since + 1;
        packets.longest = since + 1 > packets.longest ? since + 1 : packets.longest;
        av_packet_unref(packet);
    }
    av_packet_free(&packet);
    avformat_close_input(&format);
    unlink(path);
    return packets;
}

static void an_editing_proxy_has_a_key_frame_every_twelve(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 24);
    BUFFER_AUTO struct buffer film = { 0 }, proxy = { 0 }, rest = { 0 }, again = { 0 };
    json_t *result;
    make_film(arena, &film);
    struct memory_file file = file_of_buffer(&film);
    assert_ok(question("proxy.pictures", json_pack("{s:i, s:i, s:i}", "side", 180, "fps", FPS, "key_frames", 12), &file,
        arena, &proxy, &result));
    assert_int_equal(json_get_int(result, "frames", 0), 50); // to the end, which nobody told
    struct packets packets = packets_of(&proxy);
    assert_int_equal(packets.count, 50);
    assert_true(packets.keys >= 5 && packets.longest <= 12);
    assert_int_equal(packets.width, 320);
    assert_int_equal(packets.height, 180);

    json_t *params = json_pack(
        "{s:i, s:i, s:i, s:i, s:i}", "side", 180, "fps", FPS, "key_frames", 12, "first_frame", 30, "frame_count", 40);
    assert_ok(question("proxy.pictures", json_incref(params), &file, arena, &rest, &result));
    assert_int_equal(json_get_int(result, "frames", 0), 40); // the last picture is held
    assert_ok(question("proxy.pictures", params, &file, arena, &again, &result));
    assert_int_equal(rest.size, again.size);
    assert_memory_equal(rest.data, again.data, rest.size);
}

static void a_poster_is_not_taken_from_the_dark(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 24);
    BUFFER_AUTO struct buffer film = { 0 }, picture = { 0 }, chosen = { 0 };
    json_t *result;
    make_film(arena, &film);
    struct memory_file file = file_of_buffer(&film);
    assert_ok(question("picture.thumbnail", json_pack("{s:i}", "side", 320), &file, arena, &picture, &result));
    assert_true(json_get_number(result, "at", 0) >= 1);
    assert_int_equal(json_get_int(result, "width", 0), 320);
    assert_int_equal(json_get_int(result, "height", 0), 180);
    assert_string_equal(json_get_str(result, "mime").data, "image/jpeg");
    assert_ok(question("picture.thumbnail", json_pack("{s:f}", "at", 0.2), &file, arena, &chosen, &result));
    assert_true(json_get_number(result, "at", 0) == 0.2); // who says where gets that
}

static int length_of(const struct buffer *text, json_t **ret_wave)
{
    json_error_t problem;
    *ret_wave = json_loadb(text->data, text->size, 0, &problem);
    assert_non_null(*ret_wave);
    return (int)json_get_int(*ret_wave, "length", 0);
}

static void a_waveform_has_a_bounded_number_of_points(void **state)
{
    (void)state;
    static const struct {
        double seconds;
        int samples_per_pixel, length;
    } cases[] = { { 1, 256, 32 }, { 0.001, 256, 1 }, { 640, 256, 20000 }, { 640.04, 512, 10001 },
        { 2000, 1024, 15625 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_AUTO struct arena *arena = arena_new(1 << 24);
        BUFFER_AUTO struct buffer text = { 0 };
        struct memory_file file = tone_wav(cases[i].seconds, 8000);
        json_t *result, *wave;
        assert_ok(question("sound.waveform", json_object(), &file, arena, &text, &result));
        assert_int_equal(length_of(&text, &wave), cases[i].length);
        assert_int_equal(json_get_int(wave, "samples_per_pixel", 0), cases[i].samples_per_pixel);
        const json_t *data = json_object_get(wave, "data");
        assert_int_equal(json_array_size(data), 2 * cases[i].length);
        for (int at = 0; i == 0 && at < cases[i].length; at++) { // a square wave of 6000 of 32768
            assert_int_equal(json_integer_value(json_array_get(data, 2 * at)), -24);
            assert_int_equal(json_integer_value(json_array_get(data, 2 * at + 1)), 23);
        }
        json_decref(wave);
        free((char *)file.data);
    }
}

static void what_has_no_sound_or_no_picture_is_refused(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 24);
    BUFFER_AUTO struct buffer film = { 0 }, output = { 0 };
    json_t *result;
    make_film(arena, &film);
    struct memory_file silent = file_of_buffer(&film), tone = tone_wav(0.5, 8000);
    assert_error(question("sound.waveform", json_object(), &silent, arena, &output, &result), ERROR_NO_AUDIO);
    assert_error(question("proxy.sound", json_object(), &silent, arena, &output, &result), ERROR_NO_AUDIO);
    assert_error(question("proxy.pictures", json_object(), &tone, arena, &output, &result), ERROR_NO_VIDEO);
    assert_error(question("picture.thumbnail", json_object(), &tone, arena, &output, &result), ERROR_NO_VIDEO);
    assert_int_equal(output.size, 0);
    assert_ok(question("proxy.sound", json_pack("{s:s}", "format", "m4a"), &tone, arena, &output, &result));
    assert_true(json_get_number(result, "duration", 0) == 0.5);
    assert_memory_equal(output.data + 4, "ftyp", 4);
    free((char *)tone.data);
}

static void browsers_play_what_they_play(void **state)
{
    (void)state;
    static const struct {
        const char *probe;
        bool plays;
    } cases[] = {
        { "{'kind':'video','mime':'video/"
          "mp4','video':{'codec':'h264','pixel_format':'yuv420p'},'audio':{'codec':'aac'}}",
            true },
        { "{'kind':'video','mime':'video/mp4','video':{'codec':'h264','pixel_format':'yuv420p'},'audio':null}", true },
        { "{'kind':'video','mime':'video/mp4','video':{'codec':'h264','pixel_format':'yuv422p10le'},'audio':null}",
            false },
        { "{'kind':'video','mime':'video/mp4','video':{'codec':'hevc','pixel_format':'yuv420p'},'audio':null}", false },
        { "{'kind':'video','mime':'video/"
          "mp4','video':{'codec':'h264','pixel_format':'yuv420p'},'audio':{'codec':'ac3'}}",
            false },
        { "{'kind':'video','mime':'video/"
          "webm','video':{'codec':'vp9','pixel_format':'yuv420p'},'audio':{'codec':'opus'}}",
            true },
        { "{'kind':'video','mime':'video/x-matroska','video':{'codec':'h264','pixel_format':'yuv420p'},'audio':null}",
            false },
        { "{'kind':'audio','mime':'audio/mpeg','video':null,'audio':{'codec':'mp3'}}", true },
        { "{'kind':'audio','mime':'audio/mp4','video':null,'audio':{'codec':'alac'}}", false },
        { "{'kind':'audio','mime':'audio/aiff','video':null,'audio':{'codec':'pcm_s16be'}}", false },
        { "{'kind':'image','mime':'image/jpeg','video':{'codec':'mjpeg'},'audio':null}", true },
        { "{'kind':'image','mime':'image/tiff','video':{'codec':'tiff'},'audio':null}", false },
        { "{'kind':'gif','mime':'image/gif','video':{'codec':'gif'},'audio':null}", true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        snprintf(text, sizeof text, "%s", cases[i].probe);
        for (char *at = text; *at; at++)
            *at = *at == '\'' ? '"' : *at;
        json_t *probe = json_loads(text, 0, NULL);
        assert_non_null(probe);
        if (playable_in_browsers(probe) != cases[i].plays)
            fail_msg("%s", text);
        json_decref(probe);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_editing_proxy_has_a_key_frame_every_twelve),
        cmocka_unit_test(a_poster_is_not_taken_from_the_dark),
        cmocka_unit_test(a_waveform_has_a_bounded_number_of_points),
        cmocka_unit_test(what_has_no_sound_or_no_picture_is_refused),
        cmocka_unit_test(browsers_play_what_they_play),
    };
    return cmocka_run_group_tests(tests, start_zygote, stop_zygote);
}
