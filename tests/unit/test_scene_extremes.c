// SPDX-License-Identifier: GPL-3.0-or-later
// What the table of properties allows, the compositor draws: no scene that was accepted fails in its render.
#include <math.h>

#include "compositor_help.h"
#include "domain/scene_properties.h"

enum { PICTURE_SIDE = 8, PICTURE_HEAD = 54, PICTURE_BYTES = PICTURE_SIDE * PICTURE_SIDE * 3 };

// A grey BMP file, three bytes a pixel.
static struct bytes picture(void)
{
    static uint8_t file[PICTURE_HEAD + PICTURE_BYTES] = { 'B',
        'M', [2] = PICTURE_HEAD + PICTURE_BYTES, [10] = PICTURE_HEAD, [14] = 40, [18] = PICTURE_SIDE,
        [22] = PICTURE_SIDE, [26] = 1, [28] = 24, [34] = PICTURE_BYTES };
    memset(file + PICTURE_HEAD, 0x80, PICTURE_BYTES);
    return (struct bytes) { file, sizeof file };
}

static json_t *properties_of(struct arena *arena, enum property_owner owner)
{
    static const struct {
        enum property_owner owner;
        const char *text;
    } least[] = { { ON_TEXT, "{\"text\": \"Some words\"}" }, { ON_MEDIA, "{\"media_id\": \"m\"}" },
        { ON_SHAPE, "{\"shape\": \"star\"}" }, { ON_EFFECT, "{\"effect\": \"blur\"}" },
        { ON_AVATAR, "{\"avatar_id\": \"avatar-amy-casual\"}" } };
    json_t *properties = NULL;
    for (size_t i = 0; i < sizeof least / sizeof *least; i++)
        if (least[i].owner == owner)
            assert_ok(json_read(arena, str_of(least[i].text), &properties));
    assert_non_null(properties);
    return json_keep(arena, json_deep_copy(properties));
}

// Sets "stroke.width" and the like.
static void set(struct arena *arena, json_t *properties, const char *path, json_t *value)
{
    str rest = str_of(path), part;
    while (str_split(&rest, '.', &part) && rest.size) {
        const char *name = str_to_c(arena, part);
        if (!json_object_get(properties, name))
            json_object_set_new(properties, name, json_object());
        properties = json_object_get(properties, name);
    }
    json_object_set_new(properties, str_to_c(arena, part), value);
}

static void draw(enum property_owner owner, const char *path, json_t *value)
{
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    json_t *properties = properties_of(arena, owner);
    char *told = json_dumps(value, JSON_ENCODE_ANY);
    set(arena, properties, path, value);
    struct problems problems = { 0 };
    struct warnings warnings = { 0 };
    scene_properties_check(arena, scene_owner_name(owner), properties, &problems, &warnings);
    if (problems.count || warnings.count)
        fail_msg("%s of %s: %s is not allowed", path, scene_owner_name(owner), told);
    json_t *filled = scene_properties_fill(arena, owner, properties);
    struct bytes bytes = picture();
    struct source_io input = { .context = &bytes, .size = bytes.size, .read = read_bytes };
    struct film film;
    str scenes = str_format(arena,
        "\"scenes\": [{\"id\": \"s\", \"duration\": 2, \"layers\": [{\"id\": \"l\", \"name\": \"l\", \"type\": \"%s\","
        " \"start\": 0, \"end\": 2, \"input\": %s, \"properties\": %s}]}]",
        scene_owner_name(owner), owner == ON_MEDIA || owner == ON_AVATAR ? "0" : "null", json_text(arena, filled).data);
    film_open_with(&film, scenes.data, &input, 1);
    for (double time = 0; time < 2; time += 0.99) {
        const struct frame *frame;
        bool changed;
        error failed = compositor_at(film.compositor, 0, time, &frame, &changed);
        if (error_is(failed))
            fail_msg("%s of %s: %s: %s", path, scene_owner_name(owner), told, failed.message);
    }
    free(told);
    arena_free(film.arena);
}

static void draw_choices(enum property_owner owner, const struct scene_property *row)
{
    str rest = str_of(row->choices), part;
    while (str_split(&rest, '|', &part))
        draw(owner, row->name, json_str(part));
}

static void both_ends_and_all_choices_of_every_property_are_drawn(void **state)
{
    (void)state;
    static const enum property_owner owners[] = { ON_TEXT, ON_MEDIA, ON_SHAPE, ON_EFFECT, ON_AVATAR };
    size_t count = 0;
    for (size_t i = 0; i < sizeof owners / sizeof *owners; i++)
        for (const struct scene_property *row = scene_properties; row->name; row++) {
            if (!(row->owners & owners[i]) || !strncmp(row->name, "start_at", 8))
                continue;
            if (row->kind == PROPERTY_NUMBER) {
                draw(owners[i], row->name, json_real(row->min));
                draw(owners[i], row->name, json_real(row->max));
            } else if (row->choices && strcmp(row->choices, "path") != 0 && strcmp(row->name, "shape") != 0) {
                draw_choices(owners[i], row);
            } else if (row->kind == PROPERTY_COLOR) {
                draw(owners[i], row->name, json_string("#12345678"));
            }
            count++;
        }
    assert_true(count > 60);
}

static void a_text_of_ten_thousand_characters_of_any_script_is_drawn(void **state)
{
    (void)state;
    BUFFER_AUTO struct buffer text = { 0 };
    for (int i = 0; i < 10000; i++)
        buffer_append_str(&text, STR("\xf0\xa0\x80\x80")); // a character of four bytes
    draw(ON_TEXT, "text", json_str(buffer_str(&text)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ends_and_all_choices_of_every_property_are_drawn),
        cmocka_unit_test(a_text_of_ten_thousand_characters_of_any_script_is_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
