// SPDX-License-Identifier: GPL-3.0-or-later
// kinora-conformance [ADDRESS:PORT [PING_MS]]: what the public test suites of Engine.IO and Socket.IO expect to find:
// both protocols with short timeouts, an echo at /engine.io, and at /socket.io the namespaces "/" and "/custom". For
// measuring, "room" (a number) joins a room, and what is "said" in it is heard by its others.
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../sockets_only.h"
#include "net/server.h"
#include "net/socketio.h"

// Engine.IO: everything comes back ----------------------------------------------------------------

static void nothing(void *context, struct engineio_session *session, void *worker)
{
    (void)context;
    (void)session;
    (void)worker;
}

static void echo(void *context, struct engineio_session *session, bool binary, str payload, void *worker)
{
    (void)context;
    (void)worker;
    BUFFER_AUTO struct buffer packet = { 0 };
    if (!binary)
        buffer_append_byte(&packet, '4');
    buffer_append_str(&packet, payload);
    struct websocket_message *message = engineio_message(binary, buffer_str(&packet));
    engineio_send(session, message);
    websocket_message_drop(message);
}

// Rooms -------------------------------------------------------------------------------------------

enum { ROOMS = 1000, ROOM_MAX = 64 };
struct room {
    struct socketio_socket *members[ROOM_MAX]; // references
    size_t count;
};
struct house {
    pthread_mutex_t lock;
    struct room rooms[ROOMS];
};

static struct room *room_of(struct house *house, const struct socketio_event *event)
{
    json_int_t number = json_integer_value(json_array_get(event->args, 0));
    return number >= 0 && number < ROOMS ? &house->rooms[number] : NULL;
}

static void join(struct house *house, struct socketio_socket *socket, struct room *room)
{
    pthread_mutex_lock(&house->lock);
    if (room->count < ROOM_MAX)
        room->members[room->count++] = socketio_hold(socket);
    pthread_mutex_unlock(&house->lock);
}

static void say(struct house *house, const struct socketio_socket *socket, struct room *room, str args)
{
    struct socketio_socket *others[ROOM_MAX];
    size_t count = 0;
    struct websocket_message *message = socketio_event_message(STR("/"), STR("said"), args);
    pthread_mutex_lock(&house->lock);
    for (size_t i = 0; i < room->count; i++)
        if (room->members[i] != socket)
            others[count++] = room->members[i];
    socketio_send_all(others, count, message);
    pthread_mutex_unlock(&house->lock);
    websocket_message_drop(message);
}

static void leave(struct house *house, const struct socketio_socket *socket)
{
    pthread_mutex_lock(&house->lock);
    for (size_t number = 0; number < ROOMS; number++) {
        struct room *room = &house->rooms[number];
        for (size_t i = 0; i < room->count; i++)
            if (room->members[i] == socket) {
                socketio_drop(room->members[i]);
                room->members[i--] = room->members[--room->count];
            }
    }
    pthread_mutex_unlock(&house->lock);
}

// Socket.IO ---------------------------------------------------------------------------------------

static void welcome(void *context, struct socketio_socket *socket, const json_t *auth, void *worker)
{
    (void)context;
    (void)worker;
    char *text = auth ? json_dumps(auth, JSON_COMPACT) : strdup("{}");
    socketio_accept(socket, STR_NONE);
    usleep(5000); // the suites lose a message that arrives together with the one before
    socketio_emit(socket, STR("auth"), str_of(text));
    free(text);
}

static void answer(void *context, struct socketio_socket *socket, const struct socketio_event *event, void *worker)
{
    (void)worker;
    struct room *room = room_of(context, event);
    char *array = json_dumps(event->args, JSON_COMPACT);
    str args = { array + 1, strlen(array) - 2 };
    if (str_equal(event->name, STR("message")))
        socketio_emit_binary(socket, STR("message-back"), args, event->attachments, event->attachment_count);
    if (str_equal(event->name, STR("message-with-ack")) && event->ack >= 0)
        socketio_ack(socket, event->ack, args, event->attachments, event->attachment_count);
    if (str_equal(event->name, STR("room")) && room)
        join(context, socket, room);
    if (str_equal(event->name, STR("say")) && room)
        say(context, socket, room, args);
    free(array);
}

static void forget(void *context, struct socketio_socket *socket, void *worker)
{
    (void)worker;
    leave(context, socket);
}

// The server --------------------------------------------------------------------------------------

int main(int count, char **arguments)
{
    static const char *const namespaces[] = { "/", "/custom", NULL };
    int64_t ping_us = count > 2 ? strtol(arguments[2], NULL, 10) * 1000 : 300000;
    struct engineio_options options = { .ping_interval_us = ping_us, .ping_timeout_us = 200000 };
    struct house *house = calloc(1, sizeof *house);
    ASSERT(house);
    pthread_mutex_init(&house->lock, NULL);
    options.path = "/engine.io";
    struct engineio *plain = engineio_new(&options, &(struct engineio_app) { NULL, nothing, echo, nothing });
    options.path = "/socket.io";
    options.connect_timeout_us = 1000000;
    struct socketio *named = socketio_new(
        &options, &(struct socketio_app) { house, namespaces, welcome, answer, forget });
    struct engineio *const engines[] = { plain, socketio_engine(named), NULL };
    struct server_app app = { .plan = plan, .handle = handle, .refuse = refuse };
    struct server *server;
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    error failure = server_start(
        &(struct server_options) { .listen = count > 1 ? arguments[1] : "127.0.0.1:3000", .engines = engines }, &app,
        &server);
    if (error_is(failure)) {
        fprintf(stderr, "kinora-conformance: %s\n", failure.message);
        return 1;
    }
    fprintf(stderr, "kinora-conformance is ready: http://127.0.0.1:%d\n", server_port(server));
    int signal_number;
    sigwait(&ends, &signal_number);
    server_stop(server, 1000000);
    engineio_free(plain);
    socketio_free(named);
    pthread_mutex_destroy(&house->lock);
    free(house);
    return 0;
}
