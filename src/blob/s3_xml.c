// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>
#include <string.h>

#include "blob/s3.h"

bool s3_xml_next(str *rest, const char *name, str *ret_text)
{
    char open[64], close[64];
    int open_size = snprintf(open, sizeof open, "<%s>", name);
    int close_size = snprintf(close, sizeof close, "</%s>", name);
    ASSERT(open_size < (int)sizeof open && close_size < (int)sizeof close);
    ptrdiff_t from = str_find(*rest, str_of(open));
    if (from < 0)
        return false;
    str inside = str_sub(*rest, (size_t)from + (size_t)open_size, rest->size);
    ptrdiff_t end = str_find(inside, str_of(close));
    if (end < 0)
        return false;
    *ret_text = str_sub(inside, 0, (size_t)end);
    *rest = str_sub(inside, (size_t)end + (size_t)close_size, inside.size);
    return true;
}

static const struct entity {
    str text;
    char character;
} entities[] = { { STR("&amp;"), '&' }, { STR("&lt;"), '<' }, { STR("&gt;"), '>' }, { STR("&quot;"), '"' },
    { STR("&apos;"), '\'' }, { STR("&#34;"), '"' }, { STR("&#39;"), '\'' }, { STR("&#38;"), '&' } };
enum { ENTITY_COUNT = sizeof entities / sizeof *entities };

str s3_xml_text(struct arena *arena, str text, const char *name)
{
    str found;
    if (!s3_xml_next(&text, name, &found))
        return STR_NONE;
    char *plain = arena_alloc_raw(arena, found.size + 1);
    size_t size = 0;
    while (found.size) {
        size_t i = 0;
        while (i < ENTITY_COUNT && !str_starts(found, entities[i].text))
            i++;
        plain[size++] = i < ENTITY_COUNT ? entities[i].character : found.data[0];
        found = str_sub(found, i < ENTITY_COUNT ? entities[i].text.size : 1, found.size);
    }
    plain[size] = 0;
    return (str) { plain, size };
}

void s3_xml_escape(struct buffer *out, str text)
{
    for (size_t i = 0; i < text.size; i++) {
        size_t e = 0;
        while (e < 4 && entities[e].character != text.data[i])
            e++;
        if (e < 4)
            buffer_append_str(out, entities[e].text);
        else
            buffer_append_byte(out, text.data[i]);
    }
}
