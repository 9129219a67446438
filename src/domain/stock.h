// SPDX-License-Identifier: GPL-3.0-or-later
// Everybody's sounds, pictures and films: packs, each a folder with a stock.json that describes its files. The files
// stay where they are and are only read; rows make them known to the libraries. A pack of the folder "" is the one
// that the setting `stock` names, so that each server may have it elsewhere.
#pragma once

#include "domain/scope.h"

// The greatest stock.json: some ten thousand items.
enum { STOCK_JSON_BYTES_MAX = 16 << 20, STOCK_ITEMS_MAX = 50000 };

struct stock_item {
    str id, folder;            // of the pack, "" as above
    str media_type, mime_type; // "audio", "video", "image", "gif"
    str title;
    str file, thumbnail, waveform; // in the folder; the latter may be absent
    int64_t size_bytes;
    struct opt_number duration; // seconds
    str sha256;                 // hexadecimal, of the file
    bool is_premium, is_loop;
};
enum stock_part { STOCK_CONTENT, STOCK_THUMBNAIL, STOCK_WAVEFORM };

// A pack as it stands on the disk, checked.
struct stock_reading {
    str folder; // as rows name it
    str sha256; // of stock.json
    const json_t *items;
};
// Reads `path`/stock.json and looks at every file. NOT_FOUND when there is none, VALIDATION_ERROR naming the item that
// is wrong. `folder` is what rows are to name it.
MUST_USE error stock_read(struct arena *arena, const char *path, str folder, struct stock_reading *ret_reading);
// Whether the rows say what was read.
MUST_USE error stock_is_current(struct scope *scope, const struct stock_reading *reading, bool *ret_current);
// In a change: makes the rows say what was read; favourites of items that stay are kept. CONFLICT when an item has the
// id of another pack's.
MUST_USE error stock_put(struct scope *scope, const struct stock_reading *reading);

struct stock_pack {
    str id, folder;
    int64_t item_count;
};
MUST_USE error stock_packs(struct scope *scope, struct list *ret_packs);
// In a change: forgets a pack; its files stay. NOT_FOUND.
MUST_USE error stock_remove(struct scope *scope, str folder);

// *ret_found false for an id that no item has.
MUST_USE error stock_find(struct scope *scope, str id, struct stock_item *ret_item, bool *ret_found);
// PLAN_REQUIRED for a premium one on plan free; `field` is what named it.
MUST_USE error stock_may_use(const struct scope *scope, const struct stock_item *item, const char *field);
// Opens a file for reading; the descriptor is the caller's to close. NOT_FOUND when it is not there.
MUST_USE error stock_open(
    struct arena *arena, const struct stock_item *item, enum stock_part part, int *ret_file, int64_t *ret_size_bytes);
// The folder that the setting names: itself, or `stock` beside the program, or /usr/share/kinora/stock; the last where
// none is there.
const char *stock_folder(struct arena *arena);
