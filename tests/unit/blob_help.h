// SPDX-License-Identifier: GPL-3.0-or-later
// A store in a folder of its own, and bytes to put there.
#pragma once

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/id.h"
#include "blob/blob.h"
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
    assert_ok(blob_each(fixture->store, BLOB_LOCAL, &(struct blob_visitor) { count_blob, &count }));
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
