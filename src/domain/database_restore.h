// SPDX-License-Identifier: GPL-3.0-or-later
// A whole export into an empty database, of either kind, in one change: it happens as a whole or not at all.
#pragma once

#include "domain/database_parse.h"

struct database_restore {
    // Gives up to `size` bytes of the export, 0 at its end; `rewind` lets them begin again.
    error (*read)(void *context, void *room, size_t size, size_t *ret_got);
    error (*rewind)(void *context);
    void *context;
    error (*prepare)(struct db *db); // called first, in the change; NULL: nothing
    const char *fingerprint;         // of the master key at hand; NULL: not asked
    const char *place;               // where the blobs are from now on: "local", "s3"; NULL: as it is in the export
    bool exactly;                    // the rows as they are, under the schema they had: to be compared
    // Set by the change.
    int64_t tables, rows;
    int schema;
};
// In a change (db_write; context: struct database_restore), which may run again. The tables are made as the export's
// schema has them, filled, and then brought to the newest. Unless `exactly`: sessions of people end, the search is to
// be brought in line (search_catch_up), events go on behind all that the old database can have had. CONFLICT when the
// database is not empty or the export is newer than this program; VALIDATION_ERROR for what is none.
MUST_USE error database_restore(struct db *db, void *restore);
