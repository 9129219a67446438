// SPDX-License-Identifier: GPL-3.0-or-later
// Short words for the tables of pieces. Levels, places and rooms are MIDI's, 0 to 127; `from` is the least energy of a
// section in which the part plays.
#pragma once

#include "music.h"

#define PAD(program, low, high, level, pan, room, from)                                                                \
    {                                                                                                                  \
        ROLE_PAD, program, NULL, low, high, level, pan, room, from, ENERGY_MAX                                         \
    }
#define COMP(program, pattern, low, high, level, pan, room, from)                                                      \
    {                                                                                                                  \
        ROLE_COMP, program, pattern, low, high, level, pan, room, from, ENERGY_MAX                                     \
    }
#define BASS(program, pattern, low, level, from)                                                                       \
    {                                                                                                                  \
        ROLE_BASS, program, pattern, low, (low) + 21, level, 64, 10, from, ENERGY_MAX                                  \
    }
#define LEAD(program, rhythm, low, high, level, pan, room, from)                                                       \
    {                                                                                                                  \
        ROLE_LEAD, program, rhythm, low, high, level, pan, room, from, ENERGY_MAX                                      \
    }
#define SECOND(program, level, pan, room, from)                                                                        \
    {                                                                                                                  \
        ROLE_SECOND, program, NULL, 40, 96, level, pan, room, from, ENERGY_MAX                                         \
    }
#define LINE(program, low, high, level, pan, room, from)                                                               \
    {                                                                                                                  \
        ROLE_LINE, program, NULL, low, high, level, pan, room, from, ENERGY_MAX                                        \
    }
#define DRUMS(kit, groove, level, from)                                                                                \
    {                                                                                                                  \
        ROLE_DRUMS, kit, groove, 0, 0, level, 64, 26, from, ENERGY_MAX                                                 \
    }

// The tables, one file for a family of styles.
extern const struct piece music_calm[], music_songs[], music_grooves[], music_stage[];
enum { CALM_COUNT = 11, SONGS_COUNT = 12, GROOVES_COUNT = 11, STAGE_COUNT = 12 };
