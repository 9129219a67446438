// SPDX-License-Identifier: GPL-3.0-or-later
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "blob/blob.h"
#include "blob/chunk.h"
#include "blob/sealer.h"
#include "test.h"

struct fixture {
    char folder[64], store_path[80];
    struct keyring *keyring;
    struct blob_store *store;
};

static void remove_tree(const char *path)
{
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char inner[512];
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        if (unlink(inner) != 0)
            remove_tree(inner);
    }
    if (folder)
        closedir(folder);
    rmdir(path);
}

static int open_store(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    snprintf(fixture->folder, sizeof fixture->folder, "/tmp/kinora-test-blob-XXXXXX");
    if (!mkdtemp(fixture->folder))
        return -1;
    snprintf(fixture->store_path, sizeof fixture->store_path, "%s/blobs", fixture->folder);
    *state = fixture;
    if (error_is(keyring_open(fixture->folder, NULL, &fixture->keyring)))
        return -1;
    return error_is(blob_store_open(fixture->store_path, fixture->keyring, &fixture->store)) ? -1 : 0;
}

static int close_store(void **state)
{
    struct fixture *fixture = *state;
    blob_store_close(fixture->store);
    keyring_close(fixture->keyring);
    remove_tree(fixture->folder);
    free(fixture);
    return 0;
}

static unsigned char *random_bytes(size_t size)
{
    unsigned char *bytes = malloc(size + 1);
    id_random(bytes, size);
    return bytes;
}

// Words in random order: shrinks, and no two chunks are alike.
static unsigned char *text_bytes(size_t size)
{
    static const char *const words[] = { "river ", "stone ", "evening ", "and ", "the ", "light ", "of ", "camera ",
        "quiet ", "morning ", "said ", "she ", "walked ", "under ", "bridge.\n", "window " };
    unsigned char *bytes = malloc(size + 1);
    unsigned seed = 1;
    for (size_t at = 0; at < size;) {
        seed = seed * 1103515245 + 12345;
        const char *word = words[seed >> 16 & 15];
        size_t part = strlen(word) < size - at ? strlen(word) : size - at;
        memcpy(bytes + at, word, part);
        at += part;
    }
    return bytes;
}

static struct blob_info store_bytes(struct fixture *fixture, const void *bytes, size_t size)
{
    struct blob_writer *writer;
    struct blob_info info;
    assert_ok(blob_writer_open(fixture->store, NULL, &writer));
    for (size_t at = 0; at < size;) { // odd pieces, so that they cross the ends of chunks
        size_t part = size - at < 1000003 ? size - at : 1000003;
        assert_ok(blob_write(writer, (const char *)bytes + at, part));
        at += part;
    }
    assert_int_equal(blob_writer_size(writer), size);
    assert_ok(blob_writer_commit(writer, &info));
    return info;
}

static error read_whole(struct fixture *fixture, const struct blob_info *info, const unsigned char *expected)
{
    struct blob_reader *reader;
    TRY(blob_reader_open(fixture->store, info->id, info->sealed_key, &reader));
    unsigned char *back = malloc((size_t)info->size + 1);
    size_t got = 0;
    error e = blob_read(reader, 0, back, (size_t)info->size + 1, &got);
    if (!error_is(e)) {
        assert_int_equal(got, info->size);
        if (got)
            assert_memory_equal(back, expected, got);
    }
    blob_reader_close(reader);
    free(back);
    return e;
}

static void path_of(struct fixture *fixture, const char *id, char out[static 160])
{
    snprintf(out, 160, "%s/%.2s/%.36s", fixture->store_path, id + 34, id);
}

static unsigned char *load_file(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *ret_size = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(*ret_size + 1);
    assert_int_equal(fread(bytes, 1, *ret_size, file), *ret_size);
    fclose(file);
    return bytes;
}

static void save_file(const char *path, const unsigned char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static error count_blob(void *context, const char *id, int64_t stored_size, int64_t changed_us)
{
    assert_true(id_is_valid(str_of(id)) && stored_size > 0 && changed_us > 0);
    ++*(int *)context;
    return OK;
}

static int count_blobs(struct fixture *fixture)
{
    int count = 0;
    assert_ok(blob_each(fixture->store, BLOB_LOCAL, count_blob, &count));
    return count;
}

static int count_unfinished(struct fixture *fixture)
{
    char path[100];
    int count = 0;
    snprintf(path, sizeof path, "%s/tmp", fixture->store_path);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

static void any_size_reads_back_and_is_hashed(void **state)
{
    struct fixture *fixture = *state;
    static const size_t sizes[] = { 0, 1, SEALER_PIECE - 1, SEALER_PIECE, SEALER_PIECE + 1, 2 * SEALER_PIECE,
        BLOB_CHUNK_SIZE - 1, BLOB_CHUNK_SIZE, BLOB_CHUNK_SIZE + 1, BLOB_CHUNK_SIZE + SEALER_PIECE,
        BLOB_CHUNK_SIZE + SEALER_PIECE + 1, 3 * BLOB_CHUNK_SIZE + 5 };
    enum { COUNT = sizeof sizes / sizeof *sizes };
    for (size_t i = 0; i < 2 * COUNT; i++) {
        size_t size = sizes[i % COUNT];
        unsigned char *bytes = i < COUNT ? random_bytes(size) : text_bytes(size), hash[32];
        struct blob_info info = store_bytes(fixture, bytes, size);
        crypt_sha256(bytes, size, hash);
        assert_memory_equal(info.sha256, hash, 32);
        assert_int_equal(info.size, size);
        struct stat status;
        char path[160];
        path_of(fixture, info.id, path);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(info.stored_size, status.st_size);
        assert_ok(read_whole(fixture, &info, bytes));
        free(bytes);
    }
    assert_int_equal(count_blobs(fixture), 2 * COUNT);
    assert_int_equal(count_unfinished(fixture), 0);
}

static void any_range_reads_back(void **state)
{
    struct fixture *fixture = *state;
    size_t size = 3 * BLOB_CHUNK_SIZE + 5;
    unsigned char *bytes = text_bytes(size), *back = malloc(300000);
    struct blob_info info = store_bytes(fixture, bytes, size);
    struct blob_reader *reader;
    assert_ok(blob_reader_open(fixture->store, info.id, info.sealed_key, &reader));
    assert_int_equal(blob_reader_size(reader), size);
    unsigned seed = 7;
    size_t got;
    for (int i = 0; i < 60; i++) {
        size_t from = (seed = seed * 1103515245 + 12345) % size, want = (seed >> 4) % 300000;
        if (i < 6) // across the ends of chunks, and the end
            from = (size_t)(i / 2 + 1) * BLOB_CHUNK_SIZE - 3, want = i % 2 ? 100 : 3;
        assert_ok(blob_read(reader, (int64_t)from, back, want, &got));
        assert_int_equal(got, want < size - from ? want : size - from);
        assert_memory_equal(back, bytes + from, got);
    }
    assert_ok(blob_read(reader, (int64_t)size, back, 10, &got));
    assert_int_equal(got, 0);
    assert_ok(blob_read(reader, INT64_MAX, back, 10, &got));
    assert_int_equal(got, 0);
    blob_reader_close(reader);
    blob_reader_close(NULL);
    free(bytes);
    free(back);
}

// The vector of docs/blob-format.md, made by a program that shares no code with this one.
static void the_documented_vector_reads_back(void **state)
{
    struct fixture *fixture = *state;
    static const char hex[] =
        "4b494e4f424c4f420100000000008000018f2f6e000070008000000000000001060000001600000001000000a0a1a2a3"
        "a4a5a6a7a8a9aaabad71124237aa27030ac6e1b16df2c273651aea09a608300000004000000004000000b0b1b2b3b4b5"
        "b6b7b8b9babb9f555aabeccdbb5f7c96d2b6faf4e7c6de83f014f0f3342605a029e8acbc6425e5ae5a0725f1dfb3855b"
        "a04a3cb982b51d179731f1a13eabc7e1de4bd6115c06580000004b494458";
    unsigned char bytes[(sizeof hex - 1) / 2], key[CRYPT_KEY_SIZE];
    assert_true(str_from_hex(str_of(hex), bytes, sizeof bytes));
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (unsigned char)i;
    struct blob_info info = { .id = "018f2f6e-0000-7000-8000-000000000001", .size = 6 };
    ARENA_AUTO struct arena *arena = arena_new(4096);
    str sealed = keyring_seal(arena, fixture->keyring, "blob key", str_of(info.id), (str) { (char *)key, sizeof key });
    assert_int_equal(sealed.size, sizeof info.sealed_key);
    memcpy(info.sealed_key, sealed.data, sealed.size);
    char path[160];
    path_of(fixture, info.id, path);
    save_file(path, bytes, sizeof bytes);
    assert_ok(read_whole(fixture, &info, (const unsigned char *)"Kinora"));
}

static void text_shrinks_and_random_data_does_not(void **state)
{
    struct fixture *fixture = *state;
    size_t size = BLOB_CHUNK_SIZE + 1000;
    unsigned char *text = text_bytes(size), *random = random_bytes(size);
    struct blob_info info = store_bytes(fixture, text, size);
    assert_true(info.stored_size < info.size / 2);
    info = store_bytes(fixture, random, size);
    assert_true(info.stored_size >= info.size && info.stored_size < info.size + 300);
    // each chunk by itself: text behind a chunk of noise still shrinks
    memcpy(random + BLOB_CHUNK_SIZE, text, 1000);
    info = store_bytes(fixture, random, size);
    assert_true(info.stored_size < info.size);
    assert_ok(read_whole(fixture, &info, random));
    // noise behind a beginning that shrinks, but by less than it costs to say that the rest does not
    memcpy(random, text, SEALER_PIECE / 4);
    info = store_bytes(fixture, random, size);
    assert_true(info.stored_size < info.size);
    assert_ok(read_whole(fixture, &info, random));
    free(text);
    free(random);
}

static void a_flipped_bit_anywhere_is_detected(void **state)
{
    struct fixture *fixture = *state;
    for (int kind = 0; kind < 3; kind++) { // empty, text, noise
        size_t size = kind ? 700 : 0, stored_size;
        unsigned char *bytes = kind == 1 ? text_bytes(size) : random_bytes(size);
        struct blob_info info = store_bytes(fixture, bytes, size);
        char path[160];
        path_of(fixture, info.id, path);
        unsigned char *stored = load_file(path, &stored_size);
        for (size_t i = 0; i < stored_size; i++) {
            stored[i] ^= (unsigned char)(1 << i % 8);
            save_file(path, stored, stored_size);
            assert_error(read_whole(fixture, &info, bytes), ERROR_DATA_CORRUPT);
            stored[i] ^= (unsigned char)(1 << i % 8);
        }
        for (size_t cut = 0; cut < stored_size; cut++) {
            save_file(path, stored, cut);
            assert_error(read_whole(fixture, &info, bytes), ERROR_DATA_CORRUPT);
        }
        stored[stored_size] = 0; // one byte too many
        save_file(path, stored, stored_size + 1);
        assert_error(read_whole(fixture, &info, bytes), ERROR_DATA_CORRUPT);
        save_file(path, stored, stored_size);
        assert_ok(read_whole(fixture, &info, bytes));
        free(stored);
        free(bytes);
    }
}

// Noise, so that every chunk but the last takes the same room and can be moved about.
static void moved_chunks_are_detected(void **state)
{
    struct fixture *fixture = *state;
    size_t size = 3 * BLOB_CHUNK_SIZE, slot = BLOB_CHUNK_SIZE + CHUNK_OVERHEAD, stored_size, other_size;
    unsigned char *bytes = random_bytes(size), *spare = malloc(slot);
    struct blob_info info = store_bytes(fixture, bytes, size), other = store_bytes(fixture, bytes, size);
    char path[160], other_path[160];
    path_of(fixture, info.id, path);
    path_of(fixture, other.id, other_path);
    unsigned char *stored = load_file(path, &stored_size), *foreign = load_file(other_path, &other_size);
    unsigned char *chunks = stored + CHUNK_FILE_HEADER_SIZE, *changed = malloc(stored_size);
    assert_int_equal(stored_size, other_size);
    for (int kind = 0; kind < 6; kind++) {
        memcpy(changed, stored, stored_size);
        unsigned char *at = changed + CHUNK_FILE_HEADER_SIZE;
        size_t changed_size = stored_size;
        if (kind == 0) { // swapped
            memcpy(at, chunks + slot, slot);
            memcpy(at + slot, chunks, slot);
        } else if (kind == 1) // the last one in the middle
            memcpy(at + slot, chunks + 2 * slot, slot);
        else if (kind == 2) // one twice
            memcpy(at + slot, chunks, slot);
        else if (kind == 3) // of another file with the same content
            memcpy(at, foreign + CHUNK_FILE_HEADER_SIZE, slot);
        else if (kind == 4) { // left out, index and end kept
            memmove(at + slot, at + 2 * slot, stored_size - CHUNK_FILE_HEADER_SIZE - 2 * slot);
            changed_size -= slot;
        } else { // the end of another file
            size_t tail = stored_size - CHUNK_FILE_HEADER_SIZE - 3 * slot;
            memcpy(at + 3 * slot, foreign + stored_size - tail, tail);
        }
        save_file(path, changed, changed_size);
        assert_error(read_whole(fixture, &info, bytes), ERROR_DATA_CORRUPT);
    }
    save_file(path, foreign, other_size); // another file in its place, and with that one's key
    assert_error(read_whole(fixture, &info, bytes), ERROR_DATA_CORRUPT);
    memcpy(info.sealed_key, other.sealed_key, sizeof info.sealed_key);
    assert_error(read_whole(fixture, &info, bytes), ERROR_DATA_CORRUPT);
    free(stored);
    free(foreign);
    free(changed);
    free(spare);
    free(bytes);
}

static void an_aborted_file_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct blob_writer *writer;
    unsigned char *bytes = random_bytes(BLOB_CHUNK_SIZE + 10);
    assert_ok(blob_writer_open(fixture->store, NULL, &writer));
    assert_ok(blob_write(writer, bytes, BLOB_CHUNK_SIZE + 10));
    assert_int_equal(count_unfinished(fixture), 1);
    int64_t removed = -1;
    assert_ok(blob_sweep_unfinished(fixture->store, BLOB_LOCAL, -SECOND_US, &removed)); // its writer lives
    assert_int_equal(removed, 0);
    blob_writer_abort(writer);
    blob_writer_abort(NULL);
    assert_int_equal(count_unfinished(fixture), 0);
    assert_int_equal(count_blobs(fixture), 0);
    free(bytes);
}

static void a_taken_id_is_refused_and_what_is_there_stays(void **state)
{
    struct fixture *fixture = *state;
    struct blob_writer *first, *second;
    struct blob_info info, other = { 0 };
    const char *id = "018F2F6E-0000-7000-8000-00000000000A";
    assert_error(blob_writer_open(fixture->store, "../../etc/passwd", &first), ERROR_INVALID_ID);
    assert_ok(blob_writer_open(fixture->store, id, &first));
    assert_ok(blob_writer_open(fixture->store, id, &second));
    assert_ok(blob_write(first, "first", 5));
    assert_ok(blob_write(second, "second", 6));
    assert_ok(blob_writer_commit(first, &info));
    assert_string_equal(info.id, "018f2f6e-0000-7000-8000-00000000000a");
    assert_error(blob_writer_commit(second, &other), ERROR_FILE_EXISTS);
    assert_int_equal(other.size, 0);
    assert_int_equal(count_unfinished(fixture), 0);
    assert_ok(read_whole(fixture, &info, (const unsigned char *)"first"));
    assert_ok(blob_remove(fixture->store, id));
    assert_ok(blob_remove(fixture->store, id));
    assert_ok(blob_remove(fixture->store, "../x"));
    assert_error(read_whole(fixture, &info, NULL), ERROR_NOT_FOUND);
    assert_int_equal(count_blobs(fixture), 0);
}

// The child commits some files, reports each, and is killed in the middle of others.
static void a_killed_writer_leaves_only_what_it_committed(void **state)
{
    struct fixture *fixture = *state;
    enum { COUNT = 3 };
    int out[2];
    assert_int_equal(pipe(out), 0);
    unsigned char *bytes = random_bytes(BLOB_CHUNK_SIZE + 100);
    pid_t child = fork();
    if (child == 0) {
        struct blob_writer *writer;
        struct blob_info info;
        for (int i = 0; i < COUNT; i++) {
            if (error_is(blob_writer_open(fixture->store, NULL, &writer))
                || error_is(blob_write(writer, bytes, BLOB_CHUNK_SIZE + 100))
                || error_is(blob_writer_commit(writer, &info)) || write(out[1], &info, sizeof info) < 0)
                _exit(1);
            if (error_is(blob_writer_open(fixture->store, NULL, &writer)) // stays open
                || error_is(blob_write(writer, bytes, BLOB_CHUNK_SIZE + 100)))
                _exit(1);
        }
        (void)!write(out[1], "", 1);
        pause();
        _exit(1);
    }
    struct blob_info infos[COUNT];
    char ready;
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(read(out[0], &infos[i], sizeof infos[i]), sizeof infos[i]);
    assert_int_equal(read(out[0], &ready, 1), 1);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(out[0]);
    close(out[1]);
    int64_t removed;
    assert_int_equal(count_unfinished(fixture), COUNT);
    assert_ok(blob_sweep_unfinished(fixture->store, BLOB_LOCAL, 3600 * SECOND_US, &removed)); // too young
    assert_int_equal(removed, 0);
    assert_ok(blob_sweep_unfinished(fixture->store, BLOB_LOCAL, -SECOND_US, &removed));
    assert_int_equal(removed, COUNT);
    assert_int_equal(count_unfinished(fixture), 0);
    assert_int_equal(count_blobs(fixture), COUNT);
    for (int i = 0; i < COUNT; i++)
        assert_ok(read_whole(fixture, &infos[i], bytes));
    free(bytes);
}

// A small file system of its own, where the kernel lets a test make one.
static void a_full_disk_is_reported_and_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    enum { NOT_ALLOWED = 77 };
    unsigned char *bytes = random_bytes(BLOB_CHUNK_SIZE);
    pid_t child = fork();
    if (child == 0) {
        char folder[100];
        snprintf(folder, sizeof folder, "%s/tmp", fixture->store_path);
        struct blob_store *store;
        struct blob_writer *writer;
        struct blob_info info;
        if ((unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
            || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0
            || mount("kinora-test", fixture->store_path, "tmpfs", 0, "size=12m") != 0)
            _exit(NOT_ALLOWED);
        if (error_is(blob_store_open(fixture->store_path, fixture->keyring, &store))
            || error_is(blob_writer_open(store, NULL, &writer)))
            _exit(1);
        error e = OK;
        for (int i = 0; i < 4 && !error_is(e); i++)
            e = blob_write(writer, bytes, BLOB_CHUNK_SIZE);
        if (e.code != ERROR_STORAGE_FULL || blob_write(writer, bytes, 1).code != ERROR_STORAGE_FULL)
            _exit(2);
        if (count_unfinished(fixture) != 0) // even before the caller gives up
            _exit(3);
        if (blob_writer_commit(writer, &info).code != ERROR_STORAGE_FULL)
            _exit(4);
        _exit(error_is(blob_writer_open(store, NULL, &writer)) || error_is(blob_write(writer, bytes, 100))
                      || error_is(blob_writer_commit(writer, &info))
                  ? 5
                  : 0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    free(bytes);
    if (WEXITSTATUS(status) == NOT_ALLOWED)
        skip();
    assert_int_equal(status, 0);
}

struct reading {
    struct fixture *fixture;
    const struct blob_info *info;
    const unsigned char *expected;
    bool same;
};

static void *read_in_thread(void *context)
{
    struct reading *reading = context;
    struct blob_reader *reader;
    reading->same = !error_is(
        blob_reader_open(reading->fixture->store, reading->info->id, reading->info->sealed_key, &reader));
    unsigned char *back = malloc(1 << 20);
    for (int64_t at = 0; reading->same && at < reading->info->size; at += 1 << 20) {
        size_t got;
        reading->same = !error_is(blob_read(reader, at, back, 1 << 20, &got))
                        && !memcmp(back, reading->expected + at, got);
    }
    free(back);
    blob_reader_close(reader);
    return NULL;
}

static void two_threads_read_one_file(void **state)
{
    struct fixture *fixture = *state;
    size_t size = 2 * BLOB_CHUNK_SIZE + 77;
    unsigned char *bytes = text_bytes(size);
    struct blob_info info = store_bytes(fixture, bytes, size);
    struct reading readings[2] = { { fixture, &info, bytes, false }, { fixture, &info, bytes, false } };
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_in_thread, &readings[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_true(readings[0].same && readings[1].same);
    free(bytes);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, open_store, close_store)

int main(void)
{
    if (error_is(crypt_init()))
        return 1;
    const struct CMUnitTest tests[] = {
        WITH_STORE(any_size_reads_back_and_is_hashed),
        WITH_STORE(any_range_reads_back),
        WITH_STORE(the_documented_vector_reads_back),
        WITH_STORE(text_shrinks_and_random_data_does_not),
        WITH_STORE(a_flipped_bit_anywhere_is_detected),
        WITH_STORE(moved_chunks_are_detected),
        WITH_STORE(an_aborted_file_leaves_nothing),
        WITH_STORE(a_taken_id_is_refused_and_what_is_there_stays),
        WITH_STORE(a_killed_writer_leaves_only_what_it_committed),
        WITH_STORE(a_full_disk_is_reported_and_leaves_nothing),
        WITH_STORE(two_threads_read_one_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
