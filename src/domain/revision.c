// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/revision.h"

#include "base/clock.h"

static const struct field fields[] = {
    FIELD(struct revision, number),
    FIELD(struct revision, user_id),
    FIELD(struct revision, username),
    FIELD(struct revision, kind),
    FIELD(struct revision, target_id),
    FIELD(struct revision, scene_id),
    FIELD(struct revision, subject),
    FIELD(struct revision, change),
    FIELD(struct revision, inverse),
    FIELD(struct revision, undo_of),
    FIELD(struct revision, undone),
    FIELD(struct revision, root_kind),
    FIELD(struct revision, root_subject),
    FIELD(struct revision, created_at),
};
static const struct shape row_shape = SHAPE("Revision", struct revision, fields);

DB_STATEMENT(raise_video, "UPDATE video SET revision = revision + 1, updated_at = $2 WHERE id = $1 RETURNING revision");
DB_STATEMENT(insert, "INSERT INTO revision (video_id, user_id, kind, target_id, scene_id, subject, change, inverse,"
                     " undo_of, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
DB_STATEMENT(trim, "DELETE FROM revision WHERE video_id = $1 AND number <= (SELECT number FROM revision"
                   " WHERE video_id = $1 ORDER BY number DESC LIMIT 1 OFFSET $2)");

// A new change empties the list of what can be done again.
DB_STATEMENT(forget_undone,
    "UPDATE revision SET undo_of = 0 WHERE video_id = $1 AND user_id = $2 AND undone AND undo_of IS NULL");

error revision_add(struct scope *scope, const struct revision_new *revision)
{
    int64_t now = clock_now_us(), raised;
    TRY(db_integer(scope->db, &raise_video, DB_ARGS(db_text(revision->video_id), db_int(now)), &raised, NULL));
    if (patch_is_empty(revision->patch))
        return OK;
    if (!revision->undo_of)
        TRY(db_run(
            scope->db, &forget_undone, DB_ARGS(db_text(revision->video_id), db_text(scope->actor.user_id)), NULL));
    TRY(db_run(scope->db, &insert,
        DB_ARGS(db_text(revision->video_id), db_text(scope->actor.user_id), db_text(str_of(revision->kind)),
            db_text(revision->target_id), db_text(revision->scene_id),
            db_text(revision->subject.data ? revision->subject : STR("")),
            db_text(json_text(scope->arena, revision->patch->forward)),
            db_text(json_text(scope->arena, revision->patch->back)),
            revision->undo_of ? db_int(revision->undo_of) : db_null(), db_int(now)),
        NULL));
    if (raised % REVISIONS_SLACK)
        return OK;
    return db_run(scope->db, &trim, DB_ARGS(db_text(revision->video_id), db_int(REVISIONS_MAX)), NULL);
}

#define SELECT                                                                                                         \
    "SELECT r.number, r.user_id, u.username, r.kind, r.target_id, r.scene_id, r.subject, r.change, r.inverse,"         \
    " r.undo_of, r.undone, root.kind AS root_kind, root.subject AS root_subject, r.created_at FROM revision r"         \
    " LEFT JOIN users u ON u.id = r.user_id LEFT JOIN revision root ON root.number = r.undo_of WHERE r.video_id = $1 "
#define MINE "AND r.user_id = $2 AND r.undo_of IS NULL "

DB_STATEMENT(to_undo, SELECT MINE "AND NOT r.undone ORDER BY r.number DESC LIMIT 1");
DB_STATEMENT(to_redo, SELECT MINE "AND r.undone ORDER BY r.number LIMIT 1");

error revision_candidate(struct scope *scope, str video_id, bool again, struct revision *ret_revision, bool *ret_found)
{
    return db_one(scope->db, scope->arena, again ? &to_redo : &to_undo,
        DB_ARGS(db_text(video_id), db_text(scope->actor.user_id)), &row_shape, ret_revision, ret_found);
}

DB_STATEMENT(last_about, SELECT "AND (r.number = $2 OR r.undo_of = $2) ORDER BY r.number DESC LIMIT 1");

error revision_last_about(struct scope *scope, str video_id, int64_t number, struct revision *ret_revision)
{
    bool found;
    TRY(db_one(scope->db, scope->arena, &last_about, DB_ARGS(db_text(video_id), db_int(number)), &row_shape,
        ret_revision, &found));
    ASSERT(found);
    return OK;
}

DB_STATEMENT(set_undone, "UPDATE revision SET undone = $2 WHERE number = $1");

error revision_set_undone(struct scope *scope, int64_t number, bool undone)
{
    return db_run(scope->db, &set_undone, DB_ARGS(db_int(number), db_bool(undone)), NULL);
}

DB_STATEMENT(of_others, SELECT "AND r.number > $2 AND r.user_id <> $3 AND NOT (coalesce(root.number, r.number) > $2"
                               " AND coalesce(root.undone, r.undone)) ORDER BY r.number");

error revision_of_others(struct scope *scope, str video_id, int64_t number, struct list *ret_revisions)
{
    return db_all(scope->db, scope->arena, &of_others,
        DB_ARGS(db_text(video_id), db_int(number), db_text(scope->actor.user_id)), &row_shape, 0, ret_revisions);
}

DB_STATEMENT(page, SELECT "ORDER BY r.number DESC LIMIT $2 OFFSET $3");
DB_STATEMENT(count, "SELECT count(*) FROM revision WHERE video_id = $1");

error revision_list(
    struct scope *scope, str video_id, int64_t offset, int64_t limit, struct list *ret_revisions, int64_t *ret_total)
{
    TRY(db_integer(scope->db, &count, DB_ARGS(db_text(video_id)), ret_total, NULL));
    return db_all(scope->db, scope->arena, &page, DB_ARGS(db_text(video_id), db_int(limit), db_int(offset)), &row_shape,
        0, ret_revisions);
}

DB_STATEMENT(naming, SELECT "AND CAST(r.change AS TEXT) LIKE $2 ORDER BY r.number DESC LIMIT 1000");

error revision_naming(struct scope *scope, str video_id, str row_id, struct list *ret_revisions)
{
    str pattern = str_format(scope->arena, "%%\"%.*s\"%%", STR_ARGS(row_id));
    return db_all(
        scope->db, scope->arena, &naming, DB_ARGS(db_text(video_id), db_text(pattern)), &row_shape, 0, ret_revisions);
}
