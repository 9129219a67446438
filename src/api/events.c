// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/events.h"

#include "base/id.h"
#include "domain/event.h"
#include "domain/media.h"

enum { REPLAY_MAX = 1000 };

str events_user_topic(struct arena *arena, str user_id)
{
    return str_format(arena, "user:%.*s", STR_ARGS(user_id));
}

str events_file_topic(struct arena *arena, str user_id, str file_id)
{
    return str_format(arena, "file:%.*s:%.*s", STR_ARGS(user_id), STR_ARGS(file_id));
}

struct file_path {
    str file_id;
};
static const struct field path_fields[] = {
    FIELD(struct file_path, file_id, .required = true, .format = FORMAT_UUID, .doc = "File"),
};
static const struct shape path_shape = SHAPE("FileEventsPath", struct file_path, path_fields);

static int64_t last_event_id(const struct api_call *call)
{
    int64_t number = -1;
    (void)str_to_int(http_header(exchange_request(call->exchange), "Last-Event-ID"), &number);
    return number;
}

static void push_event(struct api_call *call, struct event_stream *stream, const struct event *event, const char *name)
{
    str text = str_format(call->scope.arena, "id: %lld\nevent: %.*s\ndata: %.*s\n\n", (long long)event->number,
        STR_ARGS(name ? str_of(name) : event->kind), STR_ARGS(event->payload.text));
    (void)event_stream_push(stream, text); // a stream that is gone is noticed by the hub
}

static struct hub_reader reader_of(const struct api_call *call)
{
    return (struct hub_reader) { call->scope.actor.user_id, call->scope.actor.session_id };
}

// Everything of the user from now on; with Last-Event-ID also what was missed.
static error user_events(struct api_call *call)
{
    struct list missed = { 0 };
    int64_t since = last_event_id(call), newest;
    str user = call->scope.actor.user_id;
    TRY(event_newest(&call->scope, &newest));
    if (since >= 0)
        TRY(event_after_for(&call->scope, since, user, STR_NONE, REPLAY_MAX, &missed));
    struct event_stream *stream = exchange_events(call->exchange);
    for (size_t i = 0; i < missed.count; i++) {
        const struct event *event = &((struct event *)missed.items)[i];
        push_event(call, stream, event, NULL);
        newest = event->number > newest ? event->number : newest;
    }
    hub_join(call->app->hub, events_user_topic(call->scope.arena, user), stream, newest, reader_of(call));
    return OK;
}

// Events of a file stand under its owner; one that is still to come will be the actor's.
static error owner_of(struct scope *scope, str file_id, str *ret_user_id)
{
    struct media media;
    error found = media_get(scope, file_id, &media);
    if (error_is(found) && found.code != ERROR_MEDIA_NOT_FOUND)
        return found;
    *ret_user_id = error_is(found) ? scope->actor.user_id : media.user_id;
    return OK;
}

// upload_progress, then job_progress, then done. May be opened before the upload starts.
static error file_events(struct api_call *call)
{
    struct list rows;
    const struct file_path *path = call->path;
    str user, file = str_lower(call->scope.arena, path->file_id);
    TRY(owner_of(&call->scope, file, &user));
    str topic = events_file_topic(call->scope.arena, user, file);
    int64_t since = last_event_id(call);
    TRY(event_after_for(&call->scope, since < 0 ? 0 : since, user, file, REPLAY_MAX, &rows));
    str progress = hub_progress(call->app->hub, call->scope.arena, topic);
    struct event_stream *stream = exchange_events(call->exchange);
    int64_t newest = since < 0 ? 0 : since;
    if (progress.data)
        (void)event_stream_push(stream, progress);
    bool done = false;
    for (size_t i = 0; i < rows.count; i++) {
        const struct event *event = &((struct event *)rows.items)[i];
        const char *name = events_file_name(event, &done);
        if (name)
            push_event(call, stream, event, name);
        newest = event->number;
    }
    if (done)
        event_stream_release(stream, true);
    else
        hub_join(call->app->hub, topic, stream, newest, reader_of(call));
    return OK;
}

static const struct route routes[] = {
    { "GET", "/api/v1/events", "Events", "Stream all of your events (Server-Sent Events)", FACE_PLAIN, ACCESS_USER,
        LANE_STREAM, .answer_type = "text/event-stream", .handle = user_events },
    { "GET", "/api/v1/files/{file_id}/events", "Events", "Stream a file's progress (Server-Sent Events)", FACE_PLAIN,
        ACCESS_USER, LANE_STREAM, .path_in = &path_shape, .answer_type = "text/event-stream", .handle = file_events },
};
const struct route_group route_group_events = ROUTE_GROUP(routes);
