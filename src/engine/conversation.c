// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/conversation.h"

#include <poll.h>

#include "base/clock.h"
#include "base/wire.h"
#include "engine/call.h"

enum { ARENA_CAP = 256 << 20, PROGRESS_INTERVAL_US = 100000, INPUTS_MAX = 1024 };

struct kept {
    const struct engine_op *op; // whose it is
    void *thing;                // NULL: nothing
    void (*free_thing)(void *thing);
};

struct engine_call {
    int fd;
    struct kept *kept;
    struct arena *arena;
    const json_t *params;
    uint64_t *input_sizes; // bytes
    str *input_names;
    size_t input_count, output_count;
    int64_t progress_us; // when the last one was sent
    error broken;        // the socket failed or the asker cancelled: no more talking
};

struct arena *engine_arena(struct engine_call *call)
{
    return call->arena;
}

const json_t *engine_params(const struct engine_call *call)
{
    return call->params;
}

size_t engine_input_count(const struct engine_call *call)
{
    return call->input_count;
}

uint64_t engine_input_size(const struct engine_call *call, unsigned input)
{
    return input < call->input_count ? call->input_sizes[input] : 0;
}

static error broken(struct engine_call *call, error why)
{
    if (error_is(why) && !error_is(call->broken))
        call->broken = why;
    return why;
}

str engine_input_name(const struct engine_call *call, unsigned input)
{
    return input < call->input_count ? call->input_names[input] : STR_NONE;
}

static void forget(struct kept *kept)
{
    if (kept->thing)
        kept->free_thing(TAKE(kept->thing));
}

void *engine_kept(struct engine_call *call, const struct engine_op *op)
{
    return call->kept->op == op ? TAKE(call->kept->thing) : NULL;
}

void engine_keep(struct engine_call *call, const struct engine_op *op, void *thing, void (*free_thing)(void *thing))
{
    forget(call->kept);
    *call->kept = (struct kept) { op, thing, free_thing };
}

// One READ or READ_BACK of at most WIRE_BLOCK.
static error ask_block(struct engine_call *call, enum wire_type type, unsigned index, uint64_t offset, void *ret_bytes,
    size_t size, size_t *ret_got)
{
    uint32_t wanted = (uint32_t)(size < WIRE_BLOCK ? size : WIRE_BLOCK);
    struct wire_frame frame;
    TRY(broken(call, wire_send(call->fd, type, index, offset, &wanted, sizeof wanted)));
    TRY(broken(call, wire_receive(call->fd, -1, &frame)));
    if (frame.type != WIRE_DATA || frame.size > wanted)
        return broken(call, error_of(ERROR_CANCELLED));
    TRY(broken(call, wire_payload(call->fd, ret_bytes, frame.size)));
    *ret_got = frame.size;
    return OK;
}

static error ask(struct engine_call *call, enum wire_type type, unsigned index, uint64_t offset, void *ret_bytes,
    size_t size, size_t *ret_got)
{
    if (error_is(call->broken))
        return call->broken;
    size_t done = 0, got = 1;
    while (done < size && got) {
        TRY(ask_block(call, type, index, offset + done, (char *)ret_bytes + done, size - done, &got));
        done += got;
    }
    *ret_got = done;
    return OK;
}

error engine_read(
    struct engine_call *call, unsigned input, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got)
{
    if (input >= call->input_count)
        return error_make(ERROR_ASSET_MISSING, NULL, "Input %u is not there", input);
    if (offset >= call->input_sizes[input]) {
        *ret_got = 0;
        return OK;
    }
    uint64_t left = call->input_sizes[input] - offset;
    return ask(call, WIRE_READ, input, offset, ret_bytes, size < left ? size : (size_t)left, ret_got);
}

static error check_output(const struct engine_call *call, unsigned output)
{
    if (output >= call->output_count)
        return error_make(ERROR_ENGINE_FAILED, NULL, "Output %u is not there", output);
    return OK;
}

error engine_read_back(
    struct engine_call *call, unsigned output, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got)
{
    TRY(check_output(call, output));
    return ask(call, WIRE_READ_BACK, output, offset, ret_bytes, size, ret_got);
}

error engine_write(struct engine_call *call, unsigned output, uint64_t offset, const void *bytes, size_t size)
{
    TRY(check_output(call, output));
    if (error_is(call->broken))
        return call->broken;
    for (size_t done = 0, block; done < size; done += block) {
        block = size - done < WIRE_BLOCK ? size - done : WIRE_BLOCK;
        TRY(broken(call, wire_send(call->fd, WIRE_WRITE, output, offset + done, (const char *)bytes + done, block)));
    }
    return OK;
}

// Between questions and answers the asker only ever says CANCEL or hangs up.
static bool asker_spoke(int fd)
{
    struct pollfd poller = { .fd = fd, .events = POLLIN };
    return poll(&poller, 1, 0) > 0;
}

error engine_progress(struct engine_call *call, double done)
{
    if (error_is(call->broken))
        return call->broken;
    int64_t now_us = clock_mono_us();
    if (now_us - call->progress_us < PROGRESS_INTERVAL_US)
        return OK;
    call->progress_us = now_us;
    if (asker_spoke(call->fd))
        return broken(call, error_of(ERROR_CANCELLED));
    BUFFER_AUTO struct buffer buffer = { 0 };
    struct json_out out = { .buffer = &buffer };
    json_object_begin(&out);
    json_key(&out, "progress");
    json_put_number(&out, done > 1 ? 1 : done > 0 ? done : 0);
    json_object_end(&out);
    return broken(call, wire_send(call->fd, WIRE_PROGRESS, 0, 0, buffer.data, buffer.size));
}

static error read_question(struct engine_call *call, str text, const struct engine_op **ret_op)
{
    json_t *start;
    TRY(json_read(call->arena, text, &start));
    call->params = json_object_get(start, "params");
    if (!json_is_object(call->params))
        call->params = json_keep(call->arena, json_object());
    const json_t *inputs = json_object_get(start, "inputs");
    call->input_count = json_array_size(inputs);
    call->output_count = (size_t)json_get_int(start, "outputs", 0);
    if (call->input_count > INPUTS_MAX)
        return error_make(ERROR_LIMIT_EXCEEDED, NULL, "More than %d inputs", INPUTS_MAX);
    call->input_sizes = ARENA_ARRAY(call->arena, uint64_t, call->input_count);
    call->input_names = ARENA_ARRAY(call->arena, str, call->input_count);
    for (size_t i = 0; i < call->input_count; i++) {
        call->input_sizes[i] = (uint64_t)json_get_int(json_array_get(inputs, i), "size", 0);
        call->input_names[i] = json_get_str(json_array_get(inputs, i), "name");
    }
    str name = json_get_str(start, "op");
    for (const struct engine_op *const *op = engine_ops; *op; op++)
        if (str_equal_c(name, (*op)->name)) {
            *ret_op = *op;
            return OK;
        }
    return error_make(ERROR_ENGINE_FAILED, NULL, "The engine has no ability named %.*s", STR_ARGS(name));
}

static error answer(struct engine_call *call, enum wire_type type, const json_t *value)
{
    str text = json_text(call->arena, value);
    if (text.size > WIRE_PAYLOAD_MAX)
        return error_make(ERROR_LIMIT_EXCEEDED, NULL, "The result is larger than allowed");
    return broken(call, wire_send(call->fd, type, 0, 0, text.data, text.size));
}

static error answer_failure(struct engine_call *call, error why)
{
    json_t *value = json_object();
    json_object_set_new(value, "code", json_string(error_info(why.code)->name));
    json_object_set_new(value, "field", json_str(str_of(why.field)));
    // A message may have been cut within a character; jansson refuses that.
    json_t *message = json_string(why.message);
    json_object_set_new(value, "message", message ? message : json_string(error_info(why.code)->sentence));
    return answer(call, WIRE_FAIL, json_keep(call->arena, value));
}

static error run(struct engine_call *call, str question)
{
    const struct engine_op *op = NULL;
    json_t *result = NULL;
    error failure = read_question(call, question, &op);
    if (op != call->kept->op) // its memory is wanted for something else now
        forget(call->kept);
    if (!error_is(failure))
        failure = op->run(call, &result);
    ASSERT(error_is(failure) || result);
    if (result)
        json_keep(call->arena, result);
    if (!error_is(failure) && arena_over(call->arena))
        failure = error_of(ERROR_LIMIT_EXCEEDED);
    if (!error_is(failure))
        failure = answer(call, WIRE_RESULT, result);
    if (error_is(call->broken))
        return call->broken;
    return error_is(failure) ? answer_failure(call, failure) : OK;
}

static error converse(int fd, struct arena *arena, struct kept *kept)
{
    while (true) {
        struct wire_frame frame;
        struct pollfd poller = { .fd = fd, .events = POLLIN };
        if (poll(&poller, 1, -1) < 0 || !(poller.revents & POLLIN))
            return OK;
        if (error_is(wire_receive(fd, -1, &frame)))
            return OK; // the asker is done with us
        char *text = arena_alloc_raw(arena, frame.size);
        TRY(wire_payload(fd, text, frame.size));
        if (frame.type == WIRE_CANCEL)
            continue; // it crossed our answer
        if (frame.type != WIRE_START)
            return error_of(ERROR_ENGINE_FAILED);
        struct engine_call call = { .fd = fd, .kept = kept, .arena = arena };
        TRY(run(&call, (str) { text, frame.size }));
        arena_reset(arena);
    }
}

error conversation_run(int fd)
{
    ARENA_AUTO struct arena *arena = arena_new(ARENA_CAP);
    struct kept kept = { 0 };
    error ended = converse(fd, arena, &kept);
    forget(&kept);
    return ended;
}
