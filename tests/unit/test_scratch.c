// SPDX-License-Identifier: GPL-3.0-or-later
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/id.h"
#include "blob/blob.h"
#include "test.h"

enum { MODEL_SIZE = 3 << 20 };

static void writes_and_reads_agree_with_plain_memory(void **state)
{
    (void)state;
    struct scratch *scratch;
    assert_ok(scratch_open("/tmp", &scratch));
    unsigned char *model = calloc(1, MODEL_SIZE), *piece = malloc(200000);
    size_t model_size = 0, got;
    unsigned seed = 3;
    id_random(piece, 200000);
    for (int i = 0; i < 2000; i++) {
        seed = seed * 1103515245 + 12345;
        size_t at = seed % (MODEL_SIZE - 200000);
        seed = seed * 1103515245 + 12345;
        size_t size = (seed >> 8) % (i % 10 ? 3000 : 200000); // small ones and such that cross pages
        if (seed >> 30 & 1) {
            piece[size ? i % size : 0] ^= (unsigned char)i;
            assert_ok(scratch_write(scratch, (int64_t)at, piece, size));
            memcpy(model + at, piece, size);
            if (size && at + size > model_size)
                model_size = at + size;
        } else {
            unsigned char *back = malloc(size + 1);
            assert_ok(scratch_read(scratch, (int64_t)at, back, size, &got));
            size_t expected = at >= model_size ? 0 : size < model_size - at ? size : model_size - at;
            assert_int_equal(got, expected);
            if (got)
                assert_memory_equal(back, model + at, got);
            free(back);
        }
        assert_int_equal(scratch_size(scratch), model_size);
    }
    unsigned char *whole = malloc(MODEL_SIZE);
    assert_ok(scratch_read(scratch, 0, whole, MODEL_SIZE, &got));
    assert_int_equal(got, model_size);
    assert_memory_equal(whole, model, got);
    scratch_close(scratch);
    free(whole);
    free(model);
    free(piece);
}

static void holes_read_as_zeros(void **state)
{
    (void)state;
    struct scratch *scratch;
    unsigned char back[1000];
    size_t got;
    assert_ok(scratch_open("/tmp", &scratch));
    assert_ok(scratch_read(scratch, 0, back, sizeof back, &got));
    assert_int_equal(got, 0);
    int64_t far = INT64_C(5) << 30;
    assert_ok(scratch_write(scratch, far, "end", 3));
    for (int i = 1; i < 8; i++) // pushes the far page out of memory
        assert_ok(scratch_write(scratch, far / 8 * i, "x", 1));
    memset(back, 1, sizeof back);
    assert_ok(scratch_read(scratch, far / 2 + 1, back, sizeof back, &got));
    assert_int_equal(got, sizeof back);
    for (size_t i = 0; i < sizeof back; i++)
        assert_int_equal(back[i], 0);
    assert_ok(scratch_read(scratch, far / 3, back, sizeof back, &got)); // a page that was never written
    for (size_t i = 0; i < sizeof back; i++)
        assert_int_equal(back[i], 0);
    assert_ok(scratch_read(scratch, far - 2, back, sizeof back, &got));
    assert_int_equal(got, 5);
    assert_memory_equal(back, "\0\0end", 5);
    scratch_close(scratch);
    scratch_close(NULL);
}

static void no_name_and_no_plain_byte_reach_the_disk(void **state)
{
    (void)state;
    char folder[] = "/tmp/kinora-test-scratch-XXXXXX";
    assert_non_null(mkdtemp(folder));
    struct scratch *scratch;
    assert_ok(scratch_open(folder, &scratch));
    static const char secret[] = "a sentence that nobody may find on the disk";
    for (int i = 0; i < 20; i++)
        assert_ok(scratch_write(scratch, i * 65536, secret, sizeof secret));
    assert_int_equal(rmdir(folder), 0); // it is empty
    int found_files = 0;
    DIR *descriptors = opendir("/proc/self/fd");
    for (struct dirent *entry; (entry = readdir(descriptors));) {
        char path[300], target[300] = { 0 };
        struct stat status;
        snprintf(path, sizeof path, "/proc/self/fd/%s", entry->d_name);
        if (readlink(path, target, sizeof target - 1) < 0 || !strstr(target, folder + 5) || stat(path, &status) != 0)
            continue;
        found_files++;
        assert_true(status.st_size > 65536);
        unsigned char *bytes = malloc((size_t)status.st_size);
        assert_int_equal(pread(atoi(entry->d_name), bytes, (size_t)status.st_size, 0), status.st_size);
        assert_null(memmem(bytes, (size_t)status.st_size, secret, 10));
        free(bytes);
    }
    closedir(descriptors);
    assert_int_equal(found_files, 1);
    scratch_close(scratch);
}

static void offsets_that_cannot_be_are_refused(void **state)
{
    (void)state;
    struct scratch *scratch;
    char byte = 0;
    size_t got;
    assert_ok(scratch_open("/tmp", &scratch));
    assert_error(scratch_write(scratch, -1, &byte, 1), ERROR_LIMIT_EXCEEDED);
    assert_error(scratch_write(scratch, INT64_MAX, &byte, 1), ERROR_LIMIT_EXCEEDED);
    assert_error(scratch_read(scratch, -1, &byte, 1, &got), ERROR_LIMIT_EXCEEDED);
    assert_ok(scratch_read(scratch, INT64_MAX, &byte, 1, &got));
    assert_int_equal(got, 0);
    scratch_close(scratch);
    assert_error(scratch_open("/nowhere/at/all", &scratch), ERROR_INTERNAL_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_and_reads_agree_with_plain_memory),
        cmocka_unit_test(holes_read_as_zeros),
        cmocka_unit_test(no_name_and_no_plain_byte_reach_the_disk),
        cmocka_unit_test(offsets_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
