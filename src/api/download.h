// SPDX-License-Identifier: GPL-3.0-or-later
// Streams a blob or a plain file as an HTTP answer (RFC 9110 13, 14): ranges, one or several, conditions, HEAD, safe
// headers.
#pragma once

#include "api/route.h"
#include "domain/media.h"

// A file that is only read where it is.
struct plain_file {
    int file; // closed by download_start, whatever it returns
    int64_t size_bytes;
    str tag; // names the content
};

struct download {
    const struct media_blob *blob;
    const struct plain_file *plain; // instead of a blob
    str mime_type, file_name;
    int64_t changed_us; // for Last-Modified
    bool attachment;
    bool sealed; // the stored bytes as they are, never shown
};
// Takes over the exchange of a LANE_STREAM call when it returns OK. RANGE_NOT_SATISFIABLE; STALE_REVISION for If-Match
// and If-Unmodified-Since that do not hold.
MUST_USE error download_start(struct api_call *call, const struct download *download);

// Content-Disposition (RFC 6266) with the extended form of RFC 8187 for names beyond ASCII.
str download_disposition(struct arena *arena, str file_name, bool attachment);
