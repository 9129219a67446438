// SPDX-License-Identifier: GPL-3.0-or-later
// Which tables an export has, and which an import leaves as they are.
#pragma once

#include "db/catalogue.h"

// False for what is passing (sessions, events, what is kept for a moment), what is made anew (the search) and what is
// this installation's own (its version and its keys).
bool database_is_moved(str table);
// What a backup has: also what is this installation's own, sessions (those of API keys outlive a restore) and keys of
// the API.
bool database_is_backed_up(str table);
// Not emptied either: what is this installation's own.
bool database_is_own(str table);
// Those of db_tables for which `wanted` holds, in their order.
MUST_USE error database_tables(
    struct db *db, struct arena *arena, bool (*wanted)(str table), struct db_table **ret_tables, size_t *ret_count);
bool database_is_cleared(str table); // the opposite of database_is_own

// What the first lines of an export say.
struct database_head {
    int64_t schema;
    str fingerprint; // of the master key
    str taken;
};
#define DATABASE_FORMAT "Kinora export 1"
// The words for kinds of columns in an export, by enum db_column_kind.
extern const char *const database_kind_names[];
