// SPDX-License-Identifier: GPL-3.0-or-later
// A block of text, laid out once and drawn crisp: wrapping, alignment, outline, shadow and a box behind it.
// Layer texts, captions and the watermark are all text blocks. Sizes are pixels of the canvas.
#pragma once

#include <cairo.h>

#include "engine/colour.h"

struct text_block;

enum text_align { TEXT_LEFT, TEXT_CENTER, TEXT_RIGHT };

struct text_style {
    str family; // absent or unknown: a fall-back font
    double size;
    int weight; // 100 to 1000
    bool italic;
    struct colour colour;
    enum text_align align;
    double line_height;    // of the size
    double letter_spacing; // pixels
    double wrap_width;     // lines are broken there
    bool balanced;         // lines of about one length
    struct colour box;     // alpha 0: none
    double padding, radius;
    struct colour stroke; // drawn outside of the letters
    double stroke_width;
    struct colour shadow;
    double shadow_x, shadow_y, shadow_blur;
    double zoom;                    // the block will be shown this much larger; the sizes above are without it
    double most_width, most_height; // what lies outside, around the centre, is not drawn; after the zoom
};

// What differs between two drawings of one block.
struct text_look {
    int typed;                  // graphemes from the beginning that are there; TEXT_ALL
    size_t mark_from, mark_end; // bytes drawn in `mark`; equal: none
    struct colour mark;
};
enum { TEXT_ALL = 1 << 30 };

// The style's texts are copied; the block and what it draws on are freed with the arena. LIMIT_EXCEEDED for more
// than 40,000 bytes; text that is no UTF-8 is VALIDATION_ERROR.
MUST_USE error text_block_new(
    struct arena *arena, str text, const struct text_style *style, struct text_block **ret_block);
// Everything drawn lies within these, centred on the block's middle; without zoom.
void text_block_size(const struct text_block *block, double *ret_width, double *ret_height);
// What the lines take up, with the padding of a box behind them: what a person would call its size; without zoom.
void text_block_extent(const struct text_block *block, double *ret_width, double *ret_height);
int text_block_graphemes(const struct text_block *block);
// Draws with the block's middle at the origin. The drawing is kept and used again while `look` stays the same;
// where the transformation is a mere shift it is put on whole pixels.
MUST_USE error text_block_paint(struct text_block *block, const struct text_look *look, cairo_t *cairo);
// Gives the memory of the drawing back until it is needed again.
void text_block_rest(struct text_block *block);
