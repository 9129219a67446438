// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/cache.h"

#include "base/clock.h"
#include "base/metric.h"
#include "domain/blob_use.h"
#include "domain/media.h"

static const struct field fields[] = {
    FIELD(struct cache_entry, key),
    FIELD(struct cache_entry, blob_id),
    FIELD(struct cache_entry, facts),
    FIELD(struct cache_entry, size_bytes),
};
static const struct shape row_shape = SHAPE("CacheRow", struct cache_entry, fields);

DB_STATEMENT(by_key, "SELECT key, blob_id, facts, size_bytes FROM cache WHERE key = $1");

error cache_get(struct scope *scope, str key, struct cache_entry *ret_entry, bool *ret_found)
{
    TRY(db_one(scope->db, scope->arena, &by_key, DB_ARGS(db_text(key)), &row_shape, ret_entry, ret_found));
    metric_add(METRIC_cache, 1, *ret_found ? STR("hit") : STR("miss"), STR_NONE);
    return OK;
}

DB_STATEMENT(touch, "UPDATE cache SET used_at = $2 WHERE key = $1");

error cache_touch(struct scope *scope, str key)
{
    return db_run(scope->db, &touch, DB_ARGS(db_text(key), db_int(clock_now_us())), NULL);
}

DB_STATEMENT(drop, "DELETE FROM cache WHERE key = $1");
DB_STATEMENT(insert, "INSERT INTO cache (key, blob_id, facts, size_bytes, used_at, user_id)"
                     " VALUES ($1, $2, $3, $4, $5, $6)");

// The bytes of an entry that is replaced stay for those who read them just now: the sweeper removes them.
error cache_put(struct scope *scope, str key, const struct blob_info *blob, const json_t *facts)
{
    struct cache_entry old;
    bool found, freed;
    TRY(cache_get(scope, key, &old, &found));
    TRY(db_run(scope->db, &drop, DB_ARGS(db_text(key)), NULL));
    if (found)
        TRY(blob_use_release(scope, old.blob_id, &freed));
    TRY(media_blob_add(scope, blob));
    return db_run(scope->db, &insert,
        DB_ARGS(db_text(key), db_text(str_of(blob->id)), db_text(json_text(scope->arena, facts)), db_int(blob->size),
            db_int(clock_now_us()), db_text(scope->actor.user_id)),
        NULL);
}

error cache_drop(struct scope *scope, str key)
{
    struct cache_entry entry;
    bool found, freed;
    TRY(cache_get(scope, key, &entry, &found));
    if (!found)
        return OK;
    TRY(db_run(scope->db, &drop, DB_ARGS(db_text(key)), NULL));
    return blob_use_release(scope, entry.blob_id, &freed);
}

DB_STATEMENT(total, "SELECT CAST(coalesce(sum(size_bytes), 0) AS BIGINT) FROM cache");
DB_STATEMENT(oldest, "SELECT key, blob_id, facts, size_bytes FROM cache ORDER BY used_at LIMIT 1000");

error cache_evict(struct scope *scope, int64_t size_max, struct list *ret_blobs)
{
    struct list entries;
    int64_t size;
    *ret_blobs = (struct list) { 0 };
    TRY(db_integer(scope->db, &total, DB_NO_ARGS, &size, NULL));
    if (size <= size_max)
        return OK;
    TRY(db_all(scope->db, scope->arena, &oldest, DB_NO_ARGS, &row_shape, 0, &entries));
    str *blobs = ARENA_ARRAY(scope->arena, str, entries.count);
    ret_blobs->items = blobs;
    for (size_t i = 0; i < entries.count && size > size_max; i++) {
        const struct cache_entry *entry = &((struct cache_entry *)entries.items)[i];
        bool is_free;
        TRY(db_run(scope->db, &drop, DB_ARGS(db_text(entry->key)), NULL));
        TRY(blob_use_release(scope, entry->blob_id, &is_free));
        if (is_free)
            blobs[ret_blobs->count++] = entry->blob_id;
        size -= entry->size_bytes;
    }
    return OK;
}
