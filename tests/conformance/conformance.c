// SPDX-License-Identifier: GPL-3.0-or-later
// kinora-conformance [ADDRESS:PORT]: what the public test suites of Engine.IO and Socket.IO expect to find: both
// protocols with short timeouts, an echo at /engine.io, and at /socket.io the namespaces "/" and "/custom".
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
    (void)context;
    (void)worker;
    char *array = json_dumps(event->args, JSON_COMPACT);
    str args = { array + 1, strlen(array) - 2 };
    if (str_equal(event->name, STR("message")))
        socketio_emit_binary(socket, STR("message-back"), args, event->attachments, event->attachment_count);
    if (str_equal(event->name, STR("message-with-ack")) && event->ack >= 0)
        socketio_ack(socket, event->ack, args, event->attachments, event->attachment_count);
    free(array);
}

static void forget(void *context, struct socketio_socket *socket, void *worker)
{
    (void)context;
    (void)socket;
    (void)worker;
}

// The server --------------------------------------------------------------------------------------

static struct plan plan(void *context, const struct http_request *request)
{
    (void)context;
    (void)request;
    return (struct plan) { .lane = LANE_READ };
}

static void handle(void *context, struct exchange *exchange, void *worker)
{
    (void)context;
    (void)worker;
    struct buffer none = { 0 };
    exchange_answer(exchange, 404, &none);
}

static void refuse(
    void *context, const struct http_request *request, error why, int status, struct buffer *body, str *ret_type)
{
    (void)context;
    (void)request;
    (void)status;
    buffer_append_c(body, why.message);
    *ret_type = STR("text/plain");
}

int main(int count, char **arguments)
{
    static const char *const namespaces[] = { "/", "/custom", NULL };
    struct engineio_options options = { .ping_interval_us = 300000, .ping_timeout_us = 200000 };
    options.path = "/engine.io";
    struct engineio *plain = engineio_new(&options, &(struct engineio_app) { NULL, nothing, echo, nothing });
    options.path = "/socket.io";
    options.connect_timeout_us = 1000000;
    struct socketio *named = socketio_new(
        &options, &(struct socketio_app) { NULL, namespaces, welcome, answer, forget });
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
    return 0;
}
