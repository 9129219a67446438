// SPDX-License-Identifier: GPL-3.0-or-later
// Rendered films: what a render job made, kept under the job's id.
#pragma once

#include "domain/scope.h"

struct film_file {
    str job_id, video_id, user_id, blob_id, mime_type;
    double duration; // seconds
    int64_t width, height, size_bytes;
    time_us created_at;
};
// VIDEO_NOT_FOUND for an unknown one and for one that the actor may not read.
MUST_USE error film_file_get(struct scope *scope, str job_id, struct film_file *ret_film);
MUST_USE error film_file_newest(struct scope *scope, str video_id, struct film_file *ret_film, bool *ret_found);
// In a change; its blob is listed already (media_blob_add).
MUST_USE error film_file_add(struct scope *scope, const struct film_file *film);

// What stands beside a film.
struct film_extra {
    str job_id, name, blob_id, mime_type; // name: poster.jpg, subtitles.srt, subtitles.vtt
};
// Whether it is the name of such a file.
bool film_extra_is(str name);
// NOT_FOUND when the film has none of that name. The actor may read the film.
MUST_USE error film_extra_get(struct scope *scope, str job_id, str name, struct film_extra *ret_extra);
// In a change; its blob is listed already. Takes the place of one of that name.
MUST_USE error film_extra_add(struct scope *scope, const struct film_extra *extra);
