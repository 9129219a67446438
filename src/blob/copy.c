// SPDX-License-Identifier: GPL-3.0-or-later
// Sealed bytes from one place to another, of the same store or of another one. Hashes of both sides decide whether the
// copy is good, so neither keys nor the format matter here.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "blob/chunk.h"
#include "blob/store.h"

enum { BLOCK = 4 << 20 }; // large enough that a request a block costs little

struct side {
    struct blob_store *store;
    enum blob_place place;
    bool anywhere; // to read from: wherever the store has it
};

struct copying {
    const char *id;
    error (*tell)(void *context, int64_t bytes);
    void *context;
    unsigned char *block;
};

static error open_side(const struct side *side, const char *id, const struct store_methods **ret_methods,
    struct store_get **ret_get, int64_t *ret_size)
{
    if (side->anywhere)
        return store_find(side->store, id, ret_methods, ret_get, ret_size);
    *ret_methods = side->store->places[side->place].methods;
    return (*ret_methods)->get_open(side->store->places[side->place].place, id, ret_get, ret_size);
}

// Reads the whole object, giving it to `put` (may be NULL) on the way.
static error pass(const struct copying *copying, const struct side *source, const struct store_methods *to,
    struct store_put *put, unsigned char ret_sha256[static 32], int64_t *ret_size)
{
    const struct store_methods *from;
    struct store_get *get;
    int64_t size;
    TRY(open_side(source, copying->id, &from, &get, &size));
    struct hasher *hasher = hasher_new();
    error e = OK;
    for (int64_t at = 0; at < size && !error_is(e); at += BLOCK) {
        size_t part = size - at < BLOCK ? (size_t)(size - at) : BLOCK;
        e = from->get_range(get, at, copying->block, part);
        if (!error_is(e))
            hasher_add(hasher, copying->block, part);
        if (!error_is(e) && put)
            e = to->put_append(put, copying->block, part);
        if (!error_is(e) && copying->tell)
            e = copying->tell(copying->context, (int64_t)part);
    }
    from->get_close(get);
    hasher_finish(hasher, ret_sha256);
    *ret_size = size;
    return e;
}

static error copy(const struct copying *copying, const struct side *source, const struct side *target,
    unsigned char ret_sha256[static 32], int64_t *ret_size)
{
    const struct store_methods *to = target->store->places[target->place].methods;
    struct store_put *put;
    TRY(to->put_begin(target->store->places[target->place].place, copying->id, &put));
    error e = pass(copying, source, to, put, ret_sha256, ret_size);
    if (error_is(e)) {
        to->put_abort(put);
        return e;
    }
    e = to->put_commit(put);
    return e.code == ERROR_FILE_EXISTS ? OK : e; // what is there is compared like a copy of our own
}

static error copy_and_compare(const struct copying *copying, const struct side *source, const struct side *target,
    unsigned char ret_sha256[static 32])
{
    unsigned char sent[32], kept[32];
    int64_t sent_size, kept_size;
    // A second time, when the first found a copy that an earlier run did not finish.
    for (int attempt = 0; attempt < 2; attempt++) {
        TRY(copy(copying, source, target, sent, &sent_size));
        TRY(pass(copying, target, NULL, NULL, kept, &kept_size));
        if (sent_size == kept_size && memcmp(sent, kept, sizeof sent) == 0) {
            memcpy(ret_sha256, sent, sizeof sent);
            return OK;
        }
        TRY(blob_remove_at(target->store, target->place, copying->id));
    }
    return error_make(ERROR_DATA_CORRUPT, copying->id,
        "The copy of the stored file %s at %s was not what was sent, and was removed", copying->id,
        blob_place_name(target->place));
}

// `target` NULL: only reads and hashes.
static error work(const struct side *source, const struct side *target, const char *id,
    error (*tell)(void *context, int64_t bytes), void *context, unsigned char ret_sha256[static 32])
{
    unsigned char bytes[16];
    char name[37];
    int64_t size;
    if (!chunk_id_parse(str_of(id), bytes))
        return error_of(ERROR_NOT_FOUND);
    chunk_id_write(bytes, name);
    struct copying copying = { name, tell, context, malloc(BLOCK) };
    if (!copying.block)
        return error_system("copy", "stored file", ENOMEM);
    error e = target ? copy_and_compare(&copying, source, target, ret_sha256)
                     : pass(&copying, source, NULL, NULL, ret_sha256, &size);
    free(copying.block);
    return e;
}

error blob_copy(struct blob_store *store, const char *id, enum blob_place source, enum blob_place target,
    error (*tell)(void *context, int64_t bytes), void *context)
{
    unsigned char sha256[32];
    if (!blob_store_has(store, source) || !blob_store_has(store, target))
        return error_of(ERROR_NOT_FOUND);
    return work(
        &(struct side) { store, source, false }, &(struct side) { store, target, false }, id, tell, context, sha256);
}

error blob_copy_to(struct blob_store *source, const char *id, struct blob_store *target,
    error (*tell)(void *context, int64_t bytes), void *context, unsigned char ret_sha256[static 32])
{
    return work(&(struct side) { .store = source, .anywhere = true },
        &(struct side) { target, blob_store_place_of_new(target), false }, id, tell, context, ret_sha256);
}

error blob_stored_sha256(struct blob_store *store, const char *id, error (*tell)(void *context, int64_t bytes),
    void *context, unsigned char ret_sha256[static 32])
{
    return work(&(struct side) { .store = store, .anywhere = true }, NULL, id, tell, context, ret_sha256);
}

error blob_check(struct blob_store *store, const char *id, const unsigned char sealed_key[static BLOB_SEALED_KEY_SIZE],
    int64_t size, const unsigned char sha256[static 32])
{
    struct blob_reader *reader;
    unsigned char found[32];
    size_t got = 1;
    char *block = malloc(BLOCK);
    if (!block)
        return error_system("read", "stored file", ENOMEM);
    error e = blob_reader_open(store, id, sealed_key, &reader);
    if (error_is(e)) {
        free(block);
        return e;
    }
    struct hasher *hasher = hasher_new();
    for (int64_t at = 0; got && !error_is(e); at += (int64_t)got) {
        e = blob_read(reader, at, block, BLOCK, &got);
        if (!error_is(e))
            hasher_add(hasher, block, got);
    }
    bool same = blob_reader_size(reader) == size;
    blob_reader_close(reader);
    hasher_finish(hasher, found);
    free(block);
    same = same && memcmp(found, sha256, sizeof found) == 0;
    return error_is(e) || same ? e : error_of(ERROR_DATA_CORRUPT);
}
