// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/stock_input.h"

#include <errno.h>
#include <unistd.h>

static const char prefix[] = "stock:";

char *stock_input_handle(struct arena *arena, const struct stock_item *item)
{
    return (char *)str_format(arena, "%s%.*s", prefix, STR_ARGS(item->id)).data;
}

bool stock_input_is(str handle)
{
    return str_starts(handle, str_of(prefix));
}

struct input {
    int file;
};

static void close_input(void *input)
{
    close(((struct input *)input)->file);
}

static error read_input(void *context, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got)
{
    const struct input *input = context;
    ssize_t got = offset > INT64_MAX ? 0 : pread(input->file, ret_bytes, size, (off_t)offset);
    if (got < 0)
        return error_system("read", "a file of the stock", errno);
    *ret_got = (size_t)got;
    return OK;
}

error stock_input(struct scope *scope, str handle, struct child_input *ret_input)
{
    struct stock_item item;
    bool found;
    int64_t size_bytes;
    struct input *input = ARENA_NEW(scope->arena, struct input);
    TRY(stock_find(scope, str_sub(handle, sizeof prefix - 1, handle.size), &item, &found));
    error missing = found ? stock_open(scope->arena, &item, STOCK_CONTENT, &input->file, &size_bytes)
                          : error_of(ERROR_NOT_FOUND);
    if (error_is(missing))
        return error_make(ERROR_ASSET_MISSING, NULL, "A file of the stock is not there any more: %.*s",
            STR_ARGS(found ? item.title : handle));
    arena_defer(scope->arena, close_input, input);
    *ret_input = (struct child_input) { input, (uint64_t)size_bytes, read_input, str_to_c(scope->arena, item.sha256) };
    return OK;
}
