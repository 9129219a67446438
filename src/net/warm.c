// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/warm.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

enum { ANSWERS_MAX = 100, WAITING_MAX = 64, CHILDREN_MAX = 16 };

struct slot {
    struct child *child; // NULL: none yet
    char owner[37];
    int answers;
    bool busy;
};

struct warm {
    struct zygote *zygote;
    pthread_mutex_t mutex;
    pthread_cond_t freed;
    struct slot slots[CHILDREN_MAX];
    int count, waiting;
};

error warm_open(struct zygote *zygote, int children, struct warm **ret_warm)
{
    struct warm *warm = calloc(1, sizeof *warm);
    if (!warm)
        return error_system("allocate", "warm children", 12);
    warm->zygote = zygote;
    warm->count = children < 1 ? 1 : children > CHILDREN_MAX ? CHILDREN_MAX : children;
    pthread_mutex_init(&warm->mutex, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&warm->freed, &attributes);
    pthread_condattr_destroy(&attributes);
    *ret_warm = warm;
    return OK;
}

void warm_close(struct warm *warm)
{
    if (!warm)
        return;
    for (int i = 0; i < warm->count; i++)
        child_end(warm->slots[i].child);
    pthread_cond_destroy(&warm->freed);
    pthread_mutex_destroy(&warm->mutex);
    free(warm);
}

// The owner's own child first, then an empty place, then anybody's.
static struct slot *pick(struct warm *warm, str owner)
{
    struct slot *best = NULL;
    int best_rank = 0;
    for (int i = 0; i < warm->count; i++) {
        struct slot *slot = &warm->slots[i];
        int rank = slot->busy ? 0 : slot->child && str_equal_c(owner, slot->owner) ? 3 : !slot->child ? 2 : 1;
        if (rank > best_rank) {
            best = slot;
            best_rank = rank;
        }
    }
    return best;
}

static error wait_for_slot(struct warm *warm, str owner, int64_t deadline_us, struct slot **ret_slot)
{
    struct timespec until = { .tv_sec = deadline_us / SECOND_US, .tv_nsec = deadline_us % SECOND_US * 1000 };
    error result = OK;
    pthread_mutex_lock(&warm->mutex);
    struct slot *slot = pick(warm, owner);
    if (!slot && warm->waiting >= WAITING_MAX) {
        result = error_make(ERROR_UNAVAILABLE, NULL, "Too many questions are waiting for the engine");
    } else {
        warm->waiting++;
        int timed_out = 0;
        while (!slot && !timed_out) {
            timed_out = pthread_cond_timedwait(&warm->freed, &warm->mutex, &until);
            slot = pick(warm, owner);
        }
        warm->waiting--;
        if (slot)
            slot->busy = true;
        else
            result = error_of(ERROR_TIMED_OUT);
    }
    pthread_mutex_unlock(&warm->mutex);
    *ret_slot = slot;
    return result;
}

// A busy slot is this thread's alone, so its child is replaced without the lock.
static error fit(struct warm *warm, struct slot *slot, str owner)
{
    if (slot->child && (!str_equal_c(owner, slot->owner) || slot->answers >= ANSWERS_MAX)) {
        child_end(slot->child);
        slot->child = NULL;
    }
    if (slot->child)
        return OK;
    TRY(child_fork(warm->zygote, &(struct child_limits) { 0 }, &slot->child));
    slot->answers = 0;
    size_t size = owner.size < sizeof slot->owner - 1 ? owner.size : sizeof slot->owner - 1;
    if (size)
        memcpy(slot->owner, owner.data, size);
    slot->owner[size] = 0;
    return OK;
}

// A child that did not come to the end of a question has ended, whatever the reason: its next owner would get the
// blame.
static error ask(
    struct warm *warm, struct slot *slot, struct arena *arena, str owner, const struct child_call *call, json_t **ret)
{
    TRY(fit(warm, slot, owner));
    error result = child_ask(slot->child, arena, call, ret);
    slot->answers++;
    if (!child_alive(slot->child)) {
        child_end(slot->child);
        slot->child = NULL;
    }
    return result;
}

error warm_ask(struct warm *warm, struct arena *arena, str owner_id, const struct child_call *call, json_t **ret_result)
{
    ASSERT(call->deadline_us > 0);
    struct slot *slot;
    TRY(wait_for_slot(warm, owner_id, call->deadline_us, &slot));
    error result = ask(warm, slot, arena, owner_id, call, ret_result);
    // Somebody else may have killed it, the kernel for want of memory. What crashes an engine does so again.
    if (result.code == ERROR_ENGINE_CRASHED)
        result = ask(warm, slot, arena, owner_id, call, ret_result);
    pthread_mutex_lock(&warm->mutex);
    slot->busy = false;
    pthread_cond_signal(&warm->freed);
    pthread_mutex_unlock(&warm->mutex);
    return result;
}
