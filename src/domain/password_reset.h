// SPDX-License-Identifier: GPL-3.0-or-later
// New passwords by mail. Who asks leaves a request, the same for addresses that nobody has; later, out of sight, a
// token is made for it. Tokens are used once, live for 30 minutes, and only their hashes are kept.
#pragma once

#include "domain/user.h"

struct reset_request {
    int64_t number;
    str email_key;
    int64_t attempts;
};

// In a change: notes that somebody asked for a new password for this address.
MUST_USE error password_reset_request(struct scope *scope, str email);
// The next request that is due.
MUST_USE error password_reset_next(struct scope *scope, struct reset_request *ret_request, bool *ret_found);
// In a change: makes the token of a request, whose earlier ones end; *ret_found false for an address that no active
// user has.
MUST_USE error password_reset_token(
    struct scope *scope, const struct reset_request *request, struct user *ret_user, str *ret_token, bool *ret_found);
// In a change: the request is dealt with, or (not `sent`) comes again later, five times at the most.
MUST_USE error password_reset_settle(struct scope *scope, const struct reset_request *request, bool sent);
// In a change: sets the password and ends all sessions. VALIDATION_ERROR for a token that is wrong, used or too old.
MUST_USE error password_reset_use(struct scope *scope, str token, str password_hash, str *ret_user_id);
