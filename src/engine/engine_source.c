// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/engine_source.h"

struct reader {
    struct engine_call *call;
    unsigned input;
};

static error read_input(void *context, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got)
{
    const struct reader *reader = context;
    return engine_read(reader->call, reader->input, offset, ret_bytes, size, ret_got);
}

error engine_source_open(struct engine_call *call, unsigned input, struct source **ret_source)
{
    if (input >= engine_input_count(call))
        return error_make(ERROR_ASSET_MISSING, NULL, "Input %u is not there", input);
    struct reader *reader = ARENA_NEW(engine_arena(call), struct reader);
    *reader = (struct reader) { call, input };
    struct source_io io = { .context = reader, .size = engine_input_size(call, input), .read = read_input };
    return source_open(&io, ret_source);
}
