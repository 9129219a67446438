// SPDX-License-Identifier: GPL-3.0-or-later
// A file of the web into a file of this disk: http and https only, each hop of a redirect resolved once and checked
// (net/address.h) before it is connected to, resumed where it stopped, bounded in size and time.
#pragma once

#include <stdatomic.h>

#include "base/error.h"

struct fetch {
    const char *url;
    str jar; // cookies in Netscape's form; STR_NONE for none
    bool allow_private;
    int file;           // grows from its end on, when `resume` holds and the server agrees
    str resume;         // strong validator (ETag or Last-Modified) of what is in the file; STR_NONE: from the start
    int64_t bytes_max;  // a longer answer is BODY_TOO_LARGE
    int64_t room_least; // bytes that stay free on the disk; less is STORAGE_FULL
    void (*progress)(void *context, int64_t bytes, int64_t total); // total 0: unknown; may be NULL
    // Asked once, before the first byte: false ends it, with *ret_fetched.declined. May be NULL.
    bool (*wants)(void *context, str validator);
    void *context;
    const atomic_bool *cancelled; // may be NULL
    int64_t deadline_us;          // clock_mono_us time, 0 for none
};
struct fetched {
    int status; // of the last hop; the file has its body only below 400
    bool declined;
    str validator; // for resuming, or knowing it again: STR_NONE when the server gave none; in the arena
    str file_name; // from Content-Disposition or the last URL, decoded; in the arena
    int64_t bytes; // in the file
};
// FORBIDDEN for addresses that are not allowed, UNAVAILABLE when no answer came or it broke off (*ret_fetched then says
// what came, for another attempt), TIMED_OUT, CANCELLED, BODY_TOO_LARGE, STORAGE_FULL. A status of 400 and above is OK.
MUST_USE error fetch_file(struct arena *arena, const struct fetch *fetch, struct fetched *ret_fetched);
