// SPDX-License-Identifier: GPL-3.0-or-later
// Undo and redo, as in an editor, but for several people: each takes back their own changes only, newest first, and
// none that somebody else has built on. A new change empties the list of what can be done again.
#pragma once

#include "domain/history.h"

// In a change, by somebody who may edit: takes the actor's last change back, or (`again`) does the last undone one
// again. It is a change itself, with its events and its row in the log. NOTHING_TO_UNDO, NOTHING_TO_REDO;
// UNDO_CONFLICT when somebody else has since changed one of its properties, what it added or removed, or (for an
// order) the same list. What it moved only to make room is put back where nobody has moved it since.
MUST_USE error undo_run(struct scope *scope, str video_id, bool again, struct history_entry *ret_change);
