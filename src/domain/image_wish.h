// SPDX-License-Identifier: GPL-3.0-or-later
// What may be asked of a picture from a prompt, and the engines that make one, by name. Pure.
#pragma once

#include "base/shape.h"

enum { IMAGE_PROMPT_MAX = 2000, IMAGE_STYLE_MAX = 50 }; // characters

extern const char *const image_aspect_ratios[]; // "16:9", … NULL-terminated
extern const char *const image_qualities[];     // "standard", "high"
extern const char *const image_engine_names[];  // "openai", "procedural"

// Pixels that a picture server is asked for, and those that we paint. False for an unknown ratio.
bool image_size(str aspect_ratio, str quality, bool painted, int *ret_width, int *ret_height);
// What people should know of a picture of this engine; STR_NONE: nothing.
str image_engine_note(str engine);
