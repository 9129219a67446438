// SPDX-License-Identifier: GPL-3.0-or-later
// A change of a video's rows and the way back, both as merge patches (RFC 7396) over one object:
// {"videos": {id: row}, "scenes": {id: row}, "layers": {id: row}}. A row that goes is null, one that comes is whole,
// one that stays names what differs. Rows hold no nulls, so merging is exact in both directions. Pure.
#pragma once

#include "base/json.h"

struct patch {
    json_t *forward, *back; // in an arena
};
struct patch patch_new(struct arena *arena);
// Notes how a row of "videos", "scenes" or "layers" was and is; NULL: it was or is not there. A row that differs in
// nothing but its revision is left out.
void patch_row(struct patch *patch, const char *table, str id, const json_t *before, const json_t *after);
// The same for two whole states.
struct patch patch_between(struct arena *arena, const json_t *before, const json_t *after);
bool patch_is_empty(const struct patch *patch);
// What a patch says of a row; JSON null for one that goes, NULL when it says nothing.
json_t *patch_of_row(const json_t *patch, const char *table, str id);

extern const char *const patch_tables[3];
// The member that says where a row of the table stands in its list; NULL for videos.
const char *patch_order_key(const char *table);
// The leaves that both row patches name, by path ("properties.text"), with the value that `row` has there (JSON null:
// none): a new object in the arena.
json_t *patch_common(struct arena *arena, const json_t *mine, const json_t *theirs, const json_t *row);
