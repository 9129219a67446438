// SPDX-License-Identifier: GPL-3.0-or-later
// Colours of the scene document: #RGB, #RRGGBB, #RRGGBBAA.
#pragma once

#include "base/json.h"

struct colour {
    double red, green, blue, alpha; // 0..1, not premultiplied
};

bool colour_parse(str text, struct colour *ret_colour);
// The member `key`, or `fallback` when it is absent or no text. VALIDATION_ERROR about `key` for other text.
MUST_USE error colour_get(const json_t *object, const char *key, const char *fallback, struct colour *ret_colour);
