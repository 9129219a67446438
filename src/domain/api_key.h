// SPDX-License-Identifier: GPL-3.0-or-later
// Keys for programs: kn_ and 43 characters, used as a bearer token, with scopes and an end. Only a hash is kept. Each
// key stands on a session of its own, so that links, sockets and revoking follow the rules of sessions.
#pragma once

#include "domain/scope.h"

// Of one user: more are hard to keep in view, and each is a way in.
enum { API_KEYS_MAX = 50 };

struct api_key {
    str id, name, prefix; // prefix: the beginning, to know it again by
    int64_t scopes;       // bits of enum actor_scope
    time_us created_at, last_used_at, expires_at;
};

// What looks like one; others are access tokens.
bool api_key_is(str token);
// In a change, for the actor: *ret_key is the key itself, this once. PLAN_REQUIRED unless business or superuser,
// CONFLICT when there are too many.
MUST_USE error api_key_add(
    struct scope *scope, str name, int64_t scopes, time_us expires_at, struct api_key *ret_row, str *ret_key);
// The actor's that stand, newest first.
MUST_USE error api_key_list(struct scope *scope, struct list *ret_keys);
// In a change: ends one of the actor's, and its sockets and links. NOT_FOUND.
MUST_USE error api_key_delete(struct scope *scope, str id);
// Who acts by this key; NOT_AUTHENTICATED unless it stands and its owner is active and may have keys. Notes now and
// then, behind the caller's back, when it was used.
MUST_USE error api_key_actor(
    struct scope *scope, struct db_pool *pool, str key, struct actor *ret_actor, int64_t *ret_expires_us);
