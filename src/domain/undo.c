// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/undo.h"

#include <string.h>

#include "domain/change.h"
#include "domain/revision.h"
#include "domain/video_state.h"

// What is taken back: the last row about the actor's change.
struct taking {
    struct scope *scope;
    const struct revision *root; // the change itself
    const json_t *change, *back; // of the last row about it
};

// A place in a list that was meant, not one that somebody had to make room.
static bool is_meant(const struct taking *taking, const char *id)
{
    str kind = taking->root->kind;
    return str_ends(kind, STR(".reorder"))
           || (str_ends(kind, STR(".update")) && str_equal_c(taking->root->target_id, id));
}

static json_t *without_place(struct arena *arena, const json_t *row, const char *table)
{
    json_t *rest = json_keep(arena, json_copy((json_t *)row));
    if (patch_order_key(table))
        json_object_del(rest, patch_order_key(table));
    return rest;
}

// Conflicts ----------------------------------------------------------------------------------------

static bool rows_conflict(const struct taking *taking, const char *table, const char *id, const json_t *theirs)
{
    struct arena *arena = taking->scope->arena;
    const json_t *mine = patch_of_row(taking->change, table, str_of(id));
    if (!mine)
        return false;
    bool came = json_is_null(patch_of_row(taking->back, table, str_of(id)));
    if (!is_meant(taking, id)) {
        mine = json_is_object(mine) ? without_place(arena, mine, table) : mine;
        theirs = json_is_object(theirs) ? without_place(arena, theirs, table) : theirs;
    }
    size_t my_size = json_object_size(mine) - (json_object_get(mine, "revision") ? 1 : 0);
    size_t their_size = json_object_size(theirs) - (json_object_get(theirs, "revision") ? 1 : 0);
    if ((json_is_object(mine) && my_size == 0) || (json_is_object(theirs) && their_size == 0))
        return false;
    if (came || !json_is_object(mine) || !json_is_object(theirs))
        return true;
    json_t *common = patch_common(arena, mine, theirs, NULL);
    json_object_del(common, "revision");
    return json_object_size(common) > 0;
}

// A list that was put in order conflicts with whatever came into it or left it since.
static bool lists_conflict(
    const struct taking *taking, const char *table, const json_t *theirs, const json_t *their_back)
{
    const struct revision *root = taking->root;
    bool scenes = str_equal(root->kind, STR("scenes.reorder")) && !strcmp(table, "scenes");
    bool layers = str_equal(root->kind, STR("layers.reorder")) && !strcmp(table, "layers");
    const json_t *whole = json_is_null(theirs) ? their_back : json_is_null(their_back) ? theirs : NULL;
    return whole && (scenes || (layers && str_equal(json_get_str(whole, "scene_id"), root->scene_id)));
}

static error check_other(const struct taking *taking, const struct revision *other)
{
    json_t *change, *back, *row;
    const char *id;
    TRY(json_read(taking->scope->arena, other->change.text, &change));
    TRY(json_read(taking->scope->arena, other->inverse.text, &back));
    for (size_t i = 0; i < 3; i++)
        json_object_foreach (json_object_get(change, patch_tables[i]), id, row) {
            if (rows_conflict(taking, patch_tables[i], id, row)
                || lists_conflict(taking, patch_tables[i], row, patch_of_row(back, patch_tables[i], str_of(id))))
                return error_make(ERROR_UNDO_CONFLICT, NULL, "%.*s has changed the same since (%s)",
                    STR_ARGS(other->username.data ? other->username : STR("Somebody")),
                    history_sentence(taking->scope->arena, other).data);
        }
    return OK;
}

static error check_others(const struct taking *taking, str video_id, int64_t since)
{
    struct list others;
    TRY(revision_of_others(taking->scope, video_id, since, &others));
    for (size_t i = 0; i < others.count; i++)
        TRY(check_other(taking, &((struct revision *)others.items)[i]));
    return OK;
}

// Taking back --------------------------------------------------------------------------------------

static bool is_stray(const struct taking *taking, const char *table, const char *id, const json_t *row)
{
    const char *key = patch_order_key(table);
    const json_t *mine = patch_of_row(taking->change, table, str_of(id));
    bool moved = key && json_is_object(row) && json_is_object(mine) && json_object_get(mine, key);
    return moved && !is_meant(taking, id);
}

// Whether all that had to make room stands where it was moved to.
static bool is_in_place(const struct taking *taking, const json_t *state)
{
    const char *id;
    json_t *row;
    for (size_t i = 1; i < 3; i++)
        json_object_foreach (json_object_get(taking->back, patch_tables[i]), id, row) {
            const char *key = patch_order_key(patch_tables[i]);
            const json_t *mine = patch_of_row(taking->change, patch_tables[i], str_of(id));
            const json_t *now = patch_of_row(state, patch_tables[i], str_of(id));
            if (is_stray(taking, patch_tables[i], id, row) && json_get_int(mine, key, 0) != json_get_int(now, key, -1))
                return false;
        }
    return true;
}

// The way back, without the places that have changed since or whose rows are gone.
static json_t *way_back(const struct taking *taking, const json_t *state)
{
    struct arena *arena = taking->scope->arena;
    json_t *back = json_keep(arena, json_deep_copy(taking->back)), *row;
    bool in_place = is_in_place(taking, state);
    for (size_t i = 1; i < 3; i++) {
        const char *id;
        void *next;
        json_t *rows = json_object_get(back, patch_tables[i]);
        json_object_foreach_safe(rows, next, id, row)
        {
            if (!in_place && is_stray(taking, patch_tables[i], id, row))
                json_object_del(row, patch_order_key(patch_tables[i]));
            bool empty = json_is_object(row) && json_object_size(row) == (json_object_get(row, "revision") ? 1 : 0);
            if (empty)
                json_object_del(rows, id);
        }
    }
    return back;
}

static error take_back(const struct taking *taking, const struct video *video, const char *kind)
{
    struct scope *scope = taking->scope;
    const struct revision *root = taking->root;
    struct video now;
    json_t *before, *after;
    TRY(video_state_read(scope, video, &before));
    TRY(video_state_write(scope, video, before, json_merge(scope->arena, before, way_back(taking, before))));
    TRY(video_get(scope, video->id, VIDEO_READ, &now));
    now.revision++; // as the log leaves it
    TRY(video_state_read(scope, &now, &after));
    struct patch patch = patch_between(scope->arena, before, after);
    TRY(revision_add(scope, &(struct revision_new) { .kind = kind,
                                .video_id = video->id,
                                .target_id = root->target_id,
                                .scene_id = root->scene_id,
                                .subject = root->subject,
                                .patch = &patch,
                                .undo_of = root->number }));
    return change_tell(scope, video->id, &patch);
}

error undo_run(struct scope *scope, str video_id, bool again, struct history_entry *ret_change)
{
    struct video video;
    struct revision root, last;
    bool found;
    json_t *change, *back;
    TRY(video_get(scope, video_id, VIDEO_WRITE, &video));
    TRY(revision_candidate(scope, video.id, again, &root, &found));
    if (!found)
        return error_of(again ? ERROR_NOTHING_TO_REDO : ERROR_NOTHING_TO_UNDO);
    TRY(revision_last_about(scope, video.id, root.number, &last));
    TRY(json_read(scope->arena, last.change.text, &change));
    TRY(json_read(scope->arena, last.inverse.text, &back));
    struct taking taking = { scope, &root, change, back };
    TRY(check_others(&taking, video.id, last.number));
    TRY(take_back(&taking, &video, again ? "redo" : "undo"));
    TRY(revision_set_undone(scope, root.number, !again));
    root.undone = !again;
    return history_entry_of(scope->arena, &root, ret_change);
}
