// SPDX-License-Identifier: GPL-3.0-or-later
#include "random.h"

#include <math.h>

struct chance chance_of(const char *name, const char *aspect)
{
    uint64_t seed = str_hash(str_of(name)) ^ (str_hash(str_of(aspect)) * 0x9E3779B97F4A7C15u);
    struct chance chance = { seed };
    chance_next(&chance);
    return chance;
}

uint64_t chance_next(struct chance *chance)
{
    uint64_t z = chance->state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

double chance_unit(struct chance *chance)
{
    return (double)(chance_next(chance) >> 11) * 0x1p-53;
}

double chance_between(struct chance *chance, double low, double high)
{
    return low + (high - low) * chance_unit(chance);
}

int chance_below(struct chance *chance, int count)
{
    return (int)(chance_unit(chance) * count);
}

bool chance_of_one(struct chance *chance, double probability)
{
    return chance_unit(chance) < probability;
}

// The sum of uniform numbers comes close enough, and has no far outliers.
double chance_bell(struct chance *chance)
{
    double sum = 0;
    for (int i = 0; i < 6; i++)
        sum += chance_unit(chance);
    return (sum - 3) * M_SQRT2;
}

double chance_at(uint32_t seed, int x, int y)
{
    uint32_t h = seed * 0x9E3779B1u ^ (uint32_t)x * 0x85EBCA77u ^ (uint32_t)y * 0xC2B2AE3Du;
    h = (h ^ (h >> 15)) * 0x2C1B3C6Du;
    h = (h ^ (h >> 12)) * 0x297A2D39u;
    return (double)(h ^ (h >> 15)) * 0x1p-32;
}
