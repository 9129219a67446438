// SPDX-License-Identifier: GPL-3.0-or-later
// A whole installation's rows from one database into another, empty one: all in one change of that, which happens as a
// whole or not at all, and only when every table there has the rows that were read here.
#pragma once

#include "db/db.h"

struct database_move {
    struct db *source;   // in a snapshot (db_read_begin); nothing of it is changed
    struct arena *arena; // of statements too: outlives both connections
    // Now and then, with the share that is done; an error ends the move.
    error (*tell)(void *context, double done);
    void *context;
    // Set by the change.
    size_t tables;
    int64_t rows;
};
// In a change of the target (db_write_loose; context: struct database_move), which it makes the schema of. CONFLICT
// when there is anything in the target, when the source has another schema than this program, or when what arrived is
// not what was read. The search is to be brought in line afterwards (search_catch_up).
MUST_USE error database_move(struct db *target, void *move);
