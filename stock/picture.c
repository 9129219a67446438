// SPDX-License-Identifier: GPL-3.0-or-later
#include "picture.h"

#include "output.h"
#include "picture_list.h"
#include "picture_sources.h"

static const double grain = 0.012; // hides what JPEG does to smooth skies

size_t picture_count(void)
{
    size_t count = 0;
    while (picture_list[count].slug)
        count++;
    return count;
}

struct item picture_item(size_t index)
{
    const struct picture *picture = &picture_list[index];
    return (struct item) { ITEM_IMAGE, picture->slug, picture->title, "Kinora Atelier", picture->category,
        picture->tags, picture->premium, false, PICTURE_SOURCES };
}

error picture_make(struct arena *arena, size_t index, struct product *ret_product)
{
    const struct picture *picture = &picture_list[index];
    if (!paint_palette_exists(picture->palette))
        return error_make(ERROR_VALIDATION_ERROR, NULL, "There is no palette %s", picture->palette);
    struct paint paint = paint_new(arena, picture->slug, picture->palette, PAINT_WIDTH, PAINT_HEIGHT, 1);
    for (int i = 0; i < PAINT_NUMBERS; i++)
        paint.n[i] = picture->numbers[i];
    picture->paint(&paint);
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, PAINT_WIDTH, PAINT_HEIGHT);
    paint_finish(&paint, grain, surface);
    error failed = output_jpeg(surface, &ret_product->file);
    if (!error_is(failed))
        failed = output_thumbnail(surface, &ret_product->thumbnail);
    cairo_surface_destroy(surface);
    ret_product->width = PAINT_WIDTH;
    ret_product->height = PAINT_HEIGHT;
    return failed;
}
