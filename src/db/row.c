// SPDX-License-Identifier: GPL-3.0-or-later
// Columns into struct members. Drivers hand over cells of four kinds (PostgreSQL only texts); the kind of
// the member decides what they become, so both databases fill a struct alike.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/driver.h"

static const struct field *field_of_column(const struct shape *shape, const char *column)
{
    for (size_t i = 0; i < shape->count; i++) {
        if (!strcmp(shape->fields[i].member, column))
            return &shape->fields[i];
    }
    return NULL;
}

static bool is_readable(enum field_kind kind)
{
    return kind != FIELD_JSON && kind != FIELD_LIST && kind != FIELD_OBJECT;
}

static void map_columns(struct db *db, struct db_prepared *prepared, const struct shape *shape)
{
    size_t count = (size_t)prepared->column_count;
    if (!prepared->fields) {
        prepared->fields = calloc(count ? count : 1, sizeof *prepared->fields);
        ASSERT_MEMORY(prepared->fields);
    }
    for (int i = 0; i < prepared->column_count; i++) {
        const char *column = db->pool->driver->column_name(db, prepared, i);
        const struct field *field = field_of_column(shape, column);
        if (!field || !is_readable(field->kind)) {
            char text[256];
            snprintf(text, sizeof text, "statement %s has the column %s, for which %s has no member%s",
                prepared->statement->name, column, shape->name, field ? " of a kind that a column can fill" : "");
            bug(__FILE__, __LINE__, text);
        }
        prepared->fields[i] = field;
    }
    prepared->shape = shape;
}

static error not_a(const char *what, const char *name)
{
    return error_make(ERROR_DATA_CORRUPT, name, "The database holds a value that is not %s", what);
}

error db_cell_integer(struct db_cell cell, const char *name, int64_t *ret_value)
{
    *ret_value = cell.integer; // 0 for NULL
    if (cell.kind == CELL_NUMBER) {
        // Both limits are exact doubles; the cast is undefined outside of them.
        if (!(cell.number >= -0x1p63 && cell.number < 0x1p63) || (double)(int64_t)cell.number != cell.number)
            return not_a("an integer", name);
        *ret_value = (int64_t)cell.number;
    }
    if (cell.kind == CELL_TEXT && !str_to_int(cell.text, ret_value)) {
        if (!str_equal(cell.text, STR("t")) && !str_equal(cell.text, STR("f")))
            return not_a("an integer", name);
        *ret_value = cell.text.data[0] == 't';
    }
    return OK;
}

static error cell_number(struct db_cell cell, const char *name, double *ret_value)
{
    *ret_value = cell.kind == CELL_INTEGER ? (double)cell.integer : cell.number;
    if (cell.kind == CELL_TEXT && !str_to_number(cell.text, ret_value))
        return not_a("a finite number", name);
    return OK;
}

static error cell_boolean(struct db_cell cell, const char *name, bool *ret_value)
{
    int64_t value;
    TRY(db_cell_integer(cell, name, &value));
    *ret_value = value != 0;
    return OK;
}

str db_cell_text(struct arena *arena, struct db_cell cell)
{
    switch (cell.kind) {
    case CELL_NULL:
        return STR_NONE;
    case CELL_INTEGER:
        return str_format(arena, "%lld", (long long)cell.integer);
    case CELL_NUMBER:
        return str_format(arena, "%.17g", cell.number);
    case CELL_TEXT:
        return str_copy(arena, cell.text);
    }
    return STR_NONE;
}

static error fill_member(struct arena *arena, const struct field *field, struct db_cell cell, char *out_struct)
{
    void *member = out_struct + field->offset;
    bool set = cell.kind != CELL_NULL;
    switch (field->kind) {
    case FIELD_TEXT:
        *(str *)member = db_cell_text(arena, cell);
        return OK;
    case FIELD_RAW:
        ((struct raw_json *)member)->text = db_cell_text(arena, cell);
        return OK;
    case FIELD_INTEGER:
        return db_cell_integer(cell, field->member, member);
    case FIELD_TIME:
        return db_cell_integer(cell, field->member, &((time_us *)member)->us);
    case FIELD_NUMBER:
        return cell_number(cell, field->member, member);
    case FIELD_BOOLEAN:
        return cell_boolean(cell, field->member, member);
    case FIELD_OPT_INTEGER:
        ((struct opt_int *)member)->set = set;
        return db_cell_integer(cell, field->member, &((struct opt_int *)member)->value);
    case FIELD_OPT_NUMBER:
        ((struct opt_number *)member)->set = set;
        return cell_number(cell, field->member, &((struct opt_number *)member)->value);
    case FIELD_OPT_BOOLEAN:
        ((struct opt_bool *)member)->set = set;
        return cell_boolean(cell, field->member, &((struct opt_bool *)member)->value);
    case FIELD_JSON:
    case FIELD_LIST:
    case FIELD_OBJECT:
        break;
    }
    bug(__FILE__, __LINE__, "map_columns let a kind pass that no column can fill");
}

error db_row_fill(
    struct db *db, struct db_prepared *prepared, struct arena *arena, const struct shape *shape, void *out_struct)
{
    if (prepared->shape != shape)
        map_columns(db, prepared, shape);
    for (int i = 0; i < prepared->column_count; i++)
        TRY(fill_member(arena, prepared->fields[i], db->pool->driver->cell(db, prepared, i), out_struct));
    return OK;
}
