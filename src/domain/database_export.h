// SPDX-License-Identifier: GPL-3.0-or-later
// The whole database as plain SQL: a consistent snapshot, a piece at a time. docs/saver.md has the grammar.
#pragma once

#include "crypt/crypt.h"
#include "db/db.h"
#include "domain/database_sum.h"

struct database_export;
// Opens a connection and a snapshot of its own. `keyring` is what the head names; NULL: zeros.
MUST_USE error database_export_open(
    struct db_pool *pool, const struct keyring *keyring, struct database_export **ret_export);
// Appends about `room` bytes; nothing at the end. On one thread at a time.
MUST_USE error database_export_fill(struct database_export *export, struct buffer *out, size_t room);
void database_export_close(struct database_export *export); // NULL is allowed
// The same with all that a backup has, summing it up on the way.
MUST_USE error database_export_open_whole(
    struct db_pool *pool, const struct keyring *keyring, struct database_export **ret_export);
// The snapshot, to ask more of; lives as long as the export.
struct db *database_export_snapshot(struct database_export *export);
int database_export_schema(const struct database_export *export); // version of the database
// Of a whole export that has come to its end, by table, the same on either database; lives as long as the export.
const struct database_sum *database_export_sums(const struct database_export *export, size_t *ret_count);
// All of it (`whole`: that a backup has) into a new file, on disk when this returns.
MUST_USE error database_export_file(struct db_pool *pool, const struct keyring *keyring, bool whole, const char *path);
