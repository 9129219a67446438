// SPDX-License-Identifier: GPL-3.0-or-later
// The job "move_media": the files of this disk follow the setting media_root. One that is interrupted goes on where it
// was; in the meantime each file is found wherever it is.
#include "work/job_kind.h"

struct telling {
    struct run *run;
    int64_t done, total; // bytes
};

static bool tell(void *context, int64_t bytes)
{
    struct telling *telling = context;
    telling->done += bytes;
    if (telling->total)
        run_progress(telling->run, (double)telling->done / (double)telling->total);
    return !error_is(run_check(telling->run));
}

static error add(void *context, const char *id, int64_t stored_size, int64_t changed_us)
{
    (void)id, (void)changed_us;
    *(int64_t *)context += stored_size;
    return OK;
}

static error start(struct run *run)
{
    struct telling telling = { .run = run };
    TRY(blob_each(run->scope.blobs, BLOB_LOCAL, &(struct blob_visitor) { add, &telling.total }));
    TRY(blob_move_rest(run->scope.blobs, tell, &telling));
    return run_complete(run, NULL, NULL, NULL);
}

const struct job_kind move_media_kind = { .name = "move_media", .start = start };
