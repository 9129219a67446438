// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/database_export.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "domain/database_tables.h"

enum { ARENA_BYTES = 4 << 20, FILE_PIECE = 1 << 20 };

struct database_export {
    struct arena *arena; // of the statements too: outlives the connection
    struct db *db;
    bool reading;
    const struct keyring *keyring;
    struct db_table *tables;
    size_t count, table; // which table is next or under way
    struct db_dump *dump;
    int64_t rows;
    struct database_sum *sums; // by table; NULL: they are not wanted
    int schema;
    bool began, ended;
};

void database_export_close(struct database_export *export)
{
    if (!export)
        return;
    if (export->dump)
        db_dump_close(export->dump);
    if (export->reading)
        db_read_end(export->db);
    db_disconnect(export->db);
    arena_free(export->arena);
    free(export);
}

static error open_snapshot(struct db_pool *pool, bool (*wanted)(str table), struct database_export *export)
{
    TRY(db_connect(pool, &export->db));
    TRY(db_read_begin(export->db));
    export->reading = true;
    TRY(db_schema_version(export->db, &export->schema));
    return database_tables(export->db, export->arena, wanted, &export->tables, &export->count);
}

static error open_export(
    struct db_pool *pool, const struct keyring *keyring, bool (*wanted)(str table), struct database_export **ret_export)
{
    struct database_export *export = calloc(1, sizeof *export);
    ASSERT_MEMORY(export);
    export->arena = arena_new(ARENA_BYTES);
    export->keyring = keyring;
    error result = open_snapshot(pool, wanted, export);
    if (error_is(result))
        database_export_close(export);
    else
        *ret_export = export;
    return result;
}

error database_export_open(struct db_pool *pool, const struct keyring *keyring, struct database_export **ret_export)
{
    return open_export(pool, keyring, database_is_moved, ret_export);
}

error database_export_open_whole(
    struct db_pool *pool, const struct keyring *keyring, struct database_export **ret_export)
{
    struct database_export *export;
    TRY(open_export(pool, keyring, database_is_backed_up, &export));
    export->sums = ARENA_ARRAY(export->arena, struct database_sum, export->count);
    for (size_t i = 0; i < export->count; i++)
        export->sums[i].table = export->tables[i].name;
    *ret_export = export;
    return OK;
}

struct db *database_export_snapshot(struct database_export *export)
{
    return export->db;
}

int database_export_schema(const struct database_export *export)
{
    return export->schema;
}

const struct database_sum *database_export_sums(const struct database_export *export, size_t *ret_count)
{
    ASSERT(export->sums && export->ended);
    *ret_count = export->count;
    return export->sums;
}

static void put_head(struct database_export *export, struct buffer *out)
{
    buffer_format(out, "-- " DATABASE_FORMAT "\n-- schema %d\n-- master key %.*s\n-- taken %.*s\n", export->schema,
        STR_ARGS(export->keyring ? keyring_fingerprint(export->arena, export->keyring) : STR("0000000000000000")),
        STR_ARGS(clock_text(export->arena, clock_now_us())));
}

static void put_table(struct buffer *out, const struct db_table *table)
{
    buffer_format(out, "CREATE TABLE %.*s (", STR_ARGS(table->name));
    for (size_t i = 0; i < table->column_count; i++)
        buffer_format(out, "%s%.*s %s", i ? ", " : "", STR_ARGS(table->columns[i].name),
            database_kind_names[table->columns[i].kind]);
    buffer_append_c(out, ");\n");
}

static void put_text(struct buffer *out, str text)
{
    buffer_append_byte(out, '\'');
    for (size_t from = 0; from < text.size;) {
        ptrdiff_t quote = str_index(str_sub(text, from, text.size), '\'');
        size_t to = quote < 0 ? text.size : from + (size_t)quote + 1;
        buffer_append(out, text.data + from, to - from);
        if (quote >= 0)
            buffer_append_byte(out, '\'');
        from = to;
    }
    buffer_append_byte(out, '\'');
}

static void put_bytes(struct buffer *out, str bytes)
{
    static const char digits[] = "0123456789abcdef";
    buffer_append_c(out, "X'");
    for (size_t i = 0; i < bytes.size; i++) {
        buffer_append_byte(out, digits[(unsigned char)bytes.data[i] >> 4]);
        buffer_append_byte(out, digits[(unsigned char)bytes.data[i] & 15]);
    }
    buffer_append_byte(out, '\'');
}

static void put_value(struct buffer *out, const struct db_value *value)
{
    switch (value->kind) {
    case DB_NULL:
        buffer_append_c(out, "NULL");
        return;
    case DB_INT:
        buffer_format(out, "%lld", (long long)value->integer);
        return;
    case DB_NUMBER:
        buffer_format(out, "%.17g", value->number);
        return;
    case DB_BOOL:
        buffer_append_c(out, value->boolean ? "TRUE" : "FALSE");
        return;
    case DB_TEXT:
        put_text(out, value->text);
        return;
    case DB_BYTES:
        put_bytes(out, value->text);
        return;
    }
}

static void put_row(struct buffer *out, const struct db_table *table, const struct db_value *values)
{
    buffer_format(out, "INSERT INTO %.*s (", STR_ARGS(table->name));
    for (size_t i = 0; i < table->column_count; i++)
        buffer_format(out, "%s%.*s", i ? ", " : "", STR_ARGS(table->columns[i].name));
    buffer_append_c(out, ") VALUES (");
    for (size_t i = 0; i < table->column_count; i++) {
        if (i)
            buffer_append_c(out, ", ");
        put_value(out, &values[i]);
    }
    buffer_append_c(out, ");\n");
}

// A table's head, a row, or a table's end.
static error step(struct database_export *export, struct buffer *out)
{
    const struct db_table *table = &export->tables[export->table];
    const struct db_value *values;
    bool row;
    if (!export->dump) {
        put_table(out, table);
        export->rows = 0;
        return db_dump_open(export->db, export->arena, table, &export->dump);
    }
    TRY(db_dump_next(export->dump, &values, &row));
    if (row) {
        size_t before = out->size;
        put_row(out, table, values);
        if (export->sums && !out->failed)
            database_sum_add(&export->sums[export->table], str_sub(buffer_str(out), before, out->size));
        export->rows++;
        return OK;
    }
    buffer_format(out, "-- end of %.*s: %lld rows\n", STR_ARGS(table->name), (long long)export->rows);
    db_dump_close(TAKE(export->dump));
    export->table++;
    return OK;
}

error database_export_fill(struct database_export *export, struct buffer *out, size_t room)
{
    size_t start = out->size;
    if (!export->began)
        put_head(export, out);
    export->began = true;
    while (export->table < export->count && out->size - start < room)
        TRY(step(export, out));
    if (export->table == export->count && !export->ended) {
        buffer_format(out, "-- end of export: %zu tables\n", export->count);
        export->ended = true;
    }
    return out->failed ? error_of(ERROR_LIMIT_EXCEEDED) : OK;
}

static error write_all(struct database_export *export, int file)
{
    BUFFER_AUTO struct buffer piece = { 0 };
    do {
        buffer_clear(&piece);
        TRY(database_export_fill(export, &piece, FILE_PIECE));
        for (size_t done = 0; done < piece.size;) {
            ssize_t put = write(file, piece.data + done, piece.size - done);
            if (put < 0 && errno != EINTR)
                return error_system("write", "the backup", errno);
            done += put > 0 ? (size_t)put : 0;
        }
    } while (piece.size);
    return fsync(file) < 0 ? error_system("write", "the backup", errno) : OK;
}

error database_export_file(struct db_pool *pool, const struct keyring *keyring, bool whole, const char *path)
{
    struct database_export *export;
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return error_system("make", "the backup", errno);
    error result = whole ? database_export_open_whole(pool, keyring, &export)
                         : database_export_open(pool, keyring, &export);
    if (!error_is(result)) {
        result = write_all(export, file);
        database_export_close(export);
    }
    close(file);
    if (error_is(result))
        unlink(path);
    return result;
}
