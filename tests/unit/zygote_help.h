// SPDX-License-Identifier: GPL-3.0-or-later
// One zygote for a list of tests, and questions to fresh children of it.
#pragma once

#include "engine_help.h"

static struct zygote *zygote;

static int start_zygote(void **state)
{
    (void)state;
    assert_ok(zygote_start(engine_path(), ZYGOTE_PLAIN, &zygote));
    return 0;
}

static int stop_zygote(void **state)
{
    (void)state;
    zygote_stop(zygote);
    return 0;
}

// Drops its own reference to the parameters.
static inline error question(const char *op, json_t *params, struct memory_file *file, struct arena *arena,
    struct buffer *output, json_t **ret_result)
{
    struct child *child;
    assert_non_null(params);
    assert_ok(child_fork(zygote, NULL, &child));
    error failure = ask(child, arena, op, params, file, output, ret_result);
    child_end(child);
    json_decref(params);
    return failure;
}

static inline struct memory_file file_of_buffer(const struct buffer *buffer)
{
    return (struct memory_file) { .data = buffer->data, .size = buffer->size };
}
