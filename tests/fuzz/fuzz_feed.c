// SPDX-License-Identifier: GPL-3.0-or-later
// A feed of episodes (RSS, Atom), as an engine's child reads it: the file is its one input.
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#include "engine/ops.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct engine_call {
    struct arena *arena;
    const uint8_t *data;
    size_t size;
};

struct arena *engine_arena(struct engine_call *call)
{
    return call->arena;
}

size_t engine_input_count(const struct engine_call *call)
{
    return call->size > 0;
}

uint64_t engine_input_size(const struct engine_call *call, unsigned input)
{
    ASSERT(input == 0);
    return call->size;
}

error engine_read(
    struct engine_call *call, unsigned input, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got)
{
    ASSERT(input == 0 && offset <= call->size && size <= call->size - offset);
    memcpy(ret_bytes, call->data + offset, size);
    *ret_got = size;
    return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena *arena = arena_new(64 << 20);
    struct engine_call call = { arena, data, size };
    json_t *result = NULL, *item;
    size_t i;
    if (error_is(feed_op.run(&call, &result))) {
        ASSERT(!result);
        return 0;
    }
    json_array_foreach (json_object_get(result, "items"), i, item)
        ASSERT(json_is_string(json_object_get(item, "url")));
    char *text = json_dumps(result, JSON_COMPACT);
    ASSERT(text); // all of it is valid UTF-8
    free(text);
    json_decref(result);
    xmlResetLastError();
    return 0;
}
