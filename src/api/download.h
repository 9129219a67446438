// SPDX-License-Identifier: GPL-3.0-or-later
// Streams a blob as an HTTP answer: Range, If-Range, ETag, If-None-Match, HEAD, safe headers.
#pragma once

#include "api/route.h"
#include "domain/media.h"

struct download {
    const struct media_blob *blob;
    str mime_type, file_name;
    int64_t changed_us; // for Last-Modified
    bool attachment;
    bool sealed; // the stored bytes as they are, never shown
};
// Takes over the exchange of a LANE_STREAM call when it returns OK.
MUST_USE error download_start(struct api_call *call, const struct download *download);

// Content-Disposition (RFC 6266) with the extended form of RFC 8187 for names beyond ASCII.
str download_disposition(struct arena *arena, str file_name, bool attachment);

// The one range that a Range header asks of `size` bytes (RFC 9110 14.1.2). False: no range, or several (then the
// whole is sent, which the RFC allows). *ret_satisfiable false: 416.
bool download_range(str header, int64_t size, int64_t *ret_first, int64_t *ret_last, bool *ret_satisfiable);
