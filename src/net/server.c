// SPDX-License-Identifier: GPL-3.0-or-later
// The loop thread: listening, the inbox for the other threads, the sweep, start and stop.
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "net/engineio_parts.h"

enum { LISTEN_BACKLOG = 1024, CONNECTIONS_MAX = 20000 };

int64_t server_now_us(const struct server *server)
{
    return (int64_t)uv_now(&server->loop) * 1000;
}

// The wakeup happens under the lock: whoever sees the message knows that its sender is done with the server.
static void put_post(struct server *server, struct post *post, bool wake)
{
    pthread_mutex_lock(&server->inbox_lock);
    if (post) {
        post->next = NULL;
        *(server->inbox_last ? &server->inbox_last->next : &server->inbox_first) = post;
        server->inbox_last = post;
    }
    if (wake && !server->woken) {
        server->woken = true;
        uv_async_send(&server->wakeup);
    }
    pthread_mutex_unlock(&server->inbox_lock);
}

void server_post(struct server *server, struct post *post)
{
    put_post(server, post, true);
}

void server_post_quietly(struct server *server, struct post *post)
{
    put_post(server, post, false);
}

void server_wake(struct server *server)
{
    put_post(server, NULL, true);
}

static void close_idle(struct server *server, bool all)
{
    struct connection *next;
    for (struct connection *connection = server->connections; connection; connection = next) {
        next = connection->next;
        struct exchange *exchange = connection->exchange;
        if (all || (!exchange && !connection->lingering))
            connection_lose(connection);
        else if (exchange && exchange->state == EXCHANGE_EVENTS)
            event_stream_flush(exchange); // sees that the server is stopping
    }
}

static void begin_stop(struct server *server, int64_t grace_us)
{
    server->stopping = true;
    server->grace_until_us = clock_mono_us() + grace_us;
    uv_close((uv_handle_t *)&server->listener, NULL);
    for (struct engineio *const *engine = server->options.engines; engine && *engine; engine++)
        engineio_stop(*engine);
    close_idle(server, grace_us <= 0);
    server_check_end(server);
}

void server_check_end(struct server *server)
{
    if (!server->stopping || server->ending || server->connection_count || server->exchange_count
        || server->session_count)
        return;
    server->ending = true;
    uv_close((uv_handle_t *)&server->wakeup, NULL);
    uv_close((uv_handle_t *)&server->before_poll, NULL);
    uv_close((uv_handle_t *)&server->sweep, NULL);
}

static void empty_inbox(struct server *server)
{
    pthread_mutex_lock(&server->inbox_lock);
    struct post *post = server->inbox_first;
    server->inbox_first = server->inbox_last = NULL;
    server->woken = false;
    int64_t stop_grace_us = server->stop_grace_us;
    pthread_mutex_unlock(&server->inbox_lock);
    while (post) {
        struct post *next = post->next; // running it may free it
        post->run(post);
        post = next;
    }
    if (stop_grace_us >= 0 && !server->stopping)
        begin_stop(server, stop_grace_us);
}

static void on_wakeup(uv_async_t *wakeup)
{
    empty_inbox(wakeup->data);
}

static void on_before_poll(uv_prepare_t *prepare)
{
    struct server *server = prepare->data;
    empty_inbox(server);
    workers_flush(server->handlers);
    for (int i = 0; i < SLOW_GROUPS; i++)
        workers_flush(server->slow[i]);
    workers_flush(server->streams);
}

static void on_sweep(uv_timer_t *timer)
{
    struct server *server = timer->data;
    struct connection *next;
    for (struct connection *connection = server->connections; connection; connection = next) {
        next = connection->next;
        connection_sweep(connection);
    }
    if (server->stopping && clock_mono_us() >= server->grace_until_us)
        close_idle(server, true);
}

static void on_connection(uv_stream_t *listener, int status)
{
    if (status == 0)
        connection_accept(listener->data);
}

static void *run_loop(void *context)
{
    struct server *server = context;
    uv_run(&server->loop, UV_RUN_DEFAULT);
    return NULL;
}

// Splits "127.0.0.1:8000" or "[::1]:8000" and finds the address.
static error find_address(const char *listen, struct sockaddr_storage *ret_address)
{
    ARENA_AUTO struct arena *arena = arena_new(4096);
    const char *colon = strrchr(listen, ':');
    if (!colon)
        return error_make(ERROR_USAGE, "listen", "%s is not an address with a port", listen);
    str host = { listen, (size_t)(colon - listen) };
    if (host.size >= 2 && host.data[0] == '[' && host.data[host.size - 1] == ']')
        host = str_sub(host, 1, host.size - 2);
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV }, *found;
    int failed = getaddrinfo(host.size ? str_to_c(arena, host) : NULL, colon + 1, &hints, &found);
    if (failed)
        return error_make(ERROR_USAGE, "listen", "Cannot listen on %s: %s", listen, gai_strerror(failed));
    memcpy(ret_address, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return OK;
}

static error uv_failure(const char *what, const char *thing, int code)
{
    return error_make(ERROR_UNAVAILABLE, thing, "Cannot %s %s: %s", what, thing, uv_strerror(code));
}

static error open_listener(struct server *server)
{
    const char *listen = server->options.listen;
    struct sockaddr_storage address;
    TRY(find_address(listen, &address));
    uv_tcp_init(&server->loop, &server->listener);
    server->listener.data = server;
    int failed = uv_tcp_bind(&server->listener, (struct sockaddr *)&address, 0);
    if (!failed)
        failed = uv_listen((uv_stream_t *)&server->listener, LISTEN_BACKLOG, on_connection);
    int size = sizeof address;
    if (!failed)
        failed = uv_tcp_getsockname(&server->listener, (struct sockaddr *)&address, &size);
    if (failed) {
        uv_close((uv_handle_t *)&server->listener, NULL);
        return uv_failure("listen on", listen, failed);
    }
    server->port = ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                                       : ((struct sockaddr_in *)&address)->sin_port);
    return OK;
}

static int64_t or_default(int64_t value, int64_t fallback)
{
    return value ? value : fallback;
}

static void set_options(struct server *server, const struct server_options *given)
{
    struct server_options *options = &server->options;
    *options = *given;
    int cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
    options->handler_threads = (int)or_default(given->handler_threads, cores + 1);
    options->handler_threads_most = (int)or_default(given->handler_threads_most, options->handler_threads);
    options->handler_idle_us = or_default(given->handler_idle_us, 60 * SECOND_US);
    for (int i = 0; i < SLOW_GROUPS; i++)
        options->slow_threads[i] = (int)or_default(given->slow_threads[i], 2);
    options->stream_threads = (int)or_default(given->stream_threads, cores + 2);
    options->connections_max = (int)or_default(given->connections_max, CONNECTIONS_MAX);
    options->head_timeout_us = or_default(given->head_timeout_us, 15 * SECOND_US);
    options->idle_timeout_us = or_default(given->idle_timeout_us, 75 * SECOND_US);
    options->body_stall_timeout_us = or_default(given->body_stall_timeout_us, 60 * SECOND_US);
}

// A quarter of the shortest timeout is precise enough; a second is seldom enough for 20,000 connections.
static uint64_t sweep_interval_ms(const struct server_options *options)
{
    int64_t shortest_us = 4 * SECOND_US;
    const int64_t timeouts_us[] = { options->head_timeout_us, options->idle_timeout_us,
        options->body_stall_timeout_us };
    for (size_t i = 0; i < sizeof timeouts_us / sizeof *timeouts_us; i++)
        if (timeouts_us[i] < shortest_us)
            shortest_us = timeouts_us[i];
    return shortest_us < 40000 ? 10 : (uint64_t)(shortest_us / 4000);
}

static void open_handles(struct server *server)
{
    uv_prepare_init(&server->loop, &server->before_poll);
    uv_timer_init(&server->loop, &server->sweep);
    server->before_poll.data = server->sweep.data = server->wakeup.data = server;
    uint64_t interval_ms = sweep_interval_ms(&server->options);
    uv_prepare_start(&server->before_poll, on_before_poll);
    uv_timer_start(&server->sweep, on_sweep, interval_ms, interval_ms);
}

// Threads get no signals: those are the program's, and a write to a closed socket is to fail, not to kill.
static error start_threads(struct server *server)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const struct server_options *options = &server->options;
    struct workers_size handlers = { options->handler_threads, options->handler_threads_most,
        options->handler_idle_us };
    struct workers_size streams = { options->stream_threads, options->stream_threads, 0 };
    error failure = workers_start(&server->app, handlers, &server->handlers);
    for (int i = 0; i < SLOW_GROUPS && !error_is(failure); i++) {
        struct workers_size slow = { 0, options->slow_threads[i], options->handler_idle_us };
        failure = workers_start(&server->app, slow, &server->slow[i]);
    }
    if (!error_is(failure))
        failure = workers_start(&server->app, streams, &server->streams);
    if (!error_is(failure)) {
        int failed = pthread_create(&server->thread, NULL, run_loop, server);
        if (failed)
            failure = error_system("start", "the server's thread", failed);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failure;
}

static void close_handle(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

// The loop thread has ended or was never started.
static void free_server(struct server *server)
{
    workers_stop(server->handlers);
    for (int i = 0; i < SLOW_GROUPS; i++)
        workers_stop(server->slow[i]);
    workers_stop(server->streams);
    uv_walk(&server->loop, close_handle, NULL);
    uv_run(&server->loop, UV_RUN_DEFAULT);
    int busy = uv_loop_close(&server->loop);
    ASSERT(busy == 0);
    while (server->spare) {
        struct exchange *exchange = server->spare;
        server->spare = exchange->next;
        exchange_free(exchange);
    }
    websocket_pool_free(server->websockets);
    SSL_CTX_free(server->tls);
    pthread_mutex_destroy(&server->inbox_lock);
    free(server->input);
    free(server->plain);
    free(server);
}

static error open_server(struct server *server)
{
    const struct server_options *options = &server->options;
    if (options->tls_certificate)
        TRY(tls_context_new(options->tls_certificate, options->tls_key, &server->tls));
    int failed = uv_async_init(&server->loop, &server->wakeup, on_wakeup);
    if (failed)
        return uv_failure("start", "the server", failed);
    open_handles(server);
    for (struct engineio *const *engine = options->engines; engine && *engine; engine++)
        engineio_attach(*engine, server);
    TRY(open_listener(server));
    return start_threads(server);
}

// libuv ends the program without a word when it can watch no more sockets.
__attribute__((constructor)) static void find_memory_for_libuv(void)
{
    uv_replace_allocator(memory_take, memory_grow, memory_take_zeroed, free);
}

error server_start(const struct server_options *options, const struct server_app *app, struct server **ret_server)
{
    struct server *server = calloc(1, sizeof *server);
    ASSERT_MEMORY(server);
    int failed = uv_loop_init(&server->loop);
    if (failed) {
        free(server);
        return error_make(ERROR_UNAVAILABLE, NULL, "The server cannot start: %s", uv_strerror(failed));
    }
    server->app = *app;
    server->stop_grace_us = -1;
    server->input = malloc(INPUT_SIZE);
    server->plain = malloc(INPUT_SIZE);
    ASSERT_MEMORY(server->input && server->plain);
    server->websockets = websocket_pool_new();
    pthread_mutex_init(&server->inbox_lock, NULL);
    set_options(server, options);
    error failure = open_server(server);
    if (error_is(failure)) {
        free_server(server);
        return failure;
    }
    *ret_server = server;
    return OK;
}

struct reload {
    struct post post;
    struct server *server;
    SSL_CTX *tls;
};

// Connections hold a reference to the context that they began with.
static void take_tls(struct post *post)
{
    struct reload *reload = (struct reload *)((char *)post - offsetof(struct reload, post));
    SSL_CTX_free(reload->server->tls);
    reload->server->tls = reload->tls;
    free(reload);
}

error server_reload_tls(struct server *server)
{
    const struct server_options *options = &server->options;
    if (!options->tls_certificate)
        return OK;
    struct reload *reload = calloc(1, sizeof *reload);
    ASSERT_MEMORY(reload);
    *reload = (struct reload) { .post = { .run = take_tls }, .server = server };
    error result = tls_context_new(options->tls_certificate, options->tls_key, &reload->tls);
    if (error_is(result))
        free(reload);
    else
        server_post(server, &reload->post);
    return result;
}

int server_port(const struct server *server)
{
    return server->port;
}

void server_stop(struct server *server, int64_t grace_us)
{
    pthread_mutex_lock(&server->inbox_lock);
    server->stop_grace_us = grace_us < 0 ? 0 : grace_us;
    uv_async_send(&server->wakeup);
    pthread_mutex_unlock(&server->inbox_lock);
    pthread_join(server->thread, NULL);
    free_server(server);
}
