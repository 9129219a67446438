// SPDX-License-Identifier: GPL-3.0-or-later
// The five tables of document 001, read back from both databases' own catalogues.
#include "library_help.h"
#include "postgres_cluster.h"

static const char *const tables[] = { "scenes_layers", "audio_library", "audio_favorites", "avatars", "media_library" };

struct line {
    str text;
};
static const struct field line_fields[] = { FIELD(struct line, text) };
static const struct shape line_shape = SHAPE("Line", struct line, line_fields);

// "title character varying(255) required"
DB_STATEMENT2(columns,
    "SELECT name || ' ' || type || CASE WHEN \"notnull\" OR pk THEN ' required' ELSE '' END AS text"
    " FROM pragma_table_info($1) ORDER BY cid",
    "SELECT a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' required' ELSE ''"
    " END AS text FROM pg_attribute a WHERE a.attrelid = CAST($1 AS regclass) AND a.attnum > 0 AND NOT a.attisdropped"
    " ORDER BY a.attnum");
// "user_id -> users(id) CASCADE"
DB_STATEMENT2(foreign_keys,
    "SELECT \"from\" || ' -> ' || \"table\" || '(' || \"to\" || ') ' || on_delete AS text"
    " FROM pragma_foreign_key_list($1) ORDER BY 1",
    "SELECT a.attname || ' -> ' || c.confrelid::regclass::text || '(id) ' || CASE c.confdeltype WHEN 'c' THEN 'CASCADE'"
    " WHEN 'a' THEN 'NO ACTION' ELSE 'other' END AS text FROM pg_constraint c"
    " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]"
    " WHERE c.contype = 'f' AND c.conrelid = CAST($1 AS regclass) ORDER BY 1");
DB_STATEMENT2(indexes,
    "SELECT i.name || ' ' || (SELECT group_concat(x.name) FROM pragma_index_info(i.name) x) AS text"
    " FROM pragma_index_list($1) i WHERE i.origin = 'c' ORDER BY 1",
    "SELECT c.relname || ' ' || (SELECT string_agg(a.attname, ',') FROM pg_attribute a WHERE a.attrelid = c.oid) AS "
    "text"
    " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = CAST($1 AS regclass)"
    " AND NOT i.indisunique ORDER BY 1");
DB_STATEMENT2(checks, "SELECT sql AS text FROM sqlite_master WHERE type = 'table' AND name = $1",
    "SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE contype = 'c'"
    " AND conrelid = CAST($1 AS regclass) ORDER BY 1");

// What document 001 asks for; the rest is ours. PostgreSQL's word, then SQLite's where it is another.
struct expected {
    const char *table, *postgres, *sqlite;
};
#define STAMPS(table)                                                                                                  \
    { table, "created_at timestamp without time zone", "created_at TEXT" },                                            \
    {                                                                                                                  \
        table, "updated_at timestamp without time zone", "updated_at TEXT"                                             \
    }
static const struct expected expected_columns[] = {
    { "scenes_layers", "id uuid required", "id TEXT required" },
    { "scenes_layers", "scene_id uuid required", "scene_id TEXT required" },
    { "scenes_layers", "type character varying(20) required", "type VARCHAR(20) required" },
    { "scenes_layers", "name character varying(255) required", "name VARCHAR(255) required" },
    { "scenes_layers", "enabled boolean", "enabled BOOLEAN" },
    { "scenes_layers", "duration double precision required", "duration FLOAT required" },
    { "scenes_layers", "start_time double precision required", "start_time FLOAT required" },
    { "scenes_layers", "end_time double precision required", "end_time FLOAT required" },
    { "scenes_layers", "order_index integer required", "order_index INTEGER required" },
    { "scenes_layers", "properties jsonb required", "properties TEXT required" },
    STAMPS("scenes_layers"),
    { "audio_library", "id uuid required", "id TEXT required" },
    { "audio_library", "title character varying(255) required", "title VARCHAR(255) required" },
    { "audio_library", "artist character varying(255)", "artist VARCHAR(255)" },
    { "audio_library", "duration double precision required", "duration FLOAT required" },
    { "audio_library", "category character varying(50) required", "category VARCHAR(50) required" },
    { "audio_library", "tags text[]", "tags TEXT" },
    { "audio_library", "url text required", "url TEXT required" },
    { "audio_library", "waveform_url text", "waveform_url TEXT" },
    { "audio_library", "thumbnail_url text", "thumbnail_url TEXT" },
    { "audio_library", "source character varying(50) required", "source VARCHAR(50) required" },
    { "audio_library", "is_premium boolean", "is_premium BOOLEAN" },
    { "audio_library", "user_id uuid", "user_id TEXT" },
    STAMPS("audio_library"),
    { "audio_favorites", "user_id uuid required", "user_id TEXT required" },
    { "audio_favorites", "audio_id uuid required", "audio_id TEXT required" },
    { "audio_favorites", "created_at timestamp without time zone", "created_at TEXT" },
    { "avatars", "id uuid required", "id TEXT required" },
    { "avatars", "name character varying(255) required", "name VARCHAR(255) required" },
    { "avatars", "gender character varying(20)", "gender VARCHAR(20)" },
    { "avatars", "style character varying(50)", "style VARCHAR(50)" },
    { "avatars", "thumbnail_url text required", "thumbnail_url TEXT required" },
    { "avatars", "preview_url text required", "preview_url TEXT required" },
    { "avatars", "video_url text", "video_url TEXT" },
    { "avatars", "source character varying(50) required", "source VARCHAR(50) required" },
    { "avatars", "is_premium boolean", "is_premium BOOLEAN" },
    { "avatars", "user_id uuid", "user_id TEXT" },
    { "avatars", "parent_avatar_id uuid", "parent_avatar_id TEXT" },
    STAMPS("avatars"),
    { "media_library", "id uuid required", "id TEXT required" },
    { "media_library", "type character varying(20) required", "type VARCHAR(20) required" },
    { "media_library", "title character varying(255) required", "title VARCHAR(255) required" },
    { "media_library", "url text required", "url TEXT required" },
    { "media_library", "thumbnail_url text required", "thumbnail_url TEXT required" },
    { "media_library", "source character varying(50) required", "source VARCHAR(50) required" },
    { "media_library", "category character varying(100)", "category VARCHAR(100)" },
    { "media_library", "tags text[]", "tags TEXT" },
    { "media_library", "dimensions jsonb", "dimensions TEXT" },
    { "media_library", "duration double precision", "duration FLOAT" },
    { "media_library", "is_premium boolean", "is_premium BOOLEAN" },
    { "media_library", "user_id uuid", "user_id TEXT" },
    { "media_library", "ai_prompt text", "ai_prompt TEXT" },
    STAMPS("media_library"),
};
#define BOTH(table, text)                                                                                              \
    {                                                                                                                  \
        table, text, text                                                                                              \
    }
static const struct expected expected_keys[] = {
    BOTH("scenes_layers", "scene_id -> scenes(id) CASCADE"),
    BOTH("audio_library", "user_id -> users(id) NO ACTION"),
    BOTH("audio_favorites", "user_id -> users(id) CASCADE"),
    BOTH("audio_favorites", "audio_id -> audio_library(id) CASCADE"),
    BOTH("avatars", "user_id -> users(id) NO ACTION"),
    BOTH("avatars", "parent_avatar_id -> avatars(id) NO ACTION"),
    BOTH("media_library", "user_id -> users(id) NO ACTION"),
};
static const struct expected expected_indexes[] = {
    BOTH("scenes_layers", "idx_scenes_layers_scene_id scene_id"),
    BOTH("scenes_layers", "idx_scenes_layers_type type"),
    BOTH("audio_library", "idx_audio_library_category category"),
    BOTH("audio_library", "idx_audio_library_source source"),
    BOTH("audio_library", "idx_audio_library_user_id user_id"),
    BOTH("avatars", "idx_avatars_gender gender"),
    BOTH("avatars", "idx_avatars_source source"),
    BOTH("avatars", "idx_avatars_user_id user_id"),
    BOTH("media_library", "idx_media_library_type type"),
    BOTH("media_library", "idx_media_library_source source"),
    BOTH("media_library", "idx_media_library_user_id user_id"),
};
// The words that a check allows, in their order.
static const struct {
    const char *table, *column, *words[8];
} expected_checks[] = {
    { "scenes_layers", "type", { "audio", "voiceover", "text", "media", "shape", "avatar", "effect" } },
    { "audio_library", "category", { "music", "sound_effects" } },
    { "audio_library", "source", { "stock", "uploaded", "generated" } },
    { "avatars", "gender", { "male", "female", "neutral" } },
    { "avatars", "source", { "stock", "custom", "generated" } },
    { "media_library", "type", { "image", "video", "gif" } },
    { "media_library", "source", { "stock", "ai", "uploaded" } },
};

static struct list lines_of(struct library *library, const struct db_statement *statement, const char *table)
{
    struct list lines;
    assert_ok(
        db_all(library->scope.db, library->arena, statement, DB_ARGS(db_text(str_of(table))), &line_shape, 0, &lines));
    return lines;
}

static void has_all(struct library *library, const struct db_statement *statement, const struct expected *expected,
    size_t count, bool postgres)
{
    for (size_t i = 0; i < count; i++) {
        const char *wanted = postgres ? expected[i].postgres : expected[i].sqlite;
        struct list lines = lines_of(library, statement, expected[i].table);
        bool found = false;
        for (size_t k = 0; k < lines.count; k++)
            found = found || str_equal_c(((struct line *)lines.items)[k].text, wanted);
        if (!found)
            fail_msg("%s has no \"%s\"", expected[i].table, wanted);
    }
}

// A check on the column that names these words one after the other, and no more words.
static bool allows(str text, const char *column, const char *const *words)
{
    char beginning[64];
    snprintf(beginning, sizeof beginning, "(%s IN", column);
    ptrdiff_t at = str_find(text, str_of(beginning)); // SQLite keeps what was written
    if (at < 0) {
        snprintf(beginning, sizeof beginning, "((%s)::text = ANY", column); // PostgreSQL's way to say it
        at = str_find(text, str_of(beginning));
    }
    if (at < 0)
        return false;
    str rest = str_sub(text, (size_t)at, text.size), part;
    ptrdiff_t end = str_find(rest, STR("))"));
    rest = end < 0 ? rest : str_sub(rest, 0, (size_t)end);
    size_t count = 0;
    (void)str_split(&rest, '\'', &part);
    for (bool inside = true; str_split(&rest, '\'', &part); inside = !inside) {
        if (!inside)
            continue;
        if (!words[count] || !str_equal_c(part, words[count]))
            return false;
        count++;
    }
    return count > 1 && !words[count];
}

static void has_checks(struct library *library)
{
    for (size_t i = 0; i < sizeof expected_checks / sizeof *expected_checks; i++) {
        struct list lines = lines_of(library, &checks, expected_checks[i].table);
        bool found = false;
        for (size_t k = 0; k < lines.count; k++)
            found = found
                    || allows(
                        ((struct line *)lines.items)[k].text, expected_checks[i].column, expected_checks[i].words);
        if (!found)
            fail_msg("%s does not check %s as document 001 does", expected_checks[i].table, expected_checks[i].column);
    }
}

static void read_back(const char *postgres_url)
{
    struct library library;
    bool postgres = postgres_url != NULL;
    library_open(&library, postgres_url);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        assert_true(lines_of(&library, &columns, tables[i]).count > 2);
    has_all(&library, &columns, expected_columns, sizeof expected_columns / sizeof *expected_columns, postgres);
    has_all(&library, &foreign_keys, expected_keys, sizeof expected_keys / sizeof *expected_keys, postgres);
    has_all(&library, &indexes, expected_indexes, sizeof expected_indexes / sizeof *expected_indexes, postgres);
    has_checks(&library);
    library_close(&library);
}

static void document_001_has_its_tables_on_sqlite(void **state)
{
    (void)state;
    read_back(NULL);
}

static void document_001_has_its_tables_on_postgresql(void **state)
{
    (void)state;
    if (!postgres_cluster_possible())
        skip();
    struct postgres_cluster *cluster = postgres_cluster_start();
    assert_non_null(cluster);
    read_back(postgres_cluster_url(cluster));
    postgres_cluster_stop(cluster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(document_001_has_its_tables_on_sqlite),
        cmocka_unit_test(document_001_has_its_tables_on_postgresql),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
