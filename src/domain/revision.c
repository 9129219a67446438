// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/revision.h"

#include "base/clock.h"

DB_STATEMENT(insert, "INSERT INTO revision (video_id, user_id, kind, target_id, change, inverse, created_at)"
                     " VALUES ($1, $2, $3, $4, $5, $6, $7)");
DB_STATEMENT(raise_video, "UPDATE video SET revision = revision + 1, updated_at = $2 WHERE id = $1");

error revision_add(struct scope *scope, const struct revision_new *revision)
{
    int64_t now = clock_now_us();
    TRY(db_run(scope->db, &insert,
        DB_ARGS(db_text(revision->video_id), db_text(scope->actor.user_id), db_text(str_of(revision->kind)),
            db_text(revision->target_id), db_text(json_text(scope->arena, revision->change)),
            db_text(json_text(scope->arena, revision->inverse)), db_int(now)),
        NULL));
    return db_run(scope->db, &raise_video, DB_ARGS(db_text(revision->video_id), db_int(now)), NULL);
}

static json_t *invert(const json_t *target, const json_t *patch)
{
    json_t *inverse = json_object();
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)patch, key, value) {
        json_t *old = json_object_get(target, key);
        if (json_is_object(value) && json_is_object(old))
            json_object_set_new(inverse, key, invert(old, value));
        else
            json_object_set_new(inverse, key, old ? json_deep_copy(old) : json_null());
    }
    return inverse;
}

json_t *revision_inverse(struct arena *arena, const json_t *target, const json_t *patch)
{
    return json_keep(arena, invert(target, patch));
}
