// SPDX-License-Identifier: GPL-3.0-or-later
// The folder of the pack: makes what is missing or outdated in it, and checks it.
#pragma once

#include "base/json.h"
#include "item.h"

struct pack_order {
    const char *folder;
    int sample;    // things of each kind; 0: all
    int processes; // working side by side
    bool quiet;
};

// Makes the pack. What is there and still right is kept, stock.json is written last; files that are no longer of the
// pack are removed. INTERNAL_ERROR when a thing cannot be made: what is wrong has then been told on standard error.
MUST_USE error pack_make(const struct pack_order *order);
// Whether thing `index` of `count` belongs to a sample of `sample` things.
bool pack_in_sample(size_t index, size_t count, int sample);

// Checks all of a pack on disk, telling on standard error what is wrong; DATA_CORRUPT when anything is.
MUST_USE error pack_verify(const char *folder);

// The UUID (version 5, RFC 9562) of a thing: the same for ever for the same kind and name.
str pack_id(struct arena *arena, enum item_kind kind, const char *slug);
str pack_sha256(struct arena *arena, const void *bytes, size_t size); // in hexadecimal
// Reads a file below the folder; NOT_FOUND without it.
MUST_USE error pack_read(const char *folder, const char *name, struct buffer *ret_bytes);
// Writes it as a whole or not at all.
MUST_USE error pack_write(const char *folder, const char *name, str bytes);
// The document of a thing in stock.json, with a key "made_by" that is taken out there.
MUST_USE error pack_describe(
    struct arena *arena, enum item_kind kind, size_t index, const struct product *product, json_t **ret_entry);
