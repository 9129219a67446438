// SPDX-License-Identifier: GPL-3.0-or-later
// blob_bench FOLDER FILE: writes FILE as a blob into a store at FOLDER, reads it back, removes it, and prints
// {"write_s", "write_cpu_s", "read_s", "read_cpu_s", "size", "stored"}. What the store costs without HTTP around it.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "blob/blob.h"

enum { STEP = 256 << 10 }; // as much as a connection hands over at once

struct moment {
    int64_t wall_us, cpu_us;
};

static struct moment moment_now(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    int64_t seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec;
    return (struct moment) { clock_mono_us(), seconds * SECOND_US + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec };
}

static void print_since(const char *name, struct moment from)
{
    struct moment now = moment_now();
    printf("\"%s_s\": %.6f, \"%s_cpu_s\": %.6f, ", name, (double)(now.wall_us - from.wall_us) / SECOND_US, name,
        (double)(now.cpu_us - from.cpu_us) / SECOND_US);
}

static error write_blob(struct blob_store *store, int file, char *bytes, struct blob_info *ret_info)
{
    struct blob_writer *writer;
    TRY(blob_writer_open(store, NULL, &writer));
    for (ssize_t got; (got = read(file, bytes, STEP)) > 0;) {
        error result = blob_write(writer, bytes, (size_t)got);
        if (error_is(result)) {
            blob_writer_abort(writer);
            return result;
        }
    }
    return blob_writer_commit(writer, ret_info);
}

static error read_blob(struct blob_store *store, const struct blob_info *info, char *bytes)
{
    struct blob_reader *reader;
    error result = OK;
    TRY(blob_reader_open(store, info->id, info->sealed_key, &reader));
    size_t got = 1;
    for (int64_t offset = 0; got && !error_is(result); offset += (int64_t)got)
        result = blob_read(reader, offset, bytes, STEP, &got);
    blob_reader_close(reader);
    return result;
}

static error run(const char *folder, int file, char *bytes)
{
    char path[4096];
    struct keyring *keyring;
    struct blob_store *store;
    struct blob_info info;
    TRY(crypt_init());
    snprintf(path, sizeof path, "%s/keys", folder);
    TRY(keyring_open(path, NULL, &keyring));
    snprintf(path, sizeof path, "%s/blobs", folder);
    TRY(blob_store_open(path, keyring, &store));
    struct moment from = moment_now();
    TRY(write_blob(store, file, bytes, &info));
    printf("{");
    print_since("write", from);
    from = moment_now();
    TRY(read_blob(store, &info, bytes));
    print_since("read", from);
    printf("\"size\": %lld, \"stored\": %lld}\n", (long long)info.size, (long long)info.stored_size);
    TRY(blob_remove(store, info.id));
    blob_store_close(store);
    keyring_close(keyring);
    return OK;
}

int main(int count, char **arguments)
{
    if (count != 3) {
        fprintf(stderr, "usage: blob_bench FOLDER FILE\n");
        return 2;
    }
    int file = open(arguments[2], O_RDONLY | O_CLOEXEC);
    char *bytes = malloc(STEP);
    if (file < 0 || !bytes) {
        perror(arguments[2]);
        return 1;
    }
    error result = run(arguments[1], file, bytes);
    free(bytes);
    close(file);
    if (error_is(result))
        fprintf(stderr, "blob_bench: %s\n", result.message);
    return error_is(result);
}
