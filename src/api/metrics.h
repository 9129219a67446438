// SPDX-License-Identifier: GPL-3.0-or-later
// What is counted of requests; /metrics shows it with everything else.
#pragma once

#include "net/server.h"

// server_app.finished: counts the answer, and logs it where the log is fine enough.
void metrics_answered(void *context, struct exchange *exchange, int status, int64_t sent_bytes, int64_t duration_us);
