// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/text_block.h"

#include <math.h>
#include <pango/pangocairo.h>

#include "engine/drawing.h"

enum { TEXT_BYTES_MAX = 40000 }; // the 10,000 characters of a text layer in any script

struct text_block {
    struct arena *arena;
    struct text_style style;
    str text;
    PangoLayout *layout;
    double ink_x, ink_y, width, height; // of the text's own area in the layout
    double margin;                      // around it: box, outline, shadow
    cairo_surface_t *surface;           // the last drawing, NULL before the first
    struct text_look look;              // that it shows
};

static void free_object(void *object)
{
    g_object_unref(object);
}

static void rest(void *block)
{
    text_block_rest(block);
}

static PangoAttrList *attributes_for(const struct text_block *block, const struct text_look *look)
{
    const struct text_style *style = &block->style;
    PangoAttrList *list = pango_attr_list_new();
    pango_attr_list_insert(
        list, pango_attr_line_height_new_absolute((int)(style->line_height * style->size * PANGO_SCALE)));
    if (style->letter_spacing != 0)
        pango_attr_list_insert(list, pango_attr_letter_spacing_new((int)(style->letter_spacing * PANGO_SCALE)));
    if (look && look->mark_end > look->mark_from) {
        PangoAttribute *mark = pango_attr_foreground_new(
            (guint16)(look->mark.red * 65535), (guint16)(look->mark.green * 65535), (guint16)(look->mark.blue * 65535));
        mark->start_index = (guint)look->mark_from;
        mark->end_index = (guint)look->mark_end;
        pango_attr_list_insert(list, mark);
    }
    return list;
}

static PangoContext *new_context(void)
{
    PangoContext *context = pango_font_map_create_context(pango_cairo_font_map_get_default());
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    pango_cairo_context_set_font_options(context, options);
    cairo_font_options_destroy(options);
    pango_context_set_round_glyph_positions(context, FALSE);
    return context;
}

static void set_font(struct text_block *block)
{
    const struct text_style *style = &block->style;
    PangoFontDescription *font = pango_font_description_new();
    pango_font_description_set_family(font, style->family.size ? str_to_c(block->arena, style->family) : "Inter");
    pango_font_description_set_absolute_size(font, style->size * PANGO_SCALE);
    pango_font_description_set_weight(font, (PangoWeight)style->weight);
    pango_font_description_set_style(font, style->italic ? PANGO_STYLE_ITALIC : PANGO_STYLE_NORMAL);
    pango_layout_set_font_description(block->layout, font);
    pango_font_description_free(font);
}

// Narrows the block as far as it takes no more lines.
static void balance(PangoLayout *layout)
{
    int lines = pango_layout_get_line_count(layout), most = pango_layout_get_width(layout), least = most / lines / 2;
    while (lines > 1 && most - least > PANGO_SCALE) {
        int middle = least + (most - least) / 2;
        pango_layout_set_width(layout, middle);
        if (pango_layout_get_line_count(layout) > lines)
            least = middle;
        else
            most = middle;
    }
    pango_layout_set_width(layout, most);
}

static void lay_out(struct text_block *block)
{
    const struct text_style *style = &block->style;
    PangoContext *context = new_context();
    block->layout = pango_layout_new(context);
    g_object_unref(context);
    arena_defer(block->arena, free_object, block->layout);
    set_font(block);
    pango_layout_set_text(block->layout, block->text.data, (int)block->text.size);
    PangoAttrList *attributes = attributes_for(block, NULL);
    pango_layout_set_attributes(block->layout, attributes);
    pango_attr_list_unref(attributes);
    pango_layout_set_wrap(block->layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_width(block->layout, (int)fmin(style->wrap_width * PANGO_SCALE, 1 << 30));
    static const PangoAlignment alignments[] = { PANGO_ALIGN_LEFT, PANGO_ALIGN_CENTER, PANGO_ALIGN_RIGHT };
    pango_layout_set_alignment(block->layout, alignments[style->align]);
    if (style->balanced)
        balance(block->layout);
    PangoRectangle area;
    pango_layout_get_extents(block->layout, NULL, &area);
    block->ink_x = (double)area.x / PANGO_SCALE;
    block->ink_y = (double)area.y / PANGO_SCALE;
    block->width = (double)area.width / PANGO_SCALE;
    block->height = (double)area.height / PANGO_SCALE;
}

error text_block_new(struct arena *arena, str text, const struct text_style *style, struct text_block **ret_block)
{
    if (text.size > TEXT_BYTES_MAX)
        return error_make(ERROR_LIMIT_EXCEEDED, "text", "A text has at most %d bytes", TEXT_BYTES_MAX);
    if (!str_is_utf8(text))
        return error_make(ERROR_VALIDATION_ERROR, "text", "The text is not valid UTF-8");
    struct text_block *block = ARENA_NEW(arena, struct text_block);
    block->arena = arena;
    block->style = *style;
    block->style.family = str_copy(arena, style->family);
    block->text = str_copy(arena, text);
    lay_out(block);
    arena_defer(arena, rest, block);
    double shadow = 0;
    if (style->shadow.alpha > 0)
        shadow = fmax(fabs(style->shadow_x), fabs(style->shadow_y)) + style->shadow_blur * 1.5;
    // Letters may hang over their own area: italics, swashes, Indic marks.
    block->margin = style->size * 0.35 + style->stroke_width + shadow;
    if (style->box.alpha > 0)
        block->margin = fmax(block->margin, style->padding + 1);
    *ret_block = block;
    return OK;
}

void text_block_size(const struct text_block *block, double *ret_width, double *ret_height)
{
    *ret_width = fmin(block->width + 2 * block->margin, block->style.most_width / block->style.zoom);
    *ret_height = fmin(block->height + 2 * block->margin, block->style.most_height / block->style.zoom);
}

void text_block_extent(const struct text_block *block, double *ret_width, double *ret_height)
{
    double padding = block->style.box.alpha > 0 ? block->style.padding : 0;
    *ret_width = block->width + 2 * padding;
    *ret_height = block->height + 2 * padding;
}

int text_block_graphemes(const struct text_block *block)
{
    int count, graphemes = 0;
    const PangoLogAttr *attributes = pango_layout_get_log_attrs_readonly(block->layout, &count);
    for (int i = 0; i + 1 < count; i++)
        graphemes += attributes[i].is_cursor_position;
    return graphemes;
}

// The byte behind the first `typed` graphemes.
static int typed_bytes(const struct text_block *block, int typed)
{
    int count;
    const PangoLogAttr *attributes = pango_layout_get_log_attrs_readonly(block->layout, &count);
    const char *at = block->text.data;
    for (int i = 0; i + 1 < count; i++) {
        if (attributes[i].is_cursor_position && typed-- <= 0)
            break;
        at = g_utf8_next_char(at);
    }
    return (int)(at - block->text.data);
}

// Clips to what has been typed, in the layout's coordinates; right-to-left lines appear from the right.
static void clip_typed(const struct text_block *block, cairo_t *cairo, int typed)
{
    int end = typed_bytes(block, typed);
    PangoLayoutIter *lines = pango_layout_get_iter(block->layout);
    do {
        PangoLayoutLine *line = pango_layout_iter_get_line_readonly(lines);
        int top, bottom, count, *ranges;
        if (line->start_index >= end)
            break;
        pango_layout_iter_get_line_yrange(lines, &top, &bottom);
        int line_end = line->start_index + line->length;
        bool whole = end >= line_end;
        pango_layout_line_get_x_ranges(line, line->start_index, whole ? line_end : end, &ranges, &count);
        double over = whole ? block->margin : 0;
        for (int i = 0; i < count; i++)
            cairo_rectangle(cairo, (double)ranges[2 * i] / PANGO_SCALE - over, (double)top / PANGO_SCALE,
                (double)(ranges[2 * i + 1] - ranges[2 * i]) / PANGO_SCALE + 2 * over,
                (double)(bottom - top) / PANGO_SCALE);
        g_free(ranges);
    } while (pango_layout_iter_next_line(lines));
    pango_layout_iter_free(lines);
    cairo_clip(cairo);
}

static void draw_outline(const struct text_block *block, cairo_t *cairo, struct colour colour)
{
    if (block->style.stroke_width <= 0 || block->style.stroke.alpha <= 0)
        return;
    cairo_save(cairo);
    pango_cairo_layout_path(cairo, block->layout);
    drawing_colour(cairo, colour);
    cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
    cairo_set_line_width(cairo, block->style.stroke_width * 2);
    cairo_stroke(cairo);
    cairo_restore(cairo);
}

static error draw_shadow(const struct text_block *block, cairo_t *cairo, int typed)
{
    const struct text_style *style = &block->style;
    if (style->shadow.alpha <= 0)
        return OK;
    cairo_surface_t *target = cairo_get_target(cairo);
    int width = cairo_image_surface_get_width(target), height = cairo_image_surface_get_height(target);
    cairo_surface_t *mask = cairo_image_surface_create(CAIRO_FORMAT_A8, width, height);
    cairo_t *shadow = cairo_create(mask);
    cairo_matrix_t matrix;
    cairo_get_matrix(cairo, &matrix);
    cairo_set_matrix(shadow, &matrix);
    cairo_translate(shadow, style->shadow_x, style->shadow_y);
    if (typed != TEXT_ALL)
        clip_typed(block, shadow, typed);
    struct colour black = { .alpha = 1 };
    draw_outline(block, shadow, black);
    drawing_colour(shadow, black);
    pango_cairo_show_layout(shadow, block->layout);
    error failed = drawing_check(shadow);
    cairo_destroy(shadow);
    if (!error_is(failed)) {
        drawing_blur_mask(block->arena, mask, style->shadow_blur * style->zoom / 2);
        cairo_save(cairo);
        cairo_identity_matrix(cairo);
        drawing_colour(cairo, style->shadow);
        cairo_mask_surface(cairo, mask, 0, 0);
        cairo_restore(cairo);
    }
    cairo_surface_destroy(mask);
    return failed;
}

static error draw(struct text_block *block, const struct text_look *look, cairo_t *cairo)
{
    const struct text_style *style = &block->style;
    if (style->box.alpha > 0) {
        drawing_rounded(cairo, block->ink_x - style->padding, block->ink_y - style->padding,
            block->width + 2 * style->padding, block->height + 2 * style->padding, style->radius);
        drawing_colour(cairo, style->box);
        cairo_fill(cairo);
    }
    TRY(draw_shadow(block, cairo, look->typed));
    if (look->typed != TEXT_ALL)
        clip_typed(block, cairo, look->typed);
    draw_outline(block, cairo, style->stroke);
    PangoAttrList *attributes = attributes_for(block, look);
    pango_layout_set_attributes(block->layout, attributes);
    pango_attr_list_unref(attributes);
    drawing_colour(cairo, style->colour);
    pango_cairo_show_layout(cairo, block->layout);
    return drawing_check(cairo);
}

static bool same_look(const struct text_look *a, const struct text_look *b)
{
    return a->typed == b->typed && a->mark_from == b->mark_from && a->mark_end == b->mark_end
           && a->mark.red == b->mark.red && a->mark.green == b->mark.green && a->mark.blue == b->mark.blue;
}

static error refresh(struct text_block *block, const struct text_look *look)
{
    if (block->surface && same_look(&block->look, look))
        return OK;
    double zoom = block->style.zoom, width, height;
    text_block_size(block, &width, &height);
    if (!block->surface)
        block->surface = cairo_image_surface_create(
            CAIRO_FORMAT_ARGB32, (int)ceil(width * zoom) + 2, (int)ceil(height * zoom) + 2);
    cairo_t *cairo = cairo_create(block->surface);
    cairo_set_operator(cairo, CAIRO_OPERATOR_CLEAR);
    cairo_paint(cairo);
    cairo_set_operator(cairo, CAIRO_OPERATOR_OVER);
    cairo_translate(cairo, cairo_image_surface_get_width(block->surface) / 2.0,
        cairo_image_surface_get_height(block->surface) / 2.0);
    cairo_scale(cairo, zoom, zoom);
    cairo_translate(cairo, -block->ink_x - block->width / 2, -block->ink_y - block->height / 2);
    error failed = draw(block, look, cairo);
    cairo_destroy(cairo);
    TRY(failed);
    cairo_surface_flush(block->surface);
    block->look = *look;
    return OK;
}

error text_block_paint(struct text_block *block, const struct text_look *look, cairo_t *cairo)
{
    TRY(refresh(block, look));
    double zoom = block->style.zoom;
    cairo_save(cairo);
    cairo_scale(cairo, 1 / zoom, 1 / zoom);
    cairo_translate(cairo, -cairo_image_surface_get_width(block->surface) / 2.0,
        -cairo_image_surface_get_height(block->surface) / 2.0);
    drawing_snap(cairo);
    cairo_set_source_surface(cairo, block->surface, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cairo), CAIRO_FILTER_BILINEAR);
    cairo_paint(cairo);
    cairo_restore(cairo);
    return drawing_check(cairo);
}

void text_block_rest(struct text_block *block)
{
    cairo_surface_destroy(block->surface);
    block->surface = NULL;
}
