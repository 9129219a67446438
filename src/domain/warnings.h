// SPDX-License-Identifier: GPL-3.0-or-later
// What a person should know though it stopped nothing: an unknown property, a clipped layer. Answers carry them as
// `warnings`: [{field, message}], commands print them.
#pragma once

#include "base/json.h"

enum { WARNINGS_MAX = 100 }; // one answer names at most as many; more are dropped
struct warning {
    str field; // "properties.glow", "scenes.2.layers.1"
    str message;
};
struct warnings {
    struct warning *items; // in the arena given to warning_add
    size_t count;
};
void warning_add(struct arena *arena, struct warnings *warnings, str field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
// The list as JSON; a new reference.
json_t *warnings_json(const struct warnings *warnings);
