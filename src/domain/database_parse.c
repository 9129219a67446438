// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/database_parse.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE_BYTES = 256 << 10, NUMBER_BYTES = 40, LINE_BYTES = 200 };

struct reading {
    const struct database_parser *parser;
    char *piece;
    size_t at, size;
    int64_t line, rows;
    struct arena *arena; // of one row
    char table[DATABASE_NAME_MAX];
    struct db_column columns[DATABASE_COLUMNS_MAX];
    char names[DATABASE_COLUMNS_MAX][DATABASE_NAME_MAX];
    size_t count;
    struct db_value values[DATABASE_COLUMNS_MAX];
    int64_t tables;
};

static __attribute__((format(printf, 2, 3))) error wrong(const struct reading *reading, const char *format, ...)
{
    char text[300];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return error_make(ERROR_VALIDATION_ERROR, "file", "Line %lld: %s", (long long)reading->line, text);
}

// -1 at the end of the file.
static error peek(struct reading *reading, int *ret_byte)
{
    if (reading->at == reading->size) {
        reading->at = 0;
        TRY(reading->parser->read(reading->parser->context, reading->piece, PIECE_BYTES, &reading->size));
    }
    *ret_byte = reading->size ? (unsigned char)reading->piece[reading->at] : -1;
    return OK;
}

static error take(struct reading *reading, int *ret_byte)
{
    TRY(peek(reading, ret_byte));
    reading->at += *ret_byte >= 0;
    reading->line += *ret_byte == '\n';
    return OK;
}

static error expect(struct reading *reading, const char *text)
{
    for (const char *at = text; *at; at++) {
        int byte;
        TRY(peek(reading, &byte));
        if (byte != (unsigned char)*at)
            return byte < 0 ? wrong(reading, "the file ends in the middle")
                            : wrong(reading, "this is not part of an export; \"%s\" was expected here",
                                *text == '\n' ? "the end of the line" : text);
        TRY(take(reading, &byte));
    }
    return OK;
}

static error read_name(struct reading *reading, char ret_name[static DATABASE_NAME_MAX])
{
    size_t size = 0;
    int byte;
    for (;;) {
        TRY(peek(reading, &byte));
        bool good = (byte >= 'a' && byte <= 'z') || byte == '_' || (size && byte >= '0' && byte <= '9');
        if (!good)
            break;
        if (size == DATABASE_NAME_MAX - 1)
            return wrong(reading, "a name is too long");
        ret_name[size++] = (char)byte;
        TRY(take(reading, &byte));
    }
    ret_name[size] = 0;
    return size ? OK : wrong(reading, "a name of a table or column was expected here");
}

// The rest of the line, printable.
static error read_line(struct reading *reading, char ret_text[static LINE_BYTES])
{
    size_t size = 0;
    int byte;
    for (;;) {
        TRY(take(reading, &byte));
        if (byte == '\n')
            break;
        if (byte < 0x20 || byte > 0x7E || size == LINE_BYTES - 1)
            return byte < 0 ? wrong(reading, "the file ends in the middle")
                            : wrong(reading, "this line is not of an export");
        ret_text[size++] = (char)byte;
    }
    ret_text[size] = 0;
    return OK;
}

// Head

static error read_head(struct reading *reading)
{
    char schema[LINE_BYTES], key[LINE_BYTES], taken[LINE_BYTES];
    struct database_head head = { 0 };
    TRY(expect(reading, "-- " DATABASE_FORMAT));
    TRY(expect(reading, "\n"));
    TRY(expect(reading, "-- schema "));
    TRY(read_line(reading, schema));
    TRY(expect(reading, "-- master key "));
    TRY(read_line(reading, key));
    TRY(expect(reading, "-- taken "));
    TRY(read_line(reading, taken));
    if (!str_to_int(str_of(schema), &head.schema) || strlen(key) != 16 || strspn(key, "0123456789abcdef") != 16)
        return wrong(reading, "the head of the export is damaged");
    head.fingerprint = str_of(key);
    head.taken = str_of(taken);
    return reading->parser->head(reading->parser->context, &head);
}

// Tables

static error read_kind(struct reading *reading, enum db_column_kind *ret_kind)
{
    char word[NUMBER_BYTES];
    size_t size = 0;
    int byte;
    for (;;) {
        TRY(peek(reading, &byte));
        if (!((byte >= 'A' && byte <= 'Z') || byte == ' ') || size == sizeof word - 1)
            break;
        word[size++] = (char)byte;
        TRY(take(reading, &byte));
    }
    word[size] = 0;
    for (int kind = 0; database_kind_names[kind]; kind++)
        if (!strcmp(word, database_kind_names[kind])) {
            *ret_kind = (enum db_column_kind)kind;
            return OK;
        }
    return wrong(reading, "columns are BIGINT, DOUBLE PRECISION, BOOLEAN, TEXT or BYTEA");
}

static error refused(const struct reading *reading, error why)
{
    bool ours = why.code == ERROR_VALIDATION_ERROR || why.code == ERROR_CONFLICT;
    return ours ? wrong(reading, "%s", why.message) : why;
}

static error read_table(struct reading *reading)
{
    int byte = ',';
    TRY(expect(reading, "CREATE TABLE "));
    TRY(read_name(reading, reading->table));
    TRY(expect(reading, " ("));
    for (reading->count = 0; byte == ','; reading->count++) {
        if (reading->count == DATABASE_COLUMNS_MAX)
            return wrong(reading, "a table has at most %d columns", DATABASE_COLUMNS_MAX);
        struct db_column *column = &reading->columns[reading->count];
        *column = (struct db_column) { 0 };
        if (reading->count)
            TRY(expect(reading, " "));
        TRY(read_name(reading, reading->names[reading->count]));
        TRY(expect(reading, " "));
        TRY(read_kind(reading, &column->kind));
        column->name = str_of(reading->names[reading->count]);
        TRY(take(reading, &byte));
    }
    if (byte != ')')
        return wrong(reading, "the list of columns was expected to end here");
    TRY(expect(reading, ";"));
    reading->rows = 0;
    error result = reading->parser->table(
        reading->parser->context, str_of(reading->table), reading->columns, reading->count);
    if (error_is(result))
        return refused(reading, result);
    return expect(reading, "\n");
}

// Rows

struct text {
    char *bytes;
    size_t size, room;
};

static error put(struct reading *reading, struct text *text, int byte)
{
    if (text->size == text->room) {
        size_t room = text->room ? text->room * 2 : 64;
        text->bytes = text->room ? arena_grow(reading->arena, text->bytes, text->room, room)
                                 : arena_alloc_raw(reading->arena, room);
        text->room = room;
    }
    if (arena_over(reading->arena))
        return wrong(reading, "a row has more than %d MiB", DATABASE_ROW_BYTES_MAX >> 20);
    text->bytes[text->size++] = (char)byte;
    return OK;
}

static error read_text(struct reading *reading, str *ret_text)
{
    struct text text = { 0 };
    int byte;
    TRY(expect(reading, "'"));
    for (;;) {
        TRY(take(reading, &byte));
        if (byte <= 0)
            return wrong(reading, byte ? "the file ends in the middle" : "a text has a NUL in it");
        if (byte == '\'') {
            TRY(peek(reading, &byte));
            if (byte != '\'')
                break;
            TRY(take(reading, &byte));
        }
        TRY(put(reading, &text, byte));
    }
    *ret_text = (str) { text.size ? text.bytes : "", text.size };
    return str_is_utf8(*ret_text) ? OK : wrong(reading, "a text is not UTF-8");
}

static int digit_of(int byte)
{
    return byte >= '0' && byte <= '9' ? byte - '0' : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static error read_bytes(struct reading *reading, str *ret_bytes)
{
    struct text text = { 0 };
    int high, low;
    TRY(expect(reading, "X'"));
    for (;;) {
        TRY(take(reading, &high));
        if (high == '\'')
            break;
        TRY(take(reading, &low));
        if (digit_of(high) < 0 || digit_of(low) < 0)
            return wrong(reading, "bytes are written in pairs of the digits 0-9 and a-f");
        TRY(put(reading, &text, digit_of(high) << 4 | digit_of(low)));
    }
    *ret_bytes = (str) { text.size ? text.bytes : "", text.size };
    return OK;
}

static error read_number(struct reading *reading, enum db_column_kind kind, struct db_value *ret_value)
{
    char word[NUMBER_BYTES];
    size_t size = 0;
    int byte;
    for (;;) {
        TRY(peek(reading, &byte));
        if (!(isdigit(byte) || (byte > 0 && strchr("+-.e", byte))) || size == sizeof word - 1)
            break;
        word[size++] = (char)byte;
        TRY(take(reading, &byte));
    }
    str text = { word, size };
    *ret_value = (struct db_value) { .kind = kind == DB_COLUMN_INT ? DB_INT : DB_NUMBER };
    bool good = kind == DB_COLUMN_INT ? str_to_int(text, &ret_value->integer) : str_to_number(text, &ret_value->number);
    return good ? OK : wrong(reading, "a number was expected here");
}

static error read_value(struct reading *reading, enum db_column_kind kind, struct db_value *ret_value)
{
    int byte;
    str text;
    TRY(peek(reading, &byte));
    if (byte == 'N') {
        *ret_value = db_null();
        return expect(reading, "NULL");
    }
    switch (kind) {
    case DB_COLUMN_TEXT:
        TRY(read_text(reading, &text));
        *ret_value = db_text(text);
        return OK;
    case DB_COLUMN_BYTES:
        TRY(read_bytes(reading, &text));
        *ret_value = db_bytes(text.data, text.size);
        return OK;
    case DB_COLUMN_BOOL:
        *ret_value = db_bool(byte == 'T');
        return expect(reading, byte == 'T' ? "TRUE" : "FALSE");
    default:
        return read_number(reading, kind, ret_value);
    }
}

static error read_row(struct reading *reading)
{
    TRY(expect(reading, "INSERT INTO "));
    if (!reading->count)
        return wrong(reading, "rows come after the CREATE TABLE of their table");
    TRY(expect(reading, reading->table));
    TRY(expect(reading, " ("));
    for (size_t i = 0; i < reading->count; i++) {
        TRY(expect(reading, i ? ", " : ""));
        TRY(expect(reading, reading->names[i]));
    }
    TRY(expect(reading, ") VALUES ("));
    arena_reset(reading->arena);
    for (size_t i = 0; i < reading->count; i++) {
        TRY(expect(reading, i ? ", " : ""));
        TRY(read_value(reading, reading->columns[i].kind, &reading->values[i]));
    }
    TRY(expect(reading, ");"));
    error result = reading->parser->row(reading->parser->context, reading->values);
    if (error_is(result))
        return refused(reading, result);
    reading->rows++;
    return expect(reading, "\n");
}

// Ends of tables and of the export, the only lines of their kind behind the head.
static error read_end(struct reading *reading, bool *ret_ended)
{
    char line[LINE_BYTES], wanted[LINE_BYTES];
    int byte;
    TRY(expect(reading, "-- end of "));
    TRY(read_line(reading, line));
    reading->line--; // the one that was just read
    if (reading->count) {
        snprintf(wanted, sizeof wanted, "%s: %lld rows", reading->table, (long long)reading->rows);
        if (strcmp(line, wanted))
            return wrong(reading, "%lld rows of %s came before this line: the file is not whole",
                (long long)reading->rows, reading->table);
        reading->count = 0;
        reading->tables++;
        reading->line++;
        return OK;
    }
    snprintf(wanted, sizeof wanted, "export: %lld tables", (long long)reading->tables);
    if (strcmp(line, wanted))
        return wrong(reading, "%lld tables came before this line: the file is not whole", (long long)reading->tables);
    reading->line++;
    TRY(peek(reading, &byte));
    *ret_ended = true;
    return byte < 0 ? OK : wrong(reading, "something follows the end of the export");
}

static error read_all(struct reading *reading)
{
    bool ended = false;
    TRY(read_head(reading));
    while (!ended) {
        int byte;
        TRY(peek(reading, &byte));
        if (byte == 'I')
            TRY(read_row(reading));
        else if (byte == '-')
            TRY(read_end(reading, &ended));
        else if (byte == 'C' && !reading->count)
            TRY(read_table(reading));
        else if (byte < 0)
            return wrong(reading, "the file ends in the middle");
        else
            return wrong(reading, "only CREATE TABLE and INSERT, as an export has them, are read");
    }
    return OK;
}

error database_parse(const struct database_parser *parser)
{
    struct reading *reading = calloc(1, sizeof *reading);
    ASSERT_MEMORY(reading);
    reading->parser = parser;
    reading->line = 1;
    reading->arena = arena_new(DATABASE_ROW_BYTES_MAX);
    reading->piece = malloc(PIECE_BYTES);
    ASSERT_MEMORY(reading->piece);
    error result = read_all(reading);
    free(reading->piece);
    arena_free(reading->arena);
    free(reading);
    return result;
}
