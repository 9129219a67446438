// SPDX-License-Identifier: GPL-3.0-or-later
// A composition that is changed while it is open, as an editor does it; and what it tells of its texts.
#include <pango/pangocairo.h>

#include "compositor_help.h"

static const char *scene_of(struct arena *arena, const char *background, const char *layers)
{
    return str_format(arena, "\"scenes\": [{\"id\": \"s\", \"duration\": 4, \"background\": %s, \"layers\": [%s]}]",
        background, layers)
        .data;
}

#define SHAPE(id, more) "{\"id\": \"" id "\", \"type\": \"shape\", \"properties\": {\"shape\": \"star\"" more "}}"
#define WORDS(id, text)                                                                                                \
    "{\"id\": \"" id "\", \"type\": \"text\", \"properties\": {\"text\": \"" text "\", \"animation\": \"slideUp\"}}"

static void a_changed_composition_looks_as_one_that_is_new(void **state)
{
    (void)state;
    static const struct {
        const char *background, *layers;
    } states[] = {
        { "{\"color\": \"#203040\"}", SHAPE("a", "") "," WORDS("b", "One") },
        { "{\"color\": \"#203040\"}", SHAPE("a", ", \"position\": {\"x\": 20}") "," WORDS("b", "One") },
        { "{\"gradient\": [\"#FF0000\", \"#0000FF\", 30]}", WORDS("b", "One") "," SHAPE("a", ", \"opacity\": 0.5") },
        { "{\"gradient\": [\"#FF0000\", \"#00FF00\", 90]}",
            WORDS("b", "Other words") "," SHAPE("c", "") "," SHAPE("a", "") },
        { "{\"color\": \"#FFFFFF\"}", SHAPE("a", ", \"rotation\": 45") },
        { "{\"color\": \"#FFFFFF\"}", "" },
        { "{\"color\": \"#203040\"}", SHAPE("a", "") "," WORDS("b", "One") },
    };
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    struct film running;
    struct composition next[sizeof states / sizeof *states];
    film_open(&running, scene_of(arena, states[0].background, states[0].layers));
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        struct film fresh;
        film_open(&fresh, scene_of(arena, states[i].background, states[i].layers));
        bool done = false;
        // Read by itself: the film of its own is gone before the next.
        json_t *json;
        str text = str_format(running.arena,
            "{\"width\": %d, \"height\": %d, \"fps\": 30, \"background\": \"#000000\", %s}", WIDTH, HEIGHT,
            scene_of(arena, states[i].background, states[i].layers));
        assert_ok(json_read(running.arena, text, &json));
        assert_ok(composition_read(running.arena, json, 0, 0, &next[i]));
        if (i)
            assert_ok(compositor_change(running.compositor, &next[i], &done));
        assert_true(done || !i);
        for (int frame = 0; frame < 40; frame += 13)
            assert_same_frames(
                at(&running, 0, frame / 30.0, NULL), at(&fresh, 0, frame / 30.0, NULL), states[i].layers);
        arena_free(fresh.arena);
    }
    struct composition smaller = next[0];
    bool done = true;
    smaller.width /= 2;
    assert_ok(compositor_change(running.compositor, &smaller, &done));
    assert_false(done);
    arena_free(running.arena);
}

static void a_text_tells_what_its_letters_take_up(void **state)
{
    (void)state;
    struct film film;
    struct compositor_box *boxes;
    size_t count;
    film_scene(&film, "{\"id\": \"t\", \"type\": \"text\", \"properties\": {\"text\": \"A line that is so long that it "
                      "takes more than"
                      " one of them\", \"font_size\": 90, \"max_width\": 50, \"scale\": 1.5}}, " SHAPE(
                          "a", ", \"width\": 1, \"position\": {\"x\": 0}"));
    assert_ok(compositor_boxes(film.compositor, 0, film.arena, &boxes, &count));
    assert_int_equal(count, 1);
    assert_string_equal(boxes[0].layer_id.data, "t");
    // All ink lies within, and nearly fills it.
    const struct frame *frame = at(&film, 0, 1, NULL);
    int left = (int)(WIDTH - boxes[0].width) / 2, top = (int)(HEIGHT - boxes[0].height) / 2;
    int all = ink(frame, WIDTH / 20, 0, WIDTH, HEIGHT), inside = ink(frame, left, top, WIDTH - left, HEIGHT - top);
    assert_true(all > 0 && inside > all * 0.99 && left > 0 && top > 0);
    int within = ink(frame, left + WIDTH / 16, top, WIDTH - left - WIDTH / 16, HEIGHT - top);
    assert_true(within < all);
    arena_free(film.arena);
}

static int stop_everything(void **state)
{
    (void)state;
    pango_cairo_font_map_set_default(NULL);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_changed_composition_looks_as_one_that_is_new),
        cmocka_unit_test(a_text_tells_what_its_letters_take_up),
    };
    return cmocka_run_group_tests(tests, NULL, stop_everything);
}
