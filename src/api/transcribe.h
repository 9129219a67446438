// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "api/route.h"

// Params of a transcription job, in the arena; both may be STR_NONE. UNSUPPORTED_LANGUAGE for what is not an ISO 639-1
// code, VALIDATION_ERROR for an engine that there is not (one that is only not set up fails the job, with the reason).
MUST_USE error transcribe_params(struct api_call *call, str language, str engine, json_t **ret_params);
