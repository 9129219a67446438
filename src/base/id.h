// SPDX-License-Identifier: GPL-3.0-or-later
// Identifiers: UUID version 7 (RFC 9562), time-ordered so that indexes stay compact.
#pragma once

#include "base/str.h"

// 36 characters, lower case, unique across threads and machines.
str id_new(struct arena *arena);
void id_write(char out[static 37]);
// Any RFC 9562 UUID in the 8-4-4-4-12 form, either case.
bool id_is_valid(str text);
// Fills with bytes from the system's random source; ends the program if it has none.
void id_random(void *ret_bytes, size_t size);
