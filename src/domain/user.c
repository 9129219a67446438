// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/user.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/settings.h"
#include "domain/audit.h"
#include "domain/departure.h"
#include "domain/session.h"
#include "domain/user_key.h"

static const struct field fields[] = {
    FIELD(struct user, number),
    FIELD(struct user, id),
    FIELD(struct user, username),
    FIELD(struct user, email),
    FIELD(struct user, plan),
    FIELD(struct user, password_hash),
    FIELD(struct user, is_active),
    FIELD(struct user, is_superuser),
    FIELD(struct user, created_at),
    FIELD(struct user, updated_at),
};
const struct shape user_row_shape = SHAPE("UserRow", struct user, fields);

#define COLUMNS "number, id, username, email, plan, password_hash, is_active, is_superuser, created_at, updated_at"

DB_STATEMENT(by_number, "SELECT " COLUMNS " FROM users WHERE number = $1");
DB_STATEMENT(by_id, "SELECT " COLUMNS " FROM users WHERE id = $1");

error user_get(struct scope *scope, str key, struct user *ret_user)
{
    int64_t number;
    bool found, is_number = str_to_int(key, &number);
    if (!is_number && !id_is_valid(key))
        return error_make(ERROR_INVALID_ID, "user_id", "A user id is an integer or a UUID");
    TRY(db_one(scope->db, scope->arena, is_number ? &by_number : &by_id,
        is_number ? DB_ARGS(db_int(number)) : DB_ARGS(db_text(str_lower(scope->arena, key))), &user_row_shape, ret_user,
        &found));
    return found ? OK : error_of(ERROR_USER_NOT_FOUND);
}

DB_STATEMENT(by_login, "SELECT " COLUMNS " FROM users WHERE username_key = $1 OR email_key = $1");

error user_by_login(struct scope *scope, str name_or_email, struct user *ret_user, bool *ret_found)
{
    return db_one(scope->db, scope->arena, &by_login, DB_ARGS(db_text(str_lower(scope->arena, name_or_email))),
        &user_row_shape, ret_user, ret_found);
}

DB_STATEMENT(count_all, "SELECT count(*) FROM users");

error user_count(struct scope *scope, int64_t *ret_count)
{
    return db_integer(scope->db, &count_all, DB_NO_ARGS, ret_count, NULL);
}

DB_STATEMENT(list_all, "SELECT " COLUMNS " FROM users ORDER BY number LIMIT $1 OFFSET $2");

error user_list(struct scope *scope, int64_t skip, int64_t limit, struct list *ret_users)
{
    return db_all(
        scope->db, scope->arena, &list_all, DB_ARGS(db_int(limit), db_int(skip)), &user_row_shape, 0, ret_users);
}

error user_prepare(struct scope *scope, struct user_change *change)
{
    if (!change->password.data)
        return OK;
    return crypt_password_hash(scope->arena, change->password, &change->password_hash);
}

// Which of the two unique columns was hit decides the field named.
static error taken(error conflict)
{
    if (conflict.code != ERROR_CONFLICT)
        return conflict;
    bool email = conflict.field && str_find(str_of(conflict.field), STR("email")) >= 0;
    return error_make(ERROR_USER_EXISTS, email ? "email" : "username", "A user with this %s exists already",
        email ? "e-mail address" : "name");
}

DB_STATEMENT(insert,
    "INSERT INTO users (id, username, username_key, email, email_key, password_hash, is_active, is_superuser, plan,"
    " created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) RETURNING " COLUMNS);

// A setting that is none of the plans makes nobody more than free.
static str default_plan(void)
{
    str plan = str_of(SETTING_NOW(default_plan));
    return str_equal_c(plan, "pro") || str_equal_c(plan, "business") ? plan : STR("free");
}

error user_create(struct scope *scope, const struct user_change *change, bool setup_allowed, struct user *ret_user)
{
    int64_t count;
    TRY(user_count(scope, &count));
    bool first = count == 0;
    if (first && !setup_allowed)
        return error_of(ERROR_SETUP_CODE_REQUIRED);
    bool open = SETTING_NOW(open_registration) && !change->is_superuser.set && !change->plan.data;
    if (!first && !open && !scope->actor.user_id.data)
        return error_of(ERROR_NOT_AUTHENTICATED);
    if (!first && !open && !scope->actor.is_superuser)
        return error_of(ERROR_FORBIDDEN);
    struct arena *arena = scope->arena;
    bool superuser = first || (change->is_superuser.set && change->is_superuser.value);
    bool active = first || !change->is_active.set || change->is_active.value;
    str plan = first ? STR("business") : change->plan.data ? change->plan : default_plan();
    bool found;
    TRY(taken(db_one(scope->db, arena, &insert,
        DB_ARGS(db_text(id_new(arena)), db_text(change->username), db_text(str_lower(arena, change->username)),
            db_text(change->email), db_text(str_lower(arena, change->email)), db_text(change->password_hash),
            db_bool(active), db_bool(superuser), db_text(plan), db_int(clock_now_us())),
        &user_row_shape, ret_user, &found)));
    return user_key_make(scope, ret_user->id);
}

DB_STATEMENT(count_superusers, "SELECT count(*) FROM users WHERE is_superuser AND is_active AND number <> $1");

static error check_not_last(struct scope *scope, const struct user *user)
{
    int64_t others;
    if (!user->is_superuser || !user->is_active)
        return OK;
    TRY(db_integer(scope->db, &count_superusers, DB_ARGS(db_int(user->number)), &others, NULL));
    return others ? OK : error_of(ERROR_LAST_SUPERUSER);
}

DB_STATEMENT(update,
    "UPDATE users SET username = $2, username_key = $3, email = $4, email_key = $5, password_hash = $6,"
    " is_active = $7, is_superuser = $8, plan = $9, updated_at = $10 WHERE number = $1 RETURNING " COLUMNS);

error user_update(struct scope *scope, str key, const struct user_change *change, struct user *ret_user)
{
    struct user user;
    TRY(user_get(scope, key, &user));
    bool self = str_equal(user.id, scope->actor.user_id);
    if (!self && !scope->actor.is_superuser)
        return error_of(ERROR_FORBIDDEN);
    bool privileged = change->is_superuser.set || change->is_active.set || change->plan.data;
    if (privileged && !scope->actor.is_superuser)
        return error_of(ERROR_FORBIDDEN);
    bool superuser = change->is_superuser.set ? change->is_superuser.value : user.is_superuser;
    bool active = change->is_active.set ? change->is_active.value : user.is_active;
    if (!superuser || !active)
        TRY(check_not_last(scope, &user));
    struct arena *arena = scope->arena;
    str name = change->username.data ? change->username : user.username;
    str email = change->email.data ? change->email : user.email;
    str hash = change->password_hash.data ? change->password_hash : user.password_hash;
    if (change->password_hash.data || !active)
        TRY(session_end_all(scope, user.id));
    bool found;
    return taken(db_one(scope->db, arena, &update,
        DB_ARGS(db_int(user.number), db_text(name), db_text(str_lower(arena, name)), db_text(email),
            db_text(str_lower(arena, email)), db_text(hash), db_bool(active), db_bool(superuser),
            db_text(change->plan.data ? change->plan : user.plan), db_int(clock_now_us())),
        &user_row_shape, ret_user, &found));
}

// What document 001 lets no user take along.
DB_STATEMENT(delete_sounds, "DELETE FROM audio_library WHERE user_id = $1");
DB_STATEMENT(delete_pictures, "DELETE FROM media_library WHERE user_id = $1");
DB_STATEMENT(delete_avatars, "DELETE FROM avatars WHERE user_id = $1");
DB_STATEMENT(delete_one, "DELETE FROM users WHERE number = $1");

error user_delete(struct scope *scope, str key, struct user *ret_user)
{
    TRY(user_get(scope, key, ret_user));
    if (!scope_may(scope, ret_user->id))
        return error_of(ERROR_FORBIDDEN);
    TRY(check_not_last(scope, ret_user));
    TRY(session_end_all(scope, ret_user->id));
    TRY(departure_note(scope, ret_user->id));
    TRY(audit_forget(scope, ret_user->number));
    struct db_args of_user = DB_ARGS(db_text(ret_user->id));
    TRY(db_run(scope->db, &delete_sounds, of_user, NULL));
    TRY(db_run(scope->db, &delete_pictures, of_user, NULL));
    TRY(db_run(scope->db, &delete_avatars, of_user, NULL));
    return db_run(scope->db, &delete_one, DB_ARGS(db_int(ret_user->number)), NULL);
}
