// SPDX-License-Identifier: GPL-3.0-or-later
// Signed, expiring paths under /content/ that work in <img>, <audio> and <video> tags. Each names the session that
// asked for it and ends with it.
#pragma once

#include "api/route.h"

enum content_kind {
    CONTENT_MEDIA,
    CONTENT_DERIVATIVE,
    CONTENT_RENDER,
    CONTENT_DRAFT,
    CONTENT_AVATAR,
    CONTENT_STOCK,
    CONTENT_VOICE,
    CONTENT_SAMPLE
};
// Valid for 12 hours, stable within each, so that a browser's cache is of use.
str content_url(const struct api_call *call, enum content_kind kind, str id, str file_name);
str content_url_for(
    const struct app *app, struct arena *arena, str session_id, enum content_kind kind, str id, str file_name);
// Whether the signature is right and not expired.
bool content_url_valid(const struct app *app, str path, str session_id, int64_t expires_s, str signature);

// What every such path is asked with.
struct content_query {
    str session, signature;
    int64_t expires;
    bool download;
};
extern const struct shape content_query_shape;
// The call speaks for the session its link was made in, as long as that stands: else NOT_FOUND.
MUST_USE error content_become(struct api_call *call);
