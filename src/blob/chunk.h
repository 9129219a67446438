// SPDX-License-Identifier: GPL-3.0-or-later
// The bytes of docs/blob-format.md: file header, sealed chunks, sealed index, trailer. Memory only.
#pragma once

#include "blob/blob.h"

enum {
    CHUNK_FORMAT_VERSION = 1,
    CHUNK_FILE_HEADER_SIZE = 32,
    CHUNK_HEADER_SIZE = 24,
    CHUNK_TAG_SIZE = 16,
    CHUNK_OVERHEAD = CHUNK_HEADER_SIZE + CHUNK_TAG_SIZE,
    CHUNK_BOUND_SIZE = 36, // associated data
    CHUNK_ZSTD_LEVEL = 1,  // higher ones cost many times the work for a few percent
    CHUNK_TRAILER_SIZE = 8,
    CHUNK_INDEX_FIXED_SIZE = 40, // plain size and SHA-256, before the offsets
    CHUNK_COUNT_MAX = 1 << 24,   // 128 TB; the index of that many has 128 MB
};

// The most bytes that the zstd frames of `size` plain bytes may take: a chunk whose beginning shrank is compressed to
// its end, and this is zstd's own bound for frames of 128 KB or more (ZSTD_compressBound).
#define CHUNK_PACKED_MAX(size) ((size) + (size) / 256 + 64)

enum chunk_flag { CHUNK_LAST = 1, CHUNK_ZSTD = 2, CHUNK_INDEX = 4 };

// What a sealed record is bound to. The index of the blob is a record with number CHUNK_INDEX_NUMBER.
#define CHUNK_INDEX_NUMBER UINT64_MAX
struct chunk_place {
    unsigned char key[CRYPT_KEY_SIZE];
    unsigned char id[16];
    uint64_t number; // 0 for the first chunk
};

// 16 bytes of a UUID in either case and back; false when it is not one.
bool chunk_id_parse(str text, unsigned char ret_id[static 16]);
void chunk_id_write(const unsigned char id[static 16], char out[static 37]);

void chunk_file_header(const unsigned char id[static 16], unsigned char ret_header[static CHUNK_FILE_HEADER_SIZE]);

// The parts of a record. `sealed_size` counts the tag.
void chunk_header(uint32_t plain_size, size_t sealed_size, unsigned flags, const unsigned char nonce[static 12],
    unsigned char ret_header[static CHUNK_HEADER_SIZE]);
void chunk_bound(const struct chunk_place *place, uint32_t plain_size, unsigned flags,
    unsigned char ret_bound[static CHUNK_BOUND_SIZE]);
// Whether `packed_size` is little enough that compressing `size` bytes is worth the work of every later reader.
bool chunk_is_worth(size_t packed_size, size_t size);

// Seals a whole record: `size` bytes (at most BLOB_CHUNK_SIZE unless it is the index) into `out`, which has room for
// size + CHUNK_OVERHEAD. Returns the bytes used. `flags` is CHUNK_LAST, CHUNK_INDEX or 0; CHUNK_ZSTD is added when
// compression helps.
size_t chunk_seal(
    const struct chunk_place *place, unsigned flags, const unsigned char *plain, size_t size, unsigned char *out);
// Opens a record of `stored_size` bytes that must hold exactly `plain_size` bytes and have exactly these flags,
// CHUNK_ZSTD aside. False on any difference. `stored` is overwritten.
bool chunk_open(const struct chunk_place *place, unsigned flags, unsigned char *stored, size_t stored_size,
    unsigned char *ret_plain, size_t plain_size);
// The same in steps: what was sealed, in place, which is the plain bytes or, when the record says that it is packed,
// the zstd frames to be unpacked to exactly `plain_size` bytes.
bool chunk_unseal(const struct chunk_place *place, unsigned flags, unsigned char *stored, size_t stored_size,
    size_t plain_size, const unsigned char **ret_body, size_t *ret_body_size);
bool chunk_is_packed(const unsigned char *stored); // of a record that was unsealed
bool chunk_unpack(const unsigned char *frames, size_t size, unsigned char *ret_plain, size_t plain_size);
// The first of `size` bytes of frames, which are to give `plain_left` bytes: how long it is and what it says that it
// holds. False when that cannot be.
bool chunk_frame(const unsigned char *frames, size_t size, size_t plain_left, size_t *ret_size, size_t *ret_plain_size);

void chunk_trailer(size_t index_stored_size, unsigned char ret_trailer[static CHUNK_TRAILER_SIZE]);
bool chunk_trailer_read(const unsigned char trailer[static CHUNK_TRAILER_SIZE], size_t *ret_index_stored_size);

void chunk_put_u64(unsigned char *out, uint64_t value); // little endian
uint64_t chunk_get_u64(const unsigned char *bytes);
