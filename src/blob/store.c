// SPDX-License-Identifier: GPL-3.0-or-later
#include "blob/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "blob/chunk.h"

error blob_store_open(const char *directory, const struct keyring *keyring, struct blob_store **ret_store)
{
    void *place;
    TRY(store_local_open(directory, &place));
    struct blob_store *store = calloc(1, sizeof *store);
    if (!store) {
        store_local_methods.close(place);
        return error_system("open", directory, ENOMEM);
    }
    *store = (struct blob_store) { .methods = &store_local_methods, .place = place, .keyring = keyring };
    sealer_pool_init(&store->sealers);
    beside_init(&store->beside);
    *ret_store = store;
    return OK;
}

void blob_store_close(struct blob_store *store)
{
    if (!store)
        return;
    store->methods->close(store->place);
    sealer_pool_done(&store->sealers);
    beside_done(&store->beside);
    free(store);
}

const struct keyring *blob_store_keyring(const struct blob_store *store)
{
    return store->keyring;
}

error blob_data_key(const struct blob_store *store, const char *id,
    const unsigned char sealed_key[static BLOB_SEALED_KEY_SIZE], unsigned char ret_key[static CRYPT_KEY_SIZE])
{
    ARENA_AUTO struct arena *arena = arena_new(4096);
    str key;
    TRY(keyring_open_sealed(
        arena, store->keyring, "blob key", str_of(id), (str) { (const char *)sealed_key, BLOB_SEALED_KEY_SIZE }, &key));
    ASSERT(key.size == CRYPT_KEY_SIZE);
    memcpy(ret_key, key.data, CRYPT_KEY_SIZE);
    explicit_bzero((char *)key.data, key.size);
    return OK;
}

error blob_remove(struct blob_store *store, const char *id)
{
    unsigned char bytes[16];
    char name[37];
    if (!chunk_id_parse(str_of(id), bytes))
        return OK; // nothing can be stored under it
    chunk_id_write(bytes, name);
    return store->methods->remove(store->place, name);
}

error blob_each(struct blob_store *store,
    error (*visit)(void *context, const char *id, int64_t stored_size, int64_t changed_us), void *context)
{
    return store->methods->each(store->place, visit, context);
}

error blob_sweep_unfinished(struct blob_store *store, int64_t age_us, int64_t *ret_removed)
{
    return store->methods->sweep(store->place, age_us, ret_removed);
}
