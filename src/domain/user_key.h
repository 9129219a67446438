// SPDX-License-Identifier: GPL-3.0-or-later
// Each user's X25519 pair, to which the data keys of files are sealed. The server makes one and keeps its private half
// sealed by the master key, until the user brings the public half of an own pair.
#pragma once

#include "domain/scope.h"

struct user_key {
    str user_id;
    str public_key;         // BOX_KEY_SIZE bytes
    str sealed_private_key; // STR_NONE: the user keeps it
    time_us created_at;
};

// UNAVAILABLE for a user without a pair. The next login makes it, or the next start of the server.
MUST_USE error user_key_get(struct scope *scope, str user_id, struct user_key *ret_key);
// In a change: the user's pair, made now when there is none.
MUST_USE error user_key_need(struct scope *scope, str user_id, struct user_key *ret_key);
// In a change: the same, where there may be no scope->blobs to know the master key: then nothing.
MUST_USE error user_key_make(struct scope *scope, str user_id);
// In a change: the actor brings an own public key of BOX_KEY_SIZE bytes, known to be good. Files' keys are sealed to it
// by file_key_move.
MUST_USE error user_key_bring(struct scope *scope, str public_key, struct user_key *ret_key);
// In a change: pairs for at most `limit` users who have none; how many were made.
MUST_USE error user_key_complete(struct scope *scope, int64_t limit, int64_t *ret_made);
