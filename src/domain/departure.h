// SPDX-License-Identifier: GPL-3.0-or-later
// What is left to be done when an account has been deleted, in small changes: the bytes of its files, its id in rows of
// others (the history of shared videos, events). A runner does it within a minute (work/depart.h). The account's own
// rows went in the change that deleted it.
#pragma once

#include "domain/scope.h"

// Stands for whoever did something and is no longer here.
#define DEPARTURE_NOBODY "00000000-0000-0000-0000-000000000000"

// In the change that deletes a user, before the rows go: notes its blobs.
MUST_USE error departure_note(struct scope *scope, str user_id);

// Blobs whose bytes are to be removed, at most `limit`: a list of str.
MUST_USE error departure_blobs(struct scope *scope, int64_t limit, struct list *ret_ids);
// In a change: takes a blob off the list of blobs, unless it turns out that something uses it (then *ret_free is
// false).
MUST_USE error departure_blob_release(struct scope *scope, str blob_id, bool *ret_free);
// In a change: its bytes are gone, or are needed.
MUST_USE error departure_blob_done(struct scope *scope, str blob_id);

// The next account deleted before `before_us`; STR_NONE: there is none. By then every server has ended its sockets.
MUST_USE error departure_next(struct scope *scope, int64_t before_us, str *ret_user_id);
// In a change: takes its id out of events with numbers above `after`; *ret_after: how far, 0 when it was the last.
MUST_USE error departure_events(struct scope *scope, str user_id, int64_t after, int64_t *ret_after);
// In a change, last: out of histories.
MUST_USE error departure_done(struct scope *scope, str user_id);
