// SPDX-License-Identifier: GPL-3.0-or-later
// What OpenAI calls a model: a speech engine for transcriptions, or one name for all voices.
#pragma once

#include "api/route.h"

// The engine that a model stands for; STR_NONE for the best. MODEL_NOT_FOUND for others.
MUST_USE error openai_asr_model(const struct app *app, str model, str *ret_engine);
MUST_USE error openai_speech_model(str model);
