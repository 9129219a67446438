// SPDX-License-Identifier: GPL-3.0-or-later
// Spoken sentences in the cache of what can be made again.
#pragma once

#include "domain/scope.h"
#include "work/voice_engine.h"

// Its samples, where the cache has them.
MUST_USE error voice_cache_find(struct scope *scope, str key, struct voice_sound *ret_sound, bool *ret_found);
// The samples as a blob that no row knows yet.
MUST_USE error voice_cache_store(struct scope *scope, const struct voice_sound *sound, struct blob_info *ret_blob);
