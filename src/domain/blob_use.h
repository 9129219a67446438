// SPDX-License-Identifier: GPL-3.0-or-later
// Which listed blobs are used: by media and their derivatives, by the cache, by rendered films, by jobs that have a
// file of their own, by uploads under way. A table that refers to blobs has a line in blob_use.c.
#pragma once

#include "domain/scope.h"

// In a change: until its end no other adds or removes files of this user, so that what shares a blob with them neither
// loses it nor makes a second.
MUST_USE error blob_use_lock(struct scope *scope, str user_id);
// In a change: takes the blob off the list unless something uses it; then its bytes may be removed after the
// change, unless a backup is being made, which may want them: then the sweeper removes them later.
MUST_USE error blob_use_release(struct scope *scope, str blob_id, bool *ret_free);
// In a change: takes all unused blobs that were listed before `before_us` off the list.
MUST_USE error blob_use_release_unused(struct scope *scope, int64_t before_us, int64_t *ret_count);
