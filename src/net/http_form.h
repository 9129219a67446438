// SPDX-License-Identifier: GPL-3.0-or-later
// A multipart/form-data body (RFC 7578) to be sent.
#pragma once

#include "base/buffer.h"

struct http_form {
    struct buffer body; // buffer_done afterwards; `failed` when it did not fit
    char boundary[40];
};
void http_form_begin(struct http_form *form); // draws a boundary that no content has by chance
// Names and file names are our own: no quotes, no line breaks.
void http_form_field(struct http_form *form, const char *name, str value);
void http_form_file(struct http_form *form, const char *name, const char *file_name, const char *type, str bytes);
void http_form_end(struct http_form *form);
str http_form_type(struct arena *arena, const struct http_form *form); // for Content-Type
