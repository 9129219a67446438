// SPDX-License-Identifier: GPL-3.0-or-later
// A zip file sent while it is read, entry after entry, as they are: media do not shrink. (APPNOTE.TXT 6.3.9; sizes of
// more than 4 GB by Zip64.) Its length is known before, so that whoever saves it sees how far it is.
#pragma once

#include "api/route.h"
#include "domain/media.h"

struct zip_entry {
    str name;
    str text;                      // what it holds, or
    const struct media_blob *blob; // what the store has of it
};
// Answers with these entries (borrowed, in the call's arena); takes over the exchange of a LANE_STREAM call. Content
// that turns out to be damaged breaks the answer off.
void zip_stream_start(struct api_call *call, const struct zip_entry *entries, size_t count, str file_name);
