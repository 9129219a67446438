// SPDX-License-Identifier: GPL-3.0-or-later
// The event table: each change leaves a row here in its own transaction; servers follow it and deliver.
#pragma once

#include "domain/scope.h"

struct event {
    int64_t number;
    str kind; // "job:progress", "layer:updated", …
    str user_id, video_id, media_id, session_id, socket_id;
    struct raw_json payload;
    time_us created_at;
};
extern const struct shape event_shape;

struct event_new {
    const char *kind;
    str user_id; // whose library it is in; STR_NONE: the actor's
    str video_id, media_id;
    json_t *payload; // borrowed object
};
// In a change.
MUST_USE error event_add(struct scope *scope, const struct event_new *event);
MUST_USE error event_add_all(struct scope *scope, const struct event_new *events, size_t count);
// Where a follower stands. On PostgreSQL numbers are given out before they are committed: a later one may be visible
// while an earlier one is still under way. So a follower waits at a gap until it is filled, or until every change that
// was under way when it was seen has ended.
struct event_place {
    int64_t at;               // the last event that was dealt with; the follower's to move
    int64_t sure;             // up to here what is missing never comes
    int64_t seen, seen_until; // up to here as soon as no change before this one is under way; 0: not known
};
// Rows behind the place, oldest first, at most `limit`, all users'. *ret_waits: more are there, behind a gap.
MUST_USE error event_follow(
    struct scope *scope, struct event_place *place, int64_t limit, struct list *ret_events, bool *ret_waits);
// Rows above `after` up to `last`, for one user (and one media when given); those of videos for everyone who may open
// them. Complete when a follower has passed `last`.
MUST_USE error event_after_for(struct scope *scope, int64_t after, int64_t last, str user_id, str media_id,
    int64_t limit, struct list *ret_events);
MUST_USE error event_oldest(struct scope *scope, int64_t *ret_number); // 0: there is none
MUST_USE error event_newest(struct scope *scope, int64_t *ret_number);
// In a change of a database without any: numbers begin behind all that another one, which this replaces, can have
// given (one a millisecond since 1970), so that who comes back with an older number is told to read everything anew.
MUST_USE error event_leap(struct scope *scope);
