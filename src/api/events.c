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

// What a stream has already: what it says, unless it speaks of events that never were. Another server may be ahead of
// this one.
static error where_it_stands(struct api_call *call, int64_t *ret_since)
{
    int64_t since = last_event_id(call), newest;
    *ret_since = since;
    if (since <= hub_reached(call->app->hub))
        return OK;
    TRY(event_newest(&call->scope, &newest));
    if (since > newest)
        *ret_since = -1;
    return OK;
}

// What fails after the stream has begun ends it: its reader comes again and says where it stands.
static error give_up(struct event_stream *stream, error why)
{
    if (!stream)
        return why;
    event_stream_release(stream, true);
    return OK;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static struct hub_reader reader_of(const struct api_call *call)
{
    return (struct hub_reader) { call->scope.actor.user_id, call->scope.actor.session_id };
}

// Everything of the user from now on; with Last-Event-ID also what was missed.
static error user_events(struct api_call *call)
{
    struct hub *hub = call->app->hub;
    int64_t since, reached;
    str user = call->scope.actor.user_id, topic = events_user_topic(call->scope.arena, user);
    struct event_stream *stream = NULL;
    TRY(where_it_stands(call, &since));
    do {
        struct list missed = { 0 };
        reached = later(hub_reached(hub), since);
        error read = since < 0 ? OK
                               : event_after_for(&call->scope, since, reached, user, STR_NONE, REPLAY_MAX, &missed);
        if (error_is(read))
            return give_up(stream, read);
        stream = stream ? stream : exchange_events(call->exchange);
        for (size_t i = 0; i < missed.count; i++)
            push_event(call, stream, &((struct event *)missed.items)[i], NULL);
        since = since >= 0 ? reached : since;
    } while (!hub_join(hub, topic, stream, reached, reader_of(call)));
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

// *ret_done: nothing more comes.
static void push_file_events(
    struct api_call *call, struct event_stream *stream, const struct list *rows, bool *ret_done)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct event *event = &((struct event *)rows->items)[i];
        bool done = *ret_done;
        const char *name = events_file_name(event, &done);
        *ret_done = done;
        if (name)
            push_event(call, stream, event, name);
    }
}

// upload_progress, then job_progress, then done. May be opened before the upload starts.
static error file_events(struct api_call *call)
{
    struct hub *hub = call->app->hub;
    const struct file_path *path = call->path;
    str user, file = str_lower(call->scope.arena, path->file_id);
    int64_t since, reached;
    bool done = false;
    struct event_stream *stream = NULL;
    TRY(owner_of(&call->scope, file, &user));
    TRY(where_it_stands(call, &since));
    since = later(since, 0);
    str topic = events_file_topic(call->scope.arena, user, file);
    do {
        struct list rows;
        reached = later(hub_reached(hub), since);
        error read = event_after_for(&call->scope, since, reached, user, file, REPLAY_MAX, &rows);
        if (error_is(read))
            return give_up(stream, read);
        if (!stream) {
            str progress = hub_progress(hub, call->scope.arena, topic);
            stream = exchange_events(call->exchange);
            if (progress.data)
                (void)event_stream_push(stream, progress);
        }
        push_file_events(call, stream, &rows, &done);
        since = reached;
    } while (!done && !hub_join(hub, topic, stream, reached, reader_of(call)));
    if (done)
        event_stream_release(stream, true);
    return OK;
}

static const struct route routes[] = {
    { "GET", "/api/v1/events", "Events", "Stream all of your events (Server-Sent Events)", FACE_PLAIN, ACCESS_USER,
        LANE_STREAM, .answer_type = "text/event-stream", .handle = user_events },
    { "GET", "/api/v1/files/{file_id}/events", "Events", "Stream a file's progress (Server-Sent Events)", FACE_PLAIN,
        ACCESS_USER, LANE_STREAM, .path_in = &path_shape, .answer_type = "text/event-stream", .handle = file_events },
};
const struct route_group route_group_events = ROUTE_GROUP(routes);
