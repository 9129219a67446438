// SPDX-License-Identifier: GPL-3.0-or-later
// The libraries of document 001: sounds, and pictures and films. A row of everybody's stock stands for an item of a
// pack (stock.h), every other for a media file and has its id: whatever face a file came through, it is here.
#pragma once

#include "domain/media.h"

struct library_item {
    str id, title, artist, category;
    str type;             // of pictures and films: "image", "video", "gif"
    str source;           // "stock", "uploaded", "generated", "ai"
    struct raw_json tags; // a list of texts; absent: none
    struct raw_json dimensions;
    struct opt_number duration; // seconds
    bool is_premium, is_favorite;
    str user_id;                                               // absent: stock
    str ai_prompt;                                             // what it was generated from
    str media_id, file_name, thumbnail_type, waveform_type;    // of a media file
    str stock_id, stock_file, stock_thumbnail, stock_waveform; // of stock
};

enum library_kind { LIBRARY_AUDIO, LIBRARY_MEDIA };

struct library_filter {
    enum library_kind kind;
    str set;    // "stock", "my", "favorites" (sounds only); absent: all that the actor may use
    str type;   // "image", "video", "gif"; absent: all
    str source; // "stock", "ai", "uploaded", "generated"; absent: all
    str category, search;
};

// The actor's own, what is shared with them, and stock behind them, newest first.
MUST_USE error library_list(struct scope *scope, const struct library_filter *filter, int64_t offset, int64_t limit,
    struct list *ret_items, int64_t *ret_total);
// One that the actor may use: AUDIO_NOT_FOUND or MEDIA_NOT_FOUND.
MUST_USE error library_get(struct scope *scope, enum library_kind kind, str id, struct library_item *ret_item);
// In a change. AUDIO_NOT_FOUND. Saying it twice is no error.
MUST_USE error library_set_favorite(struct scope *scope, str audio_id, bool is_favorite);

// In the change that makes a media record: its row, titled by its file name.
MUST_USE error library_add_media(struct scope *scope, const struct media *media);

struct library_details {
    enum library_kind kind;
    str title, category; // absent: as they are
    str source, ai_prompt;
};
// In a change: describes the row of a media file of the actor's, anew as a whole.
MUST_USE error library_describe(struct scope *scope, str media_id, const struct library_details *details);

// In a change, for stock: replaces the row of an item. `tags` is a list of texts, `place` its position in the pack.
MUST_USE error library_put_stock(
    struct scope *scope, enum library_kind kind, const struct library_item *item, const json_t *tags, int64_t place);

// Folded, so that texts that differ in case alone are equal (Unicode's case folding, composed).
str library_fold(struct arena *arena, str text);
// "%text%" for LIKE … ESCAPE '!': what the text holds means itself.
str library_pattern(struct arena *arena, str text);
