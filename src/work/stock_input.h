// SPDX-License-Identifier: GPL-3.0-or-later
// Files of everybody's stock as what the engine reads. Among the handles of a film's assets, which are ids of blobs,
// they stand as "stock:<id>".
#pragma once

#include "domain/stock.h"
#include "net/child.h"

// The handle of an item, in the arena.
char *stock_input_handle(struct arena *arena, const struct stock_item *item);
bool stock_input_is(str handle);
// Opens the file until the scope's arena goes. ASSET_MISSING when it is not there.
MUST_USE error stock_input(struct scope *scope, str handle, struct child_input *ret_input);
