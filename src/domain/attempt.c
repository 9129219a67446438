// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/attempt.h"

#include <math.h>

#include "base/clock.h"
#include "crypt/crypt.h"

enum { HASH_BYTES = 32 };
// By then every bucket is full again, and needs no row.
static const int64_t FORGET_US = 3600 * SECOND_US;

struct bucket {
    double allowance;
    int64_t age_us;
};
static const struct field bucket_fields[] = { FIELD(struct bucket, allowance), FIELD(struct bucket, age_us) };
static const struct shape bucket_shape = SHAPE("AttemptBucket", struct bucket, bucket_fields);

DB_STATEMENT(find, "SELECT allowance, now_us() - at AS age_us FROM attempt WHERE key = $1");
DB_STATEMENT(forget, "DELETE FROM attempt WHERE at < now_us() - $1");
// $2: the burst; $3: what one microsecond brings.
#define LEFT(least)                                                                                                    \
    least "(CAST($2 AS DOUBLE PRECISION), attempt.allowance + (now_us() - attempt.at) * CAST($3 AS DOUBLE PRECISION))"
#define TAKE_ONE(least)                                                                                                \
    "INSERT INTO attempt (key, allowance, at) VALUES ($1, CAST($2 AS DOUBLE PRECISION) - 1, now_us())"                 \
    " ON CONFLICT (key) DO UPDATE SET allowance = " LEFT(least) " - 1, at = now_us() WHERE " LEFT(least) " >= 1"
DB_STATEMENT2(take_one, TAKE_ONE("min"), TAKE_ONE("least"));

static struct db_value hidden(struct arena *arena, str key)
{
    unsigned char *hash = arena_alloc(arena, HASH_BYTES);
    crypt_sha256(key.data, key.size, hash);
    return db_bytes(hash, HASH_BYTES);
}

static error look(
    struct scope *scope, struct db_value key, struct attempt_limit limit, bool *ret_left, int64_t *ret_wait_seconds)
{
    struct bucket bucket;
    bool found;
    TRY(db_one(scope->db, scope->arena, &find, DB_ARGS(key), &bucket_shape, &bucket, &found));
    double left = limit.burst;
    if (found)
        left = fmin(limit.burst, bucket.allowance + (double)bucket.age_us / SECOND_US * limit.per_second);
    *ret_left = left >= 1;
    *ret_wait_seconds = left >= 1 ? 0 : (int64_t)fmax(1, ceil((1 - left) / limit.per_second));
    return OK;
}

error attempt_look(struct scope *scope, str key, struct attempt_limit limit, bool *ret_left, int64_t *ret_wait_seconds)
{
    return look(scope, hidden(scope->arena, key), limit, ret_left, ret_wait_seconds);
}

struct taking {
    struct arena *arena;
    struct db_value key;
    struct attempt_limit limit;
    bool taken;
    int64_t wait_seconds;
};

static error take_change(struct db *db, void *context)
{
    struct taking *taking = context;
    struct scope scope = { .arena = taking->arena, .db = db };
    int64_t changed;
    bool left;
    TRY(db_run(db, &forget, DB_ARGS(db_int(FORGET_US)), NULL));
    TRY(db_run(db, &take_one,
        DB_ARGS(taking->key, db_number(taking->limit.burst), db_number(taking->limit.per_second / SECOND_US)),
        &changed));
    taking->taken = changed > 0;
    return look(&scope, taking->key, taking->limit, &left, &taking->wait_seconds);
}

error attempt_take(struct scope *scope, struct db_pool *pool, str key, struct attempt_limit limit, bool *ret_taken,
    int64_t *ret_wait_seconds)
{
    struct taking taking = { .arena = scope->arena, .key = hidden(scope->arena, key), .limit = limit };
    TRY(db_write_loose(pool, take_change, &taking));
    *ret_taken = taking.taken;
    *ret_wait_seconds = taking.wait_seconds ? taking.wait_seconds : 1;
    return OK;
}
