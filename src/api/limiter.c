// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/limiter.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"

// A key has its bucket in one of WAYS places of its set. When all are other keys', the one that was quiet for longest
// is given up: at these rates it is full again long before.
enum { SETS = 4096, WAYS = 8, STRIPES = 64 };

struct bucket {
    uint64_t key;
    double left;
    int64_t at_us; // 0: never used
};

struct limiter {
    pthread_mutex_t stripes[STRIPES];
    struct bucket buckets[SETS][WAYS];
};

struct limiter *limiter_new(void)
{
    struct limiter *limiter = calloc(1, sizeof *limiter);
    ASSERT_MEMORY(limiter);
    for (int i = 0; i < STRIPES; i++)
        pthread_mutex_init(&limiter->stripes[i], NULL);
    return limiter;
}

void limiter_free(struct limiter *limiter)
{
    if (!limiter)
        return;
    for (int i = 0; i < STRIPES; i++)
        pthread_mutex_destroy(&limiter->stripes[i]);
    free(limiter);
}

static struct bucket *bucket_of(struct bucket set[static WAYS], uint64_t key)
{
    struct bucket *oldest = &set[0];
    for (int i = 0; i < WAYS; i++) {
        if (set[i].key == key && set[i].at_us)
            return &set[i];
        if (set[i].at_us < oldest->at_us)
            oldest = &set[i];
    }
    *oldest = (struct bucket) { .key = key };
    return oldest;
}

bool limiter_take(struct limiter *limiter, str key, double per_second, double burst, int64_t *ret_wait_seconds)
{
    uint64_t hash = str_hash(key);
    size_t set = (hash >> 32) % SETS;
    int64_t now = clock_mono_us();
    pthread_mutex_lock(&limiter->stripes[set % STRIPES]);
    struct bucket *bucket = bucket_of(limiter->buckets[set], hash);
    double left = bucket->at_us ? bucket->left + (double)(now - bucket->at_us) / SECOND_US * per_second : burst;
    if (left > burst)
        left = burst;
    bool given = left >= 1;
    bucket->left = given ? left - 1 : left;
    bucket->at_us = now;
    pthread_mutex_unlock(&limiter->stripes[set % STRIPES]);
    if (!given)
        *ret_wait_seconds = (int64_t)ceil((1 - left) / per_second);
    return given;
}
