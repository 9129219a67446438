// SPDX-License-Identifier: GPL-3.0-or-later
// The files of the web app and of the API's pages, embedded by script/web-build and script/reference-build.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct web_bytes {
    const unsigned char *data; // NULL: there is no such form, it would be no smaller
    size_t size;
    const char *etag;
};
struct web_file {
    const char *name, *type;
    bool immutable; // its name changes with its content
    struct web_bytes plain, gzip, brotli;
};
// Each ends with a row without name; part of the program, not of this library.
extern const struct web_file web_files[], reference_files[];
