// SPDX-License-Identifier: GPL-3.0-or-later
// Where one is signed in, and ending one of these.
#include "api/route.h"
#include "domain/session.h"

struct path {
    str session_id;
};
static const struct field path_fields[] = {
    FIELD(struct path, session_id, .required = true, .format = FORMAT_UUID, .doc = "Session"),
};
static const struct shape path_shape = SHAPE("SessionPath", struct path, path_fields);

struct session_answer {
    str id;
    time_us created_at, expires_at;
    bool current;
};
static const struct field answer_fields[] = {
    FIELD(struct session_answer, id, .format = FORMAT_UUID),
    FIELD(struct session_answer, created_at, .doc = "Of the login"),
    FIELD(struct session_answer, expires_at, .doc = "Unless it is renewed until then"),
    FIELD(struct session_answer, current, .doc = "The one that asks"),
};
static const struct shape answer_shape = SHAPE("Session", struct session_answer, answer_fields);

struct many {
    struct list sessions;
};
static const struct field many_fields[] = { FIELD(struct many, sessions, .shape = &answer_shape) };
static const struct shape many_shape = SHAPE("SessionList", struct many, many_fields);

struct ended {
    str message;
};
static const struct field ended_fields[] = { FIELD(struct ended, message) };
static const struct shape ended_shape = SHAPE("SessionEnded", struct ended, ended_fields);

static error list_sessions(struct api_call *call)
{
    struct list rows;
    TRY(session_list(&call->scope, &rows));
    struct session_answer *items = ARENA_ARRAY(call->scope.arena, struct session_answer, rows.count);
    for (size_t i = 0; i < rows.count; i++) {
        const struct session *row = &((struct session *)rows.items)[i];
        items[i] = (struct session_answer) { row->id, row->created_at, row->expires_at,
            str_equal(row->id, call->scope.actor.session_id) };
    }
    ((struct many *)call->output)->sessions = (struct list) { items, rows.count };
    return OK;
}

static error revoke(struct api_call *call)
{
    TRY(session_revoke(&call->scope, ((struct path *)call->path)->session_id));
    *(struct ended *)call->output = (struct ended) { STR("The session has ended") };
    return OK;
}

static const struct route routes[] = {
    { "GET", "/api/v1/sessions", "Login", "List where you are signed in", FACE_PLAIN, ACCESS_USER, LANE_READ,
        .output = &many_shape, .handle = list_sessions },
    { "DELETE", "/api/v1/sessions/{session_id}", "Login", "End one of your sessions", FACE_PLAIN, ACCESS_USER,
        LANE_WRITE, .path_in = &path_shape, .output = &ended_shape, .errors = ERRORS(ERROR_NOT_FOUND),
        .audit = "session.revoke", .audit_object = "session", .handle = revoke },
};
const struct route_group route_group_sessions = ROUTE_GROUP(routes);
