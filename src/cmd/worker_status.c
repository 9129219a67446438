// SPDX-License-Identifier: GPL-3.0-or-later
#include "cmd/worker_status.h"

#include <stdlib.h>
#include <string.h>

#include "api/face.h"
#include "api/metrics_process.h"
#include "base/clock.h"
#include "base/metric.h"
#include "base/settings.h"
#include "cmd/commands.h"
#include "net/server.h"

// A probe and a Prometheus or two; who connects beyond that is turned away.
enum { CONNECTIONS_MAX = 64 };

static const int64_t GRACE_US = SECOND_US;

struct worker_status {
    struct server *server;
    const struct stores *stores;
    struct service_workers *workers;
};

struct page {
    const char *path, *type;
    error (*write)(struct worker_status *status, struct buffer *out);
};

// Pages --------------------------------------------------------------------------------------------

static error write_health(struct worker_status *status, struct buffer *out)
{
    (void)status;
    buffer_append_c(out, "{\"status\":\"ok\",\"version\":\"" KINORA_VERSION "\"}");
    return OK;
}

DB_STATEMENT(ask, "SELECT 1");

// A connection for the question alone: one that is kept would say nothing of a database that has been away.
static error check_database(struct db_pool *pool)
{
    struct db *db;
    int64_t one;
    TRY(db_connect(pool, &db));
    error result = db_integer(db, &ask, DB_NO_ARGS, &one, NULL);
    db_disconnect(db);
    return result;
}

static error write_ready(struct worker_status *status, struct buffer *out)
{
    TRY(check_database(status->stores->db));
    TRY(blob_store_check(status->stores->blobs));
    if (!service_workers_ready(status->workers))
        return error_make(ERROR_UNAVAILABLE, "workers", "The worker takes no jobs just now");
    buffer_format(out,
        "{\"status\":\"ready\",\"database\":\"ok\",\"storage\":\"ok\",\"blob_store\":\"%s\",\"workers\":\"ok\"}",
        blob_place_name(blob_store_place_of_new(status->stores->blobs)));
    return OK;
}

static error write_metrics(struct worker_status *status, struct buffer *out)
{
    (void)status;
    metrics_process_read(settings.data);
    metric_write(out);
    return OK;
}

static const struct page pages[] = {
    { "/health", "application/json", write_health },
    { "/ready", "application/json", write_ready },
    { "/metrics", "text/plain; version=0.0.4; charset=utf-8", write_metrics },
};

// The server ---------------------------------------------------------------------------------------

static struct plan plan(void *context, const struct http_request *request)
{
    (void)context;
    struct plan found = { LANE_READ, 0, NULL };
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (str_equal_c(request->path, pages[i].path))
            found.route = (void *)(uintptr_t)&pages[i];
    return found;
}

static void handle(void *context, struct exchange *exchange, void *worker)
{
    (void)worker;
    BUFFER_AUTO struct buffer body = { 0 };
    const struct page *page = exchange_route(exchange);
    str method = exchange_request(exchange)->method, type = STR("application/json");
    int status = 200;
    error result = page ? OK : error_of(ERROR_NOT_FOUND);
    if (page && !str_equal(method, STR("GET")) && !str_equal(method, STR("HEAD")))
        result = error_of(ERROR_METHOD_NOT_ALLOWED);
    else if (page)
        result = page->write(context, &body);
    if (error_is(result)) {
        buffer_clear(&body);
        status = face_error(FACE_PLAIN, result, NULL, &body);
    } else
        type = str_of(page->type);
    exchange_header(exchange, "Content-Type", type);
    exchange_header(exchange, "Cache-Control", STR("no-store"));
    exchange_answer(exchange, status, &body);
}

static void refuse(
    void *context, const struct http_request *request, error why, int status, struct buffer *body, str *ret_type)
{
    (void)context;
    (void)request;
    (void)status;
    (void)face_error(FACE_PLAIN, why, NULL, body);
    *ret_type = STR("application/json");
}

error worker_status_start(
    const struct stores *stores, struct service_workers *workers, struct worker_status **ret_status)
{
    *ret_status = NULL;
    if (!*settings.metrics_listen)
        return OK;
    if (!serve_is_loopback(settings.metrics_listen) && !settings.insecure_http)
        return error_make(ERROR_USAGE, "metrics_listen",
            "Whoever reaches %s could read the worker's metrics. Give a loopback address such as 127.0.0.1:9100, or "
            "--insecure-http as well",
            settings.metrics_listen);
    struct worker_status *status = calloc(1, sizeof *status);
    if (!status)
        return error_of(ERROR_UNAVAILABLE);
    *status = (struct worker_status) { .stores = stores, .workers = workers };
    const struct server_app app = { .context = status, .plan = plan, .handle = handle, .refuse = refuse };
    const struct server_options options = {
        .listen = settings.metrics_listen, .handler_threads = 1, .stream_threads = 1, .connections_max = CONNECTIONS_MAX
    };
    error result = server_start(&options, &app, &status->server);
    if (error_is(result))
        free(status);
    else
        *ret_status = status;
    return result;
}

void worker_status_stop(struct worker_status *status)
{
    if (!status)
        return;
    server_stop(status->server, GRACE_US);
    free(status);
}
