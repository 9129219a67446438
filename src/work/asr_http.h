// SPDX-License-Identifier: GPL-3.0-or-later
// Asking a speech server: the part of it that is the same for all.
#pragma once

#include "net/http_form.h"
#include "work/asr_engine.h"

struct asr_request {
    const char *who; // as sentences name it
    const char *url;
    str key; // bearer token; STR_NONE for none. In no sentence and no log
    const struct http_form *form;
};
// The body of a 200. A server that is busy (429, 503) is asked again after the time that its Retry-After gives, in all
// for a few minutes; then, and for other failures of the server, ENGINE_FAILED. Any other 4xx is ENGINE_REFUSED with
// the server's sentence. CANCELLED within a second, TIMED_OUT after the setting asr_timeout.
MUST_USE error asr_http_post(const struct asr_task *task, const struct asr_request *request, str *ret_body);
