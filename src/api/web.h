// SPDX-License-Identifier: GPL-3.0-or-later
// The web page's files, embedded by script/embed.
#pragma once

#include <stddef.h>

struct web_file {
    const char *name;
    const unsigned char *bytes;
    size_t size;
    const char *etag;
};
extern const struct web_file web_files[]; // ends with a row without name
