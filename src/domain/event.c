// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/event.h"

#include "base/clock.h"

static const struct field fields[] = {
    FIELD(struct event, number),
    FIELD(struct event, kind),
    FIELD(struct event, user_id),
    FIELD(struct event, video_id),
    FIELD(struct event, media_id),
    FIELD(struct event, session_id),
    FIELD(struct event, socket_id),
    FIELD(struct event, payload),
    FIELD(struct event, created_at),
};
const struct shape event_shape = SHAPE("Event", struct event, fields);

DB_STATEMENT(insert, "INSERT INTO event (kind, user_id, video_id, media_id, session_id, socket_id, payload, created_at)"
                     " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");

error event_add(struct scope *scope, const struct event_new *event)
{
    str user = event->user_id.data ? event->user_id : scope->actor.user_id;
    return db_run(scope->db, &insert,
        DB_ARGS(db_text(str_of(event->kind)), db_text(user), db_text(event->video_id), db_text(event->media_id),
            db_text(scope->actor.session_id), db_text(scope->actor.socket_id),
            db_text(json_text(scope->arena, event->payload)), db_int(clock_now_us())),
        NULL);
}

// $1: [{"user_id": ..., "payload": {...}, ...}, ...]; the rest is the same for all.
#define INSERT_ALL(user, video, media, kind, payload, rows)                                                            \
    "INSERT INTO event (kind, user_id, video_id, media_id, session_id, socket_id, payload, created_at)"                \
    " SELECT " kind ", " user ", " video ", " media ", $2, $3, " payload ", $4 FROM " rows
DB_STATEMENT2(insert_all,
    INSERT_ALL("json_extract(value, '$.user_id')", "json_extract(value, '$.video_id')",
        "json_extract(value, '$.media_id')", "json_extract(value, '$.kind')", "json_extract(value, '$.payload')",
        "json_each($1)"),
    INSERT_ALL("user_id", "video_id", "media_id", "kind", "payload",
        "jsonb_to_recordset(CAST($1 AS JSONB)) AS"
        " added(user_id UUID, video_id UUID, media_id UUID, kind TEXT, payload JSONB)"));

error event_add_all(struct scope *scope, const struct event_new *events, size_t count)
{
    if (count <= 1)
        return count ? event_add(scope, events) : OK;
    json_t *rows = json_keep(scope->arena, json_array());
    for (size_t i = 0; i < count; i++) {
        json_t *row = json_object();
        json_object_set_new(row, "kind", json_string(events[i].kind));
        json_object_set_new(
            row, "user_id", json_str(events[i].user_id.data ? events[i].user_id : scope->actor.user_id));
        json_object_set_new(row, "video_id", json_str(events[i].video_id));
        json_object_set_new(row, "media_id", json_str(events[i].media_id));
        json_object_set(row, "payload", events[i].payload);
        json_array_append_new(rows, row);
    }
    return db_run(scope->db, &insert_all,
        DB_ARGS(db_text(json_text(scope->arena, rows)), db_text(scope->actor.session_id),
            db_text(scope->actor.socket_id), db_int(clock_now_us())),
        NULL);
}

#define COLUMNS "number, kind, user_id, video_id, media_id, session_id, socket_id, payload, created_at"

DB_STATEMENT(after, "SELECT " COLUMNS " FROM event WHERE number > $1 ORDER BY number LIMIT $2");

static error read_after(struct scope *scope, int64_t after_number, int64_t limit, struct list *ret_events)
{
    return db_all(
        scope->db, scope->arena, &after, DB_ARGS(db_int(after_number), db_int(limit)), &event_shape, 0, ret_events);
}

// How many of the first rows have nothing missing before them.
static size_t without_gap(const struct event_place *place, const struct list *events)
{
    int64_t before = place->at;
    size_t count = 0;
    for (; count < events->count; count++) {
        int64_t number = ((const struct event *)events->items)[count].number;
        if (number != before + 1 && number > place->sure)
            break;
        before = number;
    }
    return count;
}

struct horizon {
    int64_t newest, change;
};
static const struct field horizon_fields[] = { FIELD(struct horizon, newest), FIELD(struct horizon, change) };
static const struct shape horizon_shape = SHAPE("EventHorizon", struct horizon, horizon_fields);
// Our own change's number: those under way have lower ones (a snapshot only knows up to the last that has ended).
DB_STATEMENT2(find_horizon, "SELECT max(number) AS newest, 0 AS change FROM event",
    "SELECT max(number) AS newest, CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT) AS change FROM event");
// One writer makes SQLite's numbers commit-ordered.
DB_STATEMENT2(
    oldest_change, "SELECT 0", "SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)");

// Who has a number below a visible one took it before that one's commit: it was under way when that was seen, or over.
static error look_at_gap(struct scope *scope, struct event_place *place)
{
    if (!place->seen) {
        struct horizon now;
        bool found;
        TRY(db_one(scope->db, scope->arena, &find_horizon, DB_NO_ARGS, &horizon_shape, &now, &found));
        place->seen = now.newest;
        place->seen_until = now.change;
    }
    int64_t oldest;
    TRY(db_integer(scope->db, &oldest_change, DB_NO_ARGS, &oldest, NULL));
    if (oldest >= place->seen_until) {
        place->sure = place->seen;
        place->seen = 0;
    }
    return OK;
}

error event_follow(
    struct scope *scope, struct event_place *place, int64_t limit, struct list *ret_events, bool *ret_waits)
{
    struct list events;
    TRY(read_after(scope, place->at, limit, &events));
    size_t count = without_gap(place, &events);
    if (count < events.count) {
        TRY(look_at_gap(scope, place));
        // Anew: what has ended since the rows were read may have filled the gap.
        TRY(read_after(scope, place->at, limit, &events));
        count = without_gap(place, &events);
    }
    *ret_waits = count < events.count;
    *ret_events = (struct list) { events.items, count };
    return OK;
}

DB_STATEMENT(after_for_user,
    "SELECT " COLUMNS " FROM event WHERE number > $1 AND number <= $2 AND (user_id = $3"
    " OR video_id IN (SELECT id FROM video WHERE user_id = $3)"
    " OR video_id IN (SELECT video_id FROM video_member WHERE user_id = $3)) ORDER BY number LIMIT $4");
DB_STATEMENT(after_for_media, "SELECT " COLUMNS " FROM event WHERE number > $1 AND number <= $2 AND user_id = $3"
                              " AND media_id = $4 ORDER BY number LIMIT $5");

error event_after_for(struct scope *scope, int64_t after_number, int64_t last, str user_id, str media_id, int64_t limit,
    struct list *ret_events)
{
    if (media_id.data)
        return db_all(scope->db, scope->arena, &after_for_media,
            DB_ARGS(db_int(after_number), db_int(last), db_text(user_id), db_text(media_id), db_int(limit)),
            &event_shape, 0, ret_events);
    return db_all(scope->db, scope->arena, &after_for_user,
        DB_ARGS(db_int(after_number), db_int(last), db_text(user_id), db_int(limit)), &event_shape, 0, ret_events);
}

DB_STATEMENT(oldest_event, "SELECT coalesce(min(number), 0) FROM event");

error event_oldest(struct scope *scope, int64_t *ret_number)
{
    return db_integer(scope->db, &oldest_event, DB_NO_ARGS, ret_number, NULL);
}

DB_STATEMENT(newest, "SELECT coalesce(max(number), 0) FROM event");

error event_newest(struct scope *scope, int64_t *ret_number)
{
    return db_integer(scope->db, &newest, DB_NO_ARGS, ret_number, NULL);
}

DB_STATEMENT2(leap, "INSERT INTO sqlite_sequence (name, seq) VALUES ('event', $1) RETURNING seq",
    "SELECT setval(pg_get_serial_sequence('event', 'number'), $1)");

error event_leap(struct scope *scope)
{
    int64_t number;
    return db_integer(scope->db, &leap, DB_ARGS(db_int(clock_now_us() / 1000)), &number, NULL);
}
