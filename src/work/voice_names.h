// SPDX-License-Identifier: GPL-3.0-or-later
// What people see of the engines' voices: persons' names, codes as the web writes them, a sentence to hear. Pure.
#pragma once

#include "domain/voice.h"

// Turns an engine's own description (JSON of tts.voices) into an entry of the catalogue, in the arena.
struct voice voice_entry(struct arena *arena, const json_t *described);
// What a voice says as its sample.
str voice_sample_text(struct arena *arena, const struct voice *voice);
