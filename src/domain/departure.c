// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/departure.h"

#include "domain/blob_use.h"

// One change reads no more of them, so that others need not wait long for it.
#define EVENTS_AT_ONCE "10000"

DB_STATEMENT(note, "INSERT INTO departure (user_id, deleted_at) VALUES ($1, now_us())");
DB_STATEMENT(note_blobs,
    "INSERT INTO departure_blob (blob_id)"
    " SELECT blob_id FROM media WHERE user_id = $1"
    " UNION SELECT d.blob_id FROM derivative d JOIN media m ON m.id = d.media_id WHERE m.user_id = $1"
    " UNION SELECT p.blob_id FROM upload_part p JOIN upload u ON u.id = p.upload_id WHERE u.user_id = $1"
    " UNION SELECT i.blob_id FROM job_input i JOIN job j ON j.id = i.job_id WHERE j.user_id = $1"
    " UNION SELECT f.blob_id FROM voice_file f JOIN job j ON j.id = f.job_id WHERE j.user_id = $1"
    " UNION SELECT f.blob_id FROM film_file f JOIN job j ON j.id = f.job_id WHERE j.user_id = $1"
    " UNION SELECT f.blob_id FROM film_file f JOIN video v ON v.id = f.video_id WHERE v.user_id = $1"
    " UNION SELECT e.blob_id FROM film_extra e JOIN job j ON j.id = e.job_id WHERE j.user_id = $1"
    " UNION SELECT e.blob_id FROM film_extra e JOIN film_file f ON f.job_id = e.job_id"
    " JOIN video v ON v.id = f.video_id WHERE v.user_id = $1"
    " UNION SELECT blob_id FROM cache WHERE user_id = $1"
    " ON CONFLICT DO NOTHING");
// A film of theirs that a member had rendered stands under the member's job.
DB_STATEMENT(forget_extras, "DELETE FROM film_extra WHERE job_id IN (SELECT f.job_id FROM film_file f"
                            " JOIN video v ON v.id = f.video_id WHERE v.user_id = $1)");
DB_STATEMENT(forget_resets, "DELETE FROM reset_request WHERE email_key = (SELECT email_key FROM users WHERE id = $1)");

error departure_note(struct scope *scope, str user_id)
{
    struct db_args of_user = DB_ARGS(db_text(user_id));
    TRY(db_run(scope->db, &note, of_user, NULL));
    TRY(db_run(scope->db, &note_blobs, of_user, NULL));
    TRY(db_run(scope->db, &forget_extras, of_user, NULL));
    return db_run(scope->db, &forget_resets, of_user, NULL);
}

struct blob_row {
    str blob_id;
};
static const struct field blob_fields[] = { FIELD(struct blob_row, blob_id) };
static const struct shape blob_shape = SHAPE("DepartureBlob", struct blob_row, blob_fields);

DB_STATEMENT(blobs, "SELECT blob_id FROM departure_blob LIMIT $1");

error departure_blobs(struct scope *scope, int64_t limit, struct list *ret_ids)
{
    return db_all(scope->db, scope->arena, &blobs, DB_ARGS(db_int(limit)), &blob_shape, 0, ret_ids);
}

DB_STATEMENT(is_listed, "SELECT count(*) FROM blob WHERE id = $1");

error departure_blob_release(struct scope *scope, str blob_id, bool *ret_free)
{
    int64_t left;
    TRY(blob_use_release(scope, blob_id, ret_free));
    TRY(db_integer(scope->db, &is_listed, DB_ARGS(db_text(blob_id)), &left, NULL));
    *ret_free = left == 0; // also when an earlier attempt took it off the list and ended there
    return OK;
}

DB_STATEMENT(blob_done, "DELETE FROM departure_blob WHERE blob_id = $1");

error departure_blob_done(struct scope *scope, str blob_id)
{
    return db_run(scope->db, &blob_done, DB_ARGS(db_text(blob_id)), NULL);
}

DB_STATEMENT(next, "SELECT user_id FROM departure WHERE deleted_at < $1 ORDER BY deleted_at LIMIT 1");

error departure_next(struct scope *scope, int64_t before_us, str *ret_user_id)
{
    return db_string(scope->db, scope->arena, &next, DB_ARGS(db_int(before_us)), ret_user_id);
}

DB_STATEMENT(newest_of_part, "SELECT CAST(coalesce(max(number), 0) AS BIGINT) FROM (SELECT number FROM event"
                             " WHERE number > $1 ORDER BY number LIMIT " EVENTS_AT_ONCE ") part");
DB_STATEMENT(drop_events, "DELETE FROM event WHERE user_id = $1 AND number > $2 AND number <= $3");
DB_STATEMENT2(blank_events,
    "UPDATE event SET payload = replace(payload, $1, '" DEPARTURE_NOBODY "')"
    " WHERE number > $2 AND number <= $3 AND instr(payload, $1) > 0",
    "UPDATE event SET payload = CAST(replace(CAST(payload AS TEXT), $1, '" DEPARTURE_NOBODY "') AS JSONB)"
    " WHERE number > $2 AND number <= $3 AND strpos(CAST(payload AS TEXT), $1) > 0");

error departure_events(struct scope *scope, str user_id, int64_t after, int64_t *ret_after)
{
    int64_t until;
    TRY(db_integer(scope->db, &newest_of_part, DB_ARGS(db_int(after)), &until, NULL));
    struct db_args within = DB_ARGS(db_text(user_id), db_int(after), db_int(until));
    TRY(db_run(scope->db, &drop_events, within, NULL));
    TRY(db_run(scope->db, &blank_events, within, NULL));
    *ret_after = until;
    return OK;
}

DB_STATEMENT(blank_revisions, "UPDATE revision SET user_id = '" DEPARTURE_NOBODY "' WHERE user_id = $1");
DB_STATEMENT(blank_versions, "UPDATE version SET user_id = '" DEPARTURE_NOBODY "' WHERE user_id = $1");
DB_STATEMENT(blank_corrections, "UPDATE segment_revision SET user_id = '" DEPARTURE_NOBODY "' WHERE user_id = $1");
DB_STATEMENT(done, "DELETE FROM departure WHERE user_id = $1");

error departure_done(struct scope *scope, str user_id)
{
    struct db_args of_user = DB_ARGS(db_text(user_id));
    TRY(db_run(scope->db, &blank_revisions, of_user, NULL));
    TRY(db_run(scope->db, &blank_versions, of_user, NULL));
    TRY(db_run(scope->db, &blank_corrections, of_user, NULL));
    return db_run(scope->db, &done, of_user, NULL);
}
