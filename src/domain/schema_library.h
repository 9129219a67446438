// SPDX-License-Identifier: GPL-3.0-or-later
// The migrations of the libraries, for the list in schema.c.
#pragma once

extern const char schema_libraries[], schema_libraries_sqlite[], schema_pronunciations[], schema_avatar_search[];
