// SPDX-License-Identifier: GPL-3.0-or-later
// All that is a user's own as one zip file, sent while it is read.
#include "domain/takeout.h"

#include "api/trail.h"
#include "api/zip_stream.h"

struct leaving {
    struct takeout takeout;
    struct scope scope; // of the call; connection and arena are those of the moment
};

static error next(
    void *context, struct worker *worker, struct arena *arena, struct zip_entry *ret_entry, bool *ret_found)
{
    struct leaving *leaving = context;
    struct takeout_item item;
    leaving->scope.arena = arena;
    leaving->scope.db = worker->db;
    TRY(takeout_next(&leaving->scope, &leaving->takeout, &item, ret_found));
    if (*ret_found)
        *ret_entry = (struct zip_entry) { .name = item.name, .text = item.text, .blob = item.blob };
    return OK;
}

static error export(struct api_call *call)
{
    struct leaving *leaving = ARENA_NEW(call->scope.arena, struct leaving);
    TRY(trail_keep_now(call));
    leaving->scope = call->scope;
    zip_stream_pull(call, &(struct zip_source) { leaving, next }, STR("kinora-takeout.zip"));
    return OK;
}

static const struct route routes[] = {
    { "GET", "/api/v1/users/me/export", "Users",
        "All that is yours as a zip file: files, transcripts, videos with their newest films", FACE_DETAIL, ACCESS_USER,
        LANE_STREAM, .answer_type = "application/zip", .audit = "account.export", .handle = export },
};
const struct route_group route_group_takeout = ROUTE_GROUP(routes);
