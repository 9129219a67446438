// SPDX-License-Identifier: GPL-3.0-or-later
// Why a run of a link failed, in the classes that tell what can be done about it.
#pragma once

#include "base/error.h"

enum link_failure {
    FAILURE_NONE,
    FAILURE_COOKIES_EXPIRED,
    FAILURE_LOGIN_NEEDED,
    FAILURE_EXTRACTOR_OUTDATED,
    FAILURE_GONE,
    FAILURE_GEO_BLOCKED,
    FAILURE_NETWORK,
    FAILURE_DISK_FULL,
    FAILURE_REFUSED_BY_POLICY,
    FAILURE_OTHER,
    FAILURE_COUNT
};
// "cookies_expired", ...; NULL for FAILURE_NONE.
const char *link_failure_name(enum link_failure failure);
// One sentence for people: what to do. NULL for FAILURE_NONE.
const char *link_failure_advice(enum link_failure failure);
extern const char *const link_failure_names[]; // all but none; NULL-terminated

// The class of what yt-dlp or gallery-dl complained of. `has_cookies`: some were sent.
enum link_failure link_failure_of_words(str words, bool has_cookies);
// Of an HTTP status of 400 and above.
enum link_failure link_failure_of_status(int status, bool has_cookies);
// Of an error of ours.
enum link_failure link_failure_of_error(error problem);
