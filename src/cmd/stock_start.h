// SPDX-License-Identifier: GPL-3.0-or-later
// The rows of everybody's stock, kept as the packs on the disk describe it.
#pragma once

#include "db/db.h"
#include "domain/stock.h"

// Reads a pack, and where the rows say something else makes them say it. Errors of stock_read and stock_put.
MUST_USE error stock_take(struct arena *arena, struct db_pool *pool, const char *path, str folder);
// When the file of the setting's pack was last written; zeros where there is none.
struct stock_stamp {
    int64_t changed_ns, size_bytes;
};
struct stock_stamp stock_stamp(struct arena *arena);
// The pack of the setting and all that were imported, when a server starts. What cannot be read is logged; the rows
// then stay as they were.
MUST_USE error stock_take_all(struct arena *arena, struct db_pool *pool);
