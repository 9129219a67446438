// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <sys/stat.h>

#include "domain/blob_row.h"
#include "domain/cache.h"
#include "domain/film_file.h"
#include "domain/video.h"
#include "runner_help.h"
#include "work/sweep.h"

#define TITLE(text) "{\"type\":\"text\",\"name\":\"title\",\"properties\":{\"text\":\"" text "\"}}"
#define VOICE                                                                                                          \
    "{\"type\":\"voiceover\",\"name\":\"voice\",\"properties\":{\"text\":\"Hello "                                     \
    "there.\",\"voice_id\":\"espeak:en-us\"}}"

static const char tour[] = "{\"video\":{\"title\":\"Tour\"},\"scenes\":["
                           "{\"text\":\"One\",\"duration\":1,\"layers\":[" TITLE(
                               "One") "]},"
                                      "{\"text\":\"Two\",\"duration\":1,\"layers\":[" TITLE("Two") "," VOICE "]}]}";

struct importing {
    json_t *document;
    struct video video;
};

static error import_change(struct db *db, void *context)
{
    struct importing *importing = context;
    struct scope scope = library.scope;
    struct problems problems = { 0 };
    struct warnings warnings = { 0 };
    scope.db = db;
    TRY(video_import(&scope, importing->document, &problems, &warnings, &importing->video));
    return problems_error(&problems);
}

static struct video add_video(const char *text)
{
    struct importing importing;
    assert_ok(json_read(library.arena, str_of(text), &importing.document));
    assert_ok(db_write(library.pool, import_change, &importing));
    return importing.video;
}

static struct job add_render(str video_id, const char *params)
{
    struct adding adding = { .kind = "render", .video_id = video_id };
    assert_ok(json_read(library.arena, str_of(params), &adding.params));
    assert_ok(db_write(library.pool, add_change, &adding));
    return adding.job;
}

static void a_video_becomes_a_film_and_only_changes_are_made_anew(void **state)
{
    (void)state;
    struct video video = add_video(tour);
    struct runner *runner = start_runner(NULL, 2);
    struct job job = wait_for(add_render(video.id, "{\"quality\":\"480p\",\"format\":\"mp4\"}").id, "completed");
    struct film_file film;
    struct media_blob blob;
    json_t *result;
    assert_ok(film_file_get(&library.scope, job.id, &film));
    assert_int_equal(film.height, 480);
    assert_true(film.duration > 1.5 && film.duration < 6);
    assert_ok(media_blob_get(&library.scope, film.blob_id, &blob));
    assert_int_equal(blob.size_bytes, film.size_bytes);
    assert_ok(json_read(library.arena, job.result.text, &result));
    assert_int_equal(json_get_int(result, "scenes", 0), 2);
    assert_string_equal(json_get_str(result, "film_name").data, "Tour");
    assert_null(json_object_get(result, "join"));
    int64_t parts = job.parts_total;
    assert_true(parts >= 3);

    struct job same = wait_for(add_render(video.id, "{\"quality\":\"480p\",\"format\":\"mp4\"}").id, "completed");
    assert_int_equal(same.parts_total, 0);
    struct job full = wait_for(
        add_render(video.id, "{\"quality\":\"480p\",\"format\":\"mp4\",\"full_regeneration\":true}").id, "completed");
    assert_int_equal(full.parts_total, parts);
    stop_runner(runner);
}

static void media_of_the_library_are_rendered(void **state)
{
    (void)state;
    str sound = add_media("/usr/share/pocketsphinx/test/data/cards/001.wav", true);
    str text = str_format(library.arena,
        "{\"video\":{\"title\":\"T\"},\"scenes\":[{\"text\":\"\",\"duration\":1,\"layers\":[{\"type\":\"audio\","
        "\"name\":\"sound\",\"properties\":{\"audio_url\":\"http://127.0.0.1:8000/content/media/%.*s/"
        "001.wav?e=1\"}}]}]}",
        STR_ARGS(sound));
    struct video video = add_video(text.data);
    struct runner *runner = start_runner(NULL, 2);
    struct job job = wait_for(add_render(video.id, "{\"quality\":\"480p\",\"format\":\"mov\"}").id, "completed");
    stop_runner(runner);
    struct film_file film;
    assert_ok(film_file_get(&library.scope, job.id, &film));
    assert_string_equal(film.mime_type.data, "video/quicktime");
    assert_true(film.size_bytes > 1000 && job.parts_total >= 2);
}

static void a_missing_picture_is_named(void **state)
{
    (void)state;
    struct video video = add_video(
        "{\"video\":{\"title\":\"T\"},\"scenes\":[{\"text\":\"\",\"duration\":1,\"layers\":[{\"type\":\"media\","
        "\"name\":\"Cat\",\"properties\":{\"media_id\":\"0190f3c2-7b1e-7c3a-9f00-00000000abcd\"}}]}]}");
    struct runner *runner = start_runner(NULL, 1);
    struct job job = wait_for(add_render(video.id, "{}").id, "failed");
    stop_runner(runner);
    assert_string_equal(job.error_code.data, "ASSET_MISSING");
    assert_true(str_find(job.error_message, STR("Cat")) >= 0);
    assert_int_equal(job.attempts, 1);
}

static void a_video_without_scenes_is_not_rendered(void **state)
{
    (void)state;
    struct video video = add_video("{\"video\":{\"title\":\"T\"},\"scenes\":[]}");
    struct runner *runner = start_runner(NULL, 1);
    struct job job = wait_for(add_render(video.id, "{}").id, "failed");
    stop_runner(runner);
    assert_string_equal(job.error_code.data, "VIDEO_HAS_NO_SCENES");
}

// The cache and the sweeper

struct putting {
    str key;
    struct blob_info blob;
    struct list evicted;
    int64_t size_max;
};

static error put_change(struct db *db, void *context)
{
    struct putting *putting = context;
    struct scope scope = library.scope;
    scope.db = db;
    return cache_put(&scope, putting->key, &putting->blob, json_keep(scope.arena, json_object()));
}

static error evict_change(struct db *db, void *context)
{
    struct putting *putting = context;
    struct scope scope = library.scope;
    scope.db = db;
    return cache_evict(&scope, putting->size_max, &putting->evicted);
}

static error touch_change(struct db *db, void *context)
{
    struct scope scope = library.scope;
    scope.db = db;
    return cache_touch(&scope, *(str *)context);
}

static struct blob_info new_blob(void)
{
    struct blob_info blob;
    struct blob_writer *writer;
    assert_ok(blob_writer_open(library.blobs, NULL, &writer));
    assert_ok(blob_write(writer, "0123456789", 10));
    assert_ok(blob_writer_commit(writer, &blob));
    return blob;
}

static struct putting put(str key)
{
    struct putting putting = { .key = key, .blob = new_blob() };
    assert_ok(db_write(library.pool, put_change, &putting));
    return putting;
}

static bool is_cached(str key)
{
    struct cache_entry entry;
    bool found;
    assert_ok(cache_get(&library.scope, key, &entry, &found));
    return found;
}

static bool is_listed(const struct blob_info *blob)
{
    str place;
    assert_ok(blob_row_place(&library.scope, str_of(blob->id), &place));
    return place.data != NULL;
}

static void the_cache_drops_what_was_not_used_for_longest(void **state)
{
    (void)state;
    struct putting a = put(STR("a")), b = put(STR("b")), c = put(STR("c"));
    assert_ok(db_write(library.pool, touch_change, &a.key));
    b.size_max = 20;
    assert_ok(db_write(library.pool, evict_change, &b));
    assert_true(is_cached(a.key) && !is_cached(b.key) && is_cached(c.key));
    assert_int_equal(b.evicted.count, 1);
    assert_string_equal(((str *)b.evicted.items)->data, b.blob.id);
    assert_false(is_listed(&b.blob));
}

static void a_new_entry_takes_the_place_of_the_old(void **state)
{
    (void)state;
    struct putting first = put(STR("a")), second = put(STR("a"));
    assert_true(is_cached(first.key));
    assert_false(is_listed(&first.blob));
    assert_true(is_listed(&second.blob));
}

static int age_file(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info, (void)place;
    struct timespec then = { .tv_sec = time(NULL) - 2 * 3600 };
    return kind == FTW_F ? utimensat(AT_FDCWD, path, (struct timespec[]) { then, then }, 0) : 0;
}

// Makes all that is in the store two hours old.
static void age_blobs(void)
{
    char folder[128];
    snprintf(folder, sizeof folder, "%s/blobs", library.folder);
    assert_int_equal(nftw(folder, age_file, 16, FTW_PHYS), 0);
}

static bool never(void *context)
{
    (void)context;
    return false;
}

static bool is_stored(const struct blob_info *blob)
{
    struct blob_reader *reader = NULL;
    error result = blob_reader_open(library.blobs, blob->id, blob->sealed_key, &reader);
    blob_reader_close(reader);
    assert_true(!error_is(result) || result.code == ERROR_NOT_FOUND);
    return !error_is(result);
}

static void the_sweeper_removes_old_files_without_a_row(void **state)
{
    (void)state;
    struct blob_info stray = new_blob();
    struct putting used = put(STR("a"));
    struct sweep_result result;
    age_blobs();
    struct blob_info fresh = new_blob();
    assert_ok(sweep(library.pool, library.scope.db, library.blobs, &sweep_ages_usual, never, NULL, &result));
    assert_int_equal(result.removed, 1);
    assert_false(is_stored(&stray));
    assert_true(is_stored(&fresh));
    assert_true(is_stored(&used.blob));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_library, close_library)
    const struct CMUnitTest tests[] = {
        TEST(a_video_becomes_a_film_and_only_changes_are_made_anew),
        TEST(media_of_the_library_are_rendered),
        TEST(a_missing_picture_is_named),
        TEST(a_video_without_scenes_is_not_rendered),
        TEST(the_cache_drops_what_was_not_used_for_longest),
        TEST(a_new_entry_takes_the_place_of_the_old),
        TEST(the_sweeper_removes_old_files_without_a_row),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
