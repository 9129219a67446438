// SPDX-License-Identifier: GPL-3.0-or-later
// Private to the SQLite driver: its connections and its one writer.
#pragma once

#include <sqlite3.h>

#include "db/driver.h"

struct sqlite_writer;

struct sqlite_pool {
    struct db_pool base;
    char *path;
    struct sqlite_writer *writer;
};

struct sqlite_db {
    struct db base;
    sqlite3 *handle;
};

// Opens a connection with every setting of ours; `writing` ones may change the database (and create it).
MUST_USE error sqlite_connect(struct sqlite_pool *pool, bool writing, struct sqlite_db **ret_db);
void sqlite_disconnect(struct sqlite_db *db); // NULL is allowed
// What the connection's last call went wrong with; `what` names the statement or action.
MUST_USE error sqlite_error(sqlite3 *handle, const char *what);

MUST_USE error sqlite_writer_start(struct sqlite_pool *pool, struct sqlite_writer **ret_writer);
void sqlite_writer_stop(struct sqlite_writer *writer); // finishes what is queued; NULL is allowed
MUST_USE error sqlite_writer_add(struct sqlite_writer *writer, db_change change, db_done done, void *context);
