// SPDX-License-Identifier: GPL-3.0-or-later
// What is made of a media file for looking at it and working with it. Jobs of the kinds "derive" and "proxy" make them;
// why one could not be made stands with its job, which can be tried again.
#pragma once

#include "domain/scope.h"

struct media;

enum derivative_kind {
    DERIVATIVE_THUMBNAIL, // JPEG, or PNG where something is transparent; long side 480
    DERIVATIVE_POSTER,    // of a film: JPEG, long side 1280
    DERIVATIVE_WAVEFORM,  // of what has sound: JSON as audiowaveform's version 2
    DERIVATIVE_PROXY,     // of what browsers cannot play: MP4, M4A or JPEG
    DERIVATIVE_EDIT,      // of a film: MP4, short side 480, a key frame every 12, without sound
    DERIVATIVE_KINDS
};
extern const char *const derivative_names[DERIVATIVE_KINDS];

struct derivative {
    str kind, blob_id, mime_type;
    struct opt_int width, height; // pixels
    time_us created_at;
};

// In the change that makes a media row: queues the job that makes its derivatives.
MUST_USE error derivative_queue(struct scope *scope, str media_id);
// Before films and sounds are encoded anew; low in priority.
MUST_USE error derivative_queue_proxy(struct scope *scope, str media_id);
// *ret_found false for one that is not there. Access is the caller's to check.
MUST_USE error derivative_get(
    struct scope *scope, str media_id, enum derivative_kind kind, struct derivative *ret_derivative, bool *ret_found);
// The kind with this name of derivative_names; false for any other.
bool derivative_by_name(str name, enum derivative_kind *ret_kind);

struct derivative_made {
    enum derivative_kind kind;
    struct blob_info blob;
    str mime_type;
    int64_t width, height; // 0: none
};
// In a change: replaces what was there of this kind and tells followers. Of a media that is gone by now:
// MEDIA_NOT_FOUND.
MUST_USE error derivative_put(struct scope *scope, str media_id, const struct derivative_made *made);
// In a change: forgets all of a media and takes their blobs off the list.
MUST_USE error derivative_forget(struct scope *scope, str media_id);
