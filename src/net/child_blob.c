// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/child_blob.h"

static error read_blob(void *context, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got)
{
    if (offset > INT64_MAX) {
        *ret_got = 0;
        return OK;
    }
    return blob_read(context, (int64_t)offset, ret_bytes, size, ret_got);
}

static error read_scratch(void *context, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got)
{
    if (offset > INT64_MAX) {
        *ret_got = 0;
        return OK;
    }
    return scratch_read(context, (int64_t)offset, ret_bytes, size, ret_got);
}

static error write_scratch(void *context, uint64_t offset, const void *bytes, size_t size)
{
    if (offset > INT64_MAX - size)
        return error_make(ERROR_ENGINE_FAILED, NULL, "The engine wrote past the end of all files");
    return scratch_write(context, (int64_t)offset, bytes, size);
}

struct child_input child_input_of_blob(struct blob_reader *reader)
{
    return (struct child_input) { reader, (uint64_t)blob_reader_size(reader), read_blob };
}

struct child_input child_input_of_scratch(struct scratch *scratch)
{
    return (struct child_input) { scratch, (uint64_t)scratch_size(scratch), read_scratch };
}

struct child_output child_output_of_scratch(struct scratch *scratch)
{
    return (struct child_output) { scratch, write_scratch, read_scratch };
}
