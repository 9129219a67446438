// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/audit.h"

#include "base/clock.h"
#include "base/id.h"

static const struct field fields[] = {
    FIELD(struct audit_entry, number, .doc = "Rising in order of time"),
    FIELD(struct audit_entry, at),
    FIELD(struct audit_entry, actor_id, .doc = "Integer id of who did it; null: nobody was signed in"),
    FIELD(struct audit_entry, actor,
        .doc = "Their name at that time; null also when the account is deleted. Of a command: of the system's user"),
    FIELD(struct audit_entry, session_id, .format = FORMAT_UUID, .doc = "The session, or the API key of that id"),
    FIELD(struct audit_entry, api_key, .doc = "It was done with an API key"),
    FIELD(struct audit_entry, action, .doc = "Such as session.begin or member.add"),
    FIELD(struct audit_entry, object_kind, .doc = "user, video, media, ...: what it was done to"),
    FIELD(struct audit_entry, object_id, .doc = "Its id, of a user the integer id"),
    FIELD(struct audit_entry, detail, .doc = "What was changed or who else it is about: names, never values"),
    FIELD(struct audit_entry, outcome, .doc = "ok, or the error that it was refused with"),
    FIELD(struct audit_entry, address, .doc = "Where it came from; console: a command on the machine itself"),
    FIELD(struct audit_entry, trace_id, .doc = "Of the request, as in logs and traces"),
};
const struct shape audit_entry_shape = SHAPE("AuditEntry", struct audit_entry, fields);

DB_STATEMENT(insert,
    "INSERT INTO audit (at, user_number, username, session_id, api_key, action, object_kind, object_id, detail,"
    " outcome, address, trace_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)");

struct person {
    int64_t number;
    str username;
};
static const struct field person_fields[] = { FIELD(struct person, number), FIELD(struct person, username) };
static const struct shape person_shape = SHAPE("AuditPerson", struct person, person_fields);
DB_STATEMENT(by_login, "SELECT number, username FROM users WHERE username_key = $1 OR email_key = $1");
DB_STATEMENT(by_number, "SELECT number, username FROM users WHERE number = $1");
DB_STATEMENT(number_of, "SELECT number FROM users WHERE id = $1");

// Users are kept by their number, so that a deleted account leaves nothing that its data were known by.
static error object_of(struct scope *scope, const struct audit_new *entry, str *ret_id)
{
    int64_t number;
    bool found;
    *ret_id = entry->object_id;
    if (!str_equal(entry->object_kind, STR("user")) || !id_is_valid(entry->object_id))
        return OK;
    TRY(db_integer(
        scope->db, &number_of, DB_ARGS(db_text(str_lower(scope->arena, entry->object_id))), &number, &found));
    *ret_id = found ? str_format(scope->arena, "%lld", (long long)number) : STR_NONE;
    return OK;
}

error audit_add(struct scope *scope, const struct audit_new *entry)
{
    const struct actor *actor = &scope->actor;
    struct person person = { .number = actor->number };
    str object_id;
    bool known = false;
    TRY(object_of(scope, entry, &object_id));
    if (actor->user_id.data)
        TRY(db_one(
            scope->db, scope->arena, &by_number, DB_ARGS(db_int(actor->number)), &person_shape, &person, &known));
    else if (entry->login.data)
        TRY(db_one(scope->db, scope->arena, &by_login, DB_ARGS(db_text(str_lower(scope->arena, entry->login))),
            &person_shape, &person, &known));
    bool somebody = known || actor->user_id.data; // an account that has just deleted itself is no longer known
    bool console = entry->console.data && !somebody;
    str username = console ? entry->console : person.username, address = console ? STR("console") : entry->address;
    return db_run(scope->db, &insert,
        DB_ARGS(db_int(clock_now_us()), somebody ? db_int(person.number) : db_null(), db_text(username),
            known ? db_text(actor->session_id) : db_null(), db_bool(actor->key_scopes != 0), db_text(entry->action),
            db_text(entry->object_kind), db_text(object_id), db_text(entry->detail), db_text(entry->outcome),
            somebody && !known ? db_null() : db_text(address), db_text(str_of(scope->trace.trace_id))),
        NULL);
}

// $1: all; $2: number or -1, $3: name; $4: action, $5: what the actions of a group begin with; $6: time
#define WHERE                                                                                                          \
    " FROM audit WHERE (CAST($1 AS BOOLEAN) OR user_number = $2 OR lower(username) = $3)"                              \
    " AND ($4 = '' OR action = $4 OR substr(action, 1, length($5)) = $5) AND at >= $6"
DB_STATEMENT(count, "SELECT count(*)" WHERE);
DB_STATEMENT(list,
    "SELECT number, at, user_number AS actor_id, username AS actor, session_id, api_key, action,"
    " object_kind, object_id, detail, outcome, address, trace_id" WHERE " ORDER BY number DESC LIMIT $7 OFFSET $8");

error audit_list(struct scope *scope, const struct audit_filter *filter, struct list *ret_entries, int64_t *ret_total)
{
    int64_t number;
    bool all = !filter->actor.data, by_id = !all && str_to_int(filter->actor, &number);
    str name = all ? STR("") : str_lower(scope->arena, filter->actor);
    str action = filter->action.data ? filter->action : STR("");
    str group = str_format(scope->arena, "%.*s.", STR_ARGS(action));
#define MATCHING                                                                                                       \
    db_bool(all), db_int(by_id ? number : -1), db_text(name), db_text(action), db_text(group), db_int(filter->since.us)
    TRY(db_integer(scope->db, &count, DB_ARGS(MATCHING), ret_total, NULL));
    return db_all(scope->db, scope->arena, &list, DB_ARGS(MATCHING, db_int(filter->limit), db_int(filter->offset)),
        &audit_entry_shape, 0, ret_entries);
#undef MATCHING
}

DB_STATEMENT(forget, "UPDATE audit SET username = NULL, address = NULL, session_id = NULL WHERE user_number = $1");

error audit_forget(struct scope *scope, int64_t user_number)
{
    return db_run(scope->db, &forget, DB_ARGS(db_int(user_number)), NULL);
}

DB_STATEMENT(tidy, "DELETE FROM audit WHERE at < $1");

error audit_tidy(struct scope *scope, int64_t age_us)
{
    return db_run(scope->db, &tidy, DB_ARGS(db_int(clock_now_us() - age_us)), NULL);
}
