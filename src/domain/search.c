// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/search.h"

#include <math.h>
#include <stdlib.h>

#include "domain/file_key.h"

// A row that matches, as far as the score needs it.
struct found {
    int64_t number, weight, sort_at, total;
    double start_time, score;
    str text;
};
static const struct field found_fields[] = {
    FIELD(struct found, number),
    FIELD(struct found, weight),
    FIELD(struct found, sort_at),
    FIELD(struct found, start_time),
    FIELD(struct found, text),
};
static const struct shape found_shape = SHAPE("SearchFoundRow", struct found, found_fields);

static const struct field hit_fields[] = {
    FIELD(struct search_hit, kind),
    FIELD(struct search_hit, media_id),
    FIELD(struct search_hit, transcription_id),
    FIELD(struct search_hit, job_id),
    FIELD(struct search_hit, segment_id),
    FIELD(struct search_hit, video_id),
    FIELD(struct search_hit, scene_id),
    FIELD(struct search_hit, layer_id),
    FIELD(struct search_hit, second),
    FIELD(struct search_hit, title),
};
const struct shape search_hit_row_shape = SHAPE("SearchHitRow", struct search_hit, hit_fields);

// What $2 owns, or is let into.
#define READABLE                                                                                                       \
    " AND ($3 = '' OR e.kind = $3)"                                                                                    \
    " AND (e.media_id IN (SELECT id FROM media WHERE user_id = $2) OR e.media_id" FILE_KEY_SHARED_WITH(                \
        "$2") " OR e.video_id IN (SELECT id FROM video WHERE user_id = $2"                                             \
              " UNION SELECT video_id FROM video_member WHERE user_id = $2))"
#define FTS5_ROWS                                                                                                      \
    " FROM search_index JOIN search_entry e ON e.number = search_index.rowid WHERE search_index MATCH $4" READABLE
#define GIN_ROWS " FROM search_entry e WHERE e.tokens @@ CAST($1::text AS tsquery)" READABLE
#define ORDERED                                                                                                        \
    " ORDER BY e.weight DESC, e.length, e.sort_at DESC, e.start_time, e.number LIMIT 1000" // SEARCH_RANKED_MAX

DB_STATEMENT2(count_rows, "SELECT count(*)" FTS5_ROWS, "SELECT count(*)" GIN_ROWS);
DB_STATEMENT2(best_rows, "SELECT e.number, e.weight, e.sort_at, e.start_time, e.text" FTS5_ROWS ORDERED,
    "SELECT e.number, e.weight, e.sort_at, e.start_time, e.text" GIN_ROWS ORDERED);
DB_STATEMENT(hit_by_number,
    "SELECT e.kind, e.media_id, e.transcription_id, t.job_id, e.segment_id, e.video_id, e.scene_id, e.layer_id,"
    " CASE WHEN e.segment_id IS NOT NULL THEN e.start_time WHEN e.scene_id IS NOT NULL THEN e.start_time +"
    " (SELECT coalesce(sum(b.duration), 0) FROM scenes b JOIN scenes s ON s.id = e.scene_id"
    " WHERE b.video_id = e.video_id AND b.scene_number < s.scene_number) END AS second,"
    " coalesce(m.file_name, v.title) AS title FROM search_entry e LEFT JOIN media m ON m.id = e.media_id"
    " LEFT JOIN video v ON v.id = e.video_id LEFT JOIN transcription t ON t.id = e.transcription_id"
    " WHERE e.number = $1");

static int by_score(const void *a, const void *b)
{
    const struct found *left = a, *right = b;
    if (left->score != right->score)
        return left->score > right->score ? -1 : 1;
    if (left->sort_at != right->sort_at)
        return left->sort_at > right->sort_at ? -1 : 1;
    if (left->start_time != right->start_time)
        return left->start_time < right->start_time ? -1 : 1;
    return left->number < right->number ? -1 : left->number > right->number;
}

static void score(const struct search_query *query, struct found *rows, size_t count)
{
    ARENA_AUTO struct arena *arena = arena_new(1 << 20); // of one row
    for (size_t i = 0; i < count; i++) {
        struct search_tokens tokens;
        struct search_match *matches;
        arena_reset(arena);
        search_tokens(arena, rows[i].text, &tokens);
        size_t found = search_matches(arena, query, &tokens, &matches);
        double share = search_score(query, &tokens, matches, found);
        // To four digits, so that the last bit of a sum decides nothing.
        rows[i].score = round((double)rows[i].weight * share * 1e4) / 1e4;
    }
    if (count)
        qsort(rows, count, sizeof *rows, by_score);
}

static error show(
    struct scope *scope, const struct search_query *query, const struct found *row, struct search_hit *hit)
{
    struct search_tokens tokens;
    struct search_match *matches;
    bool found;
    TRY(db_one(
        scope->db, scope->arena, &hit_by_number, DB_ARGS(db_int(row->number)), &search_hit_row_shape, hit, &found));
    search_tokens(scope->arena, row->text, &tokens);
    size_t count = search_matches(scope->arena, query, &tokens, &matches);
    hit->snippet = search_snippet(scope->arena, row->text, &tokens, matches, count);
    hit->number = row->number;
    hit->score = row->score;
    return OK;
}

error search(struct scope *scope, const struct search_options *options, struct list *ret_hits, int64_t *ret_total)
{
    struct arena *arena = scope->arena;
    struct search_query query;
    struct list rows;
    int64_t total;
    *ret_hits = (struct list) { NULL, 0 };
    *ret_total = 0;
    search_query_parse(arena, options->text, &query);
    if (!query.positive_count)
        return OK;
    struct db_args args = DB_ARGS(db_text(search_query_tsquery(arena, &query)), db_text(scope->actor.user_id),
        db_text(options->kind.data ? options->kind : STR("")), db_text(search_query_fts5(arena, &query)));
    TRY(db_integer(scope->db, &count_rows, args, &total, NULL));
    TRY(db_all(scope->db, arena, &best_rows, args, &found_shape, 0, &rows));
    struct found *found = rows.items;
    score(&query, found, rows.count);
    size_t first = options->offset > (int64_t)rows.count ? rows.count : (size_t)options->offset;
    size_t count = rows.count - first > (size_t)options->limit ? (size_t)options->limit : rows.count - first;
    struct search_hit *hits = ARENA_ARRAY(arena, struct search_hit, count);
    for (size_t i = 0; i < count; i++)
        TRY(show(scope, &query, &found[first + i], &hits[i]));
    *ret_hits = (struct list) { hits, count };
    *ret_total = total;
    return OK;
}
