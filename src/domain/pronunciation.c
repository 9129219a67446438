// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/pronunciation.h"

#include "base/clock.h"
#include "base/id.h"
#include "domain/search_tokens.h"

static const struct field fields[] = {
    FIELD(struct pronunciation, id, .format = FORMAT_UUID),
    FIELD(struct pronunciation, word, .doc = "As texts write it"),
    FIELD(struct pronunciation, spoken, .doc = "As voices are to say it"),
    FIELD(struct pronunciation, created_at),
};
const struct shape pronunciation_shape = SHAPE("Pronunciation", struct pronunciation, fields);

DB_STATEMENT(list_all, "SELECT id, word, spoken, created_at FROM pronunciation WHERE user_id = $1 ORDER BY word_key");

error pronunciation_list(struct scope *scope, struct list *ret_list)
{
    return db_all(
        scope->db, scope->arena, &list_all, DB_ARGS(db_text(scope->actor.user_id)), &pronunciation_shape, 0, ret_list);
}

static str key_of(struct arena *arena, str word)
{
    struct search_tokens tokens;
    search_tokens(arena, word, &tokens);
    if (str_index(word, ' ') >= 0)
        return STR("");
    return tokens.joined_count == 1 ? tokens.joined[0].text : tokens.word_count == 1 ? tokens.words[0].text : STR("");
}

DB_STATEMENT(count_of, "SELECT count(*) FROM pronunciation WHERE user_id = $1");
DB_STATEMENT(put,
    "INSERT INTO pronunciation (id, user_id, word, word_key, spoken, created_at)"
    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (user_id, word_key)"
    " DO UPDATE SET word = excluded.word, spoken = excluded.spoken RETURNING id, word, spoken, created_at");

error pronunciation_put(struct scope *scope, str word, str spoken, struct pronunciation *ret_pronunciation)
{
    struct arena *arena = scope->arena;
    int64_t count;
    bool found;
    str key = key_of(arena, str_trim(word));
    if (!key.size)
        return error_make(ERROR_VALIDATION_ERROR, "word", "A pronunciation is of one word, without blanks");
    TRY(db_integer(scope->db, &count_of, DB_ARGS(db_text(scope->actor.user_id)), &count, NULL));
    if (count >= PRONUNCIATIONS_MAX)
        return error_make(ERROR_VALIDATION_ERROR, "word", "There are %d pronunciations already; delete some first",
            PRONUNCIATIONS_MAX);
    return db_one(scope->db, arena, &put,
        DB_ARGS(db_text(id_new(arena)), db_text(scope->actor.user_id), db_text(str_trim(word)), db_text(key),
            db_text(spoken), db_int(clock_now_us())),
        &pronunciation_shape, ret_pronunciation, &found);
}

DB_STATEMENT(drop, "DELETE FROM pronunciation WHERE id = $1 AND user_id = $2");

error pronunciation_delete(struct scope *scope, str id)
{
    int64_t changed;
    TRY(db_run(
        scope->db, &drop, DB_ARGS(db_text(str_lower(scope->arena, id)), db_text(scope->actor.user_id)), &changed));
    return changed ? OK : error_of(ERROR_PRONUNCIATION_NOT_FOUND);
}

struct word_row {
    str word_key, spoken;
};
static const struct field word_fields[] = { FIELD(struct word_row, word_key), FIELD(struct word_row, spoken) };
static const struct shape word_shape = SHAPE("PronunciationWord", struct word_row, word_fields);

DB_STATEMENT(words_of, "SELECT word_key, spoken FROM pronunciation WHERE user_id = $1 ORDER BY word_key");

error pronunciation_words(struct scope *scope, const json_t **ret_words)
{
    struct list rows;
    TRY(db_all(scope->db, scope->arena, &words_of, DB_ARGS(db_text(scope->actor.user_id)), &word_shape, 0, &rows));
    json_t *words = json_keep(scope->arena, json_array());
    for (size_t i = 0; i < rows.count; i++) {
        const struct word_row *row = &((struct word_row *)rows.items)[i];
        json_array_append_new(
            words, json_pack("{s:o, s:o}", "word", json_str(row->word_key), "spoken", json_str(row->spoken)));
    }
    *ret_words = words;
    return OK;
}
