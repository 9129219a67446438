// SPDX-License-Identifier: GPL-3.0-or-later
// Links: addresses whose media are saved into the library of who added them, again and again.
#pragma once

#include "domain/job.h"
#include "domain/link_failure.h"

struct link {
    int64_t number;
    str id, user_id, url, name, type;
    struct raw_json tags; // list of texts
    bool is_enabled, download_automatically, transcribe, audio_only, has_cookies;
    int64_t max_items, keep_last; // 0: no limit; all
    str quality;                  // "best", "1080p", ...: the short side at the most
    str title_include, title_exclude;
    time_us last_checked_at, next_check_at;    // next: none when it is not watched
    str last_status, last_error, last_failure; // of the last run: as of a record; a class of link_failure.h
    int64_t failures;                          // runs in a row that failed
    double wait_factor;
    int64_t items_total; // saved so far
    time_us created_at, updated_at;
};
extern const char *const link_types[];     // NULL-terminated
extern const char *const link_qualities[]; // NULL-terminated

// What a request says; absent members change nothing (or take their defaults).
struct link_change {
    str url, name, type, quality, title_include, title_exclude;
    struct raw_json tags;
    struct opt_bool is_enabled, download_automatically, transcribe, audio_only;
    struct opt_int max_items, keep_last;
    str cookies; // JSON text as link_cookies.h takes it; empty: to be forgotten
};

// VALIDATION_ERROR for what is no URL, UNPROCESSABLE for another scheme than http and https, or a name and password.
MUST_USE error link_check_url(str url);
// In a change. `change` has url, name and type.
MUST_USE error link_add(struct scope *scope, const struct link_change *change, struct link *ret_link);
// By number or UUID. LINK_NOT_FOUND for another user's too.
MUST_USE error link_get(struct scope *scope, str key, struct link *ret_link);
// The actor's, in the order in which they were added.
MUST_USE error link_list(struct scope *scope, int64_t skip, int64_t limit, struct list *ret_links);
MUST_USE error link_update(struct scope *scope, str key, const struct link_change *change, struct link *ret_link);
// In a change: what it saved stays; a run under way is cancelled.
MUST_USE error link_delete(struct scope *scope, str key, struct link *ret_link);
// In a change: queues a run; one that waits or works already is the one that was asked for.
MUST_USE error link_trigger(struct scope *scope, const struct link *link, struct job *ret_job);
// In a change: triggers the actor's links whose last run failed (in this class; STR_NONE: in any).
MUST_USE error link_retry_failed(struct scope *scope, str failure, int64_t *ret_count);
// How many watched links are due: a cheap look before link_schedule.
MUST_USE error link_count_due(struct scope *scope, int64_t *ret_count);
// In a change: queues a run of each link that is due, as its owner; at most `limit`.
MUST_USE error link_schedule(struct scope *scope, int64_t limit);
