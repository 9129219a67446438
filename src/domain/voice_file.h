// SPDX-License-Identifier: GPL-3.0-or-later
// Generated voiceovers: the sound of a job "voice", which stays with its job.
#pragma once

#include "domain/job.h"

// In a change: lists the blob and makes it the job's, in place of another.
MUST_USE error voice_file_put(struct scope *scope, str job_id, const struct blob_info *blob);
// Of a job of the actor's: JOB_NOT_FOUND while there is none.
MUST_USE error voice_file_get(struct scope *scope, str job_id, struct job *ret_job, str *ret_blob_id);
