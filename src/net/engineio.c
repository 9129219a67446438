// SPDX-License-Identifier: GPL-3.0-or-later
// Sessions: opening, packets, heartbeat, the way to the application and back, the end.
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "net/engineio_parts.h"

static const int64_t PING_INTERVAL_US = 25 * SECOND_US, PING_TIMEOUT_US = 20 * SECOND_US;
enum { PAYLOAD_MAX = 1000000, QUEUE_MAX = 1 << 20, SESSIONS_MAX = 20000 };

static int64_t now_us(const struct engineio_session *session)
{
    return server_now_us(session->engineio->server);
}

// The table --------------------------------------------------------------------------------------

static struct engineio_session **place_of(struct engineio *engineio, str id)
{
    struct engineio_session **place = &engineio->buckets[str_hash(id) % SESSION_BUCKETS];
    while (*place && !str_equal_c(id, (*place)->id))
        place = &(*place)->next_in_bucket;
    return place;
}

struct engineio_session *engineio_find(struct engineio *engineio, str id)
{
    return *place_of(engineio, id);
}

// Timers: a list for pings to be sent and one for pongs to come; each is in order since all wait equally long ------

static struct timer_list *list_of(struct engineio_session *session)
{
    return session->timer == TIMER_PING ? &session->engineio->pings : &session->engineio->pongs;
}

// Counts from the moment that was due, not from when it was noticed: nobody gets more time than the options say.
static void set_timer(struct engineio_session *session, enum session_timer timer)
{
    const struct engineio_options *options = &session->engineio->options;
    if (session->timer != TIMER_NONE) {
        struct timer_list *list = list_of(session);
        *(session->previous_timed ? &session->previous_timed->next_timed : &list->first) = session->next_timed;
        *(session->next_timed ? &session->next_timed->previous_timed : &list->last) = session->previous_timed;
    }
    session->timer = timer;
    session->next_timed = session->previous_timed = NULL;
    if (timer == TIMER_NONE)
        return;
    session->due_us = timer == TIMER_PING ? now_us(session) + options->ping_interval_us
                                          : session->due_us + options->ping_timeout_us;
    struct timer_list *list = list_of(session);
    session->previous_timed = list->last;
    *(list->last ? &list->last->next_timed : &list->first) = session;
    list->last = session;
}

static void leave_young(struct engineio_session *session)
{
    struct engineio *engineio = session->engineio;
    if (!session->young)
        return;
    session->young = false;
    engineio->young_count--;
    *(session->previous_young ? &session->previous_young->next_young : &engineio->young_first) = session->next_young;
    *(session->next_young ? &session->next_young->previous_young : &engineio->young_last) = session->previous_young;
}

void engineio_check_timers(struct engineio *engineio)
{
    int64_t now = server_now_us(engineio->server);
    while (engineio->pongs.first && engineio->pongs.first->due_us <= now)
        engineio_end(engineio->pongs.first);
    while (engineio->pings.first && engineio->pings.first->due_us <= now) {
        struct engineio_session *session = engineio->pings.first;
        set_timer(session, TIMER_PONG);
        engineio_push_text(session, STR("2"));
    }
    int64_t limit = engineio->options.connect_timeout_us;
    while (limit && engineio->young_first && engineio->young_first->opened_us + limit <= now) {
        struct engineio_session *session = engineio->young_first;
        leave_young(session);
        if (!atomic_load(&session->is_confirmed))
            engineio_end(session);
    }
}

// Who opens sessions and never says who it is crowds out its own kind only: others are confirmed within milliseconds.
static void make_room(struct engineio *engineio)
{
    int most = engineio->options.sessions_max / YOUNG_SHARE;
    while (engineio->options.connect_timeout_us && engineio->young_first && engineio->young_count > most) {
        struct engineio_session *session = engineio->young_first;
        leave_young(session);
        if (!atomic_load(&session->is_confirmed))
            engineio_end(session);
    }
}

static void on_tick(uv_timer_t *timer)
{
    engineio_check_timers(timer->data);
}

// References --------------------------------------------------------------------------------------

struct engineio_session *engineio_hold(struct engineio_session *session)
{
    atomic_fetch_add_explicit(&session->references, 1, memory_order_relaxed);
    return session;
}

static void on_free(struct post *post)
{
    struct engineio_session *session = (struct engineio_session *)((char *)post
                                                                   - offsetof(struct engineio_session, free_post));
    struct server *server = session->engineio->server;
    session->engineio->session_count--;
    server->session_count--;
    free(session->token);
    free(session);
    server_check_end(server);
}

// The server lives as long as its sessions do.
void engineio_drop(struct engineio_session *session)
{
    if (atomic_fetch_sub_explicit(&session->references, 1, memory_order_acq_rel) == 1)
        server_post(session->engineio->server, &session->free_post);
}

void engineio_set_user(struct engineio_session *session, void *user)
{
    session->user = user;
}

void *engineio_user(const struct engineio_session *session)
{
    return session->user;
}

str engineio_origin_token(const struct engineio_session *session)
{
    return str_of(session->token);
}

void engineio_confirm(struct engineio_session *session)
{
    atomic_store(&session->is_confirmed, true);
}

// To the application ------------------------------------------------------------------------------

static void run_session(struct work *work, void *worker)
{
    struct engineio_session *session = (struct engineio_session *)((char *)work
                                                                   - offsetof(struct engineio_session, work));
    const struct engineio_app *app = &session->engineio->app;
    if (!session->opened) {
        session->opened = true;
        app->opened(app->context, session, worker);
    }
    while (session->handed) {
        struct received *received = session->handed;
        session->handed = received->next;
        if (!atomic_load(&session->doomed))
            app->message(app->context, session, received->binary, (str) { received->bytes, received->size }, worker);
        free(received);
    }
    if (session->hand_close)
        app->closed(app->context, session, worker);
    // Seldom worth a turn of the loop: what is not awaited now is found when there is more to do for the session.
    struct server *server = session->engineio->server;
    bool closing = session->hand_close;
    engineio_hold(session);
    server_post_quietly(server, &session->done_post);
    if (closing || atomic_load(&session->is_awaited))
        server_wake(server);
    engineio_drop(session);
}

static void hand_over(struct engineio_session *session)
{
    bool closing = !session->open && !session->told_closed;
    if (session->running && (session->arrived || closing))
        atomic_store(&session->is_awaited, true);
    if (session->running || session->told_closed || (session->opened && !session->arrived && !closing))
        return;
    session->handed = TAKE(session->arrived);
    session->arrived_last = NULL;
    session->arrived_count = session->arrived_size = 0;
    session->hand_close = session->told_closed = closing;
    session->running = true;
    workers_add(session->engineio->server->handlers, &session->work);
}

static void on_done(struct post *post)
{
    struct engineio_session *session = (struct engineio_session *)((char *)post
                                                                   - offsetof(struct engineio_session, done_post));
    session->running = false;
    atomic_store(&session->is_awaited, false);
    if (session->hand_close) {
        engineio_drop(session);
        return;
    }
    polling_flush(session);
    hand_over(session);
    if (session->websocket)
        websocket_resume(session->websocket);
}

bool engineio_is_full(const struct engineio_session *session)
{
    return session->arrived_count >= RECEIVED_MAX
           || session->arrived_size >= RECEIVED_FACTOR * session->engineio->options.payload_max;
}

static void take_message(struct engineio_session *session, bool binary, str payload)
{
    struct received *received = malloc(sizeof *received + payload.size);
    ASSERT_MEMORY(received);
    *received = (struct received) { NULL, binary, payload.size };
    if (payload.size)
        memcpy(received->bytes, payload.data, payload.size);
    if (session->arrived_last)
        session->arrived_last->next = received;
    else
        session->arrived = received;
    session->arrived_last = received;
    session->arrived_count++;
    session->arrived_size += payload.size;
    hand_over(session);
}

bool engineio_packet(struct engineio_session *session, bool binary, str packet)
{
    if (!session->open)
        return true;
    if (binary) {
        take_message(session, true, packet);
        return true;
    }
    if (packet.size == 0)
        return false;
    switch (packet.data[0]) {
    case '1':
        engineio_end(session);
        return true;
    case '3':
        if (session->timer == TIMER_PONG)
            set_timer(session, TIMER_PING);
        return true;
    case '4':
        take_message(session, false, str_sub(packet, 1, packet.size));
        return true;
    default:
        return false;
    }
}

// From the application ----------------------------------------------------------------------------

void engineio_push(struct engineio_session *session, struct websocket_message *message)
{
    if (!session->open)
        return;
    const struct engineio_options *options = &session->engineio->options;
    if (session->stage == STAGE_SOCKET) {
        if (!websocket_send(session->websocket, message, options->queue_max))
            engineio_end(session);
        return;
    }
    str payload = websocket_message_payload(message);
    if (session->owed > options->queue_max) {
        engineio_end(session);
        return;
    }
    struct pending *pending = malloc(sizeof *pending);
    ASSERT_MEMORY(pending);
    *pending = (struct pending) { NULL, websocket_message_hold(message) };
    *(session->last ? &session->last->next : &session->first) = pending;
    session->last = pending;
    session->owed += payload.size;
    polling_flush(session);
}

void engineio_push_text(struct engineio_session *session, str packet)
{
    struct websocket_message *message = websocket_message_new(false, packet);
    engineio_push(session, message);
    websocket_message_drop(message);
}

struct websocket_message *engineio_message(bool binary, str payload)
{
    return websocket_message_new(binary, payload);
}

struct delivery {
    struct post post;
    struct websocket_message *message; // NULL: close
    size_t count;
    struct engineio_session *sessions[];
};

static void on_delivery(struct post *post)
{
    struct delivery *delivery = (struct delivery *)post; // its first member
    for (size_t i = 0; i < delivery->count; i++) {
        if (delivery->message)
            engineio_push(delivery->sessions[i], delivery->message);
        else
            engineio_end(delivery->sessions[i]);
        engineio_drop(delivery->sessions[i]);
    }
    websocket_message_drop(delivery->message);
    free(delivery);
}

void engineio_send_all(struct engineio_session *const *sessions, size_t count, struct websocket_message *message)
{
    if (count == 0)
        return;
    struct delivery *delivery = malloc(sizeof *delivery + count * sizeof *sessions);
    ASSERT_MEMORY(delivery);
    delivery->post.run = on_delivery;
    delivery->message = message ? websocket_message_hold(message) : NULL;
    delivery->count = count;
    for (size_t i = 0; i < count; i++)
        delivery->sessions[i] = engineio_hold(sessions[i]);
    server_post(sessions[0]->engineio->server, &delivery->post);
}

void engineio_send(struct engineio_session *session, struct websocket_message *message)
{
    engineio_send_all(&session, 1, message);
}

void engineio_close(struct engineio_session *session)
{
    if (atomic_exchange(&session->doomed, true))
        return;
    engineio_send_all(&session, 1, NULL);
}

// Opening and ending ------------------------------------------------------------------------------

static void new_id(char ret_id[static SESSION_ID_SIZE + 1])
{
    ARENA_AUTO struct arena *arena = arena_new(1000);
    unsigned char bytes[SESSION_ID_SIZE * 3 / 4];
    id_random(bytes, sizeof bytes);
    str text = str_base64url(arena, bytes, sizeof bytes);
    memcpy(ret_id, text.data, SESSION_ID_SIZE);
    ret_id[SESSION_ID_SIZE] = 0;
}

static char *token_of(const struct http_request *request)
{
    str header = http_header(request, "Authorization");
    if (!str_starts(header, STR("Bearer ")) || header.size > 4096)
        return NULL;
    return strndup(header.data + 7, header.size - 7);
}

struct engineio_session *engineio_open(struct engineio *engineio, struct exchange *exchange)
{
    struct engineio_session *session = calloc(1, sizeof *session);
    ASSERT_MEMORY(session);
    session->engineio = engineio;
    atomic_init(&session->references, 1);
    new_id(session->id);
    session->token = token_of(&exchange->request);
    session->work.run = run_session;
    session->done_post.run = on_done;
    session->free_post.run = on_free;
    session->open = session->young = true;
    session->opened_us = server_now_us(engineio->server);
    *place_of(engineio, str_of(session->id)) = session;
    session->previous_young = engineio->young_last;
    *(engineio->young_last ? &engineio->young_last->next_young : &engineio->young_first) = session;
    engineio->young_last = session;
    engineio->young_count++;
    make_room(engineio);
    engineio->session_count++;
    engineio->server->session_count++;
    set_timer(session, TIMER_PING);
    hand_over(session);
    return session;
}

struct websocket_message *engineio_shift(struct engineio_session *session)
{
    struct pending *pending = session->first;
    struct websocket_message *message = pending->message;
    session->first = pending->next;
    if (!session->first)
        session->last = NULL;
    session->owed -= websocket_message_payload(message).size;
    free(pending);
    return message;
}

static void drop_queue(struct engineio_session *session)
{
    while (session->first)
        websocket_message_drop(engineio_shift(session));
}

void engineio_end(struct engineio_session *session)
{
    if (!session->open)
        return;
    session->open = false;
    set_timer(session, TIMER_NONE);
    leave_young(session);
    struct engineio_session **place = place_of(session->engineio, str_of(session->id));
    *place = session->next_in_bucket;
    struct websocket *websocket = TAKE(session->websocket);
    if (websocket)
        websocket_close(websocket, session->engineio->stopping ? WEBSOCKET_GOING_AWAY : WEBSOCKET_NORMAL);
    if (session->poll)
        polling_release(session, STR("6"));
    drop_queue(session);
    hand_over(session);
}

str engineio_handshake(struct arena *arena, const struct engineio_session *session)
{
    const struct engineio_options *options = &session->engineio->options;
    return str_format(arena,
        "0{\"sid\":\"%s\",\"upgrades\":[%s],\"pingInterval\":%lld,\"pingTimeout\":%lld,\"maxPayload\":%zu}",
        session->id, session->stage == STAGE_SOCKET ? "" : "\"websocket\"",
        (long long)(options->ping_interval_us / 1000), (long long)(options->ping_timeout_us / 1000),
        options->payload_max);
}

// The endpoint ------------------------------------------------------------------------------------

struct engineio *engineio_new(const struct engineio_options *options, const struct engineio_app *app)
{
    struct engineio *engineio = calloc(1, sizeof *engineio);
    ASSERT_MEMORY(engineio);
    engineio->app = *app;
    engineio->options = *options;
    struct engineio_options *own = &engineio->options;
    own->ping_interval_us = own->ping_interval_us ? own->ping_interval_us : PING_INTERVAL_US;
    own->ping_timeout_us = own->ping_timeout_us ? own->ping_timeout_us : PING_TIMEOUT_US;
    own->payload_max = own->payload_max ? own->payload_max : PAYLOAD_MAX;
    own->queue_max = own->queue_max ? own->queue_max : QUEUE_MAX;
    own->sessions_max = own->sessions_max ? own->sessions_max : SESSIONS_MAX;
    return engineio;
}

void engineio_free(struct engineio *engineio)
{
    free(engineio);
}

void engineio_attach(struct engineio *engineio, struct server *server)
{
    int64_t shortest_us = engineio->options.ping_interval_us < engineio->options.ping_timeout_us
                              ? engineio->options.ping_interval_us
                              : engineio->options.ping_timeout_us;
    uint64_t tick_ms = (uint64_t)(shortest_us / 16000);
    tick_ms = tick_ms < 5 ? 5 : tick_ms > 500 ? 500 : tick_ms;
    engineio->server = server;
    uv_timer_init(&server->loop, &engineio->tick);
    engineio->tick.data = engineio;
    uv_timer_start(&engineio->tick, on_tick, tick_ms, tick_ms);
}

void engineio_stop(struct engineio *engineio)
{
    engineio->stopping = true;
    uv_close((uv_handle_t *)&engineio->tick, NULL);
    while (engineio->pings.first)
        engineio_end(engineio->pings.first);
    while (engineio->pongs.first)
        engineio_end(engineio->pongs.first);
}
