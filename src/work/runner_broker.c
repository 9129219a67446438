// SPDX-License-Identifier: GPL-3.0-or-later
// The one connection on which a runner talks with the queue about all of its slots: each turn completes what has ended
// and claims for what is free, in one change, however many jobs that are.
#include <stdio.h>

#include "work/runner_parts.h"

static const size_t TURN_MEMORY_MAX = 256u << 20; // results of parts, and what is claimed

struct completion {
    struct job_end end;
    error result;
    char message[256];
    bool done;
    pthread_cond_t ready;
    struct completion *next;
};

struct turn {
    struct runner *runner;
    struct arena *arena;
    struct completion *completions;
    struct job_end *ends;
    size_t end_count;
    int *wanted;          // by kind: jobs to claim
    struct list *claimed; // by kind
    bool look, claims;
};

error runner_complete(struct runner *runner, const struct job *job, const json_t *result, bool *ret_mine)
{
    struct completion completion = { .end = { .job = job, .result = result } };
    pthread_mutex_lock(&runner->lock);
    ASSERT(!runner->closed);
    pthread_cond_init(&completion.ready, NULL);
    completion.next = runner->completions;
    runner->completions = &completion; // cppcheck-suppress autoVariables; answered before this returns
    pthread_cond_signal(&runner->work);
    while (!completion.done)
        pthread_cond_wait(&completion.ready, &runner->lock);
    pthread_mutex_unlock(&runner->lock);
    pthread_cond_destroy(&completion.ready);
    if (error_is(completion.result))
        return error_make(completion.result.code, NULL, "%s", completion.message);
    *ret_mine = completion.end.mine;
    return OK;
}

// What is to be done now; false when the runner stops and all is done. Under the lock.
static bool wait_for_turn(struct runner *runner)
{
    while (!runner->due && !runner->freed && !runner->completions && !runner->closed)
        pthread_cond_wait(&runner->work, &runner->lock);
    if (runner->stopping && !runner->sealed) {
        runner->sealed = true;
        pthread_cond_broadcast(&runner->idle);
        for (int i = 0; i < runner->slot_count; i++)
            pthread_cond_signal(&runner->slots[i].wake);
    }
    return !runner->closed || runner->completions;
}

static void want(struct turn *turn)
{
    struct runner *runner = turn->runner;
    bool takes = !runner->draining && !runner->stopping;
    turn->claims = false;
    for (int i = 0; i < runner->kind_count; i++) {
        const struct kind_slots *kind = &runner->kinds[i];
        turn->wanted[i] = takes && kind->may ? kind->slots - kind->busy : 0;
        turn->claims = turn->claims || turn->wanted[i] > 0;
    }
}

static void take_completions(struct turn *turn)
{
    turn->completions = turn->runner->completions;
    turn->runner->completions = NULL;
    turn->end_count = 0;
    for (const struct completion *one = turn->completions; one; one = one->next)
        turn->end_count++;
    turn->ends = ARENA_ARRAY(turn->arena, struct job_end, turn->end_count + 1);
    size_t i = 0;
    for (const struct completion *one = turn->completions; one; one = one->next)
        turn->ends[i++] = one->end;
}

static error turn_change(struct db *db, void *context)
{
    struct turn *turn = context;
    struct runner *runner = turn->runner;
    struct scope scope = { .arena = turn->arena, .db = db };
    if (turn->end_count)
        TRY(job_complete_all(&scope, turn->ends, turn->end_count));
    for (int i = 0; i < runner->kind_count; i++) {
        turn->claimed[i] = (struct list) { 0 };
        const struct job_kind *kind = runner->kinds[i].kind;
        if (turn->wanted[i] > 0 && !kind->batch)
            TRY(job_claim(&scope, str_of(runner->id), RUNNER_LEASE_US,
                &(struct job_wish) { kind->name, turn->wanted[i], kind->most ? kind->most() : 0 }, &turn->claimed[i]));
    }
    return OK;
}

static void answer(struct turn *turn, error result)
{
    size_t i = 0;
    for (struct completion *one = turn->completions, *next; one; one = next) {
        next = one->next; // gone as soon as the lock is released
        one->result = result;
        snprintf(one->message, sizeof one->message, "%s", result.message ? result.message : "");
        one->end.mine = turn->ends[i++].mine;
        one->done = true;
        pthread_cond_signal(&one->ready);
    }
    turn->completions = NULL;
}

static struct slot *idle_slot(struct runner *runner)
{
    for (int i = 0; i < runner->slot_count; i++)
        if (runner->slots[i].task == SLOT_IDLE)
            return &runner->slots[i];
    bug(__FILE__, __LINE__, "more jobs were claimed than slots are free");
}

static void hand_over(struct runner *runner, struct kind_slots *kind, const struct job *job)
{
    struct slot *slot = idle_slot(runner);
    if (!slot->has_thread) { // when first needed: most slots of most runners never are
        slot->has_thread = true;
        ASSERT_MEMORY(!pthread_create(&slot->thread, NULL, runner_slot, slot));
    }
    slot->kind = kind;
    slot->task = job ? SLOT_JOB : SLOT_BATCH;
    if (job)
        slot->job = job_copy(slot->arena, job);
    kind->busy++;
    pthread_cond_signal(&slot->wake);
}

static void hand_out(struct turn *turn)
{
    struct runner *runner = turn->runner;
    for (int i = 0; i < runner->kind_count; i++) {
        struct kind_slots *kind = &runner->kinds[i];
        const struct list *jobs = &turn->claimed[i];
        if (kind->kind->batch) {
            // One slot takes all there is; more slots only help where that is more than one of them can do.
            for (int n = 0; n < turn->wanted[i]; n++)
                hand_over(runner, kind, NULL);
            kind->may = false;
            continue;
        }
        for (size_t n = 0; n < jobs->count; n++)
            hand_over(runner, kind, &((const struct job *)jobs->items)[n]);
        if (turn->wanted[i] > (int)jobs->count)
            kind->may = false;
    }
}

static error look(struct turn *turn, struct db *db)
{
    struct runner *runner = turn->runner;
    struct scope scope = { .arena = turn->arena, .db = db };
    struct list due;
    json_t *names = json_keep(turn->arena, json_array());
    for (int i = 0; i < runner->kind_count; i++)
        if (runner->kinds[i].slots)
            json_array_append_new(names, json_string(runner->kinds[i].kind->name));
    TRY(job_due_kinds(&scope, json_text(turn->arena, names), &due));
    pthread_mutex_lock(&runner->lock);
    for (int i = 0; i < runner->kind_count; i++)
        for (size_t n = 0; n < due.count; n++)
            if (str_equal_c(((const str *)due.items)[n], runner->kinds[i].kind->name))
                runner->kinds[i].may = true;
    pthread_mutex_unlock(&runner->lock);
    return OK;
}

// One look, one change.
static error take_turn(struct turn *turn, struct db *db)
{
    struct runner *runner = turn->runner;
    error looked = turn->look ? look(turn, db) : OK;
    pthread_mutex_lock(&runner->lock);
    want(turn);
    take_completions(turn);
    pthread_mutex_unlock(&runner->lock);
    error result = OK;
    for (int i = 0; i < runner->kind_count; i++)
        turn->claimed[i] = (struct list) { 0 };
    if (turn->end_count || turn->claims)
        result = db_write_loose(runner->options.db, turn_change, turn);
    pthread_mutex_lock(&runner->lock);
    answer(turn, result);
    if (!error_is(result))
        hand_out(turn);
    pthread_mutex_unlock(&runner->lock);
    return error_is(result) ? result : looked;
}

void *runner_broker(void *context)
{
    struct runner *runner = context;
    ARENA_AUTO struct arena *arena = arena_new(TURN_MEMORY_MAX);
    ARENA_AUTO struct arena *own = arena_new(64 << 10);
    struct db *db = NULL;
    struct turn turn = { .runner = runner,
        .arena = arena,
        .wanted = ARENA_ARRAY(own, int, (size_t)runner->kind_count),
        .claimed = ARENA_ARRAY(own, struct list, (size_t)runner->kind_count) };
    for (;;) {
        pthread_mutex_lock(&runner->lock);
        bool more = wait_for_turn(runner);
        turn.look = runner->due && !runner->stopping;
        runner->due = runner->freed = false;
        pthread_mutex_unlock(&runner->lock);
        if (!more)
            break;
        error result = db ? OK : db_connect(runner->options.db, &db);
        if (error_is(result)) { // what was to be completed must not wait
            turn.look = false;
            error ignored = take_turn(&turn, NULL);
            (void)ignored;
        } else
            result = take_turn(&turn, db);
        runner_heard(runner, result);
        arena_reset(arena);
    }
    db_disconnect(db);
    return NULL;
}
