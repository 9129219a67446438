// SPDX-License-Identifier: GPL-3.0-or-later
// The web app's files, embedded by script/web-build.
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
extern const struct web_file web_files[]; // ends with a row without name; part of the program, not of this library
