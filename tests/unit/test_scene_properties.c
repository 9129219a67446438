// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/scene_properties.h"
#include "test.h"

static json_t *parse(struct arena *arena, const char *text)
{
    json_t *value;
    assert_ok(json_read(arena, str_of(text), &value));
    return value;
}

// The field of the only problem, or "" when there is none.
static const char *only_problem(struct arena *arena, const char *type, const char *properties)
{
    struct problems problems = { 0 };
    struct warnings warnings = { 0 };
    scene_properties_check(arena, type, parse(arena, properties), &problems, &warnings);
    assert_in_range(problems.count, 0, 1);
    assert_int_equal(warnings.count, 0);
    return problems.count ? str_to_c(arena, problems.items[0].field) : "";
}

static void the_samples_of_the_document_pass(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    static const char *const samples[][2] = {
        { "audio", "{\"audio_id\":\"audio-123\",\"audio_url\":\"https://cdn.example.com/a.mp3\",\"volume\":0.7,"
                   "\"fade_in\":0.5,\"fade_out\":0.5}" },
        { "voiceover", "{\"voice_id\":\"en-US-Neural2-A\",\"voice_name\":\"Rose\",\"language\":\"en-US\",\"gender\":"
                       "\"female\",\"style\":\"conversational\",\"text\":\"Welcome\",\"speed\":1.0,\"pitch\":1.0}" },
        { "avatar", "{\"avatar_id\":\"avatar-amy-casual\",\"avatar_url\":\"https://cdn.example.com/amy.png\","
                    "\"position\":{\"x\":50,\"y\":50},\"scale\":1.0,\"animation\":\"talking\"}" },
        { "text", "{\"text\":\"Welcome\",\"font_family\":\"Inter\",\"font_size\":32,\"font_weight\":\"bold\","
                  "\"font_style\":\"normal\",\"color\":\"#FFFFFF\",\"text_align\":\"center\",\"position\":{\"x\":50,"
                  "\"y\":80},\"animation\":\"fadeIn\"}" },
        { "media", "{\"media_id\":\"media-456\",\"media_url\":\"https://cdn.example.com/p.jpg\",\"media_type\":"
                   "\"image\",\"position\":{\"x\":50,\"y\":50},\"scale\":1.0,\"opacity\":1.0}" },
    };
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        assert_string_equal(only_problem(arena, samples[i][0], samples[i][1]), "");
}

static void a_wrong_kind_or_range_is_named(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    static const char *const bad[][3] = {
        { "text", "{\"text\":\"a\",\"font_size\":\"big\"}", "properties.font_size" },
        { "text", "{\"text\":\"a\",\"font_size\":0}", "properties.font_size" },
        { "text", "{\"text\":\"a\",\"color\":\"red\"}", "properties.color" },
        { "text", "{\"text\":\"a\",\"color\":\"#12345\"}", "properties.color" },
        { "text", "{\"text\":\"a\",\"color\":\"#12345G\"}", "properties.color" },
        { "text", "{\"text\":\"a\",\"position\":{\"x\":\"left\"}}", "properties.position.x" },
        { "text", "{\"text\":\"a\",\"position\":7}", "properties.position" },
        { "text", "{\"text\":\"a\",\"stroke\":{\"width\":-1}}", "properties.stroke.width" },
        { "text", "{\"text\":\"a\",\"animation\":\"explode\"}", "properties.animation" },
        { "text", "{\"text\":\"a\",\"animation\":\"kenBurns\"}", "properties.animation" },
        { "text", "{\"text\":\"a\",\"font_weight\":50}", "properties.font_weight" },
        { "text", "{\"text\":7}", "properties.text" },
        { "text", "{}", "properties.text" },
        { "text", "{\"text\":null}", "properties.text" },
        { "media", "{}", "properties.media_id" },
        { "media", "{\"media_id\":\"a\",\"opacity\":1.1}", "properties.opacity" },
        { "media", "{\"media_id\":\"a\",\"loop\":1}", "properties.loop" },
        { "audio", "{\"volume\":1}", "properties.audio_id" },
        { "avatar", "{}", "properties.avatar_id" },
        { "shape", "{\"width\":5}", "properties.shape" },
        { "shape", "{\"shape\":\"polygon\",\"points\":[[1,2],[3]]}", "properties.points" },
        { "effect", "{\"effect\":\"melt\"}", "properties.effect" },
        { "voiceover", "{\"voice_id\":\"v\",\"speed\":2.1}", "properties.speed" },
        { "voiceover", "[]", "properties" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_string_equal(only_problem(arena, bad[i][0], bad[i][1]), bad[i][2]);
    assert_string_equal(only_problem(arena, "media", "{\"media_url\":\"/content/x\"}"), "");
    assert_string_equal(
        only_problem(arena, "shape", "{\"shape\":\"polygon\",\"points\":[[1,2],{\"x\":3,\"y\":4}]}"), "");
    assert_string_equal(only_problem(arena, "text", "{\"text\":\"a\",\"font_weight\":650,\"opacity\":null}"), "");
}

static void an_unknown_property_is_kept_with_a_warning(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct problems problems = { 0 };
    struct warnings warnings = { 0 };
    json_t *properties = parse(arena, "{\"text\":\"a\",\"sparkle\":{\"much\":true},\"position\":{\"z\":1}}");
    scene_properties_check(arena, "text", properties, &problems, &warnings);
    assert_int_equal(problems.count, 0);
    assert_int_equal(warnings.count, 2);
    json_t *list = json_keep(arena, warnings_json(&warnings));
    assert_string_equal(json_get_str(json_array_get(list, 0), "field").data, "properties.sparkle");
    assert_string_equal(json_get_str(json_array_get(list, 1), "field").data, "properties.position.z");
    json_t *filled = scene_properties_fill(arena, ON_TEXT, properties);
    assert_true(json_get_bool(json_object_get(filled, "sparkle"), "much", false));
}

static void defaults_fill_what_is_absent_and_nothing_else(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    json_t *given = parse(arena, "{\"text\":\"a\",\"font_size\":90,\"shadow\":{\"x\":9},\"color\":null}");
    json_t *filled = scene_properties_fill(arena, ON_TEXT, given);
    assert_true(json_get_number(filled, "font_size", 0) == 90);
    assert_string_equal(json_get_str(filled, "color").data, "#FFFFFF");
    assert_true(json_get_number(json_object_get(filled, "position"), "y", 0) == 50);
    assert_true(json_get_number(json_object_get(filled, "shadow"), "x", 0) == 9);
    assert_true(json_get_number(json_object_get(filled, "shadow"), "blur", 0) == 4);
    assert_null(json_object_get(filled, "stroke"));
    assert_true(json_is_null(json_object_get(given, "color")));
    assert_null(json_object_get(given, "position"));
    json_t *video = scene_properties_fill(arena, ON_VIDEO, NULL);
    assert_string_equal(json_get_str(json_object_get(video, "captions"), "mode").data, "off");
    assert_null(json_object_get(video, "music"));
}

static void options_of_videos_and_scenes_are_checked(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct problems problems = { 0 };
    scene_options_check(arena, ON_VIDEO,
        parse(arena, "{\"title\":7,\"fps\":30,\"background\":\"#123\",\"captions\":{\"mode\":\"karaoke\"}}"),
        &problems);
    scene_options_check(arena, ON_SCENE,
        parse(arena, "{\"background\":{\"gradient\":[\"#000\",\"#FFF\",90]},\"transition\":{\"type\":\"wipe\"}}"),
        &problems);
    assert_int_equal(problems.count, 0);
    scene_options_check(
        arena, ON_VIDEO, parse(arena, "{\"fps\":31,\"captions\":{\"mode\":\"loud\"},\"background\":3}"), &problems);
    scene_options_check(arena, ON_SCENE, parse(arena, "{\"transition\":{\"duration\":-1}}"), &problems);
    assert_int_equal(problems.count, 4);
    assert_string_equal(problems.items[1].field.data, "captions.mode");
    assert_string_equal(problems.items[3].field.data, "transition.duration");
}

static void every_default_of_the_table_passes_its_own_check(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    for (unsigned owner = ON_VIDEO; owner <= ON_VOICEOVER; owner <<= 1) {
        struct problems problems = { 0 };
        json_t *filled = scene_properties_fill(arena, (enum property_owner)owner,
            parse(arena, "{\"stroke\":{},\"shadow\":{},\"border\":{},\"crop\":{},\"music\":{},\"watermark\":{}}"));
        scene_options_check(arena, (enum property_owner)owner, filled, &problems);
        assert_int_equal(problems.count, 0);
    }
}

static void the_schema_is_json_and_the_page_has_every_owner(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    BUFFER_AUTO struct buffer schema = { 0 };
    struct json_out out = { .buffer = &schema };
    scene_properties_schema(&out, ON_TEXT);
    json_t *value;
    assert_ok(json_read(arena, buffer_str(&schema), &value));
    json_t *size = json_object_get(json_object_get(value, "properties"), "font_size");
    assert_true(json_get_number(size, "default", 0) == 32);
    assert_string_equal(json_string_value(json_array_get(json_object_get(value, "required"), 0)), "text");
    BUFFER_AUTO struct buffer page = { 0 };
    scene_properties_page(&page);
    assert_true(str_find(buffer_str(&page), STR("## voiceover")) > 0);
    assert_true(str_find(buffer_str(&page), STR("| `stroke.width` |")) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_samples_of_the_document_pass),
        cmocka_unit_test(a_wrong_kind_or_range_is_named),
        cmocka_unit_test(an_unknown_property_is_kept_with_a_warning),
        cmocka_unit_test(defaults_fill_what_is_absent_and_nothing_else),
        cmocka_unit_test(options_of_videos_and_scenes_are_checked),
        cmocka_unit_test(every_default_of_the_table_passes_its_own_check),
        cmocka_unit_test(the_schema_is_json_and_the_page_has_every_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
