// SPDX-License-Identifier: GPL-3.0-or-later
// Migrations of the audit log and of deleted accounts, for the list in schema.c.
#pragma once

extern const char schema_audit[], schema_departures[];
