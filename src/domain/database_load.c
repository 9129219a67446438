// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/database_load.h"

static error wrong(const char *thing, str name, const char *what)
{
    return error_make(ERROR_VALIDATION_ERROR, "file", "the %s %.*s %s", thing, STR_ARGS(name), what);
}

static error place_of(
    const struct db_table *table, const struct db_column *column, const size_t *taken, size_t count, size_t *ret_place)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (!str_equal(table->columns[i].name, column->name))
            continue;
        if (table->columns[i].kind != column->kind)
            return wrong("column", column->name, "has another type here");
        for (size_t k = 0; k < count; k++)
            if (taken[k] == i)
                return wrong("column", column->name, "stands there twice");
        *ret_place = i;
        return OK;
    }
    return wrong("column", column->name, "is none of this table");
}

static error check_required(const struct db_table *table, const size_t *taken, size_t count)
{
    for (size_t i = 0; i < table->column_count; i++) {
        bool there = !table->columns[i].required;
        for (size_t k = 0; k < count && !there; k++)
            there = taken[k] == i;
        if (!there)
            return wrong("column", table->columns[i].name, "is missing");
    }
    return OK;
}

error database_load_begin(struct database_load *load, struct db *db, struct arena *arena, bool (*wanted)(str table))
{
    *load = (struct database_load) { .db = db, .arena = arena };
    TRY(database_tables(db, arena, wanted, &load->tables, &load->count));
    load->begun = ARENA_ARRAY(arena, bool, load->count);
    return db_load_begin(db, arena, load->tables, load->count, false, &load->load);
}

error database_load_table(struct database_load *load, str name, const struct db_column *columns, size_t count)
{
    size_t taken[DATABASE_COLUMNS_MAX], at = 0;
    while (at < load->count && !str_equal(load->tables[at].name, name))
        at++;
    if (at == load->count)
        return wrong("table", name, "is none that can be imported");
    if (load->begun[at])
        return wrong("table", name, "stands there twice");
    load->begun[at] = true;
    for (size_t i = 0; i < count; i++)
        TRY(place_of(&load->tables[at], &columns[i], taken, i, &taken[i]));
    TRY(check_required(&load->tables[at], taken, count));
    load->tables_done++;
    return db_load_table(load->load, &load->tables[at], taken, count);
}

error database_load_row(struct database_load *load, const struct db_value *values)
{
    load->rows_done++;
    return db_load_row(load->load, values);
}

void database_load_end(struct database_load *load)
{
    if (load->load)
        db_load_end(TAKE(load->load));
}
