// SPDX-License-Identifier: GPL-3.0-or-later
// multipart/form-data (RFC 7578, RFC 2046 5.1) as a push parser with bounded memory.
#pragma once

#include "base/buffer.h"
#include "base/error.h"

enum { MULTIPART_BOUNDARY_MAX = 70, MULTIPART_HEAD_MAX = 16384, MULTIPART_FIELD_MAX = 65536 };

struct multipart_part {
    str name, file_name; // file_name: STR_NONE for a plain field
    str content_type;
};
struct multipart_ops {
    // A part begins. Its strings are borrowed until the part ends.
    error (*part)(void *context, const struct multipart_part *part);
    error (*data)(void *context, const char *bytes, size_t size);
    error (*part_end)(void *context);
};
struct multipart;
// VALIDATION_ERROR for a missing or overlong boundary.
MUST_USE error multipart_new(
    str boundary, const struct multipart_ops *ops, void *context, struct multipart **ret_multipart);
void multipart_free(struct multipart *multipart); // NULL is allowed
// Any pieces, in order; errors of the callbacks are passed up.
MUST_USE error multipart_feed(struct multipart *multipart, const char *bytes, size_t size);
// UPLOAD_INCOMPLETE unless the closing boundary was seen.
MUST_USE error multipart_end(const struct multipart *multipart);
// The first file of a whole small body; VALIDATION_ERROR when it has none.
MUST_USE error multipart_file(struct arena *arena, str boundary, str body, str *ret_bytes);
// A whole small body of plain fields; parts with a file name are ignored.
MUST_USE error multipart_fields(
    struct arena *arena, str boundary, str body, void (*field)(void *context, str name, str value), void *context);
