// SPDX-License-Identifier: GPL-3.0-or-later
// What happens to a file that comes in, however it comes: its progress is told, the engine says what it is, and one
// change makes the record and starts the transcription.
#pragma once

#include "api/route.h"
#include "domain/media.h"

struct intake {
    struct api_call *call;
    str id, file_name;     // UUID of the file; its name as the client gave it
    json_t *transcribe;    // params of the transcription that starts when something can be heard; NULL: none
    int64_t total_bytes;   // expected, for progress; 0: unknown
    struct blob_info blob; // complete and in the store, on nobody's list yet
    json_t *probe;
    str topic;        // the rest is this file's own
    str kept_blob_id; // what the record names: the blob, or that of before with the same content
    int64_t told_bytes, told_us;
};

// Before the first byte; `id`, `call` and `total_bytes` are set.
void intake_begin(struct intake *intake);
// Tells the file's stream of events how many bytes have come, not too often unless it is the last time.
void intake_progress(struct intake *intake, int64_t bytes, bool last);
// Asks the engine what the blob is; slow. UNSUPPORTED_MEDIA when it cannot be read; other errors are passing ones.
MUST_USE error intake_probe(struct intake *intake);
// In a change: the media record, and a transcription job where wanted (*ret_job_id; STR_NONE for none). Errors of
// media_add.
MUST_USE error intake_record(struct intake *intake, struct media *ret_media, str *ret_job_id);
// After the change of intake_record: removes the blob when the record shares that of before.
void intake_settle(struct intake *intake);
// Removes the blob of a file that was refused.
void intake_discard(struct intake *intake);
