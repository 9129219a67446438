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
    struct source_io io = engine_source_io(call, input);
    return source_open(&io, ret_source);
}

static struct source_io make_io(struct engine_call *call, unsigned input, struct arena *arena)
{
    ASSERT(input < engine_input_count(call));
    struct reader *reader = ARENA_NEW(arena, struct reader);
    *reader = (struct reader) { call, input };
    return (struct source_io) { .context = reader, .size = engine_input_size(call, input), .read = read_input };
}

struct source_io engine_source_io(struct engine_call *call, unsigned input)
{
    return make_io(call, input, engine_arena(call));
}

const struct source_io *engine_inputs_io(struct engine_call *call, struct arena *arena)
{
    unsigned count = (unsigned)engine_input_count(call);
    struct source_io *inputs = ARENA_ARRAY(arena, struct source_io, count);
    for (unsigned i = 0; i < count; i++)
        inputs[i] = make_io(call, i, arena);
    return inputs;
}

void engine_inputs_move(const struct source_io *inputs, struct engine_call *call)
{
    for (size_t i = 0; i < engine_input_count(call); i++)
        ((struct reader *)inputs[i].context)->call = call;
}

struct writer {
    struct engine_call *call;
    unsigned output;
};

static error write_output(void *context, uint64_t offset, const void *bytes, size_t size)
{
    const struct writer *writer = context;
    return engine_write(writer->call, writer->output, offset, bytes, size);
}

static error read_output(void *context, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got)
{
    const struct writer *writer = context;
    return engine_read_back(writer->call, writer->output, offset, ret_bytes, size, ret_got);
}

struct sink_io engine_sink_io(struct engine_call *call, unsigned output)
{
    struct writer *writer = ARENA_NEW(engine_arena(call), struct writer);
    *writer = (struct writer) { call, output };
    return (struct sink_io) { .context = writer, .write = write_output, .read_back = read_output };
}
