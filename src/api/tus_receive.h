// SPDX-License-Identifier: GPL-3.0-or-later
// The bytes of a resumable upload, as they come in: every 32 MB, at the end of the request and when it breaks off, what
// has come is put on disk as a part and counted; the last part makes the file.
#pragma once

#include "api/route.h"
#include "domain/resumable.h"

struct checksum;
struct tus_receive {
    struct resumable upload;
    struct checksum *checksum; // of this request's bytes, or NULL; taken over. With one, nothing counts before the end
    str digest;                // that it must have
};
// To be called by a LANE_STREAM handler; takes over the exchange, whatever happens.
void tus_receive_start(struct api_call *call, const struct tus_receive *what);
// The headers of an answer about an upload.
void tus_receive_headers(struct api_call *call, const struct resumable *upload);
// Removes an upload with all its parts.
MUST_USE error tus_receive_remove(struct api_call *call, str id);
