// SPDX-License-Identifier: GPL-3.0-or-later
// An input of a call as a media source.
#pragma once

#include "av/sink.h"
#include "av/source.h"
#include "engine/call.h"

// The caller closes it. `call` must outlive it. NOT_MEDIA as source_open.
MUST_USE error engine_source_open(struct engine_call *call, unsigned input, struct source **ret_source);
// An input as bytes to read; it must be below engine_input_count. Lives as long as the call.
struct source_io engine_source_io(struct engine_call *call, unsigned input);
// All inputs, in the arena, as long as the call.
const struct source_io *engine_inputs_io(struct engine_call *call, struct arena *arena);
// Lets what engine_inputs_io gave for an earlier call, and what was opened with it, read the inputs of this call.
void engine_inputs_move(const struct source_io *inputs, struct engine_call *call);
// An output as a place to write. Lives as long as the call.
struct sink_io engine_sink_io(struct engine_call *call, unsigned output);
