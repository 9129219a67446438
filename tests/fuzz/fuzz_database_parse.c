// SPDX-License-Identifier: GPL-3.0-or-later
// An export of the database, read back: whatever the file says, rows come within a table that was announced and with
// values of its columns' kinds. The first byte says how much of the file comes at a time.
#include <string.h>

#include "domain/database_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct source {
    const uint8_t *data;
    size_t size, at, piece;
    enum db_column_kind kinds[DATABASE_COLUMNS_MAX];
    size_t columns;
};

static error read_some(void *context, void *room, size_t size, size_t *ret_got)
{
    struct source *source = context;
    size_t left = source->size - source->at;
    size = size < source->piece ? size : source->piece;
    size = size < left ? size : left;
    if (size)
        memcpy(room, source->data + source->at, size);
    source->at += size;
    *ret_got = size;
    return OK;
}

static error head(void *context, const struct database_head *head)
{
    (void)context;
    ASSERT(head->fingerprint.size == 16);
    return OK;
}

static error table(void *context, str name, const struct db_column *columns, size_t count)
{
    struct source *source = context;
    ASSERT(name.size && name.size < DATABASE_NAME_MAX && count && count <= DATABASE_COLUMNS_MAX);
    source->columns = count;
    for (size_t i = 0; i < count; i++) {
        ASSERT(columns[i].name.size && columns[i].name.size < DATABASE_NAME_MAX);
        source->kinds[i] = columns[i].kind;
    }
    return OK;
}

static error row(void *context, const struct db_value *values)
{
    const struct source *source = context;
    static const enum db_value_kind wanted[] = { [DB_COLUMN_INT] = DB_INT,
        [DB_COLUMN_NUMBER] = DB_NUMBER,
        [DB_COLUMN_BOOL] = DB_BOOL,
        [DB_COLUMN_TEXT] = DB_TEXT,
        [DB_COLUMN_BYTES] = DB_BYTES };
    ASSERT(source->columns);
    for (size_t i = 0; i < source->columns; i++) {
        ASSERT(values[i].kind == DB_NULL || values[i].kind == wanted[source->kinds[i]]);
        ASSERT(values[i].kind != DB_TEXT || str_is_utf8(values[i].text));
    }
    return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    struct source source = { .data = data + 1, .size = size - 1, .piece = (size_t)data[0] + 1 };
    struct database_parser parser = { read_some, head, table, row, &source };
    error result = database_parse(&parser);
    ASSERT(!error_is(result) || result.code == ERROR_VALIDATION_ERROR);
    return 0;
}
