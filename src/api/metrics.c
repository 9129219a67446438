// SPDX-License-Identifier: GPL-3.0-or-later
// Metrics for Prometheus. Who asks from this machine needs no token; a request that came through a proxy did not.
#include "api/metrics.h"

#include <stdio.h>

#include "api/client.h"
#include "api/metrics_process.h"
#include "api/route.h"
#include "base/metric.h"
#include "domain/backup_row.h"
#include "domain/event.h"
#include "domain/overview.h"

// Counting ----------------------------------------------------------------------------------------

// Clients may send any word as a method.
static str known_method(str method)
{
    static const char *const known[] = { "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS" };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_equal_c(method, known[i]))
            return method;
    return STR("other");
}

static void count_upload(const struct exchange *exchange, int status, str status_text, int64_t duration_us)
{
    if (status < 200 || status >= 300) {
        metric_add(METRIC_upload_errors, 1, status ? status_text : STR("lost"), STR_NONE);
        return;
    }
    metric_observe(METRIC_upload_duration, duration_us, STR_NONE, STR_NONE);
    metric_add(METRIC_upload_bytes, exchange_received_bytes(exchange), STR_NONE, STR_NONE);
}

static void end_span(const struct api_call *call, int status)
{
    const struct actor *actor = &call->scope.actor;
    span_number(call->span, "http.response.status_code", status);
    if (actor->user_id.data)
        span_text(call->span, "user.id", actor->user_id);
    if (status >= 500 || !status)
        span_result(call->span, error_of(status ? ERROR_INTERNAL_ERROR : ERROR_CANCELLED));
    span_end_root(call->span);
}

void metrics_answered(void *context, struct exchange *exchange, int status, int64_t sent_bytes, int64_t duration_us)
{
    (void)context;
    static const char *const lanes[] = { [LANE_READ] = "read", [LANE_WRITE] = "write", [LANE_STREAM] = "stream" };
    const struct http_request *request = exchange_request(exchange);
    const struct route *route = exchange_route(exchange); // none for live connections
    const struct api_call *call = exchange_user(exchange);
    char text[12];
    snprintf(text, sizeof text, "%d", status);
    str status_text = str_of(text);
    metric_add(METRIC_http_requests, 1, known_method(request->method), status ? status_text : STR("lost"));
    metric_observe(METRIC_http_duration, duration_us, route ? str_of(lanes[route->lane]) : STR("live"), STR_NONE);
    metric_add(METRIC_http_sent, sent_bytes, STR_NONE, STR_NONE);
    if (route && (route->body_kind == BODY_UPLOAD || route->body_kind == BODY_RAW))
        count_upload(exchange, status, status_text, duration_us);
    if (call && call->span)
        end_span(call, status);
    log_event(LOG_DEBUG, call ? &call->scope.trace : NULL, "request", "Answered", LOG_TEXT("method", request->method),
        LOG_TEXT("path", request->path), LOG_NUMBER("status", status), LOG_NUMBER("bytes", sent_bytes),
        LOG_NUMBER("ms", (double)duration_us / 1000));
}

// Reading -----------------------------------------------------------------------------------------

static void set(enum metric_id id, int64_t value)
{
    metric_set(id, value, STR_NONE, STR_NONE);
}

// A time that has not been yet is not shown as 1970: alerts are about backups that there should be.
static void set_time(enum metric_id id, time_us time)
{
    if (time.us)
        metric_set(id, time.us, STR_NONE, STR_NONE);
}

static error read_backups(struct scope *scope)
{
    struct backup_times times;
    TRY(backup_row_times(scope, &times));
    set_time(METRIC_backup_made, times.made_at);
    set_time(METRIC_backup_verified, times.verified_at);
    set_time(METRIC_backup_failed, times.failed_at);
    return OK;
}

static error read_database(struct scope *scope)
{
    struct overview_load load;
    int64_t newest;
    TRY(read_backups(scope));
    TRY(overview_load(scope, &load));
    TRY(event_newest(scope, &newest));
    set(METRIC_event_newest, newest);
    metric_clear(METRIC_job_queue);
    for (size_t i = 0; i < load.jobs.count; i++) {
        const struct overview_jobs *jobs = &((const struct overview_jobs *)load.jobs.items)[i];
        metric_set(METRIC_job_queue, jobs->count, jobs->kind, jobs->status);
    }
    metric_clear(METRIC_storage);
    for (size_t i = 0; i < load.places.count; i++) {
        const struct overview_place *place = &((const struct overview_place *)load.places.items)[i];
        metric_set(METRIC_storage, place->stored_bytes, place->place, STR_NONE);
    }
    return OK;
}

static error get_metrics(struct api_call *call)
{
    const struct actor *actor = &call->scope.actor;
    if (!actor->is_superuser && !client_is_here(call->scope.arena, exchange_request(call->exchange)))
        return error_of(actor->user_id.data ? ERROR_FORBIDDEN : ERROR_NOT_AUTHENTICATED);
    metrics_process_read(call->app->data_directory);
    TRY(read_database(&call->scope));
    call->answer_type = call->route->answer_type;
    metric_write(&call->answer);
    return OK;
}

static const struct route routes[] = {
    { "GET", "/metrics", "System", "Metrics for Prometheus, open to this machine", FACE_PLAIN, ACCESS_OPTIONAL,
        LANE_READ, .answer_type = "text/plain; version=0.0.4; charset=utf-8", .errors = ERRORS(ERROR_FORBIDDEN),
        .handle = get_metrics },
};
const struct route_group route_group_metrics = ROUTE_GROUP(routes);
