// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers by chance that are the same on every run: everything in the pack is drawn from the seed of its own name.
// SplitMix64 (Steele, Lea, Flood 2014).
#pragma once

#include "base/str.h"

struct chance {
    uint64_t state;
};

// The chance of a thing and one of its aspects ("warm-rain", "drops").
struct chance chance_of(const char *name, const char *aspect);
uint64_t chance_next(struct chance *chance);
double chance_unit(struct chance *chance); // 0 to 1, 1 excluded
double chance_between(struct chance *chance, double low, double high);
int chance_below(struct chance *chance, int count); // 0 to count - 1
bool chance_of_one(struct chance *chance, double probability);
double chance_bell(struct chance *chance); // normal, mean 0, deviation 1
// A fixed number 0 to 1 for a place of a grid.
double chance_at(uint32_t seed, int x, int y);
