// SPDX-License-Identifier: GPL-3.0-or-later
// Puts who speaks (asr.speakers) and what is said (asr.decode) together.
#pragma once

#include "domain/transcript.h"

// Gives every word to the speaker whose turn covers most of it, else to the nearest turn, and cuts segments so that
// each belongs to one speaker: "speaker_1" and so on in order of their first words. `speakers` is the result of
// asr.speakers; NULL, or one without turns: everything is said by "speaker_1". ENGINE_FAILED when it makes no sense.
MUST_USE error transcript_set_speakers(struct arena *arena, struct transcript *transcript, const json_t *speakers);
