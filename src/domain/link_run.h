// SPDX-License-Identifier: GPL-3.0-or-later
// What a run of a link (a job of the kind "download") leaves behind.
#pragma once

#include "domain/download_record.h"

#define LINK_JOB_KIND "download"

// In a change: writes the record and the link's last state; a failure makes the next wait longer (twice as long each
// time, 32 times at the most), all waits vary by a tenth so that links do not come together.
MUST_USE error link_run_end(struct scope *scope, const struct link *link, const struct download_end *end);
