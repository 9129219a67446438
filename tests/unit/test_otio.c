// SPDX-License-Identifier: GPL-3.0-or-later
// Documents go out as timelines and come back as they were; timelines of other programs become documents.
#include <math.h>

#include "domain/otio.h"
#include "test.h"

static json_t *read_text(struct arena *arena, const char *text)
{
    json_t *value = NULL;
    assert_ok(json_read(arena, str_of(text), &value));
    return value;
}

static const char document_text[] =
    "{\"video\": {\"title\": \"Trip\", \"fps\": 25, \"background\": \"#123456\", \"music\": {\"audio_id\": \"song\"}}, "
    "\"scenes\": ["
    "{\"text\": \"One.\", \"duration\": 2.5, \"background\": {\"media_id\": \"sky\"}, \"layers\": ["
    "{\"type\": \"text\", \"name\": \"Title\", \"enabled\": true, \"start_time\": 0.5, \"end_time\": 2, \"duration\": "
    "1.5,"
    " \"order_index\": 1, \"properties\": {\"text\": \"Hi\", \"animation\": \"pop\", \"odd\": [1, null]}},"
    "{\"type\": \"media\", \"name\": \"Clip\", \"enabled\": false, \"start_time\": 0, \"end_time\": 9, \"duration\": 9,"
    " \"order_index\": 2, \"properties\": {\"media_id\": \"m1\", \"start_from\": 3, \"speed\": 2}},"
    "{\"type\": \"voiceover\", \"name\": \"Voice\", \"enabled\": true, \"start_time\": 0, \"end_time\": 2, "
    "\"duration\":"
    " 2, \"order_index\": 3, \"properties\": {\"voice_id\": \"v\", \"start_at\": {\"word\": 2}}}]},"
    "{\"text\": \"\", \"duration\": 1.0333, \"transition\": {\"type\": \"wipe\", \"duration\": 0.4}, \"layers\": ["
    "{\"type\": \"shape\", \"name\": \"Late\", \"enabled\": true, \"start_time\": 5, \"end_time\": 6, \"duration\": 1,"
    " \"order_index\": 1, \"properties\": {\"shape\": \"star\"}}]},"
    "{\"text\": \"\", \"duration\": 3, \"layers\": []}]}";

// Layers in the order of their index, as documents have them.
static void sort_layers(json_t *document)
{
    json_t *scene;
    size_t i;
    json_array_foreach (json_object_get(document, "scenes"), i, scene) {
        json_t *layers = json_object_get(scene, "layers"), *sorted = json_array(), *layer;
        size_t k;
        for (int64_t index = 1; index < 10; index++)
            json_array_foreach (layers, k, layer)
                if (json_get_int(layer, "order_index", 0) == index)
                    json_array_append(sorted, layer);
        json_object_set_new(scene, "layers", sorted);
    }
}

static json_t *back(struct arena *arena, const json_t *timeline)
{
    struct warnings warnings = { 0 };
    json_t *document = NULL;
    // By way of its text, as a file goes.
    assert_ok(otio_read(arena, read_text(arena, json_text(arena, timeline).data), &warnings, &document));
    assert_int_equal(warnings.count, 0);
    sort_layers(document);
    return document;
}

static void a_document_comes_back_as_it_was(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    json_t *document = read_text(arena, document_text);
    json_t *names = read_text(arena, "{\"m1\": \"beach.mp4\"}");
    json_t *timeline = otio_write(arena, document, names);
    assert_string_equal(json_text(arena, back(arena, timeline)).data, json_text(arena, document).data);
    str text = json_text(arena, timeline);
    assert_true(str_find(text, STR("\"target_url\":\"beach.mp4\"")) > 0);
    assert_true(str_find(text, STR("LinearTimeWarp.1")) > 0);
}

static json_t *child_of(const json_t *timeline, size_t track, size_t child)
{
    json_t *tracks = json_object_get(json_object_get(timeline, "tracks"), "children");
    return json_array_get(json_object_get(json_array_get(tracks, track), "children"), child);
}

static double value_of(const json_t *clip, const char *which)
{
    return json_get_number(json_object_get(json_object_get(clip, "source_range"), which), "value", -1);
}

static void clips_stand_where_the_film_shows_them(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    json_t *timeline = otio_write(arena, read_text(arena, document_text), NULL);
    // Scenes: clip, clip behind its transition, clip.
    assert_string_equal(json_get_str(child_of(timeline, 0, 1), "OTIO_SCHEMA").data, "Transition.1");
    assert_true(fabs(value_of(child_of(timeline, 0, 0), "duration") - 62.5) < 1e-9);
    assert_true(fabs(value_of(child_of(timeline, 0, 2), "duration") - 25.8325) < 1e-4);
    // The clip at the back begins at once and is cut with its scene; the title in front comes after a gap.
    assert_true(fabs(value_of(child_of(timeline, 1, 0), "start_time") - 75) < 1e-9);
    assert_true(fabs(value_of(child_of(timeline, 1, 0), "duration") - 62.5) < 1e-9);
    assert_true(json_is_false(json_object_get(child_of(timeline, 1, 0), "enabled")));
    assert_string_equal(json_get_str(child_of(timeline, 2, 0), "OTIO_SCHEMA").data, "Gap.1");
    assert_true(fabs(value_of(child_of(timeline, 2, 0), "duration") - 12.5) < 1e-9);
}

static void what_another_program_moved_or_cut_has_moved_in_the_document(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    json_t *timeline = otio_write(arena, read_text(arena, document_text), NULL);
    json_t *gap = json_object_get(json_object_get(child_of(timeline, 2, 0), "source_range"), "duration");
    json_object_set_new(gap, "value", json_real(25));
    json_t *length = json_object_get(json_object_get(child_of(timeline, 2, 1), "source_range"), "duration");
    json_object_set_new(length, "value", json_real(20));
    json_t *last = json_object_get(json_object_get(child_of(timeline, 0, 3), "source_range"), "duration");
    json_object_set_new(last, "value", json_real(100));
    json_t *document = back(arena, timeline), *scenes = json_object_get(document, "scenes");
    json_t *title = json_array_get(json_object_get(json_array_get(scenes, 0), "layers"), 0);
    assert_true(fabs(json_get_number(title, "start_time", 0) - 1) < 1e-9);
    assert_true(fabs(json_get_number(title, "end_time", 0) - 1.8) < 1e-9);
    assert_true(fabs(json_get_number(json_array_get(scenes, 2), "duration", 0) - 4) < 1e-9);
}

static void a_timeline_of_another_program_becomes_scenes(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    struct warnings warnings = { 0 };
    json_t *document = NULL;
#define RANGE(start, length)                                                                                           \
    "\"source_range\": {\"OTIO_SCHEMA\": \"TimeRange.1\", \"start_time\": {\"OTIO_SCHEMA\": \"RationalTime.1\", "      \
    "\"rate\": 24, \"value\": " #start "}, \"duration\": {\"OTIO_SCHEMA\": \"RationalTime.1\", \"rate\": 24, "         \
    "\"value\": " #length "}}"
#define CLIP(name, url, start, length)                                                                                 \
    "{\"OTIO_SCHEMA\": \"Clip.1\", \"name\": \"" name                                                                  \
    "\", " RANGE(start, length) ", \"media_reference\": "                                                              \
                                "{\"OTIO_SCHEMA\": \"ExternalReference.1\", \"target_url\": \"" url "\"}}"
    static const char text[] =
        "{\"OTIO_SCHEMA\": \"Timeline.1\", \"name\": \"Cut\", \"tracks\": {\"OTIO_SCHEMA\": \"Stack.1\", \"children\": "
        "["
        "{\"OTIO_SCHEMA\": \"Track.1\", \"kind\": \"Video\", \"children\": [" CLIP("a", "file:///x/my%20a.mov", 48,
            24) ", {\"OTIO_SCHEMA\": \"Transition.1\", \"in_offset\": {\"rate\": 24, \"value\": 6}, \"out_offset\": "
                "{\"rate\": 24,"
                " \"value\": 6}}, " CLIP("b", "b.mov", 0,
                    48) "]}, {\"OTIO_SCHEMA\": \"Track.1\", \"kind\": \"Audio\", \"children\": [{\"OTIO_SCHEMA\": "
                        "\"Gap.1\", " RANGE(0, 36) "}, " CLIP("song", "song.wav", 0,
                            24) ", {\"OTIO_SCHEMA\": \"Clip.1\", \"name\": \"lost\", " RANGE(0, 24) "}]}]}}";
    assert_ok(otio_read(arena, read_text(arena, text), &warnings, &document));
    assert_int_equal(warnings.count, 1);
    json_t *scenes = json_object_get(document, "scenes"), *second = json_array_get(scenes, 1);
    assert_int_equal(json_array_size(scenes), 2);
    json_t *first = json_array_get(json_object_get(json_array_get(scenes, 0), "layers"), 0);
    assert_string_equal(json_get_str(json_object_get(first, "properties"), "media_id").data, "/x/my a.mov");
    assert_true(fabs(json_get_number(json_object_get(first, "properties"), "start_from", 0) - 2) < 1e-9);
    assert_true(fabs(json_get_number(second, "duration", 0) - 2) < 1e-9);
    assert_true(fabs(json_get_number(json_object_get(second, "transition"), "duration", 0) - 0.5) < 1e-9);
    json_t *song = json_array_get(json_object_get(second, "layers"), 1);
    assert_string_equal(json_get_str(song, "type").data, "audio");
    assert_true(fabs(json_get_number(song, "start_time", 0) - 0.5) < 1e-9);
}

static void what_is_no_timeline_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = { "{}", "[]", "7", "{\"OTIO_SCHEMA\": \"Clip.1\"}",
        "{\"OTIO_SCHEMA\": \"Timeline.1\"}", "{\"OTIO_SCHEMA\": \"Timeline.1\", \"tracks\": {\"children\": []}}",
        "{\"OTIO_SCHEMA\": \"Timeline.1\", \"tracks\": {\"children\": [7, {\"OTIO_SCHEMA\": \"Track.1\", \"children\": "
        "5}]}}",
        "{\"OTIO_SCHEMA\": \"Timeline.1\", \"tracks\": {\"children\": [{\"OTIO_SCHEMA\": \"Track.1\", \"children\": "
        "[{}, 1, null]}]}}" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ARENA_AUTO struct arena *arena = arena_new(1 << 22);
        struct warnings warnings = { 0 };
        json_t *document = NULL;
        assert_error(otio_read(arena, read_text(arena, wrong[i]), &warnings, &document), ERROR_VALIDATION_ERROR);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_comes_back_as_it_was),
        cmocka_unit_test(clips_stand_where_the_film_shows_them),
        cmocka_unit_test(what_another_program_moved_or_cut_has_moved_in_the_document),
        cmocka_unit_test(a_timeline_of_another_program_becomes_scenes),
        cmocka_unit_test(what_is_no_timeline_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
