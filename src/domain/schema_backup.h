// SPDX-License-Identifier: GPL-3.0-or-later
// What is known of backups.
#pragma once

extern const char schema_backup[];
