// SPDX-License-Identifier: GPL-3.0-or-later
// The drawn parts of avatars: the SVG files of src/engine/avatars, each with named groups, coloured by a style sheet.
// A group is rendered once for a size and then only painted.
#pragma once

#include <cairo.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

struct avatar_file {
    const char *name; // "hair-bun.svg"
    const unsigned char *bytes;
    size_t size;
    const char *etag;
};
extern const struct avatar_file avatar_files[]; // ends with a row without name; embedded by script/embed

struct avatar_parts;
// `style` is CSS. `zoom` is pixels for one unit of the drawings. Lives in the arena, surfaces until avatar_parts_rest.
struct avatar_parts *avatar_parts_new(struct arena *arena, str style, double zoom);
// Paints the group "#id" of the file "NAME.svg" in the drawing's own coordinates. A file or group that is not there is
// ENGINE_FAILED: names come from our own tables.
MUST_USE error avatar_parts_paint(struct avatar_parts *parts, const char *name, const char *group, cairo_t *cairo);
// Gives the surfaces back; they are made anew when needed.
void avatar_parts_rest(struct avatar_parts *parts);
