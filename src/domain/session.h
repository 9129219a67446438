// SPDX-License-Identifier: GPL-3.0-or-later
// Logins: a session row per login, an access token (JWT) that names it, a refresh token that renews it.
#pragma once

#include "domain/user.h"

struct session_keys {
    unsigned char token[CRYPT_KEY_SIZE]; // signs access tokens
    unsigned char url[CRYPT_KEY_SIZE];   // signs content URLs
};

struct login {
    str access_token, token_type, refresh_token;
    int64_t expires_in; // seconds
    struct user user;
};

// Whether this keyring opens the keys of this installation: DATA_CORRUPT when it does not, NOT_FOUND when there are
// none.
MUST_USE error session_keys_check(struct scope *scope, const struct keyring *keyring);
// In a change, once at start: reads the keys of this installation from the database, sealed by the master key;
// makes them when there are none, so that several servers share the same.
MUST_USE error session_keys_load(struct scope *scope, const struct keyring *keyring, struct session_keys *ret_keys);

// Checks name (or e-mail) and password; takes as long for an unknown name. WRONG_CREDENTIALS, ACCOUNT_DISABLED.
// Reads only; slow on purpose.
MUST_USE error session_check(struct scope *scope, str name, str password, struct user *ret_user);
// In a change: makes the session and its tokens.
MUST_USE error session_start(struct scope *scope, const struct session_keys *keys, const struct user *user,
    int64_t ttl_seconds, struct login *ret_login);
// In a change: a new pair for a refresh token, which is used up. NOT_AUTHENTICATED otherwise.
MUST_USE error session_refresh(struct scope *scope, const struct session_keys *keys, str refresh_token,
    int64_t ttl_seconds, struct login *ret_login);
// In a change: ends the actor's session, or all of a user's. The event SESSION_ENDED tells the servers.
MUST_USE error session_end(struct scope *scope);
MUST_USE error session_end_all(struct scope *scope, str user_id);
// The actor's logins that still stand, newest first.
struct session {
    str id;
    time_us created_at, expires_at;
};
extern const struct shape session_shape;
MUST_USE error session_list(struct scope *scope, struct list *ret_sessions);
// In a change: ends one of the actor's sessions. NOT_FOUND.
MUST_USE error session_revoke(struct scope *scope, str session_id);
#define SESSION_ENDED "session:ended"
// Who the holder of an access token is; NOT_AUTHENTICATED unless token, session and user are good right now,
// by the clock of the database; *ret_expires_us is by that of this machine.
MUST_USE error session_actor(struct scope *scope, const struct session_keys *keys, str access_token,
    struct actor *ret_actor, int64_t *ret_expires_us);
// Whose session this is (for signed URLs), as long as it stands.
MUST_USE error session_holder(struct scope *scope, str session_id, struct actor *ret_actor, bool *ret_found);
