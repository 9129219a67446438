// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/merging.h"

#include <string.h>

#include "domain/revision.h"

// What happened to the row since, all changes as one patch.
static error changes_since(struct scope *scope, const struct merging_target *target, int64_t base, json_t **ret_changes)
{
    struct list revisions;
    json_t *changes = json_keep(scope->arena, json_object()), *change;
    TRY(revision_naming(scope, target->video_id, target->id, &revisions));
    for (size_t i = 0; i < revisions.count; i++) {
        const struct revision *revision = &((struct revision *)revisions.items)[i];
        TRY(json_read(scope->arena, revision->change.text, &change));
        json_t *row = patch_of_row(change, target->table, target->id);
        if (json_get_int(row, "revision", base + 1) <= base)
            break;
        if (json_is_object(row))
            json_object_update_recursive(changes, row);
    }
    *ret_changes = changes;
    return OK;
}

static void complain(struct arena *arena, const struct merging_target *target, const char *path, const json_t *current,
    struct problems *problems)
{
    str field = str_of(path);
    if (strcmp(target->table, "layers") && str_starts(field, STR("properties.")))
        field = str_sub(field, 11, field.size); // where they stand in the API
    problem_add(problems, (struct problem) { .place = STR("body"),
                              .field = str_copy(arena, field),
                              .reason = STR("was changed meanwhile"),
                              .type = STR("value_error.conflict"),
                              .current = json_text(arena, current) });
}

error merging_check(
    struct scope *scope, const struct merging *merging, const struct merging_target *target, struct problems *problems)
{
    int64_t base = merging->base_revision.value;
    json_t *changes, *value;
    const char *path;
    if (!merging->strict || !merging->base_revision.set || base >= target->revision)
        return OK;
    TRY(changes_since(scope, target, base, &changes));
    json_t *common = patch_common(scope->arena, target->wanted, changes, target->row);
    json_object_foreach (common, path, value)
        complain(scope->arena, target, path, value, problems);
    return problems->count ? error_make(ERROR_CONFLICT, NULL, "Somebody changed the same meanwhile") : OK;
}
