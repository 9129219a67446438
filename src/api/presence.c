// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/presence.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"

enum { TEXT_MAX = 120 };

struct person {
    struct person *next;
    struct socketio_socket *socket; // a reference; NULL: at another server
    char server[37];                // which one; empty: this one
    int64_t told_us;                // when it last told of the person, or we told the others
    char identity[21], user_id[37], username[TEXT_MAX + 1];
    char scene_id[37], layer_id[37], editing[TEXT_MAX + 1];
    int64_t editing_until_us;
    int colour;
};

struct room {
    struct room *next;
    char video_id[37];
    struct person *people;
    int count;
};

struct presence {
    pthread_mutex_t lock;
    struct room *rooms;
    char server[37]; // this one's name among the others
    void (*tell)(void *context, str key, str text);
    void *tell_context;
};

// Told apart at a glance, also by most colour-blind people (after Okabe and Ito).
static const char *const colours[] = { "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
    "#999999" };
enum { COLOURS = sizeof colours / sizeof *colours };

struct presence *presence_new(void)
{
    struct presence *presence = calloc(1, sizeof *presence);
    ASSERT_MEMORY(presence);
    pthread_mutex_init(&presence->lock, NULL);
    ARENA_AUTO struct arena *arena = arena_new(256);
    str server = id_new(arena);
    memcpy(presence->server, server.data, server.size);
    return presence;
}

static void put_text(char *place, size_t room, str text)
{
    text = str_cut_utf8(text, room - 1);
    if (text.size)
        memcpy(place, text.data, text.size);
    place[text.size] = 0;
}

static struct room **find(struct presence *presence, str video_id)
{
    struct room **place = &presence->rooms;
    while (*place && !str_equal_fold(video_id, str_of((*place)->video_id)))
        place = &(*place)->next;
    return place;
}

static struct person **person_of(struct room *room, const struct socketio_socket *socket)
{
    struct person **place = &room->people;
    while (*place && (!socket || (*place)->socket != socket))
        place = &(*place)->next;
    return place;
}

static void put(struct json_out *out, const char *key, const char *text)
{
    json_key(out, key);
    json_put_str(out, *text ? str_of(text) : STR_NONE);
}

static void write_person(struct json_out *out, const struct person *person)
{
    json_object_begin(out);
    put(out, "socket_id", person->identity);
    put(out, "user_id", person->user_id);
    put(out, "username", person->username);
    put(out, "color", colours[person->colour]);
    put(out, "scene_id", person->scene_id);
    put(out, "layer_id", person->layer_id);
    put(out, "editing", person->editing);
    json_object_end(out);
}

// Under the lock.
static void tell(const struct room *room)
{
    BUFFER_AUTO struct buffer text = { 0 };
    struct json_out out = { .buffer = &text };
    struct socketio_socket *sockets[PRESENCE_PER_VIDEO_MAX];
    size_t count = 0;
    json_object_begin(&out);
    put(&out, "video_id", room->video_id);
    json_key(&out, "users");
    json_array_begin(&out);
    for (const struct person *person = room->people; person; person = person->next) {
        write_person(&out, person);
        if (person->socket)
            sockets[count++] = person->socket;
    }
    json_array_end(&out);
    json_object_end(&out);
    struct websocket_message *message = socketio_event_message(STR("/"), STR("presence:update"), buffer_str(&text));
    socketio_send_all(sockets, count, message);
    websocket_message_drop(message);
}

// Tells the other servers of a person of this one, or that the person has left. Under the lock.
static void tell_servers(const struct presence *presence, const struct room *room, struct person *person, bool gone)
{
    if (!presence->tell || *person->server)
        return;
    BUFFER_AUTO struct buffer text = { 0 }, key = { 0 };
    struct json_out out = { .buffer = &text };
    int64_t now = clock_mono_us(), left = *person->editing ? person->editing_until_us - now : 0;
    json_object_begin(&out);
    put(&out, "presence", room->video_id);
    put(&out, "server", presence->server);
    put(&out, "socket_id", person->identity);
    json_key(&out, "gone");
    json_put_bool(&out, gone);
    put(&out, "user_id", person->user_id);
    put(&out, "username", person->username);
    json_key(&out, "color");
    json_put_int(&out, person->colour);
    put(&out, "scene_id", person->scene_id);
    put(&out, "layer_id", person->layer_id);
    put(&out, "editing", left > 0 ? person->editing : "");
    json_key(&out, "editing_ms");
    json_put_int(&out, left > 0 ? left / 1000 : 0);
    json_object_end(&out);
    buffer_format(&key, "presence %s %s", room->video_id, person->identity);
    presence->tell(presence->tell_context, buffer_str(&key), buffer_str(&text));
    person->told_us = now;
}

static int free_colour(const struct room *room)
{
    bool used[COLOURS] = { false };
    for (const struct person *person = room->people; person; person = person->next)
        used[person->colour] = true;
    for (int i = 0; i < COLOURS; i++)
        if (!used[i])
            return i;
    return room->count % COLOURS;
}

static struct room *need_room(struct presence *presence, str video_id)
{
    struct room **place = find(presence, video_id);
    if (!*place) {
        *place = calloc(1, sizeof **place);
        ASSERT_MEMORY(*place);
        put_text((*place)->video_id, sizeof(*place)->video_id, video_id);
    }
    return *place;
}

bool presence_join(struct presence *presence, str video_id, const struct presence_person *who)
{
    pthread_mutex_lock(&presence->lock);
    struct room *room = need_room(presence, video_id);
    bool there = *person_of(room, who->socket) != NULL, fits = there || room->count < PRESENCE_PER_VIDEO_MAX;
    if (!there && fits) {
        struct person *person = calloc(1, sizeof *person);
        ASSERT_MEMORY(person);
        person->socket = socketio_hold(who->socket);
        put_text(person->identity, sizeof person->identity, who->identity);
        put_text(person->user_id, sizeof person->user_id, who->user_id);
        put_text(person->username, sizeof person->username, who->username);
        person->colour = free_colour(room);
        person->next = room->people;
        room->people = person;
        room->count++;
        tell_servers(presence, room, person, false);
    }
    if (fits)
        tell(room);
    pthread_mutex_unlock(&presence->lock);
    return fits;
}

static void drop_person(const struct presence *presence, struct room *room, struct person **place)
{
    struct person *person = *place;
    tell_servers(presence, room, person, true);
    *place = person->next;
    room->count--;
    if (person->socket)
        socketio_drop(person->socket);
    free(person);
}

// Tells the others, or forgets the room when nobody is left.
static void settle(struct room **place)
{
    struct room *room = *place;
    if (room->people) {
        tell(room);
        return;
    }
    *place = room->next;
    free(room);
}

void presence_leave(struct presence *presence, str video_id, const struct socketio_socket *socket)
{
    pthread_mutex_lock(&presence->lock);
    struct room **room = find(presence, video_id);
    struct person **person = *room ? person_of(*room, socket) : NULL;
    if (person && *person) {
        drop_person(presence, *room, person);
        settle(room);
    }
    pthread_mutex_unlock(&presence->lock);
}

void presence_leave_all(struct presence *presence, const struct socketio_socket *socket)
{
    pthread_mutex_lock(&presence->lock);
    for (struct room **room = &presence->rooms; *room;) {
        struct room *before = *room;
        struct person **person = person_of(*room, socket);
        if (*person) {
            drop_person(presence, *room, person);
            settle(room);
        }
        if (*room == before)
            room = &before->next;
    }
    pthread_mutex_unlock(&presence->lock);
}

void presence_remove_user(struct presence *presence, str video_id, str user_id)
{
    pthread_mutex_lock(&presence->lock);
    struct room **room = find(presence, video_id);
    bool changed = false;
    for (struct person **person = *room ? &(*room)->people : NULL; person && *person;) {
        bool meant = str_equal_c(user_id, (*person)->user_id);
        changed = changed || meant;
        if (meant)
            drop_person(presence, *room, person);
        else
            person = &(*person)->next;
    }
    if (changed)
        settle(room);
    pthread_mutex_unlock(&presence->lock);
}

static bool is_edited(const struct room *room, const struct person *by, const struct presence_state *state)
{
    int64_t now = clock_mono_us();
    for (const struct person *other = room->people; other; other = other->next)
        if (other != by && state->editing.size && *other->editing && other->editing_until_us > now
            && str_equal_c(state->editing, other->editing) && str_equal_fold(state->layer_id, str_of(other->layer_id))
            && str_equal_fold(state->scene_id, str_of(other->scene_id)))
            return true;
    return false;
}

bool presence_set(struct presence *presence, str video_id, const struct socketio_socket *socket,
    const struct presence_state *state, bool *ret_taken)
{
    pthread_mutex_lock(&presence->lock);
    struct room *room = *find(presence, video_id);
    struct person *person = room ? *person_of(room, socket) : NULL;
    *ret_taken = person && is_edited(room, person, state);
    bool done = person && !*ret_taken;
    if (done) {
        put_text(person->scene_id, sizeof person->scene_id, state->scene_id);
        put_text(person->layer_id, sizeof person->layer_id, state->layer_id);
        put_text(person->editing, sizeof person->editing, state->editing);
        person->editing_until_us = clock_mono_us() + PRESENCE_LOCK_S * SECOND_US;
        tell_servers(presence, room, person, false);
        tell(room);
    }
    pthread_mutex_unlock(&presence->lock);
    return done;
}

// What time has brought: locks that ran out, people of other servers of whom nothing was heard for long, others to be
// told anew of ours. True when the list is another one.
static bool expire(const struct presence *presence, struct room *room, int64_t now)
{
    bool changed = false;
    for (struct person **place = &room->people; *place;) {
        struct person *person = *place;
        int64_t silent_us = now - person->told_us;
        if (*person->server && silent_us > PRESENCE_GONE_S * SECOND_US) {
            drop_person(presence, room, place);
            changed = true;
            continue;
        }
        if (*person->editing && person->editing_until_us <= now) {
            *person->editing = 0;
            changed = true;
        }
        if (silent_us > PRESENCE_TELL_S * SECOND_US)
            tell_servers(presence, room, person, false);
        place = &person->next;
    }
    return changed;
}

void presence_expire(struct presence *presence)
{
    int64_t now = clock_mono_us();
    pthread_mutex_lock(&presence->lock);
    for (struct room **room = &presence->rooms; *room;) {
        struct room *before = *room;
        if (expire(presence, before, now))
            settle(room);
        if (*room == before)
            room = &before->next;
    }
    pthread_mutex_unlock(&presence->lock);
}

// Other servers

void presence_relay(struct presence *presence, void (*relay)(void *context, str key, str text), void *context)
{
    pthread_mutex_lock(&presence->lock);
    presence->tell = relay;
    presence->tell_context = context;
    pthread_mutex_unlock(&presence->lock);
    if (relay) // whoever hears it tells of its people
        relay(context, STR("presence"), STR("{\"presence\":null}"));
}

static struct person **person_at(struct room *room, str server, str identity)
{
    struct person **place = &room->people;
    while (*place && !(str_equal_c(server, (*place)->server) && str_equal_c(identity, (*place)->identity)))
        place = &(*place)->next;
    return place;
}

static void take_word(struct room *room, struct person **place, const json_t *word)
{
    struct person *person = *place;
    if (!person) {
        person = *place = calloc(1, sizeof *person);
        ASSERT_MEMORY(person);
        room->count++;
        put_text(person->server, sizeof person->server, json_get_str(word, "server"));
        put_text(person->identity, sizeof person->identity, json_get_str(word, "socket_id"));
        put_text(person->user_id, sizeof person->user_id, json_get_str(word, "user_id"));
        put_text(person->username, sizeof person->username, json_get_str(word, "username"));
    }
    person->colour = (int)((uint64_t)json_get_int(word, "color", 0) % COLOURS);
    put_text(person->scene_id, sizeof person->scene_id, json_get_str(word, "scene_id"));
    put_text(person->layer_id, sizeof person->layer_id, json_get_str(word, "layer_id"));
    put_text(person->editing, sizeof person->editing, json_get_str(word, "editing"));
    int64_t left_us = json_get_int(word, "editing_ms", 0) * 1000;
    person->told_us = clock_mono_us();
    person->editing_until_us = person->told_us + (left_us <= PRESENCE_LOCK_S * SECOND_US ? left_us : 0);
}

// Two who come at two servers in the same moment take the same colour: one of them gives way, at every server the same.
static void tell_apart(const struct presence *presence, const struct room *room, const struct person *told)
{
    for (struct person *person = room->people; person; person = person->next)
        if (!*person->server && person->colour == told->colour && strcmp(person->identity, told->identity) > 0
            && room->count <= COLOURS) {
            person->colour = free_colour(room);
            tell_servers(presence, room, person, false);
        }
}

static void tell_all_anew(struct presence *presence)
{
    for (struct room *room = presence->rooms; room; room = room->next)
        for (struct person *person = room->people; person; person = person->next)
            tell_servers(presence, room, person, false);
}

static void hear_of(struct presence *presence, str video_id, const json_t *word)
{
    struct room *room = need_room(presence, video_id), **place = find(presence, video_id);
    struct person **person = person_at(room, json_get_str(word, "server"), json_get_str(word, "socket_id"));
    if (json_get_bool(word, "gone", false)) {
        if (*person)
            drop_person(presence, room, person);
    } else if (*person || room->count < PRESENCE_PER_VIDEO_MAX) {
        take_word(room, person, word);
        tell_apart(presence, room, *person);
    }
    settle(place);
}

void presence_hear(struct presence *presence, const json_t *word)
{
    str video_id = json_get_str(word, "presence");
    pthread_mutex_lock(&presence->lock);
    if (!video_id.data)
        tell_all_anew(presence);
    else if (!str_equal_c(json_get_str(word, "server"), presence->server))
        hear_of(presence, video_id, word);
    pthread_mutex_unlock(&presence->lock);
}

void presence_free(struct presence *presence)
{
    if (!presence)
        return;
    while (presence->rooms) {
        struct room *room = presence->rooms;
        presence->rooms = room->next;
        while (room->people)
            drop_person(presence, room, &room->people);
        free(room);
    }
    pthread_mutex_destroy(&presence->lock);
    free(presence);
}
