// SPDX-License-Identifier: GPL-3.0-or-later
// libFuzzer: a request read in one piece and cut at points taken from the input must give the same.
// clang -fsanitize=fuzzer,address -Isrc tests/fuzz/fuzz_http_parser.c, with the libraries net and base.
#include <string.h>

#include "../unit/http_transcript.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t whole(void *context)
{
    (void)context;
    return SIZE_MAX;
}

static size_t one(void *context)
{
    (void)context;
    return 1;
}

struct random_cut {
    uint32_t state;
};

static size_t random_size(void *context)
{
    struct random_cut *cut = context;
    cut->state = cut->state * 1664525u + 1013904223u;
    return cut->state >> 24 & 31; // empty pieces too
}

static void compare(str input, const struct buffer *expected, int status, size_t (*piece)(void *), void *context)
{
    BUFFER_AUTO struct buffer out = { 0 };
    size_t used;
    ASSERT(transcript(input, piece, context, &out, &used) == status);
    ASSERT(out.size == expected->size && memcmp(out.data, expected->data, out.size) == 0);
}

// The first four bytes choose the cuts; the rest is the request.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct random_cut cut;
    if (size < sizeof cut)
        return 0;
    memcpy(&cut, data, sizeof cut);
    str input = { (const char *)data + sizeof cut, size - sizeof cut };
    BUFFER_AUTO struct buffer expected = { 0 };
    size_t used;
    int status = transcript(input, whole, NULL, &expected, &used);
    compare(input, &expected, status, one, NULL);
    compare(input, &expected, status, random_size, &cut);
    return 0;
}
