// SPDX-License-Identifier: GPL-3.0-or-later
#include "db/catalogue.h"

#include <stdlib.h>
#include <string.h>

#include "db/driver.h"

struct name {
    str name;
};
static const struct field name_fields[] = { FIELD(struct name, name) };
static const struct shape name_shape = SHAPE("CatalogueName", struct name, name_fields);
struct column_row {
    str name, type;
    bool required;
};
static const struct field column_fields[] = {
    FIELD(struct column_row, name),
    FIELD(struct column_row, type),
    FIELD(struct column_row, required),
};
static const struct shape column_shape = SHAPE("CatalogueColumn", struct column_row, column_fields);

DB_STATEMENT2(all_tables,
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    " AND name NOT IN (SELECT v.name || s.suffix FROM sqlite_master v, (SELECT '_data' AS suffix UNION ALL SELECT "
    "'_idx'"
    " UNION ALL SELECT '_content' UNION ALL SELECT '_docsize' UNION ALL SELECT '_config') s"
    " WHERE v.sql LIKE 'CREATE VIRTUAL%') ORDER BY name",
    "SELECT CAST(table_name AS TEXT) AS name FROM information_schema.tables WHERE table_schema = current_schema()"
    " AND table_type = 'BASE TABLE' ORDER BY table_name");
DB_STATEMENT2(all_columns,
    "SELECT name, type, \"notnull\" AND dflt_value IS NULL AND NOT (pk AND type = 'INTEGER') AS required"
    " FROM pragma_table_info($1) ORDER BY cid",
    "SELECT CAST(column_name AS TEXT) AS name, CAST(data_type AS TEXT) AS type, is_nullable = 'NO'"
    " AND column_default IS NULL AS required FROM information_schema.columns WHERE table_schema = current_schema()"
    " AND table_name = CAST($1 AS TEXT) ORDER BY ordinal_position");
DB_STATEMENT2(all_references, "SELECT DISTINCT \"table\" AS name FROM pragma_foreign_key_list($1)",
    "SELECT DISTINCT CAST(target.relname AS TEXT) AS name FROM pg_constraint c JOIN pg_class source ON"
    " source.oid = c.conrelid JOIN pg_class target ON target.oid = c.confrelid WHERE c.contype = 'f'"
    " AND source.relname = CAST($1 AS TEXT) AND CAST(source.relnamespace AS regnamespace) = CAST(current_schema() AS"
    " regnamespace)");

static bool is_word(str name)
{
    for (size_t i = 0; i < name.size; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_", name.data[i]))
            return false;
    return name.size > 0;
}

// False for what the database makes of other columns, and for words that are not ours.
static bool read_kind(str type, enum db_column_kind *ret_kind)
{
    static const struct {
        const char *word;
        enum db_column_kind kind;
    } kinds[] = { { "bigint", DB_COLUMN_INT }, { "integer", DB_COLUMN_INT }, { "double", DB_COLUMN_NUMBER },
        { "float", DB_COLUMN_NUMBER }, { "bool", DB_COLUMN_BOOL }, { "blob", DB_COLUMN_BYTES },
        { "bytea", DB_COLUMN_BYTES }, { "text", DB_COLUMN_TEXT }, { "varchar", DB_COLUMN_TEXT },
        { "character varying", DB_COLUMN_TEXT }, { "uuid", DB_COLUMN_TEXT }, { "jsonb", DB_COLUMN_TEXT },
        { "timestamp", DB_COLUMN_TEXT }, { "array", DB_COLUMN_TEXT } };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        str word = str_of(kinds[i].word);
        if (!str_equal_fold(str_sub(type, 0, word.size), word))
            continue;
        *ret_kind = kinds[i].kind;
        return true;
    }
    return false;
}

static error read_table(struct db *db, struct arena *arena, struct db_table *table)
{
    struct list rows;
    TRY(db_all(db, arena, &all_columns, DB_ARGS(db_text(table->name)), &column_shape, 0, &rows));
    table->columns = ARENA_ARRAY(arena, struct db_column, rows.count);
    for (size_t i = 0; i < rows.count; i++) {
        const struct column_row *row = &((struct column_row *)rows.items)[i];
        struct db_column column = {
            .name = row->name, .required = row->required, .is_list = str_equal_fold(row->type, STR("array"))
        };
        if (is_word(row->name) && read_kind(row->type, &column.kind))
            table->columns[table->column_count++] = column;
    }
    return OK;
}

static bool is_placed(const struct db_table *tables, size_t count, str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(tables[i].name, name))
            return true;
    return false;
}

// Whether all that the table refers to, itself left out, has its place.
static error is_ready(
    struct db *db, struct arena *arena, const struct db_table *tables, size_t count, str name, bool *ret_ready)
{
    struct list rows;
    TRY(db_all(db, arena, &all_references, DB_ARGS(db_text(name)), &name_shape, 0, &rows));
    *ret_ready = true;
    for (size_t i = 0; i < rows.count; i++) {
        str other = ((struct name *)rows.items)[i].name;
        *ret_ready = *ret_ready && (str_equal(other, name) || is_placed(tables, count, other));
    }
    return OK;
}

error db_tables(struct db *db, struct arena *arena, struct db_table **ret_tables, size_t *ret_count)
{
    struct list names;
    TRY(db_all(db, arena, &all_tables, DB_NO_ARGS, &name_shape, 0, &names));
    struct db_table *tables = ARENA_ARRAY(arena, struct db_table, names.count);
    size_t count = 0;
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < names.count; i++) {
            str name = ((struct name *)names.items)[i].name;
            bool ready = is_word(name) && !is_placed(tables, count, name);
            if (ready)
                TRY(is_ready(db, arena, tables, count, name, &ready));
            if (!ready)
                continue;
            tables[count].name = name;
            TRY(read_table(db, arena, &tables[count++]));
            more = true;
        }
    }
    *ret_tables = tables;
    *ret_count = count;
    return OK;
}

static void put_columns(struct buffer *sql, const struct db_table *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        buffer_format(sql, "%s%.*s", i ? ", " : "", STR_ARGS(table->columns[i].name));
}

// The same as they are read.
static void put_read(struct buffer *sql, const struct db_table *table)
{
    for (size_t i = 0; i < table->column_count; i++) {
        str name = table->columns[i].name;
        buffer_append_c(sql, i ? ", " : "");
        if (table->columns[i].is_list)
            buffer_format(sql, "CAST(to_json(%.*s) AS TEXT) AS %.*s", STR_ARGS(name), STR_ARGS(name));
        else
            buffer_append_str(sql, name);
    }
}

// And as they come out of a fresh table.
static void put_moved(struct buffer *sql, const struct db_table *table)
{
    for (size_t i = 0; i < table->column_count; i++) {
        str name = table->columns[i].name;
        buffer_append_c(sql, i ? ", " : "");
        if (table->columns[i].is_list)
            buffer_format(sql,
                "CASE WHEN %.*s IS NULL THEN NULL ELSE"
                " ARRAY(SELECT jsonb_array_elements_text(CAST(%.*s AS JSONB))) END",
                STR_ARGS(name), STR_ARGS(name));
        else
            buffer_append_str(sql, name);
    }
}

// In the arena, so that its address is its own as long as the connection may remember it.
static struct db_statement *make_statement(struct arena *arena, const char *name, const struct buffer *sql)
{
    struct db_statement *statement = ARENA_NEW(arena, struct db_statement);
    const char *text = str_copy(arena, buffer_str(sql)).data;
    *statement = (struct db_statement) { name, text, text };
    return statement;
}

error db_table_count(struct db *db, struct arena *arena, const struct db_table *table, int64_t *ret_count)
{
    BUFFER_AUTO struct buffer sql = { 0 };
    buffer_format(&sql, "SELECT count(*) FROM %.*s", STR_ARGS(table->name));
    struct db_statement *statement = make_statement(arena, "count", &sql);
    error result = db_integer(db, statement, DB_NO_ARGS, ret_count, NULL);
    db_forget(db, statement);
    return result;
}

DB_STATEMENT2(read_number, "SELECT seq FROM sqlite_sequence WHERE name = $1",
    "SELECT coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = current_schema() AND sequencename ="
    " CAST($1 AS TEXT) || '_number_seq'");
DB_STATEMENT2(raise_number, "UPDATE sqlite_sequence SET seq = max(seq, $2) WHERE name = $1",
    "SELECT setval(CAST(CAST($1 AS TEXT) || '_number_seq' AS REGCLASS), GREATEST($2,"
    " nextval(CAST(CAST($1 AS TEXT) || '_number_seq' AS REGCLASS))))");
DB_STATEMENT2(begin_number,
    "INSERT INTO sqlite_sequence (name, seq) SELECT $1, 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name ="
    " $1)",
    "SELECT 1");

error db_number_read(struct db *db, const struct db_table *table, int64_t *ret_number)
{
    bool found;
    int64_t number = 0;
    TRY(db_integer(db, &read_number, DB_ARGS(db_text(table->name)), &number, &found));
    *ret_number = found ? number : 0;
    return OK;
}

error db_number_raise(struct db *db, const struct db_table *table, int64_t number)
{
    if (!number)
        return OK;
    TRY(db_run(db, &begin_number, DB_ARGS(db_text(table->name)), NULL));
    return db_run(db, &raise_number, DB_ARGS(db_text(table->name), db_int(number)), NULL);
}

// Reading

struct db_dump {
    struct db *db;
    struct arena *arena;
    const struct db_table *table;
    struct db_statement *rows;    // PostgreSQL: the next of them
    struct db_prepared *prepared; // while one runs
    struct db_value *values;
    char **kept; // texts, since a cell's is gone with the next
    size_t *room;
    bool is_postgres;
};

error db_dump_open(struct db *db, struct arena *arena, const struct db_table *table, struct db_dump **ret_dump)
{
    BUFFER_AUTO struct buffer sql = { 0 };
    struct db_dump *dump = ARENA_NEW(arena, struct db_dump);
    *dump = (struct db_dump) { .db = db,
        .arena = arena,
        .table = table,
        .values = ARENA_ARRAY(arena, struct db_value, table->column_count),
        .kept = ARENA_ARRAY(arena, char *, table->column_count),
        .room = ARENA_ARRAY(arena, size_t, table->column_count),
        .is_postgres = db_pool_kind(db->pool) == DB_POSTGRES };
    if (dump->is_postgres)
        buffer_append_c(&sql, "DECLARE dump NO SCROLL CURSOR FOR ");
    buffer_append_c(&sql, "SELECT ");
    put_read(&sql, table);
    buffer_format(&sql, " FROM %.*s", STR_ARGS(table->name));
    if (dump->is_postgres) { // which would give all rows at once
        TRY(db_script(db, str_copy(arena, buffer_str(&sql)).data));
        buffer_clear(&sql);
        buffer_append_c(&sql, "FETCH 200 FROM dump");
    }
    dump->rows = make_statement(arena, "dump", &sql);
    *ret_dump = dump;
    return OK;
}

static void keep_text(struct db_dump *dump, size_t i, str text)
{
    if (text.size > dump->room[i]) {
        free(dump->kept[i]);
        dump->kept[i] = malloc(text.size);
        dump->room[i] = dump->kept[i] ? text.size : 0;
    }
    ASSERT_MEMORY(!text.size || dump->kept[i]);
    if (text.size)
        memcpy(dump->kept[i], text.data, text.size);
    dump->values[i].text = (str) { dump->kept[i] ? dump->kept[i] : "", text.size };
}

static error take_cell(struct db_dump *dump, size_t i, struct db_cell cell)
{
    static const enum db_value_kind kinds[] = { DB_INT, DB_NUMBER, DB_BOOL, DB_TEXT, DB_BYTES };
    enum db_column_kind kind = dump->table->columns[i].kind;
    struct db_value *value = &dump->values[i];
    value->kind = cell.kind == CELL_NULL ? DB_NULL : kinds[kind];
    if (cell.kind == CELL_NULL)
        return OK;
    bool good = true;
    if (kind == DB_COLUMN_TEXT || kind == DB_COLUMN_BYTES)
        good = cell.kind == CELL_TEXT;
    else if (kind == DB_COLUMN_BOOL)
        value->boolean = cell.kind == CELL_TEXT ? str_equal_c(cell.text, "t") : cell.integer != 0;
    else if (kind == DB_COLUMN_INT)
        good = cell.kind == CELL_INTEGER || (cell.kind == CELL_TEXT && str_to_int(cell.text, &value->integer));
    else
        good = cell.kind != CELL_TEXT || str_to_number(cell.text, &value->number);
    if (!good)
        return error_make(ERROR_DATA_CORRUPT, dump->table->name.data, "A value of %.*s.%.*s is of a wrong kind",
            STR_ARGS(dump->table->name), STR_ARGS(dump->table->columns[i].name));
    if (cell.kind == CELL_INTEGER && kind == DB_COLUMN_INT)
        value->integer = cell.integer;
    if (kind == DB_COLUMN_NUMBER && cell.kind != CELL_TEXT)
        value->number = cell.kind == CELL_INTEGER ? (double)cell.integer : cell.number;
    if (kind == DB_COLUMN_TEXT || kind == DB_COLUMN_BYTES)
        keep_text(dump, i, cell.text);
    return OK;
}

static error next_row(struct db_dump *dump, bool *ret_row)
{
    const struct db_driver *driver = dump->db->pool->driver;
    bool fresh = !dump->prepared;
    if (fresh)
        TRY(driver->start(dump->db, dump->rows, DB_NO_ARGS, &dump->prepared));
    TRY(driver->next(dump->db, dump->prepared, ret_row));
    if (*ret_row || !dump->is_postgres || fresh)
        return OK;
    driver->finish(dump->db, TAKE(dump->prepared)); // the next lot
    return next_row(dump, ret_row);
}

error db_dump_next(struct db_dump *dump, const struct db_value **ret_values, bool *ret_row)
{
    TRY(next_row(dump, ret_row));
    for (size_t i = 0; *ret_row && i < dump->table->column_count; i++)
        TRY(take_cell(dump, i, dump->db->pool->driver->cell(dump->db, dump->prepared, (int)i)));
    *ret_values = dump->values;
    return OK;
}

void db_dump_close(struct db_dump *dump)
{
    if (dump->prepared)
        dump->db->pool->driver->finish(dump->db, TAKE(dump->prepared));
    for (size_t i = 0; i < dump->table->column_count; i++)
        free(TAKE(dump->kept[i]));
    error closed = dump->is_postgres ? db_script(dump->db, "CLOSE dump") : OK;
    (void)closed; // one that could not be closed goes with its connection
}

// Writing

struct db_load {
    struct db *db;
    struct arena *arena;
    const struct db_table *tables;
    size_t count;
    struct db_statement *insert; // of the table whose rows come
    int64_t *rows;               // by table
    size_t table, width;
    bool direct; // no fresh tables
};

static error run_script(struct db_load *load, const struct buffer *sql)
{
    return db_script(load->db, str_copy(load->arena, buffer_str(sql)).data);
}

error db_load_begin(struct db *db, struct arena *arena, const struct db_table *tables, size_t count, bool empty,
    struct db_load **ret_load)
{
    struct db_load *load = ARENA_NEW(arena, struct db_load);
    bool is_postgres = db_pool_kind(db->pool) == DB_POSTGRES;
    *load = (struct db_load) { .db = db,
        .arena = arena,
        .tables = tables,
        .count = count,
        .rows = ARENA_ARRAY(arena, int64_t, count),
        .direct = empty && !is_postgres };
    // SQLite looks at references at the end of the change.
    TRY(db_script(db, is_postgres ? "SET LOCAL statement_timeout = 0; SET LOCAL temp_buffers = '32MB'"
                                  : "PRAGMA defer_foreign_keys = ON"));
    for (size_t i = 0; i < count && !load->direct; i++) {
        BUFFER_AUTO struct buffer sql = { 0 };
        buffer_format(&sql, "CREATE TEMP TABLE import_%.*s AS SELECT ", STR_ARGS(tables[i].name));
        put_read(&sql, &tables[i]);
        buffer_format(&sql, " FROM %.*s WHERE 1 = 0", STR_ARGS(tables[i].name));
        TRY(run_script(load, &sql));
    }
    *ret_load = load;
    return OK;
}

static void forget_insert(struct db_load *load)
{
    if (load->insert)
        db_forget(load->db, TAKE(load->insert));
}

error db_load_table(struct db_load *load, const struct db_table *table, const size_t *columns, size_t count)
{
    BUFFER_AUTO struct buffer sql = { 0 };
    if (count > DB_PARAMETERS_MAX)
        return error_of(ERROR_LIMIT_EXCEEDED);
    forget_insert(load);
    load->table = (size_t)(table - load->tables);
    load->width = count;
    buffer_format(&sql, "INSERT INTO %s%.*s (", load->direct ? "" : "import_", STR_ARGS(table->name));
    for (size_t i = 0; i < count; i++)
        buffer_format(&sql, "%s%.*s", i ? ", " : "", STR_ARGS(table->columns[columns[i]].name));
    buffer_append_c(&sql, ") VALUES (");
    for (size_t i = 0; i < count; i++)
        buffer_format(&sql, "%s$%zu", i ? ", " : "", i + 1);
    buffer_append_c(&sql, ")");
    load->insert = make_statement(load->arena, "load", &sql);
    return OK;
}

error db_load_row(struct db_load *load, const struct db_value *values)
{
    load->rows[load->table]++;
    return db_run(load->db, load->insert, (struct db_args) { values, load->width }, NULL);
}

static error move_rows(struct db_load *load, size_t i)
{
    BUFFER_AUTO struct buffer sql = { 0 };
    const struct db_table *table = &load->tables[i];
    int64_t moved;
    buffer_format(&sql, "INSERT INTO %.*s (", STR_ARGS(table->name));
    put_columns(&sql, table);
    buffer_append_c(&sql, ") SELECT ");
    put_moved(&sql, table);
    buffer_format(&sql, " FROM import_%.*s", STR_ARGS(table->name));
    struct db_statement *statement = make_statement(load->arena, "swap", &sql);
    error result = db_run(load->db, statement, DB_NO_ARGS, &moved);
    db_forget(load->db, statement);
    if (error_is(result))
        return error_make(result.code == ERROR_CONFLICT ? ERROR_VALIDATION_ERROR : result.code, table->name.data,
            "The rows of %.*s do not fit: %s", STR_ARGS(table->name), result.message);
    if (moved != load->rows[i])
        return error_make(ERROR_DATA_CORRUPT, table->name.data, "%lld of %lld rows of %.*s arrived", (long long)moved,
            (long long)load->rows[i], STR_ARGS(table->name));
    buffer_clear(&sql);
    buffer_format(&sql, "DROP TABLE import_%.*s", STR_ARGS(table->name));
    return run_script(load, &sql);
}

// SQLite never gives a number again that a table has had.
static error raise_numbers(struct db_load *load, const struct db_table *table)
{
    BUFFER_AUTO struct buffer sql = { 0 };
    bool numbered = false;
    for (size_t i = 0; i < table->column_count; i++)
        numbered = numbered
                   || (str_equal_c(table->columns[i].name, "number") && table->columns[i].kind == DB_COLUMN_INT);
    if (!numbered || db_pool_kind(load->db->pool) != DB_POSTGRES)
        return OK;
    buffer_format(&sql,
        "SELECT setval(pg_get_serial_sequence('%.*s', 'number'), GREATEST((SELECT COALESCE(max(number), 1)"
        " FROM %.*s), nextval(pg_get_serial_sequence('%.*s', 'number'))))",
        STR_ARGS(table->name), STR_ARGS(table->name), STR_ARGS(table->name));
    return run_script(load, &sql);
}

error db_load_swap(struct db_load *load, const struct db_table *cleared, size_t count)
{
    forget_insert(load);
    for (size_t i = count; i > 0 && !load->direct; i--) {
        BUFFER_AUTO struct buffer sql = { 0 };
        buffer_format(&sql, "DELETE FROM %.*s", STR_ARGS(cleared[i - 1].name));
        TRY(run_script(load, &sql));
    }
    for (size_t i = 0; i < load->count && !load->direct; i++) {
        TRY(move_rows(load, i));
        TRY(raise_numbers(load, &load->tables[i]));
    }
    return OK;
}

void db_load_end(struct db_load *load)
{
    forget_insert(load);
}
