// SPDX-License-Identifier: GPL-3.0-or-later
// kinora user: accounts of a data folder, without the server's help.
#include "domain/user.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/settings.h"
#include "cmd/commands.h"
#include "cmd/data_folder.h"
#include "cmd/upgrade.h"
#include "domain/audit.h"

struct values {
    const char *email, *plan;
    bool superuser;
};

struct request {
    const struct call *call;
    struct arena *arena;
    struct user_change change;
    const char *name;
    struct user user;
    bool found;
};

static error new_password(struct arena *arena, str *ret_password)
{
    str password;
    TRY(password_read(arena, &password));
    if (str_length_utf8(password) < 8)
        return error_make(ERROR_VALIDATION_ERROR, "password", "A password has at least 8 characters");
    *ret_password = password;
    return OK;
}

// The command line acts as a superuser: who may write the data folder may do everything anyway.
static struct scope scope_of(struct request *request, struct db *db)
{
    return (struct scope) { .arena = request->arena,
        .db = db,
        .actor = { .user_id = STR("00000000-0000-0000-0000-000000000000"), .is_superuser = true } };
}

// Nobody is signed in here.
static error write_down(struct scope *scope, const struct user *user, str action, str detail)
{
    struct scope nobody = *scope;
    nobody.actor = (struct actor) { 0 };
    return audit_add(&nobody, &(struct audit_new) { .action = action,
                                  .object_kind = STR("user"),
                                  .object_id = user->id,
                                  .detail = detail,
                                  .outcome = STR("ok"),
                                  .console = console_user(scope->arena) });
}

static error add(struct db *db, void *context)
{
    struct request *request = context;
    struct scope scope = scope_of(request, db);
    TRY(user_create(&scope, &request->change, true, &request->user));
    return write_down(&scope, &request->user, STR("user.create"), STR_NONE);
}

static error set_password(struct db *db, void *context)
{
    struct request *request = context;
    struct scope scope = scope_of(request, db);
    TRY(user_by_login(&scope, str_of(request->name), &request->user, &request->found));
    if (!request->found)
        return error_make(ERROR_USER_NOT_FOUND, NULL, "There is no user \"%s\"", request->name);
    TRY(user_update(&scope, request->user.id, &request->change, &request->user));
    return write_down(&scope, &request->user, STR("user.change"), STR("password"));
}

static error list(struct request *request, struct db_pool *pool)
{
    struct db *db;
    struct list users;
    TRY(db_connect(pool, &db));
    struct scope scope = scope_of(request, db);
    error result = user_list(&scope, 0, 100000, &users);
    for (size_t i = 0; !error_is(result) && i < users.count; i++) {
        const struct user *user = &((struct user *)users.items)[i];
        printf("%lld\t%.*s\t%.*s\t%.*s%s%s\n", (long long)user->number, STR_ARGS(user->username), STR_ARGS(user->email),
            STR_ARGS(user->plan), user->is_superuser ? "\tsuperuser" : "", user->is_active ? "" : "\tdisabled");
    }
    db_disconnect(db);
    return result;
}

static error change(struct request *request, struct db_pool *pool, bool adding)
{
    struct scope scope = { .arena = request->arena };
    TRY(new_password(request->arena, &request->change.password));
    TRY(user_prepare(&scope, &request->change));
    TRY(db_write(pool, adding ? add : set_password, request));
    fprintf(stderr, adding ? "Made user %d: %.*s%s\n" : "Changed the password of user %d: %.*s%s\n",
        (int)request->user.number, STR_ARGS(request->user.username),
        adding && request->user.is_superuser ? " (superuser)" : "");
    return OK;
}

static error run_on(struct request *request, struct db_pool *pool)
{
    const struct call *call = request->call;
    const struct values *values = call->values;
    const char *what = call->operands[0];
    TRY(upgrade_database(request->arena, pool));
    if (!strcmp(what, "list"))
        return list(request, pool);
    bool adding = !strcmp(what, "add");
    if ((!adding && strcmp(what, "password") != 0) || call->operand_count < 2)
        return error_make(
            ERROR_USAGE, NULL, "kinora user add NAME --email ADDRESS, kinora user password NAME or kinora user list");
    request->name = call->operands[1];
    if (adding && !values->email)
        return error_make(ERROR_USAGE, NULL, "kinora user add needs --email ADDRESS");
    if (adding)
        request->change = (struct user_change) { .username = str_of(request->name),
            .email = str_of(values->email),
            .plan = str_of(values->plan),
            .is_superuser = { true, values->superuser } };
    return change(request, pool, adding);
}

static error run(const struct call *call)
{
    struct request request = { .call = call, .arena = call->arena };
    struct db_pool *pool;
    struct stat folder;
    if (stat(settings.data, &folder) != 0 && mkdir(settings.data, 0700) != 0)
        return error_make(ERROR_UNAVAILABLE, "data",
            "There is no data folder %s and it cannot be made. Name one with --data", settings.data);
    TRY(crypt_init());
    TRY(db_open(&(struct db_options) { data_folder_database(call->arena) }, &pool));
    error result = run_on(&request, pool);
    db_close(pool);
    return result;
}

static const struct option options[] = {
    { "email", 0, "ADDRESS", OPTION_TEXT, offsetof(struct values, email), NULL, 0, 0,
        "E-mail address of the new user" },
    { "plan", 0, "PLAN", OPTION_TEXT, offsetof(struct values, plan), "free|pro|business", 0, 0, "Plan [free]" },
    { "superuser", 0, NULL, OPTION_FLAG, offsetof(struct values, superuser), NULL, 0, 0, "May do everything" },
    { 0 },
};

const struct command user_command = {
    .name = "user",
    .operands = "add|password|list [NAME]",
    .operand_least = 1,
    .operand_most = 2,
    .summary = "Make accounts, set passwords, list users",
    .help = "Works on the data folder --data (./data), whether the server runs or not. The password is asked for on\n"
            "the terminal, or read as one line from standard input.\n\n"
            "Example: kinora user add ada --email ada@example.org --superuser",
    .options = options,
    .values_size = sizeof(struct values),
    .run = run,
};
