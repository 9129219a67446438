// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/http_form.h"

#include <stdio.h>

#include "base/id.h"

void http_form_begin(struct http_form *form)
{
    char id[37];
    id_write(id);
    *form = (struct http_form) { 0 };
    snprintf(form->boundary, sizeof form->boundary, "%s", id);
}

static void begin_part(struct http_form *form, const char *name)
{
    buffer_format(&form->body, "--%s\r\nContent-Disposition: form-data; name=\"%s\"", form->boundary, name);
}

static void end_part(struct http_form *form, str bytes)
{
    buffer_append_str(&form->body, bytes);
    buffer_append_c(&form->body, "\r\n");
}

void http_form_field(struct http_form *form, const char *name, str value)
{
    begin_part(form, name);
    buffer_append_c(&form->body, "\r\n\r\n");
    end_part(form, value);
}

void http_form_file(struct http_form *form, const char *name, const char *file_name, const char *type, str bytes)
{
    begin_part(form, name);
    buffer_format(&form->body, "; filename=\"%s\"\r\nContent-Type: %s\r\n\r\n", file_name, type);
    end_part(form, bytes);
}

void http_form_end(struct http_form *form)
{
    buffer_format(&form->body, "--%s--\r\n", form->boundary);
}

str http_form_type(struct arena *arena, const struct http_form *form)
{
    return str_format(arena, "multipart/form-data; boundary=%s", form->boundary);
}
