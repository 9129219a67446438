// SPDX-License-Identifier: GPL-3.0-or-later
// Reads an export (database_export.h), and nothing else: its own few sentences, letter by letter. What it is given is
// never run as SQL. Every refusal names the line.
#pragma once

#include "domain/database_tables.h"

enum { DATABASE_COLUMNS_MAX = 64, DATABASE_NAME_MAX = 64, DATABASE_ROW_BYTES_MAX = 256 << 20 };

struct database_parser {
    // Gives up to `size` bytes of the file, 0 at its end.
    error (*read)(void *context, void *room, size_t size, size_t *ret_got);
    error (*head)(void *context, const struct database_head *head);
    // A table begins: its columns with their kinds. An error says what is wrong with it.
    error (*table)(void *context, str name, const struct db_column *columns, size_t count);
    error (*row)(void *context, const struct db_value *values);
    void *context;
};
// VALIDATION_ERROR with the line for anything that is not an export, not whole, or that a callback refused.
MUST_USE error database_parse(const struct database_parser *parser);
