// SPDX-License-Identifier: GPL-3.0-or-later
// What the rows of a table are, in whatever order they come: how many, and the sum of what each says.
#pragma once

#include "base/str.h"

struct database_sum {
    str table;
    int64_t rows;
    uint64_t digest[4]; // the SHA-256 of each row as text, added up as four numbers
};
void database_sum_add(struct database_sum *sum, str row);
