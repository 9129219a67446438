// SPDX-License-Identifier: GPL-3.0-or-later
#include "av/picture.h"

static const struct picture_format *const formats[] = { &picture_heif, &picture_webp };

const struct picture_format *picture_format_of(const uint8_t head[static PICTURE_HEAD_BYTES])
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i]->is(head))
            return formats[i];
    return NULL;
}

error picture_frame(AVFrame *frame, int width, int height)
{
    frame->format = AV_PIX_FMT_RGBA;
    frame->width = width;
    frame->height = height;
    return av_frame_get_buffer(frame, 0) < 0 ? error_of(ERROR_LIMIT_EXCEEDED) : OK;
}
