// SPDX-License-Identifier: GPL-3.0-or-later
// What a place for blobs must offer: streams in, ranges out, removal, a list. Ids are lower-case UUIDs.
// Places fail with UNAVAILABLE when they cannot be reached just now.
#pragma once

#include "blob/beside.h"
#include "blob/blob.h"
#include "blob/sealer.h"

// One stored object under way.
struct store_put;
// One stored object open for reading.
struct store_get;

// Bytes at the end of what was appended that may still change: a chunk's record at its largest.
enum { STORE_REWRITE_MAX = BLOB_CHUNK_SIZE + (64 << 10) };

struct store_methods {
    MUST_USE error (*put_begin)(void *place, const char *id, struct store_put **ret_put);
    MUST_USE error (*put_append)(struct store_put *put, const void *bytes, size_t size);
    // The writer goes back inside of the record it appends, never further than STORE_REWRITE_MAX before the end:
    // it changes and reads bytes that were appended.
    MUST_USE error (*put_patch)(struct store_put *put, int64_t offset, const void *bytes, size_t size);
    MUST_USE error (*put_read)(struct store_put *put, int64_t offset, void *ret_bytes, size_t size);
    // Durable when it returns OK. Frees `put` in any case; FILE_EXISTS when the id is taken.
    MUST_USE error (*put_commit)(struct store_put *put);
    void (*put_abort)(struct store_put *put); // leaves nothing

    MUST_USE error (*get_open)(void *place, const char *id, struct store_get **ret_get, int64_t *ret_size);
    // Exactly `size` bytes, or DATA_CORRUPT when the object ends before.
    MUST_USE error (*get_range)(struct store_get *get, int64_t offset, void *ret_bytes, size_t size);
    void (*get_close)(struct store_get *get);

    MUST_USE error (*remove)(void *place, const char *id);
    MUST_USE error (*each)(void *place, const struct blob_visitor *visitor);
    MUST_USE error (*sweep)(void *place, int64_t age_us, int64_t *ret_removed);
    void (*close)(void *place);
};

struct blob_store {
    const struct store_methods *methods; // of the place that new blobs go to
    void *place;
    enum blob_place place_of_new;
    struct {
        const struct store_methods *methods; // NULL: there is none
        void *place;
    } places[BLOB_PLACE_COUNT];
    const struct keyring *keyring; // borrowed
    struct sealer_pool sealers;
    struct beside beside;
};

// Opens a blob wherever it is: on the disk first, since asking there costs nothing. So a reader need not know the
// place, and a move in between cannot hide it. NOT_FOUND when no place has it.
MUST_USE error store_find(struct blob_store *store, const char *id, const struct store_methods **ret_methods,
    struct store_get **ret_get, int64_t *ret_size);

MUST_USE error store_local_open(const char *directory, void **ret_place);
// As blob_move_rest.
MUST_USE error store_local_move(void *place, bool (*tell)(void *context, int64_t bytes), void *context);
extern const struct store_methods store_local_methods;
// `spool` is the local place, which keeps what is under way; borrowed. USAGE for options that cannot be. Asks nothing.
MUST_USE error store_s3_open(const struct s3_options *options, void *spool, void **ret_place);
// One short question, or what it brought within the last 5 s: USAGE when the keys, the bucket or the region are wrong,
// UNAVAILABLE when there is no answer.
MUST_USE error store_s3_check(void *place);
extern const struct store_methods store_s3_methods;
// A file anywhere as something to read from, for get_range and get_close of the local methods.
MUST_USE error store_local_get_file(const char *path, struct store_get **ret_get, int64_t *ret_size);
