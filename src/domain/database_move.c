// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/database_move.h"

#include <math.h>
#include <string.h>

#include "base/json.h"
#include "domain/database_sum.h"
#include "domain/database_tables.h"
#include "domain/schema.h"
#include "domain/search.h"

enum { ROW_BYTES_MAX = 256 << 20, TELL_ROWS = 200 };

struct moving {
    struct database_move *move;
    struct db *target;
    struct arena *row;                // for one row
    struct db_table *tables, *places; // of the source, and the same of the target
    size_t count;
    int64_t total, done; // rows: read once and read back once
};

// What a row says

// The databases keep JSON in words of their own, PostgreSQL's numbers too.
static void put_json(struct json_out *out, const json_t *value)
{
    const char *key;
    size_t i;
    json_t *member;
    if (json_is_object(value)) {
        json_object_begin(out);
        json_object_foreach ((json_t *)value, key, member) {
            json_key(out, key);
            put_json(out, member);
        }
        json_object_end(out);
    } else if (json_is_array(value)) {
        json_array_begin(out);
        json_array_foreach (value, i, member)
            put_json(out, member);
        json_array_end(out);
    } else if (json_is_real(value)) {
        double number = json_real_value(value);
        if (number == nearbyint(number) && fabs(number) < 0x1p63)
            json_put_int(out, (int64_t)number);
        else
            json_put_number(out, number);
    } else
        json_put_value(out, value);
}

static void put_text(struct arena *arena, struct buffer *out, str text)
{
    json_t *value;
    bool maybe = text.size > 1 && (text.data[0] == '{' || text.data[0] == '[');
    if (!maybe || error_is(json_read(arena, text, &value))) {
        buffer_append_str(out, text);
        return;
    }
    struct json_out json = { .buffer = out };
    str sorted = json_text(arena, value); // so that members come in one order
    if (!error_is(json_read(arena, sorted, &value)))
        put_json(&json, value);
}

static void put_value(struct arena *arena, struct buffer *out, const struct db_value *value)
{
    size_t start = out->size;
    switch (value->kind) {
    case DB_NULL:
        break;
    case DB_INT:
        buffer_format(out, "%lld", (long long)value->integer);
        break;
    case DB_NUMBER:
        buffer_format(out, "%.17g", value->number + 0.0);
        break;
    case DB_BOOL:
        buffer_append_byte(out, value->boolean ? 't' : 'f');
        break;
    case DB_TEXT:
        put_text(arena, out, value->text);
        break;
    case DB_BYTES:
        buffer_append_str(out, value->text);
        break;
    }
    buffer_format(out, " %d %zu\n", (int)value->kind, out->size - start); // no two rows read alike
}

static error add_row(
    struct database_sum *sum, struct arena *arena, const struct db_value *values, const size_t *order, size_t count)
{
    BUFFER_AUTO struct buffer text = { 0 };
    arena_reset(arena);
    for (size_t i = 0; i < count; i++)
        put_value(arena, &text, &values[order ? order[i] : i]);
    if (text.failed)
        return error_of(ERROR_LIMIT_EXCEEDED);
    database_sum_add(sum, buffer_str(&text));
    return OK;
}

// Tables

// What is made anew, of the moment, or the target's own.
static bool is_moved(str table)
{
    static const char *const left[] = { "runner", "schema_version", "search_entry", "search_pending", NULL };
    const char *const *name = left;
    while (*name && !str_equal_c(table, *name))
        name++;
    return !*name;
}

static error find_places(const struct db_table *table, const struct db_table *place, size_t *places)
{
    for (size_t i = 0; i < table->column_count; i++) {
        size_t at = 0;
        while (at < place->column_count && !str_equal(place->columns[at].name, table->columns[i].name))
            at++;
        if (at == place->column_count || place->columns[at].kind != table->columns[i].kind)
            return error_make(ERROR_CONFLICT, NULL, "The column %.*s.%.*s has no like in the target",
                STR_ARGS(table->name), STR_ARGS(table->columns[i].name));
        places[i] = at;
    }
    return OK;
}

static error match_tables(struct moving *moving)
{
    struct db_table *places;
    size_t count;
    TRY(database_tables(moving->move->source, moving->move->arena, is_moved, &moving->tables, &moving->count));
    TRY(database_tables(moving->target, moving->move->arena, is_moved, &places, &count));
    moving->places = ARENA_ARRAY(moving->move->arena, struct db_table, moving->count);
    for (size_t i = 0; i < moving->count; i++) {
        size_t at = 0;
        while (at < count && !str_equal(places[at].name, moving->tables[i].name))
            at++;
        if (at == count)
            return error_make(ERROR_CONFLICT, NULL, "The source has a table that is not Kinora's: %.*s",
                STR_ARGS(moving->tables[i].name));
        moving->places[i] = places[at];
    }
    return OK;
}

static error count_rows(struct moving *moving)
{
    for (size_t i = 0; i < moving->count; i++) {
        int64_t rows;
        TRY(db_table_count(moving->move->source, moving->move->arena, &moving->tables[i], &rows));
        moving->total += 2 * rows;
    }
    return OK;
}

static error tell(struct moving *moving)
{
    if (moving->done++ % TELL_ROWS)
        return OK;
    double done = moving->total ? (double)moving->done / (double)moving->total : 1;
    return moving->move->tell(moving->move->context, done < 1 ? done : 1);
}

// Gives every row of the table to `load` (may be NULL) and to the sum.
static error read_rows(struct moving *moving, struct db *db, const struct db_table *table, const size_t *order,
    size_t width, struct db_load *load, struct database_sum *sum)
{
    struct db_dump *dump;
    const struct db_value *values;
    TRY(db_dump_open(db, moving->move->arena, table, &dump));
    error result = OK;
    for (bool row = true; row && !error_is(result);) {
        result = db_dump_next(dump, &values, &row);
        if (error_is(result) || !row)
            break;
        result = add_row(sum, moving->row, values, order, width);
        if (!error_is(result) && load)
            result = db_load_row(load, values);
        if (!error_is(result))
            result = tell(moving);
    }
    db_dump_close(dump);
    return result;
}

static error carry_numbers(struct moving *moving)
{
    for (size_t i = 0; i < moving->count; i++) {
        int64_t number;
        TRY(db_number_read(moving->move->source, &moving->tables[i], &number));
        TRY(db_number_raise(moving->target, &moving->places[i], number));
    }
    return OK;
}

static error copy(struct moving *moving, struct db_load *load, struct database_sum *sums, size_t **places)
{
    for (size_t i = 0; i < moving->count; i++) {
        const struct db_table *table = &moving->tables[i];
        places[i] = ARENA_ARRAY(moving->move->arena, size_t, table->column_count + 1);
        TRY(find_places(table, &moving->places[i], places[i]));
        TRY(db_load_table(load, &moving->places[i], places[i], table->column_count));
        TRY(read_rows(moving, moving->move->source, table, NULL, table->column_count, load, &sums[i]));
        moving->move->rows += sums[i].rows;
    }
    TRY(db_load_swap(load, NULL, 0));
    return carry_numbers(moving);
}

static error compare(struct moving *moving, const struct database_sum *sums, size_t *const *places)
{
    for (size_t i = 0; i < moving->count; i++) {
        struct database_sum arrived = { 0 };
        const struct db_table *table = &moving->tables[i];
        TRY(read_rows(moving, moving->target, &moving->places[i], places[i], table->column_count, NULL, &arrived));
        if (arrived.rows != sums[i].rows || memcmp(arrived.digest, sums[i].digest, sizeof arrived.digest) != 0)
            return error_make(ERROR_DATA_CORRUPT, NULL,
                "The rows of %.*s are others in the target than in the source; nothing was written",
                STR_ARGS(table->name));
    }
    return OK;
}

static error move_all(struct moving *moving)
{
    struct db_load *load;
    struct arena *arena = moving->move->arena;
    TRY(match_tables(moving));
    TRY(count_rows(moving));
    struct database_sum *sums = ARENA_ARRAY(arena, struct database_sum, moving->count + 1);
    size_t **places = ARENA_ARRAY(arena, size_t *, moving->count + 1);
    TRY(db_load_begin(moving->target, arena, moving->places, moving->count, true, &load));
    error result = copy(moving, load, sums, places);
    db_load_end(load);
    TRY(result);
    TRY(compare(moving, sums, places));
    moving->move->tables = moving->count;
    return search_find_again(&(struct scope) { .arena = arena, .db = moving->target });
}

error database_move(struct db *target, void *context)
{
    struct database_move *move = context;
    struct db_table *there;
    size_t count;
    int version, from, own = schema_migrations[schema_migration_count - 1].version;
    TRY(db_schema_version(move->source, &version));
    if (version != own)
        return error_make(ERROR_CONFLICT, NULL,
            "The database has schema %d, this program %d: start a server of this version on it once, then move",
            version, own);
    TRY(db_migrate_lock(target));
    TRY(db_tables(target, move->arena, &there, &count));
    if (count)
        return error_make(ERROR_CONFLICT, NULL,
            "The target is not empty (it has a table %.*s): name a database or a file that has nothing in it",
            STR_ARGS(there[0].name));
    TRY(db_migrate_steps(target, schema_migrations, schema_migration_count, &from));
    ARENA_AUTO struct arena *row = arena_new(ROW_BYTES_MAX);
    struct moving moving = { .move = move, .target = target, .row = row };
    move->rows = 0;
    return move_all(&moving);
}
