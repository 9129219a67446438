// SPDX-License-Identifier: GPL-3.0-or-later
// The way of a request: route, who asks, what they say, the handler in its lane, the answer in its face.
#include "api/route.h"

#include <stdlib.h>
#include <string.h>

#include "api/auth.h"
#include "api/condition.h"
#include "api/cors.h"
#include "api/face.h"
#include "api/input.h"
#include "api/limiter.h"
#include "api/repeat.h"
#include "api/router.h"
#include "api/trail.h"
#include "base/clock.h"
#include "base/settings.h"

enum { JSON_BODY_MAX = 1 << 20, FORM_BODY_MAX = 1 << 20, TEXT_BODY_MAX = 5 << 20, MULTIPART_SLACK = 1 << 20 };
static const double REQUESTS_PER_SECOND = 100, REQUESTS_BURST = 200;

static const struct route no_route = { .face = FACE_PLAIN, .lane = LANE_READ };
static const struct route wrong_method = { .face = FACE_PLAIN, .lane = LANE_READ };
// The same below /v1/, which is OpenAI's.
static const struct route no_openai_route = { .face = FACE_OPENAI, .lane = LANE_READ };
static const struct route wrong_openai_method = { .face = FACE_OPENAI, .lane = LANE_READ };

static const struct route *no_match(str path, bool path_known)
{
    if (str_starts(path, STR("/v1/")))
        return path_known ? &wrong_openai_method : &no_openai_route;
    return path_known ? &wrong_method : &no_route;
}

error route_init(struct app *app)
{
    return router_new(route_groups, &app->router);
}

void route_done(struct app *app)
{
    router_free(app->router);
    app->router = NULL;
}

// Numbers can be well-formed and yet out of range.
static bool has_ranges(const struct shape *shape)
{
    for (size_t i = 0; shape && i < shape->count; i++) {
        enum field_kind kind = shape->fields[i].kind;
        if (kind == FIELD_INTEGER || kind == FIELD_NUMBER || kind == FIELD_OPT_INTEGER || kind == FIELD_OPT_NUMBER)
            return true;
    }
    return false;
}

size_t route_errors(const struct route *route, enum error_code *ret_codes, size_t room)
{
    size_t count = 0;
#define HAS(condition, code)                                                                                           \
    if ((condition) && count < room)                                                                                   \
    ret_codes[count++] = (code)
    bool input = route->path_in || route->query_in || route->headers_in || route->body_kind != BODY_NONE
                 || repeat_is_possible(route);
    HAS(input, ERROR_VALIDATION_ERROR);
    HAS(route->body_kind == BODY_JSON, ERROR_MALFORMED_JSON);
    HAS(route->face == FACE_DETAIL && (has_ranges(route->query_in) || has_ranges(route->body_in)), ERROR_UNPROCESSABLE);
    HAS(condition_is_checked(route), ERROR_STALE_REVISION);
    HAS(repeat_is_possible(route), ERROR_CONFLICT);
    HAS(route->access != ACCESS_PUBLIC, ERROR_NOT_AUTHENTICATED);
    HAS(route->access != ACCESS_PUBLIC, ERROR_FORBIDDEN); // a superuser is needed, or a scope of an API key
    for (const enum error_code *own = route->errors; own && *own != ERROR_NONE; own++)
        HAS((*own != ERROR_FORBIDDEN || route->access == ACCESS_PUBLIC) && *own != ERROR_STORAGE_FULL, *own);
    HAS(route->body_kind != BODY_NONE, ERROR_BODY_TOO_LARGE);
    HAS(route->access != ACCESS_PUBLIC, ERROR_RATE_LIMITED);
    HAS(true, ERROR_INTERNAL_ERROR);
    HAS(route->lane != LANE_STREAM || strcmp(route->method, "GET"), ERROR_DATABASE_BUSY);
    HAS(strcmp(route->method, "GET"), ERROR_STORAGE_FULL);
#undef HAS
    return count;
}

static int64_t body_limit(const struct route *route)
{
    switch (route->body_kind) {
    case BODY_JSON:
        return JSON_BODY_MAX;
    case BODY_FORM:
        return FORM_BODY_MAX;
    case BODY_TEXT:
        return TEXT_BODY_MAX;
    case BODY_UPLOAD:
        return SETTING_NOW(max_upload_bytes) + MULTIPART_SLACK;
    case BODY_RAW:
        return SETTING_NOW(max_upload_bytes);
    case BODY_NONE:
        break;
    }
    return 65536; // ignored, but clients may send one
}

struct plan route_plan(void *context, const struct http_request *request)
{
    const struct app *app = context;
    struct router_match match = router_find(app->router, request->method, request->path);
    const struct route *route = match.route ? match.route : no_match(request->path, match.path_known);
    return (struct plan) { route->lane, body_limit(route), (void *)route, (int)route->slow };
}

static size_t output_size(const struct route *route)
{
    return route->output_list ? sizeof(struct list) : route->output ? route->output->size : 0;
}

// Continues the caller's trace where there is one.
static void begin_trace(struct api_call *call)
{
    struct trace parent, *trace = &call->scope.trace;
    bool sampled,
        called = span_read_header(http_header(exchange_request(call->exchange), "traceparent"), &parent, &sampled);
    trace_new(trace);
    if (called)
        memcpy(trace->trace_id, parent.trace_id, sizeof trace->trace_id);
    if (!span_is_on())
        return;
    call->span = ARENA_NEW(call->scope.arena, struct span);
    const char *path = call->route->path ? call->route->path : "";
    str method = exchange_request(call->exchange)->method;
    str name = str_format(call->scope.arena, "%.*s %s", STR_ARGS(method), path);
    span_root(call->span, SPAN_SERVER, name, trace, called ? &parent : NULL, called && sampled);
    span_text(call->span, "http.request.method", method);
    span_text(call->span, "http.route", str_of(path));
}

static struct api_call *call_new(struct worker *worker, struct exchange *exchange)
{
    struct arena *arena = exchange_arena(exchange);
    struct api_call *call = ARENA_NEW(arena, struct api_call);
    const struct route *route = exchange_route(exchange);
    *call = (struct api_call) { .scope = { .arena = arena, .db = worker->db, .blobs = worker->app->blobs },
        .app = worker->app,
        .worker = worker,
        .route = route,
        .exchange = exchange,
        .status = route->status ? route->status : 200,
        .message = route->message,
        .epoch = atomic_load(&worker->app->epoch) };
    begin_trace(call);
    exchange_set_user(exchange, call);
    size_t size = output_size(route);
    if (size)
        call->output = arena_alloc(arena, size);
    return call;
}

static void add_headers(struct api_call *call)
{
    if (call->answer.size || call->answer_type)
        exchange_header(
            call->exchange, "Content-Type", call->answer_type ? str_of(call->answer_type) : STR("application/json"));
    if (call->status == 401)
        exchange_header(call->exchange, "WWW-Authenticate", STR("Bearer"));
    if (call->status == 503)
        exchange_header(call->exchange, "Retry-After", STR("10"));
    if (call->repeated)
        exchange_header(call->exchange, "Idempotent-Replayed", STR("true"));
    bool kept = condition_is_tagged(call->route) && call->status < 400;
    exchange_header(call->exchange, "Cache-Control", kept ? STR("private, no-cache") : STR("no-store"));
}

static void send(struct api_call *call)
{
    if (call->deliver) {
        call->deliver(call);
        return;
    }
    add_headers(call);
    exchange_answer(call->exchange, call->status, &call->answer);
}

static void end_body(struct api_call *call)
{
    exchange_body_end(call->exchange, call->status < 400);
}

void route_begin_body(struct api_call *call)
{
    add_headers(call);
    call->deliver = end_body;
    exchange_body_begin(call->exchange, call->status);
}

static void encode_error(struct api_call *call, error why)
{
    buffer_clear(&call->answer);
    call->answer_type = NULL;
    call->status = face_error(call->route->face, why, &call->problems, &call->answer);
    if (call->status >= 500)
        log_event(LOG_ERROR, &call->scope.trace, "request", why.message, LOG_TEXT("route", str_of(call->route->path)),
            LOG_TEXT("code", str_of(error_info(why.code)->name)));
}

// Gives back what is answered: a success may turn out to be too large.
static error encode(struct api_call *call, error result)
{
    if (!error_is(result))
        face_success(call);
    if (!error_is(result) && (arena_over(call->scope.arena) || call->answer.failed))
        result = error_of(ERROR_LIMIT_EXCEEDED);
    if (error_is(result))
        encode_error(call, result);
    else if (condition_is_tagged(call->route))
        condition_answer(call);
    return result;
}

// Sends an answer whose error is rendered already, once the audit log has it.
static void send_refusal(struct api_call *call, error why)
{
    if (!trail_refuse(call, why, send))
        send(call);
}

void route_finish(struct api_call *call, error result)
{
    result = encode(call, result);
    if (error_is(result))
        send_refusal(call, result);
    else
        send(call);
}

// What changes something has to wait while the database is replaced, and is lost with the data that it was about.
static error check_import(struct api_call *call)
{
    bool reads = !strcmp(call->route->method ? call->route->method : "GET", "GET");
    if (reads || (!atomic_load(&call->app->importing) && call->epoch == atomic_load(&call->app->epoch)))
        return OK;
    return error_make(ERROR_DATABASE_BUSY, NULL, "A database is being imported; try again in a moment");
}

static error check_rate(struct api_call *call)
{
    int64_t wait;
    if (!call->scope.actor.user_id.data || !str_equal_c(STR("on"), settings.rate_limit))
        return OK;
    if (limiter_take(call->app->limiter, call->scope.actor.user_id, REQUESTS_PER_SECOND, REQUESTS_BURST, &wait))
        return OK;
    exchange_header(call->exchange, "Retry-After", str_format(call->scope.arena, "%lld", (long long)wait));
    return error_of(ERROR_RATE_LIMITED);
}

static error before(struct api_call *call)
{
    if (call->route == &no_route || call->route == &no_openai_route)
        return error_make(ERROR_NOT_FOUND, NULL, "There is nothing at this path");
    if (call->route == &wrong_method || call->route == &wrong_openai_method) {
        str path = exchange_request(call->exchange)->path;
        exchange_header(call->exchange, "Allow", router_allowed(call->app->router, call->scope.arena, path));
        return error_of(ERROR_METHOD_NOT_ALLOWED);
    }
    if (call->route->begin)
        TRY(call->route->begin(call));
    TRY(check_import(call));
    TRY(auth_check(call));
    TRY(check_rate(call));
    TRY(repeat_check(call));
    TRY(input_read(call));
    return call->route->prepare ? call->route->prepare(call) : OK;
}

// A change that collides with another one is run again (PostgreSQL): nothing of the attempt before may stay.
static void begin_anew(struct api_call *call)
{
    const struct route *route = call->route;
    buffer_clear(&call->answer);
    call->status = route->status ? route->status : 200;
    call->message = route->message;
    call->warnings = (struct warnings) { 0 };
    call->problems.count = 0;
    call->repeated = false;
    call->subject = call->audit_detail = STR_NONE;
    if (call->output)
        memset(call->output, 0, output_size(route));
}

// Writer thread. The answer is rendered inside the change: the error's texts and the rows are at hand.
static error change(struct db *db, void *context)
{
    struct api_call *call = context;
    SPAN_WITHIN(call->span);
    call->scope.db = db;
    begin_anew(call);
    error result = check_import(call);
    if (!error_is(result))
        result = repeat_find(call);
    if (call->repeated)
        return OK;
    if (!error_is(result))
        result = condition_require(call);
    if (!error_is(result))
        result = call->changing(call);
    if (!error_is(result))
        result = trail_keep(call);
    result = encode(call, result);
    if (error_is(result))
        return result;
    result = repeat_keep(call);
    if (error_is(result))
        encode_error(call, result);
    return result;
}

static void changed(void *context, error result)
{
    struct api_call *call = context;
    if (error_is(result) && call->overtaken == 1) { // it will find the other's answer
        call->overtaken = 2;
        route_change(call, call->changing);
        return;
    }
    void (*then)(struct api_call * call) = error_is(result) ? call->undo : call->lasted;
    if (then)
        then(call);
    if (error_is(result) && call->status < 400)
        encode_error(call, result);
    if (error_is(result))
        send_refusal(call, result);
    else
        send(call);
}

void route_change(struct api_call *call, error (*changing)(struct api_call *call))
{
    call->changing = changing;
    error result = db_write_async(call->app->db, change, changed, call);
    if (error_is(result))
        changed(call, result);
}

static error read_in_snapshot(struct api_call *call)
{
    if (call->route->without_database)
        return call->route->handle(call);
    TRY(db_read_begin(call->scope.db));
    error result = call->route->handle(call);
    db_read_end(call->scope.db);
    return result;
}

void route_run(struct api_call *call)
{
    error result = problems_error(&call->problems);
    if (!error_is(result) && call->route->prepare)
        result = call->route->prepare(call);
    if (error_is(result))
        route_finish(call, result);
    else
        route_change(call, call->route->handle);
}

void route_handle(void *context, struct exchange *exchange, void *worker)
{
    (void)context;
    struct api_call *call = call_new(worker, exchange);
    SPAN_WITHIN(call->span);
    if (cors_begin(call))
        return;
    error result = before(call);
    if (!error_is(result) && call->route->lane == LANE_STREAM) {
        result = call->route->handle(call);
        if (!error_is(result))
            return;
    } else if (!error_is(result) && call->route->lane == LANE_WRITE) {
        route_change(call, call->route->handle);
        return;
    } else if (!error_is(result)) {
        result = read_in_snapshot(call);
    }
    route_finish(call, result);
}

void route_refuse(
    void *context, const struct http_request *request, error why, int status, struct buffer *body, str *ret_type)
{
    const struct app *app = context;
    (void)status;
    const struct route *route = &no_route;
    if (request && request->path.data && request->method.data) {
        struct router_match match = router_find(app->router, request->method, request->path);
        route = match.route ? match.route : no_match(request->path, match.path_known);
    }
    face_error(route->face, why, NULL, body);
    *ret_type = STR("application/json");
}

void *app_worker_start(void *context)
{
    struct worker *worker = calloc(1, sizeof *worker);
    ASSERT_MEMORY(worker);
    worker->app = context;
    worker->tokens = token_cache_new();
    error result = db_connect_thread(worker->app->db, &worker->db);
    if (error_is(result)) {
        log_event(LOG_ERROR, NULL, "database", result.message);
        exit(1);
    }
    return worker;
}

void app_worker_stop(void *context, void *worker_pointer)
{
    (void)context;
    struct worker *worker = worker_pointer;
    db_disconnect(worker->db);
    token_cache_free(worker->tokens);
    free(worker);
}
