// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures by any server with OpenAI's POST /v1/images/generations, as its public reference describes it.
#pragma once

#include <stdatomic.h>

#include "base/json.h"

struct image_question {
    str prompt, style, quality;
    int width, height;
    const atomic_bool *cancelled;
    int64_t deadline_us;
};
bool image_openai_available(void);
// The picture's file, in the arena. ENGINE_REFUSED where another attempt would be in vain (a refusal, an answer without
// a picture, no answer within the setting image_timeout), ENGINE_FAILED where it may help, CANCELLED.
MUST_USE error image_openai_make(struct arena *arena, const struct image_question *question, str *ret_file);
