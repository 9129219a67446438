// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/avatar_parts.h"

#include <librsvg/rsvg.h>
#include <math.h>
#include <string.h>

enum { PARTS_MAX = 16, SPRITES_MAX = 48 }; // a figure has 8 files and 24 groups at most
enum { DRAWING_WIDTH = 600, DRAWING_HEIGHT = 900 };

struct part {
    const struct avatar_file *file;
    RsvgHandle *handle;
};

struct sprite {
    const char *name, *group; // of our tables: they stay
    cairo_surface_t *surface; // NULL: the group is empty
    double x, y;              // of its corner in the drawing
};

struct avatar_parts {
    str style;
    double zoom;
    struct part parts[PARTS_MAX];
    struct sprite sprites[SPRITES_MAX];
    size_t part_count, sprite_count;
};

void avatar_parts_rest(struct avatar_parts *parts)
{
    for (size_t i = 0; i < parts->sprite_count; i++)
        cairo_surface_destroy(parts->sprites[i].surface);
    for (size_t i = 0; i < parts->part_count; i++)
        g_object_unref(parts->parts[i].handle);
    parts->sprite_count = parts->part_count = 0;
}

static void done(void *parts)
{
    avatar_parts_rest(parts);
}

struct avatar_parts *avatar_parts_new(struct arena *arena, str style, double zoom)
{
    struct avatar_parts *parts = ARENA_NEW(arena, struct avatar_parts);
    parts->style = style;
    parts->zoom = zoom;
    arena_defer(arena, done, parts);
    return parts;
}

static error drawing_failed(const char *name, const char *group, GError *problem)
{
    error failed = error_make(ERROR_ENGINE_FAILED, NULL, "The part %s %s cannot be drawn: %s", name, group,
        problem ? problem->message : "it is not there");
    g_clear_error(&problem);
    return failed;
}

static const struct avatar_file *find_file(const char *name)
{
    size_t size = strlen(name);
    for (const struct avatar_file *file = avatar_files; file->name; file++)
        if (strncmp(file->name, name, size) == 0 && strcmp(file->name + size, ".svg") == 0)
            return file;
    return NULL;
}

static error open_part(struct avatar_parts *parts, const char *name, RsvgHandle **ret_handle)
{
    GError *problem = NULL;
    const struct avatar_file *file = find_file(name);
    for (size_t i = 0; i < parts->part_count; i++)
        if (parts->parts[i].file == file) {
            *ret_handle = parts->parts[i].handle;
            return OK;
        }
    if (!file || parts->part_count == PARTS_MAX)
        return drawing_failed(name, "", NULL);
    RsvgHandle *handle = rsvg_handle_new_from_data(file->bytes, file->size, &problem);
    if (!handle)
        return drawing_failed(name, "", problem);
    if (!rsvg_handle_set_stylesheet(handle, (const guint8 *)parts->style.data, parts->style.size, &problem)) {
        g_object_unref(handle);
        return drawing_failed(name, "", problem);
    }
    parts->parts[parts->part_count++] = (struct part) { file, handle };
    *ret_handle = handle;
    return OK;
}

static error render(struct avatar_parts *parts, const char *name, const char *group, struct sprite *ret_sprite)
{
    RsvgHandle *handle = NULL;
    RsvgRectangle whole = { 0, 0, DRAWING_WIDTH, DRAWING_HEIGHT }, ink;
    GError *problem = NULL;
    char id[24] = "#";
    strncat(id, group, sizeof id - 2);
    TRY(open_part(parts, name, &handle));
    if (!rsvg_handle_get_geometry_for_layer(handle, id, &whole, &ink, NULL, &problem))
        return drawing_failed(name, group, problem);
    *ret_sprite = (struct sprite) { .name = name, .group = group };
    if (ink.width <= 0 || ink.height <= 0)
        return OK;
    // A pixel of air, so that a turned sprite has soft edges.
    double zoom = parts->zoom, left = floor(ink.x * zoom) - 1, top = floor(ink.y * zoom) - 1;
    int width = (int)(ceil((ink.x + ink.width) * zoom) - left) + 1;
    int height = (int)(ceil((ink.y + ink.height) * zoom) - top) + 1;
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height);
    cairo_t *cairo = cairo_create(surface);
    cairo_translate(cairo, -left, -top);
    cairo_scale(cairo, zoom, zoom);
    gboolean drawn = rsvg_handle_render_layer(handle, cairo, id, &whole, &problem);
    bool sound = cairo_status(cairo) == CAIRO_STATUS_SUCCESS;
    cairo_destroy(cairo);
    if (!drawn || !sound) {
        cairo_surface_destroy(surface);
        return drawing_failed(name, group, problem);
    }
    ret_sprite->surface = surface;
    ret_sprite->x = left / zoom;
    ret_sprite->y = top / zoom;
    return OK;
}

static error find_sprite(
    struct avatar_parts *parts, const char *name, const char *group, const struct sprite **ret_sprite)
{
    for (size_t i = 0; i < parts->sprite_count; i++)
        if (!strcmp(parts->sprites[i].group, group) && !strcmp(parts->sprites[i].name, name)) {
            *ret_sprite = &parts->sprites[i];
            return OK;
        }
    if (parts->sprite_count == SPRITES_MAX)
        return drawing_failed(name, group, NULL);
    TRY(render(parts, name, group, &parts->sprites[parts->sprite_count]));
    *ret_sprite = &parts->sprites[parts->sprite_count++];
    return OK;
}

error avatar_parts_paint(struct avatar_parts *parts, const char *name, const char *group, cairo_t *cairo)
{
    const struct sprite *sprite = NULL;
    TRY(find_sprite(parts, name, group, &sprite));
    if (!sprite->surface)
        return OK;
    cairo_save(cairo);
    cairo_translate(cairo, sprite->x, sprite->y);
    cairo_scale(cairo, 1 / parts->zoom, 1 / parts->zoom);
    cairo_set_source_surface(cairo, sprite->surface, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cairo), CAIRO_FILTER_BILINEAR);
    cairo_paint(cairo);
    cairo_restore(cairo);
    return OK;
}
