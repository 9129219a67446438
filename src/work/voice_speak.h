// SPDX-License-Identifier: GPL-3.0-or-later
// A whole text, sentence by sentence: what was spoken before under the same conditions is found and not spoken again.
#pragma once

#include "work/voice_engine.h"

// Gives the sound to `sink` as far as it is spoken. *ret_result: {duration, sample_rate, words: [{text, start, end,
// offset}], phonemes: [{phoneme, start, end}]}, seconds and bytes of the wish's text; a word is as the text writes it.
// `pronunciations` is a list of {word, spoken} (voice_text.h), or NULL. VALIDATION_ERROR for a text that cannot be
// spoken, also one in letters that the voice's language does not have (says who could); VOICE_NOT_FOUND,
// ENGINE_MISSING, and errors of the engine.
MUST_USE error voice_speak(struct arena *arena, const struct voice_asker *asker, const struct voice_wish *wish,
    const json_t *pronunciations, const struct voice_sink *sink, json_t **ret_result);
// What voice_speak would refuse before it begins: the same errors.
MUST_USE error voice_speak_check(struct arena *arena, str voice_id, str text);
// The params of a wish as a film's plan has them: {voice, text, speed, pitch, volume, pronunciations}.
struct voice_wish voice_wish_of(const json_t *params);
