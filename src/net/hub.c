// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/hub.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { BUCKETS = 1024, TOPICS_MAX = 10000 };
static const int64_t PROGRESS_KEPT_US = 3600 * SECOND_US;

struct member {
    struct member *next;
    struct event_stream *stream;
    int64_t since;
    char user_id[40], session_id[40];
};

struct topic {
    struct topic *next;
    char *name;
    size_t name_size;
    struct member *members;
    char *progress; // newest event text, or NULL
    int64_t progress_us;
};

struct hub {
    pthread_mutex_t mutex;
    struct topic *buckets[BUCKETS];
    size_t count;
    bool shut;
    int64_t reached;
    hub_hearer listen, relay;
    void *listen_context, *relay_context;
};

struct hub *hub_new(void)
{
    struct hub *hub = calloc(1, sizeof *hub);
    ASSERT_MEMORY(hub);
    pthread_mutex_init(&hub->mutex, NULL);
    return hub;
}

static size_t bucket_of(str name)
{
    return str_hash(name) % BUCKETS;
}

static struct topic **find(struct hub *hub, str name)
{
    struct topic **place = &hub->buckets[bucket_of(name)];
    while (*place && !str_equal(name, (str) { (*place)->name, (*place)->name_size }))
        place = &(*place)->next;
    return place;
}

static void leave(struct topic *topic, bool close)
{
    while (topic->members) {
        struct member *member = topic->members;
        topic->members = member->next;
        event_stream_release(member->stream, close);
        free(member);
    }
}

static void drop(struct hub *hub, struct topic **place)
{
    struct topic *topic = *place;
    *place = topic->next;
    leave(topic, true);
    free(topic->name);
    free(topic->progress);
    free(topic);
    hub->count--;
}

void hub_shut(struct hub *hub)
{
    pthread_mutex_lock(&hub->mutex);
    hub->shut = true;
    for (size_t i = 0; i < BUCKETS; i++)
        while (hub->buckets[i])
            drop(hub, &hub->buckets[i]);
    pthread_mutex_unlock(&hub->mutex);
}

void hub_free(struct hub *hub)
{
    if (!hub)
        return;
    hub_shut(hub);
    pthread_mutex_destroy(&hub->mutex);
    free(hub);
}

// Forgets topics that nobody listens to and whose progress is old; past the limit, all that nobody listens to.
static void sweep(struct hub *hub)
{
    int64_t old = clock_mono_us() - (hub->count >= TOPICS_MAX ? 0 : PROGRESS_KEPT_US);
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct topic **place = &hub->buckets[i]; *place;) {
            if (!(*place)->members && (*place)->progress_us <= old)
                drop(hub, place);
            else
                place = &(*place)->next;
        }
}

static struct topic *need(struct hub *hub, str name)
{
    struct topic **place = find(hub, name);
    if (*place)
        return *place;
    if (hub->count >= TOPICS_MAX || hub->count % 256 == 255)
        sweep(hub);
    place = find(hub, name);
    struct topic *topic = calloc(1, sizeof *topic);
    ASSERT_MEMORY(topic);
    topic->name = strndup(name.data, name.size);
    ASSERT_MEMORY(topic->name);
    topic->name_size = name.size;
    *place = topic;
    hub->count++;
    return topic;
}

bool hub_join(struct hub *hub, str topic, struct event_stream *stream, int64_t since, struct hub_reader reader)
{
    pthread_mutex_lock(&hub->mutex);
    bool joined = hub->reached <= since || hub->shut;
    if (joined) {
        struct member *member = calloc(1, sizeof *member);
        ASSERT_MEMORY(member);
        struct topic *place = need(hub, topic);
        *member = (struct member) { .next = place->members, .stream = stream, .since = since };
        snprintf(member->user_id, sizeof member->user_id, "%.*s", STR_ARGS(reader.user_id));
        snprintf(member->session_id, sizeof member->session_id, "%.*s", STR_ARGS(reader.session_id));
        place->members = member;
        if (hub->shut)
            leave(place, true);
    }
    pthread_mutex_unlock(&hub->mutex);
    return joined;
}

void hub_reach(struct hub *hub, int64_t number)
{
    pthread_mutex_lock(&hub->mutex);
    hub->reached = number;
    pthread_mutex_unlock(&hub->mutex);
}

int64_t hub_reached(struct hub *hub)
{
    pthread_mutex_lock(&hub->mutex);
    int64_t number = hub->reached;
    pthread_mutex_unlock(&hub->mutex);
    return number;
}

static void send_all(struct topic *topic, int64_t number, str text)
{
    for (struct member **place = &topic->members; *place;) {
        struct member *member = *place;
        bool wanted = number == 0 || number > member->since;
        if ((wanted && event_stream_push(member->stream, text)) || (!wanted && event_stream_open(member->stream))) {
            place = &member->next;
            continue;
        }
        *place = member->next;
        event_stream_release(member->stream, true);
        free(member);
    }
}

static void publish(struct hub *hub, str topic, int64_t number, str event, str data, bool own)
{
    BUFFER_AUTO struct buffer text = { 0 };
    if (number)
        buffer_format(&text, "id: %lld\n", (long long)number);
    buffer_format(&text, "event: %.*s\ndata: %.*s\n\n", STR_ARGS(event), STR_ARGS(data));
    pthread_mutex_lock(&hub->mutex);
    struct topic *place = number ? *find(hub, topic) : need(hub, topic);
    if (place && number == 0) {
        free(place->progress);
        place->progress = strndup(text.data, text.size);
        place->progress_us = clock_mono_us();
    }
    if (place)
        send_all(place, number, buffer_str(&text));
    if (number == 0 && hub->listen)
        hub->listen(hub->listen_context, topic, event, data);
    if (number == 0 && own && hub->relay)
        hub->relay(hub->relay_context, topic, event, data);
    pthread_mutex_unlock(&hub->mutex);
}

void hub_publish(struct hub *hub, str topic, int64_t number, str event, str data)
{
    publish(hub, topic, number, event, data, true);
}

void hub_repeat(struct hub *hub, str topic, str event, str data)
{
    publish(hub, topic, 0, event, data, false);
}

void hub_relay(struct hub *hub, hub_hearer relay, void *context)
{
    pthread_mutex_lock(&hub->mutex);
    hub->relay = relay;
    hub->relay_context = context;
    pthread_mutex_unlock(&hub->mutex);
}

void hub_listen(struct hub *hub, hub_hearer listen, void *context)
{
    pthread_mutex_lock(&hub->mutex);
    hub->listen = listen;
    hub->listen_context = context;
    pthread_mutex_unlock(&hub->mutex);
}

str hub_progress(struct hub *hub, struct arena *arena, str topic)
{
    pthread_mutex_lock(&hub->mutex);
    struct topic *place = *find(hub, topic);
    str progress = place ? str_copy(arena, str_of(place->progress)) : STR_NONE;
    pthread_mutex_unlock(&hub->mutex);
    return progress;
}

static void end_of(struct topic *topic, struct hub_reader reader)
{
    for (struct member **place = &topic->members; *place;) {
        struct member *member = *place;
        bool is_theirs = str_equal_c(reader.user_id, member->user_id)
                         && (!reader.session_id.data || str_equal_c(reader.session_id, member->session_id));
        if (!is_theirs) {
            place = &member->next;
            continue;
        }
        *place = member->next;
        event_stream_release(member->stream, true);
        free(member);
    }
}

void hub_end(struct hub *hub, struct hub_reader reader)
{
    pthread_mutex_lock(&hub->mutex);
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct topic *topic = hub->buckets[i]; topic; topic = topic->next)
            end_of(topic, reader);
    pthread_mutex_unlock(&hub->mutex);
}

void hub_close(struct hub *hub, str topic)
{
    pthread_mutex_lock(&hub->mutex);
    struct topic *place = *find(hub, topic);
    if (place)
        leave(place, true);
    pthread_mutex_unlock(&hub->mutex);
}
