// SPDX-License-Identifier: GPL-3.0-or-later
// Pixels into a picture file.
#pragma once

#include "base/buffer.h"
#include "base/error.h"

enum picture_format { PICTURE_JPEG, PICTURE_PNG };

// Appends the file to the buffer. Pixels are premultiplied native-endian ARGB; JPEG ignores
// their alpha, a PNG whose alpha is full everywhere has none.
MUST_USE error picture_file_make(
    enum picture_format format, const uint8_t *pixels, int width, int height, int stride, struct buffer *ret_file);
