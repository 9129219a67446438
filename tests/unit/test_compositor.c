// SPDX-License-Identifier: GPL-3.0-or-later
#include <math.h>
#include <pango/pangocairo.h>

#include "compositor_help.h"
#include "engine/picture_file.h"
#include "test.h"

static void a_background_has_exactly_the_bt709_values_of_its_colour(void **state)
{
    (void)state;
    static const struct {
        const char *colour;
        uint8_t y, u, v;
    } cases[] = { { "#FF0000", 63, 102, 240 }, { "#00FF00", 173, 42, 26 }, { "#0000FF", 32, 240, 118 },
        { "#FFFFFF", 235, 128, 128 }, { "#000", 16, 128, 128 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_AUTO struct arena *arena = arena_new(1 << 20);
        struct film film;
        film_open(&film,
            str_format(arena, "\"scenes\": [{\"duration\": 1, \"background\": {\"color\": \"%s\"}}]", cases[i].colour)
                .data);
        const struct frame *frame = at(&film, 0, 0, NULL);
        assert_int_equal(frame->planes[0][100 * frame->strides[0] + 100], cases[i].y);
        assert_int_equal(frame->planes[1][100 * frame->strides[1] + 100], cases[i].u);
        assert_int_equal(frame->planes[2][100 * frame->strides[2] + 100], cases[i].v);
        arena_free(film.arena);
    }
}

static void a_drawn_rectangle_has_the_same_red_as_a_background(void **state)
{
    (void)state;
    struct film film;
    film_scene(&film, "{\"type\": \"shape\", \"name\": \"r\", \"properties\": {\"shape\": \"rectangle\","
                      "\"width\": 50, \"height\": 50, \"fill\": \"#FF0000\"}}");
    const struct frame *frame = at(&film, 0, 0, NULL);
    assert_int_equal(frame->planes[0][180 * frame->strides[0] + 320], 63);
    assert_int_equal(frame->planes[1][90 * frame->strides[1] + 160], 102);
    assert_int_equal(frame->planes[2][90 * frame->strides[2] + 160], 240);
    arena_free(film.arena);
}

static void a_rectangle_stands_where_its_position_and_size_say(void **state)
{
    (void)state;
    struct film film;
    // centre (160, 270), 128 x 72
    film_scene(&film, "{\"type\": \"shape\", \"properties\": {\"shape\": \"rectangle\", \"width\": 20, \"height\": 20,"
                      "\"fill\": \"#00FF00\", \"position\": {\"x\": 25, \"y\": 75}}}");
    const struct frame *frame = at(&film, 0, 0, NULL);
    assert_colour(frame, 160, 270, 0x00ff00);
    assert_colour(frame, 98, 236, 0x00ff00);
    assert_colour(frame, 221, 303, 0x00ff00);
    assert_int_equal(ink(frame, 0, 0, WIDTH, HEIGHT), 128 * 72);
    assert_int_equal(ink(frame, 96, 234, 224, 306), 128 * 72);
    arena_free(film.arena);
}

static void transparency_blends_with_what_is_behind(void **state)
{
    (void)state;
    struct film film;
    film_scene(&film,
        "{\"type\": \"shape\", \"properties\": {\"shape\": \"rectangle\", \"width\": 50, \"height\": 50,"
        "\"fill\": \"#FFFFFF80\"}},"
        "{\"type\": \"shape\", \"properties\": {\"shape\": \"rectangle\", \"width\": 100, \"height\": 100,"
        "\"fill\": \"#FF0000\", \"opacity\": 0.5}}");
    const struct frame *frame = at(&film, 0, 0, NULL);
    assert_colour(frame, 20, 20, 0x800000);
    assert_colour(frame, 320, 180, 0xc08080);
    arena_free(film.arena);
}

static void the_first_layer_is_the_front_most(void **state)
{
    (void)state;
    struct film film;
    film_scene(&film, "{\"type\": \"shape\", \"properties\": {\"shape\": \"ellipse\", \"fill\": \"#0000FF\"}},"
                      "{\"type\": \"shape\", \"properties\": {\"shape\": \"rectangle\", \"width\": 60, \"height\": 60,"
                      "\"fill\": \"#FF0000\"}}");
    const struct frame *frame = at(&film, 0, 0, NULL);
    assert_colour(frame, 320, 180, 0x0000ff);
    assert_colour(frame, 200, 120, 0xff0000);
    arena_free(film.arena);
}

static void text_leaves_ink_in_its_box_and_none_outside(void **state)
{
    (void)state;
    struct film film;
    film_scene(&film, "{\"type\": \"text\", \"properties\": {\"text\": \"Hello world\", \"font_size\": 96,"
                      "\"position\": {\"x\": 50, \"y\": 50}}}");
    const struct frame *frame = at(&film, 0, 0, NULL);
    int all = ink(frame, 0, 0, WIDTH, HEIGHT);
    assert_in_range(all, 500, 8000);
    assert_int_equal(ink(frame, 220, 150, 420, 210), all);
    assert_true(fabs(ink_x(frame) - WIDTH / 2.0) < 8);
    arena_free(film.arena);
}

static void long_text_wraps_within_its_width(void **state)
{
    (void)state;
    struct film film;
    film_scene(&film, "{\"type\": \"text\", \"properties\": {\"text\": \"many words that do not fit into one line of "
                      "so narrow a column, one-of-them-is-much-longer-than-the-column-is\", \"max_width\": 30}}");
    const struct frame *frame = at(&film, 0, 0, NULL);
    int all = ink(frame, 0, 0, WIDTH, HEIGHT);
    assert_true(all > 200);
    assert_int_equal(ink(frame, 222, 0, 418, HEIGHT), all);
    arena_free(film.arena);
}

static void unusual_text_is_drawn(void **state)
{
    (void)state;
    static const char *const texts[] = { "\u0645\u0631\u062d\u0628\u0627", "\U0001f600\U0001f389", "a\\nb\\n\\nc", "",
        "   ", "\u200f", "e\u0301" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ARENA_AUTO struct arena *arena = arena_new(1 << 20);
        struct film film;
        film_scene(&film,
            str_format(arena,
                "{\"type\": \"text\", \"end\": 3, \"properties\": {\"text\": \"%s\", \"font_size\": 100, \"animation\":"
                "\"typewriter\", \"font_family\": \"No Such Font\", \"stroke\": {\"width\": 3}, \"shadow\": {}}}",
                texts[i])
                .data);
        for (double time = 0; time < 3; time += 0.25)
            at(&film, 0, time, NULL);
        if (i < 3)
            assert_true(ink(at(&film, 0, 2.9, NULL), 0, 0, WIDTH, HEIGHT) > 100);
        arena_free(film.arena);
    }
}

static void a_text_of_10000_letters_is_cut_to_the_canvas(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    char *text = arena_alloc(arena, 10001);
    for (int i = 0; i < 10000; i++)
        text[i] = i % 6 ? 'm' : ' ';
    struct film film;
    film_scene(&film, str_format(arena, "{\"type\": \"text\", \"properties\": {\"text\": \"%s\"}}", text).data);
    assert_true(ink(at(&film, 0, 0, NULL), 0, 0, WIDTH, HEIGHT) > 10000);
    arena_free(film.arena);
}

static void a_fade_begins_invisible_and_ends_full(void **state)
{
    (void)state;
    struct film film;
    film_scene(&film, "{\"type\": \"shape\", \"start\": 1, \"end\": 3, \"properties\": {\"shape\": \"rectangle\","
                      "\"width\": 100, \"height\": 100, \"fill\": \"#FFFFFF\", \"animation\": \"fadeIn\","
                      "\"animation_out\": \"fadeOut\", \"animation_duration\": 0.5, \"easing\": \"linear\"}}");
    assert_colour(at(&film, 0, 0.5, NULL), 9, 9, 0);
    assert_colour(at(&film, 0, 1.0, NULL), 9, 9, 0);
    assert_colour(at(&film, 0, 1.25, NULL), 9, 9, 0x808080);
    assert_colour(at(&film, 0, 1.5, NULL), 9, 9, 0xffffff);
    assert_colour(at(&film, 0, 2.5, NULL), 9, 9, 0xffffff);
    assert_colour(at(&film, 0, 2.75, NULL), 9, 9, 0x808080);
    assert_colour(at(&film, 0, 3.0, NULL), 9, 9, 0);
    arena_free(film.arena);
}

static void slides_come_from_where_they_should_and_rest_at_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int sign;
    } cases[] = { { "slideLeft", 1 }, { "slideRight", -1 } };
    for (size_t i = 0; i < 2; i++) {
        ARENA_AUTO struct arena *arena = arena_new(1 << 20);
        struct film film;
        film_scene(&film, str_format(arena,
                              "{\"type\": \"shape\", \"properties\": {\"shape\": \"rectangle\", \"fill\": \"#FFFFFF\","
                              "\"animation\": \"%s\", \"easing\": \"linear\", \"animation_duration\": 1}}",
                              cases[i].name)
                              .data);
        double half = ink_x(at(&film, 0, 0.5, NULL)) - 319.5;
        assert_true(fabs(half - cases[i].sign * 0.06 * WIDTH) < 1.5);
        assert_true(fabs(ink_x(at(&film, 0, 1, NULL)) - 319.5) < 0.01);
        arena_free(film.arena);
    }
}

static void zooms_and_pop_change_the_size(void **state)
{
    (void)state;
    static const char *const names[] = { "zoomIn", "zoomOut", "pop" };
    for (size_t i = 0; i < 3; i++) {
        ARENA_AUTO struct arena *arena = arena_new(1 << 20);
        struct film film;
        film_scene(&film, str_format(arena,
                              "{\"type\": \"shape\", \"properties\": {\"shape\": \"rectangle\", \"fill\": \"#FFFFFF\","
                              "\"animation\": \"%s\", \"easing\": \"linear\", \"animation_duration\": 1}}",
                              names[i])
                              .data);
        int begin = ink(at(&film, 0, 0.25, NULL), 0, 0, WIDTH, HEIGHT);
        int end = ink(at(&film, 0, 1.5, NULL), 0, 0, WIDTH, HEIGHT);
        assert_int_equal(end, 128 * 72);
        assert_true(i == 1 ? begin > end : begin < end);
        arena_free(film.arena);
    }
}

static void a_typewriter_shows_more_and_more_letters(void **state)
{
    (void)state;
    struct film film;
    film_scene(&film, "{\"type\": \"text\", \"properties\": {\"text\": \"MMMMMMMMMM\", \"font_size\": 90,"
                      "\"animation\": \"typewriter\", \"animation_duration\": 2}}");
    int start = ink(at(&film, 0, 0, NULL), 0, 0, WIDTH, HEIGHT);
    int half = ink(at(&film, 0, 1, NULL), 0, 0, WIDTH, HEIGHT);
    int end = ink(at(&film, 0, 2.5, NULL), 0, 0, WIDTH, HEIGHT);
    assert_int_equal(start, 0);
    assert_true(abs(end - 2 * half) < end / 20);
    arena_free(film.arena);
}

#define TWO_SCENES(transition)                                                                                         \
    "\"scenes\": [{\"duration\": 2, \"background\": {\"color\": \"#FF0000\"}},"                                        \
    "{\"duration\": 2, \"background\": {\"color\": \"#0000FF\"}, \"transition\": {\"type\": \"" transition             \
    "\", \"duration\": 1}}]"

static void transitions_lead_from_one_scene_to_the_next(void **state)
{
    (void)state;
    static const struct {
        const char *scenes;
        uint32_t left, right; // at half time
    } cases[] = {
        { TWO_SCENES("crossfade"), 0x800080, 0x800080 },
        { TWO_SCENES("fade"), 0x000000, 0x000000 },
        { TWO_SCENES("slide_left"), 0xff0000, 0x0000ff },
        { TWO_SCENES("wipe"), 0x0000ff, 0xff0000 },
        { TWO_SCENES("zoom"), 0x800080, 0x800080 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct film film;
        film_open(&film, cases[i].scenes);
        assert_colour(at(&film, 1, 0, NULL), 30, 200, 0xff0000);
        const struct frame *half = at(&film, 1, 0.5, NULL);
        assert_colour(half, 30, 200, cases[i].left);
        assert_colour(half, 610, 200, cases[i].right);
        assert_colour(at(&film, 1, 1, NULL), 30, 200, 0x0000ff);
        arena_free(film.arena);
    }
    struct film film;
    film_open(&film, TWO_SCENES("slide_up"));
    const struct frame *half = at(&film, 1, 0.5, NULL);
    assert_colour(half, 300, 20, 0xff0000);
    assert_colour(half, 300, 340, 0x0000ff);
    arena_free(film.arena);
    film_open(&film, TWO_SCENES("cut"));
    assert_colour(at(&film, 1, 0, NULL), 30, 200, 0x0000ff);
    arena_free(film.arena);
}

static void a_gradient_runs_from_one_colour_to_the_other(void **state)
{
    (void)state;
    struct film film;
    film_open(&film, "\"scenes\": [{\"duration\": 1, \"background\": {\"gradient\": [\"#FF0000\", \"#0000FF\", 90]}}]");
    const struct frame *frame = at(&film, 0, 0, NULL);
    assert_colour(frame, 1, 100, 0xfe0001);
    assert_colour(frame, 320, 300, 0x800080);
    assert_colour(frame, 638, 100, 0x0100fe);
    arena_free(film.arena);
}

static void a_frame_in_which_nothing_moves_is_reported_as_unchanged(void **state)
{
    (void)state;
    struct film film;
    bool changed;
    film_scene(&film, "{\"type\": \"text\", \"properties\": {\"text\": \"Still\", \"animation\": \"fadeIn\","
                      "\"animation_duration\": 1}}");
    at(&film, 0, 0.5, &changed);
    assert_true(changed);
    at(&film, 0, 0.6, &changed);
    assert_true(changed);
    at(&film, 0, 1.1, &changed);
    assert_true(changed);
    at(&film, 0, 1.2, &changed);
    assert_false(changed);
    at(&film, 0, 3.9, &changed);
    assert_false(changed);
    arena_free(film.arena);
}

static void what_was_kept_gives_the_same_frame_as_starting_anew(void **state)
{
    (void)state;
    static const char layers[] =
        "{\"type\": \"effect\", \"start\": 1, \"end\": 2, \"properties\": {\"effect\": \"grayscale\", \"intensity\": "
        "1}},"
        "{\"type\": \"text\", \"properties\": {\"text\": \"Front\", \"font_size\": 90, \"animation\": \"slideUp\"}},"
        "{\"type\": \"shape\", \"start\": 0.5, \"end\": 3, \"properties\": {\"shape\": \"star\", \"rotation\": 20,"
        "\"animation\": \"pop\", \"animation_out\": \"fadeOut\"}},"
        "{\"type\": \"shape\", \"properties\": {\"shape\": \"ellipse\", \"width\": 90, \"fill\": \"#FF8000\"}}";
    struct film running;
    film_scene(&running, layers);
    for (int frame = 0; frame < 120; frame++) {
        const struct frame *kept = at(&running, 0, frame / 30.0, NULL);
        if (frame % 7)
            continue;
        struct film fresh;
        film_scene(&fresh, layers);
        const struct frame *other = at(&fresh, 0, frame / 30.0, NULL);
        assert_same_frames(kept, other, "later");
        arena_free(fresh.arena);
    }
    arena_free(running.arena);
}

static void every_effect_changes_the_frame_within_its_time_only(void **state)
{
    (void)state;
    static const char *const effects[] = { "blur", "brightness", "contrast", "saturation", "grayscale", "sepia",
        "vignette", "grain", "pixelate", "color_overlay", "zoom", "shake", "fade_in", "fade_out" };
    for (size_t i = 0; i < sizeof effects / sizeof *effects; i++) {
        ARENA_AUTO struct arena *arena = arena_new(1 << 20);
        struct film film;
        film_scene(
            &film, str_format(arena,
                       "{\"type\": \"effect\", \"start\": 1, \"end\": 2, \"properties\": {\"effect\": \"%s\", "
                       "\"intensity\": 0.8}},"
                       "{\"type\": \"shape\", \"properties\": {\"shape\": \"star\", \"width\": 60, \"height\": 80,"
                       "\"fill\": \"#FF8000\"}}",
                       effects[i])
                       .data);
        struct frame *before = frame_new(arena, WIDTH, HEIGHT);
        frame_copy(before, at(&film, 0, 0.5, NULL));
        const struct frame *during = at(&film, 0, 1.4, NULL);
        int different = 0;
        for (int p = 0; p < 3; p++)
            for (int y = 0; y < (p ? HEIGHT / 2 : HEIGHT); y++)
                different += memcmp(before->planes[p] + y * before->strides[p],
                                 during->planes[p] + y * during->strides[p], p ? WIDTH / 2 : WIDTH)
                             != 0;
        if (different < 20)
            fail_msg("%s changes %d rows", effects[i], different);
        const struct frame *after = at(&film, 0, 2.5, NULL);
        for (int y = 0; y < HEIGHT; y++)
            assert_memory_equal(
                before->planes[0] + y * before->strides[0], after->planes[0] + y * after->strides[0], WIDTH);
        arena_free(film.arena);
    }
}

static void captions_show_the_words_while_they_are_spoken(void **state)
{
    (void)state;
    struct film film;
    film_open(&film, "\"captions\": {\"mode\": \"karaoke\", \"background_color\": \"#00000000\","
                     "\"highlight_color\": \"#FF0000\"},"
                     "\"scenes\": [{\"duration\": 6, \"caption_words\": [{\"text\": \"Hello\", \"start\": 1,"
                     "\"end\": 1.4}, {\"text\": \"there.\", \"start\": 1.5, \"end\": 2}, {\"text\": \"Again\","
                     "\"start\": 4, \"end\": 4.5}]}]");
    bool changed;
    assert_int_equal(ink(at(&film, 0, 0.5, NULL), 0, 0, WIDTH, HEIGHT), 0);
    const struct frame *frame = at(&film, 0, 1.2, NULL);
    int all = ink(frame, 0, 0, WIDTH, HEIGHT);
    assert_true(all > 100);
    assert_int_equal(ink(frame, 64, HEIGHT * 3 / 4, 576, HEIGHT * 95 / 100), all);
    at(&film, 0, 1.3, &changed);
    assert_false(changed);
    at(&film, 0, 1.6, &changed);
    assert_true(changed);
    assert_int_equal(ink(at(&film, 0, 3.5, NULL), 0, 0, WIDTH, HEIGHT), 0);
    assert_true(ink(at(&film, 0, 4.2, NULL), 0, 0, WIDTH, HEIGHT) > 50);
    arena_free(film.arena);
}

static void a_watermark_stands_in_the_lower_right_corner(void **state)
{
    (void)state;
    struct film film;
    film_open(&film, "\"watermark\": {\"text\": \"Kinora\", \"opacity\": 0.8}, \"scenes\": [{\"duration\": 1}]");
    const struct frame *frame = at(&film, 0, 0, NULL);
    int all = ink(frame, 0, 0, WIDTH, HEIGHT);
    assert_true(all > 50);
    assert_int_equal(ink(frame, WIDTH * 3 / 4, HEIGHT * 3 / 4, WIDTH, HEIGHT), all);
    arena_free(film.arena);
}

// Left half red, right half blue, 64 x 32.
static void make_picture(struct buffer *file)
{
    static uint32_t pixels[32][64];
    for (int y = 0; y < 32; y++)
        for (int x = 0; x < 64; x++)
            pixels[y][x] = x < 32 ? 0xffff0000 : 0xff0000ff;
    assert_ok(picture_file_make(PICTURE_PNG, (const uint8_t *)pixels, 64, 32, 64 * 4, file));
}

static void a_picture_is_fitted_into_its_box(void **state)
{
    (void)state;
    BUFFER_AUTO struct buffer file = { 0 };
    make_picture(&file);
    struct bytes bytes = { (const uint8_t *)file.data, file.size };
    struct source_io input = { &bytes, file.size, read_bytes };
    struct film film;
    // 2:1 in a box of 320 x 180: contained it is 320 x 160, covering it loses its sides
    static const char *const fits[] = { "contain", "cover", "fill" };
    static const int inks[] = { 320 * 160, 320 * 180, 320 * 180 };
    for (size_t i = 0; i < 3; i++) {
        ARENA_AUTO struct arena *arena = arena_new(1 << 20);
        film_open_with(&film,
            str_format(arena,
                "\"scenes\": [{\"duration\": 1, \"background\": {\"color\": \"#FFFFFF\"}, \"layers\": [{\"type\": "
                "\"media\","
                "\"input\": 0, \"properties\": {\"width\": 50, \"height\": 50, \"fit\": \"%s\"}}]}]",
                fits[i])
                .data,
            &input, 1);
        const struct frame *frame = at(&film, 0, 0, NULL);
        assert_colour(frame, 250, 180, 0xff0000);
        assert_colour(frame, 390, 180, 0x0000ff);
        assert_true(abs(ink(frame, 0, 0, WIDTH, HEIGHT) - inks[i]) <= 1000);
        arena_free(film.arena);
    }
}

static void what_is_wrong_names_its_layer(void **state)
{
    (void)state;
    error failed = failure_of("\"scenes\": [{\"duration\": 1, \"layers\": [{\"type\": \"hologram\", \"name\": \"Amy\","
                              "\"properties\": {}}]}]");
    assert_int_equal(failed.code, ERROR_VALIDATION_ERROR);
    assert_non_null(strstr(failed.message, "Amy"));
    failed = failure_of("\"scenes\": [{\"duration\": 1, \"layers\": [{\"type\": \"text\", \"name\": \"Title\","
                        "\"properties\": {\"text\": \"x\", \"color\": \"red\"}}]}]");
    assert_int_equal(failed.code, ERROR_VALIDATION_ERROR);
    assert_string_equal(failed.field, "color");
    assert_non_null(strstr(failed.message, "Title"));
    failed = failure_of("\"scenes\": [{\"duration\": 1, \"layers\": [{\"type\": \"media\", \"name\": \"Photo\","
                        "\"input\": null, \"properties\": {}}]}]");
    assert_int_equal(failed.code, ERROR_ASSET_MISSING);
}

static void wrong_compositions_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = { "{}", "{\"scenes\": []}", "{\"scenes\": [{\"duration\": 0}]}",
        "{\"scenes\": [{\"duration\": -1}]}", "{\"width\": 100000, \"scenes\": [{\"duration\": 1}]}",
        "{\"fps\": \"x\", \"scenes\": [{\"duration\": 1}]}",
        "{\"scenes\": [{\"duration\": 1, \"background\": {\"input\": 3}}]}",
        "{\"scenes\": [{\"duration\": 1, \"layers\": [{\"type\": \"text\", \"input\": 1, \"properties\": {}}]}]}" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ARENA_AUTO struct arena *arena = arena_new(1 << 20);
        struct composition composition;
        json_t *json;
        assert_ok(json_read(arena, str_of(wrong[i]), &json));
        assert_error(composition_read(arena, json, 0, 1, &composition), ERROR_VALIDATION_ERROR);
    }
}

static void scenes_share_the_frames_of_the_film_without_gap(void **state)
{
    (void)state;
    struct film film;
    film_open(&film, "\"scenes\": [{\"duration\": 1.01}, {\"duration\": 1.01}, {\"duration\": 1.01}]");
    assert_int_equal(film.composition.scenes[0].frames, 30);
    assert_int_equal(film.composition.scenes[1].frames, 31);
    assert_int_equal(film.composition.scenes[2].frames, 30);
    arena_free(film.arena);
}

// What fontconfig keeps until the end of the process is no leak.
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\n";
}

// Gives the caches of glyphs back, so that what is left is a leak of ours.
static int empty_caches(void **state)
{
    (void)state;
    pango_cairo_font_map_set_default(NULL);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_background_has_exactly_the_bt709_values_of_its_colour),
        cmocka_unit_test(a_drawn_rectangle_has_the_same_red_as_a_background),
        cmocka_unit_test(a_rectangle_stands_where_its_position_and_size_say),
        cmocka_unit_test(transparency_blends_with_what_is_behind),
        cmocka_unit_test(the_first_layer_is_the_front_most),
        cmocka_unit_test(text_leaves_ink_in_its_box_and_none_outside),
        cmocka_unit_test(long_text_wraps_within_its_width),
        cmocka_unit_test(unusual_text_is_drawn),
        cmocka_unit_test(a_text_of_10000_letters_is_cut_to_the_canvas),
        cmocka_unit_test(a_fade_begins_invisible_and_ends_full),
        cmocka_unit_test(slides_come_from_where_they_should_and_rest_at_their_place),
        cmocka_unit_test(zooms_and_pop_change_the_size),
        cmocka_unit_test(a_typewriter_shows_more_and_more_letters),
        cmocka_unit_test(transitions_lead_from_one_scene_to_the_next),
        cmocka_unit_test(a_gradient_runs_from_one_colour_to_the_other),
        cmocka_unit_test(a_frame_in_which_nothing_moves_is_reported_as_unchanged),
        cmocka_unit_test(what_was_kept_gives_the_same_frame_as_starting_anew),
        cmocka_unit_test(every_effect_changes_the_frame_within_its_time_only),
        cmocka_unit_test(captions_show_the_words_while_they_are_spoken),
        cmocka_unit_test(a_watermark_stands_in_the_lower_right_corner),
        cmocka_unit_test(a_picture_is_fitted_into_its_box),
        cmocka_unit_test(what_is_wrong_names_its_layer),
        cmocka_unit_test(wrong_compositions_are_refused),
        cmocka_unit_test(scenes_share_the_frames_of_the_film_without_gap),
    };
    return cmocka_run_group_tests(tests, NULL, empty_caches);
}
