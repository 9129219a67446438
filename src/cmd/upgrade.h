// SPDX-License-Identifier: GPL-3.0-or-later
// A database of an older Kinora becomes one of this.
#pragma once

#include "base/error.h"
#include "db/db.h"

// Brings the schema to the newest version, in one change; a database that is not empty is copied to DATA/snapshots
// before. CONFLICT when it is newer than this program, and then nothing is touched; UNAVAILABLE in a data folder that
// is half restored.
MUST_USE error upgrade_database(struct arena *arena, struct db_pool *pool);

// Tries the same on a copy, and tells. Nothing of the database is changed.
struct upgrade_trial {
    int from, to;
    double seconds;                  // of the migrations alone
    int64_t rows_before, rows_after; // of the tables that a backup has
};
MUST_USE error upgrade_try(struct arena *arena, struct db_pool *pool, int from, struct upgrade_trial *ret_trial);
