// SPDX-License-Identifier: GPL-3.0-or-later
// The search on both databases: the same corpus, the same hits in the same order.
#include <stdio.h>

#include "base/id.h"
#include "domain/layer.h"
#include "domain/media.h"
#include "domain/scene.h"
#include "domain/search.h"
#include "domain/segment.h"
#include "domain/transcription.h"
#include "domain/video.h"
#include "library_help.h"
#include "postgres_cluster.h"

enum { SPOKEN = 14 };
static const char *const spoken[SPOKEN] = {
    "We had a Crème Brûlée in the café at noon.",
    "The creme was cold; nobody likes a cold creme.",
    "私は東京都庁に行きました。",
    "京都の café は静かです。",
    "See https://example.org/wiki/Open-Source?id=42 for more.",
    "Open source is on example.org, too.",
    "The state-of-the-art wi-fi router costs 10,000 yen.",
    "A wifi router for 1234.56 dollars and 10000 users.",
    "Łódź, Ærø and Straße are towns and words.",
    "Привет, МИР! Ёлка стоит в лесу.",
    "Don't say O'Brien isn't here; dont.",
    "The quick brown fox jumps over the lazy dog.",
    "The lazy dog sleeps; the quick fox is gone and brown leaves fall.",
    "سَلام عليكم and שָׁלוֹם to all.",
};

struct corpus {
    struct library library;
    str media_id, video_id, transcription_id;
    struct actor stranger;
};

DB_STATEMENT(blob_row, "INSERT INTO blob (id, size_bytes, stored_bytes, sha256, sealed_key, created_at)"
                       " VALUES ($1, 1, 1, $2, $2, 1)");
DB_STATEMENT(media_row, "INSERT INTO media (id, user_id, blob_id, file_name, file_path, media_type, mime_type, "
                        "size_bytes, has_audio, status,"
                        " probe, created_at, updated_at) VALUES ($1, $2, $3, 'x', 'x', 'audio', 'audio/wav', 1, $4, "
                        "'completed', '{}', 1, 1)");
DB_STATEMENT(share_row, "INSERT INTO file_key (media_id, user_id, sealed_key, created_at) VALUES ($1, $2, $3, 1)");
DB_STATEMENT(member_row, "INSERT INTO video_member (video_id, user_id, role, created_at) VALUES ($1, $2, 'viewer', 1)");
DB_STATEMENT(entry_count, "SELECT count(*) FROM search_entry");
DB_STATEMENT(forget_all, "DELETE FROM search_entry");
DB_STATEMENT(all_pending, "INSERT INTO search_pending (source, id) SELECT 0, id FROM media UNION ALL SELECT 1, id FROM"
                          " transcription UNION ALL SELECT 2, id FROM video UNION ALL SELECT 3, id FROM scenes");

static json_t *segments_of(struct arena *arena, const char *const *texts, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_pack("{s:f, s:f, s:s, s:s, s:[]}", "start", i * 4.0, "end", i * 4.0 + 3.5,
                                        "text", texts[i], "speaker", i % 2 ? "B" : "A", "words"));
    return json_keep(arena, json_pack("{s:s, s:f, s:o}", "language", "en", "duration", count * 4.0, "segments", list));
}

static error add_media(struct scope *scope, const char *name, str *ret_id)
{
    struct media media;
    str id = id_new(scope->arena), blob = id_new(scope->arena);
    TRY(db_run(scope->db, &blob_row, DB_ARGS(db_text(blob), db_bytes("x", 1)), NULL));
    TRY(db_run(scope->db, &media_row, DB_ARGS(db_text(id), db_text(scope->actor.user_id), db_text(blob), db_bool(true)),
        NULL));
    *ret_id = id;
    return media_update(scope, id, str_of(name), STR_NONE, &media);
}

static error fill(struct db *db, void *context)
{
    struct corpus *corpus = context;
    struct scope scope = corpus->library.scope;
    struct transcription transcription;
    struct problems problems = { .count = 0 };
    struct warnings warnings = { 0 };
    struct video video;
    struct scene scene;
    struct layer layer;
    struct user user;
    str other;
    scope.db = db;
    struct user_change change = { .username = STR("bob"), .email = STR("bob@example.org"), .password_hash = STR("-") };
    scope.actor.is_superuser = true;
    TRY(user_create(&scope, &change, false, &user));
    scope.actor.is_superuser = false;
    corpus->stranger = (struct actor) { .user_id = user.id, .is_superuser = true };
    TRY(add_media(&scope, "Quick café_talk-2024.wav", &corpus->media_id));
    TRY(add_media(&scope, "Fox dog.wav", &other));
    TRY(transcription_add_result(&scope, scope.actor.user_id, corpus->media_id, STR_NONE,
        segments_of(scope.arena, spoken, SPOKEN), &transcription));
    corpus->transcription_id = transcription.id;
    TRY(video_create(&scope, STR("A tour of Kyōto"), json_keep(scope.arena, json_object()), &problems, &video));
    corpus->video_id = video.id;
    const json_t *none = json_keep(scope.arena, json_object());
    TRY(scene_add(&scope, video.id,
        &(struct scene_change) { .text = STR("First the quick fox."), .duration = { true, 3 }, .options = none },
        &problems, &scene));
    TRY(scene_add(&scope, video.id,
        &(struct scene_change) { .text = STR("Then the lazy dog."), .duration = { true, 4 }, .options = none },
        &problems, &scene));
    struct layer_change title = { .type = STR("text"),
        .name = STR("Title"),
        .start_time = { true, 1 },
        .duration = { true, 2 },
        .properties = json_keep(scope.arena, json_pack("{s:s}", "text", "Wi-Fi <dog> & fox")) };
    return layer_add(&scope, scene.id, &title, &problems, &warnings, &layer);
}

static void corpus_open(struct corpus *corpus, const char *postgres_url)
{
    *corpus = (struct corpus) { .media_id = STR_NONE };
    library_open(&corpus->library, postgres_url);
    assert_ok(db_write(corpus->library.pool, fill, corpus));
}

// Each hit as "kind second title: snippet score", one a line.
static str ask(struct corpus *corpus, const char *text, const char *kind)
{
    struct list hits;
    int64_t total;
    struct scope *scope = &corpus->library.scope;
    struct search_options options = { str_of(text), str_of(kind), 0, 100 };
    assert_ok(search(scope, &options, &hits, &total));
    assert_int_equal(total, hits.count);
    BUFFER_AUTO struct buffer out = { 0 };
    for (size_t i = 0; i < hits.count; i++) {
        const struct search_hit *hit = &((struct search_hit *)hits.items)[i];
        buffer_format(&out, "%.*s %g %.*s: %.*s %.4f\n", STR_ARGS(hit->kind), hit->second.set ? hit->second.value : -1,
            STR_ARGS(hit->title), STR_ARGS(hit->snippet), hit->score);
    }
    buffer_append_byte(&out, 0);
    return str_copy(scope->arena, buffer_str(&out));
}

static size_t lines(str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += text.data[i] == '\n';
    return count;
}

static const struct {
    const char *query;
    size_t hits;
} queries[] = {
    { "creme", 2 },
    { "CRÈME", 2 },
    { "Crème brulee", 1 },
    { "\"brulee creme\"", 0 },
    { "cafe", 3 },
    { "cafe -noon", 2 },
    { "東京", 1 },
    { "京都", 2 },
    { "東京都庁", 1 },
    { "都庁に", 1 },
    { "京", 2 },
    { "静", 1 },
    { "東都", 0 },
    { "私", 1 },
    { "https://example.org/wiki/Open-Source?id=42", 1 },
    { "example.org", 2 },
    { "open-source", 2 },
    { "opensource", 1 },
    { "open source", 2 },
    { "\"wiki open\"", 1 },
    { "wifi", 3 },
    { "wi-fi", 3 },
    { "\"wi fi\"", 2 },
    { "10000", 2 },
    { "10,000", 2 },
    { "1234.56", 1 },
    { "1234", 1 },
    { "123*", 1 },
    { "42", 1 },
    { "state-of-the-art", 1 },
    { "lodz", 1 },
    { "strasse aero", 1 },
    { "мир елка", 1 },
    { "МИР", 1 },
    { "dont", 1 },
    { "don't", 1 },
    { "obrien", 1 },
    { "سلام", 1 },
    { "שלום", 1 },
    { "quick fox", 3 },
    { "\"quick fox\"", 2 },
    { "quick", 4 },
    { "lazy dog", 3 },
    { "fox", 5 },
    { "kyoto", 1 },
    { "talk 2024", 1 },
    { "wav", 2 },
    { "qui* -brown", 2 },
    { "nothinglikethis", 0 },
    { "-fox", 0 },
    { "\"the lazy do\"*", 3 },
    { "fox' OR '1'='1", 0 },
    { "words : (\"fox", 0 },
    { "fox NEAR(dog) }{", 0 },
    { "fox\\", 5 },
    { "fox \x01", 5 },
    { "the", 7 },
    { "<dog>", 5 },
};
enum { QUERIES = sizeof queries / sizeof *queries };

static void run_queries(const char *postgres_url, str *ret_answers, struct arena *arena)
{
    struct corpus corpus;
    corpus_open(&corpus, postgres_url);
    for (size_t i = 0; i < QUERIES; i++) {
        str told = ask(&corpus, queries[i].query, NULL);
        if (lines(told) != queries[i].hits)
            fail_msg("%s: %zu hits, not %zu:\n%s", queries[i].query, lines(told), queries[i].hits, told.data);
        ret_answers[i] = str_copy(arena, told);
    }
    library_close(&corpus.library);
}

static void both_databases_give_the_same_hits_in_the_same_order(void **state)
{
    (void)state;
    static str sqlite[QUERIES], postgres[QUERIES];
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    run_queries(NULL, sqlite, arena);
    if (!postgres_cluster_possible())
        skip();
    struct postgres_cluster *cluster = postgres_cluster_start();
    assert_non_null(cluster);
    run_queries(postgres_cluster_url(cluster), postgres, arena);
    postgres_cluster_stop(cluster);
    for (size_t i = 0; i < QUERIES; i++)
        assert_string_equal(sqlite[i].data, postgres[i].data);
}

static void a_hit_names_its_second_and_marks_what_was_found(void **state)
{
    (void)state;
    struct corpus corpus;
    corpus_open(&corpus, NULL);
    assert_string_equal(ask(&corpus, "wi-fi", "layer").data,
        "layer 4 A tour of Kyōto: <mark>Wi-Fi</mark> &lt;dog&gt; &amp; fox 1.3000\n");
    assert_non_null(strstr(ask(&corpus, "東京", NULL).data,
        "segment 8 Quick café_talk-2024.wav: 私は<mark>東京</mark>都庁に行きました。"));
    assert_non_null(
        strstr(ask(&corpus, "lazy", "scene").data, "scene 3 A tour of Kyōto: Then the <mark>lazy</mark> dog."));
    // A name counts more than what is said.
    assert_memory_equal(ask(&corpus, "quick", NULL).data, "media -1 ", 9);
    library_close(&corpus.library);
}

static error share(struct db *db, void *context)
{
    struct corpus *corpus = context;
    struct db_value user = db_text(corpus->stranger.user_id);
    TRY(db_run(db, &share_row, DB_ARGS(db_text(corpus->media_id), user, db_bytes("x", 1)), NULL));
    return db_run(db, &member_row, DB_ARGS(db_text(corpus->video_id), user), NULL);
}

static void only_what_one_owns_or_is_let_into_is_found(void **state)
{
    (void)state;
    struct corpus corpus;
    corpus_open(&corpus, NULL);
    corpus.library.scope.actor = corpus.stranger; // a superuser, which changes nothing here
    assert_int_equal(lines(ask(&corpus, "fox", NULL)), 0);
    assert_ok(db_write(corpus.library.pool, share, &corpus));
    assert_int_equal(lines(ask(&corpus, "fox", NULL)), 4); // not the file that was not shared
    assert_int_equal(lines(ask(&corpus, "cafe", "media")), 1);
    assert_int_equal(lines(ask(&corpus, "kyoto", NULL)), 1);
    library_close(&corpus.library);
}

static error rename_media(struct db *db, void *context)
{
    struct corpus *corpus = context;
    struct scope scope = corpus->library.scope;
    struct media media;
    scope.db = db;
    return media_update(&scope, corpus->media_id, STR("Renamed.wav"), STR_NONE, &media);
}

static error retitle(struct db *db, void *context)
{
    struct corpus *corpus = context;
    struct scope scope = corpus->library.scope;
    struct problems problems = { .count = 0 };
    struct video video;
    scope.db = db;
    struct video_change change = { .title = STR("Osaka"), .options = json_keep(scope.arena, json_object()) };
    return video_update(&scope, corpus->video_id, &change, &problems, &video);
}

// Cuts the first segment in two, joins it again, names its speaker.
static error edit(struct db *db, void *context)
{
    struct corpus *corpus = context;
    struct scope scope = corpus->library.scope;
    struct transcription row;
    struct list segments, revisions;
    struct segment two[2], joined;
    struct speaker speaker;
    int64_t total;
    scope.db = db;
    TRY(transcription_get(&scope, corpus->transcription_id, &row));
    TRY(transcription_segments(&scope, row.id, &segments));
    str id = ((struct segment *)segments.items)[0].id;
    TRY(segment_split(&scope, &row, id, (struct opt_int) { true, 3 }, 0, two));
    assert_true(str_equal_c(two[0].text, "We had a") && two[1].start_time > two[0].start_time
                && two[1].start_time >= two[0].end_time);
    TRY(segment_merge(&scope, &row, id, &joined));
    assert_true(str_equal_c(joined.text, spoken[0]));
    TRY(segment_name_speaker(&scope, &row, STR("A"), STR("Ann"), &speaker));
    assert_error(segment_name_speaker(&scope, &row, STR("C"), STR("Ann"), &speaker), ERROR_SPEAKER_NOT_FOUND);
    TRY(segment_update(&scope, &row, id, &(struct segment_change) { STR("Entirely different"), STR("B") }, &joined));
    TRY(segment_revisions(&scope, row.id, 0, 10, &revisions, &total));
    assert_int_equal(total, 4);
    assert_true(str_equal_c(((struct segment_revision *)revisions.items)[3].kind, "split"));
    TRY(transcription_segments(&scope, row.id, &segments));
    assert_int_equal(segments.count, SPOKEN);
    return OK;
}

static error correct(struct db *db, void *context)
{
    struct corpus *corpus = context;
    struct scope scope = corpus->library.scope;
    struct transcription row;
    scope.db = db;
    return transcription_set_text(&scope, corpus->transcription_id, STR("all new"), &row);
}

static error remove_media(struct db *db, void *context)
{
    struct corpus *corpus = context;
    struct scope scope = corpus->library.scope;
    struct media media;
    str blob;
    scope.db = db;
    return media_delete(&scope, corpus->media_id, &media, &blob);
}

static error remove_video(struct db *db, void *context)
{
    struct corpus *corpus = context;
    struct scope scope = corpus->library.scope;
    scope.db = db;
    return video_delete(&scope, corpus->video_id);
}

static void follow_changes(const char *postgres_url)
{
    struct corpus corpus;
    int64_t count;
    corpus_open(&corpus, postgres_url);
    struct db_pool *pool = corpus.library.pool;
    assert_ok(db_write(pool, rename_media, &corpus));
    assert_int_equal(lines(ask(&corpus, "talk", NULL)), 0);
    assert_int_equal(lines(ask(&corpus, "renamed", "media")), 1);
    assert_ok(db_write(pool, retitle, &corpus));
    assert_int_equal(lines(ask(&corpus, "kyoto", NULL)), 0);
    assert_int_equal(lines(ask(&corpus, "osaka", NULL)), 1);
    assert_ok(db_write(pool, edit, &corpus));
    assert_int_equal(lines(ask(&corpus, "brulee", NULL)), 0);
    assert_int_equal(lines(ask(&corpus, "\"entirely different\"", "segment")), 1);
    assert_ok(db_write(pool, correct, &corpus));
    assert_int_equal(lines(ask(&corpus, "creme", NULL)), 0);
    assert_int_equal(lines(ask(&corpus, "\"all new\"", "segment")), 1);
    assert_ok(db_write(pool, remove_video, &corpus));
    assert_int_equal(lines(ask(&corpus, "fox", NULL)), 1);
    assert_ok(db_write(pool, remove_media, &corpus));
    assert_int_equal(lines(ask(&corpus, "new", NULL)), 0);
    assert_ok(db_integer(corpus.library.scope.db, &entry_count, DB_NO_ARGS, &count, NULL));
    assert_int_equal(count, 1); // the other file's name
    library_close(&corpus.library);
}

static void the_index_follows_every_change(void **state)
{
    (void)state;
    follow_changes(NULL);
    if (!postgres_cluster_possible())
        skip();
    struct postgres_cluster *cluster = postgres_cluster_start();
    assert_non_null(cluster);
    follow_changes(postgres_cluster_url(cluster));
    postgres_cluster_stop(cluster);
}

static error forget(struct db *db, void *context)
{
    (void)context;
    TRY(db_run(db, &forget_all, DB_NO_ARGS, NULL));
    return db_run(db, &all_pending, DB_NO_ARGS, NULL);
}

static void what_was_there_before_the_search_is_caught_up(void **state)
{
    (void)state;
    struct corpus corpus;
    int64_t before, after, count;
    corpus_open(&corpus, NULL);
    struct db *db = corpus.library.scope.db;
    str wanted = ask(&corpus, "fox", NULL);
    assert_ok(db_integer(db, &entry_count, DB_NO_ARGS, &before, NULL));
    assert_ok(db_write(corpus.library.pool, forget, NULL));
    assert_int_equal(lines(ask(&corpus, "fox", NULL)), 0);
    assert_ok(search_catch_up(corpus.library.pool, &count));
    assert_int_equal(count, 6); // two files, a transcription, a video, two scenes
    assert_ok(db_integer(db, &entry_count, DB_NO_ARGS, &after, NULL));
    assert_int_equal(before, after);
    assert_string_equal(ask(&corpus, "fox", NULL).data, wanted.data);
    assert_ok(search_catch_up(corpus.library.pool, &count));
    assert_int_equal(count, 0);
    library_close(&corpus.library);
}

enum { MANY = 10000 };

static error add_many(struct db *db, void *context)
{
    struct corpus *corpus = context;
    struct scope scope = corpus->library.scope;
    struct transcription row;
    static char texts[MANY][100];
    static const char *pointers[MANY];
    scope.db = db;
    for (int i = 0; i < MANY; i++) {
        snprintf(texts[i], sizeof texts[i], "common words of segment %d about %s and word%d", i,
            i % 100 ? "this" : "lighthouses", i % 500);
        pointers[i] = texts[i];
    }
    return transcription_add_result(
        &scope, scope.actor.user_id, corpus->media_id, STR_NONE, segments_of(scope.arena, pointers, MANY), &row);
}

static int64_t time_of(struct corpus *corpus, const char *text, int64_t wanted)
{
    int64_t best = INT64_MAX;
    for (int i = 0; i < 5; i++) {
        struct list hits;
        int64_t total, start = clock_mono_us();
        assert_ok(
            search(&corpus->library.scope, &(struct search_options) { str_of(text), STR_NONE, 0, 20 }, &hits, &total));
        int64_t used = clock_mono_us() - start;
        best = used < best ? used : best;
        assert_int_equal(total, wanted);
        assert_int_equal(hits.count, 20);
    }
    print_message("%s: %lld us\n", text, (long long)best);
    return best;
}

// A generous bound, for slow machines and sanitizers; the figures are printed.
static void measure(const char *postgres_url)
{
    struct corpus corpus;
    corpus_open(&corpus, postgres_url);
    assert_ok(db_write(corpus.library.pool, add_many, &corpus));
    assert_true(time_of(&corpus, "lighthouses", 100) < 500000);
    assert_true(time_of(&corpus, "\"about lighthouses\" -word0 comm*", 80) < 500000);
    assert_true(time_of(&corpus, "common", MANY) < 500000);
    assert_true(time_of(&corpus, "common words", MANY) < 500000);
    library_close(&corpus.library);
}

static void ten_thousand_segments_are_searched_in_time(void **state)
{
    (void)state;
    measure(NULL);
    if (!postgres_cluster_possible())
        skip();
    struct postgres_cluster *cluster = postgres_cluster_start();
    assert_non_null(cluster);
    measure(postgres_cluster_url(cluster));
    postgres_cluster_stop(cluster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_databases_give_the_same_hits_in_the_same_order),
        cmocka_unit_test(a_hit_names_its_second_and_marks_what_was_found),
        cmocka_unit_test(only_what_one_owns_or_is_let_into_is_found),
        cmocka_unit_test(the_index_follows_every_change),
        cmocka_unit_test(what_was_there_before_the_search_is_caught_up),
        cmocka_unit_test(ten_thousand_segments_are_searched_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
