// SPDX-License-Identifier: GPL-3.0-or-later
#include "blob/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "blob/chunk.h"
#include "blob/local_folders.h"

static const char *const place_names[BLOB_PLACE_COUNT] = { "local", "s3" };

const char *blob_place_name(enum blob_place place)
{
    return place_names[place];
}

bool blob_place_parse(str name, enum blob_place *ret_place)
{
    for (enum blob_place place = 0; place < BLOB_PLACE_COUNT; place++)
        if (str_equal_c(name, place_names[place])) {
            *ret_place = place;
            return true;
        }
    return false;
}

static void add(
    struct blob_store *store, enum blob_place where, const struct store_methods *methods, void *place, bool for_new)
{
    store->places[where].methods = methods;
    store->places[where].place = place;
    if (for_new) {
        store->methods = methods;
        store->place = place;
        store->place_of_new = where;
    }
}

error blob_store_open(const char *directory, const struct keyring *keyring, struct blob_store **ret_store)
{
    void *place;
    TRY(store_local_open(directory, &place));
    struct blob_store *store = calloc(1, sizeof *store);
    if (!store) {
        store_local_methods.close(place);
        return error_system("open", directory, ENOMEM);
    }
    store->keyring = keyring;
    sealer_pool_init(&store->sealers);
    beside_init(&store->beside);
    add(store, BLOB_LOCAL, &store_local_methods, place, true);
    *ret_store = store;
    return OK;
}

error blob_store_add_s3(struct blob_store *store, const struct s3_options *options, bool for_new)
{
    void *place;
    ASSERT(!blob_store_has(store, BLOB_S3));
    TRY(store_s3_open(options, store->places[BLOB_LOCAL].place, &place));
    add(store, BLOB_S3, &store_s3_methods, place, for_new);
    return OK;
}

void blob_store_close(struct blob_store *store)
{
    if (!store)
        return;
    for (int place = BLOB_PLACE_COUNT - 1; place >= 0; place--)
        if (store->places[place].methods)
            store->places[place].methods->close(store->places[place].place);
    sealer_pool_done(&store->sealers);
    beside_done(&store->beside);
    free(store);
}

bool blob_store_has(const struct blob_store *store, enum blob_place place)
{
    return store->places[place].methods != NULL;
}

enum blob_place blob_store_place_of_new(const struct blob_store *store)
{
    return store->place_of_new;
}

error blob_store_check(struct blob_store *store)
{
    return blob_store_has(store, BLOB_S3) ? store_s3_check(store->places[BLOB_S3].place) : OK;
}

error store_find(struct blob_store *store, const char *id, const struct store_methods **ret_methods,
    struct store_get **ret_get, int64_t *ret_size)
{
    // The disk again at the end: a move to it may have ended between the first two questions.
    static const enum blob_place order[] = { BLOB_LOCAL, BLOB_S3, BLOB_LOCAL };
    error told = error_of(ERROR_NOT_FOUND);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        const struct store_methods *methods = store->places[order[i]].methods;
        if (!methods)
            continue;
        error e = methods->get_open(store->places[order[i]].place, id, ret_get, ret_size);
        if (!error_is(e)) {
            *ret_methods = methods;
            return OK;
        }
        if (e.code != ERROR_NOT_FOUND)
            told = e;
    }
    return told;
}

// The id as it is stored; false when nothing can be stored under it.
static bool stored_name(const char *id, char ret_name[static 37])
{
    unsigned char bytes[16];
    if (!chunk_id_parse(str_of(id), bytes))
        return false;
    chunk_id_write(bytes, ret_name);
    return true;
}

error blob_stored_size(struct blob_store *store, enum blob_place place, const char *id, int64_t *ret_size)
{
    char name[37];
    struct store_get *get;
    if (!blob_store_has(store, place) || !stored_name(id, name))
        return error_of(ERROR_NOT_FOUND);
    TRY(store->places[place].methods->get_open(store->places[place].place, name, &get, ret_size));
    store->places[place].methods->get_close(get);
    return OK;
}

error blob_remove_at(struct blob_store *store, enum blob_place place, const char *id)
{
    char name[37];
    if (!blob_store_has(store, place) || !stored_name(id, name))
        return OK;
    return store->places[place].methods->remove(store->places[place].place, name);
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
    int64_t size;
    error local = blob_stored_size(store, BLOB_LOCAL, id, &size);
    return blob_remove_at(store, local.code == ERROR_NOT_FOUND ? BLOB_S3 : BLOB_LOCAL, id);
}

error blob_each(struct blob_store *store, enum blob_place place, const struct blob_visitor *visitor)
{
    if (!blob_store_has(store, place))
        return OK;
    return store->places[place].methods->each(store->places[place].place, visitor);
}

error blob_sweep_unfinished(struct blob_store *store, enum blob_place place, int64_t age_us, int64_t *ret_removed)
{
    *ret_removed = 0;
    if (!blob_store_has(store, place))
        return OK;
    return store->places[place].methods->sweep(store->places[place].place, age_us, ret_removed);
}

error blob_move_root(struct blob_store *store, const char *directory)
{
    return local_folders_move(store->places[BLOB_LOCAL].place, directory);
}

error blob_move_rest(struct blob_store *store, bool (*tell)(void *context, int64_t bytes), void *context)
{
    return store_local_move(store->places[BLOB_LOCAL].place, tell, context);
}
