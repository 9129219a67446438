// SPDX-License-Identifier: GPL-3.0-or-later
#include "sheet.h"

#include "motion.h"
#include "output.h"
#include "pack.h"
#include "picture_list.h"

enum { ACROSS = 6, DOWN = 5, CELL_WIDTH = 384, CELL_HEIGHT = 216, GAP = 10, LABEL = 18 };
static const double moment = 0.3; // of a loop

static void draw_painted(struct arena *arena, const char *slug, const char *palette, painter paint,
    const double *numbers, double t, cairo_surface_t *cell)
{
    struct paint picture = paint_new(arena, slug, palette, CELL_WIDTH, CELL_HEIGHT, 1);
    paint_restart(&picture, t);
    for (int i = 0; i < PAINT_NUMBERS; i++)
        picture.n[i] = numbers[i];
    paint(&picture);
    paint_finish(&picture, 0, cell);
}

static error draw_waveform(struct arena *arena, const char *slug, const char *folder, cairo_surface_t *cell)
{
    BUFFER_AUTO struct buffer bytes = { 0 };
    json_t *waveform;
    TRY(pack_read(folder, str_format(arena, "waveforms/%s.json", slug).data, &bytes));
    TRY(json_read(arena, buffer_str(&bytes), &waveform));
    const json_t *data = json_object_get(waveform, "data");
    size_t count = json_array_size(data) / 2;
    cairo_t *cairo = cairo_create(cell);
    cairo_set_source_rgb(cairo, 0.09, 0.1, 0.13);
    cairo_paint(cairo);
    cairo_set_source_rgb(cairo, 0.3, 0.79, 0.69);
    for (int x = 0; x < CELL_WIDTH && count; x++) {
        double low = 0, high = 0;
        for (size_t i = (size_t)x * count / CELL_WIDTH; i <= ((size_t)x + 1) * count / CELL_WIDTH && i < count; i++) {
            double a = json_number_value(json_array_get(data, 2 * i)),
                   b = json_number_value(json_array_get(data, 2 * i + 1));
            low = a < low ? a : low;
            high = b > high ? b : high;
        }
        cairo_rectangle(cairo, x, CELL_HEIGHT / 2.0 * (1 - high / 128), 1, CELL_HEIGHT / 256.0 * (high - low) + 1);
        cairo_fill(cairo);
    }
    cairo_destroy(cairo);
    return OK;
}

static error draw_cell(
    struct arena *arena, enum item_kind kind, size_t index, const char *folder, cairo_surface_t *cell)
{
    if (kind == ITEM_MUSIC || kind == ITEM_EFFECT)
        return draw_waveform(arena, item_sources[kind].item(index).slug, folder, cell);
    if (kind == ITEM_IMAGE) {
        const struct picture *picture = &picture_list[index];
        draw_painted(arena, picture->slug, picture->palette, picture->paint, picture->numbers, 0, cell);
    } else {
        const struct motion *motion = kind == ITEM_VIDEO ? &motion_list[index] : &motion_gif_list[index];
        draw_painted(arena, motion->slug, motion->palette, motion->paint, motion->numbers, moment, cell);
    }
    return OK;
}

static error place(cairo_t *sheet, enum item_kind kind, size_t index, size_t number, const char *folder)
{
    ARENA_AUTO struct arena *arena = arena_new(64 << 20);
    double x = GAP + (double)(number % ACROSS) * (CELL_WIDTH + GAP),
           y = GAP + (double)(number / ACROSS) * (CELL_HEIGHT + GAP + LABEL);
    cairo_surface_t *cell = cairo_image_surface_create(CAIRO_FORMAT_RGB24, CELL_WIDTH, CELL_HEIGHT);
    error failed = draw_cell(arena, kind, index, folder, cell);
    cairo_set_source_surface(sheet, cell, x, y);
    cairo_rectangle(sheet, x, y, CELL_WIDTH, CELL_HEIGHT);
    cairo_fill(sheet);
    cairo_set_source_rgb(sheet, 0.2, 0.2, 0.2);
    cairo_select_font_face(sheet, "Inter", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(sheet, 13);
    cairo_move_to(sheet, x, y + CELL_HEIGHT + 15);
    cairo_show_text(sheet, item_sources[kind].item(index).title);
    cairo_surface_destroy(cell);
    return failed;
}

error sheet_make(enum item_kind kind, size_t page, const char *folder, const char *file)
{
    size_t count = item_sources[kind].count(), first = page * SHEET_CELLS;
    if (first >= count)
        return error_make(ERROR_NOT_FOUND, NULL, "There is no such page");
    BUFFER_AUTO struct buffer bytes = { 0 };
    cairo_surface_t *surface = cairo_image_surface_create(
        CAIRO_FORMAT_RGB24, ACROSS * (CELL_WIDTH + GAP) + GAP, DOWN * (CELL_HEIGHT + GAP + LABEL) + GAP);
    cairo_t *sheet = cairo_create(surface);
    cairo_set_source_rgb(sheet, 0.96, 0.96, 0.95);
    cairo_paint(sheet);
    error failed = OK;
    for (size_t i = first; i < count && i < first + SHEET_CELLS && !error_is(failed); i++)
        failed = place(sheet, kind, i, i - first, folder);
    cairo_destroy(sheet);
    if (!error_is(failed))
        failed = output_jpeg(surface, &bytes);
    cairo_surface_destroy(surface);
    TRY(failed);
    return pack_write(*file == '/' ? "" : ".", file, buffer_str(&bytes));
}
