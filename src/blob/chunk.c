// SPDX-License-Identifier: GPL-3.0-or-later
#include "blob/chunk.h"

#include <stdio.h>
#include <string.h>
#include <zstd.h>

#include "base/id.h"

enum {
    FLAGS_AT = 8,
    NONCE_AT = 12,
    NONCE_SIZE = 12,
};

static void put_u32(unsigned char *out, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (unsigned char)(value >> (8 * i));
}

static uint32_t get_u32(const unsigned char *bytes)
{
    uint32_t value = 0;
    for (int i = 3; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

void chunk_put_u64(unsigned char *out, uint64_t value)
{
    put_u32(out, (uint32_t)value);
    put_u32(out + 4, (uint32_t)(value >> 32));
}

uint64_t chunk_get_u64(const unsigned char *bytes)
{
    return (uint64_t)get_u32(bytes + 4) << 32 | get_u32(bytes);
}

bool chunk_id_parse(str text, unsigned char ret_id[static 16])
{
    if (!id_is_valid(text))
        return false;
    char digits[32];
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] != '-')
            digits[count++] = text.data[i];
    return str_from_hex((str) { digits, count }, ret_id, 16);
}

void chunk_id_write(const unsigned char id[static 16], char out[static 37])
{
    snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", id[0], id[1], id[2],
        id[3], id[4], id[5], id[6], id[7], id[8], id[9], id[10], id[11], id[12], id[13], id[14], id[15]);
}

void chunk_file_header(const unsigned char id[static 16], unsigned char ret_header[static CHUNK_FILE_HEADER_SIZE])
{
    memcpy(ret_header, "KINOBLOB", 8);
    put_u32(ret_header + 8, CHUNK_FORMAT_VERSION);
    put_u32(ret_header + 12, BLOB_CHUNK_SIZE);
    memcpy(ret_header + 16, id, 16);
}

void chunk_trailer(size_t index_stored_size, unsigned char ret_trailer[static CHUNK_TRAILER_SIZE])
{
    put_u32(ret_trailer, (uint32_t)index_stored_size);
    memcpy(ret_trailer + 4, "KIDX", 4);
}

bool chunk_trailer_read(const unsigned char trailer[static CHUNK_TRAILER_SIZE], size_t *ret_index_stored_size)
{
    if (memcmp(trailer + 4, "KIDX", 4) != 0)
        return false;
    *ret_index_stored_size = get_u32(trailer);
    return true;
}

void chunk_bound(const struct chunk_place *place, uint32_t plain_size, unsigned flags,
    unsigned char ret_bound[static CHUNK_BOUND_SIZE])
{
    put_u32(ret_bound, CHUNK_FORMAT_VERSION);
    memcpy(ret_bound + 4, place->id, 16);
    chunk_put_u64(ret_bound + 20, place->number);
    put_u32(ret_bound + 28, plain_size);
    put_u32(ret_bound + 32, flags);
}

void chunk_header(uint32_t plain_size, size_t sealed_size, unsigned flags, const unsigned char nonce[static 12],
    unsigned char ret_header[static CHUNK_HEADER_SIZE])
{
    put_u32(ret_header, plain_size);
    put_u32(ret_header + 4, (uint32_t)sealed_size);
    put_u32(ret_header + FLAGS_AT, flags);
    memcpy(ret_header + NONCE_AT, nonce, NONCE_SIZE);
}

bool chunk_is_worth(size_t packed_size, size_t size)
{
    return packed_size < size && packed_size <= size - size / 16;
}

size_t chunk_seal(
    const struct chunk_place *place, unsigned flags, const unsigned char *plain, size_t size, unsigned char *out)
{
    ASSERT(size <= UINT32_MAX - CHUNK_OVERHEAD);
    unsigned char *body = out + CHUNK_HEADER_SIZE, bound[CHUNK_BOUND_SIZE], nonce[NONCE_SIZE];
    const unsigned char *source = plain;
    size_t body_size = size;
    if (!(flags & CHUNK_INDEX)) {
        size_t got = ZSTD_compress(body, size, plain, size, CHUNK_ZSTD_LEVEL);
        if (!ZSTD_isError(got) && chunk_is_worth(got, size)) {
            source = body;
            body_size = got;
            flags |= CHUNK_ZSTD;
        }
    }
    id_random(nonce, sizeof nonce);
    chunk_header((uint32_t)size, body_size + CHUNK_TAG_SIZE, flags, nonce, out);
    chunk_bound(place, (uint32_t)size, flags, bound);
    aead_seal(place->key, nonce, bound, sizeof bound, source, body_size, body);
    return CHUNK_OVERHEAD + body_size;
}

bool chunk_is_packed(const unsigned char *stored)
{
    return get_u32(stored + FLAGS_AT) & CHUNK_ZSTD;
}

bool chunk_unseal(const struct chunk_place *place, unsigned flags, unsigned char *stored, size_t stored_size,
    size_t plain_size, const unsigned char **ret_body, size_t *ret_body_size)
{
    if (stored_size < CHUNK_OVERHEAD || plain_size > UINT32_MAX)
        return false;
    size_t sealed_size = stored_size - CHUNK_HEADER_SIZE, body_size = sealed_size - CHUNK_TAG_SIZE;
    uint32_t stored_flags = get_u32(stored + FLAGS_AT);
    bool packed = stored_flags & CHUNK_ZSTD;
    if (get_u32(stored) != plain_size || get_u32(stored + 4) != sealed_size
        || (stored_flags & ~(uint32_t)CHUNK_ZSTD) != flags)
        return false;
    if (packed ? body_size > CHUNK_PACKED_MAX(plain_size) : body_size != plain_size)
        return false;
    unsigned char bound[CHUNK_BOUND_SIZE], *body = stored + CHUNK_HEADER_SIZE;
    chunk_bound(place, (uint32_t)plain_size, stored_flags, bound);
    if (!aead_open(place->key, stored + NONCE_AT, bound, sizeof bound, body, sealed_size, body))
        return false;
    *ret_body = body;
    *ret_body_size = body_size;
    return true;
}

// The room is exactly the authenticated plain size, so a bomb fails here at no cost.
bool chunk_unpack(const unsigned char *frames, size_t size, unsigned char *ret_plain, size_t plain_size)
{
    return ZSTD_decompress(ret_plain, plain_size, frames, size) == plain_size;
}

bool chunk_frame(const unsigned char *frames, size_t size, size_t plain_left, size_t *ret_size, size_t *ret_plain_size)
{
    unsigned long long plain = ZSTD_getFrameContentSize(frames, size);
    size_t frame = ZSTD_findFrameCompressedSize(frames, size);
    // Both tell their errors by values above any size. An empty frame would not bring a reader further, and behind the
    // last one is nothing.
    if (ZSTD_isError(frame) || plain == 0 || plain > plain_left || (plain == plain_left && frame != size))
        return false;
    *ret_size = frame;
    *ret_plain_size = (size_t)plain;
    return true;
}

bool chunk_open(const struct chunk_place *place, unsigned flags, unsigned char *stored, size_t stored_size,
    unsigned char *ret_plain, size_t plain_size)
{
    const unsigned char *body;
    size_t body_size;
    if (!chunk_unseal(place, flags, stored, stored_size, plain_size, &body, &body_size))
        return false;
    if (chunk_is_packed(stored))
        return chunk_unpack(body, body_size, ret_plain, plain_size);
    memcpy(ret_plain, body, plain_size);
    return true;
}
