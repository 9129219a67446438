// SPDX-License-Identifier: GPL-3.0-or-later
// An input of a call as a media source.
#pragma once

#include "av/source.h"
#include "engine/call.h"

// The caller closes it. `call` must outlive it. NOT_MEDIA as source_open.
MUST_USE error engine_source_open(struct engine_call *call, unsigned input, struct source **ret_source);
