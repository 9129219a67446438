// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/image_wish.h"

const char *const image_aspect_ratios[] = { "16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3", NULL };
const char *const image_qualities[] = { "standard", "high", NULL };
const char *const image_engine_names[] = { "openai", "procedural", NULL };

// Painted: at quality high the short side is 1080, at standard 720. Servers: multiples of 64, as models want them.
static const struct {
    int width, height, served_width, served_height;
} sizes[] = { { 1920, 1080, 1792, 1024 }, { 1080, 1920, 1024, 1792 }, { 1080, 1080, 1024, 1024 },
    { 1440, 1080, 1024, 768 }, { 1080, 1440, 768, 1024 }, { 1620, 1080, 1536, 1024 }, { 1080, 1620, 1024, 1536 } };

bool image_size(str aspect_ratio, str quality, bool painted, int *ret_width, int *ret_height)
{
    for (size_t i = 0; image_aspect_ratios[i]; i++) {
        if (!str_equal_c(aspect_ratio, image_aspect_ratios[i]))
            continue;
        bool high = str_equal_c(quality, "high");
        *ret_width = !painted ? sizes[i].served_width : high ? sizes[i].width : sizes[i].width * 2 / 3;
        *ret_height = !painted ? sizes[i].served_height : high ? sizes[i].height : sizes[i].height * 2 / 3;
        return true;
    }
    return false;
}

str image_engine_note(str engine)
{
    if (str_equal_c(engine, "procedural"))
        return STR(
            "Painted from the words it knows (places, times of day, weather, moods, styles), not by an image model. "
            "A picture server can be set up with KINORA_IMAGE_URL.");
    return STR_NONE;
}
