// SPDX-License-Identifier: GPL-3.0-or-later
// Voices for the server: the catalogue, and texts spoken at once by warm children, with the cache of sentences.
#pragma once

#include "domain/scope.h"
#include "domain/voice.h"
#include "net/warm.h"

struct voices;
// All three must outlive it.
MUST_USE error voices_open(struct warm *warm, struct zygote *zygote, struct db_pool *pool, struct voices **ret_voices);
void voices_close(struct voices *voices); // NULL is allowed

// Every voice of the engines at hand (struct voice, in the scope's arena), aliases first; the engines are asked once.
MUST_USE error voices_list(void *voices, struct scope *scope, struct list *ret_voices);
// Speaks a wish and appends an MP3 file. *ret_result as voice_speak gives it. Errors of voice_speak; UNAVAILABLE where
// too much is to be spoken just now. `deadline_us` is the scope's, or a minute.
MUST_USE error voices_speak(
    void *voices, struct scope *scope, const struct voice_wish *wish, struct buffer *ret_file, json_t **ret_result);
// Speaks a wish into a file of a format of audio.encode that goes out while it is spoken, after the first sentence; the
// same errors, and what `to` answered. Once bytes went out, an error leaves the file without its end.
MUST_USE error voices_stream(
    void *voices, struct scope *scope, const struct voice_wish *wish, str format, const struct voice_out *to);
// VOICE_NOT_FOUND, ENGINE_MISSING, and VALIDATION_ERROR for a text in letters that the voice's language does not have.
// Of a voice server, any voice of its own is taken for known.
MUST_USE error voices_check(void *voices, struct scope *scope, str id, str text);
// What a voice says as its sample, of voices_list.
str voices_sample_text(struct arena *arena, const struct voice *voice);
