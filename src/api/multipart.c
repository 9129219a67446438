// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/multipart.h"

#include <stdlib.h>
#include <string.h>

enum { HELD_STEP = 1024 }; // bytes taken at once of what is not a file's content

enum state { PREAMBLE, AFTER_BOUNDARY, HEAD, BODY, CLOSED };

struct multipart {
    const struct multipart_ops *ops;
    void *context;
    enum state state;
    char delimiter[MULTIPART_BOUNDARY_MAX + 8]; // CR LF - - boundary
    size_t delimiter_size;
    struct buffer held; // what is not decided yet: the beginning of a delimiter, a part's head, or 2 bytes
    struct arena *arena;
};

error multipart_new(str boundary, const struct multipart_ops *ops, void *context, struct multipart **ret_multipart)
{
    if (boundary.size == 0 || boundary.size > MULTIPART_BOUNDARY_MAX)
        return error_make(
            ERROR_VALIDATION_ERROR, "Content-Type", "The body must be multipart/form-data with a boundary");
    struct multipart *multipart = calloc(1, sizeof *multipart);
    ASSERT_MEMORY(multipart);
    *multipart = (struct multipart) { .ops = ops, .context = context, .arena = arena_new(MULTIPART_HEAD_MAX * 2) };
    memcpy(multipart->delimiter, "\r\n--", 4);
    memcpy(multipart->delimiter + 4, boundary.data, boundary.size);
    multipart->delimiter_size = boundary.size + 4;
    buffer_append_c(&multipart->held, "\r\n"); // so that a delimiter at the very start looks like all others
    *ret_multipart = multipart;
    return OK;
}

void multipart_free(struct multipart *multipart)
{
    if (!multipart)
        return;
    buffer_done(&multipart->held);
    arena_free(multipart->arena);
    free(multipart);
}

static str parameter(struct arena *arena, str header, const char *name)
{
    str needle = str_format(arena, "%s=\"", name);
    for (size_t from = 0; from < header.size;) {
        ptrdiff_t at = str_find(str_sub(header, from, header.size), needle);
        if (at < 0)
            return STR_NONE;
        size_t start = from + (size_t)at;
        bool whole = start == 0 || header.data[start - 1] == ' ' || header.data[start - 1] == ';';
        if (whole) {
            str value = str_sub(header, start + needle.size, header.size);
            ptrdiff_t end = str_index(value, '"');
            return end < 0 ? STR_NONE : str_copy(arena, str_sub(value, 0, (size_t)end));
        }
        from = start + needle.size;
    }
    return STR_NONE;
}

static error begin_part(struct multipart *multipart, str head)
{
    struct multipart_part part = { 0 };
    arena_reset(multipart->arena);
    while (head.size) {
        ptrdiff_t end = str_find(head, STR("\r\n"));
        str line = end < 0 ? head : str_sub(head, 0, (size_t)end);
        head = end < 0 ? STR_NONE : str_sub(head, (size_t)end + 2, head.size);
        ptrdiff_t colon = str_index(line, ':');
        if (colon < 0)
            continue;
        str name = str_trim(str_sub(line, 0, (size_t)colon)),
            value = str_trim(str_sub(line, (size_t)colon + 1, line.size));
        if (str_equal_fold(name, STR("Content-Disposition"))) {
            part.name = parameter(multipart->arena, value, "name");
            part.file_name = parameter(multipart->arena, value, "filename");
        } else if (str_equal_fold(name, STR("Content-Type"))) {
            part.content_type = str_copy(multipart->arena, value);
        }
    }
    if (!part.name.data)
        return error_make(ERROR_VALIDATION_ERROR, "body", "A part of the multipart body has no name");
    return multipart->ops->part(multipart->context, &part);
}

// How many bytes at the end of `data` may be the beginning of a delimiter.
static size_t undecided(const struct multipart *multipart, str data)
{
    size_t most = multipart->delimiter_size - 1;
    str tail = data.size > most ? str_sub(data, data.size - most, most) : data;
    for (ptrdiff_t at; (at = str_index(tail, '\r')) >= 0; tail = str_sub(tail, 1, tail.size)) {
        tail = str_sub(tail, (size_t)at, tail.size);
        if (!memcmp(tail.data, multipart->delimiter, tail.size))
            return tail.size;
    }
    return 0;
}

// Gives away data up to where a delimiter may begin; *ret_used bytes are done with, *ret_found when one was among them.
static error take_data(struct multipart *multipart, str data, size_t *ret_used, bool *ret_found)
{
    ptrdiff_t at = str_find(data, (str) { multipart->delimiter, multipart->delimiter_size });
    size_t size = at >= 0 ? (size_t)at : data.size - undecided(multipart, data);
    *ret_found = at >= 0;
    *ret_used = at >= 0 ? size + multipart->delimiter_size : size;
    if (size && multipart->state == BODY)
        TRY(multipart->ops->data(multipart->context, data.data, size));
    if (at >= 0 && multipart->state == BODY)
        TRY(multipart->ops->part_end(multipart->context));
    if (at >= 0)
        multipart->state = AFTER_BOUNDARY;
    return OK;
}

// One step; *ret_again false when more bytes are needed.
static error step(struct multipart *multipart, bool *ret_again)
{
    struct buffer *held = &multipart->held;
    size_t used;
    *ret_again = false;
    switch (multipart->state) {
    case PREAMBLE:
    case BODY:
        TRY(take_data(multipart, buffer_str(held), &used, ret_again));
        buffer_consume(held, used);
        return OK;
    case AFTER_BOUNDARY:
        if (held->size < 2)
            return OK;
        bool last = !memcmp(held->data, "--", 2);
        if (!last && memcmp(held->data, "\r\n", 2) != 0)
            return error_make(ERROR_VALIDATION_ERROR, "body", "The multipart body is malformed after a boundary");
        multipart->state = last ? CLOSED : HEAD;
        if (last)
            buffer_consume(held, 2);
        *ret_again = true;
        return OK;
    case HEAD:; // the CR LF of the boundary line is still held, so an empty head ends at once
        ptrdiff_t end = str_find(buffer_str(held), STR("\r\n\r\n"));
        if (end < 0 && held->size > MULTIPART_HEAD_MAX)
            return error_make(ERROR_VALIDATION_ERROR, "body", "The head of a multipart part is too long");
        if (end < 0)
            return OK;
        TRY(begin_part(multipart, str_sub(buffer_str(held), 0, (size_t)end)));
        buffer_consume(held, (size_t)end + 4);
        multipart->state = BODY;
        *ret_again = true;
        return OK;
    case CLOSED:
        held->size = 0;
        return OK;
    }
    return OK;
}

error multipart_feed(struct multipart *multipart, const char *bytes, size_t size)
{
    str input = { bytes, size };
    while (input.size && multipart->state != CLOSED) {
        // A file's bytes go by without being copied; what is around them is held a little at a time.
        bool direct = multipart->state == BODY && multipart->held.size == 0, again = !direct;
        size_t used = input.size < HELD_STEP ? input.size : HELD_STEP;
        if (direct) {
            TRY(take_data(multipart, input, &used, &again));
            if (!again && used < input.size) {
                buffer_append_str(&multipart->held, str_sub(input, used, input.size));
                used = input.size;
            }
        } else {
            buffer_append_str(&multipart->held, str_sub(input, 0, used));
        }
        if (multipart->held.failed)
            return error_make(ERROR_UNAVAILABLE, NULL, "Out of memory");
        while (again)
            TRY(step(multipart, &again));
        input = str_sub(input, used, input.size);
    }
    return OK;
}

error multipart_end(const struct multipart *multipart)
{
    return multipart->state == CLOSED ? OK : error_of(ERROR_UPLOAD_INCOMPLETE);
}

struct fields {
    struct arena *arena;
    void (*field)(void *context, str name, str value);
    void *context;
    str name;
    struct buffer value;
    bool is_file;
};

static error field_part(void *context, const struct multipart_part *part)
{
    struct fields *fields = context;
    fields->name = str_copy(fields->arena, part->name);
    fields->is_file = part->file_name.data != NULL;
    fields->value.limit = MULTIPART_FIELD_MAX;
    buffer_clear(&fields->value);
    return OK;
}

static error field_data(void *context, const char *bytes, size_t size)
{
    struct fields *fields = context;
    if (!fields->is_file)
        buffer_append(&fields->value, bytes, size);
    return OK;
}

static error field_end(void *context)
{
    struct fields *fields = context;
    if (fields->value.failed)
        return error_make(ERROR_VALIDATION_ERROR, fields->name.data, "The form field is too long");
    if (!fields->is_file)
        fields->field(fields->context, fields->name, str_copy(fields->arena, buffer_str(&fields->value)));
    return OK;
}

error multipart_fields(
    struct arena *arena, str boundary, str body, void (*field)(void *context, str name, str value), void *context)
{
    static const struct multipart_ops ops = { field_part, field_data, field_end };
    struct fields fields = { .arena = arena, .field = field, .context = context };
    struct multipart *multipart;
    TRY(multipart_new(boundary, &ops, &fields, &multipart));
    error result = multipart_feed(multipart, body.data, body.size);
    if (!error_is(result))
        result = multipart_end(multipart);
    multipart_free(multipart);
    buffer_done(&fields.value);
    return result;
}

struct file {
    struct buffer bytes;
    bool is_open, is_found;
};

static error file_part(void *context, const struct multipart_part *part)
{
    struct file *file = context;
    file->is_open = part->file_name.data && !file->is_found;
    file->is_found |= file->is_open;
    return OK;
}

static error file_data(void *context, const char *bytes, size_t size)
{
    struct file *file = context;
    if (file->is_open)
        buffer_append(&file->bytes, bytes, size);
    return OK;
}

static error file_end(void *context)
{
    ((struct file *)context)->is_open = false;
    return OK;
}

error multipart_file(struct arena *arena, str boundary, str body, str *ret_bytes)
{
    static const struct multipart_ops ops = { file_part, file_data, file_end };
    struct file file = { .is_open = false };
    struct multipart *multipart;
    TRY(multipart_new(boundary, &ops, &file, &multipart));
    error result = multipart_feed(multipart, body.data, body.size);
    if (!error_is(result))
        result = multipart_end(multipart);
    if (!error_is(result) && !file.is_found)
        result = error_make(ERROR_VALIDATION_ERROR, "file", "The form has no file");
    if (!error_is(result))
        *ret_bytes = str_copy(arena, file.bytes.size ? buffer_str(&file.bytes) : STR(""));
    multipart_free(multipart);
    buffer_done(&file.bytes);
    return result;
}
