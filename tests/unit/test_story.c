// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/scene_properties.h"
#include "domain/story.h"
#include "test.h"

static json_t *read_as(struct arena *arena, const char *text, enum story_breakdown breakdown)
{
    struct warnings warnings = { 0 };
    struct story_options options = { .breakdown = breakdown };
    json_t *project;
    assert_ok(story_read(arena, str_of(text), &options, &warnings, &project));
    assert_int_equal(warnings.count, 0);
    return project;
}

static json_t *scenes_of(const json_t *project)
{
    return json_object_get(project, "scenes");
}

static const char *text_of(const json_t *project, size_t scene)
{
    return json_get_str(json_array_get(scenes_of(project), scene), "text").data;
}

static json_t *layer_of(const json_t *project, size_t scene, const char *type, size_t skip)
{
    json_t *layers = json_object_get(json_array_get(scenes_of(project), scene), "layers"), *layer;
    size_t i;
    json_array_foreach (layers, i, layer)
        if (str_equal_c(json_get_str(layer, "type"), type) && !skip--)
            return layer;
    return NULL;
}

static json_t *properties_of(const json_t *project, size_t scene, const char *type, size_t skip)
{
    return json_object_get(layer_of(project, scene, type, skip), "properties");
}

static const char story[] = "---\n"
                            "title: The tour\n"
                            "voice: flite:awb\n"
                            "aspect: 9:16\n"
                            "captions: karaoke\n"
                            "fps: 25\n"
                            "music: \"bed.mp3\"\n"
                            "---\n"
                            "<!-- a note\n that spans lines -->\n"
                            "# Hello *there*\n"
                            "\n"
                            "This is **the first** [scene](http://x). [pause 1s] It goes\n"
                            "on here.\n"
                            "\n"
                            "![A hill](hill.jpg)\n"
                            "\n"
                            "## Two\r\n"
                            "\n"
                            "- fast\n"
                            "- safe\n"
                            "\n"
                            "Some words. ![one](a.png) More words here ![two](b.mp4) and the end.\n"
                            "\n"
                            "---\n"
                            "\n"
                            "![Silent](quiet.png)\n";

static void a_story_becomes_a_document_that_passes_the_checks(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    json_t *project = read_as(arena, story, STORY_HEADING), *video = json_object_get(project, "video");
    assert_string_equal(json_get_str(video, "title").data, "The tour");
    assert_string_equal(json_get_str(video, "aspect_ratio").data, "9:16");
    assert_int_equal(json_get_int(video, "fps", 0), 25);
    assert_string_equal(json_get_str(json_object_get(video, "captions"), "mode").data, "karaoke");
    assert_string_equal(json_get_str(json_object_get(video, "music"), "audio_id").data, "bed.mp3");
    assert_int_equal(json_array_size(scenes_of(project)), 3);
    struct problems problems = { 0 };
    struct warnings warnings = { 0 };
    scene_options_check(arena, ON_VIDEO, video, &problems);
    size_t s, l;
    json_t *scene, *layer;
    json_array_foreach (scenes_of(project), s, scene) {
        scene_options_check(arena, ON_SCENE, scene, &problems);
        json_array_foreach (json_object_get(scene, "layers"), l, layer) {
            assert_int_equal(json_get_int(layer, "order_index", 0), l + 1);
            scene_properties_check(
                arena, json_get_str(layer, "type").data, json_object_get(layer, "properties"), &problems, &warnings);
        }
    }
    assert_int_equal(problems.count, 0);
    assert_int_equal(warnings.count, 0);
}

static void text_is_narrated_and_marks_are_not(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    json_t *project = read_as(arena, story, STORY_HEADING);
    assert_string_equal(text_of(project, 0), "This is the first scene. It goes on here.");
    json_t *voice = properties_of(project, 0, "voiceover", 0);
    assert_string_equal(json_get_str(voice, "text").data, "This is the first scene. [pause 1s] It goes on here.");
    assert_string_equal(json_get_str(voice, "voice_id").data, "flite:awb");
    assert_string_equal(json_get_str(properties_of(project, 0, "text", 0), "text").data, "Hello there");
    assert_string_equal(json_get_str(properties_of(project, 0, "media", 0), "media_id").data, "hill.jpg");
    assert_string_equal(json_get_str(properties_of(project, 0, "media", 0), "animation").data, "kenBurns");
}

static void a_list_is_shown_and_narrated(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    json_t *project = read_as(arena, story, STORY_HEADING);
    assert_string_equal(json_get_str(properties_of(project, 1, "text", 1), "text").data, "•  fast\n•  safe");
    assert_non_null(strstr(text_of(project, 1), "fast.\nsafe.\n\nSome words."));
}

static void a_later_picture_comes_with_its_word(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    json_t *project = read_as(arena, story, STORY_HEADING);
    // Front-most first: the later picture covers the earlier one.
    json_t *later = properties_of(project, 1, "media", 0), *earlier = properties_of(project, 1, "media", 1);
    assert_string_equal(json_get_str(later, "media_id").data, "b.mp4");
    assert_string_equal(json_get_str(later, "media_type").data, "video");
    assert_int_equal(json_get_int(json_object_get(later, "start_at"), "word", 0), 8);
    assert_null(json_object_get(earlier, "start_at"));
    assert_null(layer_of(project, 2, "voiceover", 0));
    assert_string_equal(json_get_str(json_array_get(scenes_of(project), 2), "duration_mode").data, "fixed");
}

static void plain_text_is_cut_at_paragraphs_or_sentences(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    static const char plain[] =
        "Dr. Jones came in. He sat down!\nAnd\nwaited?\n\nThen \"he left.\" At 5.30 p.m. sharp.";
    json_t *project = read_as(arena, plain, STORY_HEADING);
    assert_int_equal(json_array_size(scenes_of(project)), 2);
    assert_string_equal(text_of(project, 0), "Dr. Jones came in. He sat down! And waited?");
    project = read_as(arena, plain, STORY_SENTENCE);
    assert_string_equal(text_of(project, 0), "Dr. Jones came in.");
    assert_string_equal(text_of(project, 2), "And waited?");
    assert_string_equal(text_of(project, 3), "Then \"he left.\"");
    project = read_as(arena, "# A\n\none\n\ntwo\n\n![p](p.png)\n\nthree\n", STORY_PARAGRAPH);
    assert_int_equal(json_array_size(scenes_of(project)), 3);
    assert_null(layer_of(project, 1, "media", 0));
    assert_non_null(layer_of(project, 2, "media", 0));
    assert_string_equal(text_of(project, 2), "three");
}

static void the_callers_options_are_stronger_than_front_matter(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct warnings warnings = { 0 };
    struct story_options options = { .voice = STR("flite:rms"), .title = STR("Mine"), .avatar = STR("amy") };
    json_t *project;
    assert_ok(story_read(arena, str_of(story), &options, &warnings, &project));
    assert_string_equal(json_get_str(json_object_get(project, "video"), "title").data, "Mine");
    assert_string_equal(json_get_str(properties_of(project, 0, "voiceover", 0), "voice_id").data, "flite:rms");
    assert_string_equal(json_get_str(properties_of(project, 0, "avatar", 0), "avatar_id").data, "amy");
    assert_int_equal(warnings.count, 0);
}

static void what_is_wrong_is_named_with_its_line(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    static const char *const bad[][2] = {
        { "", "Line 1" },
        { "---\ntitle: x\n---\n\n<!-- only a comment -->\n", "is empty" },
        { "---\ntitle: x\n", "Line 1: the front matter has no closing" },
        { "---\ntitle: x\nfps: 31\n---\nHi", "Line 3: fps must be one of" },
        { "---\naspect: 2:1\n---\nHi", "Line 2: aspect must be" },
        { "---\nbackground: #12\n---\nHi", "Line 2: background must be" },
        { "---\nnonsense\n---\nHi", "Line 2: the front matter wants" },
        { "Hi\n<!-- open\n", "has no closing -->" },
        { "Hi\n\n![x]()", "Line 3: a picture needs a file" },
        { "Hi\n![x](y", "Line 2: the picture's closing" },
        { "\xff\xfe", "not text in UTF-8" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct warnings warnings = { 0 };
        struct story_options options = { 0 };
        json_t *project = NULL;
        error problem = story_read(arena, str_of(bad[i][0]), &options, &warnings, &project);
        assert_int_equal(problem.code, ERROR_VALIDATION_ERROR);
        if (!strstr(problem.message, bad[i][1]))
            fail_msg("\"%s\" does not say \"%s\"", problem.message, bad[i][1]);
        assert_null(project);
    }
}

static void unknown_keys_and_code_are_warned_about(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct warnings warnings = { 0 };
    struct story_options options = { 0 };
    json_t *project;
    assert_ok(
        story_read(arena, STR("---\nvioce: x\n---\nHi there.\n```\ncode # no\n```\n"), &options, &warnings, &project));
    assert_int_equal(warnings.count, 2);
    assert_non_null(strstr(warnings.items[0].message.data, "vioce"));
    assert_string_equal(text_of(project, 0), "Hi there.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_story_becomes_a_document_that_passes_the_checks),
        cmocka_unit_test(text_is_narrated_and_marks_are_not),
        cmocka_unit_test(a_list_is_shown_and_narrated),
        cmocka_unit_test(a_later_picture_comes_with_its_word),
        cmocka_unit_test(plain_text_is_cut_at_paragraphs_or_sentences),
        cmocka_unit_test(the_callers_options_are_stronger_than_front_matter),
        cmocka_unit_test(what_is_wrong_is_named_with_its_line),
        cmocka_unit_test(unknown_keys_and_code_are_warned_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
