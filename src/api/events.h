// SPDX-License-Identifier: GPL-3.0-or-later
// Server-Sent Events: a follower thread reads the event table and gives each row to the streams that may see it.
#pragma once

#include "api/route.h"

str events_user_topic(struct arena *arena, str user_id);
str events_file_topic(struct arena *arena, str user_id, str file_id);

struct follower;
// Starts following from the newest event; follower_wake after every commit.
MUST_USE error follower_start(struct app *app, struct follower **ret_follower);
void follower_wake(struct follower *follower); // any thread
void follower_stop(struct follower *follower);

struct event;
// What a row of the table is called on its file's stream: "job_progress", "done" (also sets *ret_done), or NULL.
const char *events_file_name(const struct event *event, bool *ret_done);
