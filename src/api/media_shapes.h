// SPDX-License-Identifier: GPL-3.0-or-later
// How documents 000 and 004 show a media file.
#pragma once

#include "api/route.h"
#include "domain/derivative.h"
#include "domain/media.h"

struct media_answer { // document 000
    int64_t media_id;
    str uuid, file_name, file_path, media_type, mime_type;
    int64_t size_bytes;
    struct opt_number duration;
    struct opt_int width, height;
    str status, content_url, thumbnail_url, poster_url, waveform_url, proxy_url, owner_id;
    bool shared;
    time_us created_at, updated_at;
};
extern const struct shape media_answer_shape;
struct media_answer media_answer(const struct api_call *call, const struct media *media);

struct file_answer { // document 004
    str id, name, status;
    time_us created_at, completed_at;
    double upload_progress;
    str media_type, mime_type;
    int64_t size_bytes;
    struct opt_number duration;
    str content_url, thumbnail_url, poster_url, waveform_url, proxy_url, owner_id;
    bool shared;
    str job_id;
};
extern const struct shape file_answer_shape;
struct file_answer file_answer(const struct api_call *call, const struct media *media);

// Of a derivative of this MIME type: "…/thumbnail.jpg"; STR_NONE when `mime_type` is absent, while there is none.
str derivative_url(const struct api_call *call, str media_id, enum derivative_kind kind, str mime_type);
