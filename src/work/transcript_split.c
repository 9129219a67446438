// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/transcript_split.h"

enum { PARTS_WANTED = 16 };

static double seconds_of(const json_t *chunk)
{
    return json_get_number(chunk, "end", 0) - json_get_number(chunk, "start", 0);
}

static double part_seconds(const json_t *chunks, double least, double most)
{
    double speech = 0;
    for (size_t i = 0; i < json_array_size(chunks); i++)
        speech += seconds_of(json_array_get(chunks, i));
    double wanted = speech / PARTS_WANTED;
    return wanted < least ? least : wanted > most ? most : wanted;
}

size_t transcript_split(struct arena *arena, const json_t *chunks, double least, double most, json_t ***ret_parts)
{
    double wanted = part_seconds(chunks, least, most), length = 0;
    json_t **parts = ARENA_ARRAY(arena, json_t *, json_array_size(chunks));
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(chunks); i++) {
        json_t *chunk = json_array_get(chunks, i);
        if (!count || length + seconds_of(chunk) > wanted) {
            parts[count++] = json_keep(arena, json_array());
            length = 0;
        }
        length += seconds_of(chunk);
        json_array_append(parts[count - 1], chunk);
    }
    *ret_parts = parts;
    return count;
}
