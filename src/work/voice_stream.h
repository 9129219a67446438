// SPDX-License-Identifier: GPL-3.0-or-later
// Speech as a small file that goes out while it is spoken: an encoder in a child of its own takes the samples as they
// come.
#pragma once

#include "work/voice_engine.h"

struct voice_stream;
// `format` as audio.encode has them, `deadline_us` by clock_mono_us. `to` is written to on a thread of the stream's,
// until voice_stream_end. Nothing runs until the first samples.
MUST_USE error voice_stream_open(struct zygote *zygote, str format, int64_t deadline_us, const struct voice_out *to,
    struct voice_stream **ret_stream);
struct voice_sink voice_stream_sink(struct voice_stream *stream);
// No more samples come. Waits until all is written, or gives up at once where the speech is not `whole`; frees.
MUST_USE error voice_stream_end(struct voice_stream *stream, bool whole);
