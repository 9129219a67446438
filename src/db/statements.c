// SPDX-License-Identifier: GPL-3.0-or-later
// The list of all statements of the program, and the cache of prepared ones of a connection.
#include <stdlib.h>

#include "db/driver.h"

// The linker makes these two when any object has a section "db_statement_list"; weak, since none may have one.
extern const struct db_statement *const __start_db_statement_list[] __attribute__((weak));
extern const struct db_statement *const __stop_db_statement_list[] __attribute__((weak));

const struct db_statement *const *db_statements(size_t *ret_count)
{
    *ret_count = (size_t)(((uintptr_t)__stop_db_statement_list - (uintptr_t)__start_db_statement_list)
                          / sizeof *__start_db_statement_list);
    return __start_db_statement_list;
}

static size_t slot_of(const struct db_statement *statement, size_t room)
{
    uint64_t hash = (uint64_t)(uintptr_t)statement * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(hash >> 32) & (room - 1);
}

struct db_prepared *db_cache_find(const struct db_cache *cache, const struct db_statement *statement)
{
    if (!cache->room)
        return NULL;
    for (size_t i = slot_of(statement, cache->room); cache->slots[i]; i = (i + 1) & (cache->room - 1)) {
        if (cache->slots[i]->statement == statement)
            return cache->slots[i];
    }
    return NULL;
}

static void slot_fill(struct db_prepared **slots, size_t room, struct db_prepared *prepared)
{
    size_t i = slot_of(prepared->statement, room);
    while (slots[i])
        i = (i + 1) & (room - 1);
    slots[i] = prepared;
}

void db_cache_add(struct db_cache *cache, struct db_prepared *prepared)
{
    if (cache->count * 2 >= cache->room) {
        size_t room = cache->room ? cache->room * 2 : 64;
        struct db_prepared **slots = calloc(room, sizeof *slots);
        ASSERT_MEMORY(slots);
        for (size_t i = 0; i < cache->room; i++) {
            if (cache->slots[i])
                slot_fill(slots, room, cache->slots[i]);
        }
        free(cache->slots);
        cache->slots = slots;
        cache->room = room;
    }
    slot_fill(cache->slots, cache->room, prepared);
    cache->count++;
}

static void release(struct db_prepared *prepared)
{
    free(prepared->fields);
    free(prepared);
}

void db_cache_clear(struct db_cache *cache, void (*discard)(struct db_prepared *prepared))
{
    for (size_t i = 0; i < cache->room; i++) {
        struct db_prepared *prepared = cache->slots[i];
        if (!prepared)
            continue;
        if (discard)
            discard(prepared);
        release(prepared);
    }
    free(cache->slots);
    *cache = (struct db_cache) { 0 };
}

// What stood behind it in its run may have to move up: all of them find their places anew.
void db_cache_remove(struct db_cache *cache, struct db_prepared *prepared)
{
    struct db_prepared **slots = calloc(cache->room, sizeof *slots);
    ASSERT_MEMORY(slots);
    for (size_t i = 0; i < cache->room; i++)
        if (cache->slots[i] && cache->slots[i] != prepared)
            slot_fill(slots, cache->room, cache->slots[i]);
    free(cache->slots);
    cache->slots = slots;
    cache->count--;
    release(prepared);
}

void db_forget(struct db *db, const struct db_statement *statement)
{
    struct db_prepared *prepared = db_cache_find(&db->cache, statement);
    if (!prepared)
        return;
    db->pool->driver->discard(db, prepared);
    db_cache_remove(&db->cache, prepared);
}
