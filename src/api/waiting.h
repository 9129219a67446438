// SPDX-License-Identifier: GPL-3.0-or-later
// Calls whose answer is the result of a job: they wait without a thread, and are answered when the event of its end
// comes by. Whoever goes away, or waits for longer than two hours, takes the job with them.
#pragma once

#include "api/route.h"

struct waiting *waiting_new(struct app *app);
void waiting_free(struct waiting *waiting); // NULL is allowed
// Inside the change that adds the job (which may run again: then the newer job counts). The call is answered by
// `finish`, run in a change of its own (route_change), which must not fail: it takes the job away too. UNAVAILABLE when
// too many wait already.
MUST_USE error waiting_add(
    struct waiting *waiting, str job_id, struct api_call *call, error (*finish)(struct api_call *call));
// The change came to nothing: the call is the caller's again.
void waiting_remove(struct waiting *waiting, struct api_call *call);
size_t waiting_count(struct waiting *waiting);
void waiting_done(struct waiting *waiting, str job_id); // this job has ended
void waiting_look(struct waiting *waiting);             // once a second: who has gone, who has waited too long
void waiting_shut(struct waiting *waiting);             // the program stops: everyone is told; NULL is allowed
