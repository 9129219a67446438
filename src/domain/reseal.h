// SPDX-License-Identifier: GPL-3.0-or-later
// Everything in the database that the master key seals, in one list, so that a change of the master key finds it. A
// new use of keyring_seal has its purpose here and a line in reseal.c.
#pragma once

#include "domain/scope.h"

#define RESEAL_BLOB_KEY "blob key" // also by the layer blob, which makes them
#define RESEAL_SECRET "secret"
#define RESEAL_USER_KEY "user key"
#define RESEAL_KEPT_ANSWER "kept answer"
#define RESEAL_SETTING "setting"
#define RESEAL_COOKIES "cookies"

// Where a walk over all sealed values stands; zeroed at the start.
struct reseal {
    size_t list;        // which table
    str after, after_2; // the last row done, in an arena that outlives the steps
    int64_t seen, resealed;
    bool done;
};
// In a change: seals anew what the next `limit` rows hold by the old key (see keyring_change_begin). May begin anew at
// any time: what the next key sealed is left as it is.
MUST_USE error reseal_step(
    struct scope *scope, const struct keyring *keyring, struct arena *arena, int64_t limit, struct reseal *reseal);
