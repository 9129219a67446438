// SPDX-License-Identifier: GPL-3.0-or-later
// How document 001 shows what is in the libraries.
#pragma once

#include "api/route.h"
#include "domain/library.h"

struct audio_answer {
    str id, title, artist;
    struct opt_number duration;
    str category, source;
    struct raw_json tags;
    str url, waveform_url, thumbnail_url;
    bool is_premium, is_favorite;
};
extern const struct shape audio_answer_shape;
void audio_answer(const struct api_call *call, const struct library_item *item, struct audio_answer *ret_answer);

struct media_item_answer {
    str id, type, title, url, thumbnail_url, source, category;
    struct raw_json tags, dimensions;
    struct opt_number duration;
    bool is_premium;
    str ai_prompt;
};
extern const struct shape media_item_answer_shape;
void media_item_answer(
    const struct api_call *call, const struct library_item *item, struct media_item_answer *ret_answer);
