// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/schema_accounts.h"

// Who did what. Users by their number alone: rows outlive accounts.
const char schema_audit[] = "CREATE TABLE audit (\n"
                            "  number BIGSERIAL PRIMARY KEY,\n"
                            "  at BIGINT NOT NULL,\n"
                            "  user_number BIGINT,\n"
                            "  username TEXT,\n"
                            "  session_id UUID,\n"
                            "  api_key BOOLEAN NOT NULL,\n"
                            "  action TEXT NOT NULL,\n"
                            "  object_kind TEXT,\n"
                            "  object_id TEXT,\n"
                            "  detail TEXT,\n"
                            "  outcome TEXT NOT NULL,\n"
                            "  address TEXT,\n"
                            "  trace_id TEXT NOT NULL\n"
                            ");\n"
                            "CREATE INDEX idx_audit_at ON audit(at);\n"
                            "CREATE INDEX idx_audit_user ON audit(user_number, number);\n";

// What is left to be done for accounts that were deleted (departure.h). Entries of the cache belong to whoever had them
// made, and a job that still runs cannot add one for somebody who is gone.
const char schema_departures[] = "CREATE TABLE departure (\n"
                                 "  user_id UUID PRIMARY KEY,\n"
                                 "  deleted_at BIGINT NOT NULL\n"
                                 ");\n"
                                 "CREATE TABLE departure_blob (blob_id UUID PRIMARY KEY);\n"
                                 "ALTER TABLE cache ADD COLUMN user_id UUID REFERENCES users(id)"
                                 " ON DELETE CASCADE;\n"
                                 "CREATE INDEX idx_cache_user ON cache(user_id) WHERE user_id IS NOT NULL;\n";
