// SPDX-License-Identifier: GPL-3.0-or-later
// All pieces, in the order of the pack.
#include "music_parts.h"

#define THREE(table, from) &(table)[from], &(table)[(from) + 1], &(table)[(from) + 2]

const struct piece *const music_pieces[] = {
    THREE(music_calm, 0),
    THREE(music_calm, 3),
    THREE(music_calm, 6),
    &music_calm[9],
    &music_calm[10],
    THREE(music_songs, 0),
    THREE(music_songs, 3),
    THREE(music_songs, 6),
    THREE(music_songs, 9),
    THREE(music_grooves, 0),
    THREE(music_grooves, 3),
    THREE(music_grooves, 6),
    &music_grooves[9],
    &music_grooves[10],
    THREE(music_stage, 0),
    THREE(music_stage, 3),
    THREE(music_stage, 6),
    THREE(music_stage, 9),
    NULL,
};
