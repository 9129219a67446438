// SPDX-License-Identifier: GPL-3.0-or-later
// Any bytes as a file of subtitles: what comes out holds what caption_file.h says.
#include "base/error.h"
#include "domain/caption_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena *arena = arena_new(64 << 20);
    // A copy of its own size, so that reading past the end is noticed.
    str bytes = { arena_copy(arena, data, size), size };
    struct list captions;
    if (error_is(caption_file_read(arena, bytes, &captions)))
        return 0;
    const struct caption *all = captions.items;
    ASSERT(captions.count > 0 && captions.count <= CAPTIONS_MAX);
    for (size_t i = 0; i < captions.count; i++) {
        ASSERT(all[i].start >= 0 && all[i].end >= all[i].start);
        ASSERT(i == 0 || all[i].start >= all[i - 1].start);
        ASSERT(all[i].text.size && all[i].text.size <= CAPTION_BYTES && str_is_utf8(all[i].text));
        ASSERT(str_index(all[i].text, '\n') < 0 && str_equal(str_trim(all[i].text), all[i].text));
        ASSERT(!all[i].speaker.data || (all[i].speaker.size && str_is_utf8(all[i].speaker)));
    }
    return 0;
}
