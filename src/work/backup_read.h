// SPDX-License-Identifier: GPL-3.0-or-later
// The database of a backup back into one: what verifying and restoring have in common.
#pragma once

#include "domain/database_restore.h"
#include "work/backup_folder.h"

struct backup_export {
    struct blob_reader *reader;
    int64_t at;
};
// For the `read`, `rewind` and `context` of struct database_restore. DATA_CORRUPT when its bytes are not those of the
// manifest.
MUST_USE error backup_export_open(
    struct backup_folder *folder, const struct backup_manifest *manifest, struct backup_export *ret_export);
MUST_USE error backup_export_read(void *export, void *room, size_t size, size_t *ret_got);
MUST_USE error backup_export_rewind(void *export);
void backup_export_close(struct backup_export *export);
