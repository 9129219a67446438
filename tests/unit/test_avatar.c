// SPDX-License-Identifier: GPL-3.0-or-later
// Avatars: mouths that follow phonemes, poses that live, figures that are drawn.
#include "compositor_help.h"
#include "domain/avatar_look.h"
#include "engine/avatar_pose.h"

static struct speaking speaking_of(struct arena *arena, const char *phonemes)
{
    json_t *json;
    struct speaking speaking;
    assert_ok(json_read(arena, str_of(phonemes), &json));
    assert_ok(visemes_read(arena, json, 0, &speaking));
    return speaking;
}

static void both_alphabets_of_phonemes_have_mouths(void **state)
{
    (void)state;
    static const struct {
        const char *phoneme;
        enum viseme viseme;
    } rows[] = { { "pau", VISEME_REST }, { "hh", VISEME_THROAT }, { "ow", VISEME_ROUND }, { "uw", VISEME_SMALL },
        { "m", VISEME_CLOSED }, { "b", VISEME_CLOSED }, { "f", VISEME_LIP }, { "aa", VISEME_WIDE },
        { "iy", VISEME_SPREAD }, { "sh", VISEME_HUSH }, { "th", VISEME_TONGUE }, { "s", VISEME_TEETH },
        { "r", VISEME_R }, { "eh", VISEME_MIDDLE }, { "oU", VISEME_ROUND }, { "'aI", VISEME_WIDE },
        { "u:", VISEME_SMALL }, { "tS", VISEME_HUSH }, { "D", VISEME_TONGUE }, { "3:", VISEME_R },
        { "Q~~", VISEME_THROAT }, { "", VISEME_REST } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(viseme_of(str_of(rows[i].phoneme)), rows[i].viseme);
    for (int i = 0; i < VISEME_COUNT; i++)
        for (int k = 0; k < i; k++) {
            struct mouth a = viseme_mouth((enum viseme)i), b = viseme_mouth((enum viseme)k);
            assert_true(memcmp(&a, &b, sizeof a) != 0);
        }
}

static void mouths_switch_on_the_frame_of_their_phoneme(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    static const char *const names[] = { "m", "aa", "f", "ow", "s" };
    BUFFER_AUTO struct buffer text = { 0 };
    for (int i = 0; i < 50; i++) // each three frames of 30 long
        buffer_format(&text, "%s{\"phoneme\":\"%s\",\"start\":%.6f,\"end\":%.6f}", i ? "," : "[", names[i % 5],
            0.2 + i * 0.1, 0.3 + i * 0.1);
    buffer_append(&text, "]", 1);
    struct speaking speaking = speaking_of(arena, str_copy(arena, buffer_str(&text)).data);
    assert_int_equal(speaking_viseme(&speaking, 0.1), VISEME_REST);
    for (int i = 0; i < 50; i++) {
        enum viseme wanted = viseme_of(str_of(names[i % 5]));
        int first = 6 + 3 * i; // frame on which it starts
        assert_int_equal(speaking_viseme(&speaking, (first + 0.01) / 30.0), wanted);
        if (i)
            assert_int_not_equal(speaking_viseme(&speaking, (first - 0.99) / 30.0), wanted);
        // A frame later it is there as a whole.
        struct mouth mouth = speaking_mouth(&speaking, (first + 1) / 30.0), whole = viseme_mouth(wanted);
        assert_true(fabs(mouth.open - whole.open) < 1e-6 && fabs(mouth.width - whole.width) < 1e-6);
    }
    assert_int_equal(speaking_viseme(&speaking, 5.3), VISEME_REST);
}

static void shapes_flow_into_each_other(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct speaking speaking = speaking_of(
        arena, "[{\"phoneme\":\"m\",\"start\":0,\"end\":0.5},{\"phoneme\":\"aa\",\"start\":0.5,\"end\":1}]");
    double between = speaking_mouth(&speaking, 0.5).open;
    assert_true(between > 0.1 && between < 0.9);
    assert_true(speaking_mouth(&speaking, 0.47).open < 0.01);
    assert_true(speaking_mouth(&speaking, 0.53).open > 0.99);
}

static void loudness_opens_the_mouth(void **state)
{
    (void)state;
    float levels[120];
    for (int i = 0; i < 120; i++)
        levels[i] = i < 60 ? 0 : 1;
    struct speaking speaking = { .levels = levels, .level_count = 120, .level_step = 1 / 60.0 };
    assert_true(speaking_mouth(&speaking, 0.5).open < 0.01);
    assert_true(speaking_mouth(&speaking, 1.5).open > 0.2);
}

static void times_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    json_t *json;
    struct speaking speaking;
    assert_ok(json_read(arena, STR("[{\"phoneme\":\"m\",\"start\":1,\"end\":0.5}]"), &json));
    assert_int_equal(visemes_read(arena, json, 0, &speaking).code, ERROR_VALIDATION_ERROR);
    assert_ok(json_read(arena, STR("[{\"start\":2,\"end\":3},{\"start\":1,\"end\":3}]"), &json));
    assert_int_equal(visemes_read(arena, json, 0, &speaking).code, ERROR_VALIDATION_ERROR);
}

static void a_pose_follows_from_its_moment_alone(void **state)
{
    (void)state;
    struct avatar_actor actor = { .behaviour = AVATAR_IDLE, .duration = 20, .seed = 7 };
    int64_t forth[600], number;
    int blinks = 0, changes = 0;
    double least = 100, most = -100, before = 0;
    for (int i = 0; i < 600; i++) {
        struct avatar_pose pose = avatar_pose_at(&actor, i / 30.0, &forth[i]);
        blinks += pose.lids > 0.8 && before <= 0.8;
        changes += i && forth[i] != forth[i - 1];
        before = pose.lids;
        least = fmin(least, pose.head_x);
        most = fmax(most, pose.head_x);
        assert_true(pose.mouth.open == 0);
    }
    for (int i = 600; i-- > 0;) {
        (void)avatar_pose_at(&actor, i / 30.0, &number);
        assert_int_equal(number, forth[i]);
    }
    assert_in_range(blinks, 5, 16);
    assert_true(most - least > 3);      // it does not look stiff
    assert_in_range(changes, 100, 450); // and holds still on some frames
}

static void gestures_lift_the_arm(void **state)
{
    (void)state;
    struct avatar_actor actor = { .behaviour = AVATAR_WAVE, .duration = 6 };
    int64_t number;
    assert_true(avatar_pose_at(&actor, 0, &number).right.upper > -20);
    assert_true(avatar_pose_at(&actor, 1.5, &number).right.upper < -50);
    actor.behaviour = AVATAR_POINT;
    assert_true(avatar_pose_at(&actor, 2, &number).right.fore < -80);
    assert_true(avatar_pose_at(&actor, 5.95, &number).right.fore > 0);
}

static void every_character_is_drawn_and_differs_from_the_others(void **state)
{
    (void)state;
    double inks[32];
    size_t count = 0, characters = 0;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    for (const struct avatar_stock *row = avatar_stock; row->id; row++) {
        json_t *look;
        struct problems problems = { 0 };
        struct film film;
        assert_ok(json_read(arena, str_of(row->look), &look));
        avatar_look_check(arena, look, &problems);
        assert_int_equal(problems.count, 0);
        film_scene(&film, str_format(arena,
                              "{\"type\": \"avatar\", \"name\": \"a\", \"start\": 0, \"end\": 4,"
                              "\"properties\": {\"look\": %s}}",
                              row->look)
                              .data);
        const struct frame *frame = at(&film, 0, 1, NULL);
        uint64_t sum = 0;
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++)
                sum += frame->planes[0][y * frame->strides[0] + x];
        inks[count] = (double)sum;
        assert_true(sum > 1000000);
        for (size_t i = 0; i < count; i++)
            assert_true(inks[i] != inks[count]);
        count++;
        characters += !row->parent;
        arena_free(film.arena);
    }
    assert_true(characters >= 6);
}

static void what_there_is_not_is_named(void **state)
{
    (void)state;
    static const char *const looks[] = { "{\"hair\": \"mohawk\"}", "{\"figure\": \"ghost\"}",
        "{\"eye_color\": \"red\"}" };
    static const char *const named[] = { "hair", "figure", "eye_color" };
    for (size_t i = 0; i < 3; i++) {
        ARENA_AUTO struct arena *arena = arena_new(1 << 20);
        struct film film;
        film_scene(&film,
            str_format(arena, "{\"type\": \"avatar\", \"name\": \"a\", \"properties\": {\"look\": %s}}", looks[i])
                .data);
        const struct frame *frame;
        bool changed;
        error failed = compositor_at(film.compositor, 0, 0, &frame, &changed);
        assert_int_equal(failed.code, ERROR_VALIDATION_ERROR);
        assert_string_equal(failed.field, named[i]);
        arena_free(film.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_alphabets_of_phonemes_have_mouths),
        cmocka_unit_test(mouths_switch_on_the_frame_of_their_phoneme),
        cmocka_unit_test(shapes_flow_into_each_other),
        cmocka_unit_test(loudness_opens_the_mouth),
        cmocka_unit_test(times_that_make_no_sense_are_refused),
        cmocka_unit_test(a_pose_follows_from_its_moment_alone),
        cmocka_unit_test(gestures_lift_the_arm),
        cmocka_unit_test(every_character_is_drawn_and_differs_from_the_others),
        cmocka_unit_test(what_there_is_not_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
