// SPDX-License-Identifier: GPL-3.0-or-later
// The runner's clock: twice a second it looks whether the running jobs are still ours, once a second it stores their
// progress and looks for work, every five seconds it renews their leases and recovers what others lost.
#include "base/clock.h"
#include "domain/link.h"
#include "domain/setting.h"
#include "work/backup.h"
#include "work/runner_parts.h"

static const int64_t TICK_US = SECOND_US / 2, PROGRESS_US = SECOND_US, LEASE_EVERY_US = 5 * SECOND_US,
                     RECOVER_US = 5 * SECOND_US, SEEN_US = 10 * SECOND_US, SCHEDULE_US = 5 * SECOND_US,
                     CLOCK_SLACK_US = 2 * SECOND_US; // clocks drift, and questions wait
enum { SCHEDULED_MAX = 100 };                        // links in one change: a tenth of a millisecond each

// A running job as the clock saw it. Its texts belong to the slot and are not touched.
struct seen {
    struct job job;
    int slot;
    int progress_ppm;
    bool splits, mine;
};

struct clock {
    struct runner *runner;
    struct db *db; // for reading; NULL until the database answers
    struct seen *seen;
    int count;
    int *stored_ppm;                                                 // by slot: progress when last stored
    int64_t *stored_number;                                          // and of which job
    int64_t progress_us, lease_us, recover_us, seen_us, schedule_us; // when last done
    int64_t ahead_us; // of the database's clock before ours, when last looked
    bool went_back;   // the database's clock, since then
};

static struct scope scope_of(const struct clock *clock, struct db *db)
{
    return (struct scope) { .arena = clock->runner->clock_arena, .db = db, .blobs = clock->runner->options.blobs };
}

static void look(struct clock *clock)
{
    struct runner *runner = clock->runner;
    clock->count = 0;
    pthread_mutex_lock(&runner->lock);
    for (int i = 0; i < runner->slot_count; i++) {
        const struct run *run = runner->slots[i].run;
        if (run && !atomic_load(&run->cancelled))
            clock->seen[clock->count++] = (struct seen) { .job = run->job,
                .slot = i,
                .progress_ppm = atomic_load(&run->progress_ppm),
                .splits = run->splits,
                .mine = true };
    }
    pthread_mutex_unlock(&runner->lock);
}

// Ends the runs whose jobs were cancelled or taken over.
static void end_lost(const struct clock *clock)
{
    struct runner *runner = clock->runner;
    pthread_mutex_lock(&runner->lock);
    for (int i = 0; i < clock->count; i++) {
        const struct seen *seen = &clock->seen[i];
        struct run *run = runner->slots[seen->slot].run;
        if (!seen->mine && run && run->job.number == seen->job.number && run->job.fence == seen->job.fence)
            atomic_store(&run->cancelled, true);
    }
    pthread_mutex_unlock(&runner->lock);
}

static error check(struct clock *clock)
{
    struct scope scope = scope_of(clock, clock->db);
    for (int i = 0; i < clock->count; i++)
        TRY(job_is_mine(&scope, &clock->seen[i].job, &clock->seen[i].mine));
    return OK;
}

static bool has_progress(const struct clock *clock, const struct seen *seen)
{
    return clock->stored_number[seen->slot] != seen->job.number || clock->stored_ppm[seen->slot] != seen->progress_ppm;
}

static double share_of(const struct seen *seen)
{
    const struct job *job = &seen->job;
    double own = seen->progress_ppm / 1e6;
    return job->parent.set || !seen->splits ? own : job->parts_total ? 0.95 + 0.05 * own : 0.05 * own;
}

static error beat_change(struct db *db, void *context)
{
    struct clock *clock = context;
    struct scope scope = scope_of(clock, db);
    for (int i = 0; i < clock->count; i++) {
        struct seen *seen = &clock->seen[i];
        TRY(job_heartbeat(&scope, &seen->job, share_of(seen), RUNNER_LEASE_US, &seen->mine));
    }
    return OK;
}

static error beat(struct clock *clock, int64_t now, bool recovers)
{
    bool lease = recovers || now - clock->lease_us >= LEASE_EVERY_US, progress = false;
    for (int i = 0; i < clock->count; i++)
        progress = progress || has_progress(clock, &clock->seen[i]);
    if (clock->count && (lease || progress))
        TRY(db_write_loose(clock->runner->options.db, beat_change, clock));
    for (int i = 0; i < clock->count; i++) {
        clock->stored_number[clock->seen[i].slot] = clock->seen[i].job.number;
        clock->stored_ppm[clock->seen[i].slot] = clock->seen[i].progress_ppm;
    }
    if (lease || progress)
        clock->lease_us = now;
    return OK;
}

static error recover_change(struct db *db, void *context)
{
    struct clock *clock = context;
    struct scope scope = scope_of(clock, db);
    int64_t count;
    if (clock->went_back)
        TRY(job_clock_went_back(&scope, RUNNER_LEASE_US));
    return job_recover(&scope, STR_NONE, &count);
}

static error recover(struct clock *clock, int64_t now)
{
    int64_t database_us;
    struct scope scope = scope_of(clock, clock->db);
    TRY(job_clock(&scope, &database_us));
    int64_t ahead_us = database_us - now;
    clock->went_back = clock->went_back || (clock->ahead_us && ahead_us < clock->ahead_us - CLOCK_SLACK_US);
    clock->ahead_us = ahead_us;
    TRY(db_write_loose(clock->runner->options.db, recover_change, clock));
    clock->went_back = false;
    return OK;
}

static error backup_change(struct db *db, void *context)
{
    struct scope scope = scope_of(context, db);
    return backup_schedule(&scope);
}

static error schedule_change(struct db *db, void *context)
{
    struct scope scope = scope_of(context, db);
    return link_schedule(&scope, SCHEDULED_MAX);
}

// What was due while the server was down is due once.
static error schedule(struct clock *clock)
{
    int64_t due;
    bool backup;
    struct scope scope = scope_of(clock, clock->db);
    TRY(setting_load(&scope));
    TRY(backup_is_due(&scope, &backup));
    error queued = backup ? db_write(clock->runner->options.db, backup_change, clock) : OK;
    if (error_is(queued) && queued.code != ERROR_CONFLICT) // another server has just done so
        return queued;
    TRY(link_count_due(&scope, &due));
    return due ? db_write(clock->runner->options.db, schedule_change, clock) : OK;
}

static error seen_change(struct db *db, void *context)
{
    struct clock *clock = context;
    struct scope scope = scope_of(clock, db);
    return runner_seen(clock->runner, &scope);
}

static error tick(struct clock *clock)
{
    int64_t now = clock_mono_us();
    if (!clock->db)
        TRY(db_connect(clock->runner->options.db, &clock->db));
    look(clock);
    TRY(check(clock));
    // Our own leases first: a clock that jumped forward has ended them all.
    bool recovers = now - clock->recover_us >= RECOVER_US;
    if (recovers || now - clock->progress_us >= PROGRESS_US) {
        clock->progress_us = now;
        TRY(beat(clock, now, recovers));
        runner_wake(clock->runner);
    }
    end_lost(clock);
    if (now - clock->schedule_us >= SCHEDULE_US) {
        clock->schedule_us = now;
        TRY(schedule(clock));
    }
    if (recovers) {
        clock->recover_us = now;
        TRY(recover(clock, now));
    }
    if (!clock->seen_us || now - clock->seen_us >= SEEN_US) {
        clock->seen_us = now;
        TRY(db_write_loose(clock->runner->options.db, seen_change, clock));
    }
    return OK;
}

bool runner_sleep(struct runner *runner, int64_t us)
{
    int64_t until = clock_mono_us() + us;
    struct timespec time = { .tv_sec = until / SECOND_US, .tv_nsec = until % SECOND_US * 1000 };
    pthread_mutex_lock(&runner->lock);
    int result = 0;
    while (!runner->stopping && !result)
        result = pthread_cond_timedwait(&runner->stop, &runner->lock, &time);
    bool stopping = runner->stopping;
    pthread_mutex_unlock(&runner->lock);
    return !stopping;
}

void *runner_clock(void *context)
{
    struct runner *runner = context;
    size_t slots = (size_t)runner->slot_count;
    ARENA_AUTO struct arena *arena = arena_new(64 << 10);
    struct clock clock = {
        .runner = runner,
        .seen = ARENA_ARRAY(arena, struct seen, slots),
        .stored_ppm = ARENA_ARRAY(arena, int, slots),
        .stored_number = ARENA_ARRAY(arena, int64_t, slots),
    };
    while (runner_sleep(runner, TICK_US)) {
        runner_heard(runner, tick(&clock));
        arena_reset(runner->clock_arena);
    }
    db_disconnect(clock.db);
    return NULL;
}
