// SPDX-License-Identifier: GPL-3.0-or-later
// Streaming uploads for every face: multipart in, sealed chunks out, the type decided by the engine, then one change
// that makes the record. Nothing is left behind unless it was answered.
#pragma once

#include "api/route.h"
#include "domain/media.h"

struct upload_options {
    str id;                 // chosen by the client (UUID), or STR_NONE
    bool is_opaque;         // of any kind: the engine is not asked about it, and `probe` of `keep` is NULL
    json_t *transcribe;     // starts a transcription of what can be heard, with these params; NULL: none
    int64_t expected_bytes; // for progress; 0: from Content-Length
    // For other uses of the file than a record in the library, all optional: a plain field of the form; the form is
    // complete and about to be stored; the file is stored and its kind is known. `keep` takes over when it returns OK;
    // else the file is removed and the error answered.
    error (*field)(struct api_call *call, void *state, str name, str value);
    error (*complete)(struct api_call *call, void *state);
    error (*keep)(struct api_call *call, void *state, const struct blob_info *blob, const json_t *probe);
    void *state;
    // Inside the change: fills call->output. `job_id` is STR_NONE when no transcription was started.
    error (*answer)(struct api_call *call, const struct media *media, str job_id);
};
// To be called by a LANE_STREAM handler; takes over the exchange.
MUST_USE error upload_start(struct api_call *call, const struct upload_options *options);
