// SPDX-License-Identifier: GPL-3.0-or-later
// PostgreSQL's words for types and defaults into SQLite's, outside of quotes and comments. Only words in
// capitals are taken, so that a column may be called uuid or timestamp.
#include <ctype.h>
#include <string.h>

#include "base/buffer.h"
#include "db/driver.h"

// A space in `from` stands for any white space. Longer patterns stand before their beginnings.
static const struct {
    const char *from, *to;
} words[] = {
    { "BIGSERIAL PRIMARY KEY", "INTEGER PRIMARY KEY AUTOINCREMENT" },
    { "SERIAL PRIMARY KEY", "INTEGER PRIMARY KEY AUTOINCREMENT" },
    { "DEFAULT gen_random_uuid()", "" },
    { "DEFAULT NOW()", "DEFAULT CURRENT_TIMESTAMP" },
    { "TEXT[]", "TEXT" },
    { "UUID", "TEXT" },
    { "JSONB", "TEXT" },
    { "TIMESTAMP", "TEXT" },
    { "BYTEA", "BLOB" },
};

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Size of the text at `at` that the pattern matches as whole words, or 0.
static size_t match(str sql, size_t at, const char *pattern)
{
    size_t i = at;
    for (const char *p = pattern; *p; p++) {
        if (*p == ' ') {
            if (i >= sql.size || !is_space(sql.data[i]))
                return 0;
            while (i < sql.size && is_space(sql.data[i]))
                i++;
        } else if (i >= sql.size || sql.data[i++] != *p) {
            return 0;
        }
    }
    bool cut = is_word(sql.data[i - 1]) && i < sql.size && is_word(sql.data[i]);
    return cut ? 0 : i - at;
}

// Size of the quoted text or comment that begins at `at`, or 0.
static size_t skip(str sql, size_t at)
{
    char c = sql.data[at];
    str rest = str_sub(sql, at, sql.size);
    str end = STR_NONE;
    if (c == '\'' || c == '"') {
        // A doubled quote ends one text and begins the next: the same for us.
        const char *close = memchr(rest.data + 1, c, rest.size - 1);
        return close ? (size_t)(close - rest.data) + 1 : rest.size;
    }
    if (str_starts(rest, STR("--")))
        end = STR("\n");
    if (str_starts(rest, STR("/*")))
        end = STR("*/");
    if (!end.data)
        return 0;
    ptrdiff_t found = str_find(rest, end);
    return found < 0 ? rest.size : (size_t)found + end.size;
}

str db_sqlite_words(struct arena *arena, str sql)
{
    BUFFER_AUTO struct buffer out = { 0 };
    for (size_t i = 0; i < sql.size;) {
        size_t size = skip(sql, i);
        bool word_begins = !size && is_word(sql.data[i]) && (i == 0 || !is_word(sql.data[i - 1]));
        const char *to = NULL;
        for (size_t k = 0; word_begins && !to && k < sizeof words / sizeof *words; k++) {
            size = match(sql, i, words[k].from);
            to = size ? words[k].to : NULL;
        }
        if (to)
            buffer_append_c(&out, to);
        else
            buffer_append(&out, sql.data + i, size ? size : (size = 1));
        i += size;
    }
    ASSERT_MEMORY(!out.failed);
    return str_copy(arena, out.size ? buffer_str(&out) : STR(""));
}
