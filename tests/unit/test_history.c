// SPDX-License-Identifier: GPL-3.0-or-later
// Undo, versions and the log's limit, on both databases.
#include "both_databases.h"
#include "domain/merging.h"
#include "domain/undo.h"
#include "domain/version.h"
#include "domain/video_state.h"

static struct problems problems;
static struct warnings warnings;

// One change: what it is given, what it gives.
struct call {
    error (*run)(struct scope *scope, struct call *call);
    str id;
    const char *name;
    int64_t base_revision;
    struct video video;
    struct scene scene;
    struct layer layer;
    struct version version;
    struct history_entry entry;
};

static error change(struct db *db, void *context)
{
    struct call *call = context;
    struct scope scope = library.scope;
    scope.db = db;
    return call->run(&scope, call);
}

static struct call run(struct call call)
{
    problems.count = 0;
    assert_ok(db_write(library.pool, change, &call));
    return call;
}

static enum error_code refusal(struct call call)
{
    problems.count = 0;
    return db_write(library.pool, change, &call).code;
}

static error do_video(struct scope *scope, struct call *call)
{
    return video_create(scope, STR("Tour"), json_keep(scope->arena, json_object()), &problems, &call->video);
}

static error do_scene(struct scope *scope, struct call *call)
{
    struct scene_change scene = { .text = STR("One"), .duration = { true, 1.0 / 3 } };
    return scene_add(scope, call->id, &scene, &problems, &call->scene);
}

static error do_layer(struct scope *scope, struct call *call)
{
    json_t *properties;
    TRY(json_read(scope->arena, STR("{\"text\":\"Hello\",\"stroke\":{\"width\":2.5}}"), &properties));
    struct layer_change layer = {
        .type = STR("text"), .name = str_of(call->name), .duration = { true, 0.1 + 0.2 }, .properties = properties
    };
    return layer_add(scope, call->id, &layer, &problems, &warnings, &call->layer);
}

static error do_name(struct scope *scope, struct call *call)
{
    struct layer_change layer = { .name = str_of(call->name),
        .merging = { { call->base_revision > 0, call->base_revision }, call->base_revision > 0 } };
    return layer_update(scope, call->id, &layer, &problems, &warnings, &call->layer);
}

DB_STATEMENT(test_double_log,
    "INSERT INTO revision (video_id, user_id, kind, target_id, subject, change, inverse, created_at)"
    " SELECT video_id, user_id, kind, target_id, subject, change, inverse, created_at FROM revision"
    " WHERE video_id = $1");

static error do_double_log(struct scope *scope, struct call *call)
{
    return db_run(scope->db, &test_double_log, DB_ARGS(db_text(call->id)), NULL);
}

static error do_delete_scene(struct scope *scope, struct call *call)
{
    return scene_delete(scope, call->video.id, call->id);
}

static error do_undo(struct scope *scope, struct call *call)
{
    return undo_run(scope, call->id, false, &call->entry);
}

static error do_redo(struct scope *scope, struct call *call)
{
    return undo_run(scope, call->id, true, &call->entry);
}

static error do_version(struct scope *scope, struct call *call)
{
    return version_add(scope, call->id, STR("First"), &call->version);
}

static error do_restore(struct scope *scope, struct call *call)
{
    return version_restore(scope, call->video.id, call->id, &call->version);
}

// Every row but its revision.
static str state_of(str video_id)
{
    struct video video;
    json_t *state, *row;
    const char *id;
    assert_ok(video_get(&library.scope, video_id, VIDEO_READ, &video));
    assert_ok(video_state_read(&library.scope, &video, &state));
    for (size_t i = 0; i < 3; i++)
        json_object_foreach (json_object_get(state, patch_tables[i]), id, row)
            json_object_del(row, "revision");
    return json_text(library.arena, state);
}

static void assert_text(str is, const char *wanted)
{
    assert_true(str_equal_c(is, wanted));
}

struct stage {
    struct video video;
    struct scene scene;
    struct layer first, second;
};

static struct stage set_up(void)
{
    struct stage stage = { .video = run((struct call) { .run = do_video }).video };
    stage.scene = run((struct call) { .run = do_scene, .id = stage.video.id }).scene;
    stage.first = run((struct call) { .run = do_layer, .id = stage.scene.id, .name = "first" }).layer;
    stage.second = run((struct call) { .run = do_layer, .id = stage.scene.id, .name = "second" }).layer;
    return stage;
}

static void a_deleted_scene_comes_back_bit_for_bit(void **state)
{
    (void)state;
    struct stage stage = set_up();
    run((struct call) { .run = do_scene, .id = stage.video.id });
    str before = state_of(stage.video.id);
    run((struct call) { .run = do_delete_scene, .video = stage.video, .id = stage.scene.id });
    str after = state_of(stage.video.id);
    assert_false(str_equal(before, after));
    for (int i = 0; i < 3; i++) {
        run((struct call) { .run = do_undo, .id = stage.video.id });
        assert_text(state_of(stage.video.id), before.data);
        run((struct call) { .run = do_redo, .id = stage.video.id });
        assert_text(state_of(stage.video.id), after.data);
    }
}

static void everything_is_undone_to_the_empty_video_and_done_again(void **state)
{
    (void)state;
    struct stage stage = set_up();
    str full = state_of(stage.video.id);
    for (int i = 0; i < 3; i++)
        run((struct call) { .run = do_undo, .id = stage.video.id });
    assert_int_equal(refusal((struct call) { .run = do_undo, .id = stage.video.id }), ERROR_NOTHING_TO_UNDO);
    struct list scenes;
    assert_ok(scene_list(&library.scope, stage.video.id, &scenes));
    assert_int_equal(scenes.count, 0);
    for (int i = 0; i < 3; i++)
        run((struct call) { .run = do_redo, .id = stage.video.id });
    assert_int_equal(refusal((struct call) { .run = do_redo, .id = stage.video.id }), ERROR_NOTHING_TO_REDO);
    assert_text(state_of(stage.video.id), full.data);
}

static void a_version_is_returned_to_bit_for_bit(void **state)
{
    (void)state;
    struct stage stage = set_up();
    str before = state_of(stage.video.id);
    struct version version = run((struct call) { .run = do_version, .id = stage.video.id }).version;
    run((struct call) { .run = do_name, .id = stage.first.id, .name = "other" });
    run((struct call) { .run = do_delete_scene, .video = stage.video, .id = stage.scene.id });
    str after = state_of(stage.video.id);
    run((struct call) { .run = do_restore, .video = stage.video, .id = version.id });
    assert_text(state_of(stage.video.id), before.data);
    run((struct call) { .run = do_undo, .id = stage.video.id });
    assert_text(state_of(stage.video.id), after.data);
}

static void a_strict_change_names_what_it_meets(void **state)
{
    (void)state;
    struct stage stage = set_up();
    run((struct call) { .run = do_name, .id = stage.first.id, .name = "other" });
    struct call late = { .run = do_name, .id = stage.first.id, .name = "late", .base_revision = stage.first.revision };
    assert_int_equal(refusal(late), ERROR_CONFLICT);
    assert_int_equal(problems.count, 1);
    assert_text(problems.items[0].field, "name");
    assert_text(problems.items[0].current, "\"other\"");
    late.base_revision++;
    assert_text(run(late).layer.name, "late");
}

static void the_log_keeps_to_its_limit(void **state)
{
    (void)state;
    struct stage stage = set_up();
    struct list entries;
    int64_t total;
    for (int rows = 3; rows < REVISIONS_MAX + 2 * REVISIONS_SLACK; rows *= 2)
        run((struct call) { .run = do_double_log, .id = stage.video.id });
    assert_ok(history_list(&library.scope, stage.video.id, 0, 1, &entries, &total));
    assert_true(total > REVISIONS_MAX + REVISIONS_SLACK);
    for (int i = 0; i < REVISIONS_SLACK; i++)
        run((struct call) { .run = do_name, .id = stage.first.id, .name = i % 2 ? "odd" : "even" });
    assert_ok(history_list(&library.scope, stage.video.id, 0, 1, &entries, &total));
    assert_in_range(total, REVISIONS_MAX, REVISIONS_MAX + REVISIONS_SLACK);
    assert_text(((struct history_entry *)entries.items)[0].summary, "ann changed the name of layer odd");
    run((struct call) { .run = do_undo, .id = stage.video.id });
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deleted_scene_comes_back_bit_for_bit),
        cmocka_unit_test(everything_is_undone_to_the_empty_video_and_done_again),
        cmocka_unit_test(a_version_is_returned_to_bit_for_bit),
        cmocka_unit_test(a_strict_change_names_what_it_meets),
        cmocka_unit_test(the_log_keeps_to_its_limit),
    };
    return RUN_ON_BOTH_DATABASES("history", tests);
}
