// SPDX-License-Identifier: GPL-3.0-or-later
#include <math.h>

#include "test.h"
#include "work/film.h"

#define assert_near(a, b) assert_true(fabs((a) - (b)) < 1e-6)

static error find(void *context, struct film_asset *asset)
{
    int *asked = context;
    (*asked)++;
    if (str_starts(asset->reference, STR("gone")))
        return error_make(ERROR_NOT_FOUND, NULL, "There is no such file");
    asset->hash = str_equal_c(asset->reference, "b.jpg") ? STR("hash of b") : STR("hash of others");
    asset->has_audio = asset->kind == FILM_AUDIO;
    asset->duration = asset->kind == FILM_AUDIO ? 3 : 0;
    return OK;
}

static json_t *parse(struct arena *arena, const char *text)
{
    json_t *value;
    assert_ok(json_read(arena, str_of(text), &value));
    return value;
}

static struct film_options plain_options(void)
{
    return (struct film_options) { .renderer = STR("test") };
}

static error plan(struct arena *arena, const char *project, const struct film_options *options,
    struct warnings *warnings, struct film **ret_film)
{
    int *asked = ARENA_NEW(arena, int);
    struct film_source *source = ARENA_NEW(arena, struct film_source);
    *source = (struct film_source) { asked, find };
    return film_plan(arena, parse(arena, project), options, source, warnings, ret_film);
}

// Plans, gives every voice the same three words at 0.2, 0.6 and 1.4 to 2.0 s of a sound of 2.5 s, resolves.
static struct film *resolved(struct arena *arena, const char *project, struct warnings *warnings)
{
    struct film_options options = plain_options();
    struct film *film;
    assert_ok(plan(arena, project, &options, warnings, &film));
    for (size_t i = 0; i < film->voice_count; i++)
        film->voices[i].result = parse(arena,
            "{\"duration\":2.5,\"sample_rate\":16000,\"words\":[{\"text\":\"hello\",\"start\":0.2,\"end\":0.5,"
            "\"offset\":0},"
            "{\"text\":\"big\",\"start\":0.6,\"end\":1.0,\"offset\":7},{\"text\":\"world\",\"start\":1.4,\"end\":2.0,"
            "\"offset\":11}],\"phonemes\":[{\"phoneme\":\"hh\",\"start\":0.2,\"end\":0.3}]}");
    assert_ok(film_resolve(film, warnings));
    return film;
}

#define VOICE                                                                                                          \
    "{\"type\":\"voiceover\",\"name\":\"V\",\"properties\":{\"voice_id\":\"v\",\"text\":\"Hello, big world.\"}}"
#define PICTURE(name) "{\"type\":\"media\",\"name\":\"P\",\"properties\":{\"media_id\":\"" name "\"}}"

static json_t *composition_of(const struct film_segment *segment)
{
    return json_object_get(segment->question.params, "composition");
}

static json_t *scene_of(const struct film_segment *segment)
{
    json_t *scenes = json_object_get(composition_of(segment), "scenes");
    return json_array_get(scenes, (size_t)json_get_int(segment->question.params, "scene", -1));
}

static void a_scene_lasts_as_long_as_its_voice_and_a_tail(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    struct warnings warnings = { 0 };
    struct film *film = resolved(arena, "{\"scenes\":[{\"duration\":9,\"layers\":[" VOICE "]}]}", &warnings);
    // The sound is used from 0.18 to 2.1 s and starts at 0.25 s.
    assert_int_equal(film->frame_count, llround((0.25 + 1.92 + 0.4) * 30));
    json_t *track = json_array_get(json_object_get(film->mix, "tracks"), 0);
    assert_near(json_get_number(track, "start", -1), 0.25);
    assert_near(json_get_number(track, "start_from", -1), 0.18);
    assert_near(json_get_number(track, "duration", -1), 1.92);
    assert_string_equal(json_get_str(track, "role").data, "speech");
    assert_ptr_equal(film->mix_inputs[0].voice, &film->voices[0]);
    assert_int_equal(warnings.count, 0);
}

static void words_are_written_as_the_author_did(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    struct warnings warnings = { 0 };
    struct film *film = resolved(
        arena, "{\"scenes\":[{\"duration\":1,\"layers\":[]},{\"layers\":[" VOICE "]}]}", &warnings);
    assert_int_equal(film->captions.segment_count, 1);
    assert_string_equal(film->captions.segments[0].text.data, "Hello, big world.");
    assert_near(film->captions.segments[0].words[0].start, 1 + 0.25 + 0.02);
    BUFFER_AUTO struct buffer out = { 0 };
    transcript_write(arena, &film->captions, TRANSCRIPT_SRT, &out);
    buffer_append_byte(&out, '\0');
    assert_string_equal(out.data, "1\n00:00:01,270 --> 00:00:03,070\nHello, big world.\n\n\0");
}

static void frames_follow_the_clock_without_drift(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    struct warnings warnings = { 0 };
    BUFFER_AUTO struct buffer project = { 0 };
    buffer_append_c(&project, "{\"video\":{\"fps\":24},\"scenes\":[");
    for (int i = 0; i < 30; i++)
        buffer_append_c(&project, i ? ",{\"duration\":1.01}" : "{\"duration\":1.01}");
    buffer_append(&project, "]}", 3);
    struct film *film = resolved(arena, project.data, &warnings);
    assert_int_equal(film->frame_count, llround(30 * 1.01 * 24));
    int64_t at = 0;
    for (size_t i = 0; i < film->scene_count; i++) {
        assert_int_equal(film->scenes[i].first_frame, at);
        at += film->scenes[i].frame_count;
    }
    assert_int_equal(at, film->frame_count);
}

static void long_scenes_are_split_and_every_frame_is_encoded_once(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    struct warnings warnings = { 0 };
    struct film *film = resolved(arena,
        "{\"scenes\":[{\"duration\":25,\"transition\":{\"type\":\"fade\"}},{\"duration\":10.5,\"transition\":{\"type\":"
        "\"crossfade\",\"duration\":0.5}}]}",
        &warnings);
    assert_int_equal(film->segment_count, 5 + 1 + 2);
    int64_t next = 0;
    size_t scene = 0;
    for (size_t i = 0; i < film->segment_count; i++) {
        const struct film_segment *segment = &film->segments[i];
        if (segment->scene != scene) {
            assert_int_equal(next, film->scenes[scene].frame_count);
            next = 0;
            scene = segment->scene;
        }
        assert_int_equal(segment->first_frame, next);
        assert_in_range(segment->frame_count, 1, 150);
        next += segment->frame_count;
    }
    assert_int_equal(next, film->scenes[1].frame_count);
    // The crossing is a segment of its own with both scenes.
    assert_int_equal(film->segments[5].frame_count, 15);
    assert_int_equal(json_array_size(json_object_get(composition_of(&film->segments[5]), "scenes")), 2);
    assert_int_equal(json_array_size(json_object_get(composition_of(&film->segments[4]), "scenes")), 1);
    assert_string_equal(json_get_str(json_object_get(scene_of(&film->segments[0]), "transition"), "type").data, "cut");
}

static void layers_are_front_most_first_and_hidden_ones_left_out(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    struct warnings warnings = { 0 };
    struct film *film = resolved(arena,
        "{\"scenes\":[{\"duration\":4,\"layers\":["
        "{\"type\":\"media\",\"name\":\"back\",\"order_index\":3,\"properties\":{\"media_id\":\"b.jpg\"}},"
        "{\"type\":\"text\",\"name\":\"front\",\"order_index\":1,\"end_time\":9,\"properties\":{\"text\":\"x\"}},"
        "{\"type\":\"media\",\"name\":\"off\",\"enabled\":false,\"properties\":{\"media_id\":\"gone.jpg\"}},"
        "{\"type\":\"text\",\"name\":\"late\",\"start_time\":5,\"properties\":{\"text\":\"x\"}},"
        "{\"type\":\"shape\",\"name\":\"mid\",\"order_index\":2,\"start_time\":1,\"duration\":2,\"properties\":{"
        "\"shape\":"
        "\"line\"}}]}]}",
        &warnings);
    json_t *layers = json_object_get(scene_of(&film->segments[0]), "layers");
    assert_int_equal(json_array_size(layers), 3);
    assert_string_equal(json_get_str(json_array_get(layers, 0), "name").data, "front");
    assert_string_equal(json_get_str(json_array_get(layers, 1), "name").data, "mid");
    assert_string_equal(json_get_str(json_array_get(layers, 2), "name").data, "back");
    assert_near(json_get_number(json_array_get(layers, 0), "end", 0), 4);
    assert_near(json_get_number(json_array_get(layers, 1), "end", 0), 3);
    assert_int_equal(json_get_int(json_array_get(layers, 2), "input", -1), 0);
    json_t *properties = json_object_get(json_array_get(layers, 2), "properties");
    assert_string_equal(json_get_str(properties, "fit").data, "cover");
    assert_int_equal(warnings.count, 2);
    assert_string_equal(warnings.items[0].field.data, "scenes.0.layers.1");
}

static void layers_follow_words_and_the_true_end_of_their_scene(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    struct warnings warnings = { 0 };
    struct film *film = resolved(arena,
        "{\"scenes\":[{\"duration\":9,\"layers\":[" VOICE ","
        "{\"type\":\"text\",\"name\":\"all\",\"end_time\":9,\"properties\":{\"text\":\"x\"}},"
        "{\"type\":\"text\",\"name\":\"word\",\"properties\":{\"text\":\"x\",\"start_at\":{\"word\":2}}},"
        "{\"type\":\"text\",\"name\":\"phrase\",\"duration\":0.5,\"properties\":{\"text\":\"x\",\"start_at\":{"
        "\"phrase\":"
        "\"BIG world!\"}}},"
        "{\"type\":\"text\",\"name\":\"never\",\"properties\":{\"text\":\"x\",\"start_at\":{\"phrase\":\"small\"}}}]}]"
        "}",
        &warnings);
    json_t *layers = json_object_get(scene_of(&film->segments[0]), "layers");
    assert_near(json_get_number(json_array_get(layers, 0), "end", 0), 2.57);
    assert_near(json_get_number(json_array_get(layers, 1), "start", 0), 0.25 + 0.6 - 0.18);
    assert_near(json_get_number(json_array_get(layers, 2), "start", 0), 0.25 + 0.6 - 0.18);
    assert_near(json_get_number(json_array_get(layers, 2), "end", 0), 0.25 + 0.6 - 0.18 + 0.5);
    assert_int_equal(warnings.count, 1);
    assert_non_null(strstr(warnings.items[0].message.data, "small"));
}

static void a_missing_asset_stops_the_plan_naming_layer_and_asset(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    struct warnings warnings = { 0 };
    struct film_options options = plain_options();
    struct film *film = NULL;
    static const char project[] =
        "{\"scenes\":[{\"duration\":1},{\"duration\":1,\"layers\":[{\"type\":\"media\",\"name\":"
        "\"Hero\",\"properties\":{\"media_id\":\"gone.jpg\"}}]}]}";
    error problem = plan(arena, project, &options, &warnings, &film);
    assert_int_equal(problem.code, ERROR_ASSET_MISSING);
    assert_non_null(strstr(problem.message, "\"Hero\" of scene 2"));
    assert_non_null(strstr(problem.message, "gone.jpg"));
    assert_null(film);
    options.allow_missing = true;
    assert_ok(plan(arena, project, &options, &warnings, &film));
    assert_int_equal(warnings.count, 1);
    assert_ok(film_resolve(film, &warnings));
    json_t *layer = json_array_get(json_object_get(scene_of(&film->segments[1]), "layers"), 0);
    assert_string_equal(json_get_str(layer, "type").data, "text");
    assert_string_equal(json_get_str(json_object_get(layer, "properties"), "text").data, "Missing: Hero");
}

static void what_is_wrong_in_a_document_is_named(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    struct film_options options = plain_options();
    static const char *const bad[][2] = {
        { "{\"video\":{\"fps\":7},\"scenes\":[{\"duration\":1}]}", "video.fps" },
        { "{\"scenes\":[{\"duration\":0}]}", "scenes.0.duration" },
        { "{\"scenes\":[{\"duration\":-1}]}", "scenes.0.duration" },
        { "{\"scenes\":[{\"text\":\"no end\"}]}", "scenes.0.duration" },
        { "{\"scenes\":[7]}", "scenes.0" },
        { "{\"scenes\":[{\"duration\":1,\"layers\":[{\"type\":\"smell\"}]}]}", "scenes.0.layers.0.type" },
        { "{\"scenes\":[{\"duration\":1,\"layers\":[{\"type\":\"text\",\"properties\":{}}]}]}",
            "scenes.0.layers.0.properties.text" },
        { "{\"scenes\":[{\"duration\":1,\"layers\":[{\"type\":\"text\",\"start_time\":-2,\"properties\":{\"text\":\"\"}"
          "}]}]}",
            "scenes.0.layers.0.start_time" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct warnings warnings = { 0 };
        struct film *film = NULL;
        error problem = plan(arena, bad[i][0], &options, &warnings, &film);
        assert_int_equal(problem.code, ERROR_VALIDATION_ERROR);
        assert_string_equal(problem.field, bad[i][1]);
    }
    struct warnings warnings = { 0 };
    struct film *film = NULL;
    assert_error(plan(arena, "{\"scenes\":[]}", &options, &warnings, &film), ERROR_VIDEO_HAS_NO_SCENES);
    assert_error(plan(arena, "{}", &options, &warnings, &film), ERROR_VIDEO_HAS_NO_SCENES);
    assert_error(plan(arena, "[]", &options, &warnings, &film), ERROR_VALIDATION_ERROR);
}

static const char *key_of(struct arena *arena, const char *project, size_t segment)
{
    struct warnings warnings = { 0 };
    return resolved(arena, project, &warnings)->segments[segment].key;
}

static void a_segments_key_follows_from_its_pixels_alone(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    static const char base[] = "{\"scenes\":[{\"duration\":2,\"layers\":[" PICTURE("a.jpg") "]},{\"duration\":2}]}";
    static const char named[] = "{\"video\":{\"title\":\"T\"},\"scenes\":[{\"id\":\"x\",\"duration\":2,\"layers\":[{"
                                "\"type\":\"media\",\"name\":"
                                "\"Q\",\"id\":\"y\",\"properties\":{\"media_id\":\"c.jpg\"}}]},{\"duration\":3}]}";
    static const char other[] = "{\"scenes\":[{\"duration\":2,\"layers\":[" PICTURE("b.jpg") "]},{\"duration\":2}]}";
    static const char slower[] = "{\"video\":{\"fps\":25},\"scenes\":[{\"duration\":2,\"layers\":[" PICTURE(
        "a.jpg") "]},{\"duration\":2}]}";
    assert_string_equal(key_of(arena, base, 0), key_of(arena, base, 0));
    assert_string_equal(key_of(arena, base, 0), key_of(arena, named, 0));
    assert_string_not_equal(key_of(arena, base, 1), key_of(arena, named, 1));
    assert_string_not_equal(key_of(arena, base, 0), key_of(arena, other, 0));
    assert_string_equal(key_of(arena, base, 1), key_of(arena, other, 1));
    assert_string_not_equal(key_of(arena, base, 0), key_of(arena, slower, 0));
}

static void a_voices_key_follows_from_what_is_spoken(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    struct warnings warnings = { 0 };
    struct film_options options = plain_options();
    struct film *film;
    assert_ok(plan(arena,
        "{\"scenes\":[{\"text\":\"Hi.\",\"layers\":["
        "{\"type\":\"voiceover\",\"name\":\"a\",\"properties\":{\"voice_id\":\"v\",\"text\":\"Hi.\",\"volume\":0.5}},"
        "{\"type\":\"voiceover\",\"name\":\"b\",\"properties\":{\"voice_id\":\"v\"}},"
        "{\"type\":\"voiceover\",\"name\":\"c\",\"properties\":{\"voice_id\":\"v\",\"pitch\":1.5}},"
        "{\"type\":\"voiceover\",\"name\":\"d\",\"properties\":{\"voice_id\":\"v\",\"text\":\" [pause 2s] ... \"}}]}]}",
        &options, &warnings, &film));
    assert_int_equal(film->voice_count, 3);
    assert_string_equal(film->voices[0].key, film->voices[1].key);
    assert_string_not_equal(film->voices[0].key, film->voices[2].key);
    assert_int_equal(warnings.count, 1);
    assert_string_equal(warnings.items[0].field.data, "scenes.0.layers.3");
    assert_error(film_resolve(film, &warnings), ERROR_ENGINE_FAILED);
}

static void sound_lies_on_the_videos_clock(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    struct warnings warnings = { 0 };
    struct film *film = resolved(arena,
        "{\"video\":{\"music\":{\"audio_id\":\"m.mp3\"}},\"scenes\":[{\"duration\":2},{\"duration\":6,\"layers\":["
        "{\"type\":\"audio\",\"name\":\"a\",\"start_time\":1,\"properties\":{\"audio_id\":\"m.mp3\",\"start_from\":1}}]"
        "}]}",
        &warnings);
    json_t *tracks = json_object_get(film->mix, "tracks");
    assert_int_equal(json_array_size(tracks), 2);
    assert_int_equal(film->mix_input_count, 1);
    assert_near(json_get_number(json_array_get(tracks, 0), "start", 0), 3);
    assert_near(json_get_number(json_array_get(tracks, 0), "duration", 0), 2);
    assert_near(json_get_number(json_array_get(tracks, 1), "duration", 0), 8);
    assert_true(json_get_bool(json_array_get(tracks, 1), "ducking", false));
    assert_near(json_get_number(film->mix, "duration", 0), 8);
    assert_int_equal(json_array_size(film->chapters), 2);
    assert_string_equal(json_get_str(json_array_get(film->chapters, 1), "title").data, "Scene 2");
}

static void canvases_are_even_and_as_wide_as_their_ratio(void **state)
{
    (void)state;
    int width, height;
    assert_true(film_canvas(STR("16:9"), 1080, &width, &height));
    assert_int_equal(width, 1920);
    assert_true(film_canvas(STR("9:16"), 720, &width, &height));
    assert_int_equal(width, 720);
    assert_int_equal(height, 1280);
    assert_true(film_canvas(STR("16:9"), 480, &width, &height));
    assert_int_equal(width, 854);
    assert_true(film_canvas(STR("4:5"), 1080, &width, &height));
    assert_int_equal(height, 1350);
    assert_true(film_canvas(STR("1:1"), 480, &width, &height));
    assert_int_equal(width, 480);
    assert_false(film_canvas(STR("2:1"), 480, &width, &height));
}

static void a_frame_is_asked_for_with_its_scene(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    struct warnings warnings = { 0 };
    struct film *film = resolved(arena,
        "{\"scenes\":[{\"duration\":2,\"layers\":[" PICTURE(
            "a.jpg") "]},{\"duration\":2,\"transition\":{\"type\":\"fade\"},"
                     "\"layers\":[" PICTURE("b.jpg") "]}]}",
        &warnings);
    struct film_question question;
    film_frame(film, 2.1, 640, "png", &question);
    assert_int_equal(json_get_int(question.params, "scene", -1), 1);
    assert_near(json_get_number(question.params, "time", -1), 0.1);
    assert_int_equal(question.input_count, 2);
    film_frame(film, 99, 0, "png", &question);
    assert_int_equal(json_get_int(question.params, "scene", -1), 0);
    assert_near(json_get_number(question.params, "time", -1), 2 - 1 / 30.0);
    assert_int_equal(question.input_count, 1);
    assert_string_equal(question.inputs[0].asset->reference.data, "b.jpg");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scene_lasts_as_long_as_its_voice_and_a_tail),
        cmocka_unit_test(words_are_written_as_the_author_did),
        cmocka_unit_test(frames_follow_the_clock_without_drift),
        cmocka_unit_test(long_scenes_are_split_and_every_frame_is_encoded_once),
        cmocka_unit_test(layers_are_front_most_first_and_hidden_ones_left_out),
        cmocka_unit_test(layers_follow_words_and_the_true_end_of_their_scene),
        cmocka_unit_test(a_missing_asset_stops_the_plan_naming_layer_and_asset),
        cmocka_unit_test(what_is_wrong_in_a_document_is_named),
        cmocka_unit_test(a_segments_key_follows_from_its_pixels_alone),
        cmocka_unit_test(a_voices_key_follows_from_what_is_spoken),
        cmocka_unit_test(sound_lies_on_the_videos_clock),
        cmocka_unit_test(canvases_are_even_and_as_wide_as_their_ratio),
        cmocka_unit_test(a_frame_is_asked_for_with_its_scene),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
