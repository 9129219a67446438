// SPDX-License-Identifier: GPL-3.0-or-later
// Settings that a superuser changed while the program ran: they stand in the database, win over flags, environment and
// file, and are put into `settings` (base/settings.h), where everybody reads them.
#pragma once

#include "domain/scope.h"

// In a change: keeps a value (STR_NONE: forgets it). A secret is sealed by the master key of scope->blobs.
MUST_USE error setting_put(struct scope *scope, str name, str value, bool is_secret);
// Puts all that are kept into `settings`. Names that this version does not know are passed over. Cheap enough to be
// called every few seconds, since other servers may have changed some.
MUST_USE error setting_load(struct scope *scope);
