// SPDX-License-Identifier: GPL-3.0-or-later
// What sockets may ask for. A change is a route's: the same input, access, function and answer as over HTTP. To add
// one: a line in `changes`.
#include <stdlib.h>
#include <string.h>

#include "api/face.h"
#include "api/realtime_parts.h"
#include "base/clock.h"
#include "domain/video.h"

struct socket_change {
    const char *event, *method, *path;
    const char *ids[3][2]; // parameter of the path, member of the event
    const char *body;      // member that holds the body; NULL: the event itself
};
static const struct socket_change changes[] = {
    { "scene:update", "PUT", "/api/v1/videos/{videoId}/scenes/{sceneId}",
        { { "videoId", "video_id" }, { "sceneId", "scene_id" } }, "changes" },
    { "layer:update", "PUT", "/api/v1/layers/{layerId}", { { "layerId", "layer_id" } }, "changes" },
    { "layers:reorder", "PUT", "/api/v1/layers/reorder", { { NULL } }, NULL },
    { "video:update", "PUT", "/api/v1/videos/{videoId}", { { "videoId", "video_id" } }, "changes" },
    { "scene:add", "POST", "/api/v1/videos/{videoId}/scenes", { { "videoId", "video_id" } }, "scene" },
    { "scene:delete", "DELETE", "/api/v1/videos/{videoId}/scenes/{sceneId}",
        { { "videoId", "video_id" }, { "sceneId", "scene_id" } }, NULL },
    { "scenes:reorder", "PUT", "/api/v1/videos/{videoId}/scenes/reorder", { { "videoId", "video_id" } }, NULL },
    { "layer:add", "POST", "/api/v1/scenes/{sceneId}/layers", { { "sceneId", "scene_id" } }, "layer" },
    { "video:undo", "POST", "/api/v1/videos/{videoId}/undo", { { "videoId", "video_id" } }, NULL },
    { "video:redo", "POST", "/api/v1/videos/{videoId}/redo", { { "videoId", "video_id" } }, NULL },
    { "layer:delete", "DELETE", "/api/v1/layers/{layerId}", { { "layerId", "layer_id" } }, NULL },
};

// A change under way; it lives in the event's arena.
struct asked {
    struct api_call call;
    struct socketio_socket *socket; // a reference
    int64_t ack;
    struct arena *arena; // its own
};

static const struct route *route_of(const struct socket_change *change)
{
    for (size_t g = 0; route_groups[g]; g++)
        for (size_t i = 0; i < route_groups[g]->count; i++) {
            const struct route *route = &route_groups[g]->routes[i];
            if (!strcmp(route->method, change->method) && !strcmp(route->path, change->path))
                return route;
        }
    return NULL;
}

// Spans --------------------------------------------------------------------------------------------

static bool is_presence(str name)
{
    return str_equal(name, STR("video:join")) || str_equal(name, STR("video:leave"))
           || str_equal(name, STR("presence:update"));
}

static struct span *begin_span(
    const struct socketio_event *event, const struct socket_change *change, const struct trace *trace)
{
    if (!span_is_on())
        return NULL;
    struct span *span = ARENA_NEW(event->arena, struct span);
    // Clients may send any word.
    str name = change || is_presence(event->name) ? event->name : STR("event");
    span_root(span, SPAN_SERVER, str_format(event->arena, "socket %.*s", STR_ARGS(name)), trace, NULL, false);
    return span;
}

static void end_span(struct span *span, const struct actor *actor, error result)
{
    if (!span)
        return;
    if (actor->user_id.data)
        span_text(span, "user.id", actor->user_id);
    span_result(span, result);
    span_end_root(span);
}

// Acknowledgements ---------------------------------------------------------------------------------

static void refuse(struct socketio_socket *socket, int64_t ack, error why)
{
    BUFFER_AUTO struct buffer body = { 0 };
    if (ack < 0)
        return;
    (void)face_error(FACE_ENVELOPE, why, NULL, &body);
    socketio_ack(socket, ack, buffer_str(&body), NULL, 0);
}

static void agree(struct socketio_socket *socket, int64_t ack)
{
    if (ack >= 0)
        socketio_ack(socket, ack, STR("{\"success\":true,\"data\":{}}"), NULL, 0);
}

static void deliver(struct api_call *call)
{
    struct asked *asked = (struct asked *)call; // its first member
    struct socketio_socket *socket = asked->socket;
    end_span(call->span, &call->scope.actor, call->status < 500 ? OK : error_of(ERROR_INTERNAL_ERROR));
    if (asked->ack >= 0)
        socketio_ack(socket, asked->ack, buffer_str(&call->answer), NULL, 0);
    buffer_done(&call->answer);
    arena_free(asked->arena);
    socketio_drop(socket);
}

// Changes ------------------------------------------------------------------------------------------

static void read_input(struct api_call *call, const struct socket_change *change, json_t *event)
{
    struct arena *arena = call->scope.arena;
    const struct route *route = call->route;
    if (route->path_in)
        call->path = arena_alloc(arena, route->path_in->size);
    for (size_t i = 0; i < 3 && change->ids[i][0]; i++) {
        str value = json_get_str(event, change->ids[i][1]);
        shape_read_text(arena, route->path_in, "path", str_of(change->ids[i][0]), value.data ? value : STR(""),
            call->path, &call->problems);
    }
    if (!route->body_in)
        return;
    json_t *body = change->body ? json_object_get(event, change->body) : event;
    body = body ? json_keep(arena, json_copy(body)) : json_keep(arena, json_object());
    // How to merge is said beside the change.
    static const char *const merging[] = { "base_revision", "strict" };
    for (size_t i = 0; change->body && json_is_object(body) && i < 2; i++)
        if (json_object_get(event, merging[i]))
            json_object_set(body, merging[i], json_object_get(event, merging[i]));
    call->json = body;
    call->body = arena_alloc(arena, route->body_in->size);
    shape_read(arena, route->body_in, body, "body", call->body, &call->problems);
}

static void run_change(struct listener *listener, const struct socketio_event *event,
    const struct socket_change *change, const struct scope *scope, struct span *span, struct worker *worker)
{
    struct arena *arena = event->arena;
    struct asked *asked = ARENA_NEW(arena, struct asked);
    const struct route *route = route_of(change);
    ASSERT(route && route->lane == LANE_WRITE);
    *asked = (struct asked) { .socket = socketio_hold(listener->socket), .ack = event->ack, .arena = arena };
    asked->call = (struct api_call) { .scope = *scope,
        .app = worker->app,
        .worker = worker,
        .route = route,
        .span = span,
        .status = route->status ? route->status : 200,
        .message = route->message,
        .epoch = atomic_load(&worker->app->epoch),
        .deliver = deliver };
    // The listener may be gone before the change runs.
    asked->call.scope.actor.socket_id = str_copy(arena, str_of(listener->identity));
    asked->call.scope.actor.session_id = str_copy(arena, scope->actor.session_id);
    if (route->output)
        asked->call.output = arena_alloc(arena, route->output->size);
    *event->ret_kept = true;
    read_input(&asked->call, change, json_array_get(event->args, 0));
    route_run(&asked->call);
}

static const struct socket_change *find_change(str name)
{
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        if (str_equal_c(name, changes[i].event))
            return &changes[i];
    return NULL;
}

// Presence -----------------------------------------------------------------------------------------

static error be_present(struct listener *listener, const struct socketio_event *event, struct scope *scope)
{
    struct presence *presence = listener->realtime->presence;
    const json_t *args = json_array_get(event->args, 0);
    struct video video;
    if (str_equal(event->name, STR("video:leave"))) {
        presence_leave(presence, json_get_str(args, "video_id"), listener->socket);
        return OK;
    }
    TRY(video_get(scope, json_get_str(args, "video_id"), VIDEO_READ, &video));
    if (str_equal(event->name, STR("video:join"))) {
        struct presence_person person = { listener->socket, str_of(listener->identity), str_of(listener->user_id),
            str_of(listener->username) };
        return presence_join(presence, video.id, &person)
                   ? OK
                   : error_make(ERROR_LIMIT_EXCEEDED, "video_id", "Too many people are in this video");
    }
    bool taken;
    struct presence_state state = { json_get_str(args, "scene_id"), json_get_str(args, "layer_id"),
        json_get_str(args, "editing") };
    if (presence_set(presence, video.id, listener->socket, &state, &taken))
        return OK;
    return taken ? error_make(ERROR_CONFLICT, "editing", "Somebody else is editing this field")
                 : error_make(ERROR_VALIDATION_ERROR, "video_id", "Join the video first (video:join)");
}

// Everything ---------------------------------------------------------------------------------------

static bool take_allowance(struct listener *listener)
{
    int64_t now = clock_mono_us();
    listener->allowance += (double)(now - listener->refilled_us) / 1e6 * REALTIME_EVENTS_PER_SECOND;
    listener->refilled_us = now;
    if (listener->allowance > REALTIME_EVENTS_BURST)
        listener->allowance = REALTIME_EVENTS_BURST;
    listener->allowance -= 1;
    return listener->allowance >= 0;
}

static error run_event(struct listener *listener, const struct socketio_event *event,
    const struct socket_change *change, struct scope *scope, struct span *span, struct worker *worker)
{
    bool found;
    if (event->attachment_count)
        return error_make(ERROR_VALIDATION_ERROR, NULL, "Binary data has no use here; upload files over HTTP");
    if (!json_is_object(json_array_get(event->args, 0)))
        return error_make(ERROR_VALIDATION_ERROR, NULL, "An event's data is an object");
    TRY(session_holder(scope, str_of(listener->session_id), &scope->actor, &found));
    if (!found) {
        socketio_kick(listener->socket);
        return error_of(ERROR_NOT_AUTHENTICATED);
    }
    if (is_presence(event->name)) {
        TRY(be_present(listener, event, scope));
        agree(listener->socket, event->ack);
        return OK;
    }
    if (change) {
        run_change(listener, event, change, scope, span, worker);
        return OK;
    }
    return error_make(
        ERROR_VALIDATION_ERROR, NULL, "There is no event '%.*s'", STR_ARGS(str_cut_utf8(event->name, 100)));
}

void socket_event(struct listener *listener, const struct socketio_event *event, struct worker *worker)
{
    if (!take_allowance(listener)) {
        socketio_emit(listener->socket, STR("error"),
            STR("{\"success\":false,\"error\":\"RATE_LIMITED\",\"message\":\"Too many events; slow down\"}"));
        socketio_kick(listener->socket);
        return;
    }
    const struct socket_change *change = find_change(event->name);
    struct scope scope = { .arena = event->arena, .db = worker->db, .blobs = worker->app->blobs };
    trace_new(&scope.trace);
    struct span *span = begin_span(event, change, &scope.trace);
    SPAN_WITHIN(span);
    error result = run_event(listener, event, change, &scope, span, worker);
    if (*event->ret_kept) // deliver ends the span, and may have done so
        return;
    if (error_is(result))
        refuse(listener->socket, event->ack, result);
    end_span(span, &scope.actor, result);
}
