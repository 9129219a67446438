// SPDX-License-Identifier: GPL-3.0-or-later
// One JSON question to a service that speaks OpenAI's interface.
#pragma once

#include "base/json.h"
#include "net/http_client.h"

struct service_question {
    const char *who;  // as sentences name it: "The voice server"
    const char *base; // of the setting: with or without /v1, or the whole
    const char *path; // "/audio/speech"
    const char *key;  // bearer token, or empty. In no sentence and no log
    const json_t *body;
    size_t answer_bytes; // at most
    int64_t timeout_us;
    const atomic_bool *cancelled; // may be NULL
    int64_t deadline_us;          // clock_mono_us time, 0 for none
};
// The body of a 200, in the arena. A server that is busy (429, 503) is asked once more after a second. ENGINE_REFUSED
// with the server's own words for other 4xx, ENGINE_FAILED for what else it answers and when it cannot be reached,
// CANCELLED, TIMED_OUT.
MUST_USE error service_ask(struct arena *arena, const struct service_question *question, str *ret_body);
