// SPDX-License-Identifier: GPL-3.0-or-later
// Open event streams by topic. What is published reaches every stream of the topic; the last progress of a topic is
// kept in memory for those that come later.
#pragma once

#include "net/server.h"

struct hub;
struct hub *hub_new(void);
// Ends every stream, and those that still join: the program stops. Then, when nobody uses it any more, hub_free.
void hub_shut(struct hub *hub);
void hub_free(struct hub *hub); // NULL is allowed
// Who reads a stream: it ends with their session.
struct hub_reader {
    str user_id, session_id;
};
// The hub owns the stream from now on. `topic` is copied; `since` (an event number) is where its reader stands: only
// events above it are delivered, so that a replay before joining doubles nothing.
// False, and still the caller's, when events above `since` are being given out already: the replay has to go on.
MUST_USE bool hub_join(
    struct hub *hub, str topic, struct event_stream *stream, int64_t since, struct hub_reader reader);
// Up to which number events have been, or are just being, given out. The follower says so before it publishes one.
void hub_reach(struct hub *hub, int64_t number);
int64_t hub_reached(struct hub *hub);
// Sends to the topic's streams. `number` 0: progress, without an id, coalesced to four a second by the caller.
void hub_publish(struct hub *hub, str topic, int64_t number, str event, str data);
// The newest progress of the topic as event text, in the arena; STR_NONE without one. Kept for an hour, 10,000 topics.
str hub_progress(struct hub *hub, struct arena *arena, str topic);
// Also calls `listen` with each progress (number 0) that is published, on the publisher's thread; NULL: no more.
typedef void (*hub_hearer)(void *context, str topic, str event, str data);
void hub_listen(struct hub *hub, hub_hearer listen, void *context);
// The same for telling other programs; not called for what came from them by hub_repeat.
void hub_relay(struct hub *hub, hub_hearer relay, void *context);
void hub_repeat(struct hub *hub, str topic, str event, str data); // progress that another program published
// Ends every stream that this session opened, without one every stream of this user.
void hub_end(struct hub *hub, struct hub_reader reader);
// Ends the topic's streams (after the last event).
void hub_close(struct hub *hub, str topic);
