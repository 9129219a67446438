// SPDX-License-Identifier: GPL-3.0-or-later
// How drawn avatars look, and those that everybody has. Pure.
#pragma once

#include "base/shape.h"

struct avatar_stock {
    const char *id, *name, *gender, *style;
    const char *parent; // id of the character that this is a variation of; NULL: a character
    bool is_premium;
    const char *look; // JSON
};
extern const struct avatar_stock avatar_stock[]; // ends with a row without id

// By id, or by name whatever its case; NULL when there is none.
const struct avatar_stock *avatar_stock_find(str id);
// Complains of members that are no part of a look, parts that there are not and colours that are none.
void avatar_look_check(struct arena *arena, const json_t *look, struct problems *problems);
