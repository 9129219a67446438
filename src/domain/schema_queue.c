// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/schema_queue.h"

// The database's clock decides when jobs are due and leases end (SQLite gets the function with the connection). What
// has no media, video or parent is not in the indexes of these, so that most changes of a job touch few of them.
#define QUEUE                                                                                                          \
    "ALTER TABLE job ADD COLUMN losses BIGINT NOT NULL DEFAULT 0;\n"                                                   \
    "DROP INDEX idx_job_claim;\n"                                                                                      \
    "CREATE INDEX idx_job_claim ON job(kind, priority DESC, number) WHERE state = 'pending';\n"                        \
    "DROP INDEX idx_job_media;\n"                                                                                      \
    "CREATE INDEX idx_job_media ON job(media_id, number) WHERE media_id IS NOT NULL;\n"                                \
    "DROP INDEX idx_job_video;\n"                                                                                      \
    "CREATE INDEX idx_job_video ON job(video_id, number) WHERE video_id IS NOT NULL;\n"                                \
    "DROP INDEX idx_job_parent;\n"                                                                                     \
    "CREATE INDEX idx_job_parent ON job(parent, part) WHERE parent IS NOT NULL;\n"                                     \
    "CREATE TABLE job_need (\n"                                                                                        \
    "  job BIGINT NOT NULL REFERENCES job(number) ON DELETE CASCADE,\n"                                                \
    "  needed BIGINT NOT NULL REFERENCES job(number) ON DELETE CASCADE,\n"                                             \
    "  PRIMARY KEY (job, needed)\n"                                                                                    \
    ");\n"                                                                                                             \
    "CREATE INDEX idx_job_need_needed ON job_need(needed);\n"                                                          \
    "CREATE TABLE job_pause (kind TEXT PRIMARY KEY, paused_at BIGINT NOT NULL);\n"                                     \
    "CREATE TABLE runner (\n"                                                                                          \
    "  id UUID PRIMARY KEY,\n"                                                                                         \
    "  host TEXT NOT NULL,\n"                                                                                          \
    "  version TEXT NOT NULL,\n"                                                                                       \
    "  slots JSONB NOT NULL,\n"                                                                                        \
    "  draining BOOLEAN NOT NULL,\n"                                                                                   \
    "  started_at BIGINT NOT NULL,\n"                                                                                  \
    "  seen_at BIGINT NOT NULL\n"                                                                                      \
    ");\n"
const char schema_queue[] = QUEUE
    "CREATE FUNCTION now_us() RETURNS BIGINT LANGUAGE sql STABLE PARALLEL SAFE AS"
    " 'SELECT CAST(extract(epoch FROM statement_timestamp()) * 1000000 AS BIGINT)';\n"
    "ALTER TABLE job DROP CONSTRAINT job_unique_key_key;\n"
    "CREATE UNIQUE INDEX idx_job_unique_key ON job(unique_key) WHERE unique_key IS NOT NULL;\n";
const char schema_queue_sqlite[] = QUEUE;
