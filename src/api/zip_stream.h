// SPDX-License-Identifier: GPL-3.0-or-later
// A zip file sent while it is read, entry after entry, as they are: media do not shrink. (APPNOTE.TXT 6.3.9; sizes of
// more than 4 GB by Zip64.) In memory are one entry and the directory of those that were sent.
#pragma once

#include "api/route.h"
#include "domain/media.h"

struct zip_entry {
    str name;
    str text;                      // what it holds, or
    const struct media_blob *blob; // what the store has of it
};
// Gives one entry after the other; what it makes in the arena lives until the next one is asked for.
struct zip_source {
    void *context;
    error (*next)(
        void *context, struct worker *worker, struct arena *arena, struct zip_entry *ret_entry, bool *ret_found);
};
// Answers with the source's entries (context in the call's arena); takes over the exchange of a LANE_STREAM call. What
// turns out to be damaged or too much breaks the answer off.
void zip_stream_pull(struct api_call *call, const struct zip_source *source, str file_name);
// The same with entries that are known before (borrowed, in the call's arena), so that whoever saves the file sees how
// far it is.
void zip_stream_start(struct api_call *call, const struct zip_entry *entries, size_t count, str file_name);
