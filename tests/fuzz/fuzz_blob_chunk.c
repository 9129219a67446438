// SPDX-License-Identifier: GPL-3.0-or-later
// Opens chunks whose fields are arbitrary. Half of the inputs are sealed properly first, since a tag that does
// not match would keep the decompressor out of reach.
#include <stdlib.h>
#include <string.h>

#include "blob/chunk.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

enum { BOUND_SIZE = 36, PLAIN_MAX = 1 << 16 };

// The associated data as docs/blob-format.md has it, for chunk 0 of the blob with an id of zeros.
static void seal_body(const struct chunk_place *place, unsigned char *stored, size_t body_size)
{
    unsigned char bound[BOUND_SIZE] = { CHUNK_FORMAT_VERSION }, *body = stored + CHUNK_HEADER_SIZE;
    memcpy(bound + 28, stored, 4);
    memcpy(bound + 32, stored + 8, 4);
    aead_seal(place->key, stored + 12, bound, sizeof bound, body, body_size, body);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    if (size < 3 + CHUNK_HEADER_SIZE)
        return 0;
    struct chunk_place place = { .number = 0 };
    bool sealed = data[0] & 1, is_last = data[0] & 2;
    size_t plain_size = (size_t)data[1] << 8 | data[2], stored_size = size - 3 + CHUNK_TAG_SIZE;
    unsigned char *stored = calloc(1, stored_size), *plain = malloc(plain_size ? plain_size : 1);
    if (!stored || !plain || plain_size > PLAIN_MAX)
        abort();
    memcpy(stored, data + 3, size - 3);
    if (sealed) {
        unsigned char fields[12] = { data[2], data[1], 0, 0 };
        size_t sealed_size = stored_size - CHUNK_HEADER_SIZE;
        for (int i = 0; i < 4; i++)
            fields[4 + i] = (unsigned char)(sealed_size >> 8 * i);
        fields[8] = (unsigned char)(CHUNK_ZSTD | (is_last ? CHUNK_LAST : 0));
        memcpy(stored, fields, sizeof fields);
        seal_body(&place, stored, sealed_size - CHUNK_TAG_SIZE);
    }
    (void)chunk_open(&place, is_last ? CHUNK_LAST : 0, stored, stored_size, plain, plain_size);
    // Frames may come from whoever has the key.
    const unsigned char *frames = data + 3;
    size_t frames_size = size - 3, plain_left = plain_size, frame_size, frame_plain;
    while (chunk_frame(frames, frames_size, plain_left, &frame_size, &frame_plain)) {
        if (frame_size == 0 || frame_size > frames_size || frame_plain == 0 || frame_plain > plain_left)
            abort();
        (void)chunk_unpack(frames, frame_size, plain, frame_plain);
        frames += frame_size;
        frames_size -= frame_size;
        plain_left -= frame_plain;
    }
    free(stored);
    free(plain);
    return 0;
}
