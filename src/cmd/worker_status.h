// SPDX-License-Identifier: GPL-3.0-or-later
// What a worker tells of itself over HTTP: /health, /ready and /metrics, on an address of its own.
#pragma once

#include "cmd/service.h"

struct worker_status;
// At settings.metrics_listen; *ret_status is NULL when that is empty. Beyond loopback only with settings.insecure_http
// (USAGE): whoever reaches the address may read it. `stores` and `workers` are borrowed.
MUST_USE error worker_status_start(
    const struct stores *stores, struct service_workers *workers, struct worker_status **ret_status);
void worker_status_stop(struct worker_status *status); // NULL is allowed
