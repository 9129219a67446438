// SPDX-License-Identifier: GPL-3.0-or-later
// What tables a database has, read from the database itself, and their rows as a whole: for moving all of it into a
// file and back. The only place where SQL is put together: from names of the catalogue, never from what a file says.
#pragma once

#include "db/db.h"

enum db_column_kind { DB_COLUMN_INT, DB_COLUMN_NUMBER, DB_COLUMN_BOOL, DB_COLUMN_TEXT, DB_COLUMN_BYTES };
struct db_column {
    str name;
    enum db_column_kind kind;
    bool required; // neither NULL nor a default may stand in for it
    bool is_list;  // a list of texts on PostgreSQL; a JSON list of them here, as SQLite keeps it
};
struct db_table {
    str name;
    struct db_column *columns; // those that hold data; not what the database itself makes of others
    size_t column_count;
};
// All tables with words for names, each behind those that it refers to; not those of full-text indexes.
MUST_USE error db_tables(struct db *db, struct arena *arena, struct db_table **ret_tables, size_t *ret_count);

MUST_USE error db_table_count(struct db *db, struct arena *arena, const struct db_table *table, int64_t *ret_count);
// The largest value that its column `number` was ever given, rows that are gone included; 0 for a table without one.
MUST_USE error db_number_read(struct db *db, const struct db_table *table, int64_t *ret_number);
MUST_USE error db_number_raise(struct db *db, const struct db_table *table, int64_t number); // to at least this

// Reading all rows of a table, in a snapshot (db_read_begin) of a connection that is closed afterwards: the arena must
// live until then.
struct db_dump;
MUST_USE error db_dump_open(
    struct db *db, struct arena *arena, const struct db_table *table, struct db_dump **ret_dump);
// One value a column; texts are borrowed until the next call. *ret_row false at the end.
MUST_USE error db_dump_next(struct db_dump *dump, const struct db_value **ret_values, bool *ret_row);
void db_dump_close(struct db_dump *dump); // also before the end

// Writing: in a change. Rows go into fresh tables; db_load_swap then puts them in the place of the old ones. `empty`:
// there are no old ones, so that SQLite, which looks at references at the end, takes them at their place at once.
struct db_load;
MUST_USE error db_load_begin(struct db *db, struct arena *arena, const struct db_table *tables, size_t count,
    bool empty, struct db_load **ret_load);
// columns[i]: the place in table->columns of the i-th of the rows that follow.
MUST_USE error db_load_table(struct db_load *load, const struct db_table *table, const size_t *columns, size_t count);
MUST_USE error db_load_row(struct db_load *load, const struct db_value *values);
// Empties `cleared` (all tables whose rows go, in the order of db_tables), fills those that were begun with
// db_load_begin, checks their references and counts, and lets new numbers begin behind all old ones.
MUST_USE error db_load_swap(struct db_load *load, const struct db_table *cleared, size_t count);
void db_load_end(struct db_load *load); // also after an error
