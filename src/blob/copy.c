// SPDX-License-Identifier: GPL-3.0-or-later
// Sealed bytes from one place to another. Hashes of both sides decide whether the copy is good, so neither keys nor
// the format matter here.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "blob/chunk.h"
#include "blob/store.h"

enum { BLOCK = 4 << 20 }; // large enough that a request a block costs little

struct copying {
    struct blob_store *store;
    const char *id;
    error (*tell)(void *context, int64_t bytes);
    void *context;
    unsigned char *block;
};

static error tell(const struct copying *copying, int64_t bytes)
{
    return copying->tell ? copying->tell(copying->context, bytes) : OK;
}

// Reads the whole object, giving it to `put` (may be NULL) on the way.
static error pass(const struct copying *copying, enum blob_place where, const struct store_methods *to,
    struct store_put *put, unsigned char ret_sha256[static 32], int64_t *ret_size)
{
    const struct store_methods *from = copying->store->places[where].methods;
    struct store_get *get;
    int64_t size;
    TRY(from->get_open(copying->store->places[where].place, copying->id, &get, &size));
    struct hasher *hasher = hasher_new();
    error e = OK;
    for (int64_t at = 0; at < size && !error_is(e); at += BLOCK) {
        size_t part = size - at < BLOCK ? (size_t)(size - at) : BLOCK;
        e = from->get_range(get, at, copying->block, part);
        if (!error_is(e))
            hasher_add(hasher, copying->block, part);
        if (!error_is(e) && put)
            e = to->put_append(put, copying->block, part);
        if (!error_is(e))
            e = tell(copying, (int64_t)part);
    }
    from->get_close(get);
    hasher_finish(hasher, ret_sha256);
    *ret_size = size;
    return e;
}

static error copy(const struct copying *copying, enum blob_place source, enum blob_place target,
    unsigned char ret_sha256[static 32], int64_t *ret_size)
{
    const struct store_methods *to = copying->store->places[target].methods;
    struct store_put *put;
    TRY(to->put_begin(copying->store->places[target].place, copying->id, &put));
    error e = pass(copying, source, to, put, ret_sha256, ret_size);
    if (error_is(e)) {
        to->put_abort(put);
        return e;
    }
    e = to->put_commit(put);
    return e.code == ERROR_FILE_EXISTS ? OK : e; // what is there is compared like a copy of our own
}

static error copy_and_compare(const struct copying *copying, enum blob_place source, enum blob_place target)
{
    unsigned char sent[32], kept[32];
    int64_t sent_size, kept_size;
    // A second time, when the first found a copy that an earlier run did not finish.
    for (int attempt = 0; attempt < 2; attempt++) {
        TRY(copy(copying, source, target, sent, &sent_size));
        TRY(pass(copying, target, NULL, NULL, kept, &kept_size));
        if (sent_size == kept_size && memcmp(sent, kept, sizeof sent) == 0)
            return OK;
        TRY(blob_remove_at(copying->store, target, copying->id));
    }
    return error_make(ERROR_DATA_CORRUPT, copying->id,
        "The copy of the stored file %s at %s was not what was sent, and was removed", copying->id,
        blob_place_name(target));
}

error blob_copy(struct blob_store *store, const char *id, enum blob_place source, enum blob_place target,
    error (*tell_bytes)(void *context, int64_t bytes), void *context)
{
    unsigned char bytes[16];
    char name[37];
    if (!chunk_id_parse(str_of(id), bytes) || !blob_store_has(store, source) || !blob_store_has(store, target))
        return error_of(ERROR_NOT_FOUND);
    chunk_id_write(bytes, name);
    struct copying copying = { store, name, tell_bytes, context, malloc(BLOCK) };
    if (!copying.block)
        return error_system("copy", "stored file", ENOMEM);
    error e = copy_and_compare(&copying, source, target);
    free(copying.block);
    return e;
}
