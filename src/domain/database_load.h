// SPDX-License-Identifier: GPL-3.0-or-later
// The tables and rows of an export into fresh tables: what an import and a restore have in common. In a change.
#pragma once

#include "domain/database_parse.h"

struct database_load {
    struct db *db;
    struct arena *arena; // lives as long as the change
    struct db_table *tables;
    size_t count;
    bool *begun; // by table
    struct db_load *load;
    int64_t tables_done, rows_done;
};
// The tables that may come. database_load_end is due when this returned OK.
MUST_USE error database_load_begin(
    struct database_load *load, struct db *db, struct arena *arena, bool (*wanted)(str table));
// As the callbacks of struct database_parser want them. VALIDATION_ERROR for a table or a column that does not fit.
MUST_USE error database_load_table(struct database_load *load, str name, const struct db_column *columns, size_t count);
MUST_USE error database_load_row(struct database_load *load, const struct db_value *values);
void database_load_end(struct database_load *load); // also when it was not begun
