// SPDX-License-Identifier: GPL-3.0-or-later
// The audit log: who did what, when and from where. Never contents, never secrets. Rows are only added; they go by age
// (setting audit_retention_days), and a deleted account leaves its number in them, not its name or addresses.
#pragma once

#include "domain/scope.h"

struct audit_new {
    str action;      // "member.add"
    str object_kind; // "video"; STR_NONE: it is about nothing in particular
    str object_id;   // as the request named it; of a user always the integer id
    str detail;      // names of what was changed, or who else it is about; never values
    str outcome;     // "ok", or the name of the error that it was refused with
    str address;     // where it came from
    str login;       // of a sign-in: who it said to be; kept only when there is such an account
    str console;     // done by a command on the machine itself: the system's name of who ran it; then `address` is not
                     // looked at. STR_NONE: it came another way
};
// In a change. The actor, the session and the trace are those of the scope.
MUST_USE error audit_add(struct scope *scope, const struct audit_new *entry);

struct audit_entry {
    int64_t number;
    time_us at;
    struct opt_int actor_id; // integer id; absent: nobody was signed in
    str actor, session_id;   // name at that time
    bool api_key;            // the session is an API key's, with the same id
    str action, object_kind, object_id, detail, outcome, address, trace_id;
};
extern const struct shape audit_entry_shape;

struct audit_filter {
    str actor;  // integer id or name; STR_NONE: everybody
    str action; // "key.create", or "key" for all that begin so; STR_NONE: everything
    time_us since;
    int64_t offset, limit;
};
// Newest first, with the number of all that match.
MUST_USE error audit_list(
    struct scope *scope, const struct audit_filter *filter, struct list *ret_entries, int64_t *ret_total);
// In a change: takes name, addresses and sessions of an account off its rows.
MUST_USE error audit_forget(struct scope *scope, int64_t user_number);
// In a change: removes rows that are older.
MUST_USE error audit_tidy(struct scope *scope, int64_t age_us);
