// SPDX-License-Identifier: GPL-3.0-or-later
// Decoded pictures into the renderer's colours and sizes; for the files of this folder only.
#pragma once

#include <libavutil/frame.h>
#include <libswscale/swscale.h>

#include "base/error.h"

// A converter that is kept while its question stays the same. Zeroed is empty.
struct scaler {
    struct SwsContext *context;
    int source_width, source_height, source_format, source_space, source_range, source_site;
    int width, height, format;
};

void scaler_done(struct scaler *scaler);
// Converts `from` to `width` x `height` in `format`: AV_PIX_FMT_YUV420P (BT.709, limited range, chroma sited left)
// or AV_PIX_FMT_RGB32.
MUST_USE error scaler_run(struct scaler *scaler, const AVFrame *from, int width, int height, enum AVPixelFormat format,
    uint8_t *const planes[], const int strides[]);

// Turns a plane of `width` x `height` items of 1 or 4 bytes: mirrored left to right first, then clockwise.
void scale_turn(const uint8_t *from, int from_stride, int width, int height, int item_size, int rotation, bool mirrored,
    uint8_t *to, int to_stride);
// Multiplies the colours by the alpha.
void scale_premultiply(uint8_t *pixels, int width, int height, int stride);
