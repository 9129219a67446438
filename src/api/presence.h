// SPDX-License-Identifier: GPL-3.0-or-later
// Who is in which video right now, what they have selected and which field they are typing in. It is no change: it
// lives in the memory of the server that has the sockets. Servers that share a database tell each other: each change,
// and everyone anew now and then, so that who is not told of any more is known to be gone.
#pragma once

#include "base/json.h"
#include "net/socketio.h"

enum {
    PRESENCE_PER_VIDEO_MAX = 200, // sockets; the list goes to all of them at each change
    PRESENCE_LOCK_S = 10,         // a field counts as being edited this long after the last word of it
    PRESENCE_TELL_S = 10,         // other servers are told anew of everyone
    PRESENCE_GONE_S = 35,         // of whom another server has said nothing for so long is gone
};

struct presence;
struct presence *presence_new(void);
void presence_free(struct presence *presence); // NULL is allowed

struct presence_person {
    struct socketio_socket *socket;
    str identity, user_id, username;
};
struct presence_state { // STR_NONE: nothing
    str scene_id, layer_id, editing;
};
// Any thread. Everyone in the video gets `presence:update {video_id, users}`. False: the video is full.
bool presence_join(struct presence *presence, str video_id, const struct presence_person *person);
void presence_leave(struct presence *presence, str video_id, const struct socketio_socket *socket);
// False: the socket is not in this video, or (*ret_taken) another one is editing this field of this layer.
bool presence_set(struct presence *presence, str video_id, const struct socketio_socket *socket,
    const struct presence_state *state, bool *ret_taken);
void presence_leave_all(struct presence *presence, const struct socketio_socket *socket);
void presence_remove_user(struct presence *presence, str video_id, str user_id); // may not open it any more
void presence_expire(struct presence *presence);                                 // ends locks that were not refreshed

// Calls `relay` with what other servers are to know, under the presence's lock; NULL: nobody is to know. The text is a
// JSON object with the member "presence"; a newer one of the same key makes an older one needless.
void presence_relay(struct presence *presence, void (*relay)(void *context, str key, str text), void *context);
void presence_hear(struct presence *presence, const json_t *word); // what another server told; any thread
