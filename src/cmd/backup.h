// SPDX-License-Identifier: GPL-3.0-or-later
// What the parts of `kinora backup` share.
#pragma once

#include "cmd/commands.h"
#include "work/backup.h"

struct backup_values {
    const char *name, *recovery_kit;
    double keep, sample; // sample below 0: all
    bool with_key, passphrase, force;
};

// For struct backup_watch: draws the bar (context: struct progress), and ends at Ctrl-C.
bool backup_go_on(void *context, double done);
// The master key of a backup: from a recovery kit, from the backup by its passphrase, or from the data folder.
// NOT_FOUND says what can be done when there is none, CONFLICT that it is another one.
MUST_USE error backup_key_at_hand(
    const struct call *call, const struct backup_manifest *manifest, struct keyring **ret_keyring);
MUST_USE error backup_restore_command(const struct call *call, const char *folder);
