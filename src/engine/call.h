// SPDX-License-Identifier: GPL-3.0-or-later
// One question to the engine: its parameters, its inputs and outputs (which the asker serves), its result.
// An ability is one file with one `struct engine_op` and one line in op_list.c.
#pragma once

#include "base/json.h"

struct engine_call;

struct engine_op {
    const char *name; // "probe"
    // Answers with *ret_result (a new reference, an object). `call` and its arena end with the return.
    error (*run)(struct engine_call *call, json_t **ret_result);
};
extern const struct engine_op *const engine_ops[]; // NULL-terminated, in op_list.c

struct arena *engine_arena(struct engine_call *call);
const json_t *engine_params(const struct engine_call *call); // borrowed object
size_t engine_input_count(const struct engine_call *call);
uint64_t engine_input_size(const struct engine_call *call, unsigned input); // bytes
// What the asker calls an input: the same name, the same bytes. STR_NONE: it does not say.
str engine_input_name(const struct engine_call *call, unsigned input);
// Reads up to `size` bytes at `offset`; fewer only at the end of the input.
MUST_USE error engine_read(
    struct engine_call *call, unsigned input, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got);
MUST_USE error engine_write(struct engine_call *call, unsigned output, uint64_t offset, const void *bytes, size_t size);
// Reads back what was written before, as muxers do that move their index to the front.
MUST_USE error engine_read_back(
    struct engine_call *call, unsigned output, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got);
// One thing that the op keeps for its next question in the same child, until another op is asked or the child ends.
// engine_kept gives it back to the op, which then owns it (NULL: there is none).
void *engine_kept(struct engine_call *call, const struct engine_op *op);
void engine_keep(struct engine_call *call, const struct engine_op *op, void *thing, void (*free_thing)(void *thing));
// Tells how much is done (0..1), at most ten times a second on the wire; CANCELLED when the asker wants no more.
MUST_USE error engine_progress(struct engine_call *call, double done);
