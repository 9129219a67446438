// SPDX-License-Identifier: GPL-3.0-or-later
// Records that only somebody with the key of a file can make: whom it is shared with, say.
#include <stdlib.h>

#include "blob/chunk.h"
#include "test.h"

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

// The frame of `size` bytes of a rising pattern, appended to `frames`.
static size_t add_frame(unsigned char *frames, size_t size, unsigned char *plain)
{
    struct chunk_place place = { .number = 0 };
    unsigned char *stored = malloc(size + CHUNK_OVERHEAD);
    const unsigned char *body;
    size_t body_size;
    for (size_t i = 0; i < size; i++)
        plain[i] = (unsigned char)(i / 7);
    size_t stored_size = chunk_seal(&place, CHUNK_LAST, plain, size, stored);
    assert_true(chunk_unseal(&place, CHUNK_LAST, stored, stored_size, size, &body, &body_size));
    assert_true(chunk_is_packed(stored));
    memcpy(frames, body, body_size);
    free(stored);
    return body_size;
}

static void frames_that_lie_about_their_sizes_are_refused(void **state)
{
    (void)state;
    enum { FIRST = 70000, SECOND = 50000, SIZE = FIRST + SECOND };
    unsigned char *bytes = malloc(SIZE), *back = malloc(SIZE), *frames = malloc(SIZE);
    size_t body_size = add_frame(frames, FIRST, bytes), first, first_plain;
    body_size += add_frame(frames + body_size, SECOND, bytes + FIRST);
    assert_true(chunk_halve(frames, body_size, SIZE, &first, &first_plain));
    assert_int_equal(first_plain, FIRST);
    assert_true(chunk_unpack(frames, first, back, FIRST));
    assert_true(chunk_unpack(frames + first, body_size - first, back + FIRST, SECOND));
    assert_memory_equal(back, bytes, SIZE);
    assert_false(chunk_unpack(frames, body_size, back, SIZE - 1));
    assert_false(chunk_unpack(frames, first, back, FIRST + 1));
    assert_false(chunk_halve(frames, first, FIRST, &first, &first_plain)); // one frame
    assert_false(chunk_halve(frames + 1, body_size - 1, SIZE, &first, &first_plain));
    assert_false(chunk_halve(frames, 3, SIZE, &first, &first_plain));
    frames[5]++; // of the first frame's size field
    assert_true(
        !chunk_halve(frames, body_size, SIZE, &first, &first_plain) || !chunk_unpack(frames, first, back, first_plain));
    free(frames);
    free(back);
    free(bytes);
}

int main(void)
{
    if (error_is(crypt_init()))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_decompression_bomb_in_a_chunk_is_refused),
        cmocka_unit_test(frames_that_lie_about_their_sizes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
