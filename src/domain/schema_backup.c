// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/schema_backup.h"

// held_until: while a backup is made nothing that its snapshot names is removed. By the database's clock.
const char schema_backup[] = "CREATE TABLE backup (\n"
                             "  id UUID PRIMARY KEY,\n"
                             "  folder TEXT NOT NULL,\n"
                             "  name TEXT NOT NULL,\n"
                             "  started_at BIGINT NOT NULL,\n"
                             "  held_until BIGINT,\n"
                             "  made_at BIGINT,\n"
                             "  verified_at BIGINT,\n"
                             "  failed_at BIGINT,\n"
                             "  UNIQUE (folder, name)\n"
                             ");\n";
