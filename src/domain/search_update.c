// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"
#include "domain/search.h"

// A row as it should be, and as it is.
struct entry {
    int64_t number;
    str kind, media_id, transcription_id, segment_id, video_id, scene_id, layer_id;
    double start_time;
    str text;
};
static const struct field entry_fields[] = {
    FIELD(struct entry, number),
    FIELD(struct entry, kind),
    FIELD(struct entry, media_id),
    FIELD(struct entry, transcription_id),
    FIELD(struct entry, segment_id),
    FIELD(struct entry, video_id),
    FIELD(struct entry, scene_id),
    FIELD(struct entry, layer_id),
    FIELD(struct entry, start_time),
    FIELD(struct entry, text),
};
static const struct shape entry_shape = SHAPE("SearchEntryRow", struct entry, entry_fields);

// What a text is taken from: a title, segment, scene or layer.
struct text_row {
    str kind, media_id, transcription_id, segment_id, video_id, scene_id, layer_id;
    double start_time, end_time;
    str text;
    struct raw_json words;
    int64_t created_at;
};
static const struct field text_fields[] = {
    FIELD(struct text_row, kind),
    FIELD(struct text_row, media_id),
    FIELD(struct text_row, transcription_id),
    FIELD(struct text_row, segment_id),
    FIELD(struct text_row, video_id),
    FIELD(struct text_row, scene_id),
    FIELD(struct text_row, layer_id),
    FIELD(struct text_row, start_time),
    FIELD(struct text_row, end_time),
    FIELD(struct text_row, text),
    FIELD(struct text_row, words),
    FIELD(struct text_row, created_at),
};
static const struct shape text_shape = SHAPE("SearchTextRow", struct text_row, text_fields);

DB_STATEMENT(media_text,
    "SELECT 'media' AS kind, id AS media_id, 0.0 AS start_time, 0.0 AS end_time, file_name AS text, created_at"
    " FROM media WHERE id = $1");
DB_STATEMENT(video_text,
    "SELECT 'video' AS kind, id AS video_id, 0.0 AS start_time, 0.0 AS end_time, title AS text, created_at"
    " FROM video WHERE id = $1");
// A transcription that a person wrote has no segments.
DB_STATEMENT(transcription_texts,
    "SELECT 'segment' AS kind, t.media_id, t.id AS transcription_id, s.id AS segment_id,"
    " coalesce(s.start_time, 0) AS start_time, coalesce(s.end_time, 0) AS end_time, coalesce(s.text, t.text) AS text,"
    " s.words, t.created_at FROM transcription t LEFT JOIN segment s ON s.transcription_id = t.id WHERE t.id = $1"
    " ORDER BY s.position");
DB_STATEMENT(scene_texts,
    "SELECT 'scene' AS kind, s.video_id, s.id AS scene_id, NULL AS layer_id, 0.0 AS start_time, 0.0 AS end_time,"
    " s.text, NULL AS words, s.created_at FROM scenes s WHERE s.id = $1");
DB_STATEMENT(layer_texts,
    "SELECT 'layer' AS kind, s.video_id, s.id AS scene_id, l.id AS layer_id, l.start_time, l.end_time,"
    " l.properties AS words, s.created_at FROM scenes_layers l JOIN scenes s ON s.id = l.scene_id WHERE s.id = $1"
    " ORDER BY l.id");

#define ENTRIES                                                                                                        \
    "SELECT number, kind, media_id, transcription_id, segment_id, video_id, scene_id, layer_id, start_time, text"      \
    " FROM search_entry WHERE "

DB_STATEMENT(media_entries, ENTRIES "media_id = $1 AND kind = 'media' ORDER BY number");
DB_STATEMENT(transcription_entries, ENTRIES "transcription_id = $1 ORDER BY start_time, number");
DB_STATEMENT(video_entries, ENTRIES "video_id = $1 AND kind = 'video' ORDER BY number");
DB_STATEMENT(scene_entries, ENTRIES "scene_id = $1 ORDER BY number");

static const struct {
    const struct db_statement *texts, *more_texts, *entries;
} sources[] = {
    [SEARCH_MEDIA] = { &media_text, NULL, &media_entries },
    [SEARCH_TRANSCRIPTION] = { &transcription_texts, NULL, &transcription_entries },
    [SEARCH_VIDEO] = { &video_text, NULL, &video_entries },
    [SEARCH_SCENE] = { &scene_texts, &layer_texts, &scene_entries },
};

struct pieces {
    struct arena *arena;
    struct entry *items;
    size_t count, room;
    int64_t created_at;
};

static bool is_blank(char c)
{
    return (unsigned char)c <= ' ';
}

// End of the piece that begins at `from`: behind a word, or inside of one that is too long.
static size_t piece_end(str text, size_t from)
{
    if (text.size - from <= SEARCH_PIECE_BYTES)
        return text.size;
    str most = str_cut_utf8(str_sub(text, from, text.size), SEARCH_PIECE_BYTES);
    size_t end = most.size;
    while (end && !is_blank(most.data[end - 1]))
        end--;
    return from + (end ? end : most.size);
}

// When the word number `index` is said, or about when, by the share of the text before it.
static double time_at(const struct text_row *row, const json_t *words, size_t index, size_t at)
{
    const json_t *word = json_array_get(words, index);
    double share = row->text.size ? (double)at / (double)row->text.size : 0;
    return json_get_number(word, "start", row->start_time + (row->end_time - row->start_time) * share);
}

static void add_piece(struct pieces *pieces, const struct text_row *row, str text, double start)
{
    if (pieces->count == pieces->room) {
        size_t room = pieces->room ? pieces->room * 2 : 16;
        pieces->items = arena_grow(pieces->arena, pieces->items ? pieces->items : arena_alloc(pieces->arena, 0),
            pieces->room * sizeof *pieces->items, room * sizeof *pieces->items);
        pieces->room = room;
    }
    pieces->items[pieces->count++] = (struct entry) { 0, row->kind, row->media_id, row->transcription_id,
        row->segment_id, row->video_id, row->scene_id, row->layer_id, start, text };
}

static error cut(struct pieces *pieces, struct text_row *row)
{
    json_t *words = NULL;
    size_t word = 0;
    if (str_equal(row->kind, STR("layer"))) {
        TRY(json_read(pieces->arena, row->words.text, &words));
        row->text = json_get_str(words, "text");
    } else if (row->words.text.data && row->text.size > SEARCH_PIECE_BYTES) {
        TRY(json_read(pieces->arena, row->words.text, &words));
    }
    for (size_t at = 0; at < row->text.size;) {
        size_t end = piece_end(row->text, at);
        str piece = str_trim(str_sub(row->text, at, end - at));
        if (piece.size)
            add_piece(pieces, row, piece, at ? time_at(row, words, word, at) : row->start_time);
        for (; at < end; at++)
            word += is_blank(row->text.data[at]) && at && !is_blank(row->text.data[at - 1]);
    }
    pieces->created_at = row->created_at;
    return OK;
}

static error gather(struct scope *scope, const struct db_statement *statement, str id, struct pieces *pieces)
{
    struct list rows;
    TRY(db_all(scope->db, scope->arena, statement, DB_ARGS(db_text(id)), &text_shape, 0, &rows));
    for (size_t i = 0; i < rows.count; i++)
        TRY(cut(pieces, &((struct text_row *)rows.items)[i]));
    return OK;
}

static bool same_id(str a, str b)
{
    return a.data && b.data ? str_equal(a, b) : !a.data && !b.data;
}

static bool is_same(const struct entry *a, const struct entry *b)
{
    return str_equal(a->text, b->text) && a->start_time == b->start_time && str_equal(a->kind, b->kind)
           && same_id(a->segment_id, b->segment_id) && same_id(a->layer_id, b->layer_id);
}

// How much a match is worth: names stand for the whole.
static int weight_of(str kind)
{
    return str_equal(kind, STR("segment")) ? 1 : str_equal(kind, STR("media")) || str_equal(kind, STR("video")) ? 3 : 2;
}

// $13 is what PostgreSQL indexes, $14 and $15 what SQLite does.
DB_STATEMENT2(insert_entry,
    "INSERT INTO search_entry (kind, media_id, transcription_id, segment_id, video_id, scene_id, layer_id, weight,"
    " length, sort_at, start_time, text, words, joined)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $14, $15)",
    "INSERT INTO search_entry (kind, media_id, transcription_id, segment_id, video_id, scene_id, layer_id, weight,"
    " length, sort_at, start_time, text, tokens)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, CAST($13::text AS tsvector))");

static error insert(struct scope *scope, const struct entry *entry, int64_t created_at)
{
    struct search_tokens tokens;
    struct arena *arena = scope->arena;
    search_tokens(arena, entry->text, &tokens);
    return db_run(scope->db, &insert_entry,
        DB_ARGS(db_text(entry->kind), db_text(entry->media_id), db_text(entry->transcription_id),
            db_text(entry->segment_id), db_text(entry->video_id), db_text(entry->scene_id), db_text(entry->layer_id),
            db_int(weight_of(entry->kind)), db_int((int64_t)tokens.word_count), db_int(created_at),
            db_number(entry->start_time), db_text(entry->text), db_text(search_tsvector(arena, &tokens)),
            db_text(search_words_text(arena, &tokens)), db_text(search_joined_text(arena, &tokens))),
        NULL);
}

DB_STATEMENT(delete_entry, "DELETE FROM search_entry WHERE number = $1");
// Most changes concern one segment of many: what is the same at both ends stays.
static error write(struct scope *scope, const struct list *old, const struct pieces *fresh)
{
    const struct entry *rows = old->items;
    size_t head = 0, tail = 0;
    while (head < old->count && head < fresh->count && is_same(&rows[head], &fresh->items[head]))
        head++;
    while (tail < old->count - head && tail < fresh->count - head
           && is_same(&rows[old->count - 1 - tail], &fresh->items[fresh->count - 1 - tail]))
        tail++;
    for (size_t i = head; i < old->count - tail; i++)
        TRY(db_run(scope->db, &delete_entry, DB_ARGS(db_int(rows[i].number)), NULL));
    for (size_t i = head; i < fresh->count - tail; i++)
        TRY(insert(scope, &fresh->items[i], fresh->created_at));
    return OK;
}

error search_update(struct scope *scope, enum search_source source, str id)
{
    struct list old;
    struct pieces fresh = { .arena = scope->arena };
    TRY(gather(scope, sources[source].texts, id, &fresh));
    if (sources[source].more_texts)
        TRY(gather(scope, sources[source].more_texts, id, &fresh));
    TRY(db_all(scope->db, scope->arena, sources[source].entries, DB_ARGS(db_text(id)), &entry_shape, 0, &old));
    return write(scope, &old, &fresh);
}

struct catching {
    int64_t done;
};
struct pending {
    int64_t source;
    str id;
};
static const struct field pending_fields[] = { FIELD(struct pending, source), FIELD(struct pending, id) };
static const struct shape pending_shape = SHAPE("SearchPendingRow", struct pending, pending_fields);

DB_STATEMENT(next_pending, "SELECT source, id FROM search_pending ORDER BY source, id LIMIT 1");
DB_STATEMENT(drop_pending, "DELETE FROM search_pending WHERE source = $1 AND id = $2");

// One thing a change: each is small, and others get their turn between.
static error catch_up(struct db *db, void *context)
{
    struct catching *catching = context;
    ARENA_AUTO struct arena *arena = arena_new(256 << 20);
    struct scope scope = { .arena = arena, .db = db };
    struct pending pending;
    bool found;
    TRY(db_one(db, arena, &next_pending, DB_NO_ARGS, &pending_shape, &pending, &found));
    catching->done = found;
    if (!found)
        return OK;
    TRY(search_update(&scope, (enum search_source)pending.source, pending.id));
    return db_run(db, &drop_pending, DB_ARGS(db_int(pending.source), db_text(pending.id)), NULL);
}

error search_catch_up(struct db_pool *pool, int64_t *ret_count)
{
    struct catching catching;
    int64_t count = 0;
    do {
        TRY(db_write(pool, catch_up, &catching));
        count += catching.done;
    } while (catching.done);
    *ret_count = count;
    return OK;
}

DB_STATEMENT(find_again,
    "INSERT INTO search_pending (source, id) SELECT 0, id FROM media UNION ALL SELECT 1, id FROM transcription"
    " UNION ALL SELECT 2, id FROM video UNION ALL SELECT 3, id FROM scenes WHERE 1 = 1 ON CONFLICT DO NOTHING");

error search_find_again(struct scope *scope)
{
    return db_run(scope->db, &find_again, DB_NO_ARGS, NULL);
}
