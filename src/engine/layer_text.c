// SPDX-License-Identifier: GPL-3.0-or-later
#include <math.h>

#include "engine/layer.h"
#include "engine/text_block.h"

struct text_state {
    struct text_block *block;
    int graphemes;
    struct text_look look;
};

static int read_weight(const json_t *value)
{
    static const struct {
        const char *name;
        int weight;
    } names[] = { { "thin", 100 }, { "light", 300 }, { "normal", 400 }, { "medium", 500 }, { "semibold", 600 },
        { "bold", 700 }, { "extrabold", 800 }, { "heavy", 900 } };
    double number = json_is_number(value) ? json_number_value(value) : 0;
    str text = str_of(json_string_value(value));
    if (text.data)
        str_to_number(text, &number);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_equal_c(text, names[i].name))
            number = names[i].weight;
    return number >= 100 && number <= 1000 ? (int)number : 400;
}

static error read_outline(const json_t *properties, double unit, struct text_style *style)
{
    const json_t *stroke = json_object_get(properties, "stroke"), *shadow = json_object_get(properties, "shadow");
    if (json_is_object(stroke)) {
        TRY(colour_get(stroke, "color", "#000000", &style->stroke));
        TRY(composition_number(stroke, "width", 2, 0, 500, &style->stroke_width));
    }
    if (json_is_object(shadow)) {
        TRY(colour_get(shadow, "color", "#00000099", &style->shadow));
        TRY(composition_number(shadow, "x", 0, -500, 500, &style->shadow_x));
        TRY(composition_number(shadow, "y", 2, -500, 500, &style->shadow_y));
        TRY(composition_number(shadow, "blur", 4, 0, 200, &style->shadow_blur));
    }
    style->stroke_width *= unit;
    style->shadow_x *= unit;
    style->shadow_y *= unit;
    style->shadow_blur *= unit;
    return OK;
}

static error read_box(const json_t *properties, double unit, struct text_style *style)
{
    TRY(colour_get(properties, "background_color", "#00000000", &style->box));
    TRY(composition_number(properties, "padding", style->size / unit * 0.35, 0, 1000, &style->padding));
    TRY(composition_number(properties, "radius", style->size / unit * 0.15, 0, 5000, &style->radius));
    style->padding *= unit;
    style->radius *= unit;
    return OK;
}

static error read_style(const struct layer *layer, struct text_style *style)
{
    const json_t *properties = layer->spec->properties;
    double unit = layer->composition->unit, max_width;
    style->family = json_get_str(properties, "font_family");
    style->weight = read_weight(json_object_get(properties, "font_weight"));
    str slant = json_get_str(properties, "font_style"), align = json_get_str(properties, "text_align");
    style->italic = str_equal_c(slant, "italic") || str_equal_c(slant, "oblique");
    style->align = str_equal_c(align, "left") ? TEXT_LEFT : str_equal_c(align, "right") ? TEXT_RIGHT : TEXT_CENTER;
    TRY(composition_number(properties, "font_size", 32, 1, 2000, &style->size));
    style->size *= unit;
    TRY(composition_number(properties, "line_height", 1.25, 0.5, 5, &style->line_height));
    TRY(composition_number(properties, "letter_spacing", 0, -100, 500, &style->letter_spacing));
    style->letter_spacing *= unit;
    TRY(composition_number(properties, "max_width", 80, 1, 1000, &max_width));
    style->wrap_width = max_width / 100 * layer->composition->width;
    TRY(colour_get(properties, "color", "#FFFFFF", &style->colour));
    TRY(read_box(properties, unit, style));
    style->zoom = layer->scale;
    style->most_width = layer->composition->width * 2;
    style->most_height = layer->composition->height * 2;
    return read_outline(properties, unit, style);
}

static error text_open(struct layer *layer)
{
    struct text_state *state = ARENA_NEW(layer->arena, struct text_state);
    struct text_style style = { 0 };
    str text = json_get_str(layer->spec->properties, "text");
    if (!text.data)
        return error_make(ERROR_VALIDATION_ERROR, "text", "A text layer needs its text");
    TRY(read_style(layer, &style));
    TRY(text_block_new(layer->arena, text, &style, &state->block));
    text_block_size(state->block, &layer->width, &layer->height);
    state->graphemes = text_block_graphemes(state->block);
    layer->state = state;
    return OK;
}

static error text_version(struct layer *layer, const struct layer_moment *moment, int64_t *ret_version)
{
    struct text_state *state = layer->state;
    double typed = moment->motion.typed;
    state->look.typed = typed >= 1 ? TEXT_ALL : (int)floor(typed * state->graphemes);
    *ret_version = state->look.typed;
    return OK;
}

static error text_paint(struct layer *layer, const struct layer_moment *moment, cairo_t *cairo)
{
    (void)moment;
    struct text_state *state = layer->state;
    return text_block_paint(state->block, &state->look, cairo);
}

static void text_rest(struct layer *layer)
{
    struct text_state *state = layer->state;
    text_block_rest(state->block);
}

void layer_text_box(const struct layer *layer, double *ret_width, double *ret_height)
{
    const struct text_state *state = layer->state;
    text_block_extent(state->block, ret_width, ret_height);
    *ret_width *= layer->scale;
    *ret_height *= layer->scale;
}

const struct layer_kind layer_text = {
    .name = "text", .open = text_open, .version = text_version, .paint = text_paint, .rest = text_rest
};
