// SPDX-License-Identifier: GPL-3.0-or-later
// Users: names, passwords, plans. The first one becomes superuser.
#pragma once

#include "domain/scope.h"

struct user {
    int64_t number;
    str id, username, email, plan, password_hash;
    bool is_active, is_superuser;
    time_us created_at, updated_at;
};
extern const struct shape user_row_shape;

// What a request may say of a user; absent members change nothing.
struct user_change {
    str username, email, password, plan;
    struct opt_bool is_active, is_superuser;
    str password_hash; // made from `password` before the change enters the database
};

// By integer id or UUID (`key` as text). USER_NOT_FOUND for an unknown one.
MUST_USE error user_get(struct scope *scope, str key, struct user *ret_user);
MUST_USE error user_by_login(struct scope *scope, str name_or_email, struct user *ret_user, bool *ret_found);
MUST_USE error user_count(struct scope *scope, int64_t *ret_count);
MUST_USE error user_list(struct scope *scope, int64_t skip, int64_t limit, struct list *ret_users);
// Hashes change->password into change->password_hash; slow on purpose, so it runs before the transaction.
MUST_USE error user_prepare(struct scope *scope, struct user_change *change);
// In a change. The first user becomes superuser with plan business; later ones take a superuser (FORBIDDEN).
// `beyond_loopback` with a wrong setup code: SETUP_CODE_REQUIRED. A taken name or address: USER_EXISTS.
// Its pair of keys is made with it; without scope->blobs, when it is first needed.
MUST_USE error user_create(
    struct scope *scope, const struct user_change *change, bool setup_allowed, struct user *ret_user);
MUST_USE error user_update(struct scope *scope, str key, const struct user_change *change, struct user *ret_user);
MUST_USE error user_delete(struct scope *scope, str key, struct user *ret_user);
