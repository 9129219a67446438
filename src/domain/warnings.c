// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/warnings.h"

#include <stdarg.h>
#include <stdio.h>

void warning_add(struct arena *arena, struct warnings *warnings, str field, const char *format, ...)
{
    if (warnings->count == WARNINGS_MAX)
        return;
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (!warnings->items)
        warnings->items = ARENA_ARRAY(arena, struct warning, WARNINGS_MAX);
    str message = str_cut_utf8(str_of(text), sizeof text);
    warnings->items[warnings->count++] = (struct warning) { str_copy(arena, field), str_copy(arena, message) };
}

json_t *warnings_json(const struct warnings *warnings)
{
    json_t *list = json_array();
    for (size_t i = 0; i < warnings->count; i++) {
        json_t *entry = json_object();
        json_object_set_new(entry, "field", json_str(warnings->items[i].field));
        json_object_set_new(entry, "message", json_str(warnings->items[i].message));
        json_array_append_new(list, entry);
    }
    return list;
}
