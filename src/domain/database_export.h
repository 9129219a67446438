// SPDX-License-Identifier: GPL-3.0-or-later
// The whole database as plain SQL: a consistent snapshot, a piece at a time. docs/saver.md has the grammar.
#pragma once

#include "crypt/crypt.h"
#include "db/db.h"

struct database_export;
// Opens a connection and a snapshot of its own.
MUST_USE error database_export_open(
    struct db_pool *pool, const struct keyring *keyring, struct database_export **ret_export);
// Appends about `room` bytes; nothing at the end. On one thread at a time.
MUST_USE error database_export_fill(struct database_export *export, struct buffer *out, size_t room);
void database_export_close(struct database_export *export); // NULL is allowed
// All of it into a new file, on disk when this returns.
MUST_USE error database_export_file(struct db_pool *pool, const struct keyring *keyring, const char *path);
