// SPDX-License-Identifier: GPL-3.0-or-later
// What every domain function gets first: where its values live, the connection it asks, who acts.
#pragma once

#include "base/log.h"
#include "blob/blob.h"
#include "db/db.h"

// What an API key may do, as bits.
enum actor_scope { ACTOR_READ = 1, ACTOR_WRITE = 2, ACTOR_ADMIN = 4 };

struct actor {
    str user_id;    // UUID; STR_NONE when nobody is logged in
    int64_t number; // the same user's integer id
    str session_id; // UUID
    bool is_superuser;
    str plan;           // "free", "pro", "business"
    str socket_id;      // of a change that came over a socket: it is not echoed there
    int64_t key_scopes; // of an API key: bits of enum actor_scope; 0: somebody signed in, who may everything
};

struct scope {
    struct arena *arena;
    struct db *db; // inside a change: the writing connection
    struct blob_store *blobs;
    struct actor actor;
    struct trace trace;
    int64_t deadline_us; // clock_mono_us, 0: none
};

// The acting user owns it or is a superuser.
static inline bool scope_may(const struct scope *scope, str owner_id)
{
    return scope->actor.is_superuser || str_equal(scope->actor.user_id, owner_id);
}
