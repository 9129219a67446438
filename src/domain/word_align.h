// SPDX-License-Identifier: GPL-3.0-or-later
// Carries word times over to a corrected text.
#pragma once

#include "domain/transcription.h"

// Rewrites text and words of each segment (struct segment, in order) so that together they say `text`. Words that
// stay keep their times and confidence; a run of changed words shares the time of the run it replaces, longer words
// getting more of it, with confidence 1 (a person wrote them). A segment that loses all its words gets an empty text.
MUST_USE error word_align(struct arena *arena, str text, struct list *segments);
