// SPDX-License-Identifier: GPL-3.0-or-later
// The questions of db.h, in terms of a driver's start, next, cell and finish.
#include <string.h>

#include "base/span.h"
#include "db/driver.h"

static error start(struct span *span, struct db *db, const struct db_statement *statement, struct db_args args,
    struct db_prepared **ret_prepared)
{
    span_begin(span, SPAN_CLIENT, "SQL", str_of(statement->name));
    span_text(span, "db.system", db->pool->driver->kind == DB_SQLITE ? STR("sqlite") : STR("postgresql"));
    error result = db->pool->driver->start(db, statement, args, ret_prepared);
    span_result(span, result);
    return result;
}

error db_one(struct db *db, struct arena *arena, const struct db_statement *statement, struct db_args args,
    const struct shape *shape, void *ret_struct, bool *ret_found)
{
    const struct db_driver *driver = db->pool->driver;
    struct db_prepared *prepared;
    SPAN_AUTO struct span span;
    TRY(start(&span, db, statement, args, &prepared));
    bool found = false;
    void *row = NULL;
    error result = driver->next(db, prepared, &found);
    if (!error_is(result) && found) {
        row = arena_alloc(arena, shape->size);
        result = db_row_fill(db, prepared, arena, shape, row);
    }
    driver->finish(db, prepared);
    span_result(&span, result);
    TRY(result);
    if (arena_over(arena))
        return error_of(ERROR_LIMIT_EXCEEDED);
    if (found)
        memcpy(ret_struct, row, shape->size);
    *ret_found = found;
    return OK;
}

// Gives every row to the list until there are no more, `limit` are there, or the arena is over its cap.
static error read_rows(struct db *db, struct db_prepared *prepared, struct arena *arena, const struct shape *shape,
    size_t limit, struct list *list)
{
    size_t room = 0;
    for (;;) {
        bool row;
        TRY(db->pool->driver->next(db, prepared, &row));
        if (!row)
            return OK;
        if (list->count == room) {
            size_t wanted = room ? room * 2 : 16;
            if (limit && wanted > limit)
                wanted = limit;
            list->items = room ? arena_grow(arena, list->items, room * shape->size, wanted * shape->size)
                               : arena_alloc_raw(arena, wanted * shape->size);
            room = wanted;
        }
        char *item = (char *)list->items + list->count * shape->size;
        memset(item, 0, shape->size);
        TRY(db_row_fill(db, prepared, arena, shape, item));
        if (arena_over(arena))
            return error_of(ERROR_LIMIT_EXCEEDED);
        if (++list->count == limit)
            return OK;
    }
}

error db_all(struct db *db, struct arena *arena, const struct db_statement *statement, struct db_args args,
    const struct shape *shape, size_t limit, struct list *ret_list)
{
    struct db_prepared *prepared;
    SPAN_AUTO struct span span;
    TRY(start(&span, db, statement, args, &prepared));
    struct list list = { 0 };
    error result = read_rows(db, prepared, arena, shape, limit, &list);
    db->pool->driver->finish(db, prepared);
    span_result(&span, result);
    TRY(result);
    *ret_list = list;
    return OK;
}

error db_integer(
    struct db *db, const struct db_statement *statement, struct db_args args, int64_t *ret_value, bool *ret_found)
{
    const struct db_driver *driver = db->pool->driver;
    struct db_prepared *prepared;
    SPAN_AUTO struct span span;
    TRY(start(&span, db, statement, args, &prepared));
    int64_t value = 0;
    bool found = false;
    error result = driver->next(db, prepared, &found);
    if (!error_is(result) && found)
        result = db_cell_integer(driver->cell(db, prepared, 0), statement->name, &value);
    driver->finish(db, prepared);
    span_result(&span, result);
    TRY(result);
    if (!found && !ret_found)
        return error_make(ERROR_DATA_CORRUPT, statement->name, "The database lacks a row that has to be there");
    if (found)
        *ret_value = value;
    if (ret_found)
        *ret_found = found;
    return OK;
}

error db_string(
    struct db *db, struct arena *arena, const struct db_statement *statement, struct db_args args, str *ret_text)
{
    const struct db_driver *driver = db->pool->driver;
    struct db_prepared *prepared;
    SPAN_AUTO struct span span;
    TRY(start(&span, db, statement, args, &prepared));
    str text = STR_NONE;
    bool found = false;
    error result = driver->next(db, prepared, &found);
    if (!error_is(result) && found)
        text = db_cell_text(arena, driver->cell(db, prepared, 0));
    driver->finish(db, prepared);
    span_result(&span, result);
    TRY(result);
    if (arena_over(arena))
        return error_of(ERROR_LIMIT_EXCEEDED);
    *ret_text = text;
    return OK;
}

error db_run(struct db *db, const struct db_statement *statement, struct db_args args, int64_t *ret_changed)
{
    const struct db_driver *driver = db->pool->driver;
    struct db_prepared *prepared;
    SPAN_AUTO struct span span;
    TRY(start(&span, db, statement, args, &prepared));
    bool row = true;
    error result = OK;
    while (row && !error_is(result))
        result = driver->next(db, prepared, &row);
    int64_t changed = error_is(result) ? 0 : driver->changed(db, prepared);
    driver->finish(db, prepared);
    span_result(&span, result);
    TRY(result);
    if (ret_changed)
        *ret_changed = changed;
    return OK;
}

error db_prepare(struct db *db, const struct db_statement *statement)
{
    struct db_prepared *prepared;
    return db_cache_find(&db->cache, statement) ? OK : db->pool->driver->prepare(db, statement, &prepared);
}

error db_script(struct db *db, const char *sql)
{
    return db->pool->driver->script(db, sql);
}

static const struct db_statement snapshot = { "snapshot", "BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" };
static const struct db_statement snapshot_end = { "snapshot_end", "ROLLBACK", "ROLLBACK" };

// Prepared, and no work of its own in a trace.
static error run_quietly(struct db *db, const struct db_statement *statement)
{
    struct db_prepared *prepared;
    bool row;
    TRY(db->pool->driver->start(db, statement, DB_NO_ARGS, &prepared));
    error result = db->pool->driver->next(db, prepared, &row);
    db->pool->driver->finish(db, prepared);
    return result;
}

// A change has a transaction and with it a snapshot already.
error db_read_begin(struct db *db)
{
    if (db->in_change)
        return OK;
    TRY(run_quietly(db, &snapshot));
    db->in_snapshot = true;
    return OK;
}

void db_read_end(struct db *db)
{
    if (db->in_change)
        return;
    db->in_snapshot = false;
    // Nothing was changed, so there is nothing to lose; a lost connection shows at the next statement.
    error ignored = run_quietly(db, &snapshot_end);
    (void)ignored;
}
