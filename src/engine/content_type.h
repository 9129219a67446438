// SPDX-License-Identifier: GPL-3.0-or-later
// What libmagic makes of the first bytes of an input: a second opinion beside the demuxers, some of which take anything
// for media that has a few lucky bytes.
#pragma once

#include "engine/call.h"

// A MIME type in the arena. ENGINE_FAILED without libmagic's database.
MUST_USE error content_type_guess(struct engine_call *call, unsigned input, str *ret_type);
// Whether a file of this type may be media at all. "application/octet-stream", the answer for what libmagic does not
// know, may.
bool content_type_is_media(str type);
