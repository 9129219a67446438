// SPDX-License-Identifier: GPL-3.0-or-later
// An import of a database beside the running server, in a thread: a backup first, then one change.
#pragma once

#include "api/app.h"

struct import;
// What stands still meanwhile.
struct import_host {
    struct app *app; // gets its functions for imports
    void *context;
    void (*pause)(void *context);  // ends the job runner
    void (*resume)(void *context); // starts it again
};
void import_open(const struct import_host *host, struct import **ret_import);
// Waits for the end of one under way. NULL is allowed.
void import_close(struct import *import);
