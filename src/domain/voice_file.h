// SPDX-License-Identifier: GPL-3.0-or-later
// Generated voiceovers: the sound of a job "voice", which stays with its job.
#pragma once

#include "domain/job.h"

// In a change: lists the blob and makes it the job's, in place of another.
MUST_USE error voice_file_put(struct scope *scope, str job_id, const struct blob_info *blob);
// Of a job of the actor's: JOB_NOT_FOUND while there is none.
MUST_USE error voice_file_get(struct scope *scope, str job_id, struct job *ret_job, str *ret_blob_id);

// Numbers of the actor's unfinished voiceovers of what a video says: a film of it is made sooner once they are spoken,
// since it finds their sentences in the cache.
enum { VOICE_FILE_WANTED_MAX = 100 }; // the others are not waited for
MUST_USE error voice_file_wanted(
    struct scope *scope, str video_id, int64_t ret_numbers[static VOICE_FILE_WANTED_MAX], size_t *ret_count);
