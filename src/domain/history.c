// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/history.h"

#include "domain/video.h"

static const struct field fields[] = {
    FIELD(struct history_entry, number, .doc = "Of the change; rises"),
    FIELD(struct history_entry, user_id, .doc = "Who did it"),
    FIELD(struct history_entry, username, .doc = "Null for somebody who is no longer here"),
    FIELD(struct history_entry, kind, .doc = "layer.update, scene.delete, undo, ..."),
    FIELD(struct history_entry, target_id, .doc = "Video, scene, layer or version that it was about"),
    FIELD(struct history_entry, scene_id),
    FIELD(struct history_entry, layer_id),
    FIELD(struct history_entry, summary, .doc = "A sentence that says all of this"),
    FIELD(struct history_entry, fields, .doc = "The properties that were changed"),
    FIELD(struct history_entry, undo_of, .doc = "Of an undo or redo: the change that it is about"),
    FIELD(struct history_entry, undone, .doc = "It was taken back and not done again"),
    FIELD(struct history_entry, created_at),
};
const struct shape history_entry_shape = SHAPE("HistoryEntry", struct history_entry, fields);

// The paths of what differs ------------------------------------------------------------------------

enum { FIELDS_MAX = 50 }; // shown of one change; more is told better by its sentence

struct paths {
    struct arena *arena;
    str items[FIELDS_MAX];
    size_t count;
};

static void collect(struct paths *paths, str prefix, const json_t *patch)
{
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)patch, key, value) {
        str path = str_format(paths->arena, "%.*s%s%s", STR_ARGS(prefix), prefix.size ? "." : "", key);
        if (json_object_size(value))
            collect(paths, path, value);
        else if (paths->count < FIELDS_MAX && !str_equal_c(STR("revision"), key))
            paths->items[paths->count++] = path;
    }
}

static bool ends_with(const struct revision *revision, str end)
{
    return str_ends(revision->kind, end);
}

// Only what stands in the row that the change is about; nothing for one that came or went as a whole.
static error paths_of(struct arena *arena, const struct revision *revision, struct paths *ret_paths)
{
    struct paths paths = { .arena = arena };
    json_t *change;
    TRY(json_read(arena, revision->change.text, &change));
    if (ends_with(revision, STR(".update")))
        for (size_t i = 0; i < 3; i++)
            collect(&paths, STR(""), patch_of_row(change, patch_tables[i], revision->target_id));
    *ret_paths = paths;
    return OK;
}

// The sentence -------------------------------------------------------------------------------------

static str thing_of(struct arena *arena, str kind, str subject)
{
    if (str_starts(kind, STR("layer.")))
        return str_format(arena, "layer %.*s", STR_ARGS(subject));
    if (str_starts(kind, STR("scene.")) || str_starts(kind, STR("layers.")))
        return str_format(arena, "scene %.*s", STR_ARGS(subject));
    if (str_starts(kind, STR("version.")))
        return str_format(arena, "version %.*s", STR_ARGS(subject));
    return STR("the video");
}

// "text", "text and color", "text, color and 3 more"
static str names_of(struct arena *arena, const struct paths *paths)
{
    str names[2] = { STR("nothing"), STR_NONE };
    for (size_t i = 0; i < paths->count && i < 2; i++)
        names[i] = str_starts(paths->items[i], STR("properties.")) ? str_sub(paths->items[i], 11, paths->items[i].size)
                                                                   : paths->items[i];
    if (paths->count < 2)
        return names[0];
    if (paths->count == 2)
        return str_format(arena, "%.*s and %.*s", STR_ARGS(names[0]), STR_ARGS(names[1]));
    return str_format(arena, "%.*s, %.*s and %zu more", STR_ARGS(names[0]), STR_ARGS(names[1]), paths->count - 2);
}

static str deed(struct arena *arena, str kind, str subject, const struct paths *paths)
{
    str thing = thing_of(arena, kind, subject);
    if (str_ends(kind, STR(".update"))) {
        str names = paths ? names_of(arena, paths) : STR("content");
        return str_format(arena, "changed the %.*s of %.*s", STR_ARGS(names), STR_ARGS(thing));
    }
    if (str_ends(kind, STR(".reorder")))
        return str_format(
            arena, "reordered the %s of %.*s", str_starts(kind, STR("layers.")) ? "layers" : "scenes", STR_ARGS(thing));
    const char *verb = str_ends(kind, STR(".add"))      ? "added"
                       : str_ends(kind, STR(".delete")) ? "deleted"
                                                        : "returned to";
    return str_format(arena, "%s %.*s", verb, STR_ARGS(thing));
}

static str sentence(struct arena *arena, const struct revision *revision, const struct paths *paths)
{
    bool undo = str_equal(revision->kind, STR("undo"));
    if (!undo && !str_equal(revision->kind, STR("redo")))
        return deed(arena, revision->kind, revision->subject, paths);
    const char *verb = undo ? "took back" : "did again";
    if (!revision->root_kind.data)
        return str_format(arena, "%s an older change", verb);
    str what = deed(arena, revision->root_kind, revision->root_subject, NULL);
    return str_format(arena, "%s: %.*s", verb, STR_ARGS(what));
}

str history_sentence(struct arena *arena, const struct revision *revision)
{
    struct paths paths;
    bool known = !error_is(paths_of(arena, revision, &paths));
    return sentence(arena, revision, known ? &paths : NULL);
}

error history_entry_of(struct arena *arena, const struct revision *revision, struct history_entry *ret_entry)
{
    struct paths paths;
    TRY(paths_of(arena, revision, &paths));
    str who = revision->username.data ? revision->username : STR("Somebody");
    bool layer = str_starts(revision->kind, STR("layer."))
                 || (revision->root_kind.data && str_starts(revision->root_kind, STR("layer.")));
    str *items = ARENA_ARRAY(arena, str, paths.count + 1);
    for (size_t i = 0; i < paths.count; i++)
        items[i] = paths.items[i];
    *ret_entry = (struct history_entry) { .number = revision->number,
        .user_id = revision->user_id,
        .username = revision->username,
        .kind = revision->kind,
        .target_id = revision->target_id,
        .scene_id = revision->scene_id,
        .layer_id = layer ? revision->target_id : STR_NONE,
        .summary = str_format(arena, "%.*s %.*s", STR_ARGS(who), STR_ARGS(sentence(arena, revision, &paths))),
        .fields = { items, paths.count },
        .undo_of = { revision->undo_of > 0, revision->undo_of },
        .undone = revision->undone,
        .created_at = revision->created_at };
    return OK;
}

error history_list(
    struct scope *scope, str video_id, int64_t offset, int64_t limit, struct list *ret_entries, int64_t *ret_total)
{
    struct video video;
    struct list revisions;
    TRY(video_get(scope, video_id, VIDEO_READ, &video));
    TRY(revision_list(scope, video.id, offset, limit, &revisions, ret_total));
    struct history_entry *entries = ARENA_ARRAY(scope->arena, struct history_entry, revisions.count + 1);
    for (size_t i = 0; i < revisions.count; i++)
        TRY(history_entry_of(scope->arena, &((struct revision *)revisions.items)[i], &entries[i]));
    *ret_entries = (struct list) { entries, revisions.count };
    return OK;
}
