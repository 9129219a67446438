// SPDX-License-Identifier: GPL-3.0-or-later
// The tables, as numbered migrations. A migration that has landed is never changed: add the next one.
#pragma once

#include "db/db.h"

extern const struct db_migration schema_migrations[];
extern const size_t schema_migration_count;
