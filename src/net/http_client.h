// SPDX-License-Identifier: GPL-3.0-or-later
// Asking other HTTP servers: one request, one whole answer, blocking. Certificates are checked; redirects are answers.
#pragma once

#include <stdatomic.h>

#include "net/server.h"

struct http_client_request {
    const char *method, *url; // http: or https:
    const struct http_header *headers;
    size_t header_count;
    str body;                     // borrowed; STR_NONE for none
    int64_t timeout_us;           // for all of it; 0: one minute
    size_t answer_bytes;          // a longer answer is LIMIT_EXCEEDED; 0: 64 MiB
    const atomic_bool *cancelled; // may be NULL; obeyed within a second
};
struct http_client_answer {
    int status;
    int64_t retry_after_us; // what the Retry-After header asks; 0 when absent
    str content_type;       // in the arena; STR_NONE when absent
    struct buffer body;
};
// Any answer of the server is OK, whatever its status; buffer_done(&ret_answer->body) afterwards. VALIDATION_ERROR for
// a URL or header that cannot be sent, UNAVAILABLE (says why) when no answer came, TIMED_OUT, CANCELLED.
MUST_USE error http_client_send(
    struct arena *arena, const struct http_client_request *request, struct http_client_answer *ret_answer);
