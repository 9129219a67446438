// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/socketio.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/json.h"
#include "net/socketio_packet.h"

enum {
    EVENT_ARENA = 16 << 20, // bytes for one event, parsed
    SOCKETS_MAX = 8,        // namespaces of one session
    SOCKET_ID_SIZE = 20,
    SENT_AT_ONCE = 256, // sockets of one passage to the loop
};

struct socketio {
    struct socketio_app app;
    struct engineio *engine;
};

struct socketio_socket {
    struct socketio *socketio;
    struct engineio_session *session; // a reference
    const char *namespace;
    atomic_int references;
    atomic_bool connected;
    char id[SOCKET_ID_SIZE + 1];
    void *user;
};

// What a session is to us; handler threads, one at a time.
struct client {
    struct socketio_socket *sockets[SOCKETS_MAX];
    size_t count;
    char *waiting; // a packet whose attachments are on their way
    size_t waiting_size, wanted, got;
    struct buffer attached[PACKET_ATTACHMENTS_MAX];
};

// Sockets ------------------------------------------------------------------------------------------

struct socketio_socket *socketio_hold(struct socketio_socket *socket)
{
    atomic_fetch_add_explicit(&socket->references, 1, memory_order_relaxed);
    return socket;
}

void socketio_drop(struct socketio_socket *socket)
{
    if (atomic_fetch_sub_explicit(&socket->references, 1, memory_order_acq_rel) != 1)
        return;
    engineio_drop(socket->session);
    free(socket);
}

str socketio_id(const struct socketio_socket *socket)
{
    return str_of(socket->id);
}

str socketio_origin_token(const struct socketio_socket *socket)
{
    return engineio_origin_token(socket->session);
}

void socketio_set_user(struct socketio_socket *socket, void *user)
{
    socket->user = user;
}

void *socketio_user(const struct socketio_socket *socket)
{
    return socket->user;
}

static struct socketio_socket *socket_new(
    struct socketio *socketio, struct engineio_session *session, const char *namespace)
{
    struct socketio_socket *socket = calloc(1, sizeof *socket);
    ASSERT_MEMORY(socket);
    socket->socketio = socketio;
    socket->session = engineio_hold(session);
    socket->namespace = namespace;
    atomic_init(&socket->references, 1);
    ARENA_AUTO struct arena *arena = arena_new(1000);
    unsigned char bytes[SOCKET_ID_SIZE * 3 / 4];
    id_random(bytes, sizeof bytes);
    memcpy(socket->id, str_base64url(arena, bytes, sizeof bytes).data, SOCKET_ID_SIZE);
    return socket;
}

// Sending ------------------------------------------------------------------------------------------

static void send_text(struct engineio_session *session, str packet)
{
    struct websocket_message *message = engineio_message(false, packet);
    engineio_send(session, message);
    websocket_message_drop(message);
}

static void put_text(struct buffer *out, str text)
{
    json_put_str(&(struct json_out) { .buffer = out }, text);
}

void socketio_accept(struct socketio_socket *socket, str pid)
{
    BUFFER_AUTO struct buffer packet = { 0 };
    packet_begin(&packet, PACKET_CONNECT, 0, str_of(socket->namespace), -1);
    buffer_format(&packet, "{\"sid\":\"%s\"", socket->id);
    if (pid.data)
        buffer_format(&packet, ",\"pid\":\"%.*s\"", STR_ARGS(pid));
    buffer_append_byte(&packet, '}');
    atomic_store(&socket->connected, true);
    engineio_confirm(socket->session);
    send_text(socket->session, buffer_str(&packet));
}

static void refuse(struct engineio_session *session, str namespace, str message, str code)
{
    BUFFER_AUTO struct buffer packet = { 0 };
    packet_begin(&packet, PACKET_CONNECT_ERROR, 0, namespace, -1);
    buffer_append_str(&packet, STR("{\"message\":"));
    put_text(&packet, message);
    if (code.data) {
        buffer_append_str(&packet, STR(",\"data\":{\"code\":"));
        put_text(&packet, code);
        buffer_append_byte(&packet, '}');
    }
    buffer_append_byte(&packet, '}');
    send_text(session, buffer_str(&packet));
}

void socketio_refuse(struct socketio_socket *socket, str message, str code)
{
    refuse(socket->session, str_of(socket->namespace), message, code);
}

static void write_event(struct buffer *packet, size_t attachments, str namespace, str name, str args)
{
    packet_begin(packet, attachments ? PACKET_BINARY_EVENT : PACKET_EVENT, attachments, namespace, -1);
    buffer_append_byte(packet, '[');
    put_text(packet, name);
    if (args.size)
        buffer_append_byte(packet, ',');
    buffer_append_str(packet, args);
    buffer_append_byte(packet, ']');
}

struct websocket_message *socketio_event_message(str namespace, str name, str args)
{
    BUFFER_AUTO struct buffer packet = { 0 };
    write_event(&packet, 0, namespace, name, args);
    return engineio_message(false, buffer_str(&packet));
}

void socketio_send(struct socketio_socket *socket, struct websocket_message *message)
{
    socketio_send_all(&socket, 1, message);
}

void socketio_send_all(struct socketio_socket *const *sockets, size_t count, struct websocket_message *message)
{
    struct engineio_session *sessions[SENT_AT_ONCE];
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        sessions[used++] = sockets[i]->session;
        if (used == SENT_AT_ONCE || i + 1 == count) {
            engineio_send_all(sessions, used, message);
            used = 0;
        }
    }
}

void socketio_emit(struct socketio_socket *socket, str name, str args)
{
    struct websocket_message *message = socketio_event_message(str_of(socket->namespace), name, args);
    socketio_send(socket, message);
    websocket_message_drop(message);
}

static void send_with(struct socketio_socket *socket, str packet, const str *attachments, size_t count)
{
    send_text(socket->session, packet);
    for (size_t i = 0; i < count; i++) {
        struct websocket_message *message = engineio_message(true, attachments[i]);
        engineio_send(socket->session, message);
        websocket_message_drop(message);
    }
}

void socketio_emit_binary(struct socketio_socket *socket, str name, str args, const str *attachments, size_t count)
{
    BUFFER_AUTO struct buffer packet = { 0 };
    write_event(&packet, count, str_of(socket->namespace), name, args);
    send_with(socket, buffer_str(&packet), attachments, count);
}

void socketio_ack(struct socketio_socket *socket, int64_t ack, str args, const str *attachments, size_t count)
{
    BUFFER_AUTO struct buffer packet = { 0 };
    packet_begin(&packet, count ? PACKET_BINARY_ACK : PACKET_ACK, count, str_of(socket->namespace), ack);
    buffer_append_byte(&packet, '[');
    buffer_append_str(&packet, args);
    buffer_append_byte(&packet, ']');
    send_with(socket, buffer_str(&packet), attachments, count);
}

void socketio_kick(struct socketio_socket *socket)
{
    BUFFER_AUTO struct buffer packet = { 0 };
    packet_begin(&packet, PACKET_DISCONNECT, 0, str_of(socket->namespace), -1);
    send_text(socket->session, buffer_str(&packet));
    engineio_close(socket->session);
}

// Receiving ----------------------------------------------------------------------------------------

static struct socketio_socket *find(const struct client *client, str namespace)
{
    for (size_t i = 0; i < client->count; i++)
        if (str_equal_c(namespace, client->sockets[i]->namespace))
            return client->sockets[i];
    return NULL;
}

static void part(struct client *client, struct socketio_socket *socket, void *worker)
{
    const struct socketio_app *app = &socket->socketio->app;
    for (size_t i = 0; i < client->count; i++)
        if (client->sockets[i] == socket)
            client->sockets[i] = client->sockets[--client->count];
    if (atomic_exchange(&socket->connected, false))
        app->disconnected(app->context, socket, worker);
    socketio_drop(socket);
}

static bool connect(struct socketio *socketio, struct engineio_session *session, struct client *client,
    const struct packet *packet, void *worker)
{
    const struct socketio_app *app = &socketio->app;
    const char *const *served = app->namespaces;
    while (*served && !str_equal_c(packet->namespace, *served))
        served++;
    if (packet->payload && !json_is_object(packet->payload))
        return false;
    struct socketio_socket *socket = find(client, packet->namespace);
    if (socket && atomic_load(&socket->connected))
        return false;
    if (socket) // refused before, or still being looked at
        part(client, socket, worker);
    if (!*served) {
        refuse(session, packet->namespace, STR("Invalid namespace"), STR_NONE);
        return true;
    }
    ASSERT(client->count < SOCKETS_MAX);
    socket = client->sockets[client->count++] = socket_new(socketio, session, *served);
    app->connect(app->context, socket, packet->payload, worker);
    return true;
}

// What a packet comes with.
struct arrival {
    struct arena *arena;
    bool kept;
    const str *attachments;
    void *worker;
};

static bool give_event(struct socketio_socket *socket, const struct packet *packet, struct arrival *arrival)
{
    const json_t *name = json_array_get(packet->payload, 0);
    if (!json_is_string(name) || packet_is_reserved(json_string_value(name)))
        return false;
    const struct socketio_app *app = &socket->socketio->app;
    struct socketio_event event = { .name = str_copy(arrival->arena, str_of(json_string_value(name))),
        .args = packet->payload,
        .ack = packet->ack,
        .attachments = arrival->attachments,
        .attachment_count = packet->attachments,
        .arena = arrival->arena,
        .ret_kept = &arrival->kept };
    json_array_remove(packet->payload, 0);
    app->event(app->context, socket, &event, arrival->worker);
    return true;
}

// False: the packet is malformed or out of place, and the session ends.
static bool take(
    struct socketio *socketio, struct engineio_session *session, const struct packet *packet, struct arrival *arrival)
{
    struct client *client = engineio_user(session);
    if (packet->type == PACKET_CONNECT)
        return connect(socketio, session, client, packet, arrival->worker);
    struct socketio_socket *socket = find(client, packet->namespace);
    if (!socket || !atomic_load(&socket->connected))
        return false;
    switch (packet->type) {
    case PACKET_DISCONNECT:
        part(client, socket, arrival->worker);
        return true;
    case PACKET_EVENT:
    case PACKET_BINARY_EVENT:
        return give_event(socket, packet, arrival);
    case PACKET_ACK:
    case PACKET_BINARY_ACK:
        return json_is_array(packet->payload); // we ask for none
    default:
        return false;
    }
}

static void stop_waiting(struct client *client)
{
    free(TAKE(client->waiting));
    for (size_t i = 0; i < client->got; i++)
        buffer_done(&client->attached[i]);
    client->got = client->wanted = 0;
}

static void forget(struct arrival *arrival)
{
    if (!arrival->kept)
        arena_free(arrival->arena);
}

static bool take_text(struct socketio *socketio, struct engineio_session *session, str text, void *worker)
{
    struct client *client = engineio_user(session);
    __attribute__((cleanup(forget))) struct arrival arrival = { arena_new(EVENT_ARENA), false, NULL, worker };
    struct packet packet;
    if (client->waiting || !packet_read(arrival.arena, text, &packet))
        return false;
    if (packet.attachments == 0)
        return take(socketio, session, &packet, &arrival);
    client->waiting = malloc(text.size);
    ASSERT_MEMORY(client->waiting);
    memcpy(client->waiting, text.data, text.size);
    client->waiting_size = text.size;
    client->wanted = packet.attachments;
    return true;
}

static bool take_attachment(struct socketio *socketio, struct engineio_session *session, str bytes, void *worker)
{
    struct client *client = engineio_user(session);
    if (!client->waiting)
        return false;
    buffer_append_str(&client->attached[client->got++], bytes);
    if (client->got < client->wanted)
        return true;
    str attachments[PACKET_ATTACHMENTS_MAX];
    __attribute__((cleanup(forget))) struct arrival arrival = { arena_new(EVENT_ARENA), false, attachments, worker };
    struct packet packet;
    for (size_t i = 0; i < client->got; i++)
        attachments[i] = str_copy(arrival.arena, buffer_str(&client->attached[i]));
    str text = str_copy(arrival.arena, (str) { client->waiting, client->waiting_size });
    stop_waiting(client);
    return packet_read(arrival.arena, text, &packet) && take(socketio, session, &packet, &arrival);
}

static void opened(void *context, struct engineio_session *session, void *worker)
{
    (void)context;
    (void)worker;
    struct client *client = calloc(1, sizeof *client);
    ASSERT_MEMORY(client);
    engineio_set_user(session, client);
}

static void message(void *context, struct engineio_session *session, bool binary, str payload, void *worker)
{
    bool good = binary ? take_attachment(context, session, payload, worker)
                       : take_text(context, session, payload, worker);
    if (!good)
        engineio_close(session);
}

static void closed(void *context, struct engineio_session *session, void *worker)
{
    (void)context;
    struct client *client = engineio_user(session);
    while (client->count)
        part(client, client->sockets[0], worker);
    stop_waiting(client);
    free(client);
    engineio_set_user(session, NULL);
}

struct socketio *socketio_new(const struct engineio_options *options, const struct socketio_app *app)
{
    struct socketio *socketio = calloc(1, sizeof *socketio);
    ASSERT_MEMORY(socketio);
    socketio->app = *app;
    socketio->engine = engineio_new(options, &(struct engineio_app) { socketio, opened, message, closed });
    return socketio;
}

void socketio_free(struct socketio *socketio)
{
    if (!socketio)
        return;
    engineio_free(socketio->engine);
    free(socketio);
}

struct engineio *socketio_engine(struct socketio *socketio)
{
    return socketio->engine;
}
