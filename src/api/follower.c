// SPDX-License-Identifier: GPL-3.0-or-later
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "api/events.h"
#include "api/realtime.h"
#include "api/waiting.h"
#include "base/clock.h"
#include "base/metric.h"
#include "domain/event.h"
#include "domain/member.h"

enum { ROWS_MAX = 500, ARENA_CAP = 16 << 20, PAYLOAD_CAP = 64 << 10 };
// A follower that begins goes back this far: what was under way then had its number already. Nobody hears it twice.
static const int64_t BACK = 1000;
static const int64_t GAP_US = SECOND_US / 50, CATCH_UP_US = 5 * SECOND_US;

struct follower {
    struct app *app;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool stopping, woken;
    struct event_place place;
    int64_t began_at; // the newest event when it began
};

static bool is_over(str status)
{
    return str_equal(status, STR("completed")) || str_equal(status, STR("failed"))
           || str_equal(status, STR("cancelled"));
}

const char *events_file_name(const struct event *event, bool *ret_done)
{
    ARENA_AUTO struct arena *arena = arena_new(PAYLOAD_CAP);
    json_t *payload;
    bool of_job = str_equal(event->kind, STR("job"));
    if ((!of_job && !str_equal(event->kind, STR("media:added")))
        || error_is(json_read(arena, event->payload.text, &payload)))
        return NULL;
    if (of_job && !str_equal(json_get_str(payload, "kind"), STR("transcribe")))
        return NULL; // other work on the file
    *ret_done = of_job ? is_over(json_get_str(payload, "status")) : !json_get_bool(payload, "transcribing", true);
    return *ret_done ? "done" : of_job ? "job_progress" : NULL;
}

// Whose library it is in, and with a video's event everyone else who may open that.
static error audience_of(struct scope *scope, const struct event *event, str **ret_users, size_t *ret_count)
{
    struct list audience = { 0 };
    if (event->video_id.data)
        TRY(member_audience(scope, event->video_id, &audience));
    str *users = arena_alloc(scope->arena, (audience.count + 1) * sizeof *users);
    size_t count = 0;
    users[count++] = event->user_id;
    for (size_t i = 0; i < audience.count; i++) {
        str user = ((struct member *)audience.items)[i].user_id;
        if (!str_equal(user, event->user_id))
            users[count++] = user;
    }
    *ret_users = users;
    *ret_count = count;
    return OK;
}

// Whoever waits for this job is told what became of it.
static void give_waiting(struct follower *follower, struct arena *arena, const struct event *event)
{
    json_t *payload;
    bool done;
    if (!str_equal(event->kind, STR("job")) || !waiting_count(follower->app->waiting) || !events_file_name(event, &done)
        || !done || error_is(json_read(arena, event->payload.text, &payload)))
        return;
    waiting_done(follower->app->waiting, json_get_str(payload, "job_id"));
}

static error give(struct follower *follower, struct scope *scope, const struct event *event)
{
    struct hub *hub = follower->app->hub;
    struct arena *arena = scope->arena;
    str *users;
    size_t count;
    TRY(audience_of(scope, event, &users, &count));
    for (size_t i = 0; i < count; i++)
        hub_publish(hub, events_user_topic(arena, users[i]), event->number, event->kind, event->payload.text);
    if (str_equal(event->kind, STR(SESSION_ENDED))) {
        json_t *payload;
        TRY(json_read(arena, event->payload.text, &payload));
        hub_end(hub, (struct hub_reader) { event->user_id, json_get_str(payload, "session_id") });
    }
    if (follower->app->realtime)
        realtime_deliver(follower->app->realtime, scope, event, users, count);
    if (!event->media_id.data)
        return OK;
    bool done = false;
    const char *name = events_file_name(event, &done);
    str topic = events_file_topic(arena, event->user_id, event->media_id);
    if (name)
        hub_publish(hub, topic, event->number, str_of(name), event->payload.text);
    if (done)
        hub_close(hub, topic);
    return OK;
}

static void observe(const struct follower *follower, const struct event *event)
{
    if (event->number > follower->began_at)
        metric_observe(METRIC_event_lag, clock_now_us() - event->created_at.us, STR_NONE, STR_NONE);
    metric_set(METRIC_event_delivered, event->number, STR_NONE, STR_NONE);
}

static error follow(struct follower *follower, struct db *db, int64_t *ret_rest_us)
{
    ARENA_AUTO struct arena *arena = arena_new(ARENA_CAP);
    struct scope scope = { .arena = arena, .db = db };
    struct list events;
    bool waits;
    TRY(event_follow(&scope, &follower->place, ROWS_MAX, &events, &waits));
    for (size_t i = 0; i < events.count; i++) {
        const struct event *event = &((struct event *)events.items)[i];
        if (event->number > follower->began_at)
            hub_reach(follower->app->hub, event->number);
        TRY(give(follower, &scope, event));
        give_waiting(follower, arena, event);
        follower->place.at = event->number;
        observe(follower, event);
    }
    if (follower->app->realtime)
        realtime_tick(follower->app->realtime, &scope);
    *ret_rest_us = events.count == ROWS_MAX ? 0 : waits ? GAP_US : SECOND_US;
    return OK;
}

static void rest(struct follower *follower, int64_t us)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    int64_t nanoseconds = until.tv_nsec + us * 1000;
    until.tv_sec += nanoseconds / 1000000000;
    until.tv_nsec = nanoseconds % 1000000000;
    pthread_mutex_lock(&follower->mutex);
    if (!follower->woken && !follower->stopping)
        pthread_cond_timedwait(&follower->wake, &follower->mutex, &until);
    follower->woken = false;
    pthread_mutex_unlock(&follower->mutex);
}

static void *run(void *context)
{
    struct follower *follower = context;
    struct db *db = NULL;
    while (!follower->stopping) {
        int64_t rest_us = SECOND_US; // covers a lost wake-up
        error result = db ? follow(follower, db, &rest_us) : db_connect(follower->app->db, &db);
        if (error_is(result))
            log_event(LOG_WARN, NULL, "events", result.message);
        waiting_look(follower->app->waiting);
        if (rest_us)
            rest(follower, rest_us);
    }
    db_disconnect(db);
    return NULL;
}

void follower_wake(struct follower *follower)
{
    pthread_mutex_lock(&follower->mutex);
    follower->woken = true;
    pthread_cond_signal(&follower->wake);
    pthread_mutex_unlock(&follower->mutex);
}

// Before anybody listens.
static error catch_up(struct follower *follower, struct db *db)
{
    int64_t until_us = clock_mono_us() + CATCH_UP_US, rest_us;
    follower->place.at = follower->began_at > BACK ? follower->began_at - BACK : 0;
    do {
        TRY(follow(follower, db, &rest_us));
        if (rest_us == GAP_US)
            rest(follower, rest_us);
    } while (follower->place.at < follower->began_at && rest_us != SECOND_US && clock_mono_us() < until_us);
    hub_reach(follower->app->hub, follower->place.at > follower->began_at ? follower->place.at : follower->began_at);
    return OK;
}

error follower_start(struct app *app, struct follower **ret_follower)
{
    struct db *db;
    ARENA_AUTO struct arena *arena = arena_new(4096);
    struct follower *follower = calloc(1, sizeof *follower);
    ASSERT_MEMORY(follower);
    follower->app = app;
    pthread_mutex_init(&follower->mutex, NULL);
    pthread_cond_init(&follower->wake, NULL);
    TRY(db_connect(app->db, &db));
    error result = event_newest(&(struct scope) { .arena = arena, .db = db }, &follower->began_at);
    if (!error_is(result))
        result = catch_up(follower, db);
    db_disconnect(db);
    if (error_is(result)) {
        free(follower);
        return result;
    }
    if (pthread_create(&follower->thread, NULL, run, follower))
        return error_make(ERROR_INTERNAL_ERROR, NULL, "Cannot start the thread that follows events");
    *ret_follower = follower;
    return OK;
}

void follower_stop(struct follower *follower)
{
    if (!follower)
        return;
    pthread_mutex_lock(&follower->mutex);
    follower->stopping = true;
    pthread_cond_signal(&follower->wake);
    pthread_mutex_unlock(&follower->mutex);
    pthread_join(follower->thread, NULL);
    pthread_cond_destroy(&follower->wake);
    pthread_mutex_destroy(&follower->mutex);
    free(follower);
}
