// SPDX-License-Identifier: GPL-3.0-or-later
// Migrations of the queue, for the list in schema.c.
#pragma once

extern const char schema_queue[], schema_queue_sqlite[];
