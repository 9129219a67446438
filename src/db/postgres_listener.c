// SPDX-License-Identifier: GPL-3.0-or-later
// How one program hears of the commits of others on the same database: LISTEN and NOTIFY on a connection of its own. A
// NOTIFY inside of every change would take a lock of the whole cluster, so one thread sends them, at most every 50 ms.
// Who misses one looks by itself every second.
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "db/postgres.h"

static const int64_t NOTIFY_EVERY_US = SECOND_US / 20, AGAIN_US = SECOND_US;

struct postgres_listener {
    struct postgres_pool *pool;
    pthread_t thread;
    int wake;
    atomic_bool stopping, due;
};

static void wake(struct postgres_listener *listener)
{
    uint64_t one = 1;
    ssize_t written = write(listener->wake, &one, sizeof one); // a full counter wakes as well
    (void)written;
}

// Until something comes on the connection, the thread is woken, or the time is over.
static void wait_for(struct postgres_listener *listener, int fd, int64_t us)
{
    struct pollfd both[2] = { { .fd = listener->wake, .events = POLLIN }, { .fd = fd, .events = POLLIN } };
    uint64_t count;
    if (poll(both, fd < 0 ? 1 : 2, (int)(us / 1000) + 1) > 0 && both[0].revents) {
        ssize_t got = read(listener->wake, &count, sizeof count);
        (void)got;
    }
}

// True when another program has told of a commit.
static bool has_heard(struct postgres_db *db)
{
    bool heard = false;
    PGnotify *notice;
    db->lost = !PQconsumeInput(db->handle);
    while ((notice = PQnotifies(db->handle))) {
        heard = heard || notice->be_pid != PQbackendPID(db->handle);
        PQfreemem(notice);
    }
    return heard;
}

static void listen_on(struct postgres_listener *listener, struct postgres_db *db)
{
    int64_t told_us = 0;
    while (!atomic_load(&listener->stopping) && !db->lost) {
        int64_t now = clock_mono_us(), rest = told_us + NOTIFY_EVERY_US - now;
        bool due = atomic_load(&listener->due);
        if (due && rest <= 0) {
            atomic_store(&listener->due, false); // before it is sent: what is committed meanwhile is told anew
            told_us = now;
            if (error_is(postgres_run(db, "NOTIFY kinora")))
                return;
        }
        wait_for(listener, PQsocket(db->handle), due && rest > 0 ? rest : AGAIN_US);
        if (has_heard(db))
            db_pool_heard(&listener->pool->base);
    }
}

static void *run(void *context)
{
    struct postgres_listener *listener = context;
    for (bool again = false; !atomic_load(&listener->stopping); again = true) {
        struct postgres_db *db = NULL;
        if (!error_is(postgres_connect(listener->pool, false, &db)) && !error_is(postgres_run(db, "LISTEN kinora"))) {
            if (again)
                db_pool_heard(&listener->pool->base); // for all that was missed
            listen_on(listener, db);
        }
        postgres_disconnect(db);
        if (!atomic_load(&listener->stopping))
            wait_for(listener, -1, AGAIN_US);
    }
    return NULL;
}

void postgres_listen(struct db_pool *base, bool on)
{
    struct postgres_pool *pool = (struct postgres_pool *)base;
    struct postgres_listener *listener = pool->listener;
    if (on == (listener != NULL))
        return;
    if (!on) {
        pool->listener = NULL;
        atomic_store(&listener->stopping, true);
        wake(listener);
        pthread_join(listener->thread, NULL);
        close(listener->wake);
        free(listener);
        return;
    }
    listener = calloc(1, sizeof *listener);
    ASSERT_MEMORY(listener);
    listener->pool = pool;
    listener->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (listener->wake < 0 || pthread_create(&listener->thread, NULL, run, listener)) {
        if (listener->wake >= 0)
            close(listener->wake);
        free(listener); // the look every second has to do
        return;
    }
    pool->listener = listener;
}

void postgres_notify(struct db_pool *base)
{
    struct postgres_listener *listener = ((struct postgres_pool *)base)->listener;
    if (listener && !atomic_exchange(&listener->due, true))
        wake(listener);
}
