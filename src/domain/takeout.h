// SPDX-License-Identifier: GPL-3.0-or-later
// All that is a user's own, one thing after the other, as it goes into the file that they take along: the account,
// links (without cookies), files, transcripts, videos with their newest films.
#pragma once

#include "domain/media.h"

// Where it is; zeroed at the beginning.
struct takeout {
    int phase;
    int64_t at; // number of the row before
    bool film;  // of the video at `at`, comes next
};
struct takeout_item {
    str name;                      // of the file: "media/000012-talk.wav"
    str text;                      // what it holds, or
    const struct media_blob *blob; // what the store has of it
};
// The acting user's next one, in the arena; *ret_found is false after the last.
MUST_USE error takeout_next(
    struct scope *scope, struct takeout *takeout, struct takeout_item *ret_item, bool *ret_found);
