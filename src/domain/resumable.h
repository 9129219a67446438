// SPDX-License-Identifier: GPL-3.0-or-later
// Uploads that may be resumed: what has come stands in parts, each a blob, until the last byte makes a media file of
// them. The offset counts what is on disk, and moves only forward from where the sender thought it was: of two senders
// at one offset one wins.
#pragma once

#include "domain/media.h"

struct resumable {
    str id; // UUID, and of the file that it becomes
    str user_id;
    str metadata; // as the client wrote it
    int64_t length_bytes, offset_bytes;
    bool finished; // the file is there; kept so that a client who missed the answer learns of it
    time_us created_at, expires_at;
};

// When an upload expires that something happens to now, by the clock of this machine (as the header Date is); what is
// kept goes by that of the database.
int64_t resumable_expiry_us(void);
// In a change. QUOTA_EXCEEDED, or LIMIT_EXCEEDED when the user has too many that are not finished.
MUST_USE error resumable_add(struct scope *scope, const struct resumable *upload);
// The actor's own; a superuser's too are theirs alone. UPLOAD_NOT_FOUND, UPLOAD_EXPIRED.
MUST_USE error resumable_get(struct scope *scope, str id, struct resumable *ret_upload);
// In a change: takes up the part that begins at upload->offset_bytes. UPLOAD_OFFSET when it is elsewhere by now,
// UPLOAD_NOT_FOUND when it is gone, QUOTA_EXCEEDED.
MUST_USE error resumable_append(struct scope *scope, const struct resumable *upload, const struct blob_info *part);
// The parts in order: a list of struct media_blob.
MUST_USE error resumable_parts(struct scope *scope, str id, struct list *ret_parts);
// In a change: what began at upload->offset_bytes was the last part. Lets go of the parts; errors as resumable_append.
MUST_USE error resumable_finish(struct scope *scope, const struct resumable *upload);
// In a change: removes it and lets go of its parts, whose bytes the caller removes afterwards.
MUST_USE error resumable_remove(struct scope *scope, str id);
// In a change: removes all that have expired.
MUST_USE error resumable_expire(struct scope *scope);
