// SPDX-License-Identifier: GPL-3.0-or-later
// Encrypting a file anew, so that a key which somebody kept opens nothing that is stored from then on: the job "rekey".
#pragma once

#include "domain/media.h"

// In a change, by the owner: starts the job, or finds the one that is about to run or running.
MUST_USE error rekey_start(struct scope *scope, str media_key, str *ret_job_id);
// In a change: the new blob takes the place of the old one, everyone who may read the file gets the new key, and
// nothing lists the old blob any more, so that its bytes may go; unless a film is being rendered, which may still read
// them (then the sweeper finds it). CANCELLED when the file is gone or has got another blob.
MUST_USE error rekey_finish(struct scope *scope, const struct media *media, const struct blob_info *blob);
