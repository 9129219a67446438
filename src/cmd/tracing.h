// SPDX-License-Identifier: GPL-3.0-or-later
// Traces as the settings OTEL_… want them: for programs that run on.
#pragma once

#include "net/otlp.h"

// *ret_otlp is NULL where no collector is named. USAGE for settings that cannot be.
MUST_USE error tracing_start(struct arena *arena, struct otlp **ret_otlp);
