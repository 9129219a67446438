// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/database_tables.h"

const char *const database_kind_names[] = { "BIGINT", "DOUBLE PRECISION", "BOOLEAN", "TEXT", "BYTEA", NULL };

static bool is_one_of(str table, const char *const *names)
{
    while (*names && !str_equal_c(table, *names))
        names++;
    return *names;
}

bool database_is_own(str table)
{
    static const char *const own[] = { "audit", "backup", "schema_version", "secret", NULL };
    return is_one_of(table, own);
}

bool database_is_cleared(str table)
{
    return !database_is_own(table);
}

bool database_is_moved(str table)
{
    static const char *const passing[] = { "api_key", "attempt", "departure", "departure_blob", "event", "kept_answer",
        "reset_request", "reset_token", "runner", "search_entry", "search_pending", "session", NULL };
    return !database_is_own(table) && !is_one_of(table, passing);
}

bool database_is_backed_up(str table)
{
    static const char *const passing[] = { "backup", "event", "kept_answer", "reset_request", "reset_token", "runner",
        "schema_version", "search_entry", "search_pending", NULL };
    return !is_one_of(table, passing);
}

error database_tables(
    struct db *db, struct arena *arena, bool (*wanted)(str table), struct db_table **ret_tables, size_t *ret_count)
{
    struct db_table *tables;
    size_t all, count = 0;
    TRY(db_tables(db, arena, &tables, &all));
    for (size_t i = 0; i < all; i++)
        if (wanted(tables[i].name))
            tables[count++] = tables[i];
    *ret_tables = tables;
    *ret_count = count;
    return OK;
}
