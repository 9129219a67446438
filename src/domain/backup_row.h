// SPDX-License-Identifier: GPL-3.0-or-later
// What this installation knows of its backups, and the hold that one under way has on all blobs: what is let go of
// meanwhile loses its row at once and its bytes later, by the sweeper. Times are by the database's clock.
#pragma once

#include "domain/scope.h"

// In a change: a backup begins, and holds for this long. *ret_change is for backup_row_is_alone.
MUST_USE error backup_row_begin(
    struct scope *scope, str id, str folder, str name, int64_t hold_us, int64_t *ret_change);
// Whether all changes that began before that one, and so may not know of the hold, have ended. (SQLite: always.)
MUST_USE error backup_row_is_alone(struct scope *scope, int64_t change, bool *ret_alone);
// In a change: holds for this much longer; *ret_held is false when the hold had run out.
MUST_USE error backup_row_hold(struct scope *scope, str id, int64_t hold_us, bool *ret_held);
// In a change: it has ended and holds no more. One that was broken off is forgotten, and due again at once.
enum backup_outcome { BACKUP_MADE, BACKUP_FAILED, BACKUP_BROKEN_OFF };
MUST_USE error backup_row_end(struct scope *scope, str id, enum backup_outcome outcome);
// In a change: a backup of that folder, made here or elsewhere, was found to be whole, or not.
MUST_USE error backup_row_verified(struct scope *scope, str folder, str name, bool whole);
MUST_USE error backup_row_is_held(struct scope *scope, bool *ret_held);

struct backup_times {
    time_us started_at, made_at, verified_at, failed_at; // the last of each; unset: never
};
MUST_USE error backup_row_times(struct scope *scope, struct backup_times *ret_times);
// Whether one should begin now: none was made within `every_us`, and none begun within an hour, which is when one that
// failed is tried again; nor does a job of this key wait or run. *ret_user_id: whose job it is, a superuser; not due
// while there is none.
MUST_USE error backup_row_is_due(struct scope *scope, int64_t every_us, str job_key, bool *ret_due, str *ret_user_id);
