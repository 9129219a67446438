// SPDX-License-Identifier: GPL-3.0-or-later
// The stored login of `kinora api`: $XDG_CONFIG_HOME/kinora/login.json, else ~/.config/kinora/login.json, readable by
// its owner alone.
#pragma once

#include "base/error.h"

struct login_file {
    const char *path;
    int lock; // of its folder: a refresh token works once, so programs take turns. -1: none
    str url;  // "http://127.0.0.1:8000", no slash at the end
    str access_token, refresh_token;
    int64_t expires_us; // of the access token; wall clock
};

// Finds (and makes) the folder and waits for its lock; the other fields are empty.
MUST_USE error login_file_open(struct arena *arena, struct login_file *ret_file);
void login_file_close(struct login_file *file);
// NOT_AUTHENTICATED says how to log in when nothing (of use) is stored.
MUST_USE error login_file_read(struct arena *arena, struct login_file *file);
MUST_USE error login_file_write(const struct login_file *file);
