// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "blob/chunk.h"
#include "blob/sealer.h"
#include "blob_help.h"

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

// Past the page cache, where the last block is in memory while a record that begins in it is put right.
static void a_large_file_may_end_with_a_chunk_of_any_stored_size(void **state)
{
    struct fixture *fixture = *state;
    static const size_t ends[] = { 1, 300, 5000, SEALER_PIECE + 1, BLOB_CHUNK_SIZE, BLOB_CHUNK_SIZE + 9 };
    size_t start = 3 * BLOB_CHUNK_SIZE;
    unsigned char *bytes = random_bytes(start + 3 * BLOB_CHUNK_SIZE);
    memset(bytes + start, 'z', BLOB_CHUNK_SIZE); // a few hundred bytes when stored
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct blob_info info = store_bytes(fixture, bytes, start + BLOB_CHUNK_SIZE + ends[i]);
        assert_ok(read_whole(fixture, &info, bytes));
    }
    memset(bytes + start, 'z', 3 * BLOB_CHUNK_SIZE);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct blob_info info = store_bytes(fixture, bytes, start + BLOB_CHUNK_SIZE + ends[i]);
        assert_ok(read_whole(fixture, &info, bytes));
    }
    free(bytes);
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

// The key of the file is known to whom it is shared with: what they could seal must not hurt either.
static void a_decompression_bomb_in_a_chunk_is_refused(void **state)
{
    (void)state;
    struct chunk_place place = { .number = 0 };
    size_t size = 1 << 20;
    unsigned char *zeros = calloc(1, size), *stored = malloc(size + CHUNK_OVERHEAD), *back = malloc(size);
    size_t stored_size = chunk_seal(&place, CHUNK_LAST, zeros, size, stored),
           sealed_size = stored_size - CHUNK_HEADER_SIZE;
    assert_true(stored_size < 2000);
    // Seal the same compressed bytes again with a plain size that is a lie.
    unsigned char bound[CHUNK_BOUND_SIZE] = { CHUNK_FORMAT_VERSION };
    bound[29] = stored[1], bound[30] = stored[2], bound[32] = stored[8];
    unsigned char *body = stored + CHUNK_HEADER_SIZE, *plain_body = malloc(sealed_size);
    assert_true(aead_open(place.key, stored + 12, bound, sizeof bound, body, sealed_size, plain_body));
    uint32_t lie = 5000;
    for (int i = 0; i < 4; i++)
        stored[i] = bound[28 + i] = (unsigned char)(lie >> 8 * i);
    aead_seal(place.key, stored + 12, bound, sizeof bound, plain_body, sealed_size - 16, body);
    unsigned char *exact = malloc(lie); // the sanitizer sees a byte too many
    assert_false(chunk_open(&place, CHUNK_LAST, stored, stored_size, exact, lie));
    free(exact);
    free(plain_body);
    free(zeros);
    free(stored);
    free(back);
}

static void data_key_of(struct fixture *fixture, const struct blob_info *info, unsigned char ret_key[CRYPT_KEY_SIZE])
{
    ARENA_AUTO struct arena *arena = arena_new(4096);
    str key, sealed = { (char *)info->sealed_key, sizeof info->sealed_key };
    assert_ok(keyring_open_sealed(arena, fixture->keyring, "blob key", str_of(info->id), sealed, &key));
    memcpy(ret_key, key.data, CRYPT_KEY_SIZE);
}

// Whoever has the key could write frames that say other sizes than they have.
static void frames_that_lie_about_their_sizes_are_refused(void **state)
{
    struct fixture *fixture = *state;
    size_t size = 3 << 20, stored_size, body_size, first, first_plain;
    unsigned char *bytes = text_bytes(size), *back = malloc(size);
    struct blob_info info = store_bytes(fixture, bytes, size);
    struct chunk_place place = { .number = 0 };
    data_key_of(fixture, &info, place.key);
    assert_true(chunk_id_parse(str_of(info.id), place.id));
    char path[160];
    path_of(fixture, info.id, path);
    unsigned char *stored = load_file(path, &stored_size), *record = stored + CHUNK_FILE_HEADER_SIZE;
    size_t record_size = CHUNK_HEADER_SIZE + ((size_t)record[4] | (size_t)record[5] << 8 | (size_t)record[6] << 16);
    const unsigned char *body;
    assert_true(chunk_unseal(&place, CHUNK_LAST, record, record_size, size, &body, &body_size));
    assert_true(chunk_is_packed(record));
    unsigned char *frames = malloc(body_size);
    memcpy(frames, body, body_size);
    assert_true(chunk_frame(frames, body_size, size, &first, &first_plain));
    assert_true(first < body_size && first_plain < size);
    assert_true(chunk_unpack(frames, first, back, first_plain));
    assert_memory_equal(back, bytes, first_plain);
    assert_false(chunk_unpack(frames, body_size, back, size - 1));
    assert_false(chunk_unpack(frames, first, back, first_plain + 1));
    assert_false(chunk_frame(frames, body_size, first_plain, &first, &first_plain)); // something behind the end
    assert_false(chunk_frame(frames, body_size, first_plain - 1, &first, &first_plain));
    assert_false(chunk_frame(frames + 1, body_size - 1, size, &first, &first_plain));
    assert_false(chunk_frame(frames, 3, size, &first, &first_plain));
    assert_false(chunk_frame(frames, 0, size, &first, &first_plain));
    frames[5]++; // of the first frame's size field
    assert_true(
        !chunk_frame(frames, body_size, size, &first, &first_plain) || !chunk_unpack(frames, first, back, first_plain));
    free(frames);
    free(stored);
    free(back);
    free(bytes);
}

static error read_file(const char *path, const unsigned char *key, const unsigned char *expected, size_t size)
{
    struct blob_reader *reader;
    size_t got = 0;
    TRY(blob_reader_open_file(path, key, &reader));
    unsigned char *back = malloc(size + 1);
    error e = blob_read(reader, 0, back, size + 1, &got);
    if (!error_is(e)) {
        assert_int_equal(got, size);
        assert_memory_equal(back, expected, size);
    }
    blob_reader_close(reader);
    free(back);
    return e;
}

// Without the store's threads, then.
static void a_sealed_file_opens_without_a_store(void **state)
{
    struct fixture *fixture = *state;
    size_t size = 2 * BLOB_CHUNK_SIZE + 77, stored_size;
    unsigned char *bytes = text_bytes(size), key[CRYPT_KEY_SIZE], other_key[CRYPT_KEY_SIZE];
    memset(bytes, 0, 1 << 20);
    struct blob_info info = store_bytes(fixture, bytes, size), other = store_bytes(fixture, "x", 1);
    data_key_of(fixture, &info, key);
    data_key_of(fixture, &other, other_key);
    char stored_path[160], path[160];
    path_of(fixture, info.id, stored_path);
    unsigned char *stored = load_file(stored_path, &stored_size);
    snprintf(path, sizeof path, "%s/taken-away.sealed", fixture->folder);
    save_file(path, stored, stored_size);
    assert_ok(read_file(path, key, bytes, size));
    assert_error(read_file(path, other_key, bytes, size), ERROR_DATA_CORRUPT);
    const size_t places[] = { 40, stored_size / 3, stored_size / 2, stored_size - 400, stored_size - 30 };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        stored[places[i]] ^= 1;
        save_file(path, stored, stored_size);
        assert_error(read_file(path, key, bytes, size), ERROR_DATA_CORRUPT);
        stored[places[i]] ^= 1;
    }
    save_file(path, stored, stored_size - 100);
    assert_error(read_file(path, key, bytes, size), ERROR_DATA_CORRUPT);
    save_file(path, stored, 10);
    assert_error(read_file(path, key, bytes, size), ERROR_UNSUPPORTED_MEDIA);
    free(stored);
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
        WITH_STORE(a_large_file_may_end_with_a_chunk_of_any_stored_size),
        WITH_STORE(the_documented_vector_reads_back),
        WITH_STORE(text_shrinks_and_random_data_does_not),
        WITH_STORE(a_flipped_bit_anywhere_is_detected),
        WITH_STORE(moved_chunks_are_detected),
        cmocka_unit_test(a_decompression_bomb_in_a_chunk_is_refused),
        WITH_STORE(frames_that_lie_about_their_sizes_are_refused),
        WITH_STORE(a_sealed_file_opens_without_a_store),
        WITH_STORE(an_aborted_file_leaves_nothing),
        WITH_STORE(a_taken_id_is_refused_and_what_is_there_stays),
        WITH_STORE(a_killed_writer_leaves_only_what_it_committed),
        WITH_STORE(a_full_disk_is_reported_and_leaves_nothing),
        WITH_STORE(two_threads_read_one_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
