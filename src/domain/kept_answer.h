// SPDX-License-Identifier: GPL-3.0-or-later
// Answers that are kept for a day under a key of the user's own choice, so that a change which is asked for again,
// because its answer was lost on the way, is not made again.
#pragma once

#include "domain/scope.h"

struct kept_answer {
    str key;
    str request; // digest of what was asked
    int64_t status;
    str answer; // bytes
};

// The acting user's answer under this key; *ret_found false when there is none, or none of today.
MUST_USE error kept_answer_get(struct scope *scope, str key, struct kept_answer *ret_kept, bool *ret_found);
// In a change: keeps it and drops the user's old ones. CONFLICT when another request took the key meanwhile.
MUST_USE error kept_answer_add(struct scope *scope, const struct kept_answer *kept);
