// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/realtime.h"

#include <stdlib.h>
#include <string.h>

#include "api/auth.h"
#include "api/content_url.h"
#include "api/realtime_parts.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/settings.h"
#include "domain/film_file.h"
#include "domain/member.h"
#include "domain/user.h"

enum { ARENA_CAP = 16 << 20, IDENTITY_SIZE = 20, MAC_BYTES = 15 };

// Who is connected ---------------------------------------------------------------------------------

static struct listener **bucket_of(struct realtime *realtime, str user_id)
{
    return &realtime->buckets[str_hash(user_id) % REALTIME_BUCKETS];
}

static int count_of(struct realtime *realtime, str user_id)
{
    int count = 0;
    for (const struct listener *one = *bucket_of(realtime, user_id); one; one = one->next)
        count += str_equal_c(user_id, one->user_id);
    return count;
}

static void put_text(char *place, size_t room, str text)
{
    size_t size = text.size < room - 1 ? text.size : room - 1;
    if (size)
        memcpy(place, text.data, size);
    place[size] = 0;
}

static void free_listener(struct listener *listener)
{
    socketio_drop(listener->socket);
    free(listener);
}

// Sockets gathered under the lock, served outside of it.
struct crowd {
    struct socketio_socket **sockets; // references
    size_t count, room;
};

static void gather(struct crowd *crowd, struct socketio_socket *socket)
{
    if (crowd->count == crowd->room) {
        crowd->room = crowd->room ? 2 * crowd->room : 16;
        crowd->sockets = realloc(crowd->sockets, crowd->room * sizeof *crowd->sockets);
        ASSERT_MEMORY(crowd->sockets);
    }
    crowd->sockets[crowd->count++] = socketio_hold(socket);
}

static void crowd_done(struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->count; i++)
        socketio_drop(crowd->sockets[i]);
    free(crowd->sockets);
}

static void send_crowd(struct crowd *crowd, str name, str args)
{
    if (crowd->count) {
        struct websocket_message *message = socketio_event_message(STR("/"), name, args);
        socketio_send_all(crowd->sockets, crowd->count, message);
        websocket_message_drop(message);
    }
    crowd_done(crowd);
}

// What happened ------------------------------------------------------------------------------------

void realtime_send(
    struct realtime *realtime, const str *users, size_t count, str name, str args, str but_identity, int64_t number)
{
    struct crowd crowd = { 0 };
    pthread_mutex_lock(&realtime->lock);
    for (size_t i = 0; i < count; i++)
        for (struct listener *one = *bucket_of(realtime, users[i]); one; one = one->next)
            if (str_equal_c(users[i], one->user_id) && (number == 0 || number > one->since)
                && !(but_identity.data && str_equal_c(but_identity, one->identity)))
                gather(&crowd, one->socket);
    if (number)
        realtime->delivered = number;
    pthread_mutex_unlock(&realtime->lock);
    send_crowd(&crowd, name, args);
}

static void end_sockets(struct realtime *realtime, const struct event *event)
{
    ARENA_AUTO struct arena *arena = arena_new(ARENA_CAP);
    json_t *payload = NULL;
    if (error_is(json_read(arena, event->payload.text, &payload)))
        return;
    str session = json_get_str(payload, "session_id");
    struct crowd crowd = { 0 };
    pthread_mutex_lock(&realtime->lock);
    for (struct listener *one = *bucket_of(realtime, event->user_id); one; one = one->next)
        if (str_equal_c(event->user_id, one->user_id) && (!session.data || str_equal_c(session, one->session_id)))
            gather(&crowd, one->socket);
    pthread_mutex_unlock(&realtime->lock);
    for (size_t i = 0; i < crowd.count; i++)
        socketio_kick(crowd.sockets[i]);
    crowd_done(&crowd);
}

static str with_offset(struct arena *arena, str payload, int64_t number)
{
    return str_format(arena, "%.*s,\"%lld\"", STR_ARGS(payload), (long long)number);
}

// A finished render, told to each user with a link of their own.
static void tell_film(struct realtime *realtime, struct scope *scope, const struct event *event, json_t *payload,
    const str *users, size_t count)
{
    struct arena *arena = scope->arena;
    for (size_t i = 0; i < count; i++) {
        str session = STR_NONE;
        pthread_mutex_lock(&realtime->lock);
        for (struct listener *one = *bucket_of(realtime, users[i]); one; one = one->next)
            if (str_equal_c(users[i], one->user_id))
                session = str_copy(arena, str_of(one->session_id));
        pthread_mutex_unlock(&realtime->lock);
        if (!session.data)
            continue;
        str url = content_url_for(
            realtime->app, arena, session, CONTENT_RENDER, json_get_str(payload, "job_id"), STR("video.mp4"));
        json_t *told = json_keep(arena, json_object());
        json_object_set_new(told, "video_id", json_str(event->video_id));
        json_object_set(told, "job_id", json_object_get(payload, "job_id"));
        json_object_set_new(told, "video_url", json_str(url));
        json_t *scenes = json_object_get(payload, "scenes");
        json_object_set(told, "scenes", scenes ? scenes : json_keep(arena, json_array()));
        realtime_send(realtime, &users[i], 1, STR("video:regenerated"),
            with_offset(arena, json_text(arena, told), event->number), STR_NONE, 0);
    }
}

void realtime_deliver(
    struct realtime *realtime, struct scope *scope, const struct event *event, const str *users, size_t count)
{
    struct arena *arena = scope->arena;
    str name = event->kind;
    if (str_equal(name, STR(SESSION_ENDED))) {
        end_sockets(realtime, event);
        count = 0;
    }
    if (str_equal(name, STR("member:deleted"))) {
        json_t *gone;
        if (!error_is(json_read(arena, event->payload.text, &gone)))
            presence_remove_user(realtime->presence, event->video_id, json_get_str(gone, "user_id"));
    }
    if (str_equal(name, STR("job"))) {
        json_t *payload;
        name = STR("job:progress");
        bool done = !error_is(json_read(arena, event->payload.text, &payload)) && event->video_id.data
                    && str_equal(json_get_str(payload, "kind"), STR("render"))
                    && str_equal(json_get_str(payload, "status"), STR("completed"));
        if (done)
            tell_film(realtime, scope, event, payload, users, count);
    }
    realtime_send(realtime, users, count, name, with_offset(arena, event->payload.text, event->number),
        event->socket_id, event->number);
}

// Progress: the newest of each job waits for the follower, which knows who may hear it -------------

static void note_progress(void *context, str topic, str event, str data)
{
    struct realtime *realtime = context;
    if (!str_starts(topic, STR("user:")) || !str_equal(event, STR("job_progress")))
        return;
    ARENA_AUTO struct arena *arena = arena_new(ARENA_CAP);
    json_t *facts;
    if (error_is(json_read(arena, data, &facts)))
        return;
    str job = json_get_str(facts, "job_id");
    pthread_mutex_lock(&realtime->lock);
    size_t at = 0;
    while (at < realtime->progress_count && !str_equal_c(job, realtime->progress[at].job_id))
        at++;
    if (at < REALTIME_PROGRESS_MAX) {
        struct progress_note *note = &realtime->progress[at];
        if (at == realtime->progress_count)
            realtime->progress_count++;
        free(note->text);
        put_text(note->job_id, sizeof note->job_id, job);
        put_text(note->video_id, sizeof note->video_id, json_get_str(facts, "video_id"));
        put_text(note->user_id, sizeof note->user_id, str_sub(topic, 5, topic.size));
        note->text = strndup(data.data, data.size);
    }
    pthread_mutex_unlock(&realtime->lock);
}

static void tell_progress(struct realtime *realtime, struct scope *scope, const struct progress_note *note)
{
    str user = str_of(note->user_id), text = str_of(note->text);
    realtime_send(realtime, &user, 1, STR("job:progress"), text, STR_NONE, 0);
    struct list audience;
    json_t *facts;
    if (!*note->video_id || error_is(member_audience(scope, str_of(note->video_id), &audience))
        || error_is(json_read(scope->arena, text, &facts)))
        return;
    json_object_set_new(facts, "progress", json_integer((json_int_t)(json_get_number(facts, "progress", 0) * 100)));
    json_object_del(facts, "kind");
    json_object_del(facts, "media_id");
    str *users = arena_alloc(scope->arena, (audience.count + 1) * sizeof *users);
    for (size_t i = 0; i < audience.count; i++)
        users[i] = ((struct member *)audience.items)[i].user_id;
    realtime_send(realtime, users, audience.count, STR("video:regeneration:progress"), json_text(scope->arena, facts),
        STR_NONE, 0);
}

static void end_expired(struct realtime *realtime)
{
    struct crowd crowd = { 0 };
    int64_t now = clock_now_us();
    pthread_mutex_lock(&realtime->lock);
    for (size_t i = 0; i < REALTIME_BUCKETS; i++)
        for (struct listener *one = realtime->buckets[i]; one; one = one->next)
            if (one->expires_us <= now)
                gather(&crowd, one->socket);
    pthread_mutex_unlock(&realtime->lock);
    for (size_t i = 0; i < crowd.count; i++)
        socketio_kick(crowd.sockets[i]);
    crowd_done(&crowd);
}

void realtime_tick(struct realtime *realtime, struct scope *scope)
{
    struct progress_note notes[REALTIME_PROGRESS_MAX];
    pthread_mutex_lock(&realtime->lock);
    size_t count = realtime->progress_count;
    memcpy(notes, realtime->progress, count * sizeof *notes);
    memset(realtime->progress, 0, count * sizeof *notes);
    realtime->progress_count = 0;
    pthread_mutex_unlock(&realtime->lock);
    for (size_t i = 0; i < count; i++) {
        tell_progress(realtime, scope, &notes[i]);
        free(notes[i].text);
    }
    end_expired(realtime);
    presence_expire(realtime->presence);
}

// Coming and going ---------------------------------------------------------------------------------

// What a client shows to be taken for who it was: its identity, and a mark that only this installation can make.
static str mark_of(struct arena *arena, const struct realtime *realtime, str identity, str user_id)
{
    unsigned char mac[32];
    str message = str_format(arena, "socket\n%.*s\n%.*s", STR_ARGS(identity), STR_ARGS(user_id));
    crypt_mac(realtime->app->keys.token, message, mac);
    return str_format(arena, "%.*s.%.*s", STR_ARGS(identity), STR_ARGS(str_base64url(arena, mac, MAC_BYTES)));
}

struct arrival {
    struct arena *arena;
    struct scope scope;
    struct listener *listener;
    bool known;     // it showed a mark and an offset
    int64_t offset; // of the last event that it saw
};

static error look_at(struct realtime *realtime, struct arrival *arrival, const json_t *auth, struct worker *worker)
{
    struct arena *arena = arrival->arena;
    struct listener *listener = arrival->listener;
    struct user user;
    str token = json_get_str(auth, "token"), pid = json_get_str(auth, "pid");
    if (str_starts(token, STR("Bearer ")))
        token = str_sub(token, 7, token.size);
    if (!token.data)
        token = socketio_origin_token(listener->socket);
    TRY(auth_actor(worker, &arrival->scope, token, &arrival->scope.actor, &listener->expires_us));
    const struct actor *actor = &arrival->scope.actor;
    if (actor->key_scopes && (actor->key_scopes & (ACTOR_READ | ACTOR_WRITE)) != (ACTOR_READ | ACTOR_WRITE))
        return error_make(ERROR_FORBIDDEN, NULL, "Live editing needs an API key with the scopes read and write");
    TRY(user_get(&arrival->scope, actor->user_id, &user));
    put_text(listener->user_id, sizeof listener->user_id, actor->user_id);
    put_text(listener->session_id, sizeof listener->session_id, actor->session_id);
    put_text(listener->username, sizeof listener->username, user.username);
    str identity = pid.size > IDENTITY_SIZE ? str_sub(pid, 0, IDENTITY_SIZE) : STR_NONE;
    arrival->known = identity.data && str_equal(pid, mark_of(arena, realtime, identity, actor->user_id))
                     && str_to_int(json_get_str(auth, "offset"), &arrival->offset);
    if (arrival->known)
        put_text(listener->identity, sizeof listener->identity, identity);
    return OK;
}

// What the client missed, when all of it is still there. It may have heard from a server that is ahead of this one.
static error find_missed(
    struct realtime *realtime, struct arrival *arrival, struct list *ret_missed, int64_t *ret_newest)
{
    int64_t oldest, newest;
    int64_t reached = hub_reached(realtime->app->hub);
    TRY(event_oldest(&arrival->scope, &oldest));
    TRY(event_newest(&arrival->scope, &newest));
    *ret_newest = reached;
    if (!arrival->known || arrival->offset > newest || arrival->offset + 1 < oldest) {
        arrival->known = false;
        return OK;
    }
    if (arrival->offset > reached)
        *ret_newest = arrival->offset;
    TRY(event_after_for(&arrival->scope, arrival->offset, *ret_newest, str_of(arrival->listener->user_id), STR_NONE,
        REALTIME_REPLAY_MAX, ret_missed));
    arrival->known = ret_missed->count < REALTIME_REPLAY_MAX;
    return OK;
}

static void replay(struct arrival *arrival, const struct list *missed)
{
    struct listener *listener = arrival->listener;
    for (size_t i = 0; i < missed->count; i++) {
        const struct event *event = &((struct event *)missed->items)[i];
        bool own = event->socket_id.data && str_equal_c(event->socket_id, listener->identity);
        str name = str_equal(event->kind, STR("job")) ? STR("job:progress") : event->kind;
        if (!own)
            socketio_emit(listener->socket, name, with_offset(arrival->arena, event->payload.text, event->number));
    }
}

// From now on it hears everything above `newest`. False when events were given out meanwhile that it does not have.
static bool join(struct realtime *realtime, struct listener *listener, int64_t newest, bool *ret_crowded)
{
    str user = str_of(listener->user_id);
    pthread_mutex_lock(&realtime->lock);
    *ret_crowded = count_of(realtime, user) >= REALTIME_SOCKETS_MAX;
    bool ready = !*ret_crowded && realtime->delivered <= newest;
    if (ready) {
        struct listener **bucket = bucket_of(realtime, user);
        listener->since = newest;
        listener->next = *bucket;
        *bucket = listener;
    }
    pthread_mutex_unlock(&realtime->lock);
    return ready;
}

static error admit(struct realtime *realtime, struct arrival *arrival)
{
    struct listener *listener = arrival->listener;
    int64_t newest;
    bool crowded = false, joined = false;
    while (!joined && !crowded) {
        struct list missed = { 0 };
        TRY(find_missed(realtime, arrival, &missed, &newest));
        if (arrival->known)
            replay(arrival, &missed);
        arrival->offset = newest;
        joined = join(realtime, listener, newest, &crowded);
    }
    if (crowded)
        return error_make(
            ERROR_RATE_LIMITED, NULL, "This account has %d sockets open; close one", REALTIME_SOCKETS_MAX);
    if (!arrival->known)
        put_text(listener->identity, sizeof listener->identity, socketio_id(listener->socket));
    str identity = str_of(listener->identity), user = str_of(listener->user_id);
    // A client that could not be brought up to date gets another mark: so it knows that it has to read anew.
    str mark = mark_of(arrival->arena, realtime, identity, user);
    socketio_accept(listener->socket, mark);
    str args = str_format(arrival->arena, "{\"socket_id\":\"%s\",\"user_id\":\"%s\",\"recovered\":%s},\"%lld\"",
        listener->identity, listener->user_id, arrival->known ? "true" : "false", (long long)newest);
    socketio_emit(listener->socket, STR("session"), args);
    return OK;
}

static void connect(void *context, struct socketio_socket *socket, const json_t *auth, void *worker_pointer)
{
    struct realtime *realtime = context;
    struct worker *worker = worker_pointer;
    ARENA_AUTO struct arena *arena = arena_new(ARENA_CAP);
    struct listener *listener = calloc(1, sizeof *listener);
    ASSERT_MEMORY(listener);
    listener->realtime = realtime;
    listener->socket = socketio_hold(socket);
    listener->allowance = REALTIME_EVENTS_BURST;
    listener->refilled_us = clock_mono_us();
    struct arrival arrival = { .arena = arena, .scope = { .arena = arena, .db = worker->db }, .listener = listener };
    error result = look_at(realtime, &arrival, auth, worker);
    if (!error_is(result))
        result = admit(realtime, &arrival);
    if (error_is(result)) {
        socketio_refuse(socket, str_of(result.message), str_of(error_info(result.code)->name));
        free_listener(listener);
        return;
    }
    socketio_set_user(socket, listener);
}

static void event(void *context, struct socketio_socket *socket, const struct socketio_event *event, void *worker)
{
    (void)context;
    struct listener *listener = socketio_user(socket);
    if (listener)
        socket_event(listener, event, worker);
}

static void disconnected(void *context, struct socketio_socket *socket, void *worker)
{
    (void)worker;
    struct realtime *realtime = context;
    struct listener *listener = socketio_user(socket);
    if (!listener)
        return;
    pthread_mutex_lock(&realtime->lock);
    struct listener **place = bucket_of(realtime, str_of(listener->user_id));
    while (*place != listener)
        place = &(*place)->next;
    *place = listener->next;
    pthread_mutex_unlock(&realtime->lock);
    presence_leave_all(realtime->presence, listener->socket);
    free_listener(listener);
}

struct realtime *realtime_new(struct app *app)
{
    static const char *const namespaces[] = { "/", NULL };
    struct realtime *realtime = calloc(1, sizeof *realtime);
    ASSERT_MEMORY(realtime);
    realtime->app = app;
    pthread_mutex_init(&realtime->lock, NULL);
    realtime->presence = presence_new();
    realtime->socketio = socketio_new(&(struct engineio_options) { .path = "/socket.io",
                                          .connect_timeout_us = settings.socket_connect_timeout * SECOND_US },
        &(struct socketio_app) { realtime, namespaces, connect, event, disconnected });
    hub_listen(app->hub, note_progress, realtime);
    return realtime;
}

void realtime_free(struct realtime *realtime)
{
    if (!realtime)
        return;
    hub_listen(realtime->app->hub, NULL, NULL);
    for (size_t i = 0; i < realtime->progress_count; i++)
        free(realtime->progress[i].text);
    presence_free(realtime->presence);
    socketio_free(realtime->socketio);
    pthread_mutex_destroy(&realtime->lock);
    free(realtime);
}

struct engineio *realtime_engine(struct realtime *realtime)
{
    return socketio_engine(realtime->socketio);
}
